/* still.js - the newest key picture of a camera that nobody watches here. Asked for only while it can be seen. */
import {request} from './api.js';

const REFRESH_MS = 60000, AFTER_FAILURE_MS = 15000;

export class Still {
    #path;
    #image;
    #due = 0; /* performance.now() of the next */
    #visible = false;
    #busy = false;
    #observer = new IntersectionObserver((changes) => { this.#visible = changes.at(-1).isIntersecting; });

    constructor(camera, image) {
        this.#path = `/v2/cameras/${encodeURIComponent(camera)}/snapshot`;
        this.#image = image;
        this.#observer.observe(image.parentElement);
    }

    /* Once a second. wanted: the camera sends, and no video is shown. */
    update(wanted) {
        if (!wanted || !this.#visible || document.hidden || this.#busy || performance.now() < this.#due) return;
        this.#fetch();
    }

    close() {
        this.#observer.disconnect();
        URL.revokeObjectURL(this.#image.src);
    }

    async #fetch() {
        this.#busy = true;
        try {
            const picture = await (await request('GET', this.#path)).blob();
            URL.revokeObjectURL(this.#image.src);
            this.#image.src = URL.createObjectURL(picture);
            this.#image.hidden = false;
            this.#due = performance.now() + REFRESH_MS;
        } catch {
            this.#due = performance.now() + AFTER_FAILURE_MS; /* it is an ornament: no words about it */
        } finally {
            this.#busy = false;
        }
    }
}
