// SPDX-License-Identifier: GPL-3.0-or-later
// The layout of the shell scripts that came before: `conf/ac-fstab` with lines
// `name  vg  mount-point  fstype  options`, and `conf/services`.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "core/config/volume.hpp"

namespace latchkey {

struct LegacyLayout {
  /// The volume groups that lines name, in order. The keys volume is
  /// `encrypted-keys` in one of them; only the machine can tell in which.
  std::vector<std::string> groups{};
  std::vector<Volume> volumes{};     ///< `VG/encrypted-NAME`, all else as by default
  std::vector<std::string> units{};  ///< with their suffixes, in order
  std::vector<std::string> notes{};  ///< what is not taken over as it stands, with its place
};

/// A file as it was read.
struct NamedText {
  std::string_view text;
  std::string_view file;  ///< its name in messages
};

/// Takes both files (an absent services file is an empty text). Comments, blank
/// lines, CRLF and absent options are fine, and so are fstab's two numbers at the
/// end. Fails with Code::config (position, offending text, hint) for whatever
/// parse_volumes and parse_services would refuse, for a volume named `keys`, and
/// when there is no volume at all.
[[nodiscard]] Result<LegacyLayout> parse_legacy(const NamedText& fstab, const NamedText& services);

/// Gives volumes whose names Latchkey needs for its own work (`backup`, `import`) other ones:
/// only the name is another, the logical volume, mapping and key file stay. `before` are the
/// volumes that are configured: what one of them is on keeps the name that it has there.
/// Gives a line for people about each that was renamed here.
[[nodiscard]] std::vector<std::string> free_reserved_names(std::vector<Volume>& volumes,
                                                           const std::vector<Volume>& before);

}  // namespace latchkey
