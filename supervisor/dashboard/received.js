/* received.js - what a viewer has received so far, over all its connections: for heartbeats. */

const FIGURES = {frames: 'framesDecoded', bytes: 'bytesReceived', packets: 'packetsReceived', lost: 'packetsLost',
    freezes: 'freezeCount'};

export class Received {
    #pc = null;
    #before = {}; /* by the connections that are gone */

    /* From now on by this connection. */
    async next(pc) {
        this.#before = await this.sum();
        this.#pc = pc;
    }

    /* {frames, bytes, packets, lost, freezes, width, height}, of pictures and sound; {} before anything came. */
    async sum() {
        const sum = {...this.#before};
        if (!this.#pc || this.#pc.connectionState === 'closed') return sum;
        for (const stats of (await this.#pc.getStats()).values())
            if (stats.type === 'inbound-rtp') add(sum, stats);
        return sum;
    }
}

function add(sum, stats) {
    /* packetsLost is less than nothing when packets came twice (RFC 3550 6.4.1). */
    for (const [name, figure] of Object.entries(FIGURES))
        sum[name] = (sum[name] || 0) + Math.max(0, stats[figure] || 0);
    if (stats.kind !== 'video' || !stats.frameWidth) return;
    sum.width = stats.frameWidth;
    sum.height = stats.frameHeight;
}
