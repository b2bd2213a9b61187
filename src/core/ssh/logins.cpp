// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/ssh/logins.hpp"

#include <algorithm>

#include "core/base/base64.hpp"
#include "core/base/message.hpp"
#include "core/base/shell_word.hpp"
#include "core/base/text.hpp"
#include "core/mount/fstab_line.hpp"

namespace latchkey {
namespace {

bool lets_nobody_in(std::string_view shell) {
  return shell.ends_with("/nologin") || shell.ends_with("/false") || shell.ends_with("/sync");
}

const Volume* volume_of(std::string_view home, const std::vector<Volume>& volumes) {
  for (const Volume& volume : volumes)
    if (is_released(volume) && lies_on(home, volume.mount_point)) return &volume;
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

bool gives_a_shell(std::string_view authorized_keys) {
  return std::ranges::any_of(split_lines(authorized_keys), [](std::string_view line) {
    const std::string_view text = trim(line);
    if (text.empty() || text.starts_with('#')) return false;
    for (const std::string_view type : {"ssh-", "ecdsa-", "sk-"})
      if (text.starts_with(type)) return true;
    return text.find("command=") == std::string_view::npos;
  });
}

SshdWays sshd_ways(std::string_view settings, const std::vector<Volume>& volumes) {
  SshdWays out;
  for (const std::string_view line : split_lines(settings)) {
    const auto words = split_fields(line);
    if (words.size() < 2) continue;
    const std::string& key = words[0].text;
    if (key == "permitrootlogin")
      out.root = words[1].text != "no" && words[1].text != "forced-commands-only";
    if (key == "authorizedkeysfile")
      for (std::size_t at = 1; at < words.size(); ++at)
        if (words[at].text.starts_with('/') && volume_of(words[at].text, volumes) == nullptr)
          out.other = true;
    if ((key == "authorizedkeyscommand" || key == "trustedusercakeys") && words[1].text != "none")
      out.other = true;
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

std::optional<Error> keys_drifted_apart(const std::vector<AuthorizedKey>& early,
                                        const std::vector<std::string>& texts) {
  if (early.empty() || texts.empty()) return {};
  // Lines with options that early boot cannot honour count as well.
  for (const AuthorizedKey& key : early) {
    const std::string blob = base64_encode(key.blob, false);
    for (const std::string& text : texts)
      if (text.find(blob) != std::string::npos) return {};
  }
  return Error{
      Code::partial, "none of the ssh keys that log in to this machine unlocks it",
      "those in /etc/latchkey/authorized_keys are all others",
      "if people have changed their keys since, write the new ones there too, and run: "
      "update-initramfs -u -k all; if early boot is to have keys of its own, say so: touch "
      "/etc/latchkey/authorized_keys"};
}

std::vector<Error> lingers_too_early(std::string_view passwd,
                                     const std::vector<std::string>& lingering,
                                     const std::vector<Volume>& volumes) {
  std::vector<Error> out;
  for (const std::string_view line : split_lines(passwd)) {
    const auto fields = split(std::string(line), ':');
    if (fields.size() < 6 || std::ranges::find(lingering, fields[0]) == lingering.end()) continue;
    const Volume* const volume = volume_of(fields[5], volumes);
    if (volume == nullptr) continue;
    const std::string unit = "user@" + printable(fields[2]) + ".service";
    out.push_back(
        {Code::partial, "the units of '" + printable(fields[0]) + "' do not start at boot",
         "'" + unit + "' starts before '" + volume->name + "' is mounted, on which their home lies",
         by_hooks() + " run: systemctl restart " + shell_word(unit)});
  }
  return out;
}

}  // namespace latchkey
