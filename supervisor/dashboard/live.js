/* live.js - one camera's live view: a viewer at camrelayd, a connection to the SFU, and what becomes of both.
 * Owns the stream of its <video>. Pulls again when it is told to, and begins anew when camrelayd forgot it. */
import {call} from './api.js';
import {Received} from './received.js';

const FIRST_WAIT_MS = 2000, LONGEST_WAIT_MS = 30000;
/* A camera sends a picture at least this often while it is well. */
const STILL_MS = 3000, LOOK_MS = 500;
/* What waiting does not mend: no token, a token for other cameras, no such camera. */
const FINAL = [401, 403, 404];

/* The browser lacks the codec of the camera's pictures: Firefox without its OpenH264 plugin, H.265 nearly everywhere. */
class Unplayable extends Error {
    constructor(offer) {
        const codec = offer.match(/^m=video [^]*?^a=rtpmap:\d+ ([\w-]+)/m)?.[1] ?? 'the codec';
        super(`This browser does not play ${codec}, which the camera sends`);
    }
}

/* RFC 3264 6: port 0 rejects. */
function takesNoPictures(answer) {
    return /^m=video 0 /m.test(answer) && !/^m=video [1-9]/m.test(answer);
}

export class Live {
    #camera;
    #video;
    #tell;
    #run = 0; /* of start(): what belongs to an earlier one is dropped */
    #id = null;
    #pc = null;
    #received = new Received();
    #heartbeat = 0;
    #look = 0;
    #retry = 0;
    #wait_ms = FIRST_WAIT_MS;
    #pulling = false;

    /* tell(state, text): off, connecting, live, still (its picture stands), waiting (for the next try), failed. */
    constructor(camera, video, tell) {
        this.#camera = camera;
        this.#video = video;
        this.#tell = tell;
        this.state = 'off';
    }

    get wanted() {
        return !['off', 'failed'].includes(this.state);
    }

    get hasSound() {
        return Boolean(this.#video.srcObject?.getAudioTracks().length);
    }

    start() {
        if (this.wanted) return;
        this.#wait_ms = FIRST_WAIT_MS;
        this.#open();
    }

    stop() {
        this.#clear();
        this.#video.srcObject = null;
        this.#say('off', '');
    }

    /* The page goes: camrelayd is told, though nobody will hear its answer. */
    leave() {
        if (this.wanted) this.stop();
    }

    /* Somebody with this id must pull again: is it us? */
    mustPull(id) {
        if (id === this.#id) this.#pull();
    }

    /* camrelayd may have forgotten us, or have something to say. */
    check() {
        if (this.#id) this.#beat();
    }

    #say(state, text) {
        this.state = state;
        this.#tell(state, text);
    }

    #clear() {
        this.#run++;
        clearTimeout(this.#retry);
        clearInterval(this.#heartbeat);
        clearInterval(this.#look);
        this.#pc?.close();
        this.#pc = null;
        this.#pulling = false;
        if (this.#id) discard(this.#id);
        this.#id = null;
    }

    async #open() {
        this.#clear();
        const run = this.#run;
        this.#received = new Received();
        this.#say('connecting', 'Connecting');
        try {
            const told = await call('POST', '/v2/consumers', {camera: this.#camera});
            if (run !== this.#run) {
                discard(told.id);
                return;
            }
            this.#id = told.id;
            this.#heartbeat = setInterval(() => this.#beat(), 1000 * told.heartbeat_interval_seconds);
            await this.#take(told);
        } catch (error) {
            if (run === this.#run) this.#failed(error);
        }
    }

    /* Answers the SFU's offer with a new connection, which takes the place of the one before. */
    async #take(told) {
        const pc = new RTCPeerConnection(), stream = new MediaStream();
        const old = this.#pc;
        this.#pc = pc;
        pc.ontrack = ({track}) => {
            stream.addTrack(track);
            if (this.#pc === pc && this.#video.srcObject !== stream) this.#show(stream);
        };
        pc.onconnectionstatechange = () => {
            if (this.#pc === pc && pc.connectionState === 'failed') this.#pull();
        };
        await this.#received.next(pc);
        old?.close();
        await pc.setRemoteDescription(told.offer);
        await pc.setLocalDescription();
        if (takesNoPictures(pc.localDescription.sdp)) throw new Unplayable(told.offer.sdp);
        await call('PUT', `/v2/consumers/${told.id}/answer`, pc.localDescription);
    }

    #show(stream) {
        this.#video.srcObject = stream;
        this.#video.play().catch(() => {}); /* a browser that lets nothing play by itself: a click will */
        this.#watchPictures();
    }

    /* Says live only while pictures come. */
    #watchPictures() {
        const decoded = () => this.#video.getVideoPlaybackQuality().totalVideoFrames;
        let last = decoded(), since = performance.now();
        clearInterval(this.#look);
        this.#look = setInterval(() => {
            const now = decoded();
            if (now !== last) {
                last = now;
                since = performance.now();
                this.#wait_ms = FIRST_WAIT_MS;
                if (this.state !== 'live') this.#say('live', 'Live');
            } else if (this.state === 'live' && performance.now() - since > STILL_MS) {
                this.#say('still', 'No picture comes: waiting for the camera');
            }
        }, LOOK_MS);
    }

    async #pull() {
        if (this.#pulling || !this.#id) return;
        const run = this.#run;
        this.#pulling = true;
        if (this.state !== 'live') this.#say('connecting', 'Connecting again');
        try {
            await this.#take(await call('POST', `/v2/consumers/${this.#id}/pull`));
        } catch (error) {
            if (run === this.#run) this.#pullFailed(error);
        } finally {
            if (run === this.#run) this.#pulling = false;
        }
    }

    /* Not sending just now: the viewer lives, and the next heartbeat says whether to pull. */
    #pullFailed(error) {
        if (error.status === 409) this.#retry = setTimeout(() => this.#beat(), error.retry_ms || FIRST_WAIT_MS);
        else this.#failed(error.status === 404 ? {message: 'camrelayd has ended this view'} : error);
    }

    async #beat() {
        const run = this.#run;
        try {
            const received = await this.#received.sum();
            if (run !== this.#run) return;
            const told = await call('POST', `/v2/consumers/${this.#id}/heartbeat`, received);
            if (run === this.#run && told.repull) this.#pull();
        } catch (error) {
            /* Without an answer, later: the next heartbeat comes. */
            if (run === this.#run && error.status === 404) this.#open();
        }
    }

    #failed(error) {
        const message = error.message || String(error);
        this.#clear();
        if (error instanceof Unplayable || FINAL.includes(error.status)) {
            this.#say('failed', message);
            return;
        }
        const wait_ms = Math.max(error.retry_ms || 0, this.#wait_ms);
        this.#wait_ms = Math.min(2 * this.#wait_ms, LONGEST_WAIT_MS);
        this.#say('waiting', `${message}. Trying again in ${Math.ceil(wait_ms / 1000)} s`);
        this.#retry = setTimeout(() => this.#open(), wait_ms);
    }
}

/* keepalive: also when the page is going. What fails, camrelayd finds out by itself. */
function discard(id) {
    call('DELETE', `/v2/consumers/${id}`, undefined, {keepalive: true}).catch(() => {});
}
