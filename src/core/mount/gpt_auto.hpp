// SPDX-License-Identifier: GPL-3.0-or-later
// What systemd-gpt-auto-generator makes of the disk with the root file system: by their types
// alone, and whatever fstab says, it opens and mounts partitions in certain places.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.hpp"

namespace latchkey {

/// A partition of a GPT, as udev has written it down.
struct GptPartition {
  std::string type{};  ///< in small letters
  std::string disk{};  ///< MAJOR:MINOR
  unsigned long number = 0;
  bool no_auto = false;  ///< its flag that nothing is to be mounted by itself
};

/// Takes udev's record of a device; gives nothing for what is no partition, or one of another
/// kind of table.
[[nodiscard]] std::optional<GptPartition> parse_gpt_partition(std::string_view record);

/// Given instead of a mount point: the partition is used as swap, unless fstab has a line for swap.
inline constexpr const char* gpt_swap = "swap";

/// The place that the type of a partition means, or gpt_swap; empty for most. Nothing for /var,
/// which is never an empty directory, and whose partition has to have the one number that suits the
/// machine, too.
[[nodiscard]] std::string gpt_auto_place(std::string_view type);

/// True when a kernel's command line turns the generator off.
[[nodiscard]] bool gpt_auto_off(std::string_view command_line);

/// Takes whose device a partition is (as in messages), by which path, its disk's path and the
/// place that its type means; says what the boot does with it and how that is ended.
[[nodiscard]] Error gpt_auto_conflict(const std::string& whose, const std::string& device,
                                      const std::string& disk, const GptPartition& partition,
                                      const std::string& place);

}  // namespace latchkey
