// SPDX-License-Identifier: GPL-3.0-or-later
// Who could still log in to the machine's own sshd while no volume is mounted.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.hpp"
#include "core/volume.hpp"

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

/// Takes the accounts that have authorized keys below their home. Gives the volumes' fault:
/// each of these homes lies on a volume, so after `continue`, or when that volume's file system
/// is damaged, sshd finds nobody's keys. Nothing: somebody's are elsewhere, or there is none.
[[nodiscard]] std::optional<Error> keys_on_volumes(const std::vector<Account>& with_keys,
                                                   const std::vector<Volume>& volumes);

}  // namespace latchkey
