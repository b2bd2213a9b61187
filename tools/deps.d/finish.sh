# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What the prefix says about itself: parts.tsv (what is bundled, in which
# version, under which licence) and the CMake target. Sourced by tools/deps.
# shellcheck disable=SC2154,SC2164 # variables, and set -e, come from there

# row NAME LICENCE SOURCE RUNTIME: a part built here; RUNTIME is the package by which apt
# is asked, on an installed machine, for what has become of SOURCE.
row() { printf '%s\t%s\t%s\t%s\t%s\n' "$1" "$(sed -n "s/^$3 //p" "$versions")" "$2" "$3" "$4"; }
# installed NAME LICENCE PACKAGE RUNTIME: a part taken from an installed package.
installed() {
	printf '%s\t%s\t%s\t%s\t%s\n' "$1" "$(dpkg-query -W -f '${source:Version}' "$3")" "$2" \
		"$(dpkg-query -W -f '${source:Package}' "$3")" "$4"
}
# Its number differs between releases.
utf8proc=$(dpkg-query -W -f '${Depends}' libutf8proc-dev | grep -o 'libutf8proc[0-9]*')
{
	row libmount LGPL-2.1-or-later util-linux libmount1
	row libblkid LGPL-2.1-or-later util-linux libmount1
	row libuuid BSD-3-Clause util-linux libmount1
	row libdevmapper LGPL-2.1-only lvm2 libdevmapper1.02.1
	row libcryptsetup 'GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception AND LGPL-2.1-or-later' cryptsetup libcryptsetup12
	row argon2 'CC0-1.0 OR Apache-2.0' cryptsetup libcryptsetup12
	row dropbear 'MIT AND BSD-2-Clause AND BSD-3-Clause' dropbear dropbear-bin
	row libtommath Unlicense libtommath libtommath1
	row libtomcrypt 'Unlicense OR WTFPL' libtomcrypt libtomcrypt1
	installed musl MIT musl-dev musl
	installed libgcrypt 'LGPL-2.1-or-later AND BSD-3-Clause' libgcrypt20-dev libgcrypt20
	installed libgpg-error LGPL-2.1-or-later libgpg-error-dev libgpg-error0
	installed json-c MIT libjson-c-dev libjson-c5
	installed utf8proc 'MIT AND Unicode-DFS-2016' libutf8proc-dev "$utf8proc"
	installed CLI11 BSD-3-Clause libcli11-dev libcli11-dev
	installed toml++ MIT libtomlplusplus-dev libtomlplusplus-dev
	installed nlohmann-json MIT nlohmann-json3-dev nlohmann-json3-dev
	installed glibc LGPL-2.1-or-later libc6-dev libc6
	installed libstdc++ 'GPL-3.0-or-later WITH GCC-exception-3.1' "${linked[-1]}" libstdc++6
	installed libgcc 'GPL-3.0-or-later WITH GCC-exception-3.1' "${linked[-2]}" libgcc-s1
} >"$out/parts.tsv"

# One --wrap for each function in wrap.c.
wraps=$(nm "$out/lib/latchkeywrap.o" | sed -n 's/.* T __wrap_//p' |
	sed 's/.*/"LINKER:--wrap=&"/' | tr '\n' ' ')

# Order matters: each archive comes before those it calls.
cat >"$out/latchkey-deps.cmake" <<CMAKE
# Made by tools/deps. Link programs to latchkey_static_deps: static-pie, any
# linker warning (such as a call that needs shared libraries) is an error.
add_library(latchkey_static_deps INTERFACE IMPORTED)
set(_latchkey_lib "\${CMAKE_CURRENT_LIST_DIR}/lib")
target_include_directories(latchkey_static_deps SYSTEM INTERFACE "\${CMAKE_CURRENT_LIST_DIR}/include")
target_compile_options(latchkey_static_deps INTERFACE -fPIE)
target_link_options(latchkey_static_deps INTERFACE
  -static-pie LINKER:--gc-sections LINKER:--fatal-warnings
  $wraps)
target_link_libraries(latchkey_static_deps INTERFACE
  "\${_latchkey_lib}/latchkeywrap.o"
  "\${_latchkey_lib}/libcryptsetup.a" "\${_latchkey_lib}/libdevmapper.a" "\${_latchkey_lib}/libudev.a"
  "\${_latchkey_lib}/libmount.a" "\${_latchkey_lib}/libblkid.a" "\${_latchkey_lib}/libuuid.a"
  gcrypt gpg-error json-c utf8proc m pthread)
unset(_latchkey_lib)
CMAKE
