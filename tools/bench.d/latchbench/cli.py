# SPDX-License-Identifier: GPL-3.0-or-later
"""The measurements, their options, and what is written at the end."""

import argparse
import json
import os
import subprocess
import sys

from latchvm import build, recipe
from latchvm.errors import FAILED, VmError

from . import derivation, early_ssh, figures, image, machine, memory, plot, release, table, unlock

OUT = os.path.join(os.path.dirname(build.TOOLS), "build", "bench")

MEASUREMENTS = {
    "unlock": unlock.measure,
    "early-ssh": early_ssh.measure,
    "derivation": derivation.measure,
    "image": image.measure,
    "memory": memory.measure,
    "release": release.measure,
}


def numbers(text):
    try:
        found = sorted({int(part) for part in text.split(",")})
    except ValueError:
        found = []
    if not found or found[0] < 1 or found[-1] > 64:
        raise argparse.ArgumentTypeError(f"'{text}' is no list of numbers from 1 to 64")
    return found


def positive(text):
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"'{text}' is no number above 0")
    return int(text)


def parser():
    p = argparse.ArgumentParser(
        prog="tools/bench", description="measure Latchkey beside what people use today",
        epilog="writes build/bench/results.json and, for each measurement, NAME.md and NAME.svg; "
               "exit status: 0 measured (whatever came of it), 1 failed, 2 usage")
    p.add_argument("what", nargs="?", default="all", choices=[*MEASUREMENTS, "all"])
    p.add_argument("--volumes", type=numbers, default=[1, 2, 4, 8, 16, 32, 64], metavar="N,N,…")
    p.add_argument("--runs", type=positive, default=3, metavar="N",
                   help="turns of all contenders; medians are shown")
    p.add_argument("--release", choices=recipe.RELEASES, default=recipe.RELEASES[0])
    p.add_argument("--default-up-to", type=positive, default=32, metavar="N",
                   help="leave out the contenders with costly slots above so many volumes")
    p.add_argument("--only", type=lambda text: text.split(","), default=[], metavar="NAME,…",
                   help=f"only these of {', '.join([*unlock.CONTENDERS, *release.CONTENDERS])}")
    p.add_argument("--keep", action="store_true",
                   help="leave the guest running, and use the one that was left")
    return p


def write(name, text):
    with open(os.path.join(OUT, name), "w", encoding="utf-8") as f:
        f.write(text)


def publish(found, targets, where):
    """Write and print one measurement."""
    judged = figures.judged(found, targets)
    text = table.markdown(found, judged, where)
    write(f"{found.name}.md", text)
    write(f"{found.name}.svg", plot.svg(found))
    print(text)
    return found.as_json() | {"machine": where, "targets": [
        {"what": t.what, "bound": t.bound(), "ratio": ratio, "met": met}
        for t, ratio, met in judged]}


def main(argv):
    o = parser().parse_args(argv)
    os.makedirs(OUT, exist_ok=True)
    results = {}
    try:
        for name in MEASUREMENTS if o.what == "all" else [o.what]:
            results[name] = publish(*MEASUREMENTS[name](o))
            write("results.json", json.dumps({"host": machine.host(), "measurements": results},
                                             indent=1, ensure_ascii=False) + "\n")
    except VmError as e:
        print(e.text(), file=sys.stderr)
        return FAILED
    except (OSError, subprocess.SubprocessError) as e:
        print(f"tools/bench: error: {e}", file=sys.stderr)
        return FAILED
    print(f"written to {os.path.relpath(OUT)}")
    return 0
