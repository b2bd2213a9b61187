# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# libcryptsetup: gcrypt does all ciphers in the program itself (nettle and the
# kernel backend need kernel modules to open a key slot; openssl loads plugins
# even when static). No external tokens: they are shared libraries.
# Sourced by tools/deps in an empty directory.
# shellcheck disable=SC2154,SC2164 # variables, and set -e, come from there

unpack cryptsetup
cd src
set_flags
[ -x configure ] || ./autogen.sh # the distribution's tarball has none
# Older versions do not know --disable-gcrypt-argon2 and say so, newer ones would
# else use the Argon2 of libgcrypt, not the one made below.
./configure --quiet CFLAGS="$cflags" LDFLAGS="$ldflags -L$out/lib" CPPFLAGS="-I$out/include" \
	DEVMAPPER_CFLAGS="-I$out/include" DEVMAPPER_LIBS="-ldevmapper -ludev -lm -lpthread" \
	BLKID_CFLAGS="-I$out/include" BLKID_LIBS=-lblkid \
	--prefix=/usr --disable-shared --enable-static --with-crypto_backend=gcrypt \
	--disable-gcrypt-argon2 --enable-internal-sse-argon2 --enable-udev \
	--disable-external-tokens --disable-ssh-token --disable-asciidoc --disable-nls \
	--disable-cryptsetup --disable-veritysetup --disable-integritysetup \
	--disable-selinux --disable-fips --disable-pwquality --disable-passwdqc
make -s -j"$jobs" libcryptsetup.la

lib=.libs/libcryptsetup.a
if [ "$arch" = amd64 ]; then
	argon2=lib/crypto_backend/argon2
	member=$(ar t "$lib" | grep -- '-opt\.o$')
	ar d "$lib" "$member"
	for level in sse2 ssse3 avx2 avx512f; do
		# shellcheck disable=SC2086
		gcc $cflags -O2 -m$level -I$argon2 -I$argon2/blake2 \
			-Dfill_segment=fill_segment_$level -c $argon2/opt.c -o argon2-$level.o
	done
	# shellcheck disable=SC2086
	gcc $cflags -Wall -Wextra -I$argon2 -c "$parts/argon2.c" -o argon2-dispatch.o
	ar rcs "$lib" argon2-*.o
fi
install -m 644 "$lib" "$out/lib/"
install -m 644 lib/libcryptsetup.h "$out/include/"
