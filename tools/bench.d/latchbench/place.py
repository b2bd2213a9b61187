# SPDX-License-Identifier: GPL-3.0-or-later
"""The guest that the contenders run in, with the programs of tools/bench.d/guest in it."""

import os
import subprocess
import sys
import tempfile

from latchvm import build, qemu
from latchvm.errors import VmError
from latchvm.guest import Guest

from . import machine

SHELF = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", "guest"))
INSIDE = "/root/bench"
CPUS, MEMORY = 2, 1024
# Close to what luksFormat chooses in such a guest for 2 s of derivation: fixed, so that runs compare.
DEFAULT_KIB = 65536
VOLUME_MIB = 20


def say(text):
    print(f"tools/bench: {text}", file=sys.stderr, flush=True)


def tools_vm(*words):
    subprocess.run([os.path.join(build.TOOLS, "vm"), *words], check=True)


class Place:
    """A guest with Latchkey installed and an empty volume group, up at its login.

    Ending the `with` block takes it down, unless it was there before (`keep`).
    """

    def __init__(self, name, release, spare, keep=False):
        self.name, self.release, self.spare, self.keep = name, release, spare, keep
        self.guest = None

    @classmethod
    def for_volumes(cls, name, options, most):
        """With room for `most` volumes of each kind of slots."""
        return cls(name, options.release, 64 + 2 * most * (VOLUME_MIB + 4), options.keep)

    def __enter__(self):
        fresh = not Guest(self.name, must_exist=False).state
        if fresh:
            tools_vm("up", self.name, "--release", self.release, "--unconfigured", "--cpus",
                     str(CPUS), "--memory", str(MEMORY), "--spare", str(self.spare))
        self.guest = Guest(self.name)
        self.guest.must_run()
        return self

    def __exit__(self, *_):
        if not self.keep:
            tools_vm("down", self.name)

    def put_programs(self):
        """Copy in what is measured by: the scripts, and the bare loop, built here."""
        build.need("gcc", "libc6-dev", "libcryptsetup-dev", "libdevmapper-dev")
        with tempfile.TemporaryDirectory() as folder:
            bare = os.path.join(folder, "bare")
            subprocess.run(["gcc", "-O2", "-Wall", "-Wextra", "-o", bare,
                            os.path.join(SHELF, "bare.c"), "-lcryptsetup", "-ldevmapper"],
                           check=True)
            files = [bare, *(os.path.join(SHELF, n) for n in os.listdir(SHELF)
                             if not n.endswith(".c"))]
            for path in files:
                tools_vm("put", self.name, path, f"{INSIDE}/{os.path.basename(path)}")

    def run(self, command, seconds):
        """What a command prints in the guest. Fails with its words when it fails."""
        done = self.guest.ssh(command, seconds=seconds)
        said = (done.stdout + done.stderr).decode("utf-8", "replace").strip()
        if done.returncode != 0:
            raise VmError(f"cannot measure in '{self.name}'",
                          f"'{command}' ended with status {done.returncode}", details=said)
        return done.stdout.decode("utf-8", "replace").strip()

    def machine(self):
        return machine.guest(qemu.accelerator() != "kvm", CPUS, MEMORY, self.release)


def make_volumes(place, most):
    """The programs, and `most` volumes of each kind, unless a guest that was kept has them."""
    place.put_programs()
    if int(place.run(f"cat {INSIDE}/ready 2>/dev/null || echo 0", 60)) < most:
        say(f"making two times {most} volumes")
        place.run(f"DEFAULT_KIB={DEFAULT_KIB} {INSIDE}/set-up {most} >{INSIDE}/log 2>&1 || "
                  f"{{ tail -5 {INSIDE}/log; exit 1; }}; echo {most} >{INSIDE}/ready", 3600)


def take_turns(place, program, contenders, options, found, leave_out=lambda name, count: False,
               parts=1e6):
    """Run a program of the guest for each contender in turn and add what it tells to `found`.

    contenders: {name: as shown}; the program takes a name and a number of volumes, and prints a
    number first, of which `parts` make one of the measurement's unit (microseconds, a second).
    leave_out(name, count): what is not measured at all.
    """
    for turn in range(options.runs):
        for count in options.volumes:
            for name, shown in contenders.items():
                if leave_out(name, count) or (options.only and name not in options.only):
                    continue
                told = int(place.run(f"{INSIDE}/{program} {name} {count}", 1800).split()[0]) / parts
                found.add(shown, count, told)
                say(f"run {turn + 1}: {count} volumes, {shown}: {told:.2f} {found.unit}")
