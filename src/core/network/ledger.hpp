// SPDX-License-Identifier: GPL-3.0-or-later
// What early boot gave to links, as lines of a file, so that it can be taken
// away again by another process, and only it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/network/network.hpp"

namespace latchkey {

/// An address that rules are there for, see way_commands().
struct RuledAddress {
  Address address{};
  unsigned metric = 0;  ///< that of the link then: one that is plugged in again has another

  bool operator==(const RuledAddress&) const = default;
};

/// One thing, or several of one link.
struct LinkEntry {
  std::string link;
  unsigned metric = 0;
  LinkSetup setup{};  ///< its mtu is the one to go back to
  std::vector<RuledAddress> ruled{};

  bool operator==(const LinkEntry&) const = default;
};

/// One line for each address, route, rule and MTU, without line ends.
[[nodiscard]] std::vector<std::string> ledger_lines(const LinkEntry& entry);

/// Reads the lines of a file back, one entry per link in the order of their
/// first line. Lines of another form are left out.
[[nodiscard]] std::vector<LinkEntry> parse_ledger(std::string_view text);

/// The line that says that early boot made a link, or (not `ours`) that somebody else
/// was quicker.
[[nodiscard]] std::string made_line(const std::string& link, bool ours);

/// Reads such lines back: the links of early boot's own in the order in which they
/// were first made. The last line about a link counts; others are left out.
[[nodiscard]] std::vector<std::string> parse_made(std::string_view text);

}  // namespace latchkey
