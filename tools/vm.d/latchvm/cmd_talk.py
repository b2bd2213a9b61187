# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands that talk with a guest: ssh, wait, trust, console, inside, put, passphrase."""

import contextlib
import fcntl
import os
import re
import select
import shlex
import sys
import termios
import time
import tty

from . import qemu
from .errors import FAILED, TIMEOUT, USAGE, VmError
from .guest import STAGES, Guest


def options_ssh(p):
    p.add_argument("name")
    p.add_argument("--early", action="store_true", help="to early boot's ssh, not the machine's own")
    p.add_argument("--tty", action="store_true", help="with a terminal in the guest")
    p.add_argument("--with", dest="options", action="append", default=[], metavar="WORD",
                   help="a word more for ssh(1)'s own command line: --with=-N; may be repeated")
    p.add_argument("--print", action="store_true",
                   help="only print what would be run, a word a line")
    p.add_argument("command", nargs="*", metavar="COMMAND",
                   help="after --, if it may begin like an option; a single word is for "
                        "the guest's shell, several are quoted for it. "
                        "None: a shell, or early boot's unlocker")


def ssh(o):
    guest = Guest(o.name)
    guest.must_run()
    tty_wanted = o.tty or (not o.command and sys.stdin.isatty())
    argv = guest.ssh_argv(o.early, tty_wanted)
    first = argv.index("ssh") + 1
    argv[first:first] = o.options  # before the others: ssh takes the first of each
    if o.command:
        argv += ["--", o.command[0] if len(o.command) == 1 else shlex.join(o.command)]
    if o.print:
        print("\n".join(argv))
        return
    sys.stdout.flush()
    os.execvp(argv[0], argv)


def options_wait(p):
    p.add_argument("name")
    p.add_argument("stage", choices=STAGES,
                   help="up: early or login, whichever comes first; prints which")
    p.add_argument("--timeout", type=float, default=300, metavar="S")


def wait(o):
    reached = Guest(o.name).wait(o.stage, o.timeout)
    if o.stage == "up":
        print(reached)


def trust(o):
    Guest(o.name).trust()


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
        type_keys(guest, o.type.encode("latin-1", "backslashreplace").decode("unicode_escape"))
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


def type_keys(guest, keys, seconds=30):
    """Type on the serial console; returns once the guest's serial port has taken every key."""
    deadline = time.monotonic() + seconds
    with qemu.connect(guest.folder, "serial.sock") as s:
        s.sendall(keys.replace("\n", "\r").encode("latin-1"))
        # The port takes a few at a time, and QEMU forgets the rest when we hang up.
        while any(fcntl.ioctl(s, termios.TIOCOUTQ, b"\0" * 4)):
            if time.monotonic() > deadline:
                raise VmError(f"cannot type on the console of '{guest.name}'",
                              f"it did not take all keys within {seconds} s", code=TIMEOUT,
                              details=guest.log())
            time.sleep(0.01)


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


def options_inside(p):
    p.add_argument("name")
    p.add_argument("--timeout", type=float, default=120, metavar="S")
    p.add_argument("command", nargs="*", metavar="COMMAND",
                   help="for early boot's shell, one line; no network is needed for it")


def inside(o):
    """Say a line to the shell on the second serial port; its last line is the command's status."""
    guest = Guest(o.name)
    guest.must_run()
    line = " ".join(o.command)
    if not line or "\n" in line:
        raise VmError("'inside' takes one line", code=USAGE)
    said = b""
    deadline = time.monotonic() + o.timeout
    with qemu.connect(guest.folder, "inside.sock") as s:
        s.sendall(line.encode() + b"\n")
        while not (end := re.search(rb"(?:^|\n)inside: ([0-9]+)\r?\n$", said)):
            s.settimeout(max(0.1, deadline - time.monotonic()))
            try:
                part = s.recv(4096)
            except TimeoutError:
                part = b""
            if not part:
                sys.stdout.buffer.write(said)
                raise VmError(f"'{o.name}' did not end this command in early boot: {line}",
                              code=TIMEOUT, details=guest.log())
            said += part
    sys.stdout.buffer.write(said[:end.start()].replace(b"\r", b"") + (b"\n" if end.start() else b""))
    sys.stdout.flush()
    sys.exit(int(end[1]))


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
