"""lipsync.py - a meter of lip sync in the browser: flashes seen and beeps heard (camera.py --flash).

Owns the page's part, which notes moments, and the arithmetic on them. Two things are told apart:
* shown: from flash to beep, as a person sees and hears them. A browser moves the two together slowly, by sender reports,
  and apart again when the machine is busy; that is its doing.
* claimed wrong: the same, less what the browser believes is still missing, by the sender reports. What is left is what the
  publisher's time stamps and reports are wrong by, plus the meter's own offset: what the page hears takes another way
  through the browser than what is played. A reference measured alike has that too.
"""
import statistics

# A flash and a beep a second: what is further apart does not belong together.
PAIR_MS = 500

# Moments are ms on performance.now()'s clock: a flash when its picture was submitted for display, a beep when its first
# loud sample leaves the sound card. playout: how much later sound is
# played, as the browser believes by the sender reports.
PAGE = """
const onset = `registerProcessor('onset', class extends AudioWorkletProcessor {
    constructor() { super(); this.quiet = 0; }
    process([input]) {
        const samples = input[0] ?? [];
        for (let i = 0; i < samples.length; i++) {
            this.quiet++;
            if (Math.abs(samples[i]) < LOUD) continue;
            if (this.quiet > sampleRate / 4) this.port.postMessage(currentTime + i / sampleRate);
            this.quiet = 0;
        }
        return true;
    }
});`;
let worklet = null;

window.watchFlashes = (pull) => {
    const canvas = document.createElement('canvas'), video = pull.video;
    const paper = canvas.getContext('2d', {willReadFrequently: true});
    let white = true;
    canvas.width = canvas.height = 8;
    const look = (now, picture) => {
        paper.drawImage(video, 0, 0, 8, 8);
        const bright = paper.getImageData(4, 2, 1, 1).data[0] > 128;
        if (bright && !white) pull.flashes.push(picture.presentationTime);
        white = bright;
        video.requestVideoFrameCallback(look);
    };
    video.requestVideoFrameCallback(look);
};

window.watchBeeps = async (pull, track) => {
    ears ??= new AudioContext({sampleRate: 48000});
    worklet ??= ears.audioWorklet.addModule('data:text/javascript,' + encodeURIComponent(onset));
    await worklet;
    const ear = new AudioWorkletNode(ears, 'onset');
    ear.port.onmessage = ({data}) => {
        const out = ears.getOutputTimestamp();
        pull.beeps.push(out.performanceTime + (data - out.contextTime) * 1000);
    };
    ears.createMediaStreamSource(new MediaStream([track])).connect(ear).connect(ears.destination);
};

window.playout = async (pc) => {
    const at = {};
    for (const s of (await pc.getStats()).values())
        if (s.type === 'inbound-rtp') at[s.kind] = s.estimatedPlayoutTimestamp;
    return at.video && at.audio ? at.video - at.audio : null;
};
""".replace("LOUD", "0.1")


def pairs(meter):
    """[(flash, ms from it to the beep that is nearest)]"""
    for flash in meter["flashes"]:
        nearest = min((beep - flash for beep in meter["beeps"]), key=abs, default=None)
        if nearest is not None and abs(nearest) < PAIR_MS:
            yield flash, nearest


def believed(meter, flash):
    """What the browser believed nearest to that moment."""
    return min(meter["playouts"], key=lambda playout: abs(playout[0] - flash))[1]


def shown_ms(meter, newest):
    """How much later than the picture sound is: the median of so many newest flashes; None if there are not so many."""
    found = [ms for _, ms in pairs(meter)][-newest:]
    return statistics.median(found) if len(found) == newest else None


def wrong_ms(meter, newest):
    """How much of that is not known to the browser, likewise."""
    found = [ms - believed(meter, flash) for flash, ms in pairs(meter)][-newest:] if meter["playouts"] else []
    return statistics.median(found) if len(found) == newest else None
