// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/config/first_network.hpp"

#include "core/network/network.hpp"

namespace latchkey {

FirstNetwork set_network(NewNetwork& network, const HostNetwork& host, std::string_view cmdline,
                         const InitramfsIp& ip) {
  network.config = host.config;
  network.left_open =
      host.config.interface.empty() && !host.config.layered() && host.config.address.empty();
  network.note = network.left_open
                     ? "Left open: how this machine reaches its network could not be written here."
                     : "As '" + host.link + "' was set up when this file was written.";
  const NetworkPlan plan = network_plan(cmdline, host.config, ip.value, ip.device);
  FirstNetwork out{.warnings = host.warnings};
  if (!plan.by_ip_option) out.out_of_reach = host.out_of_reach;
  if (plan.by_ip_option)
    out.ip_source = has_ip_option(cmdline) || ip.value.empty() ? "the kernel's command line"
                                                               : "'" + ip.file + "'";
  out.warnings.insert(out.warnings.end(), plan.problems.begin(), plan.problems.end());
  if (turned_off(plan)) out.warnings.push_back(no_early_network(out.ip_source));
  return out;
}

Error no_early_network(const std::string& source) {
  return {Code::refused, "early boot will have no network: only its console can unlock",
          "the ip= of " + source + " turns it off",
          "take that ip= away, or give it an address or dhcp"};
}

std::optional<Error> no_network_meant(const NetworkPlan& plan, const NetworkConfig& config) {
  if (plan.by_ip_option || config.method != NetworkConfig::Method::none) return {};
  return Error{Code::config, "early boot brings up no network: only its console can unlock",
               "[network] of latchkey.conf has method = \"none\"",
               "unless that is meant, or a script of your own brings one up, write \"dhcp\", or "
               "\"static\" and an address; then: update-initramfs -u -k all"};
}

}  // namespace latchkey
