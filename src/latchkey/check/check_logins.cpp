// SPDX-License-Identifier: GPL-3.0-or-later
// Is there a way in when the boot goes on without the volumes?
#include <algorithm>
#include <array>

#include "core/ssh/logins.hpp"
#include "latchkey/check/check.hpp"
#include "sys/base/fd.hpp"
#include "sys/base/untrusted_file.hpp"
#include "sys/process/process.hpp"

namespace latchkey {
namespace {

bool has_keys(const Paths& paths, const Account& account) {
  return std::ranges::any_of(
      std::array{"authorized_keys", "authorized_keys2"}, [&](const char* name) {
        const auto text = read_foreign_file(paths.root + account.home, std::string(".ssh/") + name);
        return text && gives_a_shell(*text);
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
  for (const Account& account : logins_of(*passwd))
    if ((ways.root || account.user != "root") && has_keys(paths, account))
      with_keys.push_back(account);
  Findings out;
  const auto fault = keys_on_volumes(with_keys, *inputs.volumes);
  if (fault && !ways.other) out.push_back(doubtful(*fault));
  const auto lingering = names_in(paths.root + "/var/lib/systemd/linger");
  for (const Error& early : lingers_too_early(*passwd, lingering, *inputs.volumes))
    out.push_back(doubtful(early));
  return out;
}

}  // namespace latchkey
