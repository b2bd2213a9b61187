// SPDX-License-Identifier: GPL-3.0-or-later
// What keeps LVM from reading some devices, beside what its owner keeps from it.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace latchkey {

/// What `lvm config` is asked, before lvm_without(); it reads no disk for that.
[[nodiscard]] std::vector<std::string> lvm_filter_question();

/// Takes its answer, lines `name=value`, and paths in /dev; gives the words for an LVM command
/// that is to read all it may but these. A device must pass both of LVM's filters
/// (lvm.conf: filter, global_filter), so ours takes the place of one that its owner does not use:
/// what they keep from LVM, as the copy of a disk or a guest's, stays hidden. Gives nothing where
/// they use both, where LVM goes by a devices file (`has_devices_file`: there is one), which puts
/// the filters out of force, where the answer does not tell, and for no devices.
[[nodiscard]] std::vector<std::string> lvm_without(std::string_view answer,
                                                   std::span<const std::string> devices,
                                                   bool has_devices_file);

}  // namespace latchkey
