# SPDX-License-Identifier: GPL-3.0-or-later
"""From open volumes to checked, mounted file systems and running services, by number of volumes."""

from .figures import Measurement, Target
from .place import Place, make_volumes, take_turns

CONTENDERS = {
    "one-by-one": "by hand, one after the other",
    "at-once": "by hand, in parallel",
    "systemd": "systemd, fstab",
    "latchkey": "Latchkey",
}
AT_ONCE, LATCHKEY = CONTENDERS["at-once"], CONTENDERS["latchkey"]

TARGETS = (
    Target("8 volumes: Latchkey / by hand in parallel", (LATCHKEY, 8), (AT_ONCE, 8), at_most=1),
)

NOTES = (
    "Each contender begins with the volumes open, nothing mounted, and the machine at rest",
    "Each volume has a small clean ext4 and one service that is ready at once: what is compared is "
    "what comes beside the work of fsck and mount",
    "By hand: fsck -p and mount of each volume (in parallel: all in the background, then wait), then "
    "one systemctl start of all services. systemd: lines in fstab with pass 2, and services that "
    "require their mount",
)


def measure(options):
    """Returns the measurement, its targets, and the machine's line."""
    found = Measurement("release", "From open volumes to running services", "volumes", "s",
                        list(NOTES))
    most = max(options.volumes)
    with Place.for_volumes("bench", options, most) as place:
        make_volumes(place, most)
        take_turns(place, "releaser", CONTENDERS, options, found)
        return found, TARGETS, place.machine()
