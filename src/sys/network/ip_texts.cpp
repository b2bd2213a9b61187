// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/network/ip_texts.hpp"

#include <unistd.h>

#include <algorithm>
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

// Of a dhclient on this link: ifupdown has it make one of a DUID (`-i`), where its own file does
// not say otherwise. Nothing: it goes by the MAC address, or is not there.
std::optional<std::string> dhclient_id(const std::string& root, const LinkFacts& link) {
  const auto pid = read_file(root + "/run/dhclient." + link.name + ".pid", 64);
  if (!pid) return {};
  const ToldName told = dhclient_name(text_or_empty(root + "/etc/dhcp/dhclient.conf"));
  if (told == ToldName::other) return "";
  const auto words =
      split(text_or_empty(root + "/proc/" + std::string(trim(*pid)) + "/cmdline"), '\0');
  if (told == ToldName::hardware || std::ranges::find(words, "-i") == words.end()) return {};
  for (const char* kind : {"dhclient.", "dhclient6."})
    if (const auto duid =
            dhclient_duid(text_or_empty(root + "/var/lib/dhcp/" + kind + link.name + ".leases")))
      return rfc4361_client_id(link.mac, *duid).value_or("");
  return "";
}

// Of a dhcpcd on this link; empty: not known.
std::optional<std::string> dhcpcd_id(const std::string& root, const LinkFacts& link) {
  const auto exists = [&](const std::string& file) {
    return ::access((root + file).c_str(), F_OK) == 0;
  };
  if (!exists("/run/dhcpcd/" + link.name + ".pid") &&
      !exists("/run/dhcpcd/" + link.name + "-4.pid") && !exists("/run/dhcpcd/pid"))
    return {};
  // A VLAN's number is its IAID.
  if (exists("/proc/net/vlan/" + link.name) ||
      !dhcpcd_by_duid(text_or_empty(root + "/etc/dhcpcd.conf")))
    return "";
  return rfc4361_client_id(link.mac, trim(text_or_empty(root + "/var/lib/dhcpcd/duid")))
      .value_or("");
}

}  // namespace

std::vector<HostLease> read_leases(const std::string& root, const std::vector<LinkFacts>& links) {
  std::vector<HostLease> out;
  for (const LinkFacts& link : links) {
    const std::string networkd =
        text_or_empty(root + "/run/systemd/netif/leases/" + std::to_string(link.index));
    const auto id = assigned(networkd, "CLIENTID");
    auto known = id ? parse_client_id(*id) : std::nullopt;
    if (!known) known = dhcpcd_id(root, link);
    if (!known) known = dhclient_id(root, link);
    if (known) out.push_back({link.name, *known});
  }
  return out;
}

std::vector<std::string> read_lent(const std::string& root, const std::vector<LinkFacts>& links) {
  std::vector<std::string> out;
  for (const LinkFacts& link : links) {
    const auto networkd =
        read_file(root + "/run/systemd/netif/leases/" + std::to_string(link.index));
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
