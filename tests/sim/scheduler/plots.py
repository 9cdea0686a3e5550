#!/usr/bin/env python3
"""plots.py - the figures of docs/scheduling.md, from runs of camrelay-sim, as SVG.

    tests/sim/scheduler/plots.py --sim build/camrelay-sim --into docs/plots

The same runs give the same bytes, so a figure changes in git only when the scheduler does.
"""
import argparse
import json
import math
import os
import subprocess
import tempfile

WIDTH, HEIGHT = 760, 420
LEFT, RIGHT, TOP, BOTTOM = 70, 20, 46, 56
COLOURS = {"deadline": "#1b7f4b", "fixed60-guarded": "#c77700", "fixed60": "#b3261e"}
NAMES = {"deadline": "deadlines (camrelay)", "fixed60-guarded": "fixed 60 s mark, guarded pace",
         "fixed60": "fixed 60 s mark, 6.0 s pace"}


class Axis:
    """Values to pixels. A logarithmic one has a place for 0 below its least value."""

    def __init__(self, least, most, ticks, low, high, log=False):
        self.least, self.most, self.ticks, self.low, self.high, self.log = least, most, ticks, low, high, log

    def place(self, value):
        if self.log:
            zero = math.log10(self.least) - 0.5
            at = math.log10(value) if value >= self.least else zero
            part = (at - zero) / (math.log10(self.most) - zero)
        else:
            part = (value - self.least) / (self.most - self.least)
        return round(self.low + part * (self.high - self.low), 1)


def axis_x(least, most, ticks):
    return Axis(least, most, ticks, LEFT, WIDTH - RIGHT)


def axis_y(least, most, ticks, log=False):
    return Axis(least, most, ticks, HEIGHT - BOTTOM, TOP, log)


def text(x, y, words, anchor="middle", more=""):
    return f'<text x="{x}" y="{y}" text-anchor="{anchor}" {more}>{words}</text>'


def frame(title, x, y, label_x, label_y):
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
             'font-family="sans-serif" font-size="12" fill="#222">',
             f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
             text(WIDTH / 2, 22, title, more='font-size="15"')]
    for tick in x.ticks:
        at = x.place(tick)
        parts += [f'<path d="M{at} {TOP}V{HEIGHT - BOTTOM}" stroke="#eee"/>', text(at, HEIGHT - BOTTOM + 18, f"{tick:g}")]
    for tick in y.ticks:
        at = y.place(tick)
        parts += [f'<path d="M{LEFT} {at}H{WIDTH - RIGHT}" stroke="#eee"/>', text(LEFT - 8, at + 4, f"{tick:g}", "end")]
    parts += [f'<path d="M{LEFT} {TOP}V{HEIGHT - BOTTOM}H{WIDTH - RIGHT}" stroke="#444" fill="none"/>',
              text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 14, label_x),
              text(18, (TOP + HEIGHT - BOTTOM) / 2, label_y,
                   more=f'transform="rotate(-90 18 {(TOP + HEIGHT - BOTTOM) / 2})"')]
    return parts


def curve(x, y, points, colour):
    line = " ".join(f"{x.place(a)},{y.place(b)}" for a, b in points)
    return f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>'


def legend(names, colours, left=LEFT + 16):
    parts = []
    for i, (name, colour) in enumerate(zip(names, colours)):
        at = TOP + 16 + 18 * i
        parts += [f'<path d="M{left} {at}h24" stroke="{colour}" stroke-width="2"/>', text(left + 32, at + 4, name, "start")]
    return parts


class Figures:
    def __init__(self, sim, folder):
        self.sim, self.folder = sim, folder

    def run(self, scenario, policy="deadline", seed=1, *more):
        with tempfile.NamedTemporaryFile("w", suffix=".json") as f:
            json.dump(scenario, f)
            f.flush()
            run = subprocess.run([self.sim, f.name, "--json", "--policy", policy, "--seed", str(seed), *more],
                                 check=True, capture_output=True, text=True)
        return json.loads(run.stdout)

    def deaths(self, scenario, policy="deadline", seeds=5):
        return sum(self.run(scenario, policy, seed)["deaths"] for seed in range(1, seeds + 1)) / seeds

    def write(self, name, parts):
        with open(os.path.join(self.folder, name), "w", encoding="utf-8") as f:
            f.write("\n".join([*parts, "</svg>", ""]))
        print(os.path.join(self.folder, name))

    def over_cameras(self):
        x, y = axis_x(10, 50, range(10, 51, 5)), axis_y(0.1, 10000, [0, 0.1, 1, 10, 100, 1000, 10000], log=True)
        parts = frame("Living streams lost in a day, one call in a hundred fails", x, y, "cameras on one account",
                      "streams lost (0 is the lowest line)")
        for policy, colour in COLOURS.items():
            points = [(n, self.deaths({"cameras": n, "fail_ratio": 0.01}, policy)) for n in range(10, 51, 1)]
            parts.append(curve(x, y, points, colour))
        self.write("deaths-over-cameras.svg", parts + legend(NAMES.values(), COLOURS.values()))

    def outage(self, name, cameras, seconds):
        x, y = axis_x(-300, 600, range(-300, 601, 100)), axis_y(0, 240, range(0, 241, 40))
        parts = frame(f"{cameras} cameras, the API is away for {seconds} s", x, y, "seconds since the outage began",
                      "life left to the stream nearest to its end, s")
        parts.append(f'<rect x="{x.place(0)}" y="{TOP}" width="{x.place(seconds) - x.place(0):.1f}" '
                     f'height="{HEIGHT - BOTTOM - TOP}" fill="#b3261e" opacity="0.08"/>')
        scenario = {"hours": 2, "cameras": cameras, "events": [{"at_s": 5000, "outage_s": seconds}]}
        names = []
        for policy in ("deadline", "fixed60-guarded"):
            report = self.run(scenario, policy, 1, "--trace", "2")
            points = [(row["at_s"] - 5000, max(0, min(row["margin_s"], 240))) for row in report["trace"]]
            parts.append(curve(x, y, [p for p in points if -300 <= p[0] <= 600], COLOURS[policy]))
            names.append(f"{NAMES[policy]}: {report['deaths']} streams lost")
        self.write(name, parts + legend(names, COLOURS.values()))

    def guard(self):
        x, y = axis_x(0, 30, range(0, 31, 5)), axis_y(0.1, 10000, [0, 0.1, 1, 10, 100, 1000, 10000], log=True)
        parts = frame("What the guard of the pace costs and saves, 1 % of the calls fail", x, y, "guard, per mille of 6 s",
                      "streams lost in a day (0 is the lowest line)")
        colours = {44: "#1b7f4b", 46: "#1f5fae", 47: "#7b3fa0"}
        for n, colour in colours.items():
            points = [(g, self.deaths({"cameras": n, "fail_ratio": 0.01, "guard_permille": g}))
                      for g in range(0, 31)]
            parts.append(curve(x, y, points, colour))
        self.write("guard.svg", parts + legend([f"{n} cameras" for n in colours], colours.values(), left=WIDTH - 160))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--sim", required=True)
    parser.add_argument("--into", required=True)
    options = parser.parse_args()
    os.makedirs(options.into, exist_ok=True)
    figures = Figures(options.sim, options.into)
    figures.over_cameras()
    figures.outage("outage-90.svg", 30, 90)
    figures.outage("outage-240.svg", 20, 240)
    figures.guard()


if __name__ == "__main__":
    main()
