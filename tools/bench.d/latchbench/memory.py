# SPDX-License-Identifier: GPL-3.0-or-later
"""The most memory that an unlock has at one moment, by number of volumes."""

from .figures import Measurement, Target
from .place import DEFAULT_KIB, Place, make_volumes, take_turns

CONTENDERS = {
    "hand-default": "by hand, default slots",
    "latchkey-default": "Latchkey, default slots",
    "hand-own": "by hand, cheap slots",
    "latchkey-own": "Latchkey, its own slots",
}
LATCHKEY = CONTENDERS["latchkey-own"]

TARGETS = (Target("32 volumes: Latchkey, MiB", (LATCHKEY, 32), at_most=32),)

NOTES = (
    "The peak of a control group that the unlock runs in: its processes, what they start, their page "
    "tables, and files that they are the first to read",
    f"Default slots: argon2id, {DEFAULT_KIB // 1024} MiB. The keys volume has a cheap slot, so that "
    "its own derivation is not in the figures",
    "systemd's work is done in control groups of its units, and is not measured",
)


def measure(options):
    """Returns the measurement, its targets, and the machine's line."""
    found = Measurement("memory", "The most memory during an unlock", "volumes", "MiB", list(NOTES))
    most = max(options.volumes)
    with Place.for_volumes("bench", options, most) as place:
        make_volumes(place, most)
        take_turns(place, "memory", CONTENDERS, options, found,
                   lambda name, count: name.endswith("-default") and count > options.default_up_to,
                   parts=1 << 20)
        return found, TARGETS, place.machine()
