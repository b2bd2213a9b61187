# SPDX-License-Identifier: GPL-3.0-or-later
"""The keys slot's own derivation, with the unlocker's library and with Debian's. Needs no guest."""

import os
import subprocess
import tempfile

from latchvm import build

from . import machine
from .figures import Measurement, Target
from .place import say

SOURCE = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", "host", "derive.c"))
LATCHKEY, PEER = "Latchkey's unlocker", "Debian's libcryptsetup"
WHAT = "argon2id, 1 GiB, 4 passes, 4 lanes"

TARGETS = (Target("Debian's libcryptsetup / Latchkey's unlocker", (PEER, WHAT), (LATCHKEY, WHAT),
                  at_least=1.3),)
NOTES = (
    "On this machine itself, in no guest: the same program, linked with each library, opens the same "
    "key slot in a file. Which vector instructions the processor has decides most",
)
LIBRARIES = ["cryptsetup", "devmapper", "udev", "blkid", "uuid"]


def built(folder):
    """{contender: program}."""
    flags = ["gcc", "-O2", "-Wall", "-Wextra"]
    programs = {PEER: os.path.join(folder, "debian"), LATCHKEY: os.path.join(folder, "latchkey")}
    subprocess.run([*flags, "-o", programs[PEER], SOURCE, "-lcryptsetup"], check=True)
    prefix = subprocess.run([os.path.join(build.TOOLS, "deps")], stdout=subprocess.PIPE, text=True,
                            check=True).stdout.strip()
    subprocess.run([*flags, f"-I{prefix}/include", "-o", programs[LATCHKEY], SOURCE,
                    *(f"{prefix}/lib/lib{name}.a" for name in LIBRARIES),
                    "-lgcrypt", "-ljson-c", "-lm", "-lpthread"], check=True)
    return programs


def measure(options):
    """Returns the measurement, its targets, and the machine's line."""
    build.need("gcc", "libc6-dev", "libcryptsetup-dev")
    found = Measurement("derivation", "The keys slot's own derivation", "what", "s", list(NOTES))
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        programs = built(folder)
        header = os.path.join(folder, "header")
        with open(header, "wb") as f:
            f.truncate(32 << 20)
        subprocess.run([programs[PEER], "make", header], check=True)
        for turn in range(options.runs):
            for shown, program in programs.items():
                done = subprocess.run([program, "open", header], stdout=subprocess.PIPE, text=True,
                                      check=True)
                found.add(shown, WHAT, int(done.stdout) / 1e6)
                say(f"run {turn + 1}: {shown}: {int(done.stdout) / 1e6:.2f} s")
    return found, TARGETS, machine.host()
