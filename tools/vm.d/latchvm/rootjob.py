# SPDX-License-Identifier: GPL-3.0-or-later
"""The part of building that needs root: rootjob.py JOB.json.

Started by build.py under `unshare --mount --pid --kill-child`, so that every
mount and every process made here is gone when this program is, however it ends.
A job names the folder to build in, and what to do there.
"""

import json
import os
import shutil
import struct
import subprocess
import sys

ENV = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "HOME": "/root",
       "DEBIAN_FRONTEND": "noninteractive", "TERM": "dumb"}
PARTITION = 1 << 20      # where the root partition starts
SECTOR = 512


class JobError(Exception):
    pass


def run(*argv, **more):
    print("+", *argv, flush=True)
    done = subprocess.run(argv, env=ENV | more.pop("env", {}), stdin=subprocess.DEVNULL, **more)
    if done.returncode != 0:
        raise JobError(f"{argv[0]} ended with status {done.returncode}")
    return done


class Tree:
    """A Debian tree in a folder, with what a chroot needs mounted in it."""

    def __init__(self, path):
        self.path = path
        self.mounts = []

    def at(self, name):
        return self.path + name

    def write(self, name, content, mode=0o644):
        path = self.at(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        if os.path.islink(path):
            os.unlink(path)
        with open(path, "w", encoding="utf-8") as f:
            f.write(content)
        os.chmod(path, mode)
        if os.path.basename(os.path.dirname(path)) == ".ssh":
            os.chmod(os.path.dirname(path), 0o700)

    def chroot(self, *argv, **more):
        return run("chroot", self.path, *argv, **more)

    def mount(self, name, *argv):
        run("mount", *argv, self.at(name))
        self.mounts.insert(0, name)

    def __enter__(self):
        self.mount("/proc", "-t", "proc", "proc")
        self.mount("/sys", "-t", "sysfs", "-o", "ro", "sysfs")
        self.mount("/run", "-t", "tmpfs", "-o", "mode=755", "tmpfs")
        # Not the machine's own /dev: nothing in here is to find its disks.
        self.mount("/dev", "-t", "tmpfs", "-o", "mode=755", "tmpfs")
        for name, major, minor in (("null", 1, 3), ("zero", 1, 5), ("full", 1, 7),
                                   ("random", 1, 8), ("urandom", 1, 9), ("tty", 5, 0)):
            os.mknod(self.at("/dev/" + name), 0o020666, os.makedev(major, minor))
            os.chmod(self.at("/dev/" + name), 0o666)
        os.mkdir(self.at("/dev/pts"))
        self.mount("/dev/pts", "-t", "devpts", "-o", "newinstance,ptmxmode=0666", "devpts")
        os.symlink("pts/ptmx", self.at("/dev/ptmx"))
        for name, to in (("fd", ""), ("stdin", "/0"), ("stdout", "/1"), ("stderr", "/2")):
            os.symlink("/proc/self/fd" + to, self.at("/dev/" + name))
        self.write("/usr/sbin/policy-rc.d", "#!/bin/sh\nexit 101\n", 0o755)
        self.write("/etc/resolv.conf", read("/etc/resolv.conf"))
        return self

    def __exit__(self, *_):
        for name in ("/usr/sbin/policy-rc.d", "/etc/apt/apt.conf.d/00latchkey-vm-build"):
            if os.path.exists(self.at(name)):
                os.unlink(self.at(name))
        for name in self.mounts:
            run("umount", self.at(name))
        self.mounts = []


def read(path):
    try:
        with open(path, encoding="utf-8") as f:
            return f.read()
    except OSError:
        return ""


def extract(job):
    tree = os.path.join(job["folder"], "tree")
    os.mkdir(tree)
    run("tar", "-C", tree, "--numeric-owner", "--xattrs", "-xf", job["base"])
    return Tree(tree)


def apt(tree, job, *args):
    tree.write("/etc/apt/apt.conf.d/00latchkey-vm-build",
               "".join(line + "\n" for line in job["apt_options"]))
    tree.chroot("apt-get", "-q", "-y", "-o", "Dpkg::Options::=--force-confold",
                "-o", "Dpkg::Use-Pty=0", "--no-install-recommends",
                "--allow-remove-essential", *args)


def debootstrap(job):
    """A base tree from nothing, as base.tar."""
    options = [f"--aptopt={line}" for line in job["apt_options"]]
    options += [f"--dpkgopt=path-exclude={p}" for p in job["excluded"]]
    run("mmdebstrap", "--mode=root", "--variant=minbase", "--skip=cleanup/apt/lists",
        "--include=" + ",".join(job["packages"]), *options,
        # The exclusions are for the base only: what is installed later is whole.
        "--customize-hook=rm -f \"$1\"/etc/dpkg/dpkg.cfg.d/99mmdebstrap",
        job["release"], os.path.join(job["folder"], "base.tar"), *job["sources"])


def extend(job):
    """A base tree from another one, with more packages."""
    tree = extract(job)
    with tree:
        apt(tree, job, "update")
        apt(tree, job, "install", *job["packages"])
        apt(tree, job, "clean")
    run("tar", "-C", tree.path, "--numeric-owner", "--xattrs", "-cf",
        os.path.join(job["folder"], "base.tar"), ".")
    shutil.rmtree(tree.path)


def images(tree):
    """Each initramfs of the tree with its time of making."""
    boot = tree.at("/boot")
    return {name: os.stat(os.path.join(boot, name)).st_mtime_ns
            for name in os.listdir(boot) if name.startswith("initrd.img-")}


def run_scripts(tree, scripts, environment):
    for name, content in scripts:
        inside = "/var/tmp/latchkey-vm-script"
        tree.write(inside, content, 0o755)
        print(f"== script {name}", flush=True)
        tree.chroot(inside, env=environment)
        os.unlink(tree.at(inside))


def root_disk(job):
    """A bootable root disk as root.img, with its kernel and initramfs beside it."""
    tree = extract(job)
    with tree:
        for name, file in job["files"].items():
            if name != "/etc/resolv.conf":
                tree.write(name, file["content"], file["mode"])
        for name in os.listdir(tree.at("/etc/ssh")):
            if name.startswith("ssh_host_"):
                os.unlink(tree.at("/etc/ssh/" + name))
        for suffix, mode in (("", 0o600), (".pub", 0o644)):
            tree.write("/etc/ssh/ssh_host_ed25519_key" + suffix,
                       read(job["host_key"] + suffix), mode)
        tree.write("/etc/machine-id", job["machine_id"] + "\n", 0o444)
        tree.chroot("sh", "-c", "echo root:latchkey | chpasswd")
        tree.chroot("systemctl", "-q", "enable", "systemd-networkd.service")
        tree.chroot("systemctl", "-q", "mask", *job["masked"])
        run_scripts(tree, job["scripts"], job["environment"])
        before = images(tree)
        if job["package"]:
            inside = "/var/tmp/" + os.path.basename(job["package"])
            shutil.copyfile(job["package"], tree.at(inside))
            apt(tree, job, "install", inside)
            os.unlink(tree.at(inside))
            run_scripts(tree, job["late_scripts"], job["environment"])
        now = images(tree)
        if any(before.get(name) == time for name, time in now.items()):
            tree.chroot("update-initramfs", "-u", "-k", "all")
        embed_grub(tree, job)
    resolv = job["files"]["/etc/resolv.conf"]
    tree.write("/etc/resolv.conf", resolv["content"], resolv["mode"])
    for stamp in ("/etc/.updated", "/var/.updated"):
        tree.write(stamp, "")
    export(tree, job)
    pack(tree, job)
    shutil.rmtree(tree.path)


def embed_grub(tree, job):
    """GRUB's modules under /boot, and its first two stages as boot.img and core.img."""
    to = tree.at("/boot/grub/i386-pc")
    os.makedirs(to, exist_ok=True)
    source = tree.at("/usr/lib/grub/i386-pc")
    for name in os.listdir(source):
        if name.endswith((".mod", ".lst")):
            shutil.copy(os.path.join(source, name), to)
    tree.chroot("grub-mkimage", "-O", "i386-pc", "-o", "/boot/grub/core.img",
                "-p", "(hd0,msdos1)/boot/grub", *job["grub_modules"])
    shutil.move(tree.at("/boot/grub/core.img"), os.path.join(job["folder"], "core.img"))
    shutil.copy(os.path.join(source, "boot.img"), os.path.join(job["folder"], "boot.img"))


def export(tree, job):
    """Copy out what the outside needs: kernel, initramfs, early host keys."""
    for link, name in (("/vmlinuz", "vmlinuz"), ("/initrd.img", "initrd.img")):
        shutil.copyfile(os.path.join(tree.path, os.readlink(tree.at(link)).lstrip("/")),
                        os.path.join(job["folder"], name))
    keys = tree.at("/etc/latchkey/hostkeys")
    lines = []
    if os.path.isdir(keys):
        lines = [read(os.path.join(keys, name)).strip()
                 for name in sorted(os.listdir(keys)) if name.endswith(".pub")]
    with open(os.path.join(job["folder"], "early_host_keys"), "w", encoding="utf-8") as f:
        f.writelines(line + "\n" for line in lines)


def pack(tree, job):
    """The tree as an ext4 partition on a disk whose boot sector and gap hold GRUB."""
    image = os.path.join(job["folder"], "root.img")
    size = job["mib"] << 20
    with open(image, "wb") as f:
        f.truncate(size)
    run("mke2fs", "-q", "-F", "-t", "ext4", "-L", "root", "-U", job["root_uuid"],
        "-N", "200000", "-m", "0", "-O", "^orphan_file,^metadata_csum_seed",
        "-E", f"offset={PARTITION},lazy_itable_init=0,lazy_journal_init=0,"
        "assume_storage_prezeroed=1",
        "-d", tree.path, image, f"{(size - PARTITION) >> 10}k")
    core = os.path.join(job["folder"], "core.img")
    boot = os.path.join(job["folder"], "boot.img")
    if os.path.getsize(core) > PARTITION - SECTOR:
        raise JobError("grub's core image does not fit before the first partition")
    with open(boot, "rb") as b, open(core, "rb") as c, open(image, "r+b") as f:
        # The code, without the table that boot.img has room for; then one active
        # Linux partition, in sectors only.
        f.write(b.read(440))
        f.seek(440)
        f.write(struct.pack("<IH", 0x4c4b564d, 0))
        f.write(struct.pack("<B3sB3sII", 0x80, b"\xfe\xff\xff", 0x83, b"\xfe\xff\xff",
                            PARTITION // SECTOR, (size - PARTITION) // SECTOR))
        f.seek(510)
        f.write(b"\x55\xaa")
        f.write(c.read())
    os.unlink(boot)
    os.unlink(core)


def main(path):
    with open(path, encoding="utf-8") as f:
        job = json.load(f)
    os.umask(0o022)
    try:
        {"debootstrap": debootstrap, "extend": extend, "root": root_disk}[job["do"]](job)
    except (JobError, OSError) as e:
        print(f"== failed: {e}", flush=True)
        return 1
    for name in os.listdir(job["folder"]):
        os.chown(os.path.join(job["folder"], name), job["uid"], job["gid"])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
