# SPDX-License-Identifier: GPL-3.0-or-later
"""Cache entries: folders named by the hash of all that they are made from.

An entry is built in NAME.tmp and renamed when it is complete, so a folder under
its final name is always whole. One lock file per entry keeps two builders apart
and protects an entry from being pruned while a guest is being made from it.
"""

import contextlib
import fcntl
import hashlib
import io
import json
import os
import re
import subprocess
import tarfile


def folder():
    """Where everything that is built once is kept."""
    top = os.environ.get("LATCHKEY_CACHE") or os.path.join(
        os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "latchkey")
    path = os.path.join(os.path.abspath(top), "vm")
    os.makedirs(path, exist_ok=True)
    return path


def digest(recipe):
    """A short name for a recipe: any value that JSON can say, in one fixed form."""
    text = json.dumps(recipe, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def package_digest(path):
    """What a Debian package would install and run, without the times it was packed at.

    A build that changes nothing may well pack its package anew.
    """
    h = hashlib.sha256()
    for part in ("--ctrl-tarfile", "--fsys-tarfile"):
        data = subprocess.run(["dpkg-deb", part, path], stdout=subprocess.PIPE, check=True).stdout
        with tarfile.open(fileobj=io.BytesIO(data)) as archive:
            for m in archive:
                body = archive.extractfile(m).read() if m.isreg() else b""
                if m.name == "./control":  # its version is that time
                    body = re.sub(rb"(?m)^Version: .*\n", b"", body)
                about = [m.name, m.mode, m.uid, m.gid, m.type.decode(), m.linkname, len(body)]
                h.update(json.dumps(about).encode() + body)
    return h.hexdigest()


def as_root(argv):
    """The command, with sudo in front where the caller is not root."""
    return argv if os.geteuid() == 0 else ["sudo", "--", *argv]


def remove(path):
    """Delete a folder that may hold root's files; never leaves its file system."""
    if os.path.lexists(path):
        subprocess.run(as_root(["rm", "-rf", "--one-file-system", "--", path]), check=True)


@contextlib.contextmanager
def locked(path, wait=True):
    """Hold the lock file `path`; yields False when it is held elsewhere and wait is off."""
    with open(path, "a", encoding="ascii") as f:
        try:
            fcntl.flock(f, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            yield False
            return
        yield True


@contextlib.contextmanager
def entry(kind, recipe, make, say):
    """Yield the entry's folder, building it with make(folder) when it is not there.

    The entry's lock is held until the caller is done with the `with` block.
    """
    name = f"{kind}-{digest(recipe)}"
    path = os.path.join(folder(), name)
    with locked(path + ".lock"):
        if not os.path.isdir(path):
            draft = path + ".tmp"
            remove(draft)  # of a builder that died: we hold its lock
            os.mkdir(draft)
            say(f"building {name}")
            try:
                make(draft)
            except BaseException:
                keep_log(draft, path + ".failed.log")
                remove(draft)
                raise
            with open(os.path.join(draft, "recipe.json"), "w", encoding="utf-8") as f:
                json.dump(recipe, f, indent=1, sort_keys=True)
            os.rename(draft, path)
        os.utime(path)  # last use, for prune
        yield path


def keep_log(draft, to):
    with contextlib.suppress(OSError):
        os.replace(os.path.join(draft, "build.log"), to)


def note_user(path, guest):
    """Record that the guest in folder `guest` reads this entry's disks."""
    users = os.path.join(path, "users")
    os.makedirs(users, exist_ok=True)
    link = os.path.join(users, hashlib.sha256(guest.encode()).hexdigest()[:16])
    with contextlib.suppress(FileExistsError):
        os.symlink(guest, link)


def in_use(path):
    users = os.path.join(path, "users")
    if not os.path.isdir(users):
        return False
    return any(os.path.exists(os.path.join(users, u)) for u in os.listdir(users))


def entries(kind=""):
    """(name, folder, bytes on disk) of every complete entry, most recently used last."""
    found = []
    for name in os.listdir(folder()):
        path = os.path.join(folder(), name)
        if name.startswith(kind) and os.path.isdir(path) and not name.endswith(".tmp"):
            size = sum(os.lstat(os.path.join(top, f)).st_blocks * 512
                       for top, _, files in os.walk(path) for f in files)
            found.append((os.stat(path).st_mtime, name, path, size))
    return [row[1:] for row in sorted(found)]


def prune(kind, keep):
    """Delete the least recently used entries of a kind that no guest reads, past `keep`."""
    removed = []
    for name, path, _ in entries(kind + "-")[:-keep or None]:
        with locked(path + ".lock", wait=False) as mine:
            if mine and not in_use(path):
                remove(path)
                removed.append(name)
    return removed
