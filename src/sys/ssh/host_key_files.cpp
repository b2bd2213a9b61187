// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/ssh/host_key_files.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <string_view>

#include "core/ssh/host_key_choice.hpp"
#include "sys/base/fd.hpp"

namespace latchkey {
namespace {

// No more than the name of the type, which stands first: the key itself is none of our business.
std::string kind_of(const std::string& path) {
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  std::array<char, 24> first{};
  const ssize_t got = fd ? ::read(fd.get(), first.data(), first.size()) : -1;
  if (got <= 0) return "";
  return dropbear_key_kind(std::string_view(first.data(), static_cast<std::size_t>(got)));
}

}  // namespace

std::vector<std::string> usable_host_keys(const std::string& directory) {
  std::vector<HostKeyKind> found;
  for (const std::string& name : names_in(directory))
    if (name.ends_with(".dropbear")) found.push_back({name, kind_of(directory + "/" + name)});
  std::vector<std::string> out;
  const HostKeyChoice choice = choose_host_keys(std::move(found));
  for (const std::string& name : choice.used) out.push_back(directory + "/" + name);
  return out;
}

}  // namespace latchkey
