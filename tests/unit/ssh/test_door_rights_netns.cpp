// SPDX-License-Identifier: GPL-3.0-or-later
// What early boot's ssh server may do, which reads what strangers send.
#include <cstdint>
#include <string>

#include "support/netns.hpp"

using namespace latchkey;
using namespace latchkey::test;

namespace {

// The capabilities that a process may use.
std::uint64_t permitted(const std::string& pid) {
  const std::string status = text_or_empty("/proc/" + pid + "/status");
  const std::size_t at = status.find("CapPrm:\t");
  return at == std::string::npos ? 0 : std::stoull(status.substr(at + 8), nullptr, 16);
}

}  // namespace

TEST_CASE("Should 1: Dropbear keeps what its keys were granted", "[.netns]") {
  if (!possible()) return;
  // CAP_CHOWN, CAP_SETGID and CAP_NET_BIND_SERVICE, as far as they are there; CAP_SYS_BOOT.
  struct Granted {
    const char* words;
    std::uint64_t kept;
  };
  for (const Granted& granted : {Granted{"unlock,status", 0x441},
                                 {"unlock,reboot", 0x400441},
                                 {"poweroff", 0x400441},
                                 {"unlock,shell", ~std::uint64_t{0}}}) {
    INFO(granted.words);
    const World world;
    world.file("/etc/latchkey/latchkey.conf", door_config);
    world.file("/etc/latchkey/keys", "1\tSHA256:x\talice\tunlock\n2\tSHA256:y\tbob\t" +
                                         std::string(granted.words) + "\n");
    const Process door(world.door(), world.root + "/door.out");
    const auto servers = [&] { return world.processes("/usr/lib/latchkey/dropbear"); };
    REQUIRE(eventually(5s, [&] { return bool(session(2222)); }));
    // What listens, and what a session has.
    const Fd client = session(2222);
    REQUIRE(eventually(5s, [&] { return servers().size() >= 2; }));
    for (const pid_t pid : servers())
      CHECK(permitted(std::to_string(pid)) == (permitted("self") & granted.kept));
  }
}
