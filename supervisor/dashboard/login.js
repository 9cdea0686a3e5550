/* login.js - who we are to camrelayd, and the dialog that asks for a token. The token becomes a cookie that no script
 * sees. */
import {call} from './api.js';
import {byId, setText} from './dom.js';

export const session = () => call('GET', '/v2/session');

export const logout = () => call('DELETE', '/v2/session');

/* Those who may start, stop and restart. */
export const mayOperate = ({role}) => ['operate', 'admin'].includes(role);

/* Asks until a token is taken: the session. */
export function login() {
    const dialog = byId('login'), form = dialog.querySelector('form'), input = byId('token');
    setText(byId('login-text'), '');
    if (!dialog.open) dialog.showModal();
    return new Promise((resolve) => {
        dialog.onclose = () => dialog.showModal(); /* by Escape: but there is nothing behind it */
        form.onsubmit = async (event) => {
            event.preventDefault();
            const told = await exchange(input);
            if (!told) return;
            dialog.onclose = null;
            dialog.close();
            resolve(told);
        };
    });
}

async function exchange(input) {
    try {
        const told = await call('POST', '/v2/session', {token: input.value.trim()});
        input.value = '';
        return told;
    } catch (error) {
        setText(byId('login-text'), error.status === 401 ? 'That token is not known.' : `${error.message}.`);
        input.select();
        return null;
    }
}
