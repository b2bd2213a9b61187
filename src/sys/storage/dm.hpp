// SPDX-License-Identifier: GPL-3.0-or-later
// Device-mapper itself, where libcryptsetup does not reach.
#pragma once

#include <string>
#include <vector>

#include "core/base/result.hpp"

namespace latchkey {

/// True when the kernel's device-mapper has a target of this kind (`crypt`).
[[nodiscard]] bool kernel_has_target(const std::string& kind);

/// The kinds of targets (`linear`, `thin`) in the table of a mapping; none when there is
/// no such mapping.
[[nodiscard]] std::vector<std::string> mapping_targets(const std::string& name);

/// Removes an encrypted mapping that was never finished: a process killed while
/// it made one leaves the name taken by a device without a live table. Before its
/// table is loaded the kernel does not even show such a device in /sys, so nothing
/// else finds it, and the name can never be opened again. Only a device whose UUID
/// says that it is an encrypted volume's, that has no live table and that nobody
/// has open is removed; any other, and none at all, is left alone and is fine.
/// Fails with Code::io when the kernel does not let it go.
[[nodiscard]] Result<> remove_unfinished_mapping(const std::string& name);

/// Waits until udev has made the node of a mapping that is there, a few seconds; then makes
/// it. A disk that hung while it was opened in early boot kept udev from the event, and the
/// udev of the running system passes over mappings whose event it never saw. Nothing is done,
/// and nothing said, where there is no such mapping.
void await_node(const std::string& name);

}  // namespace latchkey
