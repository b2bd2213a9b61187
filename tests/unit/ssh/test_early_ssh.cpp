// SPDX-License-Identifier: GPL-3.0-or-later
// What a person is told about the way into early boot.
#include <fstream>
#include <sstream>

#include "core/base/text.hpp"
#include "core/ssh/early_ssh.hpp"
#include "support/catch.hpp"
#include "support/temp_folder.hpp"
#include "sys/process/process.hpp"

using namespace latchkey;

namespace {

// The lines that are to go to ~/.ssh/config.
std::string printed_entry() {
  const std::string text = early_ssh_text({.host_name = "web.example.org", .addresses = {}});
  const std::size_t begin = text.find("  Host web-early\n");
  const std::size_t end = text.find("and to ~/.ssh/known_hosts");
  REQUIRE(begin != std::string::npos);
  REQUIRE(end != std::string::npos);
  return text.substr(begin, end - begin);
}

// What `Host *` and its like may say elsewhere, and early boot cannot do.
constexpr const char* elsewhere =
    "Host web*\n"
    "    RemoteCommand tmux new -A -s main\n"
    "Host *\n"
    "    User alice\n"
    "    RequestTTY force\n"
    "    CheckHostIP yes\n"
    "    StrictHostKeyChecking accept-new\n"
    "    UserKnownHostsFile /dev/null\n"
    "    VerifyHostKeyDNS yes\n"
    "    PreferredAuthentications password\n"
    "    ControlPath ~/.ssh/line-%C\n"
    "    RemoteForward 1234 localhost:4321\n"
    "    ExitOnForwardFailure yes\n";

}  // namespace

TEST_CASE("case 19: ssh keeps early boot's host key under a name of its own") {
  const EarlySsh ssh{.host_name = "db1.example.org",
                     .addresses = {"192.0.2.10", "2001:db8::2"},
                     .port = 2222,
                     .keys = {{"ssh-ed25519 AAAAC3", "SHA256:abc"}}};
  CHECK(
      early_ssh_text(ssh) ==
      "host keys of early boot, which are not those of the running system:\n"
      "  SHA256:abc  ssh-ed25519\n"
      "\n"
      "while the machine boots, it is unlocked by\n"
      "  ssh -p 2222 root@192.0.2.10      (or root@db1.example.org, where this name leads to it)\n"
      "\n"
      "so that ssh keeps the two host keys apart, add at the top of ~/.ssh/config on your own "
      "machine\n"
      "(as HostName the address under which you reach it from there)\n"
      "  Host db1-early\n"
      "    HostName 192.0.2.10\n"
      "    Port 2222\n"
      "    HostKeyAlias db1-early\n"
      "    User root\n"
      "    StrictHostKeyChecking yes\n"
      "    UserKnownHostsFile ~/.ssh/known_hosts\n"
      "    VerifyHostKeyDNS no\n"
      "    CheckHostIP no\n"
      "    PreferredAuthentications publickey\n"
      "    ControlPath none\n"
      "    RemoteCommand none\n"
      "    RequestTTY auto\n"
      "    ClearAllForwardings yes\n"
      "and to ~/.ssh/known_hosts there\n"
      "  db1-early ssh-ed25519 AAAAC3\n"
      "then this is enough:\n"
      "  ssh db1-early\n");
  CHECK(early_alias({}) == "server-early");
}

TEST_CASE("ssh itself takes the printed entry before what is said elsewhere in ~/.ssh/config") {
  if (find_program("ssh").empty() && !test::skip("ssh is not installed")) return;
  const test::TempFolder folder;
  const std::string file = folder.path() + "/config";
  std::ofstream(file) << printed_entry() << elsewhere;
  const auto effective = [&](const std::string& host) {
    const auto said = run_ok({"ssh", "-G", "-F", file, host}, "cannot ask ssh");
    REQUIRE(said);
    return *said;
  };
  const auto has = [](const std::string& text, const std::string& setting) {
    for (const std::string_view line : split_lines(text))
      if (line.starts_with(setting)) return true;
    return false;
  };
  const std::string early = effective("web-early");
  INFO(early);
  for (const char* setting :
       {"user root", "hostname web.example.org", "checkhostip no", "stricthostkeychecking true",
        "requesttty auto", "clearallforwardings yes", "verifyhostkeydns false",
        "preferredauthentications publickey"})
    CHECK(has(early, setting));
  CHECK(early.find("/.ssh/known_hosts\n", early.find("\nuserknownhostsfile ")) !=
        std::string::npos);
  for (const char* setting :
       {"remotecommand tmux", "controlpath /", "userknownhostsfile /dev/null"})
    CHECK_FALSE(has(early, setting));
  // They would have got through.
  const std::string other = effective("web-2");
  for (const char* setting : {"remotecommand tmux", "requesttty force", "checkhostip yes",
                              "userknownhostsfile /dev/null", "preferredauthentications password"})
    CHECK(has(other, setting));
}

TEST_CASE("early boot is looked for under the addresses that it is given") {
  const auto of = [](const std::string& cmdline, const std::vector<std::string>& now) {
    return join(early_addresses(network_plan(cmdline, {}), now), " ");
  };
  const std::vector<std::string> now{"10.1.0.5", "2001:db8::5"};
  CHECK(of("", now) == "10.1.0.5 2001:db8::5");
  CHECK(of("ip=192.0.2.10::192.0.2.1:24::eth0:none", now) == "192.0.2.10");
  CHECK(of("ip=[2001:db8::9]::[fe80::1]:64::eth0:none ip=192.0.2.10::192.0.2.1:24::eth0:none",
           {}) == "192.0.2.10 2001:db8::9");
  // IPv4 from a server beside a fixed address of IPv6.
  CHECK(of("ip=[2001:db8::9]::[fe80::1]:64::eth0:none ip=eth0:dhcp", now) ==
        "10.1.0.5 2001:db8::9");
}
