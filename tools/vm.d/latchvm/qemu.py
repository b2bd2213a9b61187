# SPDX-License-Identifier: GPL-3.0-or-later
"""The emulator: which accelerator, which command line, which process, its monitor."""

import contextlib
import glob
import hashlib
import json
import os
import resource
import signal
import socket
import subprocess
import sys
import time

from . import cache, trunk
from .errors import VmError, tail

PROGRAM = "qemu-system-x86_64"

# How long a kernel without a root may take until it panics, which is two seconds under TCG.
PROBE_SECONDS = 20


def accelerator():
    """"kvm" where Linux really runs with it, else "tcg"; found out once per machine boot.

    /dev/kvm may be there, and open, and still run nothing; or a boot sector and no kernel:
    only a kernel tells. Without one, before the first root is made, it is "tcg" for now.
    """
    wanted = os.environ.get("LATCHKEY_ACCEL")
    if wanted in ("kvm", "tcg"):
        return wanted
    kernels = glob.glob(os.path.join(glob.escape(cache.folder()), "root-*", "vmlinuz"))
    kernels = [k for k in kernels if ".tmp" not in os.path.basename(os.path.dirname(k))]
    if not kernels or not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return "tcg"
    with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as f:
        boot = f.read().strip()
    verdict = os.path.join(cache.folder(), f"accelerator-linux-{os.geteuid()}-{boot}")
    with contextlib.suppress(OSError), open(verdict, encoding="ascii") as f:
        return f.read()
    found = "kvm" if _runs_with_kvm(kernels[0]) else "tcg"
    with open(verdict, "w", encoding="ascii") as f:
        f.write(found)
    return found


def _runs_with_kvm(kernel):
    """Whether this kernel comes as far as to miss its root, whose panic ends the emulator."""
    argv = [PROGRAM, "-nodefaults", "-no-reboot", "-display", "none", "-m", "256", *machine("kvm"),
            "-serial", "stdio", "-kernel", kernel, "-append", "console=ttyS0 panic=-1"]
    try:
        done = subprocess.run(argv, timeout=PROBE_SECONDS, check=False, capture_output=True,
                              stdin=subprocess.DEVNULL, preexec_fn=_no_core_dump)
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0 and b"Kernel panic" in done.stdout


def _no_core_dump():
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


# What guests under TCG are not told that the processor can. With la57 of QEMU 7.2,
# Debian 13's kernel cannot read its own strings where it writes paths: every line
# of /proc/self/mountinfo says "xxx", and systemd starts nothing. With svm, a guest
# loads kvm for guests of its own.
TCG_LACKS = ["la57", "svm"]


def machine(accel=None):
    accel = accel or accelerator()
    if accel == "kvm":
        return ["-machine", "pc", "-accel", "kvm", "-cpu", "max"]
    return ["-machine", "pc", "-accel", "tcg,thread=multi",
            "-cpu", ",".join(["max", *(f"{feature}=off" for feature in TCG_LACKS)])]


def disk_backend(node, path, form="qcow2", read_only=False):
    """What `-blockdev` and `blockdev-add` take for the backend NODE."""
    spec = {"driver": form, "node-name": node, "read-only": read_only, "discard": "unmap",
            "file": {"driver": "file", "filename": path}}
    if not read_only:
        spec["detect-zeroes"] = "unmap"
        # What a guest has written is in this machine's memory, which outlives a guest that is
        # reset or killed: its flushes need not reach the disk.
        spec["cache"] = {"direct": False, "no-flush": True}
    return spec


def disk_device(node, sector):
    """What `-device` and `device_add` take for the disk NODE-disk, with sectors of so many bytes."""
    return {"driver": "virtio-blk-pci", "drive": node, "id": f"{node}-disk",
            "serial": f"latchkey-{node}", "logical_block_size": sector,
            "physical_block_size": sector}


def disk(node, path, form="qcow2", device=True, read_only=False):
    """Options for a disk whose backend is NODE and whose device is NODE-disk."""
    spec = disk_backend(node, path, form, read_only)
    argv = ["-blockdev", json.dumps(spec)]
    if device:
        argv += ["-device", f"virtio-blk-pci,drive={node},id={node}-disk,serial=latchkey-{node}"]
    return argv


def mac(name, index):
    """A stable hardware address, different for each guest and NIC."""
    h = hashlib.sha256(f"{name}/{index}".encode()).hexdigest()
    return f"52:54:00:{h[0:2]}:{h[2:4]}:{h[4:6]}"


def nics(name, models, taps, port):
    """Options for the NICs nic0, nic1, … on the networks net0, net1, …

    Network N is on the N-th tap while there are taps, else in user mode; a
    user-mode net0 forwards 127.0.0.1:port to the guest's port 22. The model
    "none" makes the network without a NIC, to be plugged in later.
    """
    argv = []
    for i, model in enumerate(models):
        if i < len(taps):
            net = f"tap,id=net{i},ifname={taps[i]},script=no,downscript=no"
        else:
            net = f"user,id=net{i}"
            net += f",hostfwd=tcp:127.0.0.1:{port}-:22" if i == 0 else f",net=10.0.{i + 2}.0/24"
        argv += ["-netdev", net]
        if model != "none":
            argv += ["-device", f"{model},netdev=net{i},id=nic{i},mac={mac(name, i)}"]
    return argv


def trunk_nics(name, models, port):
    """Options for NICs that are all on one switch, behind trunk.py."""
    def outlet(which):
        ours, theirs = getattr(trunk, which.upper())
        return ["-netdev", f"dgram,id={which},local.type=unix,local.path={ours},"
                           f"remote.type=unix,remote.path={theirs}"]

    def plug(hub, name, into=""):
        return ["-netdev", f"hubport,id={name},hubid={hub}" + (f",netdev={into}" if into else "")]

    argv = ["-netdev", f"user,id=outside,hostfwd=tcp:127.0.0.1:{port}-:22",
            *outlet("plain"), *outlet("tagged"),
            *plug(1, "outside-port", "outside"), *plug(1, "plain-port", "plain"),
            *plug(0, "tagged-port", "tagged")]
    for i, model in enumerate(models):
        argv += plug(0, f"net{i}")
        argv += ["-device", f"{model},netdev=net{i},id=nic{i},mac={mac(name, i)}"]
    return argv


@contextlib.contextmanager
def trunk_beside(folder, vlan):
    """Start trunk.py; yields what tells it QEMU's pid, without which it ends."""
    with open(os.path.join(folder, "trunk.log"), "wb") as log, subprocess.Popen(
            [sys.executable, "-B", trunk.__file__, str(vlan)], cwd=folder, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=log, start_new_session=True) as relay:
        if relay.stdout.readline() != b"ready\n":
            raise VmError("cannot start the switch of the VLAN", tail(log.name, 5))

        def tell(pid):
            relay.stdin.write(b"%d\n" % pid)
            relay.stdin.flush()
            relay.returncode = 0  # it is QEMU's now, nobody waits for it here

        yield tell


# --- the process --------------------------------------------------------------


def start_time(pid):
    """When the process started, in the kernel's ticks; None when it is gone or a zombie."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as f:
            fields = f.read().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else int(fields[19])


def is_ours(pid, started, folder):
    """True while the process is the QEMU that was started for the guest in `folder`."""
    if not pid or started is None or start_time(pid) != started:
        return False
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as f:
            return os.fsencode(folder) + b"/" in f.read()
    except OSError:
        return False


def end(pid, started, folder):
    """Pull the plug: kill our QEMU and wait until it is gone. Harmless when it is."""
    try:
        handle = os.pidfd_open(pid)  # from here on the number cannot mean another process
    except (ProcessLookupError, TypeError):
        return
    try:
        if is_ours(pid, started, folder):
            signal.pidfd_send_signal(handle, signal.SIGKILL)
            wait_gone(pid, started, folder, 30)
    except ProcessLookupError:
        pass
    finally:
        os.close(handle)


def wait_gone(pid, started, folder, seconds):
    deadline = time.monotonic() + seconds
    while is_ours(pid, started, folder):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def start(argv, folder):
    """Start QEMU in the background, in `folder`; returns (pid, start time) once its monitor answers.

    The pid is from QEMU's own pid file: the child may be sudo.
    """
    log = os.path.join(folder, "qemu.log")
    with open(log, "wb") as out:
        child = subprocess.Popen(argv, cwd=folder, stdin=subprocess.DEVNULL, stdout=out,
                                 stderr=out, start_new_session=True, preexec_fn=_no_core_dump)
    deadline = time.monotonic() + 30
    while True:
        if child.poll() is not None:
            raise VmError("cannot start the emulator",
                          tail(log, 5) or f"it ended with status {child.returncode}")
        with contextlib.suppress(OSError, VmError), Monitor(folder):
            with open(os.path.join(folder, "pid"), encoding="ascii") as f:
                pid = int(f.read())
            return pid, start_time(pid)
        if time.monotonic() > deadline:
            child.kill()
            raise VmError("cannot start the emulator", "its monitor does not answer",
                          f"see {log}")
        time.sleep(0.02)


# --- its sockets --------------------------------------------------------------


def connect(folder, name, timeout=30):
    """A connection to a socket in the guest's folder, however long that folder's path is."""
    handle = os.open(folder, os.O_PATH | os.O_DIRECTORY)
    try:
        s = socket.socket(socket.AF_UNIX)
        s.settimeout(timeout)
        try:
            s.connect(f"/proc/self/fd/{handle}/{name}")
        except OSError:
            s.close()
            raise
        return s
    finally:
        os.close(handle)


class Monitor:
    """A conversation with QEMU's QMP monitor. One at a time: keep it short."""

    def __init__(self, folder, timeout=60):
        self.socket = connect(folder, "qmp.sock", timeout)
        self.file = self.socket.makefile("rb")
        self.events = []
        try:
            self._read()
            self.do("qmp_capabilities")
        except BaseException:
            self.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.file.close()
        self.socket.close()

    def _read(self):
        line = self.file.readline()
        if not line:
            raise VmError("lost the emulator's monitor", "the guest ended")
        return json.loads(line)

    def send(self, request):
        """Send a whole QMP request and return its answer; events are kept aside."""
        self.socket.sendall(json.dumps(request).encode() + b"\n")
        while True:
            message = self._read()
            if "event" in message:
                self.events.append(message)
            else:
                return message

    def do(self, command, **arguments):
        answer = self.send({"execute": command, "arguments": arguments})
        if "error" in answer:
            raise VmError(f"the emulator refused '{command}'", answer["error"]["desc"])
        return answer["return"]

    def human(self, line):
        """A line for the human monitor; returns its text."""
        return self.do("human-monitor-command", **{"command-line": line}).replace("\r", "")

    def wait_event(self, name, seconds):
        """True once the event has come; False when the time is up or the guest has ended."""
        deadline = time.monotonic() + seconds
        while not any(e["event"] == name for e in self.events):
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            self.socket.settimeout(left)
            try:
                self.events.append(self._read())
            except (TimeoutError, VmError):
                return False
        return True
