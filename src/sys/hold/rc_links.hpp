// SPDX-License-Identifier: GPL-3.0-or-later
// The links in /etc/rc?.d that start and stop init scripts. For a script that our
// guard does not reach they are put out of action as `update-rc.d disable` does, and
// what was there before is recorded in /etc/latchkey/links: a line `unit link …` each.
#pragma once

#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "sys/config/setup.hpp"

namespace latchkey {

/// The links to a script, as `rc2.d/S03nginx`, in order.
[[nodiscard]] std::vector<std::string> links_of(const Paths& paths, const std::string& script);

/// The link that starts a script before any runlevel, with what mounts the file systems and
/// brings the network up; empty when there is none.
[[nodiscard]] std::string early_link(const Paths& paths, const std::string& script);

/// Records the links to the unit's script and puts those out of action that start it at
/// boot. A record that is there stays: it is what was before. Fails with Code::io, also
/// when a link still starts it afterwards.
[[nodiscard]] Result<> disable_links(const Paths& paths, const std::string& unit,
                                     const std::string& script);

/// Puts the recorded links back, name by name, and forgets the record; without a record
/// does nothing. insserv is told, where the machine has it, since it keeps an order of
/// its own beside the links. Fails with Code::io.
[[nodiscard]] Result<> restore_links(const Paths& paths, const std::string& unit);

/// The units that have a record.
[[nodiscard]] std::vector<std::string> recorded_units(const Paths& paths);

}  // namespace latchkey
