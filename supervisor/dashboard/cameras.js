/* cameras.js - the grid: a tile for each camera that the server tells of, in its order. */
import {call} from './api.js';
import {byId, setText} from './dom.js';
import * as format from './format.js';
import {Tile} from './tile.js';

const HISTORY_MS = 30000;

export class Cameras {
    #tiles = new Map();
    #grid = byId('grid');
    #history = 0;
    #known = new Map(); /* the last hour, by camera */
    #may;
    #actions;

    constructor(may, actions) {
        this.#may = may;
        this.#actions = actions;
    }

    open() {
        this.#readHistory();
        this.#history = setInterval(() => this.#readHistory(), HISTORY_MS);
    }

    close() {
        clearInterval(this.#history);
        for (const tile of this.#tiles.values()) tile.remove();
        this.#tiles.clear();
    }

    update(rows) {
        const names = new Set(rows.map((row) => row.name));
        for (const [name, tile] of this.#tiles)
            if (!names.has(name)) {
                tile.remove();
                this.#tiles.delete(name);
            }
        rows.forEach((row, index) => this.#place(row, index));
        byId('none').hidden = rows.length > 0;
        byId('watch-all').disabled = byId('stop-all').disabled = !rows.length;
        this.#sumUp(rows);
    }

    #sumUp(rows) {
        const running = rows.filter(({state}) => state.toUpperCase() === 'RUNNING').length;
        const text = `${running} of ${format.count(rows.length, 'camera', 'cameras')} running`;
        setText(byId('summary'), rows.length ? text : '');
    }

    /* Moved only if it stands elsewhere: a <video> that is moved stops. */
    #place(row, index) {
        let tile = this.#tiles.get(row.name);
        if (!tile) {
            tile = new Tile(row.name, this.#may, this.#actions);
            this.#tiles.set(row.name, tile);
            this.#drawHistory(tile);
        }
        const there = this.#grid.children[index];
        if (there !== tile.root) this.#grid.insertBefore(tile.root, there || null);
        tile.update(row);
    }

    /* Nothing is heard of the cameras just now. */
    setStale(stale) {
        this.#grid.classList.toggle('stale', stale);
    }

    watchAll() {
        this.#tiles.forEach((tile) => tile.watch());
    }

    stopAll() {
        this.#tiles.forEach((tile) => tile.stop());
    }

    mustPull(id) {
        this.#tiles.forEach((tile) => tile.mustPull(id));
    }

    check() {
        this.#tiles.forEach((tile) => tile.check());
    }

    /* The page goes. Those that were watched, to be watched again should it come back. */
    leave() {
        const watched = [...this.#tiles.values()].filter((tile) => tile.wanted);
        watched.forEach((tile) => tile.leave());
        return watched;
    }

    async #readHistory() {
        if (document.hidden && this.#known.size) return;
        try {
            const {cameras} = await call('GET', '/v2/history');
            this.#known = new Map(cameras.map((row) => [row.camera, row]));
            this.#tiles.forEach((tile) => this.#drawHistory(tile));
        } catch { /* it is asked for again in half a minute; that nothing is heard is said elsewhere */ }
    }

    #drawHistory(tile) {
        const row = this.#known.get(tile.name);
        if (row) tile.history(row.fps, row.bitrate);
    }
}
