/* quota.js - Google's quota: how much of it is used, and who calls in the next 60 seconds. */
import {byId, copy, element, field, setLevel, setText} from './dom.js';
import * as format from './format.js';

const STRIP_MS = 60000;
const COMMANDS = 'commands';
const NEARLY = 0.8;

const seconds = (ms) => `${Math.max(0, Math.round(ms / 1000))} s`;

/* What else is to be said of a bucket. */
function notes({held_ms, slow_ms}) {
    const held = held_ms > 0 ? `held for ${format.duration(held_ms)}` : '';
    const slow = slow_ms > 0 ? `slowed for ${format.duration(slow_ms)}` : '';
    return [held, slow].filter(Boolean).join(', ');
}

class Account {
    #words = '';

    constructor(name) {
        this.root = copy('account-template');
        this.root.dataset.account = name;
        setText(field(this.root, 'account'), name);
    }

    update(row) {
        const state = field(this.root, 'account-state');
        setText(state, row.state);
        setLevel(state, row.state === 'ok' ? 'ok' : 'warn');
        const commands = row.buckets.find((bucket) => bucket.bucket === COMMANDS);
        if (commands) this.#gauge(commands);
        this.#others(row.buckets.filter((bucket) => bucket !== commands));
        this.#calls(row.calls);
    }

    #gauge(bucket) {
        const gauge = this.root.querySelector('.gauge'), ratio = bucket.limit ? bucket.used / bucket.limit : 0;
        const more = notes(bucket);
        const text = `${bucket.used} of ${bucket.limit} commands used in the last minute${more && `, ${more}`}`;
        gauge.setAttribute('aria-label', 'Commands to Google');
        gauge.setAttribute('aria-valuemax', bucket.limit);
        gauge.setAttribute('aria-valuenow', bucket.used);
        gauge.setAttribute('aria-valuetext', text);
        gauge.firstElementChild.style.width = `${100 * Math.min(1, ratio)}%`;
        setLevel(gauge, bucket.held_ms > 0 || ratio >= 1 ? 'bad' : ratio >= NEARLY ? 'warn' : 'ok');
        setText(field(this.root, 'quota'), text);
    }

    #others(buckets) {
        const list = field(this.root, 'buckets');
        while (list.children.length > buckets.length) list.lastChild.remove();
        buckets.forEach((bucket, index) => {
            const item = list.children[index] || list.appendChild(element('li'));
            const more = notes(bucket);
            setText(item, `${bucket.bucket}: ${bucket.used} of ${bucket.limit}${more && `, ${more}`}`);
        });
    }

    /* Slots are drawn anew as they move; the table only when another second shows. */
    #calls(calls) {
        const soon = calls.filter((call) => call.in_ms <= STRIP_MS);
        field(this.root, 'slots').replaceChildren(...soon.map(slot));
        const queued = calls.length ? format.count(calls.length, 'call', 'calls') : 'nothing planned';
        setText(field(this.root, 'queued'), queued);
        const words = calls.map((call) => [seconds(call.in_ms), call.call, call.camera || '']);
        if (this.#words === JSON.stringify(words)) return;
        this.#words = JSON.stringify(words);
        field(this.root, 'queue').replaceChildren(...words.map((row) =>
            element('tr', {}, ...row.map((text) => element('td', {}, text)))));
    }
}

function slot(call) {
    const text = `${call.call} ${call.camera || ''}`.trim();
    const item = element('li', {'data-call': call.call, title: `${text} in ${seconds(call.in_ms)}`},
        element('span', {class: 'unseen'}, `${text} in ${seconds(call.in_ms)}`));
    item.style.left = `${100 * Math.max(0, call.in_ms) / STRIP_MS}%`;
    return item;
}

export class Quota {
    #accounts = new Map();

    /* rows: none for whom they are not. */
    update(rows) {
        byId('quota').hidden = document.querySelector('[data-part="quota"]').hidden = !rows.length;
        const names = new Set(rows.map((row) => row.account));
        for (const [name, account] of this.#accounts)
            if (!names.has(name)) {
                account.root.remove();
                this.#accounts.delete(name);
            }
        for (const row of rows) this.#find(row.account).update(row);
    }

    #find(name) {
        if (!this.#accounts.has(name)) {
            const account = new Account(name);
            this.#accounts.set(name, account);
            byId('accounts').append(account.root);
        }
        return this.#accounts.get(name);
    }
}
