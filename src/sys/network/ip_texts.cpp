// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/network/ip_texts.hpp"

#include <unistd.h>

#include <chrono>

#include "core/base/text.hpp"
#include "core/network/client_id.hpp"
#include "core/network/dhcp_addresses.hpp"
#include "core/network/host_routes.hpp"
#include "sys/base/fd.hpp"
#include "sys/network/link.hpp"
#include "sys/process/process.hpp"
#include "sys/ssh/login.hpp"

namespace latchkey {
namespace {

constexpr std::size_t most_of_a_lease = 64UL * 1024;

}  // namespace

std::vector<HostLease> read_leases(const std::string& root, const std::vector<LinkFacts>& links) {
  std::vector<HostLease> out;
  const auto exists = [&](const std::string& file) {
    return ::access((root + file).c_str(), F_OK) == 0;
  };
  const auto dhclient = read_file(root + "/etc/dhcp/dhclient.conf");
  for (const LinkFacts& link : links) {
    const auto networkd = read_file(
        root + "/run/systemd/netif/leases/" + std::to_string(link.index), most_of_a_lease);
    const auto id = networkd ? assigned(*networkd, "CLIENTID") : std::nullopt;
    if (const auto known = id ? parse_client_id(*id) : std::nullopt)
      out.push_back({link.name, *known});
    else if (exists("/run/dhcpcd/" + link.name + ".pid") ||
             exists("/run/dhcpcd/" + link.name + "-4.pid") || exists("/run/dhcpcd/pid") ||
             (exists("/run/dhclient." + link.name + ".pid") && dhclient && names_itself(*dhclient)))
      out.push_back({link.name, ""});
  }
  return out;
}

std::vector<std::string> read_lent(const std::string& root, const std::vector<LinkFacts>& links) {
  std::vector<std::string> out;
  for (const LinkFacts& link : links) {
    const auto networkd = read_file(
        root + "/run/systemd/netif/leases/" + std::to_string(link.index), most_of_a_lease);
    if (const auto address = networkd ? assigned(*networkd, "ADDRESS") : std::nullopt)
      out.push_back(*address);
    // What dhclient wrote stays there when it is gone, as after a change to a fixed address.
    if (::access((root + "/run/dhclient." + link.name + ".pid").c_str(), F_OK) != 0) continue;
    const auto dhclient = read_file(root + "/var/lib/dhcp/dhclient." + link.name + ".leases");
    if (const auto address = dhclient ? last_leased(*dhclient) : std::nullopt)
      out.push_back(*address);
  }
  return out;
}

namespace {

// What `ip` is to be asked of the login; no words where nobody is logged in, or by an address of
// one link alone, which needs no route.
std::vector<std::string> words_for_login(const std::string& ssh_connection) {
  const auto ends = login_ends(ssh_connection);
  if (!ends || ends->client.v6 != ends->server.v6 || !ends->server.host()) return {};
  return {"ip", "-j", "route", "get", ends->client.text(), "from", ends->server.text()};
}

}  // namespace

IpTexts read_ip() {
  const auto said = [](const std::vector<std::string>& words) {
    const auto ran = run(
        words,
        {.timeout = std::chrono::seconds(10), .merge_stderr = false, .output_limit = 4UL << 20U});
    return ran && ran->status == 0 ? ran->output : std::string();
  };
  bool early = false;
  const std::vector<LinkFacts> links = read_links("", false, early);
  std::vector<std::string> wireless;
  std::vector<std::string> drawn;
  for (const LinkFacts& link : links) {
    if (link.wireless) wireless.push_back(link.name);
    if (link.drawn_mac) drawn.push_back(link.name);
  }
  const std::string login = ssh_connection("", ::getppid());
  const auto of_login = words_for_login(login);
  return {said({"ip", "-j", "addr"}),
          said({"ip", "-j", "-4", "route"}),
          said({"ip", "-j", "-6", "route"}),
          said({"ip", "-j", "-d", "link"}),
          login,
          wireless,
          read_leases("", links),
          read_lent("", links),
          drawn,
          of_login.empty() ? std::string() : said(of_login),
          said({"bridge", "-c", "-j", "vlan", "show"})};
}

std::optional<Error> ip_is_silent(const IpTexts& texts) {
  if (!texts.addresses.empty()) return {};
  const bool missing = find_program("ip").empty();
  return Error{
      Code::missing, "nobody can tell how this machine is reached",
      missing ? "there is no program 'ip'" : "the program 'ip' says nothing of its network",
      missing ? "run: apt install iproute2" : "see why: ip -j addr"};
}

}  // namespace latchkey
