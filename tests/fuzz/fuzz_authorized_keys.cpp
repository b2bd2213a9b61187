// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/ssh/authorized_keys.hpp"
#include "fuzz/judge.hpp"

using namespace latchkey;
using namespace latchkey::fuzz;

LATCHKEY_FUZZ(text) {
  const AuthorizedKeys parsed = parse_authorized_keys(text, "authorized_keys");
  for (const Error& error : parsed.errors) judge(error);
  for (const AuthorizedKey& key : parsed.keys) {
    must_be_line(key.comment);
    // The line that Dropbear gets: ours alone decides what the key may do.
    const std::string line = dropbear_line(key);
    must_be_line(line);
    must(line.starts_with("command=\"latchkey-unlock --key " + std::to_string(key.line) +
                          "\",no-port-forwarding,no-agent-forwarding,no-X11-forwarding"));
  }
}
