// SPDX-License-Identifier: GPL-3.0-or-later
// The layout of the shell scripts that came before: `conf/ac-fstab` with lines
// `name  vg  mount-point  fstype  options`, and `conf/services`.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/result.hpp"
#include "core/volume.hpp"

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

/// The numbers of the lines, comments left out, that name a file in `directory` (an
/// absolute path without a slash at its end) or the directory itself: where the old
/// scripts are called.
[[nodiscard]] std::vector<std::size_t> lines_naming(std::string_view text,
                                                    std::string_view directory);

}  // namespace latchkey
