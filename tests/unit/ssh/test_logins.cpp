// SPDX-License-Identifier: GPL-3.0-or-later
// Who could still log in while no volume is mounted.
#include "core/ssh/logins.hpp"
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

TEST_CASE("a key with a command of its own lets nobody in") {
  CHECK(gives_a_shell("# me\n\nssh-ed25519 AAAA me\n"));
  CHECK(gives_a_shell("from=\"192.0.2.0/24\",no-pty ssh-ed25519 AAAA me\n"));
  CHECK(gives_a_shell("sk-ssh-ed25519@openssh.com AAAA command=none\n"));
  // What images of clouds give root.
  const std::string cloud =
      "no-port-forwarding,command=\"echo 'Please login as the user debian'\" ssh-rsa AAAA me\n";
  CHECK_FALSE(gives_a_shell(cloud));
  CHECK(gives_a_shell(cloud + "ecdsa-sha2-nistp256 AAAA me\n"));
  CHECK_FALSE(gives_a_shell(""));
}

TEST_CASE("sshd's own settings tell of other ways in, and that root has none") {
  const std::vector<Volume> volumes{volume_at("home", "/home")};
  const auto usual = sshd_ways(
      "permitrootlogin without-password\nauthorizedkeysfile .ssh/authorized_keys\n"
      "authorizedkeyscommand none\ntrustedusercakeys none\n",
      volumes);
  CHECK(usual.root);
  CHECK_FALSE(usual.other);
  CHECK_FALSE(sshd_ways("permitrootlogin no\n", volumes).root);
  CHECK_FALSE(sshd_ways("permitrootlogin forced-commands-only\n", volumes).root);
  CHECK(sshd_ways("authorizedkeysfile .ssh/authorized_keys /etc/ssh/keys/%u\n", volumes).other);
  CHECK_FALSE(sshd_ways("authorizedkeysfile /home/keys/%u\n", volumes).other);
  CHECK(sshd_ways("trustedusercakeys /etc/ssh/ca.pub\n", volumes).other);
  CHECK(sshd_ways("authorizedkeyscommand /usr/bin/sss_ssh_authorizedkeys\n", volumes).other);
}

TEST_CASE("users whose units start at boot without the volume that their home lies on are named") {
  const std::vector<Volume> volumes{volume_at("home", "/home"), volume_at("root", "/")};
  const std::string passwd =
      "root:x:0:0:root:/root:/bin/bash\n"
      "alice:x:1000:1000::/home/alice:/bin/bash\n"
      "bob:x:1001:1001::/home/bob:/bin/bash\n"
      "pods:x:999:999::/home/pods:/usr/sbin/nologin\n"
      "short:x\n";
  const auto found = lingers_too_early(passwd, {"alice", "pods", "root", "gone"}, volumes);
  REQUIRE(found.size() == 2);
  CHECK(found[0].what == "the units of 'alice' do not start at boot");
  CHECK(found[0].why ==
        "'user@1000.service' starts before 'home' is mounted, on which their home lies");
  CHECK(found[0].hint ==
        "have a program in /etc/latchkey/hooks.d/released, and in failed beside it for when "
        "something else is down, run: systemctl restart "
        "user@1000.service");
  CHECK(found[1].what == "the units of 'pods' do not start at boot");
}

TEST_CASE("keys that people have changed everywhere but for early boot are told of") {
  const std::string old_key =
      "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f";
  const std::string new_key =
      "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEBBQkNERUZHSElKS0xNTk9QUVJTVFVWV1hZWltcXV5f";
  const std::vector<AuthorizedKey> early = parse_authorized_keys(old_key + " a@old\n", "").keys;
  REQUIRE(early.size() == 1);
  CHECK_FALSE(keys_drifted_apart(early, {}));
  CHECK_FALSE(keys_drifted_apart({}, {new_key + "\n"}));
  CHECK_FALSE(keys_drifted_apart(early, {new_key + "\n", "from=\"192.0.2.*\" " + old_key + "\n"}));
  CHECK(keys_drifted_apart(early, {new_key + " a@new\n"}));
}
