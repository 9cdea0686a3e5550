/* dom.js - elements and their texts. What the server says goes in as text, never as markup. */

export const byId = (id) => document.getElementById(id);

/* A copy of what stands in a <template>. */
export const copy = (id) => byId(id).content.firstElementChild.cloneNode(true);

/* The element within root that shows this value. */
export const field = (root, name) => root.querySelector(`[data-field="${name}"]`);

export function setText(node, text) {
    if (node.textContent !== text) node.textContent = text;
}

export function setLevel(node, level) {
    if (node.dataset.level !== level) node.dataset.level = level;
}

/* element('a', {href: '/'}, 'text', another) */
export function element(tag, attributes, ...children) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes || {})) made.setAttribute(name, value);
    made.append(...children);
    return made;
}

/* A moment as <time>: local for the eye, UTC in the title. text: a function of Date. */
export function timeElement(when, text) {
    const date = new Date(when);
    const utc = date.toISOString();
    return element('time', {datetime: utc, title: `${utc.slice(0, 19).replace('T', ' ')} UTC`}, text(date));
}

/* The options of a <select>, [[value, text]]; what is chosen stays, if it is still there. */
export function setOptions(select, options) {
    const wanted = JSON.stringify(options);
    if (select.dataset.options === wanted) return;
    const chosen = select.value;
    select.dataset.options = wanted;
    select.replaceChildren(...options.map(([value, text]) => element('option', {value}, text)));
    if (options.some(([value]) => value === chosen)) select.value = chosen;
}
