// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/ssh/login.hpp"

#include <cstdlib>

#include "core/base/text.hpp"
#include "sys/base/fd.hpp"

namespace latchkey {
namespace {

constexpr std::size_t most_read = 1024UL * 1024;
constexpr int most_levels = 64;  // a shell, sudo, a multiplexer …: never that many
constexpr std::string_view name = "SSH_CONNECTION=";

std::string in_environment(const std::string& text) {
  for (const std::string& entry : split(text, '\0'))
    if (entry.starts_with(name)) return entry.substr(name.size());
  return "";
}

pid_t parent_of(const std::string& status) {
  for (const std::string_view line : split_lines(status))
    if (line.starts_with("PPid:"))
      return static_cast<pid_t>(parse_number(trim(line.substr(5)), 1UL << 22U).value_or(0));
  return 0;
}

}  // namespace

std::string ssh_connection(const std::string& root, pid_t parent) {
  if (const char* const own = std::getenv("SSH_CONNECTION"); own != nullptr) return own;
  for (int level = 0; level < most_levels && parent > 1; ++level) {
    const std::string at = root + "/proc/" + std::to_string(parent);
    const auto environment = read_file(at + "/environ", most_read);
    const std::string found = environment ? in_environment(*environment) : "";
    if (!found.empty()) return found;
    const auto status = read_file(at + "/status", most_read);
    parent = status ? parent_of(*status) : 0;
  }
  return "";
}

}  // namespace latchkey
