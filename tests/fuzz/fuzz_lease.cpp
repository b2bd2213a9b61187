// SPDX-License-Identifier: GPL-3.0-or-later
// A DHCP server's answer, as lines NAME=VALUE, and as other clients write it down.
#include <map>

#include "core/base/text.hpp"
#include "core/network/client_id.hpp"
#include "core/network/dhcp_addresses.hpp"
#include "core/network/lease.hpp"
#include "core/network/ledger.hpp"
#include "fuzz/judge.hpp"

using namespace latchkey;
using namespace latchkey::fuzz;

LATCHKEY_FUZZ(text) {
  // What the running system's clients keep of such answers.
  (void)last_leased(text);
  (void)dhclient_name(text);
  if (const auto duid = dhclient_duid(text)) (void)rfc4361_client_id("52:54:00:12:34:56", *duid);
  std::map<std::string, std::string> variables;
  for (const std::string_view line : split_lines(text)) {
    const std::size_t equals = line.find('=');
    if (equals != std::string_view::npos)
      variables[std::string(line.substr(0, equals))] = line.substr(equals + 1);
  }
  const auto lease = parse_lease([&](const std::string& name) {
    const auto found = variables.find(name);
    return found == variables.end() ? std::string() : found->second;
  });
  judge(lease);
  if (!lease) return;
  must_be_line(lease->link);
  must_be_lines(lease->left_out);
  must(lease->setup.routes.size() <= lease_route_limit + 1);
  // What is noted to be taken away again is what was given.
  std::string lines;
  for (const std::string& line : ledger_lines({lease->link, 1, lease->setup})) {
    must_be_line(line);
    lines += line + "\n";
  }
  must(parse_ledger(lines).size() <= 1);
}
