# SPDX-License-Identifier: GPL-3.0-or-later
"""A switch port that carries one VLAN, tagged, and nothing else.

Run beside QEMU, in the guest's folder: trunk.py VLAN. Between two sockets of QEMU's
networks it takes the tag from what the guest sends and puts it on what it gets; what
has another tag, or none, is dropped. Its standard input says QEMU's pid in one line;
it ends with that process.
"""

import contextlib
import os
import select
import socket
import sys

TAGGED = ("tagged.qemu", "tagged.relay")  # the guest's side: QEMU's socket, ours
PLAIN = ("plain.qemu", "plain.relay")     # the other one


def bind(name):
    with contextlib.suppress(FileNotFoundError):
        os.unlink(name)
    s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    s.bind(name)
    return s


def without_tag(frame, vlan):
    """The frame as it is outside, or None when it is not of this VLAN."""
    tagged = frame[12:14] == b"\x81\x00" and int.from_bytes(frame[14:16], "big") & 0xfff == vlan
    return frame[:12] + frame[16:] if tagged else None


def with_tag(frame, vlan):
    return frame[:12] + b"\x81\x00" + vlan.to_bytes(2, "big") + frame[12:]


def main(vlan):
    tagged, plain = bind(TAGGED[1]), bind(PLAIN[1])
    print("ready", flush=True)
    pid = sys.stdin.readline().strip()
    if not pid:
        return
    ended = os.pidfd_open(int(pid))
    while True:
        ready = select.select([tagged, plain, ended], [], [])[0]
        if ended in ready:
            return
        for here, change, there, to in ((tagged, without_tag, plain, PLAIN[0]),
                                        (plain, with_tag, tagged, TAGGED[0])):
            frame = change(here.recv(65536), vlan) if here in ready else None
            # Nobody is on the other side yet, or it is full: so do switches lose frames.
            with contextlib.suppress(OSError):
                if frame:
                    there.sendto(frame, socket.MSG_DONTWAIT, to)


if __name__ == "__main__":
    main(int(sys.argv[1]))
