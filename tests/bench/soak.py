#!/usr/bin/python3
"""soak.py - memory of camrelay's workers over an hour: samples of PSS, a slope per worker, a plot.

The whole chain on loopback, as in bench_worker.py; streams live for five minutes and are extended as at Google's.
Ends with 1 if a worker's PSS grew by more than SLOPE_MAX_KB_H beyond doubt, or if a worker was started anew.
"""
import argparse
import math
import os
import re
import statistics
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(os.path.dirname(HERE), "sim"), os.path.join(os.path.dirname(HERE), "sim", "scheduler")]
import plots  # noqa: E402  pylint: disable=wrong-import-position
from lab import BUILD, Lab  # noqa: E402  pylint: disable=wrong-import-position

# The issue's.
SLOPE_MAX_KB_H = 100
# Before that buffers, caches and the allocator's pools fill: a sixth of the run, ten minutes at most.
WARM_UP_RATIO, WARM_UP_MAX_S = 6, 600
# Of a slope, in standard errors: what is less may be chance.
DOUBT = 2


def memory_kb(pid):
    """(PSS, its anonymous part). What others on the machine share of the libraries moves the first and not the second."""
    with open(f"/proc/{pid}/smaps_rollup", encoding="utf-8") as file:
        text = file.read()
    return tuple(int(re.search(rf"^{key}:\s+(\d+)", text, re.M)[1]) for key in ("Pss", "Pss_Anon"))


def line(points):
    """Least squares: (slope, its standard error), per unit of x."""
    n, (xs, ys) = len(points), zip(*points)
    x, y = statistics.fmean(xs), statistics.fmean(ys)
    spread = sum((a - x) ** 2 for a in xs)
    slope = sum((a - x) * (b - y) for a, b in points) / spread
    rest = sum((b - y - slope * (a - x)) ** 2 for a, b in points)
    return slope, math.sqrt(rest / max(1, n - 2) / spread)


def sample(options, pids):
    """{camera: [(hours, PSS, anonymous)]}; ends early when a worker is gone."""
    samples = {name: [] for name in pids}
    start = time.monotonic()
    while (passed := time.monotonic() - start) < options.seconds:
        for name, pid in pids.items():
            try:
                samples[name].append((passed / 3600, *memory_kb(pid)))
            except OSError:
                print(f"{name}: worker {pid} is gone after {passed:.0f} s", file=sys.stderr)
                return samples
        time.sleep(max(0, start + passed + options.every - time.monotonic()))
    return samples


def judge(options, samples):
    """Prints a row per worker. The names of those that grow."""
    warm_h = min(options.seconds / WARM_UP_RATIO, WARM_UP_MAX_S) / 3600
    print(f"slopes from {warm_h * 3600:.0f} s on, by least squares, with {DOUBT} standard errors; at most {SLOPE_MAX_KB_H} kB/h")
    growing = []
    for name, rows in samples.items():
        warm = [row for row in rows if row[0] >= warm_h]
        if len(warm) < 3:
            print(f"  {name}: too few samples")
            growing.append(name)
            continue
        slope, error = line([(h, pss) for h, pss, _ in warm])
        own, own_error = line([(h, anonymous) for h, _, anonymous in warm])
        grows = slope - DOUBT * error > SLOPE_MAX_KB_H
        if grows:
            growing.append(name)
        print(f"  {name:8} PSS {warm[-1][1]:6} kB {slope:+8.0f} +-{DOUBT * error:.0f} kB/h   anonymous {warm[-1][2]:6} kB "
              f"{own:+8.0f} +-{DOUBT * own_error:.0f} kB/h   {'GROWS' if grows else 'ok'}")
    return growing


def step(most):
    """Between ticks, so that there are five to ten of them."""
    size = 10 ** math.floor(math.log10(most / 5))
    return next(size * k for k in (1, 2, 5, 10) if most / (size * k) <= 10)


def ticks(most):
    return [step(most) * i for i in range(math.ceil(most / step(most)) + 1)]


def plot(samples, path):
    minutes = max(row[0] for rows in samples.values() for row in rows) * 60
    along, up = ticks(minutes), ticks(max(row[1] for rows in samples.values() for row in rows) / 1024)
    x, y = plots.axis_x(0, along[-1], along), plots.axis_y(0, up[-1], up)
    parts = plots.frame(f"Memory of {len(samples)} workers", x, y, "minutes", "PSS of a worker, MiB")
    colours = [f"hsl({360 * i // len(samples)},60%,40%)" for i in range(len(samples))]
    for rows, colour in zip(samples.values(), colours):
        parts.append(plots.curve(x, y, [(60 * h, pss / 1024) for h, pss, _ in rows], colour))
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join([*parts, "</svg>"]) + "\n")
    print(f"plot: {path}")


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cameras", type=int, default=10, help="how many (10)")
    parser.add_argument("--seconds", type=float, default=3600, help="how long (3600)")
    parser.add_argument("--every", type=float, default=5, help="seconds between two samples (5)")
    parser.add_argument("--plot", default=os.path.join(BUILD, "soak.svg"), help="where the figure goes (build/soak.svg)")
    return parser.parse_args()


def main():
    options = parse()
    # Ten Generates at once are not Google's way; the soak is about what comes after.
    with Lab(cameras=options.cameras, qpm=1000, supervisor={"start_stagger": "50ms"}, log_level="info") as lab:
        lab.start()
        lab.until_running(deadline_s=60 + 5 * options.cameras)
        pids = {name: row["pid"] for name, row in lab.rows().items()}
        samples = sample(options, pids)
        anew = [name for name, row in lab.rows().items() if row["pid"] != pids[name]]
        code = lab.close()
    growing = judge(options, samples)
    plot(samples, options.plot)
    for name in anew:
        print(f"soak: {name}: the worker was started anew", file=sys.stderr)
    for name in growing:
        print(f"soak: {name}: memory is not flat", file=sys.stderr)
    if code != 0:
        print(f"soak: camrelayd ended with {code}", file=sys.stderr)
    return 1 if anew or growing or code != 0 else 0


if __name__ == "__main__":
    sys.exit(main())
