/* timeline.js - a stretch of time as a bar: what is recorded, what is missing, and where we are. A slider by mouse,
 * touch and keyboard. Knows nothing of players. */
import {element, setText} from './dom.js';
import {count, utcClock} from './format.js';

const SVG = 'http://www.w3.org/2000/svg';
const HOUR_MS = 3600000;
/* By the arrows, and by the page keys. */
const STEPS_MS = {day: [60000, HOUR_MS], hour: [10000, 300000]};

export class Timeline {
    #from = 0;
    #length = HOUR_MS;
    #at = null;
    #spans = [];
    #seek;

    /* seek(ms): somebody wants to be there, which is in a span. */
    constructor(root, name, label, seek) {
        this.#seek = seek;
        this.drawing = document.createElementNS(SVG, 'svg');
        this.drawing.setAttribute('preserveAspectRatio', 'none');
        this.drawing.setAttribute('aria-hidden', 'true');
        this.head = element('span', {class: 'playhead', hidden: ''});
        this.bar = element('div', {class: 'timeline', role: 'slider', tabindex: '0', 'aria-label': label,
            'data-timeline': name}, this.drawing, this.head);
        this.scale = element('div', {class: 'scale', 'aria-hidden': 'true'});
        this.text = element('p', {class: 'note', 'data-field': `${name}-spans`});
        root.append(this.bar, this.scale, this.text);
        this.bar.addEventListener('click', (event) => this.#clicked(event));
        this.bar.addEventListener('keydown', (event) => this.#pressed(event));
        this.bar.addEventListener('pointermove', (event) => {
            this.bar.title = `${utcClock(this.#under(event))} UTC`;
        });
    }

    /* spans: [{start, end}] in ms since 1970, in order. marks: the words of the scale, evenly apart. */
    show(from, length, spans, marks) {
        const end = from + length;
        this.#from = from;
        this.#length = length;
        this.#spans = spans.filter((span) => span.end > from && span.start < end)
            .map((span) => ({start: Math.max(span.start, from), end: Math.min(span.end, end)}));
        this.drawing.setAttribute('viewBox', `0 0 ${length / 1000} 10`);
        this.drawing.replaceChildren(...this.#spans.map((span) => this.#rectangle(span)));
        this.scale.replaceChildren(...marks.map((mark) => element('span', {}, mark)));
        setText(this.text, this.#words());
        this.bar.setAttribute('aria-valuemin', '0');
        this.bar.setAttribute('aria-valuemax', length / 1000);
        this.setAt(this.#at);
    }

    /* null: nowhere. */
    setAt(ms) {
        const here = ms !== null && ms >= this.#from && ms <= this.#from + this.#length;
        this.#at = ms;
        this.head.hidden = !here;
        if (here) this.head.style.left = `${100 * (ms - this.#from) / this.#length}%`;
        this.bar.setAttribute('aria-valuenow', here ? Math.round((ms - this.#from) / 1000) : 0);
        this.bar.setAttribute('aria-valuetext', here ? `${utcClock(ms)} UTC` : 'not playing here');
    }

    #rectangle({start, end}) {
        const rectangle = document.createElementNS(SVG, 'rect'), least = this.#length / 1000 / 1500;
        const place = {x: (start - this.#from) / 1000, y: 0, width: Math.max((end - start) / 1000, least), height: 10};
        for (const [name, value] of Object.entries(place)) rectangle.setAttribute(name, value);
        return rectangle;
    }

    #words() {
        if (!this.#spans.length) return 'Nothing is recorded here.';
        const gaps = this.#spans.slice(1).map((span, index) => ({start: this.#spans[index].end, end: span.start}));
        const listed = gaps.slice(0, 5).map(({start, end}) => `${utcClock(start)}–${utcClock(end)}`);
        const {start} = this.#spans[0], {end} = this.#spans.at(-1);
        const more = gaps.length > listed.length ? ' …' : '';
        const missing = gaps.length ? `${count(gaps.length, 'gap', 'gaps')}: ${listed.join(', ')}${more}` : 'no gap';
        return `Recorded ${utcClock(start)}–${utcClock(end)}, ${missing}`;
    }

    #under(event) {
        const box = this.bar.getBoundingClientRect();
        return this.#from + this.#length * Math.max(0, Math.min(1, (event.clientX - box.left) / box.width));
    }

    #clicked(event) {
        this.#go(this.#under(event), 1);
    }

    #pressed(event) {
        if (!this.#spans.length || event.altKey || event.ctrlKey || event.metaKey) return;
        const {start} = this.#spans[0], {end} = this.#spans.at(-1);
        const [small, large] = STEPS_MS[this.#length > HOUR_MS ? 'day' : 'hour'];
        const here = this.head.hidden ? start : this.#at;
        const keys = {
            ArrowLeft: [here - small, -1], ArrowDown: [here - small, -1], ArrowRight: [here + small, 1],
            ArrowUp: [here + small, 1], PageDown: [here - large, -1], PageUp: [here + large, 1],
            Home: [start, 1], End: [end, -1], Enter: [here, 1],
        };
        if (!keys[event.key]) return;
        event.preventDefault();
        this.#go(...keys[event.key]);
    }

    /* Into a gap leads nothing: to its end, or backwards to its beginning. */
    #go(ms, direction) {
        if (!this.#spans.length) return;
        const inside = this.#spans.find((span) => ms >= span.start && ms < span.end);
        const next = this.#spans.find((span) => span.start > ms) || this.#spans.at(-1);
        const before = this.#spans.filter((span) => span.end <= ms).at(-1) || this.#spans[0];
        const near_end = (span) => Math.max(span.start, span.end - 5000);
        if (inside) this.#seek(ms);
        else if (direction < 0) this.#seek(near_end(before));
        else this.#seek(next.start > ms ? next.start : near_end(next));
    }
}
