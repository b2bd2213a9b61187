# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands that make a guest or start it: up, start."""

import argparse
import os
import re
import subprocess
import time

from . import build, recipe
from .build import say
from .errors import TIMEOUT, USAGE, VmError
from .guest import Guest

HOST_PACKAGES = ("qemu-system-x86", "qemu-utils", "openssh-client", "e2fsprogs")


def options_up(p):
    p.add_argument("name")
    p.add_argument("--release", choices=recipe.RELEASES, default=recipe.RELEASES[0])
    p.add_argument("--volumes", type=volume_list, default=[], metavar="A,B,…",
                   help="data volumes to make, each NAME[:FSTYPE[:MEBIBYTES]]; "
                        "none: an empty volume group")
    p.add_argument("--spare", type=int, default=recipe.SPARE_MIB, metavar="MiB",
                   help="space to leave free in the volume group; the disk's file is sparse")
    p.add_argument("--kdf", choices=recipe.KDF, default="cheap",
                   help="key derivation of all key slots; cheap: pbkdf2, 1000 rounds")
    p.add_argument("--memory", type=int, default=1024, metavar="MiB")
    p.add_argument("--cpus", type=int, default=2)
    p.add_argument("--cmdline", default="", help="what to add to the kernel command line")
    p.add_argument("--nic", action="append", metavar="MODEL",
                   help="a NIC of this model instead of virtio-net-pci, may be repeated; "
                        "none: a network to which a NIC can be plugged later")
    p.add_argument("--tap", action="append", default=[], metavar="IFNAME",
                   help="connect the first (second, …) NIC to this tap instead of user-mode networking")
    p.add_argument("--trunk", type=int, metavar="ID",
                   help="connect all NICs to one switch that carries this VLAN, tagged, and "
                        "nothing else")
    p.add_argument("--netns", metavar="NS", help="run QEMU in this network namespace")
    p.add_argument("--address", help="with --tap: where the guest's ssh answers; without it, "
                                     "`up` returns as soon as the guest has started")
    p.add_argument("--no-latchkey", action="store_true", help="do not install the package")
    p.add_argument("--unconfigured", action="store_true",
                   help="install the package and configure nothing, as without --volumes: the "
                        "guest boots to its login and is left to be set up")
    p.add_argument("--stay-early", action="store_true", help="leave it waiting in early boot")
    p.add_argument("--no-wait", action="store_true", help="return as soon as it has started")
    p.add_argument("--install", type=word_list, default=[], metavar="PKG,…",
                   help="more Debian packages for the guest")
    p.add_argument("--script", action="append", default=[], metavar="FILE",
                   help="run in the root tree before Latchkey is installed, may be repeated")
    p.add_argument("--late-script", action="append", default=[], metavar="FILE",
                   help="the same, after Latchkey is installed")
    p.add_argument("--volume-script", action="append", default=[], metavar="FILE",
                   help="run in a guest with each new volume mounted at /mnt/NAME")
    p.add_argument("--services", metavar="FILE", help="what becomes /etc/latchkey/services")
    p.add_argument("--extra-disk", type=int, default=0, metavar="MiB", help="a third, empty disk")
    p.add_argument("--late-disk", action="store_true",
                   help="leave the second disk unplugged: monitor NAME "
                        "'device_add virtio-blk-pci,drive=system,id=system-disk'")
    p.add_argument("--timeout", type=float, default=300, metavar="S",
                   help="seconds for each of: early boot, unlock, login")


def volume_list(text):
    volumes = []
    for part in filter(None, text.split(",")):
        m = re.fullmatch(r"([A-Za-z0-9][A-Za-z0-9_.-]*)(?::([a-z0-9]+))?(?::([0-9]+))?", part)
        if not m or m[1] == "keys":
            raise argparse.ArgumentTypeError(f"'{part}' is no NAME[:FSTYPE[:MEBIBYTES]]")
        volumes.append([m[1], m[2] or "ext4", int(m[3] or recipe.VOLUME_MIB)])
    if len({v[0] for v in volumes}) != len(volumes):
        raise argparse.ArgumentTypeError("a volume is named twice")
    return volumes


def word_list(text):
    return [word for word in text.split(",") if word]


def read_scripts(paths):
    """[(name, text)] of script files, which are part of what names a cache entry."""
    return [[os.path.basename(path), read_text(path)] for path in paths]


def read_text(path):
    try:
        with open(path, encoding="utf-8") as f:
            return f.read()
    except (OSError, UnicodeDecodeError) as e:
        raise VmError(f"cannot read '{path}'", getattr(e, "strerror", None) or "it is not text",
                      code=USAGE) from e


def up(o):
    guest = Guest(o.name, must_exist=False)
    if guest.state:
        raise VmError(f"there is a guest '{o.name}' already", guest.folder,
                      f"tools/vm start {o.name}, or tools/vm down {o.name}")
    if recipe.cmdline_block(o.cmdline) is None:
        raise VmError("cannot use this kernel command line",
                      recipe.CMDLINE_RULE, code=USAGE)
    scripts, late, on_volumes = (read_scripts(x) for x in (o.script, o.late_script, o.volume_script))
    services = read_text(o.services) if o.services else ""
    build.need(*HOST_PACKAGES)
    began = time.monotonic()
    package = None if o.no_latchkey else build.package()
    # The volumes' disk first: a fixed order of locks keeps two `up` from waiting for each other.
    configured = bool(package and o.volumes and not o.unconfigured)
    with build.volumes_disk(o.release, o.volumes, o.kdf, o.spare, o.install,
                            on_volumes) as volumes, \
            build.root(o.release, o.install, package, configured, o.volumes, services, scripts,
                       late) as root:
        guest.create(
            root, volumes, release=o.release, volumes=[v[0] for v in o.volumes], memory=o.memory,
            cpus=o.cpus, cmdline=o.cmdline, nics=o.nic or ["virtio-net-pci"], taps=o.tap,
            trunk=o.trunk,
            netns=o.netns, address=o.address, configured=configured, port=None,
            extra_disk=o.extra_disk, late_disk=o.late_disk)
    guest.start()
    say(f"'{o.name}' started after {build.elapsed(began)}")
    if not o.no_wait and (o.address or not o.tap):
        bring_up(guest, o)


def bring_up(guest, o):
    """Wait for the guest's login, by way of early boot where that waits for a passphrase."""
    if guest.state["configured"] or getattr(o, "stay_early", False):
        began = time.monotonic()
        guest.wait("early", o.timeout)
        say(f"early boot answers after {build.elapsed(began)}")
        if o.stay_early:
            return
        unlock(guest, o.timeout)
    began = time.monotonic()
    guest.wait("login", o.timeout)
    say(f"login answers after {build.elapsed(began)}")


def unlock(guest, seconds):
    """Pipe the passphrase over early ssh, as a person would."""
    began = time.monotonic()
    with open(guest.at("passphrase"), "rb") as f:
        secret = f.read()
    try:
        done = subprocess.run(guest.ssh_argv(early=True), input=secret, capture_output=True,
                              timeout=seconds, check=False)
    except subprocess.TimeoutExpired as e:
        raise VmError(f"'{guest.name}' did not unlock within {seconds:g} s", code=TIMEOUT,
                      details=guest.log()) from e
    said = (done.stdout + done.stderr).decode("utf-8", "replace")
    if done.returncode != 0:
        raise VmError(f"cannot unlock '{guest.name}'",
                      f"early ssh ended with status {done.returncode}",
                      f"try it by hand: tools/vm ssh {guest.name} --early", details=said + guest.log())
    say(f"unlocked in {build.elapsed(began)}")


def options_start(p):
    p.add_argument("name")
    p.add_argument("--cmdline", help="change what is added to the kernel command line")


def start(o):
    guest = Guest(o.name)
    if o.cmdline is not None and not guest.running():
        guest.set_cmdline(o.cmdline)
    guest.start()
