# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What all parts use: number of jobs, compiler flags. Sourced by tools/deps.
# shellcheck disable=SC2034,SC2154

jobs=$(nproc)

# To be called in the directory of the part, so that paths are mapped: what is
# built does not depend on where. The distribution's own hardening flags, plus
# those it does not (yet) set by default; sections so that the final link can
# drop what is unused; PIE since all programs are static-pie.
set_flags() {
	local more="-g0 -fPIE -ffunction-sections -fdata-sections -fstack-clash-protection"
	[ "$arch" != amd64 ] || more+=" -fcf-protection"
	export DEB_BUILD_MAINT_OPTIONS=hardening=+all
	cflags="$(dpkg-buildflags --get CFLAGS) $(dpkg-buildflags --get CPPFLAGS) $more"
	ldflags="$(dpkg-buildflags --get LDFLAGS)"
}
