// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/ssh/early_ssh.hpp"

#include <algorithm>

#include "core/base/text.hpp"

namespace latchkey {
namespace {

// Of two settings ssh takes the first, so that these come before what `Host *`, or a pattern
// that the alias fits as well, says further down:
// - Nobody is to be asked whether a key is right where the right one is known.
// - The right one is looked for where it was put; elsewhere, as with the `/dev/null` of machines
//   that come and go, or by the name in the DNS, is none, or that of the running system.
// - OpenSSH before 8.5 looks the address up as well, under which the running system's key may
//   be known: an attack, by what it says.
// - Early boot lets nobody in but with a key.
// - ssh names a shared connection by address and port, not by the alias, and asks for no host
//   key where it finds one: the passphrase would go to a shell of the running system.
// - A command of the running system is none in early boot, and keeps every word from it.
// - A terminal that is given to a pipe does not tell where the pipe ends: ssh would not return.
// - Early boot forwards nothing, and with ExitOnForwardFailure ssh would give up over it.
constexpr const char* fixed_settings =
    "    User root\n"
    "    StrictHostKeyChecking yes\n"
    "    UserKnownHostsFile ~/.ssh/known_hosts\n"
    "    VerifyHostKeyDNS no\n"
    "    CheckHostIP no\n"
    "    PreferredAuthentications publickey\n"
    "    ControlPath none\n"
    "    RemoteCommand none\n"
    "    RequestTTY auto\n"
    "    ClearAllForwardings yes\n";

}  // namespace

std::string early_alias(const EarlySsh& ssh) {
  const std::string first = ssh.host_name.substr(0, ssh.host_name.find('.'));
  return (first.empty() ? "server" : printable(first)) + "-early";
}

std::string early_ssh_text(const EarlySsh& ssh) {
  const std::string alias = early_alias(ssh);
  const std::string name = ssh.host_name.empty() ? "server" : printable(ssh.host_name);
  const std::string address = ssh.addresses.empty() ? name : printable(ssh.addresses[0]);
  const std::string port = std::to_string(ssh.port);
  std::string out = "host keys of early boot, which are not those of the running system:\n";
  for (const EarlyHostKey& key : ssh.keys)
    out +=
        "  " + key.fingerprint + "  " + key.public_line.substr(0, key.public_line.find(' ')) + "\n";
  out += "\nwhile the machine boots, it is unlocked by\n  ssh -p " + port + " root@" + address;
  if (address != name) out += "      (or root@" + name + ", where this name leads to it)";
  out +=
      "\n\nso that ssh keeps the two host keys apart, add at the top of ~/.ssh/config on your own "
      "machine\n(as HostName the address under which you reach it from there)\n"
      "  Host " +
      alias + "\n    HostName " + address + "\n    Port " + port + "\n    HostKeyAlias " + alias +
      "\n" + fixed_settings + "and to ~/.ssh/known_hosts there\n";
  for (const EarlyHostKey& key : ssh.keys) out += "  " + alias + " " + key.public_line + "\n";
  out += "then this is enough:\n  ssh " + alias + "\n";
  return out;
}

std::vector<std::string> early_addresses(const NetworkPlan& plan,
                                         const std::vector<std::string>& now) {
  std::vector<Address> fixed;
  bool lent = false;
  for (const LinkPlan& link : plan.links) {
    if (link.leave) continue;
    lent = lent || link.dhcp4;
    for (const Subnet& one : link.fixed.addresses) fixed.push_back(one.address);
  }
  std::ranges::stable_sort(fixed, {}, &Address::v6);
  std::vector<std::string> out;
  for (const Address& one : fixed) out.push_back(one.text());
  if (out.empty()) return now;
  // What a server lends is known from now alone, and IPv4 is what most come over.
  if (lent && fixed.front().v6)
    for (const std::string& one : now)
      if (const auto address = parse_address(one); address && !address->v6)
        out.insert(out.begin(), one);
  return out;
}

}  // namespace latchkey
