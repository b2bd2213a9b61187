// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/network/host_addresses.hpp"

#include <algorithm>
#include <array>

namespace latchkey {
namespace {

// True for an address whose protocol is not one of the kernel's own (0, or a name as kernel_ra).
bool foreign(const Json& info) {
  const auto found = info.find("protocol");
  if (found == info.end()) return false;
  if (found->is_number()) return *found != 0;
  const std::string text = text_of(info, "protocol");
  return !text.empty() && text != "0" && !text.starts_with("kernel");
}

bool single(const HostAddress& address) {
  return address.subnet.prefix == address.subnet.address.bits();
}

bool leads(const HostAddress& address, std::span<const Address> gateways) {
  return std::ranges::any_of(
      gateways, [&](const Address& gateway) { return address.subnet.contains(gateway); });
}

// How badly an address fits, the worst reason first. `astray`: none of them leads, as where the
// gateway is outside of all their networks; then a private one is hardly what it is for.
std::array<bool, 6> faults(const HostAddress& address, std::span<const Address> gateways,
                           bool astray) {
  const bool inner = address.subnet.address.inner();
  return {address.foreign,   astray && inner,           single(address),
          address.secondary, !leads(address, gateways), inner};
}

}  // namespace

std::vector<HostAddress> addresses_of(const Json& link) {
  std::vector<HostAddress> out;
  const auto infos = link.find("addr_info");
  if (infos == link.end() || !infos->is_array()) return out;
  for (const Json& info : *infos) {
    if (!info.is_object() || text_of(info, "scope") != "global") continue;
    if (flag_of(info, "temporary") || flag_of(info, "deprecated")) continue;
    const auto subnet =
        parse_subnet(text_of(info, "local") + "/" + std::to_string(number_of(info, "prefixlen")));
    if (!subnet || !subnet->address.host() || subnet->prefix == 0) continue;
    out.push_back({*subnet, !flag_of(info, "dynamic") && !flag_of(info, "mngtmpaddr"),
                   flag_of(info, "secondary"), foreign(info)});
  }
  std::ranges::stable_sort(out, {}, [](const HostAddress& a) { return a.subnet.address.v6; });
  return out;
}

std::vector<HostAddress> to_leave_out(std::span<const HostAddress> addresses,
                                      std::span<const Address> gateways) {
  std::vector<HostAddress> out;
  for (const bool v6 : {false, true}) {
    std::vector<HostAddress> lasting;
    bool lent = false;
    for (const HostAddress& address : addresses) {
      if (address.subnet.address.v6 != v6) continue;
      if (address.lasting) lasting.push_back(address);
      if (!address.lasting) lent = true;
    }
    const bool astray =
        std::ranges::none_of(lasting, [&](const HostAddress& a) { return leads(a, gateways); });
    const auto best = std::ranges::min_element(
        lasting, {}, [&](const HostAddress& a) { return faults(a, gateways, astray); });
    const bool floats = best != lasting.end() && (best->foreign || single(*best));
    for (auto at = lasting.begin(); at != lasting.end(); ++at)
      if (at != best || (lent && (!v6 || floats))) out.push_back(*at);
  }
  return out;
}

std::optional<Address> announced_to(const HostAddress& address, std::string_view mac) {
  const auto text = parse_mac(mac);
  if (!text || address.lasting || !address.subnet.address.v6 || address.subnet.prefix != 64)
    return {};
  Address out = address.subnet.address;
  // Three bytes of the MAC address, two that say so, and the other three.
  constexpr std::array<std::size_t, 6> places{8, 9, 10, 13, 14, 15};
  for (std::size_t i = 0; i < places.size(); ++i)
    out.bytes[places[i]] =
        static_cast<std::uint8_t>(std::stoul(text->substr(3 * i, 2), nullptr, 16));
  out.bytes[8] ^= 2U;  // whether it was given by the maker is told the other way round
  out.bytes[11] = 0xff;
  out.bytes[12] = 0xfe;
  return out;
}

std::optional<Subnet> by_dhcp6_alone(std::span<const HostAddress> addresses) {
  const bool alone = std::ranges::all_of(addresses, [](const HostAddress& a) {
    return !a.lasting && a.subnet.address.v6 && single(a);
  });
  if (addresses.empty() || !alone) return {};
  return addresses.front().subnet;
}

}  // namespace latchkey
