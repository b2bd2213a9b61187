# SPDX-License-Identifier: GPL-3.0-or-later
"""What is built once and cached: base trees, root disks, volume disks."""

import io
import json
import os
import secrets
import shutil
import subprocess
import sys
import tarfile
import time
import uuid

from . import cache, qemu, recipe
from .errors import VmError, tail

ARCHIVE_KEYS = "/usr/share/keyrings/debian-archive-keyring.gpg"
GRUB_MODULES = ("biosdisk part_msdos ext2 normal linux configfile search search_fs_uuid "
                "serial terminal echo test").split()
TOOLS = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", ".."))
KEEP_ROOT_DISKS = 8


def say(text):
    print(f"tools/vm: {text}", file=sys.stderr, flush=True)


def need(*packages):
    """Install what the host lacks."""
    done = subprocess.run([os.path.join(TOOLS, "need"), *packages], stdout=sys.stderr, check=False)
    if done.returncode != 0:
        raise VmError("cannot install what guests need on this machine",
                      " ".join(packages), "install these packages by hand")


# --- where packages come from -------------------------------------------------


def sources(release):
    """Lines of sources.list for a release, from the machine's own apt configuration."""
    chosen = os.environ.get("LATCHKEY_MIRROR")
    found = {"": chosen} if chosen else _own_archives()
    if "" not in found:
        raise VmError("cannot tell where Debian packages come from",
                      "no source of this machine's apt has a Debian release's `main`",
                      "set LATCHKEY_MIRROR to the address of a Debian archive")
    return [f"deb [signed-by={ARCHIVE_KEYS}] {address} {release}{suffix} main"
            for suffix, address in sorted(found.items())]


def _own_archives():
    """{"": URI, "-updates": URI, "-security": URI} as far as this machine has them."""
    listing = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(ORIGIN)\t$(RELEASE)\t$(COMPONENT)\t$(REPO_URI)",
         "Created-By: Packages"], capture_output=True, text=True, check=False).stdout
    found = {}
    for line in listing.splitlines():
        origin, release, component, address = line.split("\t")
        base, dash, suffix = release.partition("-")
        # Without downloaded lists apt does not know the origin and leaves it as it is.
        if component == "main" and origin in ("Debian", "$(ORIGIN)", "") \
                and base in (*recipe.RELEASES, "stable", "oldstable", "testing") \
                and suffix in ("", "updates", "security"):
            found.setdefault(dash + suffix, address)
    return found


def apt_options():
    """apt settings for a build: small lists, and this machine's way through a proxy."""
    dump = subprocess.run(["apt-config", "dump"], capture_output=True, text=True, check=False)
    proxy = [line for line in dump.stdout.splitlines()
             if line.lower().startswith(("acquire::http::proxy ", "acquire::https::proxy "))]
    for scheme in ("http", "https"):
        address = os.environ.get(f"{scheme}_proxy")
        if address:
            proxy.append(f'Acquire::{scheme}::Proxy "{address}";')
    return ['Acquire::Languages "none";', 'Acquire::GzipIndexes "true";',
            'Acquire::Retries "3";', *proxy]


# --- the three kinds of entries -----------------------------------------------


def root_job(folder, **job):
    """Run rootjob.py in namespaces of its own; its output goes to build.log."""
    job |= {"folder": folder, "apt_options": apt_options(), "uid": os.getuid(), "gid": os.getgid()}
    path = os.path.join(folder, "job.json")
    with open(path, "w", encoding="utf-8") as f:
        json.dump(job, f)
    log = os.path.join(folder, "build.log")
    program = os.path.join(os.path.dirname(__file__), "rootjob.py")
    argv = cache.as_root(["unshare", "--mount", "--propagation", "private", "--pid", "--fork",
                          "--kill-child", sys.executable, "-B", program, path])
    with open(log, "ab") as out:
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=out, stderr=out, check=False)
    os.unlink(path)
    if done.returncode != 0:
        raise VmError(f"cannot build {os.path.basename(folder).removesuffix('.tmp')}",
                      f"the step above ended with status {done.returncode}",
                      f"the whole log is {folder.removesuffix('.tmp')}.failed.log",
                      details=tail(log))


def base_recipe(release, extra):
    plain = {"release": release, "packages": recipe.PACKAGES, "excluded": recipe.EXCLUDED}
    return {"base": plain, "extra": sorted(extra)} if extra else plain


def base(release, extra):
    """The entry with base.tar: a Debian tree of the release, with the extra packages."""
    def make(folder):
        need("mmdebstrap", "debian-archive-keyring")
        if not extra:
            root_job(folder, do="debootstrap", release=release, packages=recipe.PACKAGES,
                     excluded=recipe.EXCLUDED, sources=sources(release))
            return
        with base(release, []) as plain:
            root_job(folder, do="extend", base=os.path.join(plain, "base.tar"),
                     packages=sorted(extra))
    return cache.entry(f"base-{release}", base_recipe(release, extra), make, say)


def root(release, extra=(), package=None, configured=False, volumes=(), services="", scripts=(),
         late_scripts=()):
    """The entry with root.img: a bootable root disk, with Latchkey from `package` on it or without.

    Not `configured`: the package only, left for `latchkey init` to set up.

    Beside it: vmlinuz, initrd.img, id_ed25519(.pub) that root lets in,
    known_hosts.login, known_hosts.early, and meta.json.
    """
    def files(root_uuid, public_key):
        made = recipe.system_files(release, root_uuid, public_key) | recipe.grub_files(root_uuid)
        if configured:
            made |= recipe.latchkey_files(volumes, services, public_key)
        return made

    plan = {
        "base": base_recipe(release, extra), "files": files("UUID", "KEY"),
        "masked": recipe.MASKED, "mib": recipe.ROOT_MIB, "grub_modules": GRUB_MODULES,
        "package": cache.package_digest(package) if package else None,
        "scripts": scripts, "late_scripts": late_scripts,
    }

    def make(folder):
        root_uuid = str(uuid.uuid4())
        key, host_key = (os.path.join(folder, n) for n in ("id_ed25519", "host_key"))
        for path in (key, host_key):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "latchkey-vm",
                            "-f", path], check=True, stdin=subprocess.DEVNULL)
        with open(key + ".pub", encoding="utf-8") as f:
            public_key = f.read()
        with base(release, extra) as tree:
            root_job(folder, do="root", base=os.path.join(tree, "base.tar"),
                     files=files(root_uuid, public_key), host_key=host_key,
                     machine_id=uuid.uuid4().hex, root_uuid=root_uuid,
                     masked=recipe.MASKED, mib=recipe.ROOT_MIB, grub_modules=GRUB_MODULES,
                     package=os.path.abspath(package) if package else None,
                     scripts=scripts, late_scripts=late_scripts,
                     environment={"LATCHKEY_VM_RELEASE": release,
                                  "LATCHKEY_VM_VOLUMES": " ".join(v[0] for v in volumes)})
        _known_hosts(folder, "login", host_key + ".pub")
        early = os.path.join(folder, "early_host_keys")
        if configured and not os.path.getsize(early):
            raise VmError("cannot pin early boot's host key",
                          "the package made none in /etc/latchkey/hostkeys",
                          "see what its installation said: build.log")
        _known_hosts(folder, "early", early)
        os.unlink(early)
        os.unlink(host_key)
        os.unlink(host_key + ".pub")
        with open(os.path.join(folder, "meta.json"), "w", encoding="utf-8") as f:
            json.dump({"cmdline_at": _cmdline_offset(folder), "root_uuid": root_uuid}, f)
        for name in cache.prune("root", KEEP_ROOT_DISKS):
            say(f"dropped {name}, not used for long")

    return cache.entry(f"root-{release}", plan, make, say)


def _known_hosts(folder, stage, keys):
    """known_hosts.STAGE in the folder, from a file of public keys."""
    with open(keys, encoding="utf-8") as f:
        write_known_hosts(os.path.join(folder, f"known_hosts.{stage}"), stage, f)


def write_known_hosts(path, stage, lines):
    """Public keys, one a line, under the alias latchkey-STAGE that tools/vm gives ssh."""
    keys = [" ".join(line.split()[:2]) for line in lines if line.strip()]
    with open(path, "w", encoding="utf-8") as f:
        f.writelines(f"latchkey-{stage} {key}\n" for key in keys)


def _cmdline_offset(folder):
    """Where on the disk the block of the kernel command line is."""
    image = os.path.join(folder, "root.img")
    out = subprocess.run(["debugfs", "-R", "bmap /boot/grub/latchkey-vm.cfg 0",
                          f"{image}?offset={1 << 20}"],
                         capture_output=True, text=True, check=False).stdout
    offset = (1 << 20) + int(out.split()[-1]) * 4096
    with open(image, "rb") as f:
        f.seek(offset)
        if f.read(recipe.CMDLINE_ROOM) != recipe.cmdline_block(""):
            raise VmError("cannot find the kernel command line's block on the root disk",
                          f"it is not at offset {offset}")
    return offset


def volumes_disk(release, volumes, kdf, spare, extra=(), scripts=()):
    """The entry with system.qcow2 (the volume group) and the file `passphrase`.

    volumes: [(name, fstype, MiB)], may be empty; spare: MiB left free. Made inside a guest: the
    host's kernel need not know device-mapper.
    """
    plan = {"base": base_recipe(release, extra), "volumes": volumes, "kdf": recipe.KDF[kdf],
            "spare": spare, "scripts": scripts,
            "job": [recipe.guest_script(n) for n in ("run-job", "make-volumes")]}

    def make(folder):
        passphrase = "-".join("".join(secrets.choice("abcdefghijkmnopqrstuvwx") for _ in range(5))
                              for _ in range(4))
        if volumes:
            with open(os.path.join(folder, "passphrase"), "w", encoding="ascii") as f:
                f.write(passphrase)
        members = {"main": recipe.guest_script("make-volumes"), "kdf": recipe.KDF[kdf] + "\n",
                   "passphrase": passphrase,
                   "volumes": "".join(f"{n} {t} {m}\n" for n, t, m in volumes)}
        members |= {f"scripts/{i:02}-{name}": body for i, (name, body) in enumerate(scripts)}
        size = 64 + sum(m for _, _, m in volumes) + spare
        disk = os.path.join(folder, "system.qcow2")
        subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", disk, f"{size}M"], check=True)
        with root(release, extra) as plain:
            run_job(folder, plain, members, disk)

    return cache.entry(f"volumes-{release}", plan, make, say)


def run_job(folder, plain, members, disk, seconds=900):
    """Boot the plain root disk with a job as its init and `disk` as its second disk."""
    job, overlay, log = (os.path.join(folder, n) for n in ("job.tar", "job.qcow2", "build.log"))
    with tarfile.open(job, "w") as archive:
        for name, body in members.items():
            info = tarfile.TarInfo(name)
            data = body.encode()
            info.size, info.mode = len(data), 0o700
            archive.addfile(info, io.BytesIO(data))
    with open(job, "ab") as f:
        f.truncate(-(-os.path.getsize(job) // 512) * 512)
    make_overlay(overlay, os.path.join(plain, "root.img"), "raw")
    argv = [qemu.PROGRAM, "-nodefaults", "-no-reboot", "-display", "none", "-m", "1024",
            "-smp", "2", *qemu.machine(), "-serial", f"file:{log}",
            "-kernel", os.path.join(plain, "vmlinuz"), "-initrd", os.path.join(plain, "initrd.img"),
            "-append", "root=/dev/vda1 ro console=ttyS0 quiet panic=-1 "
                       "init=/usr/lib/latchkey-vm/run-job",
            *qemu.disk("root", overlay), *qemu.disk("system", disk),
            *qemu.disk("job", job, "raw", read_only=True)]
    child = subprocess.Popen(argv, stdin=subprocess.DEVNULL)
    try:
        child.wait(seconds)
    except subprocess.TimeoutExpired as e:
        raise VmError("cannot make the volumes' disk", f"its guest took more than {seconds} s",
                      details=tail(log)) from e
    finally:
        child.kill()
        child.wait()
    if "latchkey-vm job done" not in tail(log, 5):
        raise VmError("cannot make the volumes' disk", "a step inside its guest failed",
                      f"the whole log is {folder.removesuffix('.tmp')}.failed.log",
                      details=tail(log))
    os.unlink(job)
    os.unlink(overlay)


def make_overlay(path, backing, form):
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", "-b", backing, "-F", form, path],
                   check=True)


def package():
    """The path of the Latchkey package: $LATCHKEY_DEB, or what tools/package builds."""
    given = os.environ.get("LATCHKEY_DEB")
    if given:
        if not os.path.isfile(given):
            raise VmError("cannot install Latchkey", f"LATCHKEY_DEB names no file: {given}")
        return given
    builder = os.path.join(TOOLS, "package")
    if not os.access(builder, os.X_OK):
        raise VmError("cannot install Latchkey", "there is no tools/package to build it",
                      "use --no-latchkey, or set LATCHKEY_DEB to a package")
    done = subprocess.run([builder], stdout=subprocess.PIPE, text=True, check=False)
    path = (done.stdout.splitlines() or [""])[-1].strip()
    if done.returncode != 0 or not os.path.isfile(path):
        raise VmError("cannot install Latchkey",
                      f"tools/package ended with status {done.returncode} and no package",
                      details="\n".join(done.stdout.splitlines()[-40:]))
    return path


def copy_private(source, to):
    shutil.copyfile(source, to)
    os.chmod(to, 0o600)


def elapsed(since):
    return f"{time.monotonic() - since:.1f} s"
