// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/mount/xfs.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <string_view>

#include "sys/base/fd.hpp"

namespace latchkey {
namespace {

// Empty when there is no XFS.
std::string uuid_of(const std::string& device) {
  constexpr std::string_view magic = "XFSB";
  constexpr std::size_t at = 32;
  std::array<char, 48> head{};
  const Fd fd(::open(device.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd || ::pread(fd.get(), head.data(), head.size(), 0) != static_cast<ssize_t>(head.size()))
    return {};
  const std::string_view text(head.data(), head.size());
  return text.starts_with(magic) ? std::string(text.substr(at)) : std::string();
}

}  // namespace

bool same_xfs(const std::string& one, const std::string& other) {
  const std::string uuid = uuid_of(one);
  return !uuid.empty() && uuid == uuid_of(other);
}

}  // namespace latchkey
