/* tile.js - one camera of the grid: its picture, figures and buttons. Updated in place, so its video plays on. */
import {call} from './api.js';
import {copy, field, setLevel, setText} from './dom.js';
import * as format from './format.js';
import {Live} from './live.js';
import {Spark} from './spark.js';
import {Still} from './still.js';

const SAID_MS = 20000;
const LEVELS = {
    RUNNING: 'ok', HEALTHY: 'ok', STARTING: 'warn', DEGRADED: 'warn', RECONNECTING: 'warn', FAILED: 'bad',
    OFFLINE: 'bad', STOPPED: 'unknown',
};
/* The state of the recording: its words, and how good that is. */
const RECORDING = {
    recording: ['recording', 'record'], off: ['not recording', 'unknown'], waiting: ['recording waits', 'warn'],
    'disk full': ['not recording: disk full', 'bad'], failed: ['recording failed', 'bad'],
};

/* data-field: what it shows of the camera's row. */
const FIELDS = {
    state: (row) => word(row.state),
    health: (row) => word(row.health),
    recording: (row) => (RECORDING[row.recording] || [])[0] || row.recording || '',
    trouble: (row) => [row.error, row.notice, row.recording_why].filter(Boolean).join(' · '),
    fps: (row) => format.fps(row.fps),
    bitrate: (row) => format.bitrate(row.bitrate),
    /* A stream that does not end, or, of a Nest camera, none. */
    expires: (row) => (row.expires_ms < 0 && !row.account ? 'never' : format.duration(row.expires_ms)),
    sound: (row) => format.sound(row.sound_level),
    picture: (row) => format.picture(row.width, row.height),
    pid: (row) => (row.pid ? String(row.pid) : '–'),
    phase: (row) => row.phase || '–',
    publication: (row) => row.publication || '–',
    account: (row) => row.account || '–',
    uptime: (row) => format.duration(row.uptime_ms),
    since: (row) => format.duration(row.state_ms),
    restarts: (row) => String(row.restarts ?? '–'),
    keyframe: (row) => format.shortly(row.keyframe_age_ms),
    gop: (row) => format.shortly(row.gop_ms),
    jitter: (row) => format.shortly(row.jitter_ms),
    loss: (row) => format.percent(row.loss_ratio),
    rtt: (row) => format.shortly(row.rtt_ms),
    gaps: (row) => String(row.gaps ?? '–'),
    frozen: (row) => format.shortly(row.frozen_ms),
    consumers: (row) => String(row.consumers ?? '–'),
    next: (row) => (row.next_try_ms > 0 ? format.duration(row.next_try_ms) : '–'),
};

const word = (text) => (text || '').toUpperCase();

export class Tile {
    #live;
    #still;
    #said = 0;
    #fields = {};
    #fps = new Spark('fps-history', 'Frames/s', format.fpsRange);
    #bitrate = new Spark('bitrate-history', 'Bitrate', format.bitrateRange);

    /* may: whether there are buttons to change something. actions: snapshot(name), recordings(name). */
    constructor(name, may, actions) {
        this.name = name;
        this.root = copy('camera-template');
        this.root.dataset.camera = name;
        this.#findParts(may);
        this.#live = new Live(name, this.video, (state, text) => this.#showLive(state, text));
        this.#still = new Still(name, this.screen.querySelector('.still'));
        this.#listen(actions);
    }

    get wanted() {
        return this.#live.wanted;
    }

    #findParts(may) {
        const title = field(this.root, 'name');
        title.textContent = this.name;
        title.id = `camera-${this.name}`;
        this.root.setAttribute('aria-labelledby', title.id);
        this.screen = this.root.querySelector('.screen');
        this.video = this.root.querySelector('video');
        this.video.setAttribute('aria-label', `Live video of ${this.name}`);
        this.root.querySelector('.sparks').append(this.#fps.root, this.#bitrate.root);
        if (!may) this.root.querySelectorAll('[data-role="operate"]').forEach((part) => part.remove());
        for (const name of Object.keys(FIELDS)) this.#fields[name] = field(this.root, name);
        for (const button of this.root.querySelectorAll('button'))
            button.setAttribute('aria-label', `${button.textContent} ${this.name}`);
    }

    #button(action) {
        return this.root.querySelector(`[data-action="${action}"]`);
    }

    #on(action, listener) {
        this.#button(action)?.addEventListener('click', listener);
    }

    #listen(actions) {
        this.#on('watch', () => (this.wanted ? this.stop() : this.watch()));
        this.#on('sound', () => this.#toggleSound());
        this.#on('fullscreen', () => this.#toggleFullscreen());
        this.#on('snapshot', () => actions.snapshot(this.name));
        this.#on('recordings', () => actions.recordings(this.name));
        for (const action of ['restart', 'extend', 'start', 'stop']) this.#on(action, () => this.#order(action));
        /* For the mouse only: the button beneath does the same for everybody. */
        this.screen.addEventListener('click', (event) => {
            if (!this.wanted && !event.target.closest('button')) this.watch();
        });
    }

    watch() {
        this.#live.start();
    }

    stop() {
        this.#live.stop();
        if (document.fullscreenElement === this.screen) document.exitFullscreen();
    }

    leave() {
        this.#live.leave();
    }

    mustPull(id) {
        this.#live.mustPull(id);
    }

    check() {
        this.#live.check();
    }

    remove() {
        this.stop();
        this.#still.close();
        this.root.remove();
    }

    /* ---- what the server says ---- */

    update(row) {
        for (const [name, text] of Object.entries(FIELDS)) setText(this.#fields[name], text(row));
        setLevel(this.#fields.state, LEVELS[word(row.state)] || 'unknown');
        setLevel(this.#fields.health, LEVELS[word(row.health)] || 'unknown');
        setLevel(this.#fields.recording, (RECORDING[row.recording] || [])[1] || 'unknown');
        this.#fields.recording.hidden = !row.recording;
        this.#fields.health.hidden = !row.health;
        this.#fields.trouble.hidden = !this.#fields.trouble.textContent;
        this.root.style.setProperty('--loudness', format.loudness(row.sound_level));
        const stopped = word(row.state) === 'STOPPED';
        this.#offer('recordings', row.recording);
        this.#offer('extend', row.account);
        this.#offer('start', stopped);
        this.#offer('stop', !stopped);
        this.#still.update(row.fps > 0 && !this.wanted);
    }

    /* Whether a button has a meaning now; those who may not have none. */
    #offer(action, sensible) {
        const button = this.#button(action);
        if (button) button.hidden = !sensible;
    }

    history(fps, bitrate) {
        this.#fps.draw(fps);
        this.#bitrate.draw(bitrate);
    }

    /* ---- what people ask for ---- */

    async #order(action) {
        this.#say(`${action} …`);
        try {
            const answer = await call('POST', `/v2/cameras/${encodeURIComponent(this.name)}/${action}`);
            this.#say(answer?.text || `${action}: done`);
        } catch (error) {
            this.#say(`${action}: ${error.message}`);
        }
    }

    #say(text) {
        setText(field(this.root, 'said'), text);
        clearTimeout(this.#said);
        this.#said = setTimeout(() => setText(field(this.root, 'said'), ''), SAID_MS);
    }

    #toggleSound() {
        this.video.muted = !this.video.muted;
        this.#button('sound').setAttribute('aria-pressed', String(!this.video.muted));
    }

    #toggleFullscreen() {
        if (document.fullscreenElement) document.exitFullscreen();
        else this.screen.requestFullscreen?.().catch((error) => this.#say(error.message));
    }

    /* ---- the live view ---- */

    #showLive(state, text) {
        const was = this.screen.dataset.live;
        this.screen.dataset.live = state;
        setText(field(this.root, 'live'), text);
        const watch = this.#button('watch'), wanted = this.#live.wanted;
        setText(watch, wanted ? 'Stop' : 'Watch');
        watch.setAttribute('aria-label', wanted ? `Stop watching ${this.name}` : `Watch ${this.name}`);
        this.#button('sound').hidden = !wanted || !this.#live.hasSound;
        this.#button('fullscreen').hidden = !wanted;
        if (state === 'connecting' && was !== 'off') this.#holdPicture();
        if (!wanted) this.screen.querySelector('.held').hidden = true;
        if (!wanted && !this.video.muted) this.#toggleSound();
    }

    /* The last picture stays until the next connection has one. */
    #holdPicture() {
        const held = this.screen.querySelector('.held'), {videoWidth, videoHeight} = this.video;
        if (!videoWidth) return;
        held.width = videoWidth;
        held.height = videoHeight;
        held.getContext('2d').drawImage(this.video, 0, 0);
        held.hidden = false;
        this.video.addEventListener('loadeddata', () => { held.hidden = true; }, {once: true});
    }
}

