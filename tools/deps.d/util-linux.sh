# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# libmount, libblkid, libuuid. Sourced by tools/deps in an empty directory.
# shellcheck disable=SC2154,SC2164 # variables, and set -e, come from there

unpack util-linux
cd src
# Debian patches configure.ac, and make would then want the automake version
# that made the tarball: put the generated files' dates after their inputs.
touch -d '-3 minutes' configure.ac
touch -d '-2 minutes' aclocal.m4
touch -d '-1 minute' configure config.h.in
find . -name Makefile.in -exec touch {} +

set_flags
without=()
for feature in selinux smack udev systemd audit python cryptsetup ncurses ncursesw \
	tinfo readline btrfs econf cap-ng libz libmagic user util utempter slang; do
	without+=("--without-$feature")
done
./configure --quiet CFLAGS="$cflags" LDFLAGS="$ldflags" \
	--prefix=/usr --sysconfdir=/etc --localstatedir=/var --runstatedir=/run \
	--disable-all-programs --enable-libuuid --enable-libblkid --enable-libmount \
	--disable-shared --enable-static --disable-nls --disable-asciidoc --disable-poman \
	--disable-bash-completion --disable-gtk-doc --disable-makeinstall-chown \
	--disable-makeinstall-setuid --disable-dependency-tracking "${without[@]}"
make -s -j"$jobs" libuuid.la libblkid.la libmount.la

for lib in uuid blkid mount; do
	install -m 644 ".libs/lib$lib.a" "$out/lib/"
	mkdir -p "$out/include/$lib"
done
install -m 644 libuuid/src/uuid.h "$out/include/uuid/"
install -m 644 libblkid/src/blkid.h "$out/include/blkid/"
mkdir -p "$out/include/libmount" && rmdir "$out/include/mount"
install -m 644 libmount/src/libmount.h "$out/include/libmount/"
