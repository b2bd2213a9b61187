// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

#include "sys/base/fd.hpp"

namespace latchkey {

/// A block device by a path that is this process's alone: a node on a file system that is
/// mounted nowhere and goes with this. udev watches the node in /dev, and looks at the
/// device again, with all its rules, when it was open for writing; libcryptsetup opens a
/// device so only to learn whether it could. A sixth of a second of a small machine's
/// time for each volume is saved.
class QuietNode {
 public:
  QuietNode() = default;
  /// For `path`; what is no block device, or where the kernel gives no such node, keeps
  /// its own path.
  explicit QuietNode(const std::string& path);

  /// As long as this lives.
  [[nodiscard]] const std::string& path() const { return path_; }
  /// A text for people: the path that was given, wherever it names this one.
  [[nodiscard]] std::string as_given(std::string text) const;

 private:
  std::string given_{};
  std::string path_{};
  Fd mount_{};
};

}  // namespace latchkey
