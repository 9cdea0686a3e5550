/* recordings.js - what is recorded of a camera: days, their hours on a timeline, the player and the files.
 * Days and hours are of UTC, as on the disk. */
import {call} from './api.js';
import {byId, element, field, setOptions, setText} from './dom.js';
import * as format from './format.js';
import {Player} from './player.js';
import {Timeline} from './timeline.js';

const HOUR_MS = 3600000, DAY_MS = 24 * HOUR_MS;
const REFRESH_MS = 30000;
const DAY_MARKS = ['00', '06', '12', '18', '24'];

export class Recordings {
    #root = byId('recordings');
    #select = byId('recordings-camera');
    #first = null; /* the camera that is shown unless another is asked for */
    #camera = null;
    #wanted = null; /* the day that was asked for last */
    #day = null; /* what the server says of the day that is shown */
    #hours = ''; /* what its table shows */
    #hour_ms = 0; /* the beginning of the hour that is shown */
    #visible = false;
    #refresh = 0;
    #dayLine = new Timeline(byId('day-line'), 'day', 'The day', (ms) => this.#play(ms));
    #hourLine = new Timeline(byId('hour-line'), 'hour', 'The hour', (ms) => this.#play(ms));
    #player = new Player(byId('playback'), {
        said: (text) => setText(byId('playback-text'), text),
        at: (ms) => this.#showAt(ms),
        ended: () => this.#playNext(),
    });

    constructor() {
        this.#select.addEventListener('change', () => this.#open(this.#select.value));
        /* On a busy machine several changes come at once, in their order. */
        new IntersectionObserver((changes) => {
            this.#visible = changes.at(-1).isIntersecting;
            this.#openFirst();
        }).observe(this.#root);
    }

    close() {
        clearInterval(this.#refresh);
        this.#player.close();
        this.#camera = this.#day = this.#wanted = null;
        byId('recordings-body').hidden = byId('day').hidden = true;
    }

    /* Once a second. */
    update(rows) {
        setOptions(this.#select, rows.map(({name}) => [name, name]));
        const recorded = rows.some((row) => row.recording);
        if (this.#camera && rows.some(({name}) => name === this.#camera)) return;
        if (this.#camera) this.close();
        setText(byId('recordings-text'), recorded ? '' : 'No camera is recorded now.');
        this.#first = rows.find((row) => row.recording)?.name;
        this.#openFirst();
    }

    show(camera) {
        this.#root.scrollIntoView();
        this.#select.focus({preventScroll: true});
        this.#open(camera);
    }

    /* Nothing is asked for before somebody can see it. */
    #openFirst() {
        if (this.#visible && !this.#camera && this.#first) this.#open(this.#first);
    }

    /* ---- days ---- */

    async #open(camera) {
        this.close();
        this.#camera = this.#select.value = camera;
        this.#refresh = setInterval(() => this.#again(), REFRESH_MS);
        await this.#readDays(true);
    }

    #path(...parts) {
        return ['/v2/recordings', ...[this.#camera, ...parts].map(encodeURIComponent)].join('/');
    }

    async #readDays(choose) {
        const camera = this.#camera;
        try {
            const {days} = await call('GET', this.#path());
            if (camera === this.#camera) await this.#showDays(days, choose);
        } catch (error) {
            if (camera !== this.#camera) return;
            byId('recordings-body').hidden = true;
            setText(byId('recordings-text'), error.message);
        }
    }

    async #showDays(days, choose) {
        byId('recordings-body').hidden = !days.length;
        setText(byId('recordings-text'), days.length ? '' : `Nothing of ${this.#camera} is on the disk.`);
        byId('days').replaceChildren(...days.map((row) => this.#dayButton(row)));
        if ((choose || !this.#day) && days.length) await this.#openDay(days[0].day);
        else this.#markDay();
    }

    #dayButton({day, hours, protected_hours}) {
        const kept = protected_hours ? `, ${protected_hours} kept` : '';
        const button = element('button', {type: 'button', 'data-day': day}, element('strong', {}, day),
            element('span', {}, `${format.count(hours, 'hour', 'hours')}${kept}`));
        button.addEventListener('click', () => this.#openDay(day));
        return element('li', {}, button);
    }

    #markDay() {
        for (const button of byId('days').querySelectorAll('button'))
            button.setAttribute('aria-pressed', String(button.dataset.day === this.#day?.day));
    }

    #again() {
        if (!this.#visible || document.hidden) return;
        this.#readDays(false);
        if (this.#day) this.#openDay(this.#day.day);
    }

    /* ---- one day ---- */

    async #openDay(day) {
        const camera = this.#camera, another = this.#day?.day !== day || !this.#day.hours.length;
        let told;
        this.#wanted = day;
        try {
            told = await call('GET', this.#path(day));
        } catch (error) {
            if (camera === this.#camera) setText(byId('recordings-text'), error.message);
            return;
        }
        if (camera !== this.#camera || day !== this.#wanted) return;
        this.#day = {day: told.day, start: Date.parse(`${told.day}T00:00:00Z`), hours: told.hours,
            spans: told.spans.map(({start, end}) => ({start: Date.parse(start), end: Date.parse(end)}))};
        if (another) this.#hour_ms = this.#hourStart(told.hours.at(-1)?.hour || '00');
        if (another) this.#player.close();
        this.#showDay();
    }

    #hourStart(hour) {
        return this.#day.start + Number(hour) * HOUR_MS;
    }

    #showDay() {
        byId('day').hidden = false;
        this.#markDay();
        this.#dayLine.show(this.#day.start, DAY_MS, this.#day.spans, DAY_MARKS);
        this.#showHour();
        const hours = JSON.stringify(this.#day.hours);
        if (hours === this.#hours) return;
        this.#hours = hours;
        byId('hours').replaceChildren(...this.#day.hours.map((hour) => this.#hourRow(hour)));
    }

    #showHour() {
        const mark = (quarter) => format.utcClock(this.#hour_ms + quarter * HOUR_MS / 4).slice(0, 5);
        const marks = [0, 1, 2, 3, 4].map(mark);
        this.#hourLine.show(this.#hour_ms, HOUR_MS, this.#day.spans, marks);
    }

    #hourRow(row) {
        const start = this.#hourStart(row.hour), here = format.clock(new Date(start)).slice(0, 5);
        const play = element('button', {type: 'button', 'data-hour': row.hour}, `Play ${row.hour}:00`);
        play.addEventListener('click', () => this.#play(start));
        const links = row.downloads.map((path, index) => element('a', {href: path, download: ''},
            row.downloads.length > 1 ? `MP4, part ${index + 1}` : 'MP4'));
        const size = [format.megabytes(row.size_mb), row.ended ? '' : 'growing', row.protected ? 'kept for ever' : ''];
        const cells = [[play], [here], [size.filter(Boolean).join(', ')], links.flatMap((link) => [link, ' '])];
        return element('tr', {}, ...cells.map((cell) => element('td', {}, ...cell)));
    }

    /* ---- playing ---- */

    /* From this moment on, or the next that was recorded. */
    #play(ms) {
        const hour = this.#day?.hours.find((row) => ms < this.#hourStart(row.hour) + HOUR_MS);
        if (!hour) return;
        this.#hour_ms = this.#hourStart(hour.hour);
        this.#showHour();
        this.#player.play(hour.playlist, Math.max(ms, this.#hour_ms));
    }

    #playNext() {
        const next = this.#day?.hours.find((row) => this.#hourStart(row.hour) > this.#hour_ms);
        if (next) this.#play(this.#hourStart(next.hour));
    }

    #showAt(ms) {
        this.#dayLine.setAt(ms);
        this.#hourLine.setAt(ms);
        const text = `Playing ${format.utcClock(ms)} UTC, ${format.clock(new Date(ms))} here.`;
        setText(field(this.#root, 'at-text'), text);
    }
}
