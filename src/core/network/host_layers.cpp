// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/network/host_layers.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "core/base/text.hpp"
#include "core/network/address.hpp"
#include "core/network/virtual_link.hpp"

namespace latchkey {
namespace {

// A detail of what a VLAN, bond or bridge is.
const Json& detail(const Json& link, const char* key) {
  static const Json none;
  const auto info = link.find("linkinfo");
  if (info == link.end() || !info->is_object()) return none;
  const auto data = info->find("info_data");
  if (data == info->end() || !data->is_object()) return none;
  const auto found = data->find(key);
  return found == data->end() ? none : *found;
}

std::vector<const Json*> parts_of(const std::vector<Json>& links, const std::string& master) {
  std::vector<const Json*> out;
  for (const Json& link : links)
    if (text_of(link, "master") == master) out.push_back(&link);
  return out;
}

// What a card is called in [network]; empty where nothing can call it.
std::string card_word(const Json& link) {
  const std::string mac = card_mac(link);
  const std::string name = text_of(link, "ifname");
  return mac.empty() && has_drawn_mac(link) && valid_link_name(name) ? name : mac;
}

bool has_flag(const Json& row, const char* flag) {
  const auto flags = row.find("flags");
  return flags != row.end() && flags->is_array() &&
         std::ranges::find(*flags, Json(flag)) != flags->end();
}

// What `bridge vlan` says of a port, or of a bridge itself, for which `holds`; null: nothing.
template <class Holds>
const Json* find_vlan(const Json& link, const Holds& holds) {
  const auto rows = link.find("bridge_vlans");
  if (rows == link.end() || !rows->is_array()) return nullptr;
  const auto found =
      std::ranges::find_if(*rows, [&](const Json& row) { return row.is_object() && holds(row); });
  return found == rows->end() ? nullptr : &*found;
}

const Json* vlan_row(const Json& link, unsigned vlan) {
  return find_vlan(link, [vlan](const Json& row) {
    const std::uint64_t first = number_of(row, "vlan");
    return first != 0 && first <= vlan && vlan <= std::max(first, number_of(row, "vlanEnd"));
  });
}

// The number that a bridge gives its own frames; 0 when that is not known.
unsigned own_vlan(const Json& bridge) {
  const Json* const row = find_vlan(bridge, [](const Json& one) { return has_flag(one, "PVID"); });
  return row == nullptr ? 0 : static_cast<unsigned>(number_of(*row, "vlan"));
}

// Writes what a link is made of into the configuration, from the top to the cards. False when
// [network] cannot say it.
class Layers {
 public:
  Layers(const std::vector<Json>& links, NetworkConfig& out) : links_(links), out_(out) {}

  bool describe(const Json& link) {
    const std::string kind = kind_of(link);
    if (kind == "vlan") return vlan(link);
    if (kind == "bond") return bond(link);
    if (kind == "bridge") return bridge(link);
    out_.interface = card_word(link);
    return kind.empty() && !out_.interface.empty();
  }

 private:
  bool vlan(const Json& link) {
    const Json& id = detail(link, "id");
    const Json& protocol = detail(link, "protocol");
    const Json* const below = link_named(links_, text_of(link, "link"));
    if (out_.vlan != 0 || below == nullptr || !id.is_number_unsigned()) return false;
    if (protocol.is_string() && protocol.get<std::string>() != "802.1Q") return false;
    out_.vlan = id.get<unsigned>();
    return out_.vlan > 0 && out_.vlan < 4095 && describe(*below);
  }

  bool bond(const Json& link) {
    const Json& mode = detail(link, "mode");
    if (!mode.is_string() || !valid_bond_mode(mode.get<std::string>()) || !out_.bond.empty())
      return false;
    out_.bond_mode = mode.get<std::string>();
    for (const Json* part : parts_of(links_, text_of(link, "ifname"))) {
      if (kind_of(*part) == "wireless") continue;
      out_.bond.push_back(card_word(*part));
      if (!kind_of(*part).empty() || out_.bond.back().empty()) return false;
    }
    return !out_.bond.empty();
  }

  // Inside a bridge that filters, a frame has a number that the wire need not show: what leaves
  // without a tag counts as none, and what the bridge itself is in may leave with one.
  void as_on_wire(const Json& bridge) {
    if (detail(bridge, "vlan_filtering") != 1) return;
    const unsigned inside = out_.vlan != 0 ? out_.vlan : own_vlan(bridge);
    for (const Json* part : parts_of(links_, text_of(bridge, "ifname"))) {
      const std::string kind = kind_of(*part);
      if (!kind.empty() && kind != "bond") continue;
      if (const Json* const row = vlan_row(*part, inside)) {
        out_.vlan = has_flag(*row, "Egress Untagged") ? 0 : inside;
        return;
      }
    }
  }

  bool bridge(const Json& link) {
    if (!out_.bridge.empty()) return false;
    as_on_wire(link);
    bool cards = true;
    for (const Json* part : parts_of(links_, text_of(link, "ifname"))) {
      const std::string kind = kind_of(*part);
      // Guests of this machine, tunnels, or those who are served over WLAN.
      if (!lies_on_cards(kind)) continue;
      const unsigned vlan_above = out_.vlan;
      if (kind.empty() && !card_word(*part).empty()) {
        out_.bridge.push_back(card_word(*part));
      } else if ((kind != "bond" && kind != "vlan") || !describe(*part)) {
        return false;
      } else {
        out_.bridge.push_back(kind == "bond" ? "bond0" : "vlan" + std::to_string(out_.vlan));
        if (kind == "vlan" && vlan_above != 0) return false;
        cards = false;
      }
    }
    // Early boot's bridges speak no STP: two cards into one network would be a loop, and of a
    // bond one at a time is used.
    const Json& stp = detail(link, "stp_state");
    if (cards && out_.bridge.size() > 1 && !stp.is_null() && stp != 0) {
      out_.bond = std::exchange(out_.bridge, {});
      return true;
    }
    return !out_.bridge.empty();
  }

  const std::vector<Json>& links_;
  NetworkConfig& out_;
};

}  // namespace

bool lies_on_cards(const std::string& kind) {
  static const std::vector<std::string> kinds{"",       "vlan",        "bond",    "bridge",
                                              "team",   "openvswitch", "macvlan", "macvtap",
                                              "ipvlan", "dsa",         "hsr"};
  return std::ranges::find(kinds, kind) != kinds.end();
}

const Json* link_named(const std::vector<Json>& rows, const std::string& name) {
  const auto found =
      std::ranges::find_if(rows, [&](const Json& row) { return text_of(row, "ifname") == name; });
  return found == rows.end() ? nullptr : &*found;
}

std::vector<std::string> links_below(const std::vector<Json>& links, const Json& link) {
  std::vector<std::string> out;
  if (const std::string below = text_of(link, "link"); !below.empty()) out.push_back(below);
  for (const Json& other : links)
    if (text_of(other, "master") == text_of(link, "ifname"))
      out.push_back(text_of(other, "ifname"));
  return out;
}

std::string kind_of(const Json& link) {
  const auto info = link.find("linkinfo");
  return info != link.end() && info->is_object() ? text_of(*info, "info_kind") : "";
}

void set_drawn_mac(Json& link) {
  link["drawn"] = true;
  link.erase("address");
}

bool has_drawn_mac(const Json& link) { return link.contains("drawn"); }

std::string card_mac(const Json& link) {
  const std::string own = text_of(link, "permaddr");
  return parse_mac(own.empty() ? text_of(link, "address") : own).value_or("");
}

bool describe_layers(const std::vector<Json>& links, const Json& link, NetworkConfig& out) {
  if (!Layers(links, out).describe(link)) return false;
  return kind_of(link).empty() || static_cast<bool>(configured_links(out));
}

std::string stand_in(const std::vector<Json>& links, const Json& link, NetworkConfig& out) {
  const std::string kind = kind_of(link);
  if (kind == "macvlan" || kind == "macvtap" || kind == "ipvlan") {
    const Json* const below = link_named(links, text_of(link, "link"));
    if (below == nullptr || !describe_layers(links, *below, out)) return "";
    return "'" + printable(text_of(*below, "ifname")) + "'";
  }
  if (kind == "team" || kind == "openvswitch") {
    std::vector<std::string> cards;
    std::vector<std::string> names;
    for (const Json* part :
         parts_of(links, kind == "team" ? text_of(link, "ifname") : "ovs-system")) {
      if (!kind_of(*part).empty() || card_word(*part).empty()) continue;
      cards.push_back(card_word(*part));
      names.push_back(text_of(*part, "ifname"));
    }
    // Those of a team lead to one network; of a switch's there is no telling.
    if (cards.size() == 1)
      out.interface = cards.front();
    else if (kind == "team")
      out.bond = cards;
    if (!out.interface.empty() || !out.bond.empty()) return "'" + join(names, "', '") + "'";
  }
  for (const char* wired : {"team", "openvswitch", "bridge", "dsa", "hsr"})
    if (kind == wired) return "a wired interface";
  return "";
}

bool can_make(const std::vector<Json>& links, const std::string& name) {
  const Json* const link = link_named(links, name);
  NetworkConfig config;
  return link != nullptr && describe_layers(links, *link, config);
}

}  // namespace latchkey
