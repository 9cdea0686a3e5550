/* main.js - the page: who is there, what is heard, and which part shows it. */
import {onRefused} from './api.js';
import {Cameras} from './cameras.js';
import {byId, field, setLevel, setText} from './dom.js';
import {Events} from './events.js';
import {Feed} from './feed.js';
import {login, logout, mayOperate, session} from './login.js';
import {Quota} from './quota.js';
import {Recordings} from './recordings.js';
import * as snapshot from './snapshot.js';

const AGAIN_MS = 3000;
const HEALTH = {ok: ['Healthy', 'ok'], warn: ['Warning', 'warn'], error: ['Error', 'bad']};
const MUST_PULL = 'consumer must pull';

const events = new Events(), quota = new Quota(), recordings = new Recordings();
let cameras = null, version = null, asking = false;

const feed = new Feed({
    connected() {
        say('Connected', 'ok');
        cameras.setStale(false);
        cameras.check();
    },
    lost() {
        say('Connection lost: reconnecting', 'bad');
        cameras.setStale(true);
    },
    message(text) {
        handlers[text.type]?.(text);
    },
    refused: () => begin(),
    async allowed() {
        try {
            if ((await session()).role) return true;
        } catch {
            return true; /* nobody answers: so neither will the feed, which waits longer then */
        }
        begin();
        return false;
    },
});

const handlers = {
    state(told) {
        const [text, level] = HEALTH[told.health] || ['Unknown', 'unknown'];
        setText(byId('health'), text);
        setLevel(byId('health'), level);
        setVersion(told.version);
        cameras.update(told.cameras);
        quota.update(told.accounts);
        recordings.update(told.cameras);
        events.setCameras(told.cameras.map(({name}) => name));
    },
    events(told) {
        events.replace(told.events);
    },
    event(told) {
        events.add(told.event);
        if (told.event.event === MUST_PULL) cameras.mustPull(told.event.text);
    },
};

function say(text, level) {
    setText(byId('connection'), text);
    setLevel(byId('connection'), level);
}

/* The page is as old as the camrelayd that it came from. */
function setVersion(now) {
    version ??= now;
    setText(field(document, 'version'), now || '');
    byId('renewed').hidden = now === version;
}

/* Whoever it was before is forgotten. */
function end() {
    feed.close();
    cameras?.close();
    recordings.close();
    quota.update([]);
    events.replace([]);
}

async function ask() {
    for (;;) {
        try {
            const told = await session();
            return told.role ? told : await login();
        } catch (error) {
            say(`${error.message}: trying again`, 'bad');
            await new Promise((done) => setTimeout(done, AGAIN_MS));
        }
    }
}

async function begin() {
    if (asking) return;
    asking = true;
    end();
    say('Connecting', 'unknown');
    const told = await ask();
    asking = false;
    byId('logout').hidden = !told.needs_token;
    byId('logout').title = told.name ? `You are ${told.name}, who may ${told.role}` : '';
    cameras = new Cameras(mayOperate(told), {
        snapshot: (camera) => snapshot.show(camera),
        recordings: (camera) => recordings.show(camera),
    });
    cameras.open();
    feed.open();
}

let watched = [];
addEventListener('pagehide', () => { watched = cameras?.leave() || []; });
addEventListener('pageshow', (event) => event.persisted && watched.forEach((tile) => tile.watch()));

byId('watch-all').addEventListener('click', () => cameras?.watchAll());
byId('stop-all').addEventListener('click', () => cameras?.stopAll());
byId('reload').addEventListener('click', () => location.reload());
byId('logout').addEventListener('click', async () => {
    await logout().catch(() => {});
    begin();
});

snapshot.init();
onRefused(() => begin());
begin();
