// SPDX-License-Identifier: GPL-3.0-or-later
// Who logs in to an iSCSI target.
#pragma once

#include <string>

namespace latchkey {

/// True for the directory in /sys of an iSCSI session, or of a disk on one, whose adapter logs
/// in by itself and has an address of its own: it needs no program and no link of ours. False
/// for one that a program logs in, whatever drives it, and for what is none of iSCSI's.
[[nodiscard]] bool iscsi_by_itself(const std::string& root, const std::string& directory);

}  // namespace latchkey
