// SPDX-License-Identifier: GPL-3.0-or-later
// What a person is told about the way into early boot.
#include "core/early_ssh.hpp"
#include "support/catch.hpp"

using namespace latchkey;

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
      "    User root\n"
      "    HostKeyAlias db1-early\n"
      "    StrictHostKeyChecking yes\n"
      "    ControlPath none\n"
      "and to ~/.ssh/known_hosts there\n"
      "  db1-early ssh-ed25519 AAAAC3\n"
      "then this is enough:\n"
      "  ssh db1-early\n");
  CHECK(early_alias({}) == "server-early");
}
