# SPDX-License-Identifier: GPL-3.0-or-later
"""Failures that a person can act on."""

import re

FAILED = 1
USAGE = 2
TIMEOUT = 4


class VmError(Exception):
    """What failed, why, and what to do next; `details` is printed above it."""

    def __init__(self, what, why="", hint="", code=FAILED, details=""):
        super().__init__(what)
        self.what = what
        self.why = why
        self.hint = hint
        self.code = code
        self.details = details

    def text(self):
        lines = []
        if self.details:
            lines += ["    " + line for line in self.details.splitlines()]
        first = f"tools/vm: error: {self.what}"
        lines.append(first + (f": {self.why}" if self.why else ""))
        if self.hint:
            lines.append(f"tools/vm: hint: {self.hint}")
        return "\n".join(lines)


def tail(path, count=40):
    """The last lines of a text file, or "" when there is none."""
    try:
        with open(path, "rb") as f:
            f.seek(0, 2)
            f.seek(max(0, f.tell() - 64 * 1024))
            text = f.read().decode("utf-8", "replace")
    except OSError:
        return ""
    # Without colours, cursor movements, and what was overwritten in place.
    text = re.sub(r"\x1b(\[[0-9;:?]*[A-Za-z]|[A-Z])", "", text)
    lines = [line.rstrip("\r").rpartition("\r")[2] for line in text.split("\n")]
    return "\n".join([line for line in lines if line.strip()][-count:])
