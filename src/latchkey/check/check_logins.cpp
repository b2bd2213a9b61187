// SPDX-License-Identifier: GPL-3.0-or-later
// Is there a way in when the boot goes on without the volumes?
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "core/ssh/logins.hpp"
#include "latchkey/check/check.hpp"
#include "sys/base/fd.hpp"
#include "sys/base/untrusted_file.hpp"
#include "sys/process/process.hpp"

namespace latchkey {
namespace {

constexpr std::array key_files{".ssh/authorized_keys", ".ssh/authorized_keys2"};

// The texts of an account's files that let somebody in.
std::vector<std::string> keys_of(const Paths& paths, const Account& account) {
  std::vector<std::string> out;
  for (const char* name : key_files) {
    auto text = read_foreign_file(paths.root + account.home, name);
    if (text && gives_a_shell(*text)) out.push_back(std::move(*text));
  }
  return out;
}

// True when one of these accounts' keys were written later than a file: whoever has looked since
// has touched that.
bool changed_since(const Paths& paths, const std::vector<Account>& accounts,
                   const std::string& file) {
  struct stat early {};
  if (::stat(file.c_str(), &early) != 0) return false;
  return std::ranges::any_of(accounts, [&](const Account& account) {
    return std::ranges::any_of(key_files, [&](const char* name) {
      struct stat info {};
      const std::string path = paths.root + account.home + "/" + name;
      return ::stat(path.c_str(), &info) == 0 && info.st_mtime > early.st_mtime;
    });
  });
}

SshdWays ask_sshd(const Paths& paths, const std::vector<Volume>& volumes) {
  if (!paths.root.empty()) return {};
  const auto said =
      run({"sshd", "-T"}, {.timeout = std::chrono::seconds(10), .merge_stderr = false});
  return said && said->status == 0 ? sshd_ways(said->output, volumes) : SshdWays{};
}

}  // namespace

Findings check_logins(const Paths& paths, const EarlyInputs& inputs) {
  const auto passwd = read_file(paths.root + "/etc/passwd");
  if (!inputs.volumes || !passwd) return {};
  const SshdWays ways = ask_sshd(paths, *inputs.volumes);
  std::vector<Account> with_keys;
  std::vector<std::string> texts;
  for (const Account& account : logins_of(*passwd)) {
    if (!ways.root && account.user == "root") continue;
    const std::vector<std::string> own = keys_of(paths, account);
    if (!own.empty()) with_keys.push_back(account);
    texts.insert(texts.end(), own.begin(), own.end());
  }
  Findings out;
  if (const auto apart = keys_drifted_apart(inputs.keys, texts);
      apart && !ways.other && changed_since(paths, with_keys, paths.etc("authorized_keys")))
    out.push_back(doubtful(*apart));
  const auto fault = keys_on_volumes(with_keys, *inputs.volumes);
  if (fault && !ways.other) out.push_back(doubtful(*fault));
  const auto lingering = names_in(paths.root + "/var/lib/systemd/linger");
  for (const Error& early : lingers_too_early(*passwd, lingering, *inputs.volumes))
    out.push_back(doubtful(early));
  return out;
}

}  // namespace latchkey
