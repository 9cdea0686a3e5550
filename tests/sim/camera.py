#!/usr/bin/python3
"""camera.py - a camera server like Nest's: RTSP and RTSPS with real H.264 or H.265 and AAC, on loopback.

gst-rtsp-server 1.22 serves any number of independent cameras on one plain and one TLS port, TCP interleaved only.
Every picture shows its camera's name, a running clock and the frame number (see clips.py: a strip for programs too).
Clips are encoded once into --cache; the run itself encodes nothing. Time stamps never restart at the loop point.

Prints one JSON line when it is ready:
  {"rtsp":PORT,"rtsps":PORT,"control":"http://127.0.0.1:PORT","ca":PATH,"cameras":[NAME..],"static":{NAME:URL..}}
Logs go to stderr. SIGTERM and SIGINT end it with 0.

Streams are leased, as Nest's are. A lease has an opaque path and a token:
  rtsps://127.0.0.1:PORT/sdm_live_stream/<opaque>?auth=g.N.<JWT>
  * DESCRIBE needs the newest token: a missing, wrong, stale or expired one is 401 (--denied-status).
    Unknown path: 404. Content-Base drops the query, so SETUP and PLAY come without it: the connection was admitted.
  * At expiry (plus --grace) the server closes the connections of the lease. An extension keeps them untouched.
  * One client per lease: a second one that PLAYs takes over, the older is closed.
  * A client that does not read for --reader-timeout is closed (gst-rtsp-server would queue for ever).
With --static each camera is also at /NAME for ever, without token, or with --user NAME:PASSWORD (--auth basic|digest).

Control API (JSON in, JSON out; errors are {"error":text} with 400, 404, 409 or 410):
  GET    /state                  everything that can be asserted on, see README.md
  POST   /leases                 {"camera":NAME,"lifetime_s":300} -> {"id","url","rtsp_url","rtsps_url","path","token",
                                 "expires_wall","expires_in_s"}; 409 when the camera is offline
  POST   /leases/ID/extend       {"lifetime_s":300} -> the same with the new token; 410 when it has ended
  DELETE /leases/ID              revoked: connections closed, path is 404 from now on
  POST   /server                 {"listening":false} closes both RTSP ports (connection refused); true opens the same again
  POST   /cameras/NAME/faults    {"kind":...}, one of
    drop                         closes the TCP connections of the camera now ("reset":true sends RST instead of FIN)
    stall     [seconds]          no more media, nothing is closed, RTSP and RTCP still answer; for ever or for seconds
    freeze                       the last picture again and again, byte by byte, as an encoder does that hangs
    resume                       ends both; after a stall: media goes on at the next IDR, the time stamps show the gap
    describe  status [count=1]   the next count DESCRIBEs are answered with status (404, 401, 403, 503 ...)
    refuse    [count=1]          the next count DESCRIBEs get no answer: the connection is closed
    delay     seconds [count=1]  the next count DESCRIBEs are answered seconds later
    offline                      switched off: connections closed, DESCRIBE 404, no new lease, until
    online
    jump      seconds            RTP time stamps of connected clients jump (negative: backwards); sender reports follow
    switch                       other resolution and parameter sets from the next IDR on; again: back
    clear                        forgets pending DESCRIBE faults and stalls
"""

import argparse
import asyncio
import json
import logging
import os
import signal
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from aiohttp import web

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import certs  # noqa: E402
import clips  # noqa: E402
import leases  # noqa: E402
from camera_media import LIVE_SOUND, Camera, Clip, Sound  # noqa: E402
from camera_site import HOST, Conflict, Gone, Port, Site  # noqa: E402
from gi.repository import GLib, Gst, GstApp, GstRtsp, GstRtspServer  # noqa: E402

DEFAULT_CACHE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../build/sim-cache")
TICK_MS = 50


# ---- control API ------------------------------------------------------------------------------------------------

class Control:
    """The HTTP side, in a thread and loop of its own."""

    def __init__(self, site, ports, args):
        self.site, self.ports, self.args = site, ports, args
        self.address = None
        self.ready = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True, name="control")

    def start(self):
        self.thread.start()
        self.ready.wait()

    def run(self):
        loop = asyncio.new_event_loop()
        loop.run_until_complete(self.serve())
        self.ready.set()
        loop.run_forever()

    async def serve(self):
        app = web.Application(middlewares=[errors_as_json])
        app.add_routes([web.get("/state", self.get_state), web.post("/leases", self.post_lease),
                        web.post("/leases/{id}/extend", self.post_extend), web.delete("/leases/{id}", self.delete_lease),
                        web.post("/cameras/{name}/faults", self.post_fault), web.post("/server", self.post_server)])
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, HOST, self.args.control_port).start()
        self.address = "http://%s:%d" % runner.addresses[0][:2]

    async def get_state(self, _request):
        return web.json_response(self.site.state())

    async def post_lease(self, request):
        body = await request.json()
        self.camera(body["camera"])
        return self.answer(self.site.create_lease(body["camera"], float(body.get("lifetime_s", 300))))

    async def post_extend(self, request):
        body = await request.json() if request.can_read_body else {}
        return self.answer(self.site.extend_lease(self.lease(request), float(body.get("lifetime_s", 300))))

    async def delete_lease(self, request):
        self.site.revoke_lease(self.lease(request))
        return web.json_response({})

    async def post_fault(self, request):
        fault = await request.json()
        if fault.get("kind") not in Site.FAULTS:
            raise ValueError("kind must be one of " + " ".join(Site.FAULTS))
        self.site.inject(self.camera(request.match_info["name"]), fault)
        return web.json_response({})

    async def post_server(self, request):
        on = bool((await request.json())["listening"])
        done = asyncio.get_running_loop().create_future()
        GLib.idle_add(self.listen, on, asyncio.get_running_loop(), done)
        await done
        return web.json_response({"listening": on})

    def listen(self, on, loop, done):
        """In the main loop's thread, which owns the listening sources."""
        for port in self.ports.values():
            port.listen(on)
        loop.call_soon_threadsafe(done.set_result, None)
        return False

    def camera(self, name):
        if name not in self.site.cameras:
            raise LookupError(f"no camera {name}")
        return self.site.cameras[name]

    def lease(self, request):
        lease = self.site.leases.by_id.get(request.match_info["id"])
        if lease is None:
            raise LookupError("no such lease")
        return lease

    def answer(self, lease):
        urls = {f"{scheme}_url": f"{scheme}://{self.args.url_host}:{port.number}{lease.path}?auth={lease.token}"
                for scheme, port in self.ports.items()}
        return web.json_response(dict(urls, url=urls[self.args.url_scheme + "_url"], id=lease.id, path=lease.path,
                                      token=lease.token, expires_wall=lease.expires_wall,
                                      expires_in_s=lease.expires - time.monotonic()))


@web.middleware
async def errors_as_json(request, handler):
    try:
        return await handler(request)
    except web.HTTPException as e:
        status, text = e.status, e.reason
    except LookupError as e:
        status, text = (400, f"missing {e}") if isinstance(e, KeyError) else (404, str(e))
    except Conflict as e:
        status, text = 409, str(e)
    except Gone as e:
        status, text = 410, str(e)
    except (ValueError, TypeError) as e:
        status, text = 400, str(e)
    return web.json_response({"error": text}, status=status)


# ---- start ------------------------------------------------------------------------------------------------------

def alternative(spec):
    """The other clip of 'switch': three quarters of the size, and the other profile."""
    smaller = lambda pixels: pixels * 3 // 4 // 2 * 2
    profile = "baseline" if spec.profile != "baseline" else "main"
    return replace(spec, width=smaller(spec.width), height=smaller(spec.height), profile=profile, bframes=0, pyramid=False)


def sound(args, audio, number):
    return Sound(audio, delay_s(args.sound_delay, number)) if audio else None


def delay_s(delays_ms, number):
    return delays_ms[(number - 1) % len(delays_ms)] / 1000


def load_camera(args, spec, number, name):
    in_band = not args.sprop_only
    video = lambda s: Clip(clips.load_video(args.cache, s, name, number), in_band)
    audio = clips.load_audio(args.cache, spec, number)
    camera = Camera(name, number, video(spec), video(alternative(spec)), sound(args, audio, number), args.sei)
    camera.picture_delay_s = delay_s(args.picture_delay, number)
    if audio and args.audio_codec != "aac":
        camera.hum(args.audio_codec, clips.hum_hz(number), args.mute)
    return camera


def load_cameras(args):
    width, height = args.size
    spec = clips.Spec(width, height, args.fps, args.bitrate, args.gop, args.profile, args.slices, args.audio_rate, args.still,
                      args.bframes, args.pyramid, args.flash, clips.CODECS[args.codec])
    os.makedirs(args.cache, exist_ok=True)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        jobs = [pool.submit(load_camera, args, spec, i, name) for i, name in enumerate(args.names, 1)]
        return [job.result() for job in jobs]


def make_classes():
    """Every class of GStreamer's, before there are threads (50 ms).

    PyGObject makes a class when it is first named, without a lock. Of two threads that name Gst.Buffer at once, one may
    be left with a class whose buffers GStreamer refuses: that camera then never answers DESCRIBE.
    """
    for module in (Gst, GstApp, GstRtsp, GstRtspServer):
        for name in dir(module):
            getattr(module, name)


def tls_files(args):
    made = certs.ensure(os.path.join(args.cache, "certs"))
    chosen = (args.tls_cert, args.tls_key) if args.tls_cert else made[args.tls]
    return chosen, os.path.abspath(args.tls_ca) if args.tls_ca else made["ca"]


def size(text):
    width, height = (int(x) for x in text.lower().split("x"))
    if width % 2 or height % 2 or width < 96:
        raise ValueError("even numbers, at least 96 wide")
    return width, height


def milliseconds(text):
    return [float(ms) for ms in text.split(",")]


def arguments():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = ap.add_argument
    add("--cameras", type=int, default=3, help="how many: cam1, cam2 ... (3)")
    add("--names", type=lambda text: text.split(","), help="their names instead, separated by commas")
    add("--size", type=size, default=(640, 360), help="WxH (640x360)")
    add("--fps", type=int, default=15, help="pictures per second (15)")
    add("--bitrate", type=int, default=500, help="kbit/s (500)")
    add("--gop", type=float, default=1.0, help="seconds between IDRs (1)")
    add("--codec", choices=clips.CODECS, default="h264", help="of the pictures (h264)")
    add("--profile", choices=("baseline", "main", "high"), default="main", help="H.264 profile (main, as Nest)")
    add("--slices", type=int, default=1, help="slices per picture (1)")
    add("--still", action="store_true", help="a scene in which nothing moves, without noise")
    add("--bframes", type=int, default=0, help="so many B-frames in a row (0)")
    add("--pyramid", action="store_true", help="of which some are referred to")
    add("--audio-rate", type=int, choices=(0, 8000, 16000, 48000), default=16000, help="AAC-LC mono; 0 for none (16000)")
    add("--audio-codec", choices=("aac", *LIVE_SOUND), default="aac", help="another than AAC hums only (aac)")
    add("--mute", action="store_true", help="sound that is not AAC stands in the SDP, and is not sent")
    add("--flash", action="store_true", help="black and silent; each second a white picture and a beep begin at once")
    add("--sound-delay", type=milliseconds, default=[0], metavar="MS[,MS..]",
        help="sound comes so much later than pictures of the same time, for each camera in turn; time stamps and sender "
             "reports stay right (0)")
    add("--picture-delay", type=milliseconds, default=[0], metavar="MS[,MS..]", help="pictures likewise (0)")
    add("--sprop-only", action="store_true", help="parameter sets only in the SDP, none in the stream")
    add("--join", choices=("idr", "live"), default="idr", help="a client starts at an IDR, or wherever the picture is (idr)")
    add("--sei", action="store_true", help="SEI with the time of sending in every picture, for latency measurements")
    add("--mtu", type=int, default=1400, help="RTP packet size (1400)")
    add("--udp", action="store_true", help="allow UDP too")
    add("--path-length", type=int, default=250, help="characters of the opaque path (250)")
    add("--token-length", type=int, default=600, help="characters of the token (600)")
    add("--url-scheme", choices=("rtsps", "rtsp"), default="rtsps", help="of a lease's \"url\" (rtsps)")
    add("--url-host", choices=(HOST, "localhost"), default=HOST, help="host in URLs (127.0.0.1)")
    add("--denied-status", type=int, choices=(401, 403), default=401, help="answer to a bad token (401)")
    add("--grace", type=float, default=0.0, help="seconds between expiry and the cut (0)")
    add("--reader-timeout", type=float, default=10.0, help="seconds until a client that does not read is closed (10)")
    add("--static", action="store_true", help="cameras also at permanent paths /NAME")
    add("--user", help="NAME:PASSWORD for the permanent paths")
    add("--auth", choices=("basic", "digest"), default="digest", help="how it is asked for (digest)")
    add("--tls-cert", help="PEM file, with --tls-key; else one from --cache/certs")
    add("--tls-key", help="PEM file")
    add("--tls-ca", help="CA file to name in the JSON line when --tls-cert is given")
    add("--tls", choices=certs.VARIANTS, default="server", help="which of the lab certificates (server); others are rogue")
    add("--control-port", type=int, default=0, help="0: a free one (0)")
    add("--cache", default=DEFAULT_CACHE, help="folder for clips and certificates (build/sim-cache)")
    add("--quiet", action="store_true", help="log warnings only")
    return check(ap, ap.parse_args())


def check(ap, args):
    args.names = args.names or [f"cam{i}" for i in range(1, args.cameras + 1)]
    if len(set(args.names)) != len(args.names) or len(args.names) > 255:
        ap.error("camera names must differ, 255 at most")
    if any(not name or "/" in name for name in args.names):
        ap.error("a camera's name is neither empty nor contains a slash")
    if args.path_length + args.token_length + 50 > leases.URL_MAX:
        ap.error(f"the URL would be longer than {leases.URL_MAX}")
    if bool(args.tls_cert) != bool(args.tls_key):
        ap.error("--tls-cert and --tls-key go together")
    if args.user and ":" not in args.user:
        ap.error("--user is NAME:PASSWORD")
    if args.flash and (args.gop != int(args.gop) or clips.CLIP_SECONDS % args.gop):
        ap.error(f"--flash needs a GOP of whole seconds that divides {clips.CLIP_SECONDS}")
    return args


def static_urls(args, ports):
    if not args.static:
        return {}
    who = args.user + "@" if args.user else ""
    return {name: f"{args.url_scheme}://{who}{args.url_host}:{ports[args.url_scheme].number}/{name}"
            for name in args.names}


def main():
    args = arguments()
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING if args.quiet else logging.INFO,
                        format="%(asctime)s %(name)s %(levelname)s %(message)s")
    Gst.init(None)
    make_classes()
    site = Site(args, load_cameras(args))
    tls, ca = tls_files(args)
    threads = GstRtspServer.RTSPThreadPool.new()
    threads.set_max_threads(-1)  # one per client: a delayed answer delays nobody else
    ports = {"rtsp": Port(site, threads, args, None), "rtsps": Port(site, threads, args, tls)}
    if args.static:
        site.mount_static()
    site.pacer.start()
    control = Control(site, ports, args)
    control.start()
    loop = GLib.MainLoop()
    for number in (signal.SIGTERM, signal.SIGINT):
        GLib.unix_signal_add(GLib.PRIORITY_HIGH, number, loop.quit)
    GLib.timeout_add(TICK_MS, site.tick)
    for port in ports.values():
        GLib.timeout_add_seconds(2, lambda p=port: p.server.get_session_pool().cleanup() >= 0)
    print(json.dumps({"rtsp": ports["rtsp"].number, "rtsps": ports["rtsps"].number, "control": control.address,
                      "ca": ca, "cameras": args.names, "static": static_urls(args, ports)}), flush=True)
    loop.run()
    logging.shutdown()
    os._exit(0)  # the streaming threads still run Python callbacks: an orderly interpreter exit would race with them


if __name__ == "__main__":
    main()
