// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/unlock/person.hpp"

#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <optional>

#include "core/base/text.hpp"
#include "sys/base/fd.hpp"

namespace latchkey {
namespace {

std::string account_of(uid_t user) {
  const passwd* entry = ::getpwuid(user);
  return entry != nullptr ? printable(entry->pw_name) : "user " + std::to_string(user);
}

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? printable(value) : "";
}

// Of the login that led here, as pam_loginuid(8) told the kernel.
std::optional<uid_t> login_user() {
  const auto text = read_file("/proc/self/loginuid");
  const auto login = text ? parse_number(trim(*text), 0xfffffffe) : std::nullopt;
  if (!login) return {};
  return static_cast<uid_t>(*login);
}

}  // namespace

std::vector<std::string> accounts_here() {
  std::vector<std::string> out;
  const auto add = [&out](const std::string& name) {
    if (!name.empty() && std::ranges::find(out, name) == out.end()) out.push_back(name);
  };
  const auto login = login_user();
  if (const passwd* const entry = login ? ::getpwuid(*login) : nullptr; entry != nullptr)
    add(entry->pw_name);
  if (const char* const user = std::getenv("SUDO_USER"); user != nullptr) add(user);
  add("root");
  return out;
}

Peer who_types() {
  Peer peer{.kind = "user"};
  if (const auto login = login_user())
    peer.comment = account_of(*login);
  else if (const std::string name = environment("SUDO_USER"); !name.empty())
    peer.comment = name;
  else
    peer.comment = account_of(::getuid());
  const std::string connection = environment("SSH_CONNECTION");
  peer.address = connection.substr(0, connection.find(' '));
  return peer;
}

}  // namespace latchkey
