/* events.js - what happened, newest first, of all cameras or of one. */
import {byId, element, setOptions, timeElement} from './dom.js';
import {moment} from './format.js';

const MOST = 500;
/* Its text is the id of a viewer: nothing that people could use. */
const MUST_PULL = 'consumer must pull';
const BAD = /fail|died|offline|full|error|given up|too large|gone|FAILED/i;
const WARN = /degraded|reconnecting|gap|warn|stopped|waits|held|half|limit|removed|vanished|overload/i;

const level = (name) => (BAD.test(name) ? 'bad' : WARN.test(name) ? 'warn' : 'ok');

export class Events {
    #list = byId('events-list');
    #filter = byId('events-camera');

    constructor() {
        this.#filter.addEventListener('change', () => this.#show());
    }

    /* Oldest first; instead of all that is there. Not read aloud: only what comes from then on is. */
    replace(events) {
        this.#list.removeAttribute('aria-live');
        this.#list.replaceChildren(...events.map(line).reverse());
        this.#show();
        requestAnimationFrame(() => this.#list.setAttribute('aria-live', 'polite'));
    }

    add(event) {
        this.#list.prepend(line(event));
        while (this.#list.children.length > MOST) this.#list.lastChild.remove();
        this.#show();
    }

    setCameras(names) {
        setOptions(this.#filter, [['', 'all'], ...names.map((name) => [name, name])]);
    }

    #show() {
        const wanted = this.#filter.value;
        let shown = 0;
        for (const item of this.#list.children) {
            item.hidden = wanted !== '' && item.dataset.camera !== wanted;
            shown += !item.hidden;
        }
        byId('events-none').hidden = shown > 0;
    }
}

function line({time, camera, account, event, text}) {
    const item = element('li', {'data-event': event}, timeElement(time, moment),
        element('strong', {class: 'who'}, camera || account || 'camrelayd'),
        element('span', {class: 'what', 'data-level': level(event)}, event));
    if (camera) item.dataset.camera = camera;
    if (text && event !== MUST_PULL) item.append(element('span', {class: 'why'}, text));
    return item;
}
