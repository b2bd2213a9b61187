// SPDX-License-Identifier: GPL-3.0-or-later
// Where the files of Latchkey are, and reading the owner's configuration.
#pragma once

#include <string>

#include "core/base/result.hpp"
#include "core/config/setup.hpp"

namespace latchkey {

/// The fixed places. `root` is a prefix that tests set ("" in real life).
struct Paths {
  std::string root{};

  [[nodiscard]] std::string etc(const std::string& file = "") const {
    return root + "/etc/latchkey" + (file.empty() ? "" : "/" + file);
  }
  [[nodiscard]] std::string run(const std::string& file = "") const {
    return root + "/run/latchkey" + (file.empty() ? "" : "/" + file);
  }
};

/// Reads latchkey.conf, volumes and services. A missing services file means
/// that nothing is held; the other two are needed (Code::missing names the file
/// and the command that makes it). Other errors are those of the parsers.
[[nodiscard]] Result<Setup> load_setup(const Paths& paths);

}  // namespace latchkey
