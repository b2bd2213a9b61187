// SPDX-License-Identifier: GPL-3.0-or-later
// Who could still log in while no volume is mounted.
#include "core/logins.hpp"
#include "support/catch.hpp"

using namespace latchkey;

namespace {

Volume volume_at(const std::string& name, const std::string& mount_point) {
  Volume volume;
  volume.name = name;
  volume.mount_point = mount_point;
  return volume;
}

}  // namespace

TEST_CASE("accounts that a person can log in to are read from passwd") {
  const auto found = logins_of(
      "root:x:0:0:root:/root:/bin/bash\n"
      "daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin\n"
      "alice:x:1000:1000::/home/alice:/bin/zsh\n"
      "bob:x:1001:1001::/home/bob:\n"
      "none:x:1002:1002::/home/none:/bin/false\n"
      "+\n"
      "no line\n");
  CHECK(found == std::vector<Account>{{"root", "/root"}, {"alice", "/home/alice"}, {"bob", "/home/bob"}});
}

TEST_CASE("keys that all lie on volumes are a fault, and one elsewhere is enough") {
  const std::vector<Volume> volumes{volume_at("home", "/home"), volume_at("www", "/srv/www")};
  const auto fault = keys_on_volumes({{"alice", "/home/alice"}, {"web", "/srv/www"}}, volumes);
  REQUIRE(fault);
  CHECK(fault->what == "the machine's own sshd knows no key while 'home' is not mounted");
  CHECK(fault->why == "all authorized_keys lie on volumes: those of alice, web");
  CHECK_FALSE(keys_on_volumes({{"alice", "/home/alice"}, {"root", "/root"}}, volumes));
  CHECK_FALSE(keys_on_volumes({{"carol", "/homes/carol"}}, volumes));
  CHECK_FALSE(keys_on_volumes({}, volumes));
  // The system itself lies there: without it nothing boots at all.
  CHECK_FALSE(keys_on_volumes({{"root", "/root"}}, {volume_at("root", "/")}));
}
