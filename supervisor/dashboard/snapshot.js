/* snapshot.js - the dialog with a camera's newest key picture, to look at and to keep. */
import {request} from './api.js';
import {byId, setText} from './dom.js';

let shown = null; /* the address of the picture in the dialog */
let run = 0; /* counts what was asked for: an answer that comes after the next question is nobody's */

function close() {
    URL.revokeObjectURL(shown);
    shown = null;
    byId('snapshot').querySelector('img').removeAttribute('src');
}

export function init() {
    const dialog = byId('snapshot');
    dialog.addEventListener('close', close);
    dialog.querySelector('[data-action="close"]').addEventListener('click', () => dialog.close());
}

export async function show(camera) {
    const dialog = byId('snapshot'), image = dialog.querySelector('img'), save = dialog.querySelector('a');
    const title = byId('snapshot-title'), mine = ++run;
    setText(title, `Snapshot of ${camera}`);
    image.alt = `Asking ${camera} for a picture`;
    save.hidden = true;
    dialog.showModal();
    try {
        const answer = await request('GET', `/v2/cameras/${encodeURIComponent(camera)}/snapshot`);
        const picture = await answer.blob();
        if (mine !== run || !dialog.open) return;
        shown = URL.createObjectURL(picture);
        image.alt = `What ${camera} saw at ${new Date().toLocaleTimeString()}`;
        image.src = shown;
        save.href = shown;
        save.download = `${camera}-${new Date().toISOString().replace(/[-:]|\..*/g, '')}Z.jpg`;
        save.hidden = false;
    } catch (error) {
        if (mine !== run) return;
        setText(title, `No snapshot of ${camera}: ${error.message}`);
        image.alt = '';
    }
}
