/* api.js - requests to camrelayd, with errors as sentences. The cookie says who we are; no token is kept here. */

let refusedListener = () => {};

/* Called when the server does not know us any more. */
export function onRefused(listener) {
    refusedListener = listener;
}

/* status: of HTTP, 0 if there was no answer. retry_ms: when the server says to try again, else null. */
export class ApiError extends Error {
    constructor(status, message, retry_ms) {
        super(message);
        this.status = status;
        this.retry_ms = retry_ms;
    }
}

function sentence(text, answer) {
    try {
        const {error} = JSON.parse(text);
        return typeof error === 'string' ? error : error.message;
    } catch {
        return `camrelayd answered ${answer.status} ${answer.statusText}`.trim();
    }
}

async function fail(answer) {
    const retry = Number(answer.headers.get('Retry-After') || NaN);
    if (answer.status === 401) refusedListener();
    const retry_ms = Number.isFinite(retry) ? 1000 * retry : null;
    throw new ApiError(answer.status, sentence(await answer.text(), answer), retry_ms);
}

/* The Response, if it is a good one. */
export async function request(method, path, body, options = {}) {
    let answer;
    try {
        answer = await fetch(path, {
            method, cache: 'no-store', credentials: 'same-origin', ...options,
            ...(body === undefined ? {} : {body: JSON.stringify(body), headers: {'Content-Type': 'application/json'}}),
        });
    } catch {
        throw new ApiError(0, 'camrelayd does not answer', null);
    }
    if (!answer.ok) await fail(answer);
    return answer;
}

/* The JSON of the answer; null if it has none. */
export async function call(method, path, body, options) {
    const answer = await request(method, path, body, options);
    const text = await answer.text();
    return text ? JSON.parse(text) : null;
}
