/* snapshot.js - the dialog with a camera's newest key picture, to look at and to keep. */
import {request} from './api.js';
import {byId, setText} from './dom.js';

let shown = null; /* the address of the picture in the dialog */

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
    const title = byId('snapshot-title');
    setText(title, `Snapshot of ${camera}`);
    image.alt = `Asking ${camera} for a picture`;
    save.hidden = true;
    dialog.showModal();
    try {
        const answer = await request('GET', `/v2/cameras/${encodeURIComponent(camera)}/snapshot`);
        shown = URL.createObjectURL(await answer.blob());
        image.alt = `What ${camera} saw at ${new Date().toLocaleTimeString()}`;
        image.src = shown;
        save.href = shown;
        save.download = `${camera}-${new Date().toISOString().replace(/[-:]|\..*/g, '')}Z.jpg`;
        save.hidden = false;
    } catch (error) {
        setText(title, `No snapshot of ${camera}: ${error.message}`);
        image.alt = '';
    }
}
