# SPDX-License-Identifier: GPL-3.0-or-later
"""Bytes added to the image, compressed, against the same image without. Needs no guest."""

import os
import subprocess

from latchvm import build, cache
from latchvm.errors import VmError

from . import machine
from .figures import Measurement, Target
from .place import say

PROGRAM = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", "tree", "image-sizes"))
STOCK = ["cryptsetup-initramfs", "dropbear-initramfs", "keyutils", "openssh-client"]
NEEDS = ["libgcrypt20", "libzxcvbn0", "openssh-client"]  # the package's own, beyond a base system
LATCHKEY, PEER = "Latchkey", "stock (cryptsetup-initramfs, dropbear-initramfs)"
WHAT = "added"

TARGETS = (Target("bytes added to the image: Latchkey / stock", (LATCHKEY, WHAT), (PEER, WHAT),
                  at_most=0.4),)
NOTES = (
    "Difference to the image of the same tree without either; mkinitramfs with Debian's own settings: "
    "all modules, its compression",
)


def added(release, packages, *words):
    """Bytes that what `words` name adds to the image of a tree with these packages."""
    with build.base(release, packages) as tree:
        argv = ["unshare", "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child",
                PROGRAM, os.path.join(tree, "base.tar"), *words]
        done = subprocess.run(cache.as_root(argv), stdin=subprocess.DEVNULL, text=True,
                              capture_output=True, check=False)
    sizes = dict(line.split() for line in done.stdout.splitlines())
    if done.returncode != 0 or set(sizes) != {"without", "with"}:
        raise VmError("cannot measure the image", f"image-sizes ended with status {done.returncode}",
                      details="\n".join(done.stderr.splitlines()[-20:]))
    return int(sizes["with"]) - int(sizes["without"])


def measure(options):
    """Returns the measurement, its targets, and the machine's line."""
    build.need("openssh-client")
    found = Measurement("image", "Added to the image", "what", "MiB", list(NOTES))
    package = os.path.abspath(build.package())
    # The same bytes every time: one run tells.
    for shown, size in ((PEER, lambda: added(options.release, STOCK, "stock")),
                        (LATCHKEY, lambda: added(options.release, NEEDS, "latchkey", package))):
        found.add(shown, WHAT, size() / (1 << 20))
        say(f"{shown} adds {found.median(shown, WHAT):.2f} MiB")
    return found, TARGETS, f"Debian {options.release} in a chroot; on {machine.host()}"
