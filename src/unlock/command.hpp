// SPDX-License-Identifier: GPL-3.0-or-later
// The parts of latchkey-unlock: one process each, one file each.
#pragma once

#include "core/unlock/wire.hpp"
#include "sys/config/setup.hpp"

namespace latchkey {

/// The coordinator: the one process that unlocks. Listens for clients, asks,
/// opens. Returns 0 when the boot is to go on, another status when it is to be
/// started again.
int coordinate(const Paths& paths);

/// The client of the coordinator: shows what it says, reads the passphrase from
/// the terminal or from a pipe. `hello` says who it is. Gives the exit status
/// that the coordinator says, Code::timeout when there is no coordinator. Where the unlock
/// is over and the boot has not gone on, it does what it can by itself; see alone.hpp.
int client(const Paths& paths, const Hello& hello);

/// A prompt on one console: the client, with its terminal opened by path.
int console(const Paths& paths, const char* terminal);

/// Keeps the way in open: network and Dropbear, both started again for ever.
/// Returns only when told to end.
int door(const Paths& paths);

/// What udhcpc calls for each event, with the lease in its environment
/// (untrusted); `event` is its argument. Gives 0 when the event is handled.
int dhcp_event(const Paths& paths, const char* event);

/// The end of early boot: ends sessions, Dropbear and the network that `door`
/// raised, and leaves no file that opens the door. Takes at most 4 s, longer where `ip` stalls.
int farewell(const Paths& paths);

}  // namespace latchkey
