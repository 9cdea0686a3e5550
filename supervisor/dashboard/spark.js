/* spark.js - a small curve of the last hour, as SVG. Where nothing is known there is no line. */
import {element, setText} from './dom.js';

const WIDTH = 120, HEIGHT = 26, EDGE = 2;
const SVG = 'http://www.w3.org/2000/svg';

export class Spark {
    #title;
    #text;
    #caption;

    /* name: of the data-field. text(low, high): the range with its unit. */
    constructor(name, title, text) {
        this.#title = title;
        this.#text = text;
        this.svg = document.createElementNS(SVG, 'svg');
        this.svg.setAttribute('viewBox', `0 0 ${WIDTH} ${HEIGHT}`);
        this.svg.setAttribute('preserveAspectRatio', 'none');
        this.svg.setAttribute('role', 'img');
        this.svg.dataset.field = name;
        this.svg.append(document.createElementNS(SVG, 'path'));
        this.#caption = element('figcaption', {'data-field': `${name}-text`});
        this.root = element('figure', {class: 'spark'}, this.svg, this.#caption);
        this.draw([]);
    }

    /* values: oldest first, null where unknown; 120 make the hour. */
    draw(values) {
        const known = values.filter((value) => value !== null);
        const high = Math.max(...known, 0), low = Math.min(...known, high);
        const range = known.length ? this.#text(low, high) : 'nothing yet';
        this.svg.firstChild.setAttribute('d', path(values, high || 1));
        this.svg.dataset.points = known.length;
        this.svg.setAttribute('aria-label', `${this.#title}, the last hour: ${range}`);
        setText(this.#caption, `Last hour: ${range}`);
    }
}

/* The right edge is now; a lone value is a dot. */
function path(values, high) {
    const x = (index) => WIDTH - EDGE - (values.length - 1 - index) * (WIDTH - 2 * EDGE) / 119;
    const y = (value) => HEIGHT - EDGE - (HEIGHT - 2 * EDGE) * value / high;
    let drawn = '', down = false;
    values.forEach((value, index) => {
        const known = value !== null;
        if (known) drawn += `${down ? 'L' : 'M'}${x(index).toFixed(1)} ${y(value).toFixed(1)}`;
        if (known && !down) drawn += 'h0';
        down = known;
    });
    return drawn;
}
