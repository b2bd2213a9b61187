# SPDX-License-Identifier: GPL-3.0-or-later
"""What the figures were taken on, in one line."""

import os
import platform


def _first(path, label):
    try:
        with open(path, encoding="utf-8") as f:
            return next((line.split(":", 1)[1].strip() for line in f if line.startswith(label)), "")
    except OSError:
        return ""


def processor():
    return _first("/proc/cpuinfo", "model name") or platform.machine()


def host():
    """This machine: processor, how many of it, and how busy it is with other things."""
    return f"{processor()}, {os.cpu_count()} of them, load {os.getloadavg()[0]:.1f}"


def guest(emulated, cpus, memory, release):
    kind = "emulated processors (no KVM)" if emulated else "KVM"
    return f"guest with Debian {release}, {cpus} {kind}, {memory} MiB; on {host()}"
