// SPDX-License-Identifier: GPL-3.0-or-later
// Writing into the tree of an image, every file and directory with its mode.
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "core/base/result.hpp"

namespace latchkey {

/// Takes steps on a tree; after the first one that fails the others do nothing,
/// and result() tells of it. Paths begin with `/` and are within the tree.
class ImageTree {
 public:
  explicit ImageTree(std::string root) : root_(std::move(root)) {}

  /// Makes a directory, or gives the one that is there this mode.
  void directory(const std::string& path, mode_t mode);
  /// Writes a file whole.
  void file(const std::string& path, const std::string& content, mode_t mode);
  /// Rewrites a public file that other hooks may have begun.
  void edit(const std::string& path, const std::function<std::string(std::string_view)>& change);
  /// Writes a file with the content of one outside the tree.
  void copy(const std::string& from, const std::string& path, mode_t mode);
  /// Makes a symbolic link, in place of what is there.
  void link(const std::string& target, const std::string& path);
  /// Removes a file or a whole directory, if it is there.
  void remove(const std::string& path);

  [[nodiscard]] const Result<>& result() const { return result_; }

 private:
  void step(const std::function<Result<>()>& work);

  std::string root_;
  Result<> result_ = Ok{};
};

}  // namespace latchkey
