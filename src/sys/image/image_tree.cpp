// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/image/image_tree.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "sys/base/fd.hpp"

namespace latchkey {

void ImageTree::step(const std::function<Result<>()>& work) {
  if (result_) result_ = work();
}

void ImageTree::directory(const std::string& path, mode_t mode) {
  step([&]() -> Result<> {
    if (auto made = make_directories(root_ + path, mode); !made) return made;
    if (::chmod((root_ + path).c_str(), mode) != 0)
      return system_error(errno, "cannot set the mode of '" + root_ + path + "'");
    return Ok{};
  });
}

void ImageTree::file(const std::string& path, const std::string& content, mode_t mode) {
  step([&] { return write_file(root_ + path, content, mode); });
}

void ImageTree::edit(const std::string& path,
                     const std::function<std::string(std::string_view)>& change) {
  file(path, change(text_or_empty(root_ + path)), 0644);
}

void ImageTree::copy(const std::string& from, const std::string& path, mode_t mode) {
  step([&]() -> Result<> {
    const auto content = read_file(from, 64UL << 20U);
    if (!content) return content.error();
    return write_file(root_ + path, *content, mode);
  });
}

void ImageTree::link(const std::string& target, const std::string& path) {
  step([&]() -> Result<> {
    ::unlink((root_ + path).c_str());
    if (::symlink(target.c_str(), (root_ + path).c_str()) != 0)
      return system_error(errno, "cannot make the link '" + root_ + path + "'");
    return Ok{};
  });
}

void ImageTree::remove(const std::string& path) {
  step([&]() -> Result<> {
    std::error_code failed;
    std::filesystem::remove_all(root_ + path, failed);
    if (failed) return system_error(failed.value(), "cannot remove '" + root_ + path + "'");
    return Ok{};
  });
}

}  // namespace latchkey
