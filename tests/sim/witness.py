"""witness.py - whose fault is a gap in the decoded pictures: the product's, or the machine's that the test runs on.

A viewer that watches cameras watches a reference beside them: a stream that takes the same way (camera server, SFU, the
viewer's own decoder) but for the product, of which publisher_check.py has the place. What stops both at once is not the
product's doing. The viewer's timers bear witness too: where one fires late, the viewer had no CPU.
Pure: times in ms on any one clock, no library, no I/O. Who watches what is viewer_common.py's business.
"""

# Pictures come every 67 ms and are looked for every 100 ms: what is shorter than this is no stall, and no gap to judge.
STALL_MS = 250
# A witness that is silent for so long has died, or lost its own connection: it excuses nothing.
WITNESS_MAX_MS = 10000
# A gap this old is judged for good: the viewer has long told what else it saw at that time.
SETTLED_MS = 30000


class Stalls:
    """When the machine stood still, as the witnesses say."""

    def __init__(self, awaited=False):
        """awaited: a reference is to come; what was before its first picture cannot be judged, and is not."""
        self.since = float("inf") if awaited else 0
        self.intervals = []  # (begin, end) of stalls that are over
        self.open = {}  # witness -> (begin, end so far)
        self.longest = self.total = self.count = 0

    def add(self, begin, end):
        """A stall that is over."""
        if STALL_MS <= end - begin <= WITNESS_MAX_MS:
            self.intervals.append((begin, end))
            self.longest = max(self.longest, end - begin)
            self.total += end - begin
            self.count += 1

    def goes_on(self, witness, begin, end):
        """One that is not over, as far as is known; it takes the place of what this witness said before."""
        self.open[witness] = (begin, end)

    def covered(self, begin, end):
        """How much of this time lay in a stall, whoever saw it: overlaps count once."""
        going_on = [(b, e) for b, e in self.open.values() if STALL_MS <= e - b <= WITNESS_MAX_MS]
        at = min(max(begin, self.since), end)
        covered = at - begin
        for stall_begin, stall_end in sorted(self.intervals + going_on):
            stall_begin, stall_end = max(stall_begin, at), min(stall_end, end)
            if stall_end > stall_begin:
                covered += stall_end - stall_begin
                at = stall_end
        return covered

    def forget(self, before):
        """What ended before that time is asked for no more."""
        self.intervals = [(b, e) for b, e in self.intervals if e >= before]


class Gauge:
    """Gaps between the decoded pictures of one camera, over all of its connections."""

    def __init__(self, now, stalls, is_witness=False):
        """stalls: lent; a witness' own gaps go into it, the others' are judged by it."""
        self.start, self.stalls, self.is_witness = now, stalls, is_witness
        self.last = self.first = None
        self.known = None  # until when it is known that nothing came after `last`
        self.longest = self.line = self.line_own = 0
        self.own = 0  # longest of the settled gaps, without what the machine took
        self.unsettled = []  # (begin, end)

    def tick(self, at, longest=None, nothing_until=None):
        """More pictures were seen at this time, for the first time since the last tick.

        longest: the longest time between two of them, if the decoder tells. Who looks late sees pictures late that came in
        time, and sees one that came before a stall only after it. nothing_until: when it was last seen that there were none.
        """
        if self.last is None:
            self.first = self.last = at
            if self.is_witness:
                self.stalls.since = min(self.stalls.since, at)
        gap = at - self.last if longest is None else longest
        if nothing_until is not None:
            gap = max(gap, nothing_until - self.last)
        self._close(at - gap, at)
        self.last = self.known = max(self.last, at)
        self.stalls.open.pop(self, None)

    def _close(self, begin, end):
        self.longest, self.line = max(self.longest, end - begin), max(self.line, end - begin)
        if self.is_witness:
            self.stalls.add(begin, end)
        elif end - begin >= STALL_MS:
            self.unsettled.append((begin, end))
            self.line_own = max(self.line_own, self._own((begin, end)))

    def nothing(self, until):
        """No picture came up to this time."""
        if self.last is not None:
            self.known = max(self.known, until)
            if self.is_witness:
                self.stalls.goes_on(self, self.last, self.known)

    def _own(self, gap):
        return gap[1] - gap[0] - self.stalls.covered(*gap)

    def longest_own(self):
        """The longest gap without what the witnesses excuse of it, the present one included."""
        present = [(self.last, self.known)] if self.last is not None else []
        return max([self.own, *map(self._own, self.unsettled + present)])

    def report(self):
        """Longest gaps since the start and since the last report."""
        if self.last is not None:
            self.longest = max(self.longest, self.known - self.last)
            self.line = max(self.line, self.known - self.last)
            self.line_own = max(self.line_own, self._own((self.last, self.known)))
            self._settle()
        out = {"first_frame_ms": None if self.first is None else round(self.first - self.start),
               "longest_gap_ms": round(self.longest), "longest_own_gap_ms": round(self.longest_own()),
               "gap_since_line_ms": round(self.line), "own_gap_since_line_ms": round(self.line_own)}
        self.line = self.line_own = 0
        return out

    def _settle(self):
        settled = [gap for gap in self.unsettled if gap[1] < self.known - SETTLED_MS]
        self.own = max([self.own, *map(self._own, settled)])
        self.unsettled = self.unsettled[len(settled):]
