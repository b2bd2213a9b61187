# SPDX-License-Identifier: GPL-3.0-or-later
"""From the passphrase to the last open volume, by number of volumes.

On the running system: there all contenders can take turns in one guest, from the same state and
with the same udev. Early boot has the same kernel and the same rules, and fewer programs beside.
"""

from .figures import Measurement, Target
from .place import DEFAULT_KIB, Place, make_volumes, take_turns

CONTENDERS = {
    "hand-default": "by hand, default slots",
    "latchkey-default": "Latchkey, default slots",
    "hand-own": "by hand, cheap slots",
    "systemd": "systemd, cheap slots",
    "latchkey-own": "Latchkey, its own slots",
    "bound": "lower bound",
}
DEFAULT, CHEAP, SYSTEMD, LATCHKEY, BOUND = (
    CONTENDERS[n] for n in ("hand-default", "hand-own", "systemd", "latchkey-own", "bound"))

TARGETS = (
    Target("8 volumes: by hand with default slots / Latchkey", (DEFAULT, 8), (LATCHKEY, 8),
           at_least=10),
    Target("32 volumes: by hand with default slots / Latchkey", (DEFAULT, 32), (LATCHKEY, 32),
           at_least=20),
    Target("32 volumes: by hand with cheap slots / Latchkey", (CHEAP, 32), (LATCHKEY, 32),
           at_least=2),
    Target("32 volumes: systemd / Latchkey", (SYSTEMD, 32), (LATCHKEY, 32), at_least=1.5),
    Target("32 volumes: Latchkey / lower bound", (LATCHKEY, 32), (BOUND, 32), at_most=1.3),
    Target("Latchkey: 64 volumes / 32 volumes", (LATCHKEY, 64), (LATCHKEY, 32), at_most=2.2),
)

NOTES = (
    "Measured on the running system, each contender from everything closed and the machine at rest",
    "The clock stops at the last open volume. Latchkey has closed the keys volume by then, the others "
    "have not",
    f"Default slots: argon2id, {DEFAULT_KIB // 1024} MiB, 4 passes, 2 lanes (what a benchmark for 2 s "
    "chooses on such processors), fixed. Cheap slots: pbkdf2, 1000 rounds. The keys volume has a cheap "
    "slot too, so that what comes after its derivation is what is compared",
    "The lower bound derives the keys slot's key once and creates the mappings in a bare "
    "libdevmapper loop under one udev cookie; it reads no header and no key",
)


def measure(options):
    """Returns the measurement, its targets, and the machine's line."""
    found = Measurement("unlock", "From the passphrase to the last open volume", "volumes", "s",
                        list(NOTES))
    most = max(options.volumes)
    with Place.for_volumes("bench", options, most) as place:
        make_volumes(place, most)
        take_turns(place, "contender", CONTENDERS, options, found,
                   lambda name, count: name.endswith("-default") and count > options.default_up_to)
        return found, TARGETS, place.machine()
