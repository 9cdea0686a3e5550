"""Opens a page in WebKit, Safari's engine, and prints what the page's window.seen() says, a line each half second, until
it is killed. Needs an X server: xvfb-run -a.

    webkit_page.py URL
"""
import os
import sys

# WebKitGTK knows HLS as Safari does, and since 2.36 only where it is asked for.
os.environ["WEBKIT_GST_ENABLE_HLS_SUPPORT"] = "1"

import gi  # noqa: E402

gi.require_version("Gtk", "3.0")
gi.require_version("WebKit2", "4.1")
from gi.repository import GLib, Gtk, WebKit2  # noqa: E402

PERIOD_MS = 500


def show(view, result):
    print(view.evaluate_javascript_finish(result).to_string(), flush=True)


def ask(view):
    view.evaluate_javascript("window.seen ? window.seen() : '{}'", -1, None, None, None, show)
    return True


def main():
    window = Gtk.Window()
    view = WebKit2.WebView()
    view.get_settings().set_media_playback_requires_user_gesture(False)
    window.set_default_size(640, 480)
    window.add(view)
    window.show_all()
    view.load_uri(sys.argv[1])
    GLib.timeout_add(PERIOD_MS, ask, view)
    Gtk.main()


main()
