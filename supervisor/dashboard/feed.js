/* feed.js - the WebSocket that says what is and what happens. Comes back by itself, and says what it is doing. */

const FIRST_WAIT_MS = 500, LONGEST_WAIT_MS = 15000;
/* States come every second: after this long without any the connection is dead, whatever the browser believes. */
const SILENCE_MS = 10000;
const POLICY_VIOLATION = 1008;

export class Feed {
    #handlers;
    #socket = null;
    #wait_ms = FIRST_WAIT_MS;
    #retry = 0;
    #silence = 0;

    /* handlers: message(object); connected(); lost(seconds until the next try); refused(): the token is gone; and
       allowed(): a promise, whether to try again. */
    constructor(handlers) {
        this.#handlers = handlers;
        addEventListener('online', () => this.#hurry());
        document.addEventListener('visibilitychange', () => document.hidden || this.#hurry());
    }

    open() {
        const socket = this.#socket = new WebSocket(`${location.origin.replace('http', 'ws')}/events`);
        socket.onopen = () => this.#handlers.connected();
        socket.onmessage = (text) => this.#heard(JSON.parse(text.data));
        socket.onclose = (end) => this.#closed(end.code);
        this.#listen();
    }

    close() {
        clearTimeout(this.#retry);
        this.#retry = 0;
        clearTimeout(this.#silence);
        if (this.#socket) this.#socket.onclose = null;
        this.#socket?.close();
        this.#socket = null;
    }

    #heard(message) {
        this.#wait_ms = FIRST_WAIT_MS;
        this.#listen();
        this.#handlers.message(message);
    }

    #listen() {
        clearTimeout(this.#silence);
        this.#silence = setTimeout(() => this.#dead(), SILENCE_MS);
    }

    /* A close that nobody answers may take a minute: not waited for. */
    #dead() {
        this.#socket.onclose = null;
        this.#socket.close();
        this.#closed();
    }

    #closed(code) {
        clearTimeout(this.#silence);
        this.#socket.onmessage = null;
        this.#socket = null;
        if (code === POLICY_VIOLATION) {
            this.#handlers.refused();
            return;
        }
        const wait_ms = this.#wait_ms * (0.8 + 0.4 * Math.random());
        this.#wait_ms = Math.min(2 * this.#wait_ms, LONGEST_WAIT_MS);
        this.#handlers.lost(wait_ms / 1000);
        this.#retry = setTimeout(() => this.#again(), wait_ms);
    }

    /* The browser does not say why a WebSocket was refused: a request does. */
    async #again() {
        this.#retry = 0;
        if (await this.#handlers.allowed()) this.open();
    }

    #hurry() {
        if (!this.#retry) return;
        clearTimeout(this.#retry);
        this.#again();
    }
}
