// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/logins.hpp"

#include <algorithm>

#include "core/text.hpp"

namespace latchkey {
namespace {

bool lets_nobody_in(std::string_view shell) {
  return shell.ends_with("/nologin") || shell.ends_with("/false") || shell.ends_with("/sync");
}

const Volume* volume_of(const std::string& home, const std::vector<Volume>& volumes) {
  for (const Volume& volume : volumes)
    if (!volume.mount_point.empty() && !mounted_by_system(volume) &&
        (home + "/").starts_with(volume.mount_point + "/"))
      return &volume;
  return nullptr;
}

}  // namespace

std::vector<Account> logins_of(std::string_view passwd) {
  std::vector<Account> out;
  for (const std::string_view line : split_lines(passwd)) {
    const auto fields = split(std::string(line), ':');
    // name:password:UID:GID:comment:home:shell; no shell means /bin/sh.
    if (fields.size() < 6 || !fields[5].starts_with('/')) continue;
    if (fields.size() > 6 && lets_nobody_in(fields[6])) continue;
    out.push_back({fields[0], fields[5]});
  }
  return out;
}

std::optional<Error> keys_on_volumes(const std::vector<Account>& with_keys,
                                     const std::vector<Volume>& volumes) {
  std::vector<std::string> names;
  for (const Account& account : with_keys) {
    if (volume_of(account.home, volumes) == nullptr) return {};
    names.push_back(account.user);
  }
  if (names.empty()) return {};
  const Volume* const first = volume_of(with_keys.front().home, volumes);
  return Error{Code::refused, "the machine's own sshd knows no key while '" + first->name +
                                  "' is not mounted",
               "all authorized_keys lie on volumes: those of " + join(names, ", "),
               "give root or another account outside them a key, or name a place outside in "
               "sshd_config: AuthorizedKeysFile .ssh/authorized_keys "
               "/etc/ssh/authorized_keys.d/%u"};
}

}  // namespace latchkey
