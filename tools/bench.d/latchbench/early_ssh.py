# SPDX-License-Identifier: GPL-3.0-or-later
"""From the kernel's start to the door, and from the passphrase to the real root."""

import os
import subprocess
import time

from latchvm import build, qemu
from latchvm.errors import VmError
from latchvm.guest import Guest

from . import machine
from .figures import Measurement, Target
from .place import CPUS, INSIDE, MEMORY, SHELF, say, tools_vm

VOLUMES = ("a", "b")
LATCHKEY, PEER = "Latchkey", "stock (cryptsetup-initramfs, dropbear-initramfs)"
DOOR, ON = "kernel's start → early ssh", "passphrase → root's first process"
IMAGES = os.path.join(os.path.dirname(build.TOOLS), "tests", "vm", "guest")
LONGEST = 300

TARGETS = (
    Target("kernel's start → early ssh: Latchkey / stock", (LATCHKEY, DOOR), (PEER, DOOR), at_most=1),
    Target("passphrase → root's first process: Latchkey / stock", (LATCHKEY, ON), (PEER, ON),
           at_most=0.5),
)
NOTES = (
    f"Two guests that differ in what unlocks them only; {len(VOLUMES)} volumes, cheap key slots, images "
    "with MODULES=list, an address by DHCP",
    "The first begins with the kernel's first line on the serial line and ends with ssh's banner; the "
    "second begins as ssh is called with the passphrase on its standard input, and ends with systemd's "
    "first line",
)


class Boots:
    """A guest that is reset again and again."""

    def __init__(self, name, *words):
        tools_vm("up", name, "--volumes", ",".join(f"{v}:ext4:32" for v in VOLUMES), "--cpus",
                 str(CPUS), "--memory", str(MEMORY), "--script", f"{IMAGES}/quick-images",
                 "--script", f"{IMAGES}/early-nic", *words)
        self.guest = Guest(name)
        with open(self.guest.at("passphrase"), "rb") as f:
            self.passphrase = f.read()

    def until(self, there, what):
        end = time.monotonic() + LONGEST
        while not there():
            if time.monotonic() > end:
                raise VmError(f"'{self.guest.name}': {what} did not come within {LONGEST} s",
                              details=self.guest.log())
            time.sleep(0.02)
        return time.monotonic()

    def said(self, text, since):
        def there():
            with open(self.guest.at("serial.log"), "rb") as f:
                f.seek(since)
                return text in f.read()
        return there

    def measure(self, command):
        """Seconds to the door, and from the passphrase on."""
        guest = self.guest
        since = os.path.getsize(guest.at("serial.log"))
        with guest.monitor() as monitor:
            monitor.do("system_reset")
        began = self.until(self.said(b"Linux version", since), "a kernel")
        door = self.until(lambda: guest.banner(0.5) == "early", "early ssh") - began
        asked = time.monotonic()
        done = guest.ssh(command, early=True, stdin=self.passphrase, seconds=LONGEST)
        on = self.until(self.said(b"systemd[1]: ", since), "the real root") - asked
        if done.returncode not in (0, 255):  # 255: the door went with the early boot
            raise VmError(f"'{guest.name}' was not unlocked", f"ssh ended with {done.returncode}",
                          details=(done.stdout + done.stderr).decode("utf-8", "replace"))
        guest.wait("login", LONGEST)
        opened = guest.ssh("dmsetup ls | grep -c '^cleartext-[ab]'").stdout.strip()
        if opened != str(len(VOLUMES)).encode():
            raise VmError(f"'{guest.name}' has not all its volumes open", opened.decode())
        return door, on


def stock(options):
    boots = Boots("bench-stock", "--release", options.release, "--no-latchkey")
    guest = boots.guest
    tools_vm("put", guest.name, os.path.join(SHELF, "stock"), f"{INSIDE}/stock")
    say("setting up cryptsetup-initramfs and dropbear-initramfs")
    done = guest.ssh(f"{INSIDE}/stock {' '.join(VOLUMES)}", stdin=boots.passphrase, seconds=1200)
    if done.returncode != 0:
        raise VmError("cannot set up the peer", details=done.stderr.decode("utf-8", "replace"))
    build.write_known_hosts(guest.at("known_hosts.early"), "early",
                            done.stdout.decode("utf-8", "replace").splitlines())
    return boots


def measure(options):
    """Returns the measurement, its targets, and the machine's line."""
    found = Measurement("early-ssh", "Early ssh, and what comes after the passphrase", "what", "s",
                        list(NOTES))
    names = []
    try:
        names.append("bench-stock")
        peer = stock(options)
        names.append("bench-early")
        ours = Boots("bench-early", "--release", options.release)
        for turn in range(options.runs):
            for shown, boots, command in ((PEER, peer, "cryptroot-unlock"), (LATCHKEY, ours, "")):
                door, on = boots.measure(command)
                found.add(shown, DOOR, door)
                found.add(shown, ON, on)
                say(f"run {turn + 1}: {shown}: {door:.1f} s to early ssh, {on:.1f} s from the passphrase")
    finally:
        for name in names:
            subprocess.run([os.path.join(build.TOOLS, "vm"), "down", name], check=False)
    return found, TARGETS, machine.guest(qemu.accelerator() != "kvm", CPUS, MEMORY, options.release)
