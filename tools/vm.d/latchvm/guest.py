# SPDX-License-Identifier: GPL-3.0-or-later
"""One guest: its folder and state, the way in, and what it is doing."""

import contextlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time

from . import banner, build, cache, qemu, recipe
from .errors import FAILED, TIMEOUT, USAGE, VmError, tail

ROOT = os.path.dirname(build.TOOLS)
STAGES = ("early", "login", "off", "up")


def top():
    """The folder of all guests."""
    return os.path.abspath(os.environ.get("LATCHKEY_VM_DIR")
                           or os.path.join(ROOT, "build", "vm"))


def names():
    with contextlib.suppress(FileNotFoundError):
        return sorted(n for n in os.listdir(top()) if os.path.exists(
            os.path.join(top(), n, "state.json")))
    return []


class Guest:
    """A guest by name. Its state is a dictionary kept in state.json."""

    def __init__(self, name, must_exist=True):
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}", name):
            raise VmError(f"'{name}' is no name for a guest",
                          "letters, digits, '.', '_' and '-' make one", code=USAGE)
        self.name = name
        self.folder = os.path.join(top(), name)
        self.state = {}
        try:
            with open(self.at("state.json"), encoding="utf-8") as f:
                self.state = json.load(f)
        except FileNotFoundError:
            if must_exist:
                raise VmError(f"there is no guest '{name}'", f"looked in {top()}",
                              f"make it: tools/vm up {name}") from None

    def at(self, name):
        return os.path.join(self.folder, name)

    def disk_path(self, disk):
        """The file of a disk by its name; it may be another guest's."""
        added = self.state.get("disks", {}).get(disk, {})
        return added.get("path") or self.at(f"{disk}.qcow2")

    def save(self):
        with open(self.at("state.json.new"), "w", encoding="utf-8") as f:
            json.dump(self.state, f, indent=1)
        os.replace(self.at("state.json.new"), self.at("state.json"))

    def log(self):
        return tail(self.at("serial.log"))

    # --- making and ending ---

    def create(self, root_entry, volumes_entry, **state):
        """Lay the guest's folder: overlays on the cached disks, keys, state."""
        try:
            os.makedirs(self.folder)
        except FileExistsError:
            raise VmError(f"there is a guest '{self.name}' already", self.folder,
                          f"tools/vm start {self.name}, or tools/vm down {self.name}") from None
        self.state = state | {"name": self.name, "pid": None, "start_time": None,
                              "root_entry": root_entry, "volumes_entry": volumes_entry}
        self.save()
        for entry in (root_entry, volumes_entry):
            cache.note_user(entry, self.folder)
        build.make_overlay(self.at("root.qcow2"), os.path.join(root_entry, "root.img"), "raw")
        build.make_overlay(self.at("system.qcow2"),
                           os.path.join(volumes_entry, "system.qcow2"), "qcow2")
        if state["extra_disk"]:
            subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", self.at("extra.qcow2"),
                            f"{state['extra_disk']}M"], check=True)
        build.copy_private(os.path.join(root_entry, "id_ed25519"), self.at("id_ed25519"))
        for name in ("id_ed25519.pub", "known_hosts.login", "known_hosts.early"):
            shutil.copyfile(os.path.join(root_entry, name), self.at(name))
        if state["volumes"]:
            build.copy_private(os.path.join(volumes_entry, "passphrase"), self.at("passphrase"))
        self.set_cmdline(state["cmdline"])

    def set_cmdline(self, cmdline):
        """Write what is added to the kernel command line into the root disk of a guest that is off."""
        block = recipe.cmdline_block(cmdline)
        if block is None:
            raise VmError("cannot use this kernel command line",
                          recipe.CMDLINE_RULE,
                          code=USAGE)
        with open(os.path.join(self.state["root_entry"], "meta.json"), encoding="utf-8") as f:
            offset = json.load(f)["cmdline_at"]
        disk = self.at("root.qcow2")
        seen = subprocess.run(
            ["qemu-io", "-r", "-f", "qcow2", "-c", f"read -v {offset} 512", disk],
            capture_output=True, text=True, check=True).stdout
        if b"# latchkey-vm".hex(" ") not in seen:  # the dump's first row has 16 bytes
            raise VmError("cannot change the kernel command line",
                          "the guest has moved /boot/grub/latchkey-vm.cfg",
                          "change its own GRUB configuration instead")
        with open(self.at("cmdline"), "wb") as f:
            f.write(block)
        subprocess.run(["qemu-io", "-f", "qcow2", "-c",
                        f"write -q -s {self.at('cmdline')} {offset} {recipe.CMDLINE_ROOM}", disk],
                       check=True, stdout=subprocess.DEVNULL)
        self.state["cmdline"] = cmdline
        self.save()

    def argv(self):
        """QEMU's command line. Sockets have relative names: QEMU runs in the guest's folder."""
        s = self.state
        serial = f"socket,id=serial,path=serial.sock,server=on,wait=off,logfile={self.at('serial.log')}"
        argv = [qemu.PROGRAM, "-name", f"latchkey-{self.name}", "-nodefaults", "-display", "none",
                "-vga", "std", "-m", str(s["memory"]), "-smp", str(s["cpus"]), *qemu.machine(),
                "-pidfile", self.at("pid"),
                "-chardev", serial + ",logappend=on", "-serial", "chardev:serial",
                "-chardev", "socket,id=inside,path=inside.sock,server=on,wait=off",
                "-serial", "chardev:inside",
                "-qmp", "unix:qmp.sock,server=on,wait=off",
                *qemu.disk("root", self.at("root.qcow2")),
                # Else the firmware tries only the disk that it finds first.
                "-set", "device.root-disk.bootindex=0",
                *qemu.disk("system", self.at("system.qcow2"), device=not s["late_disk"])]
        if s["extra_disk"]:
            argv += qemu.disk("extra", self.at("extra.qcow2"))
        for name, more in s.get("disks", {}).items():
            argv += qemu.disk(name, self.disk_path(name), device=False)
            if more["plugged"]:
                argv += ["-device", json.dumps(qemu.disk_device(name, more["sector"]))]
        if s.get("trunk"):
            argv += qemu.trunk_nics(self.name, s["nics"], s["port"])
        else:
            argv += qemu.nics(self.name, s["nics"], s["taps"], s["port"])
        if s["netns"]:
            # Root is needed to enter the namespace only; the emulator stays the caller's.
            who = [] if os.geteuid() == 0 else [
                "setpriv", f"--reuid={os.getuid()}", f"--regid={os.getgid()}", "--init-groups"]
            argv = self.inside([*who, *argv])
        return argv

    def start(self):
        if self.running():
            raise VmError(f"'{self.name}' is running already", f"process {self.state['pid']}")
        for left in ("qmp.sock", "serial.sock", "inside.sock", "pid"):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(self.at(left))
        for attempt in (1, 2, 3):
            if not self.state["netns"]:
                self.state["port"] = free_port(self.state["port"])
            try:
                pid, started = self.start_qemu()
                break
            except VmError as e:
                if attempt == 3 or "host forwarding" not in e.why:
                    raise
                self.state["port"] = None  # taken in between: another one
        self.state |= {"pid": pid, "start_time": started}
        self.save()

    def start_qemu(self):
        if not self.state.get("trunk"):
            return qemu.start(self.argv(), self.folder)
        with qemu.trunk_beside(self.folder, self.state["trunk"]) as tell:
            pid, started = qemu.start(self.argv(), self.folder)
            tell(pid)
        return pid, started

    def running(self):
        return qemu.is_ours(self.state["pid"], self.state["start_time"], self.folder)

    def must_run(self):
        if not self.running():
            raise VmError(f"'{self.name}' is off", "", f"tools/vm start {self.name}",
                          details=self.log())

    def kill(self):
        qemu.end(self.state["pid"], self.state["start_time"], self.folder)

    def delete(self):
        self.kill()
        shutil.rmtree(self.folder)

    def monitor(self):
        self.must_run()
        return qemu.Monitor(self.folder)

    # --- the way in ---

    def ssh_argv(self, early=False, tty=False, quick=False):
        stage = "early" if early else "login"
        argv = ["ssh", "-F", "/dev/null", "-i", self.at("id_ed25519"), "-p", str(self.port())]
        options = {
            "IdentitiesOnly": "yes", "IdentityAgent": "none", "BatchMode": "no" if tty else "yes",
            "PasswordAuthentication": "no", "UserKnownHostsFile": self.at(f"known_hosts.{stage}"),
            "GlobalKnownHostsFile": "/dev/null", "StrictHostKeyChecking": "yes",
            "HostKeyAlias": f"latchkey-{stage}", "CheckHostIP": "no", "UpdateHostKeys": "no",
            "ConnectTimeout": "10" if quick else "30", "LogLevel": "ERROR",
            # A guest that was reset in the middle answers these with the connection's end.
            "ServerAliveInterval": "5", "ServerAliveCountMax": "12",
        }
        for name, value in options.items():
            argv += ["-o", f"{name}={value}"]
        argv += ["-tt"] if tty else ["-T"]
        return self.inside([*argv, f"root@{self.address()}"])

    def inside(self, argv):
        netns = self.state["netns"]
        return cache.as_root(["ip", "netns", "exec", netns, *argv]) if netns else argv

    def address(self):
        if not self.state["taps"]:
            return "127.0.0.1"
        if not self.state["address"]:
            raise VmError(f"cannot reach '{self.name}'", "it is on a tap and has no --address",
                          "give `up` the guest's --address")
        return self.state["address"]

    def port(self):
        return 22 if self.state["taps"] else self.state["port"]

    def ssh(self, command, early=False, stdin=b"", seconds=60):
        """Run a command in the guest; returns the finished process with its bytes."""
        return subprocess.run([*self.ssh_argv(early, quick=True), "--", command], input=stdin,
                              capture_output=True, timeout=seconds, check=False)

    def trust(self):
        """Pin the early host keys that the guest has now, as its own login shows them."""
        done = self.ssh("cat /etc/latchkey/hostkeys/*.pub")
        lines = done.stdout.decode("utf-8", "replace").splitlines()
        if done.returncode != 0 or not lines:
            raise VmError(f"cannot pin the early host keys of '{self.name}'",
                          done.stderr.decode("utf-8", "replace").strip(),
                          "they are made when Latchkey is set up there")
        build.write_known_hosts(self.at("known_hosts.early"), "early", lines)

    def banner(self, seconds=2.0):
        """What answers on the guest's ssh port: "early", "login", or "" when nothing does."""
        if not self.state["netns"]:
            return banner.read(self.address(), self.port(), seconds)
        argv = [sys.executable, "-B", banner.__file__, self.address(), str(self.port()), str(seconds)]
        return subprocess.run(self.inside(argv), capture_output=True, text=True,
                              check=True).stdout.strip()

    def stage(self, wanted=""):
        """Where the guest is now: off, early, login, or "" between them or when none is wanted."""
        if not self.running():
            return "off"
        if wanted == "off":
            return ""
        now = self.banner()
        if now != "login":
            return now
        with contextlib.suppress(subprocess.TimeoutExpired):
            if self.ssh("true", seconds=15).returncode == 0:
                return "login"
        return ""

    def wait(self, stage, seconds):
        """Return the stage when the guest is there ("up": early or login, whichever comes).

        Fails when it has ended or the time is up.
        """
        deadline = time.monotonic() + seconds
        while (now := self.stage(stage)) not in (("early", "login") if stage == "up" else (stage,)):
            if now == "off":
                raise VmError(f"'{self.name}' ended while waiting for {stage}",
                              tail(self.at("qemu.log"), 3), f"tools/vm console {self.name}",
                              code=FAILED, details=self.log())
            if time.monotonic() > deadline:
                raise VmError(f"'{self.name}' did not reach {stage} within {seconds:g} s",
                              f"it is at {now}" if now else
                              "it still runs" if stage == "off" else
                              "nothing answers on its ssh port",
                              f"tools/vm console {self.name}", code=TIMEOUT, details=self.log())
            time.sleep(0.1)
        return now


def free_port(wanted=None):
    """A free port of the loopback interface, the wanted one when it is free."""
    for port in filter(None, (wanted, -1)):
        with socket.socket() as s, contextlib.suppress(OSError):
            s.bind(("127.0.0.1", max(port, 0)))
            return s.getsockname()[1]
    raise VmError("there is no free port on the loopback interface")
