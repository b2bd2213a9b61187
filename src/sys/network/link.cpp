// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/network/link.hpp"

#include <ifaddrs.h>
#include <linux/ethtool.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netinet/in.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "core/base/text.hpp"
#include "sys/base/handle.hpp"

namespace latchkey {
namespace {

namespace fs = std::filesystem;

std::string attribute(const std::string& directory, const char* name) {
  const auto text = read_file(directory + "/" + name, 4096);
  return text ? std::string(trim(*text)) : std::string();
}

bool exists(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

unsigned long number(const std::string& text) {
  return parse_number(text, 0xffffffffUL).value_or(0);
}

// The kernel drew its MAC address at random, and somebody may have set another one since.
bool is_drawn(const std::string& directory) {
  // NET_ADDR_RANDOM, NET_ADDR_SET; that header of the kernel's does not go with net/if.h.
  const std::string type = attribute(directory, "addr_assign_type");
  return exists(directory + "/device") && (type == "1" || type == "3");
}

// Early boot's udev has the files of /etc and /usr too; what they say is not drawn.
bool sets_mac(const std::string& root, std::string_view link_file) {
  if (link_file.starts_with("/run/")) return false;
  const auto text = read_file(root + std::string(link_file), 65536);
  return text && assigned(*text, "MACAddress");
}

// The names that udev's rules would choose from: so a name from the running
// system is known too when the kernel's own names are kept (net.ifnames=0).
void take_udev_record(LinkFacts& link, const std::string& root, const std::string& data) {
  const auto text = read_file(data);
  if (!text) return;
  bool elsewhere = false;  // also a name that udev makes of where the card sits
  for (const std::string_view line : split_lines(*text)) {
    const std::size_t equals = line.find('=');
    if (equals == std::string_view::npos) continue;
    const std::string_view key = line.substr(0, equals);
    const std::string_view value = line.substr(equals + 1);
    if (key.starts_with("E:ID_NET_NAME")) link.other_names.emplace_back(value);
    // The one without an ending is the name that was chosen.
    if (key.starts_with("E:ID_NET_NAME_") && value == link.name) elsewhere = true;
    if (key != "E:ID_NET_LINK_FILE") continue;
    link.late_name = value.starts_with("/run/") || value.starts_with("/usr/local/");
    if (sets_mac(root, value)) link.drawn_mac = false;
  }
  if (elsewhere) link.late_name = false;
}

// The kernel tells it by an ioctl alone.
std::string permanent_mac(const std::string& name) {
  constexpr std::size_t mac_size = 6;
  const Fd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq request{};
  if (!socket || name.size() >= sizeof request.ifr_name) return "";
  std::memcpy(request.ifr_name, name.data(), name.size());
  ethtool_perm_addr head{};
  head.cmd = ETHTOOL_GPERMADDR;
  head.size = mac_size;
  alignas(ethtool_perm_addr) std::array<std::uint8_t, sizeof head + mac_size> answer{};
  std::memcpy(answer.data(), &head, sizeof head);
  request.ifr_data = reinterpret_cast<char*>(answer.data());
  if (::ioctl(socket.get(), SIOCETHTOOL, &request) != 0) return "";
  std::memcpy(&head, answer.data(), sizeof head);
  const std::uint8_t* const mac = answer.data() + sizeof head;
  if (head.size != mac_size || std::all_of(mac, mac + mac_size, [](auto b) { return b == 0; }))
    return "";
  std::array<char, 3 * mac_size> text{};
  std::snprintf(text.data(), text.size(), "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2],
                mac[3], mac[4], mac[5]);
  return text.data();
}

LinkFacts read_link(const std::string& directory, const std::string& name) {
  LinkFacts out;
  out.name = name;
  out.index = static_cast<int>(number(attribute(directory, "ifindex")));
  out.mac = attribute(directory, "address");
  out.wireless = exists(directory + "/wireless") || exists(directory + "/phy80211");
  out.no_card = !exists(directory + "/device") && !out.wireless;
  out.wired = exists(directory + "/device") && !out.wireless &&
              number(attribute(directory, "type")) == ARPHRD_ETHER;
  std::error_code free;
  out.master = fs::read_symlink(directory + "/master", free).filename();
  // flags is hexadecimal, with 0x.
  const std::string flags = attribute(directory, "flags");
  out.up = (std::strtoul(flags.c_str(), nullptr, 16) & IFF_UP) != 0;
  out.carrier = attribute(directory, "carrier") == "1";
  return out;
}

std::optional<Subnet> subnet_of(const ifaddrs& entry) {
  if (entry.ifa_addr == nullptr || entry.ifa_netmask == nullptr) return {};
  Subnet out;
  std::array<std::uint8_t, 16> mask{};
  const auto copy = [](const sockaddr* from, std::array<std::uint8_t, 16>& to) {
    if (from->sa_family == AF_INET6)
      std::memcpy(to.data(), &reinterpret_cast<const sockaddr_in6*>(from)->sin6_addr, 16);
    else
      std::memcpy(to.data(), &reinterpret_cast<const sockaddr_in*>(from)->sin_addr, 4);
  };
  const int family = entry.ifa_addr->sa_family;
  if (family != AF_INET && family != AF_INET6) return {};
  out.address.v6 = family == AF_INET6;
  copy(entry.ifa_addr, out.address.bytes);
  copy(entry.ifa_netmask, mask);
  for (const std::uint8_t byte : mask) out.prefix += static_cast<unsigned>(std::popcount(byte));
  return out;
}

}  // namespace

std::vector<LinkFacts> read_links(const std::string& root, bool patient, bool& early) {
  early = false;
  std::vector<LinkFacts> out;
  const bool udevd = exists(root + "/run/udev/control");
  std::error_code failed;
  for (const auto& entry : fs::directory_iterator(root + "/sys/class/net", failed)) {
    const std::string directory = entry.path().string();
    const std::string name = entry.path().filename().string();
    if (name == "lo" || !exists(directory + "/ifindex")) continue;
    LinkFacts link = read_link(directory, name);
    if (link.index == 0) continue;
    // A test's root has no cards that the kernel knows.
    if (root.empty() && exists(directory + "/device")) link.permanent_mac = permanent_mac(name);
    const std::string data = root + "/run/udev/data/n" + std::to_string(link.index);
    // A real card only: nobody renames what early boot itself made.
    if (udevd && exists(directory + "/device") && !exists(data)) {
      early = true;
      if (patient) continue;
    }
    link.drawn_mac = link.permanent_mac.empty() && is_drawn(directory);
    take_udev_record(link, root, data);
    out.push_back(std::move(link));
  }
  std::ranges::sort(out, {}, &LinkFacts::index);
  return out;
}

std::vector<LinkAddress> read_addresses() {
  std::vector<LinkAddress> out;
  ifaddrs* first = nullptr;
  if (::getifaddrs(&first) != 0) return out;
  const Handle<ifaddrs, ::freeifaddrs> owner(first);
  for (const ifaddrs* entry = first; entry != nullptr; entry = entry->ifa_next) {
    if ((entry->ifa_flags & IFF_LOOPBACK) != 0) continue;
    if (const auto subnet = subnet_of(*entry)) out.push_back({entry->ifa_name, *subnet});
  }
  return out;
}

unsigned read_mtu(const std::string& root, const std::string& link) {
  return static_cast<unsigned>(number(attribute(root + "/sys/class/net/" + link, "mtu")));
}

Result<LinkEvents> LinkEvents::open(const std::string& root) {
  const std::string what = "cannot watch the network's links";
  Fd netlink(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE));
  if (!netlink) return system_error(errno, what);
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  address.nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR;
  if (::bind(netlink.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return system_error(errno, what);
  // udevd writes a link's record when it has finished with it.
  Fd udev(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  if (!udev || ::inotify_add_watch(udev.get(), (root + "/run/udev/data").c_str(),
                                   IN_MOVED_TO | IN_CREATE | IN_ONLYDIR) < 0)
    udev.reset();
  return LinkEvents(std::move(netlink), std::move(udev));
}

void LinkEvents::drain() noexcept {
  char buffer[16 * 1024];
  // ENOBUFS says that events were lost; there may be more behind it.
  const auto take = [&](int fd) {
    while (fd >= 0) {
      const ssize_t got = ::read(fd, buffer, sizeof buffer);
      if (got <= 0 && (got == 0 || (errno != EINTR && errno != ENOBUFS))) return;
    }
  };
  take(netlink_.get());
  take(udev_.get());
}

}  // namespace latchkey
