// SPDX-License-Identifier: GPL-3.0-or-later
// What is linked into early boot's programs, and whether the archive has mended it since.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace latchkey {

/// A part, as a line of /usr/share/latchkey/bundled names it.
struct BundledPart {
  std::string source{};   ///< its source package
  std::string version{};  ///< that was built
  std::string package{};  ///< a binary package of that source, by which apt is asked

  bool operator==(const BundledPart&) const = default;
};

/// Reads the lines `SOURCE VERSION PACKAGE`; others are left out.
[[nodiscard]] std::vector<BundledPart> parse_bundled(std::string_view text);

/// Takes what `apt-cache show --no-all-versions` printed; gives the version of the source
/// of each binary package, without the mark of a mere rebuild (`+b1`).
[[nodiscard]] std::map<std::string, std::string> parse_source_versions(std::string_view text);

/// True for two revisions of one upstream version: `1.10.1-3` and `1.10.1-3+deb12u1`.
/// Another upstream version is another release's, and says nothing of mended faults.
[[nodiscard]] bool same_upstream(std::string_view a, std::string_view b);

}  // namespace latchkey
