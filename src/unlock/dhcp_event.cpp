// SPDX-License-Identifier: GPL-3.0-or-later
// What udhcpc calls for each event. Its environment comes from whoever answers
// on the network.
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <string_view>

#include "core/base/message.hpp"
#include "core/base/text.hpp"
#include "core/network/lease.hpp"
#include "sys/base/fd.hpp"
#include "sys/base/kmsg.hpp"
#include "sys/network/link.hpp"
#include "unlock/command.hpp"
#include "unlock/early_network.hpp"

namespace latchkey {
namespace {

std::string variable(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value == nullptr ? "" : value;
}

// Seconds that go on while the machine sleeps, and that nobody can set.
unsigned long now() {
  timespec time{};
  ::clock_gettime(CLOCK_BOOTTIME, &time);
  return static_cast<unsigned long>(time.tv_sec);
}

// The lease in effect, as the lines of the ledger and one `until SECONDS`
// (0: for ever).
struct Held {
  LinkEntry entry;
  unsigned long until = 0;
};

std::optional<Held> read_held(const std::string& file) {
  const auto text = read_file(file);
  if (!text) return {};
  const auto entries = parse_ledger(*text);
  if (entries.size() != 1) return {};
  Held out{entries[0]};
  for (const std::string_view line : split_lines(*text))
    if (line.starts_with("until ")) out.until = parse_number(line.substr(6), ~0UL).value_or(0);
  return out;
}

Result<> write_held(const std::string& file, const Held& held) {
  std::vector<std::string> lines = ledger_lines(held.entry);
  lines.push_back("until " + std::to_string(held.until));
  return write_file(file, join(lines, "\n") + "\n", 0600);
}

void let_go(const Paths& paths, const std::string& file, const Held& held) {
  take_lease_back(paths, held.entry.setup, held.entry.link, held.entry.metric);
  ::unlink(file.c_str());
}

bool on_link(const LinkSetup& setup, const std::string& link) {
  const auto present = read_addresses();
  return std::ranges::all_of(setup.addresses, [&](const Subnet& address) {
    return std::ranges::find(present, LinkAddress{link, address}) != present.end();
  });
}

bool has_ipv6(const std::string& link) {
  return std::ranges::any_of(read_addresses(), [&](const LinkAddress& address) {
    return address.link == link && address.subnet.address.v6;
  });
}

int bound(const Paths& paths, bool renewed) {
  auto lease = parse_lease(variable);
  if (!lease) {
    kmsg(sentence(lease.error()), Loudness::warning);
    return exit_status(lease.error().code);
  }
  if (has_ipv6(lease->link)) keep_ipv6(*lease);
  const std::string file = early_path(paths, "lease-" + lease->link);
  const auto before = read_held(file);
  Held held{{.link = lease->link, .metric = link_metric(lease->link), .setup = lease->setup}};
  held.entry.setup.mtu.reset();  // the ledger knows what to go back to
  if (lease->seconds != 0) held.until = now() + lease->seconds;
  const bool same = before && before->entry == held.entry && on_link(lease->setup, lease->link);
  if (!same) {
    // First away with the old: an address that went later would take a new one
    // of the same network with it.
    if (before) let_go(paths, file, *before);
    const auto applied = apply_setup(paths, lease->setup, lease->link);
    if (!applied) kmsg(sentence(applied.error()), Loudness::warning);
  }
  if (!lease->left_out.empty() && !renewed)
    kmsg("the DHCP answer on " + lease->link + " was used without " + join(lease->left_out, ", "));
  const auto written = write_held(file, held);
  if (!written) kmsg(sentence(written.error()), Loudness::warning);
  return 0;
}

// Also called when the client starts, and one that died and was started again
// must not take the address from under the session of somebody typing.
int deconfigured(const Paths& paths) {
  const std::string link = variable("interface");
  if (!valid_link_name(link)) return exit_status(Code::damaged);
  const std::string file = early_path(paths, "lease-" + link);
  const auto held = read_held(file);
  // The client's clock started a little before ours.
  constexpr unsigned long tolerance = 5;
  if (held && held->until != 0 && now() + tolerance >= held->until) let_go(paths, file, *held);
  return 0;
}

}  // namespace

int dhcp_event(const Paths& paths, const char* event) {
  const std::string_view name = event == nullptr ? "" : event;
  if (name == "bound" || name == "renew") return bound(paths, name == "renew");
  if (name == "deconfig") return deconfigured(paths);
  return 0;  // leasefail and nak change nothing: the client goes on asking
}

}  // namespace latchkey
