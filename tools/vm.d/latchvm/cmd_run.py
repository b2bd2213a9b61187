# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands for a running guest and its end: reboot … down, snapshot, monitor; list and cache."""

import json
import os
import re
import subprocess
import sys

from . import cache, qemu
from .errors import TIMEOUT, USAGE, VmError
from .guest import Guest, names


def shut(guest, verb):
    """Ask the guest's own system to go down; returns once its ssh has taken the order."""
    # Both return at once; `systemctl` is also where another init system runs.
    done = guest.ssh(f"if [ -d /run/systemd/system ]; then systemctl --no-block {verb}; "
                     f"else {verb}; fi", seconds=60)
    if done.returncode not in (0, 255):
        raise VmError(f"cannot {verb} '{guest.name}'",
                      done.stderr.decode("utf-8", "replace").strip())
    if done.returncode == 255 and guest.running() and guest.banner():
        raise VmError(f"cannot {verb} '{guest.name}'",
                      "its own sshd does not let us in: "
                      + done.stderr.decode("utf-8", "replace").strip(),
                      f"tools/vm {'reset' if verb == 'reboot' else 'kill'} {guest.name}")


def reboot(o):
    guest = Guest(o.name)
    with guest.monitor() as monitor:  # listening before the order is given
        shut(guest, "reboot")
        expect_reset(guest, monitor, o.timeout)


def reset(o):
    guest = Guest(o.name)
    with guest.monitor() as monitor:
        monitor.do("system_reset")
        expect_reset(guest, monitor, 10)


def expect_reset(guest, monitor, seconds):
    if not monitor.wait_event("RESET", seconds):
        raise VmError(f"'{guest.name}' did not start over within {seconds:g} s",
                      "" if guest.running() else "it ended", code=TIMEOUT, details=guest.log())


def poweroff(o):
    guest = Guest(o.name)
    if guest.running():
        shut(guest, "poweroff")
        guest.wait("off", o.timeout)


def kill(o):
    Guest(o.name).kill()


def down(o):
    guest = Guest(o.name, must_exist=False)
    if guest.state:
        guest.delete()


def options_shut(p):
    p.add_argument("name")
    p.add_argument("--timeout", type=float, default=120, metavar="S")


def options_disk(p):
    p.add_argument("name")
    p.add_argument("action", choices=("add", "plug", "pull"))
    p.add_argument("disk", help="its serial number in the guest is latchkey-DISK")
    p.add_argument("--size", type=int, default=256, metavar="MiB")
    p.add_argument("--sector", type=int, choices=(512, 4096), default=512, metavar="BYTES")
    p.add_argument("--of", metavar="GUEST/DISK",
                   help="add this disk of a guest that is off (root, system, or one that was added)")


def disk(o):
    """Add a disk and plug it in; pull a disk out, or plug it in again.

    Of a guest that is off this tells of its next start.
    """
    guest = Guest(o.name)
    disks = guest.state.setdefault("disks", {})
    if not re.fullmatch(r"[a-z][a-z0-9]{0,10}", o.disk) or (o.action == "add") == (o.disk in disks):
        raise VmError(f"cannot {o.action} the disk '{o.disk}'",
                      "there is one" if o.disk in disks else "lower-case letters and digits name a "
                      "disk that was added", code=USAGE)
    if o.action == "add":
        disks[o.disk] = {"sector": o.sector}
        if o.of:
            disks[o.disk]["path"] = disk_of(o.of)
        else:
            subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", guest.disk_path(o.disk),
                            f"{o.size}M"], check=True)
    path = guest.disk_path(o.disk)
    disks[o.disk]["plugged"] = o.action != "pull"
    if guest.running():
        with guest.monitor() as m:
            if o.action == "add":
                m.do("blockdev-add", **qemu.disk_backend(o.disk, path))
            if o.action == "pull":
                m.do("device_del", id=f"{o.disk}-disk")
            else:
                m.do("device_add", **qemu.disk_device(o.disk, disks[o.disk]["sector"]))
    guest.save()


def disk_of(name):
    """The file of a disk GUEST/DISK, which no emulator may have open."""
    owner, _, which = name.partition("/")
    other = Guest(owner)
    path = other.disk_path(which)
    if other.running() or not re.fullmatch(r"[a-z][a-z0-9]*", which) or not os.path.exists(path):
        raise VmError(f"cannot take the disk '{name}'",
                      f"'{owner}' runs" if other.running() else "there is no such disk",
                      f"tools/vm kill {owner}" if other.running() else "", code=USAGE)
    return path


def options_snapshot(p):
    p.add_argument("name")
    p.add_argument("action", choices=("save", "load", "delete", "list"))
    p.add_argument("tag", nargs="?")
    p.add_argument("--log-size", action="store_true",
                   help="save, load: print how many bytes the serial log had at that moment")


def snapshot(o):
    lines = {"save": "savevm", "load": "loadvm", "delete": "delvm", "list": "info snapshots"}
    if (o.action == "list") != (o.tag is None) or (o.tag and not re.fullmatch(r"[\w.-]+", o.tag)):
        raise VmError(f"'snapshot {o.action}' takes {'no' if o.action == 'list' else 'one'} tag",
                      "letters, digits, '.', '_' and '-' make one", code=USAGE)
    guest = Guest(o.name)
    with guest.monitor() as monitor:
        # QEMU leaves a guest stopped after an attempt to load what is not there.
        if o.action in ("load", "delete") and not re.search(
                rf"^\S+\s+{re.escape(o.tag)}\s", monitor.human("info snapshots"), re.MULTILINE):
            raise VmError(f"cannot {o.action} the snapshot '{o.tag}'", "there is none of that name",
                          f"tools/vm snapshot {o.name} list")
        size = None
        if o.log_size:
            # The emulator stops it meanwhile as well: earlier, so that nothing is said in between.
            monitor.human("stop")
            size = os.path.getsize(guest.at("serial.log"))
        said = monitor.human(f"{lines[o.action]} {o.tag or ''}".strip()).strip()
        if o.log_size:
            monitor.human("cont")
    if o.action == "list":
        print(said)
    elif said:
        raise VmError(f"cannot {o.action} the snapshot '{o.tag}'", said)
    if size is not None:
        print(size)


def options_monitor(p):
    p.add_argument("name")
    p.add_argument("request", help="a QMP request ({\"execute\": …}) or a line for the human monitor")


def monitor(o):
    with Guest(o.name).monitor() as m:
        if not o.request.lstrip().startswith("{"):
            said = m.human(o.request)
            sys.stdout.write(said)
            # The human monitor has no status: its complaints begin in one of these ways.
            if re.match(r"(Error|unknown command|[\w-]+: (invalid|unknown|extraneous))", said):
                raise VmError("the emulator refused the line", said.strip())
            return
        try:
            request = json.loads(o.request)
        except ValueError as e:
            raise VmError("cannot read the QMP request", str(e), code=USAGE) from e
        answer = m.send(request)
        print(json.dumps(answer.get("return", answer)))
        if "error" in answer:
            raise VmError("the emulator refused the request", answer["error"]["desc"])


def show_list(_):
    rows = [("NAME", "RELEASE", "STAGE", "SSH PORT", "PID", "VOLUMES")]
    for name in names():
        guest = Guest(name)
        s = guest.state
        rows.append((name, s["release"], stage_word(guest), str(s["port"] or "-"),
                     str(s["pid"]) if guest.running() else "-", ",".join(s["volumes"]) or "-"))
    widths = [max(len(r[i]) for r in rows) for i in range(len(rows[0]))]
    for row in rows:
        print("  ".join(cell.ljust(w) for cell, w in zip(row, widths)).rstrip())


def stage_word(guest):
    if not guest.running():
        return "off"
    try:
        return guest.banner() or "booting"
    except VmError:
        return "running"


def options_cache(p):
    p.add_argument("action", nargs="?", choices=("list", "clear"), default="list",
                   help="clear: delete all that no guest reads")


def show_cache(o):
    for name, path, size in cache.entries():
        used = cache.in_use(path)
        if o.action == "clear" and not used:
            with cache.locked(path + ".lock", wait=False) as mine:
                if mine:
                    cache.remove(path)
                    print(f"deleted {name}")
                    continue
        print(f"{size / 2**20:8.0f} MiB  {name}{'  in use' if used else ''}")
