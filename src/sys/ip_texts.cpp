// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/ip_texts.hpp"

#include <unistd.h>

#include <chrono>

#include "core/client_id.hpp"
#include "core/text.hpp"
#include "sys/fd.hpp"
#include "sys/link.hpp"
#include "sys/login.hpp"
#include "sys/process.hpp"

namespace latchkey {

std::vector<HostLease> read_leases(const std::string& root, const std::vector<LinkFacts>& links) {
  std::vector<HostLease> out;
  const auto exists = [&](const std::string& file) {
    return ::access((root + file).c_str(), F_OK) == 0;
  };
  const auto dhclient = read_file(root + "/etc/dhcp/dhclient.conf");
  for (const LinkFacts& link : links) {
    const auto networkd =
        read_file(root + "/run/systemd/netif/leases/" + std::to_string(link.index), 64UL * 1024);
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
  for (const LinkFacts& link : links)
    if (link.wireless) wireless.push_back(link.name);
  return {said({"ip", "-j", "addr"}),
          said({"ip", "-j", "-4", "route"}),
          said({"ip", "-j", "-6", "route"}),
          said({"ip", "-j", "-d", "link"}),
          ssh_connection("", ::getppid()),
          wireless,
          read_leases("", links)};
}

}  // namespace latchkey
