// SPDX-License-Identifier: GPL-3.0-or-later
// The words of the calls that do what a NetworkPlan says: `ip`, and udhcpc.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "core/network/network.hpp"

namespace latchkey {

/// The calls that give a link its setup. Each can be repeated. `metric` is to
/// differ between links, or their default routes would replace each other.
[[nodiscard]] std::vector<Arguments> link_commands(const LinkSetup& setup, const std::string& link,
                                                   unsigned metric);

/// The calls that take the addresses and routes of a setup away again, those of way_commands()
/// among them.
[[nodiscard]] std::vector<Arguments> undo_commands(const LinkSetup& setup, const std::string& link,
                                                   unsigned metric);

/// The addresses of a setup beside which a default route of their family stands: an answer from
/// one of them is to take that route, though another link has one too.
[[nodiscard]] std::vector<Address> with_own_way(const LinkSetup& setup);

/// The calls for that: a table of the link's own with the setup's default routes, and rules
/// by which the answers get there when no route to somewhere in particular leads on. What is
/// there already, and a kernel without rules, make them fail: that is no harm.
[[nodiscard]] std::vector<Arguments> way_commands(const LinkSetup& setup, const std::string& link,
                                                  unsigned metric);

/// The calls that take the rules away again.
[[nodiscard]] std::vector<Arguments> undo_way_commands(std::span<const Address> addresses,
                                                       unsigned metric);

/// The calls that raise a link, and that take it down.
[[nodiscard]] Arguments raise_command(const std::string& link);
[[nodiscard]] Arguments lower_command(const std::string& link);
/// The call that removes every address of a link.
[[nodiscard]] Arguments flush_command(const std::string& link);

/// The words that `udhcpc` gets behind its own name. It asks again for ever, at
/// most five seconds apart, and for nothing that we do not use. `hostname` and `client_id`
/// are told to the server where they are not empty.
[[nodiscard]] std::vector<std::string> dhcp_words(const std::string& link,
                                                  const std::string& hostname,
                                                  const std::string& client_id,
                                                  const std::string& script);

}  // namespace latchkey
