# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of commands, and what all of them share: options, help, exit status."""

import argparse
import shlex
import subprocess
import sys

from . import cmd_make, cmd_run, cmd_talk
from .errors import FAILED, TIMEOUT, USAGE, VmError


def options_name(p):
    p.add_argument("name")


def options_none(_):
    pass


COMMANDS = {
    "up": (cmd_make.up, cmd_make.options_up, "make a guest and wait until its login answers"),
    "start": (cmd_make.start, cmd_make.options_start,
              "boot a guest again after poweroff or kill; does not wait"),
    "ssh": (cmd_talk.ssh, cmd_talk.options_ssh,
            "run a command in a guest; ends with its status (255: ssh's own)"),
    "wait": (cmd_talk.wait, cmd_talk.options_wait,
             "wait until a guest is in early boot, lets root log in, or is off"),
    "trust": (cmd_talk.trust, options_name,
              "pin the early host keys that the guest has made since it was set up"),
    "console": (cmd_talk.console, cmd_talk.options_console,
                "print the serial console's log, or type into it"),
    "inside": (cmd_talk.inside, cmd_talk.options_inside,
               "run a command in early boot, where tests/vm/guest/inside is in the image; "
               "ends with its status"),
    "put": (cmd_talk.put, cmd_talk.options_put, "copy a file into a running guest"),
    "passphrase": (cmd_talk.passphrase, options_name,
                   "print the keys volume's passphrase; a newline only to a terminal"),
    "reboot": (cmd_run.reboot, cmd_run.options_shut,
               "reboot by the guest's own means; returns at the machine's reset"),
    "poweroff": (cmd_run.poweroff, cmd_run.options_shut,
                 "switch off by the guest's own means, and wait for it"),
    "reset": (cmd_run.reset, options_name, "press the reset button"),
    "kill": (cmd_run.kill, options_name, "pull the plug; the guest's disks stay as they are"),
    "down": (cmd_run.down, options_name, "pull the plug and delete the guest's files"),
    "disk": (cmd_run.disk, cmd_run.options_disk,
             "add a disk to a guest, pull a disk out, plug it in again"),
    "snapshot": (cmd_run.snapshot, cmd_run.options_snapshot,
                 "save or load memory and disks of a running guest"),
    "monitor": (cmd_run.monitor, cmd_run.options_monitor, "say something to the guest's QEMU"),
    "list": (cmd_run.show_list, options_none, "show all guests"),
    "cache": (cmd_run.show_cache, cmd_run.options_cache,
              "show or clear what is built once and kept"),
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

    The command of `ssh` and `inside` is what follows the first `--`, or else the second word
    that is no option and all after it.
    """
    end = argv.index("--") if "--" in argv else len(argv)
    if argv[:1] in (["ssh"], ["inside"]):
        words = [i for i, word in enumerate(argv[1:end], 1) if not word.startswith("-")]
        if len(words) > 1:
            return argv[:words[1]], argv[words[1]:]
    return argv[:end], argv[end + 1:]


def main(argv):
    own, command = split_command(argv)
    o = parser().parse_args(own)
    if o.verb in ("ssh", "inside"):
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
