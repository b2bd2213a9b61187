# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Dropbear's server and key generator, static with musl: unlike glibc it looks
# users up in /etc/passwd and nowhere else, and is a quarter of the size. The
# bignum and cipher libraries come from their own source packages, not from the
# copies in Dropbear's: only the packages get security fixes (CVE-2023-36328).
# Sourced by tools/deps in an empty directory.
# shellcheck disable=SC2154,SC2164 # variables, and set -e, come from there

# musl-gcc's specs know no static-pie: start file and linker flags are added.
# The kernel's headers are not in musl's include directory.
musl=/usr/lib/$(dpkg-architecture -q DEB_HOST_GNU_CPU)-linux-musl
[ -d "$musl" ] || musl=$(dirname "$(dpkg -L musl-dev | grep '/musl-gcc\.specs$')")
sed -e 's|%{!shared: *\([^ ]*\)/Scrt1\.o}|%{static-pie:\1/rcrt1.o;!shared:\1/Scrt1.o}|' \
	-e 's|^-dynamic-linker \([^ ]*\)|%{static-pie:-static -pie --no-dynamic-linker -z text;:-dynamic-linker \1}|' \
	"$musl/musl-gcc.specs" >specs
grep -q 'rcrt1.o' specs && grep -q 'no-dynamic-linker' specs
mkdir kernel
multiarch=$(dpkg-architecture -q DEB_HOST_MULTIARCH)
ln -s /usr/include/linux /usr/include/asm-generic "/usr/include/$multiarch/asm" kernel/
printf '#!/bin/sh\nexec gcc "$@" -specs="%s" -idirafter "%s"\n' "$PWD/specs" "$PWD/kernel" >musl-cc
chmod +x musl-cc
cc=$PWD/musl-cc
mkdir lib include

mkdir tommath && cd tommath
unpack libtommath && cd src && set_flags
make -s -j"$jobs" -f makefile.unix CC="$cc" CFLAGS="$cflags -Os" libtommath.a
cp libtommath.a ../../lib/ && cp tommath*.h ../../include/
cd ../..

mkdir tomcrypt && cd tomcrypt
unpack libtomcrypt && cd src && set_flags
make -s -j"$jobs" -f makefile.unix CC="$cc" libtomcrypt.a \
	CFLAGS="$cflags -Os -DUSE_LTM -DLTM_DESC -DLTC_NO_TEST -I$PWD/../../include"
cp libtomcrypt.a ../../lib/ && cp src/headers/*.h ../../include/
cd ../..

base=$PWD
unpack dropbear && cd src && set_flags
cp "$parts/localoptions.h" "$parts/door.h" .
# Without fuzz: where the lines around a place are others, a person has to look. What lies in
# the folder src since 2024 lay at the top before.
patch --fuzz=0 -l -p1 -d "$(dirname "$(find . -name svr-main.c)")" <"$parts/dropbear.patch"
# Its own --enable-harden leaves static programs without PIE and RELRO, and
# --disable-syslog would take away the option -E.
./configure --quiet CC="$cc" CFLAGS="$cflags -Os -I$base/include" \
	LDFLAGS="$ldflags -static-pie -L$base/lib -Wl,--gc-sections -Wl,--fatal-warnings" \
	--disable-bundled-libtom --disable-harden --disable-zlib --disable-pam \
	--disable-lastlog --disable-utmp --disable-utmpx --disable-wtmp --disable-wtmpx \
	--disable-loginfunc --disable-pututline --disable-pututxline
make -s -j"$jobs" PROGRAMS="dropbear dropbearkey" MULTI=1
install -m 755 -s dropbearmulti "$out/bin/dropbear"
ln "$out/bin/dropbear" "$out/bin/dropbearkey"
