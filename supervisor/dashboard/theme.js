/* theme.js - dark, light, or as the system has it: the choice is this browser's. Loaded before the page is drawn. */
'use strict';

(() => {
    const words = {auto: 'automatic', dark: 'dark', light: 'light'};
    const order = Object.keys(words);
    const key = 'camrelay-theme';

    function chosen() {
        try {
            const kept = localStorage.getItem(key);
            return order.includes(kept) ? kept : 'auto';
        } catch {
            return 'auto'; /* a browser that keeps nothing */
        }
    }

    function keep(theme) {
        try {
            localStorage.setItem(key, theme);
        } catch { /* then it holds for this page */ }
    }

    let theme = chosen();

    function show() {
        document.documentElement.dataset.theme = theme;
        const button = document.getElementById('theme');
        if (button) button.textContent = `Theme: ${words[theme]}`;
    }

    show();
    document.addEventListener('DOMContentLoaded', () => {
        show();
        document.getElementById('theme').addEventListener('click', () => {
            theme = order[(order.indexOf(theme) + 1) % order.length];
            keep(theme);
            show();
        });
    });
})();
