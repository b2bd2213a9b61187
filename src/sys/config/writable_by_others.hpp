// SPDX-License-Identifier: GPL-3.0-or-later
// Who else than root can change a file: by itself, or by putting another in its place.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/config/volume.hpp"
#include "sys/config/setup.hpp"

namespace latchkey {

/// The file or directory by which others than root can change what a path leads to.
struct OthersWay {
  std::string path{};  ///< what was asked for, where it leads, or a directory on the way there
  std::string why{};   ///< as in messages: "it belongs to user 1000"
};

/// Takes a path below `root`; follows its links, and looks at what it leads to and at the
/// directories on the way. Nothing when root alone can change it, or when it is not there.
[[nodiscard]] std::optional<OthersWay> way_of_others(const std::string& path,
                                                     const std::string& root);

/// What others than root can change of the files that decide who gets into early boot: each
/// file or directory once, with the command that ends it. Never fails; takes the volumes, if
/// they are known, for the headers that lie in files.
[[nodiscard]] std::vector<Error> files_of_others(const Paths& paths,
                                                 const std::optional<std::vector<Volume>>& volumes);

}  // namespace latchkey
