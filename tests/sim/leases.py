"""leases.py - who may watch which stream until when.

Owns the leases of the camera server: an opaque path and the newest of its tokens. Pure: time comes in as an argument
(monotonic seconds for deadlines, wall seconds for what is written into tokens), no I/O, no lock of its own.
"""

import base64
import hmac
import json
import secrets
from dataclasses import dataclass, field

PREFIX = "/sdm_live_stream/"
URL_MAX = 2000
ISSUER = {"iss": "nest-security-authproxy", "sub": "nest_id:nest-phoenix-prod:lab"}


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def opaque(length):
    """What Google's paths and tokens look like: base64url."""
    return secrets.token_urlsafe(length)[:length]


def make_token(generation, expires_wall, length):
    """g.N.<JWT> of about length characters. The signature is random: only the newest whole token counts."""
    claims = dict(ISSUER, pol="3p-oauth-scope-API_SDM_SERVICE-client-lab", exp=int(expires_wall), jti=opaque(16))
    body = f"g.{generation}.{b64(json.dumps({'alg': 'HS256'}).encode())}.{b64(json.dumps(claims).encode())}."
    return body + opaque(max(43, length - len(body)))


@dataclass
class Lease:
    id: str
    camera: str
    path: str
    token: str
    expires: float  # monotonic
    expires_wall: float
    generation: int = 0
    revoked: bool = False
    cut: bool = False  # its connections have been closed
    stale: int = field(default=0)  # DESCRIBEs that carried a token which is no longer the newest

    def alive(self, now):
        return not self.revoked and now < self.expires


class Leases:
    def __init__(self, path_length=250, token_length=600, keep=3600.0):
        self.path_length = path_length
        self.token_length = token_length
        self.keep = keep  # an ended lease is remembered this long: 401 until then, 404 after
        self.by_id = {}
        self.by_path = {}

    def create(self, camera, lifetime, now, wall, token_length=None):
        path = PREFIX + opaque(self.path_length)
        token = make_token(0, wall + lifetime, token_length or self.token_length)
        lease = Lease(secrets.token_hex(8), camera, path, token, now + lifetime, wall + lifetime)
        self.by_id[lease.id] = lease
        self.by_path[path] = lease
        return lease

    def extend(self, lease, lifetime, now, wall):
        """Expiry counts from now, not from the old expiry; the old token is stale at once."""
        lease.generation += 1
        lease.expires, lease.expires_wall = now + lifetime, wall + lifetime
        lease.token = make_token(lease.generation, lease.expires_wall, self.token_length)

    def find(self, path):
        """The lease of a request's path, which may carry a track (/stream=0) behind it."""
        parts = path.split("/")
        return self.by_path.get("/".join(parts[:3]))

    def admits(self, lease, token, now):
        """True for the newest token of a living lease."""
        if not lease.alive(now):
            return False
        good = hmac.compare_digest(token.encode(), lease.token.encode())
        lease.stale += not good
        return good

    def ended(self, now):
        """Leases that ended and whose connections are still to be cut."""
        return [x for x in self.by_id.values() if not x.cut and not x.alive(now)]

    def forget_old(self, now):
        old = [x for x in self.by_id.values() if x.revoked or now > x.expires + self.keep]
        for lease in old:
            del self.by_id[lease.id], self.by_path[lease.path]
        return old
