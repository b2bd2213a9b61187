// SPDX-License-Identifier: GPL-3.0-or-later
// Changing the network in early boot: everything is written down first, in
// /run/latchkey/early, so that farewell can take it away again.
#pragma once

#include <chrono>
#include <set>
#include <string>

#include "core/base/result.hpp"
#include "core/network/ledger.hpp"
#include "core/network/network.hpp"
#include "sys/config/setup.hpp"

namespace latchkey {

/// The directory of what only early boot needs.
[[nodiscard]] std::string early_path(const Paths& paths, const std::string& file = "");

/// The metric of a link's routes: differs between links, and loses against a
/// route that somebody else made.
[[nodiscard]] unsigned link_metric(const std::string& link);

/// Calls busybox's `ip`, which is all that the image has. Gives what it said; fails
/// with Code::io, or Code::timeout.
[[nodiscard]] Result<std::string> call_early(const Arguments& command,
                                             std::chrono::seconds timeout);

/// The links that early boot made, in the order of their making.
[[nodiscard]] std::vector<std::string> made_links(const Paths& paths);

/// Writes down that a link is about to be made by us, or that it is not ours after
/// all.
void remember_made(const Paths& paths, const std::string& link, bool ours);

/// Writes down that a link that somebody else had raised is about to be taken down
/// for a bond.
void remember_lowered(const Paths& paths, const std::string& link);

/// The links that were down before early boot raised them.
[[nodiscard]] std::set<std::string> raised_links(const Paths& paths);

/// Writes down that a link is about to be raised by us. Twice is once.
void remember_raised(const Paths& paths, const std::string& link);

/// Raises a link, written down before. Fails with Code::io.
[[nodiscard]] Result<> raise_link(const Paths& paths, const LinkFacts& link);

/// Gives a link its setup. What the link had already is not written down as
/// ours. All of it is tried; the first failure is the one told (Code::io).
[[nodiscard]] Result<> apply_setup(const Paths& paths, const LinkSetup& setup,
                                   const std::string& link);

/// Takes a setup's addresses and routes away again; what is gone already is fine. Gives false
/// when a call did not end, so that something may be there still.
bool undo_setup(const LinkSetup& setup, const std::string& link, unsigned metric);

/// The same for a lease that is over, which is not written down any more then: a server that
/// gives another address each time would make farewell's work longer and longer.
void take_lease_back(const Paths& paths, const LinkSetup& setup, const std::string& link,
                     unsigned metric);

/// Brings every link back to what it was before early boot. Links that it made go,
/// the topmost first, and free what they lay on, so that the real system can make
/// them again. Links that were up
/// already keep what others gave them. When something still lives off the
/// network (root on NFS, iSCSI, NBD) the links stay up, and that is told. However late it is,
/// each link is tried, until three calls of `ip` did not end in their time (2, 4 and 8 s).
/// Fails with Code::partial, naming what is left.
[[nodiscard]] Result<> restore_network(const Paths& paths);

}  // namespace latchkey
