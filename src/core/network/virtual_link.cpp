// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/network/virtual_link.hpp"

#include <algorithm>

#include "core/base/text.hpp"
#include "core/network/address.hpp"

namespace latchkey {
namespace {

using Kind = VirtualLink::Kind;

// What may be written below /sys/class/net/NAME/bonding.
const std::vector<std::string>& bond_options() {
  static const std::vector<std::string> names{
      "mode",          "miimon",       "updelay",          "downdelay",
      "use_carrier",   "lacp_rate",    "ad_select",        "xmit_hash_policy",
      "primary",       "min_links",    "primary_reselect", "fail_over_mac",
      "arp_interval",  "arp_validate", "arp_ip_target",    "arp_all_targets",
      "num_grat_arp",  "num_unsol_na", "resend_igmp",      "all_slaves_active",
      "tlb_dynamic_lb"};
  return names;
}

bool plain_value(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           std::string_view("._:+-").find(c) != std::string_view::npos;
  });
}

bool sets(const VirtualLink& bond, std::string_view name) {
  return std::ranges::any_of(bond.settings, [&](const auto& s) { return s.name == name; });
}

class Reader {
 public:
  Reader(Kind kind, std::string_view text, std::vector<Error>& problems)
      : text_(text), problems_(problems) {
    out_.kind = kind;
  }

  Result<VirtualLink> read() {
    const std::vector<std::string> parts = split(text_, ':');
    if (parts.empty() || !valid_link_name(parts[0])) return fail("no link can have this name");
    out_.name = parts[0];
    const std::size_t most = out_.kind == Kind::bond ? 4 : 2;
    if (parts.size() > most) return fail("it has more fields than " + key() + " takes");
    if (parts.size() > 1)
      for (const std::string& name : split(parts[1], ',')) {
        if (!valid_link_name(name))
          return fail("'" + printable(name) + "' is no name that a link can have");
        out_.members.push_back({.name = name});
      }
    if (out_.members.empty()) return fail("it names no link to lie on");
    if (out_.kind == Kind::vlan) return vlan();
    if (out_.kind == Kind::bond) {
      if (parts.size() > 2) options(parts[2]);
      complete_bond(out_, "balance-rr");
      if (parts.size() > 3 && !parts[3].empty()) {
        const auto mtu = parse_number(parts[3], 65535);
        if (mtu && *mtu >= 576)
          out_.mtu = static_cast<unsigned>(*mtu);
        else
          tell("the MTU '" + printable(parts[3]) + "' is not from 576 to 65535; it is left out");
      }
    }
    return out_;
  }

 private:
  [[nodiscard]] std::string key() const { return std::string(kind_text(out_.kind)) + "="; }

  [[nodiscard]] Error fail(std::string why) const {
    static const char* const forms[] = {"vlan=eth0.43:eth0", "bond=bond0:eth0,eth1:mode=802.3ad",
                                        "bridge=br0:eth0,eth1"};
    return Error{Code::config, "kernel command line: " + key() + printable(text_), std::move(why),
                 std::string("write it as ") + forms[static_cast<int>(out_.kind)]};
  }

  void tell(std::string why) { problems_.push_back(fail(std::move(why))); }

  Result<VirtualLink> vlan() {
    if (out_.members.size() != 1) return fail("a VLAN lies on one link");
    const std::size_t digits = out_.name.find_last_not_of("0123456789") + 1;
    const auto id = parse_number(std::string_view(out_.name).substr(digits), 4094);
    if (!id || *id == 0) return fail("its name does not end with a number from 1 to 4094");
    out_.vlan_id = static_cast<unsigned>(*id);
    return out_;
  }

  void options(std::string_view text) {
    for (const std::string& word : split(text, ',')) {
      const std::size_t equals = word.find('=');
      const std::string name = word.substr(0, equals);
      const std::string value = equals == std::string::npos ? "" : word.substr(equals + 1);
      if (std::ranges::find(bond_options(), name) == bond_options().end()) {
        const auto near = nearest(name, bond_options());
        tell("there is no option '" + printable(name) + "'" +
             (near ? ", did you mean '" + *near + "'?" : std::string()) + " It is left out");
        continue;
      }
      // Several targets stand in one value, since the comma separates options.
      const auto values = name == "arp_ip_target" ? split(value, ';') : std::vector{value};
      for (const std::string& one : values)
        if (plain_value(one))
          out_.settings.push_back({name, (name == "arp_ip_target" ? "+" : "") + one});
      if (values.empty() || !std::ranges::all_of(values, plain_value))
        tell("the option '" + name + "' cannot be '" + printable(value) + "'; it is left out");
    }
  }

  std::string_view text_;
  std::vector<Error>& problems_;
  VirtualLink out_{};
};

}  // namespace

void complete_bond(VirtualLink& bond, std::string_view mode) {
  if (!sets(bond, "mode")) bond.settings.insert(bond.settings.begin(), {"mode", std::string(mode)});
  std::stable_partition(bond.settings.begin(), bond.settings.end(),
                        [](const auto& s) { return s.name == "mode"; });
  if (!sets(bond, "miimon") && !sets(bond, "arp_interval"))
    bond.settings.push_back({"miimon", "100"});
}

std::string_view kind_text(Kind kind) {
  if (kind == Kind::vlan) return "vlan";
  return kind == Kind::bond ? "bond" : "bridge";
}

std::optional<Kind> parse_kind(std::string_view word) {
  for (const Kind kind : {Kind::vlan, Kind::bond, Kind::bridge})
    if (word == kind_text(kind)) return kind;
  return {};
}

Result<VirtualLink> parse_made_link(Kind kind, std::string_view text, std::vector<Error>& problems) {
  return Reader(kind, text, problems).read();
}

const std::vector<std::string>& bond_modes() {
  static const std::vector<std::string> modes{"balance-rr", "active-backup", "balance-xor",
                                              "broadcast",  "802.3ad",       "balance-tlb",
                                              "balance-alb"};
  return modes;
}

bool valid_bond_mode(std::string_view text) {
  return std::ranges::find(bond_modes(), text) != bond_modes().end();
}

}  // namespace latchkey
