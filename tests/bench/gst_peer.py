#!/usr/bin/python3
"""gst_peer.py - GStreamer's webrtcbin as bench_worker.py needs it; signalling is its parent's.

publish URL: an RTSP camera passed through to one connection. Prints {"sdp": offer}, reads {"sdp": answer}.
view: receives without decoding. For each line {"id", "sdp": offer} prints {"id", "sdp": answer}.
Ends when its standard input ends.
"""
import json
import sys
import threading

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstWebRTC", "1.0")
gi.require_version("GstSdp", "1.0")
from gi.repository import GLib, Gst, GstSdp, GstWebRTC  # noqa: E402  pylint: disable=wrong-import-position

CAMERA = ('rtspsrc name=camera protocols=tcp latency=0 tls-validation-flags=0 ! rtph264depay ! '
          'rtph264pay config-interval=-1 aggregate-mode=zero-latency mtu=1200 ! '
          'application/x-rtp,media=video,encoding-name=H264,payload=106,clock-rate=90000 ! '
          'webrtcbin name=peer bundle-policy=max-bundle')
LOOP = GLib.MainLoop()
AGENTS = []  # webrtcbin's reference is a floating one, which Python takes: to let go would free its agent


def say(line):
    print(json.dumps(line), flush=True)


def description(kind, sdp):
    _, message = GstSdp.SDPMessage.new_from_text(sdp)
    return GstWebRTC.WebRTCSessionDescription.new(kind, message)


def wait(peer, signal, *arguments):
    """Emits what takes a promise, and waits for it. It owns its reply."""
    promise = Gst.Promise.new()
    peer.emit(signal, *arguments, promise)
    promise.wait()
    return promise


def on_loopback(peer):
    agent = peer.get_property("ice-agent")
    AGENTS.append(agent)
    agent.emit("add-local-ip-address", "127.0.0.1")  # libnice leaves it out
    agent.get_property("agent").set_property("ice-tcp", False)


def complete(peer, ready):
    """Calls ready(SDP) once all candidates are in it."""
    def look():
        if peer.get_property("ice-gathering-state") != GstWebRTC.WebRTCICEGatheringState.COMPLETE:
            return True
        ready(peer.get_property("local-description").sdp.as_text())
        return False
    GLib.timeout_add(20, look)


def publish(url):
    pipeline = Gst.parse_launch(CAMERA)
    pipeline.get_by_name("camera").set_property("location", url)
    peer = pipeline.get_by_name("peer")
    on_loopback(peer)

    def offer(_):
        made = wait(peer, "create-offer", None)
        wait(peer, "set-local-description", made.get_reply().get_value("offer"))
        complete(peer, lambda sdp: say({"sdp": sdp}))

    def answered(line):
        wait(peer, "set-remote-description", description(GstWebRTC.WebRTCSDPType.ANSWER, line["sdp"]))

    peer.connect("on-negotiation-needed", lambda p: threading.Thread(target=offer, args=(p,), daemon=True).start())
    pipeline.set_state(Gst.State.PLAYING)
    return pipeline, answered


def view():
    pipeline = Gst.Pipeline.new("viewers")
    pipeline.set_state(Gst.State.PLAYING)

    def sink(_, pad):
        if pad.direction != Gst.PadDirection.SRC:
            return
        element = Gst.ElementFactory.make("fakesink")
        element.set_property("sync", False)
        element.set_property("async", False)
        pipeline.add(element)
        element.sync_state_with_parent()
        pad.link(element.get_static_pad("sink"))

    def offered(line):
        peer = Gst.ElementFactory.make("webrtcbin")
        peer.set_property("bundle-policy", "max-bundle")
        peer.set_property("latency", 0)
        peer.connect("pad-added", sink)
        on_loopback(peer)
        pipeline.add(peer)
        peer.sync_state_with_parent()
        wait(peer, "set-remote-description", description(GstWebRTC.WebRTCSDPType.OFFER, line["sdp"]))
        made = wait(peer, "create-answer", None)
        wait(peer, "set-local-description", made.get_reply().get_value("answer"))
        complete(peer, lambda sdp: say({"id": line["id"], "sdp": sdp}))

    return pipeline, offered


def read(handle):
    for line in sys.stdin:
        handle(json.loads(line))
    GLib.idle_add(LOOP.quit)


def main():
    Gst.init(None)
    pipeline, handle = publish(sys.argv[2]) if sys.argv[1] == "publish" else view()
    threading.Thread(target=read, args=(handle,), daemon=True).start()
    LOOP.run()
    pipeline.set_state(Gst.State.NULL)


if __name__ == "__main__":
    main()
