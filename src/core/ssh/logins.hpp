// SPDX-License-Identifier: GPL-3.0-or-later
// Who could still log in to the machine's own sshd while no volume is mounted.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "core/config/volume.hpp"
#include "core/ssh/authorized_keys.hpp"

namespace latchkey {

/// An account of passwd(5) that a person can log in to.
struct Account {
  std::string user{};
  std::string home{};
  bool operator==(const Account&) const = default;
};

/// The accounts of /etc/passwd with a shell and a home directory; lines that are none are
/// left out. Never fails.
[[nodiscard]] std::vector<Account> logins_of(std::string_view passwd);

/// Takes the text of an authorized_keys file. True when a key in it gives a shell: one without
/// a command of its own, as cloud images give root: that only says which user to log in as.
[[nodiscard]] bool gives_a_shell(std::string_view authorized_keys);

/// What sshd's own account of its configuration says of other ways in.
struct SshdWays {
  bool root = true;    ///< root may log in by key
  bool other = false;  ///< keys or certificates that lie neither in homes nor on these volumes
};

/// Takes what `sshd -T` printed; sections for single users or addresses are not in it.
[[nodiscard]] SshdWays sshd_ways(std::string_view settings, const std::vector<Volume>& volumes);

/// Takes the accounts that have authorized keys below their home. Gives the volumes' fault:
/// each of these homes lies on a volume, so after `continue`, or when that volume's file system
/// is damaged, sshd finds nobody's keys. Nothing: somebody's are elsewhere, or there is none.
[[nodiscard]] std::optional<Error> keys_on_volumes(const std::vector<Account>& with_keys,
                                                   const std::vector<Volume>& volumes);

/// Takes the keys of early ssh, and the texts of all authorized_keys with a key that lets somebody
/// in to the running system. Gives a warning where they have no key in common: whoever changed
/// theirs may find out at the next boot. Nothing where either has none.
[[nodiscard]] std::optional<Error> keys_drifted_apart(const std::vector<AuthorizedKey>& early,
                                                      const std::vector<std::string>& texts);

/// Takes the text of /etc/passwd and the users whose own service manager starts at boot
/// (loginctl enable-linger). Gives what is wrong for each whose home lies on a volume: it
/// starts before the release and finds none of the user's units.
[[nodiscard]] std::vector<Error> lingers_too_early(std::string_view passwd,
                                                   const std::vector<std::string>& lingering,
                                                   const std::vector<Volume>& volumes);

}  // namespace latchkey
