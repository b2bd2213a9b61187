# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# libdevmapper, out of LVM2's sources, with our stand-in for libudev: with udev
# running it must wait for udev's rules, or device links come and go under us.
# Sourced by tools/deps in an empty directory.
# shellcheck disable=SC2154,SC2164 # variables, and set -e, come from there

unpack lvm2
cd src
set_flags
./configure --quiet CFLAGS="$cflags" LDFLAGS="$ldflags" \
	UDEV_CFLAGS="-I$parts/udev" UDEV_LIBS="-L$out/lib -ludev" \
	--prefix=/usr --enable-static_link --enable-udev_sync --disable-udev_rules \
	--disable-selinux --disable-readline --disable-blkid_wiping
make -C include
make -j"$jobs" -C libdm ioctl/libdevmapper.a
install -m 644 libdm/ioctl/libdevmapper.a "$out/lib/"
install -m 644 libdm/libdevmapper.h "$out/include/"
