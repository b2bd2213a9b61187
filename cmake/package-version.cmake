# SPDX-License-Identifier: GPL-3.0-or-later
# Read by cpack when it packs: each package has the time of its making in its version, so that apt
# takes one that was built again for an upgrade. SOURCE_DATE_EPOCH is heeded.
string(TIMESTAMP made "%Y%m%d.%H%M%S" UTC)
set(CPACK_DEBIAN_PACKAGE_VERSION "${CPACK_PACKAGE_VERSION}+${made}")
