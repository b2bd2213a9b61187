# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Our own small stand-ins: libudev for libdevmapper, and the functions that a
# static program must not take from glibc. Sourced by tools/deps.
# shellcheck disable=SC2154,SC2164 # variables, and set -e, come from there

set_flags
# shellcheck disable=SC2086
gcc $cflags -Wall -Wextra -Werror -c "$parts/udev/libudev.c" -o libudev.o
ar rcs "$out/lib/libudev.a" libudev.o
# An object, not an archive: libc itself may call these, and it is linked last.
# shellcheck disable=SC2086
gcc $cflags -Wall -Wextra -Werror -c "$parts/wrap.c" -o "$out/lib/latchkeywrap.o"
