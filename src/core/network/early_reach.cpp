// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/network/early_reach.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/base/text.hpp"
#include "core/network/dhcp_addresses.hpp"
#include "core/network/host_addresses.hpp"
#include "core/network/host_layers.hpp"
#include "core/network/network_text.hpp"
#include "core/network/uplink.hpp"

namespace latchkey {
namespace {

// The running system's addresses, as far as they matter here.
struct Present {
  std::string link{};                // the one that `own` is of
  std::vector<Subnet> own{};         // written down for this machine, where it is to be reached
  std::vector<Address> here{};       // all of the links that it may be reached over
  std::vector<Address> elsewhere{};  // of the other links
  std::vector<HostAddress> usable{};  // all of the links that early boot can have
  std::vector<std::string> lent{};    // those of them on which a DHCP server lent one
};

// Where it is to be reached is one link, or, where there is no telling, any with an address of
// its own.
std::vector<std::string> candidates(const IpTexts& texts, const std::string& link) {
  if (!link.empty() && !leads_nowhere(links_of(texts), link)) return {link};
  return links_of_its_own(texts);
}

Present present_addresses(const IpTexts& texts, const std::string& link) {
  Present out;
  const auto links = links_of(texts);
  const auto own = candidates(texts, link);
  for (const Json& row : address_rows(texts)) {
    const std::string name = text_of(row, "ifname");
    const bool here = std::ranges::find(own, name) != own.end();
    for (const HostAddress& address : addresses_of(row)) {
      (here ? out.here : out.elsewhere).push_back(address.subnet.address);
      if (here && address.own() && (out.own.empty() || out.link == name)) {
        out.link = name;
        out.own.push_back(address.subnet);
      }
      if (!here && !can_make(links, name)) continue;
      out.usable.push_back(address);
      if (address.lent()) out.lent.push_back(name);
    }
  }
  return out;
}

// True when a DHCP server answers on a link where early boot asks one. What it makes may have
// another name than now, and a card as well.
bool lent(const NetworkPlan& plan, const Present& now, const std::vector<Json>& links) {
  return std::ranges::any_of(plan.links, [&](const LinkPlan& planned) {
    const LinkMatch& match = planned.match;
    return !planned.leave && planned.dhcp4 &&
           std::ranges::any_of(now.lent, [&](const std::string& name) {
             const Json* const link = link_named(links, name);
             if (match.any() || link == nullptr || !kind_of(*link).empty()) return true;
             if (!match.mac.empty()) return match.mac == card_mac(*link);
             return match.name == name || link_named(links, match.name) == nullptr;
           });
  });
}

bool among(const Subnet& subnet, const std::vector<Address>& addresses) {
  return std::ranges::find(addresses, subnet.address) != addresses.end();
}

// As the running system has it, to be copied; its addresses also where init could not say more.
std::string lines_for(const HostNetwork& host, const std::vector<std::string>& own) {
  NetworkConfig config = host.config;
  if (config.address.empty() && !own.empty()) {
    config.method = NetworkConfig::Method::fixed;
    config.address = own;
  }
  return "write into [network] of latchkey.conf: " + join(network_lines(config), ", ") +
         " (see latchkey.conf(5)); then: update-initramfs -u -k all";
}

// Where DHCP is asked by another identifier than now: a server may go by that.
std::optional<Finding> other_client(const NetworkPlan& plan, const IpTexts& texts,
                                    const HostNetwork& host) {
  const HostLease* const lease = lease_of(texts, host.link);
  const bool same = std::ranges::any_of(plan.links, [&](const LinkPlan& link) {
    return link.dhcp4 && (host.config.client_id.empty() ? !link.client_id.empty()
                                                        : link.client_id == host.config.client_id);
  });
  const bool usual = lease != nullptr && !lease->client_id.empty() && host.config.client_id.empty();
  if (lease == nullptr || usual || same) return {};
  return doubtful(
      {Code::config,
       "early boot asks the DHCP server by another client identifier than '" +
           printable(host.link) + "' did",
       "a server that goes by it gives early ssh another address than this machine has now",
       (lease->client_id.empty()
            ? "let the server go by the MAC address, or write into [network] of latchkey.conf: "
              "client_id, as that of the running system"
            : "write into [network] of latchkey.conf: client_id = \"" + lease->client_id + '"') +
           " (see latchkey.conf(5)); then: update-initramfs -u -k all"});
}

// The MAC address that the topmost bond or bridge of the plan gets; empty: there is none, or it
// is not known.
std::string made_mac(const NetworkPlan& plan, const std::vector<Json>& links) {
  std::map<std::string, std::string> macs;
  std::string top;
  for (const VirtualLink& made : plan.made) {
    std::string mac = made.mac;
    if (mac.empty() && !made.members.empty()) {
      const LinkMatch& first = made.members.front();
      const Json* const card = link_named(links, first.name);
      if (!first.mac.empty())
        mac = first.mac;
      else if (macs.contains(first.name))
        mac = macs[first.name];
      else if (card != nullptr)
        mac = card_mac(*card);
    }
    macs[made.name] = mac;
    if (made.kind != VirtualLink::Kind::vlan) top = mac;
  }
  return top;
}

// Where a bond or bridge shows another MAC address than that of the running system.
std::optional<Finding> other_mac(const NetworkPlan& plan, const std::vector<Json>& links,
                                 const std::string& name) {
  const Json* const link = link_named(links, name);
  const auto now = link == nullptr ? std::nullopt : parse_mac(text_of(*link, "address"));
  const std::string early = made_mac(plan, links);
  if (!now || early.empty() || kind_of(*link).empty() || *now == early) return {};
  return doubtful(
      {Code::config,
       "early boot has the MAC address " + early + " where '" + printable(name) + "' has " + *now,
       "a DHCP server that goes by it gives another address, and a switch may let nothing through",
       "write into [network] of latchkey.conf: mac = \"" + *now + "\" (see latchkey.conf(5))" +
           (plan.by_ip_option ? ", and take the ip= away, which comes before it" : "") +
           "; then: update-initramfs -u -k all"});
}

// Where the address is right, and early boot has no way from it to elsewhere.
std::optional<Finding> no_way_out(const NetworkPlan& plan, const IpTexts& texts,
                                  const std::vector<Subnet>& fixed) {
  const Uplink ways = find_uplink(texts);
  for (const auto& way : {ways.v4, ways.v6}) {
    if (!way || way->link != ways.link || way->protocol == "ra") continue;
    const bool six = way->to.address.v6;
    const auto of_family = [six](const auto& to) { return to.address.v6 == six; };
    const auto planned = std::ranges::find_if(fixed, of_family);
    const bool routed = std::ranges::any_of(plan.links, [&](const LinkPlan& link) {
      return (link.dhcp4 && !six) ||
             std::ranges::any_of(link.fixed.routes, [&](const Route& route) {
               return route.to.prefix == 0 && of_family(route.to);
             });
    });
    if (planned == fixed.end() || routed) continue;
    std::string by = "over '" + printable(way->link) + "'";
    if (!way->gateway.empty()) by = "over " + printable(way->gateway);
    if (!way->other_gateway.empty())
      by = "over the IPv6 gateway " + printable(way->other_gateway) +
           ", which [network] cannot say for IPv4";
    return doubtful(
        {Code::config,
         "early boot has " + planned->text() + " and no gateway; this machine goes " + by,
         "nobody from outside of that subnet reaches early ssh under this address",
         "name the gateway in [network] of latchkey.conf (see latchkey.conf(5)), or an "
         "address of the other family; then: update-initramfs -u -k all"});
  }
  return {};
}

// True where early boot comes up in a network of its own, with frames that it tags or by another
// card of the machine than that by which it is reached now.
bool in_its_own_network(const NetworkPlan& plan, const std::vector<Json>& links,
                        const std::string& now) {
  const Json* const here = link_named(links, now);
  return std::ranges::any_of(
             plan.made, [](const VirtualLink& made) { return made.kind == VirtualLink::Kind::vlan; }) ||
         std::ranges::any_of(plan.links, [&](const LinkPlan& link) {
           if (!link.match.name.empty())
             return link.match.name != now && link_named(links, link.match.name) != nullptr;
           return !link.match.mac.empty() && here != nullptr && card_mac(*here) != link.match.mac &&
                  std::ranges::any_of(
                      links, [&](const Json& other) { return card_mac(other) == link.match.mac; });
         });
}

// The first fixed address, where no one of them is of a network that the machine is in; nothing
// where the machine has no address of its family.
const Subnet* of_another_network(const std::vector<Subnet>& fixed,
                                 const std::vector<HostAddress>& usable) {
  const auto near = [&](const Subnet& one) {
    return std::ranges::any_of(usable, [&](const HostAddress& there) {
      return one.contains(there.subnet.address) || there.subnet.contains(one.address);
    });
  };
  const auto comparable = [&](const Subnet& one) {
    return std::ranges::any_of(usable, [&](const HostAddress& there) {
      return there.subnet.address.v6 == one.address.v6;
    });
  };
  const auto found = std::ranges::find_if(fixed, comparable);
  return found == fixed.end() || std::ranges::any_of(fixed, near) ? nullptr : &*found;
}

// Where the machine's own address is lent, and early boot has a fixed one that its network has not:
// after a move, or on new hardware.
std::optional<Finding> moved_away(const NetworkPlan& plan, const std::vector<Subnet>& fixed,
                                  const std::vector<HostAddress>& usable,
                                  const std::vector<Json>& links, const std::string& link) {
  if (in_its_own_network(plan, links, link)) return {};
  const Subnet* const far = of_another_network(fixed, usable);
  if (far == nullptr) return {};
  std::vector<std::string> now;
  for (const HostAddress& there : usable)
    if (there.subnet.address.v6 == far->address.v6) now.push_back(there.subnet.text());
  return doubtful(
      {Code::config,
       "early boot has " + far->text() + ", and this machine has " + join(now, ", ") +
           " now, of another network",
       "nobody reaches early ssh under an address that its network does not know",
       std::string("unless that is meant, ") +
           (plan.by_ip_option ? "correct the ip= of the kernel's command line"
                              : "write into [network] of latchkey.conf: method = \"dhcp\", or the "
                                "address that it is to have") +
           " (see latchkey.conf(5)); then: update-initramfs -u -k all"});
}

// What early boot is to have and this machine has now, compared.
class Reach {
 public:
  Reach(const NetworkPlan& plan, const IpTexts& texts, bool meant)
      : plan_(plan),
        texts_(texts),
        meant_(meant),
        host_(host_network(texts)),
        links_(links_of(texts)),
        now_(present_addresses(texts, host_.link)) {
    for (const LinkPlan& link : plan.links) {
      if (link.leave) continue;
      fixed_.insert(fixed_.end(), link.fixed.addresses.begin(), link.fixed.addresses.end());
      dhcp_ = dhcp_ || link.dhcp4;
    }
  }

  [[nodiscard]] std::optional<Finding> look() const {
    if (!dhcp_ && fixed_.empty()) {  // what routers announce is no matter of ours
      const auto six = plan_.links.empty() ? std::nullopt : by_dhcp6_alone(now_.usable);
      return six ? std::optional(bad(no_dhcp6(host_.link, *six))) : std::nullopt;
    }
    const Json* const link = link_named(links_, host_.link);
    if (now_.usable.empty() && link != nullptr && kind_of(*link) == "wireless")
      return fixed_.empty() ? bad(no_wireless(host_.link)) : doubtful(no_wireless(host_.link));
    const bool here = has(now_.here);
    if (!here && has(now_.elsewhere)) return {};  // reached over another link, on purpose
    if (!here && !(dhcp_ && lent(plan_, now_, links_))) return other_address();
    if (auto found = no_vlan()) return found;
    auto found = here ? no_way_out(plan_, texts_, fixed_) : other_client(plan_, texts_, host_);
    return found ? found : other_mac(plan_, links_, host_.link);
  }

 private:
  [[nodiscard]] bool has(const std::vector<Address>& addresses) const {
    return std::ranges::any_of(fixed_, [&](const Subnet& one) { return among(one, addresses); });
  }

  [[nodiscard]] Finding graded(Error text) const {
    return meant_ ? doubtful(std::move(text)) : bad(std::move(text));
  }

  // As init would write them, without those that may float, where it could.
  [[nodiscard]] std::vector<std::string> own() const {
    std::vector<std::string> out = host_.config.address;
    if (out.empty())
      for (const Subnet& subnet : now_.own) out.push_back(subnet.text());
    return out;
  }

  // Where early boot has none of the addresses that the machine has now.
  [[nodiscard]] std::optional<Finding> other_address() const {
    if (const auto six = by_dhcp6_alone(now_.usable); six && fixed_.empty())
      return bad(no_dhcp6(host_.link, *six));
    if (now_.own.empty()) return moved_away(plan_, fixed_, now_.usable, links_, host_.link);
    const std::vector<std::string> own_now = own();
    if (fixed_.empty())
      return graded({Code::config,
                     "early boot asks a DHCP server for its address, and '" + printable(now_.link) +
                         "' has " + join(own_now, ", ") + " without one",
                     "unless that server gives the same one, nobody reaches early ssh",
                     lines_for(host_, own_now)});
    std::vector<std::string> planned;
    for (const Subnet& one : fixed_) planned.push_back(one.text());
    return doubtful({Code::config,
                     "early boot has " + join(planned, ", ") + ", and '" + printable(now_.link) +
                         "' has " + join(own_now, ", ") + " now",
                     "early ssh is reached under another address than this machine",
                     "unless that is meant, " + lines_for(host_, own_now)});
  }

  [[nodiscard]] std::optional<Finding> no_vlan() const {
    const unsigned vlan = host_.config.vlan;
    const bool tagged = std::ranges::any_of(plan_.made, [&](const VirtualLink& made) {
      return made.kind == VirtualLink::Kind::vlan && made.vlan_id == vlan;
    });
    if (vlan == 0 || tagged) return {};
    return graded({Code::config,
                   "early boot makes no VLAN " + std::to_string(vlan) + ", over which '" +
                       printable(host_.link) + "' is reached now",
                   "unless the switch takes frames without a tag too, nobody reaches early ssh",
                   lines_for(host_, own())});
  }

  const NetworkPlan& plan_;
  const IpTexts& texts_;
  bool meant_;
  HostNetwork host_;
  std::vector<Json> links_;
  Present now_;
  std::vector<Subnet> fixed_{};  // the addresses that the plan has
  bool dhcp_ = false;            // it asks for one
};

}  // namespace

std::optional<Finding> out_of_reach(const NetworkPlan& plan, const IpTexts& texts, bool meant) {
  if (turned_off(plan)) return {};
  // From wherever somebody asks, the answer is to be the same.
  IpTexts without_login = texts;
  without_login.ssh_connection.clear();
  return Reach(plan, without_login, meant).look();
}

}  // namespace latchkey
