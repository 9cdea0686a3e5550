/* format.js - figures as people read them. Pure. */

const NONE = '–';
const pad = (number) => String(number).padStart(2, '0');

/* 4:06, 1:02:03, 3 d 4 h */
export function duration(ms) {
    if (!(ms >= 0)) return NONE;
    const seconds = Math.floor(ms / 1000), minutes = Math.floor(seconds / 60), hours = Math.floor(minutes / 60);
    if (hours >= 48) return `${Math.floor(hours / 24)} d ${hours % 24} h`;
    return hours ? `${hours}:${pad(minutes % 60)}:${pad(seconds % 60)}` : `${minutes}:${pad(seconds % 60)}`;
}

/* 850 ms, 4.2 s */
export function shortly(ms) {
    if (!(ms >= 0)) return NONE;
    return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

export const fps = (value) => (value > 0 ? value.toFixed(1) : '0');

/* The smallest and the largest of some. */
export const fpsRange = (low, high) => `${fps(low)} to ${fps(high)} fps`;

export const bitrateRange = (low, high) => `${(low / 1e6).toFixed(2)} to ${(high / 1e6).toFixed(2)} Mbit/s`;

export function bitrate(bits) {
    if (!(bits > 0)) return '0';
    return bits < 1e6 ? `${Math.round(bits / 1e3)} kbit/s` : `${(bits / 1e6).toFixed(2)} Mbit/s`;
}

export const picture = (width, height) => (width > 0 && height > 0 ? `${width}×${height}` : NONE);

export const percent = (ratio) => (ratio >= 0 ? `${(100 * ratio).toFixed(1)} %` : NONE);

/* The server's 0: the camera sends no sound. */
export const sound = (level) => (level < 0 ? `−${Math.round(-level)} dB` : 'none');

/* What a meter of sound shows of -60 to 0 dBFS, 0 to 1. */
export const loudness = (level) => (level < 0 ? Math.max(0, Math.min(1, 1 + level / 60)) : 0);

export function megabytes(mb) {
    return mb < 1000 ? `${mb.toFixed(mb < 10 ? 1 : 0)} MB` : `${(mb / 1000).toFixed(1)} GB`;
}

export const count = (number, one, many) => `${number} ${number === 1 ? one : many}`;

/* 20:07:08, wherever we are: beside UTC nobody wants AM and PM. */
export const clock = (date) => date.toLocaleTimeString('en-GB');

/* With the day, unless it is today. */
export function moment(date) {
    const today = new Date().toDateString() === date.toDateString();
    return today ? clock(date) : `${date.toLocaleDateString([], {month: 'short', day: 'numeric'})} ${clock(date)}`;
}

/* 06:07:08 of UTC */
export const utcClock = (ms) => new Date(ms).toISOString().slice(11, 19);
