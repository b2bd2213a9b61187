# SPDX-License-Identifier: GPL-3.0-or-later
"""Which ssh server answers: also a program, to be run in another network namespace.

banner.py ADDRESS PORT SECONDS prints what `read` returns.
"""

import contextlib
import socket
import sys


def read(address, port, seconds):
    """"early" for Dropbear, "login" for OpenSSH, "" for anything else or no answer."""
    seen = b""
    with contextlib.suppress(OSError), socket.create_connection((address, port), seconds) as s:
        s.settimeout(seconds)
        while len(seen) < 16 and (more := s.recv(64)):
            seen += more
    if seen.startswith(b"SSH-2.0-dropbear"):
        return "early"
    return "login" if seen.startswith(b"SSH-2.0-OpenSSH") else ""


if __name__ == "__main__":
    print(read(sys.argv[1], int(sys.argv[2]), float(sys.argv[3])))
