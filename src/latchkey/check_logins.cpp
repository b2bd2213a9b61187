// SPDX-License-Identifier: GPL-3.0-or-later
// Is there a way in when the boot goes on without the volumes?
#include <unistd.h>

#include <algorithm>
#include <array>

#include "core/logins.hpp"
#include "core/text.hpp"
#include "latchkey/check.hpp"
#include "sys/fd.hpp"
#include "sys/process.hpp"

namespace latchkey {
namespace {

bool has_keys(const Paths& paths, const Account& account) {
  return std::ranges::any_of(std::array{"authorized_keys", "authorized_keys2"},
                             [&](const char* name) {
                               const std::string file = paths.root + account.home + "/.ssh/" + name;
                               return ::access(file.c_str(), F_OK) == 0;
                             });
}

// What sshd itself says of its configuration: keys in another place, or passwords, are a way in
// that does not lie in a home directory.
bool other_ways_in(const Paths& paths) {
  if (!paths.root.empty()) return false;
  const auto said =
      run({"sshd", "-T"}, {.timeout = std::chrono::seconds(10), .merge_stderr = false});
  if (!said || said->status != 0) return false;
  for (const std::string_view line : split_lines(said->output)) {
    const auto words = split_fields(line);
    if (words.empty()) continue;
    if (words[0].text == "authorizedkeysfile")
      for (std::size_t at = 1; at < words.size(); ++at)
        if (words[at].text.starts_with('/')) return true;
    if (words.size() > 1 && (words[0].text == "authorizedkeyscommand" ||
                             words[0].text == "trustedusercakeys") &&
        words[1].text != "none")
      return true;
  }
  return false;
}

}  // namespace

Findings check_logins(const Paths& paths, const EarlyInputs& inputs) {
  const auto passwd = read_file(paths.root + "/etc/passwd");
  if (!inputs.volumes || !passwd) return {};
  std::vector<Account> with_keys;
  for (const Account& account : logins_of(*passwd))
    if (has_keys(paths, account)) with_keys.push_back(account);
  const auto fault = keys_on_volumes(with_keys, *inputs.volumes);
  if (!fault || other_ways_in(paths)) return {};
  return {doubtful(*fault)};
}

}  // namespace latchkey
