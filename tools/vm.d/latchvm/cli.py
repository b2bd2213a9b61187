# SPDX-License-Identifier: GPL-3.0-or-later
"""The commands of tools/vm: one table row and one function each."""

import argparse
import contextlib
import json
import os
import re
import select
import shlex
import subprocess
import sys
import termios
import time
import tty

from . import build, cache, qemu, recipe
from .build import say
from .errors import FAILED, TIMEOUT, USAGE, VmError, tail
from .guest import STAGES, Guest, names, top

HOST_PACKAGES = ("qemu-system-x86", "qemu-utils", "openssh-client", "e2fsprogs")


# --- making -------------------------------------------------------------------


def options_up(p):
    p.add_argument("name")
    p.add_argument("--release", choices=recipe.RELEASES, default=recipe.RELEASES[0])
    p.add_argument("--volumes", type=volume_list, default=[], metavar="A,B,…",
                   help="data volumes to make, each NAME[:FSTYPE[:MEBIBYTES]]; "
                        "none: an empty volume group")
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
    p.add_argument("--netns", metavar="NS", help="run QEMU in this network namespace")
    p.add_argument("--address", help="with --tap: where the guest's ssh answers; without it, "
                                     "`up` returns as soon as the guest has started")
    p.add_argument("--no-latchkey", action="store_true", help="do not install the package")
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
    with build.volumes_disk(o.release, o.volumes, o.kdf, o.install, on_volumes) as volumes, \
            build.root(o.release, o.install, package, o.volumes, services, scripts, late) as root:
        guest.create(
            root, volumes, release=o.release, volumes=[v[0] for v in o.volumes], memory=o.memory,
            cpus=o.cpus, cmdline=o.cmdline, nics=o.nic or ["virtio-net-pci"], taps=o.tap,
            netns=o.netns, address=o.address, latchkey=package is not None, port=None,
            extra_disk=o.extra_disk, late_disk=o.late_disk)
    guest.start()
    say(f"'{o.name}' started after {build.elapsed(began)}")
    if not o.no_wait and (o.address or not o.tap):
        bring_up(guest, o)


def bring_up(guest, o):
    """Wait for the guest's login, by way of early boot where that waits for a passphrase."""
    waits = guest.state["latchkey"] and guest.state["volumes"]
    if waits or getattr(o, "stay_early", False):
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


# --- talking ------------------------------------------------------------------


def options_ssh(p):
    p.add_argument("name")
    p.add_argument("--early", action="store_true", help="to early boot's ssh, not the machine's own")
    p.add_argument("--tty", action="store_true", help="with a terminal in the guest")
    p.add_argument("command", nargs="*", metavar="COMMAND",
                   help="after --, if it may begin like an option; a single word is for "
                        "the guest's shell, several are quoted for it. "
                        "None: a shell, or early boot's unlocker")


def ssh(o):
    guest = Guest(o.name)
    guest.must_run()
    tty_wanted = o.tty or (not o.command and sys.stdin.isatty())
    argv = guest.ssh_argv(o.early, tty_wanted)
    if o.command:
        argv += ["--", o.command[0] if len(o.command) == 1 else shlex.join(o.command)]
    sys.stdout.flush()
    os.execvp(argv[0], argv)


def options_wait(p):
    p.add_argument("name")
    p.add_argument("stage", choices=STAGES)
    p.add_argument("--timeout", type=float, default=300, metavar="S")


def wait(o):
    Guest(o.name).wait(o.stage, o.timeout)


def options_console(p):
    p.add_argument("name")
    p.add_argument("--type", metavar="TEXT", help=r"type this; \n is Enter, \t, \xHH and \\ work too")
    p.add_argument("--expect", metavar="TEXT",
                   help="wait until this is on the console; with --type: after what was typed")
    p.add_argument("--timeout", type=float, default=120, metavar="S", help="for --expect")
    p.add_argument("--follow", action="store_true", help="go on printing until the guest is off")
    p.add_argument("--attach", action="store_true", help="connect this terminal; Ctrl-] leaves")


def console(o):
    guest = Guest(o.name)
    before = 0
    if o.type is not None:
        guest.must_run()
        before = os.path.getsize(guest.at("serial.log"))
        keys = o.type.encode("latin-1", "backslashreplace").decode("unicode_escape").encode("latin-1")
        with qemu.connect(guest.folder, "serial.sock") as s:
            s.sendall(keys.replace(b"\n", b"\r"))
    if o.expect is not None:
        expect(guest, o.expect.encode(), before, o.timeout)
    if o.type is not None or o.expect is not None:
        return
    out = sys.stdout.buffer
    try:
        log = open(guest.at("serial.log"), "rb")
    except FileNotFoundError:
        return
    with log:
        out.write(log.read())
        out.flush()
        if o.attach:
            guest.must_run()
            attach(guest)
        while o.follow:
            more = log.read()
            out.write(more)
            out.flush()
            if not more:
                if not guest.running():
                    return
                time.sleep(0.1)


def expect(guest, text, offset, seconds):
    """Return when the console's log has the text past the offset."""
    deadline = time.monotonic() + seconds
    while True:
        alive = guest.running()
        with contextlib.suppress(FileNotFoundError), open(guest.at("serial.log"), "rb") as log:
            log.seek(offset)
            if text in log.read():
                return
        if not alive or time.monotonic() > deadline:
            raise VmError(f"{text.decode()!r} did not come on the console of '{guest.name}'",
                          f"{seconds:g} s have passed" if alive else "the guest is off",
                          code=TIMEOUT if alive else FAILED, details=guest.log())
        time.sleep(0.1)


def attach(guest):
    """Join this terminal and the serial console until Ctrl-] or the guest's end."""
    if not sys.stdin.isatty():
        raise VmError("cannot attach", "standard input is no terminal", "use --type", code=USAGE)
    saved = termios.tcgetattr(0)
    with qemu.connect(guest.folder, "serial.sock", None) as s:
        try:
            tty.setraw(0)
            while True:
                ready, _, _ = select.select([0, s], [], [])
                if 0 in ready:
                    keys = os.read(0, 1024)
                    if b"\x1d" in keys or not keys:
                        return
                    s.sendall(keys)
                if s in ready:
                    seen = s.recv(4096)
                    if not seen:
                        return
                    os.write(1, seen)
        finally:
            termios.tcsetattr(0, termios.TCSADRAIN, saved)


def options_put(p):
    p.add_argument("name")
    p.add_argument("file")
    p.add_argument("dest", help="a path in the guest; its folders are made")


def put(o):
    guest = Guest(o.name)
    guest.must_run()
    try:
        with open(o.file, "rb") as f:
            content = f.read()
            mode = os.fstat(f.fileno()).st_mode & 0o777
    except OSError as e:
        raise VmError(f"cannot read '{o.file}'", e.strerror, code=USAGE) from e
    dest = shlex.quote(o.dest)
    done = guest.ssh(f"mkdir -p -- \"$(dirname -- {dest})\" && cat > {dest} && chmod {mode:o} -- {dest}",
                     stdin=content, seconds=600)
    if done.returncode != 0:
        raise VmError(f"cannot put '{o.file}' into '{o.name}'",
                      done.stderr.decode("utf-8", "replace").strip())


def passphrase(o):
    guest = Guest(o.name)
    if not guest.state["volumes"]:
        raise VmError(f"'{o.name}' has no passphrase", "it was made without --volumes")
    with open(guest.at("passphrase"), encoding="ascii") as f:
        sys.stdout.write(f.read() + ("\n" if sys.stdout.isatty() else ""))


# --- ending and starting over -------------------------------------------------


def shut(guest, verb):
    """Ask the guest's own system to go down; True once its ssh has taken the order."""
    done = guest.ssh(f"systemctl --no-block {verb}", seconds=60)
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


# --- the emulator -------------------------------------------------------------


def options_snapshot(p):
    p.add_argument("name")
    p.add_argument("action", choices=("save", "load", "delete", "list"))
    p.add_argument("tag", nargs="?")


def snapshot(o):
    lines = {"save": "savevm", "load": "loadvm", "delete": "delvm", "list": "info snapshots"}
    if (o.action == "list") != (o.tag is None) or (o.tag and not re.fullmatch(r"[\w.-]+", o.tag)):
        raise VmError(f"'snapshot {o.action}' takes {'no' if o.action == 'list' else 'one'} tag",
                      "letters, digits, '.', '_' and '-' make one", code=USAGE)
    with Guest(o.name).monitor() as monitor:
        # QEMU leaves a guest stopped after an attempt to load what is not there.
        if o.action in ("load", "delete") and not re.search(
                rf"^\S+\s+{re.escape(o.tag)}\s", monitor.human("info snapshots"), re.MULTILINE):
            raise VmError(f"cannot {o.action} the snapshot '{o.tag}'", "there is none of that name",
                          f"tools/vm snapshot {o.name} list")
        said = monitor.human(f"{lines[o.action]} {o.tag or ''}".strip()).strip()
    if o.action == "list":
        print(said)
    elif said:
        raise VmError(f"cannot {o.action} the snapshot '{o.tag}'", said)


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


def options_name(p):
    p.add_argument("name")


def options_none(_):
    pass


COMMANDS = {
    "up": (up, options_up, "make a guest and wait until its login answers"),
    "start": (start, options_start, "boot a guest again after poweroff or kill; does not wait"),
    "ssh": (ssh, options_ssh, "run a command in a guest; ends with its status (255: ssh's own)"),
    "wait": (wait, options_wait, "wait until a guest is in early boot, lets root log in, or is off"),
    "console": (console, options_console, "print the serial console's log, or type into it"),
    "put": (put, options_put, "copy a file into a running guest"),
    "passphrase": (passphrase, options_name,
                   "print the keys volume's passphrase; a newline only to a terminal"),
    "reboot": (reboot, options_shut, "reboot by the guest's own means; returns at the machine's reset"),
    "poweroff": (poweroff, options_shut, "switch off by the guest's own means, and wait for it"),
    "reset": (reset, options_name, "press the reset button"),
    "kill": (kill, options_name, "pull the plug; the guest's disks stay as they are"),
    "down": (down, options_name, "pull the plug and delete the guest's files"),
    "snapshot": (snapshot, options_snapshot, "save or load memory and disks of a running guest"),
    "monitor": (monitor, options_monitor, "say something to the guest's QEMU"),
    "list": (show_list, options_none, "show all guests"),
    "cache": (show_cache, options_cache, "show or clear what is built once and kept"),
}

EPILOG = """exit status: 0 done, 1 failed, 2 usage, 4 timeout
environment: LATCHKEY_VM_DIR (guests), LATCHKEY_CACHE (disks built once), LATCHKEY_DEB (package to
install), LATCHKEY_MIRROR (Debian archive), LATCHKEY_ACCEL (kvm or tcg)
on the console of every guest, root's password is: latchkey"""


def parser():
    p = argparse.ArgumentParser(prog="tools/vm", description="make and drive QEMU guests",
                                epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = p.add_subparsers(dest="verb", required=True, metavar="COMMAND")
    for name, (function, options, summary) in COMMANDS.items():
        sub = commands.add_parser(name, help=summary, description=summary)
        options(sub)
        sub.set_defaults(function=function)
    return p


def split_command(argv):
    """(arguments for argparse, the guest's command): what is for the guest is none of argparse's.

    The command of `ssh` is what follows the first `--`, or else the second word
    that is no option and all after it.
    """
    end = argv.index("--") if "--" in argv else len(argv)
    if argv[:1] == ["ssh"]:
        words = [i for i, word in enumerate(argv[1:end], 1) if not word.startswith("-")]
        if len(words) > 1:
            return argv[:words[1]], argv[words[1]:]
    return argv[:end], argv[end + 1:]


def main(argv):
    own, command = split_command(argv)
    o = parser().parse_args(own)
    if o.verb == "ssh":
        o.command = command
    elif command:
        print(f"tools/vm: error: nothing may follow '--' here: {shlex.join(command)}", file=sys.stderr)
        return USAGE
    try:
        o.function(o)
    except VmError as e:
        print(e.text(), file=sys.stderr)
        return e.code
    except subprocess.CalledProcessError as e:
        print(f"tools/vm: error: {e.cmd[0]} ended with status {e.returncode}: {shlex.join(e.cmd)}",
              file=sys.stderr)
        return FAILED
    except subprocess.TimeoutExpired as e:
        print(f"tools/vm: error: {e.cmd[0]} did not end within {e.timeout:g} s", file=sys.stderr)
        return TIMEOUT
    except KeyboardInterrupt:
        print("tools/vm: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        return FAILED
    return 0
