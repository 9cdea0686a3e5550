/* player.js - plays an hour of a recording from a moment on. Owns hls.js, which is loaded when it is first wanted. */

const HLS = '/assets/hls.light.min.js';
/* What has been played is kept this long, in seconds: an hour in memory would be too much for a phone. */
const BACK_S = 60;

let loading = null;

function loadHls() {
    loading ??= new Promise((resolve, reject) => {
        const script = document.createElement('script');
        script.src = HLS;
        script.onload = () => resolve(window.Hls);
        script.onerror = () => {
            loading = null;
            script.remove();
            reject(new Error('the player cannot be loaded'));
        };
        document.head.append(script);
    });
    return loading;
}

/* Where a moment is in the playlist's own time; the next that there is, if it is in none. seconds */
function position(fragments, at_ms) {
    const end_ms = (fragment) => fragment.programDateTime + 1000 * fragment.duration;
    const next = fragments.find((fragment) => at_ms < end_ms(fragment)) || fragments.at(-1);
    const into = Math.max(0, (at_ms - next.programDateTime) / 1000);
    return next.start + Math.min(into, Math.max(0, next.duration - 0.1));
}

export class Player {
    #video;
    #handlers;
    #hls = null;
    #playlist = null;
    #native = false;
    #run = 0;

    /* handlers: said(text), at(ms since 1970), ended(). */
    constructor(video, handlers) {
        this.#video = video;
        this.#handlers = handlers;
        video.addEventListener('timeupdate', () => this.#tellTime());
        video.addEventListener('ended', () => this.#playlist && handlers.ended());
    }

    /* playlist: its address. at_ms: of the wall clock. */
    async play(playlist, at_ms) {
        if (playlist === this.#playlist && this.#seek(at_ms)) return;
        this.close();
        const run = this.#run;
        this.#playlist = playlist;
        this.#video.hidden = false;
        this.#handlers.said('Loading');
        try {
            const Hls = await loadHls();
            if (run !== this.#run) return;
            if (Hls.isSupported()) this.#start(Hls, at_ms);
            else this.#startNative(at_ms);
        } catch (error) {
            this.#handlers.said(error.message);
        }
    }

    close() {
        this.#run++;
        this.#hls?.destroy();
        this.#hls = this.#playlist = null;
        if (this.#native) this.#video.removeAttribute('src');
        this.#native = false;
        this.#video.hidden = true;
    }

    #start(Hls, at_ms) {
        const hls = this.#hls = new Hls({autoStartLoad: false, lowLatencyMode: false, backBufferLength: BACK_S});
        let mended = false;
        hls.once(Hls.Events.LEVEL_LOADED, (_, {details}) => {
            hls.startLoad(position(details.fragments, at_ms));
            this.#resume();
        });
        hls.on(Hls.Events.ERROR, (_, error) => {
            if (!error.fatal) return;
            if (error.type === Hls.ErrorTypes.MEDIA_ERROR && !mended) {
                mended = true;
                hls.recoverMediaError();
            } else {
                this.#handlers.said(`This cannot be played: ${error.details}`);
            }
        });
        hls.loadSource(this.#playlist);
        hls.attachMedia(this.#video);
    }

    /* Apple's phones, whose own player knows HLS, and no other can be. */
    #startNative(at_ms) {
        const video = this.#video;
        this.#native = true;
        video.src = this.#playlist;
        video.addEventListener('loadedmetadata', () => {
            this.#seek(at_ms);
            this.#resume();
        }, {once: true});
    }

    #resume() {
        this.#handlers.said('');
        this.#video.play().catch(() => this.#handlers.said('Press play'));
    }

    #seek(at_ms) {
        const fragments = this.#hls?.levels[0]?.details?.fragments;
        const from = this.#native ? this.#video.getStartDate().getTime() : NaN;
        if (fragments) this.#video.currentTime = position(fragments, at_ms);
        else if (Number.isFinite(from)) this.#video.currentTime = (at_ms - from) / 1000;
        else return false;
        this.#resume();
        return true;
    }

    #tellTime() {
        const date = this.#native ? this.#video.getStartDate().getTime() + 1000 * this.#video.currentTime
            : this.#hls?.playingDate?.getTime();
        if (Number.isFinite(date)) this.#handlers.at(date);
    }
}
