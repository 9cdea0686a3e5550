"""cloudflare_sdp.py - SDP in the shape of Cloudflare's answers, made of Janus'.

Owns the quirks of its answers (docs/sources.md, README-sfu.md). Pure text in, text out.
"""
import random

TWCC = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
FEEDBACK = {"nack", "nack pli", "ccm fir", "goog-remb", "transport-cc"}
# RFC 5245 4.1.2.1: a host candidate of type preference 126; the number Cloudflare sends.
PRIORITY = 2130706431


class BadSdp(ValueError):
    """Not an SDP that the SFU could take."""


class Sdp:
    """Lines before the first m=, then one list of lines per m-section."""

    def __init__(self, text):
        self.head, self.media = [], []
        for line in text.replace("\r\n", "\n").split("\n"):
            if line.startswith("m="):
                self.media.append([line])
            elif line:
                (self.media[-1] if self.media else self.head).append(line)
        if not self.head or self.head[0] != "v=0" or not self.media:
            raise BadSdp("no v=0 or no m= line")

    def text(self):
        return "\r\n".join(line for part in [self.head, *self.media] for line in part) + "\r\n"

    def by_mid(self):
        return {attribute(lines, "mid"): lines for lines in self.media}

    def find(self, lines, name):
        """The attribute of an m-section, or of the session when the section has none."""
        own = attribute(lines, name)
        return own if own is not None else attribute(self.head, name)


def attributes(lines, name):
    start = f"a={name}:"
    return [line[len(start):].strip() for line in lines if line.startswith(start)]


def attribute(lines, name):
    return next(iter(attributes(lines, name)), None)


def direction(lines):
    return next((d for d in ("sendonly", "recvonly", "inactive") if f"a={d}" in lines), "sendrecv")


def check_offer(text):
    """An offer as the SFU wants it: ICE and DTLS attributes, unique mids."""
    sdp = Sdp(text)
    mids = [attribute(lines, "mid") for lines in sdp.media]
    if None in mids or len(set(mids)) != len(mids):
        raise BadSdp("every m= line needs its own a=mid")
    for lines in sdp.media:
        for name in ("ice-ufrag", "ice-pwd", "fingerprint", "setup"):
            if sdp.find(lines, name) is None:
                raise BadSdp(f"no a={name}")
        if "a=rtcp-mux" not in lines:
            raise BadSdp("no a=rtcp-mux")
    return sdp


def offer_for_janus(offer, sfu_is_passive):
    """What Janus gets: our DTLS role forced by the offer's own, no extension but TWCC."""
    lines = [line for line in offer.text().split("\r\n")
             if not line.startswith("a=extmap:") or TWCC in line]
    if sfu_is_passive:
        lines = ["a=setup:active" if line == "a=setup:actpass" else line for line in lines]
    return "\r\n".join(lines)


def session_lines(janus, mids):
    fingerprint = janus.find(janus.media[0], "fingerprint")
    return ["v=0",
            f"o=- {random.randrange(10**18, 9 * 10**18)} {random.randrange(10**9, 2 * 10**9)} "
            "IN IP4 0.0.0.0",
            "s=-", "t=0 0", "a=msid-semantic:WMS*", f"a=fingerprint:{fingerprint}", "a=ice-lite",
            "a=extmap-allow-mixed", "a=group:BUNDLE " + " ".join(mids)]


def transport_lines(janus, lines, setup):
    return ["c=IN IP4 0.0.0.0", f"a=setup:{setup}", f"a=mid:{attribute(lines, 'mid')}",
            f"a=ice-ufrag:{janus.find(lines, 'ice-ufrag')}",
            f"a=ice-pwd:{janus.find(lines, 'ice-pwd')}", "a=rtcp-mux", "a=rtcp-rsize"]


def candidate_lines(janus):
    """One address, printed for components 1 and 2."""
    for lines in janus.media:
        for value in attributes(lines, "candidate"):
            address, port = value.split()[4:6]
            base = random.randrange(10**8, 10**9)
            return [f"a=candidate:{base} {component} udp {PRIORITY} {address} {port} typ host"
                    for component in (1, 2)] + ["a=end-of-candidates"]
    raise BadSdp("janus has no candidate")


def codec_lines(source, pt):
    """rtpmap, fmtp and feedback of one payload type, as `source` has them."""
    out = []
    for name in ("rtpmap", "fmtp"):
        out += [f"a={name}:{v}" for v in attributes(source, name) if v.split()[0] == pt]
    for value in attributes(source, "rtcp-fb"):
        number, feedback = value.split(" ", 1)
        if number in (pt, "*") and feedback in FEEDBACK:
            # The service prints "type parameter" even when there is no parameter.
            out.append(f"a=rtcp-fb:{pt} {feedback}{'' if ' ' in feedback else ' '}")
    return out


def extension_lines(source):
    return [f"a=extmap:{v}" for v in attributes(source, "extmap") if TWCC in v]


def assemble(janus, sections):
    """Put m-sections under Cloudflare's head; candidates only in the first."""
    taken = [s for s in sections if s[0].split()[1] != "0"]
    if not taken:
        raise BadSdp("no m= line could be taken")
    lines = session_lines(janus, [attribute(s, "mid") for s in taken])
    for section in sections:
        lines += section + (candidate_lines(janus) if section is taken[0] else [])
    return "\r\n".join(lines) + "\r\n"


def shape_answer(offer, janus_text, sfu_is_passive):
    """Answer to a push: payload types, fmtp and feedback are the offer's own."""
    janus = Sdp(janus_text)
    sections = []
    for offered, answered in zip(offer.media, janus.media):
        media, port, proto, *pts = answered[0].split()
        own = attribute(answered, "setup")
        lines = [" ".join([media, "0" if port == "0" else "9", proto, *pts])]
        lines += transport_lines(janus, answered, "passive" if sfu_is_passive else own)
        for pt in pts:
            lines += codec_lines(offered, pt)
        sections.append(lines + extension_lines(offered) + [f"a={direction(answered)}"])
    return assemble(janus, sections) + "\r\n"  # the blank last line


def shape_offer(janus_text):
    """Offer to a viewer. No blank last line: Chromium, which takes the service's, refuses it."""
    janus = Sdp(janus_text)
    sections = []
    for own in janus.media:
        media, port, proto, *pts = own[0].split()
        lines = [" ".join([media, "0" if port == "0" else "9", proto, *pts])]
        lines += transport_lines(janus, own, "actpass")
        for pt in pts:
            lines += codec_lines(own, pt)
        lines += extension_lines(own) + [f"a={direction(own)}"]
        lines += [line for line in own if line.startswith(("a=msid:", "a=ssrc"))]
        sections.append(lines)
    return assemble(janus, sections)
