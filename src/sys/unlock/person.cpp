// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/unlock/person.hpp"

#include <pwd.h>
#include <unistd.h>

#include <cstdlib>

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

}  // namespace

Peer who_types() {
  Peer peer{.kind = "user"};
  const auto text = read_file("/proc/self/loginuid");
  const auto login = text ? parse_number(trim(*text), 0xfffffffe) : std::nullopt;
  if (login)
    peer.comment = account_of(static_cast<uid_t>(*login));
  else if (const std::string name = environment("SUDO_USER"); !name.empty())
    peer.comment = name;
  else
    peer.comment = account_of(::getuid());
  const std::string connection = environment("SSH_CONNECTION");
  peer.address = connection.substr(0, connection.find(' '));
  return peer;
}

}  // namespace latchkey
