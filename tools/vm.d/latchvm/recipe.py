# SPDX-License-Identifier: GPL-3.0-or-later
"""What a guest is made of, as data. A change here makes new cache entries."""

import os

RELEASES = ("bookworm", "trixie")
VG = "system"
HOSTNAME = "latchkey-guest"
ROOT_MIB = 6144          # sparse: what is not written takes no room
VOLUME_MIB = 256         # of a volume that names no size
SPARE_MIB = 4096         # left free in the volume group, unless `up --spare` says
CMDLINE_ROOM = 4096      # one block of the root file system, see grub_files
CMDLINE_RULE = "it may have no quotes, only ASCII, and 4000 characters at most"

PACKAGES = (
    "linux-image-cloud-amd64 initramfs-tools zstd busybox kmod udev "
    "systemd-sysv dbus lvm2 cryptsetup-bin e2fsprogs "
    "openssh-server iproute2 netbase procps ca-certificates "
    "grub-pc-bin grub-common").split()

# Timers and one-off units that make a short-lived guest slower and test nothing.
MASKED = (
    "modprobe@efi_pstore.service modprobe@drm.service sys-kernel-debug.mount "
    "sys-kernel-tracing.mount dev-hugepages.mount "
    "apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer man-db.timer "
    "e2scrub_all.timer e2scrub_reap.service fstrim.timer systemd-tmpfiles-clean.timer "
    "systemd-networkd-wait-online.service").split()

# Debian's own defaults are kept where a test could tell the difference; what is
# left out of the base tree is only what no test reads.
EXCLUDED = ("/usr/share/man/*", "/usr/share/locale/*", "/usr/share/doc/*",
            "/usr/share/info/*", "/usr/share/i18n/*")

KDF = {
    "cheap": "--pbkdf pbkdf2 --pbkdf-force-iterations 1000",
    "default": "",
}


def guest_script(name):
    """A script that runs inside a guest, as text."""
    path = os.path.join(os.path.dirname(__file__), "..", "guest", name)
    with open(path, encoding="utf-8") as f:
        return f.read()


def text(content, mode=0o644):
    return {"content": content, "mode": mode}


def system_files(release, root_uuid, public_key):
    """Files of the guest's own system: root's login, network, initramfs compression."""
    sshd = ("UseDNS no\nPasswordAuthentication no\nPermitRootLogin prohibit-password\n"
            "HostKey /etc/ssh/ssh_host_ed25519_key\n")
    if release != "bookworm":  # which does not know the word
        # Else it shuts out whoever looks at its banner, as `tools/vm wait` does.
        sshd += "PerSourcePenalties no\n"
    return {
        "/etc/hostname": text(HOSTNAME + "\n"),
        "/etc/hosts": text(f"127.0.0.1 localhost {HOSTNAME}\n::1 localhost {HOSTNAME}\n"),
        "/etc/default/locale": text("LANG=C.UTF-8\n"),
        "/etc/resolv.conf": text("nameserver 10.0.2.3\n"),
        "/etc/fstab": text(f"UUID={root_uuid} / ext4 errors=remount-ro 0 1\n"),
        "/etc/systemd/network/80-latchkey-vm.network": text(
            "[Match]\nType=ether\n\n[Network]\nDHCP=yes\n\n"
            "[DHCPv4]\nClientIdentifier=mac\n"),
        "/etc/ssh/sshd_config.d/latchkey-vm.conf": text(sshd),
        "/root/.ssh/authorized_keys": text(public_key, 0o600),
        "/etc/initramfs-tools/conf.d/latchkey-vm": text(
            "COMPRESS=zstd\nCOMPRESSLEVEL=1\nRESUME=none\n"),
        # Debian 13 mounts /run/lock over what the initramfs's lvm made there, also
        # while this unit runs, which then fails now and then.
        "/etc/systemd/system/lvm2-monitor.service.d/latchkey-vm.conf": text(
            "[Unit]\nRequiresMountsFor=/run/lock/lvm\n"),
        "/usr/lib/latchkey-vm/run-job": text(guest_script("run-job"), 0o755),
        "/etc/default/grub.d/latchkey-vm.cfg": text(
            "GRUB_TIMEOUT=0\nGRUB_TERMINAL='serial console'\n"
            "GRUB_CMDLINE_LINUX=\"console=tty0 console=ttyS0,115200 "
            "$(sed -n \"s/^set vm_cmdline='\\(.*\\)'$/\\1/p\" /boot/grub/latchkey-vm.cfg)\"\n"),
    }


def grub_files(root_uuid):
    """GRUB's menu, and the block that holds what `up --cmdline` adds.

    The addition has a file of exactly one block to itself, so that it can be
    changed in a guest's overlay without building another root disk.
    """
    return {
        "/boot/grub/grub.cfg": text(
            "set timeout=0\n"
            "serial --unit=0 --speed=115200\n"
            "terminal_output serial console\n"
            "source $prefix/latchkey-vm.cfg\n"
            "echo 'latchkey-vm: grub starts the kernel'\n"
            f"linux /vmlinuz root=UUID={root_uuid} ro console=tty0 console=ttyS0,115200 $vm_cmdline\n"
            "initrd /initrd.img\n"
            "boot\n"),
        "/boot/grub/latchkey-vm.cfg": text(cmdline_block("").decode()),
    }


def cmdline_block(cmdline):
    """The block for a kernel command line, or None when it cannot be said in one."""
    if {"'", '"'} & set(cmdline) or not cmdline.isascii() or not (cmdline + " ").isprintable():
        return None
    block = f"# latchkey-vm\nset vm_cmdline='{cmdline}'\n#".encode()
    if len(block) > CMDLINE_ROOM - 1:
        return None
    return block.ljust(CMDLINE_ROOM - 1, b"-") + b"\n"


def latchkey_files(volumes, services, public_key):
    """Latchkey's configuration, written before the package is installed.

    volumes: [(name, fstype, MiB)]; services: the text of the services file.
    """
    rows = "".join(f"{name}  {VG}/encrypted-{name}  /srv/{name}  {fstype}  defaults\n"
                   for name, fstype, _ in volumes)
    return {
        "/etc/latchkey/latchkey.conf": text(f'[keys]\ndevice = "{VG}/encrypted-keys"\n'),
        "/etc/latchkey/volumes": text(rows),
        "/etc/latchkey/services": text(services),
        "/etc/latchkey/authorized_keys": text(public_key, 0o600),
    }
