"""quotas.py - Google's quota buckets, counted the strict way.

Owns one log of call times per bucket: a call is refused when its bucket already holds `limit` calls of the last
`window` seconds, wherever that window begins. Refused calls count too (one public client reports that; the docs are
silent). Pure: time comes in as an argument.
"""

import math
from collections import deque
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Family:
    """All buckets of one kind, such as 'five of one command on one device'."""
    name: str
    limit: int
    window: float  # seconds


@dataclass
class Bucket:
    family: Family
    times: deque = field(default_factory=deque)

    def drop_old(self, now):
        while self.times and self.times[0] <= now - self.family.window:
            self.times.popleft()

    def full(self, now):
        self.drop_old(now)
        return len(self.times) >= self.family.limit

    def free_in(self, now):
        """Seconds until the next call would be accepted, if none came in between."""
        self.drop_old(now)
        if len(self.times) < self.family.limit:
            return 0.0
        return self.times[-self.family.limit] + self.family.window - now


class Quotas:
    def __init__(self, families, count_refused=True):
        self.families = {f.name: f for f in families}
        self.count_refused = count_refused
        self.buckets = {}  # (family name, key) -> Bucket
        self.peak = dict.fromkeys(self.families, 0)  # most calls that any window of the family ever held
        self.refused = dict.fromkeys(self.families, 0)

    def bucket(self, name, key):
        return self.buckets.setdefault((name, key), Bucket(self.families[name]))

    def take(self, wanted, now):
        """Counts one call in all buckets of wanted, [(family name, key)]. -> the name of the full one, or None."""
        buckets = [self.bucket(name, key) for name, key in wanted]
        full = next((b for b in buckets if b.full(now)), None)
        if full:
            self.refused[full.family.name] += 1
        if full is None or self.count_refused:
            for bucket in buckets:
                self.count(bucket, now)
        return full and full.family.name

    def count(self, bucket, now):
        bucket.drop_old(now)
        bucket.times.append(now)
        name = bucket.family.name
        self.peak[name] = max(self.peak[name], len(bucket.times))

    def retry_after(self, name, wanted, now):
        """Whole seconds, rounded up, as the header wants them."""
        return math.ceil(max(self.bucket(n, k).free_in(now) for n, k in wanted if n == name))

    def state(self):
        return {name: {"limit": f.limit, "window_s": f.window, "peak": self.peak[name], "refused": self.refused[name]}
                for name, f in self.families.items()}
