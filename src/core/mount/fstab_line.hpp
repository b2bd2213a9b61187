// SPDX-License-Identifier: GPL-3.0-or-later
// One line of /etc/fstab: what systemd makes of its options, and which directories it
// needs before it can be mounted.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/text.hpp"

namespace latchkey {

struct FstabLine {
  Field source{};
  Field target{};
  std::string place{};  ///< the target, without slashes at its end
  std::string type{};
  std::vector<std::string> options{};

  [[nodiscard]] bool has(std::string_view option) const;
  /// Swap has no target, and systemd orders it by nothing that stands in the line.
  [[nodiscard]] bool swap() const { return type == "swap"; }
  /// Its place is a mount point from the start, and the mount follows at the first use.
  [[nodiscard]] bool automount() const { return has("x-systemd.automount"); }
  /// It takes effect by itself: `noauto` means nothing beside an automount.
  [[nodiscard]] bool at_boot() const { return !has("noauto") || automount(); }
  /// Nothing waits for it, and its failure is only its own.
  [[nodiscard]] bool may_fail() const;
  /// Its mount is ordered behind this unit.
  [[nodiscard]] bool after(std::string_view unit) const;
  /// Directories and files that it takes its contents from: a bind mount's source, a
  /// loop device's or a swap's file, the layers of an overlay or a union, which may be patterns.
  [[nodiscard]] std::vector<std::string> contents() const;
};

/// Reads one line; nothing for comments, empty lines and lines without a target.
[[nodiscard]] std::optional<FstabLine> parse_fstab_line(std::string_view line);

/// True for the directory itself and all that is below it; both by their plain names:
/// a path is taken without `.`, `..` and doubled slashes.
[[nodiscard]] bool lies_on(std::string_view path, std::string_view directory);

/// The same of a path with patterns as a shell has them (`/mnt/disk*/data`).
[[nodiscard]] bool pattern_leads_to(std::string_view path, std::string_view directory);

}  // namespace latchkey
