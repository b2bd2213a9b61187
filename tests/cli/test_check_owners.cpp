// SPDX-License-Identifier: GPL-3.0-or-later
// Who owns, and may write, the files that decide who gets into early boot.
#include "cli/checked_root.hpp"

using namespace latchkey::test;
namespace fs = std::filesystem;

namespace {

constexpr const char* changeable = "others than root can change";

class OwnedRoot : public CheckedRoot {
 public:
  OwnedRoot() { put("/etc/latchkey/authorized_keys", good_key); }
  void give(const std::string& file, uid_t user) const {
    REQUIRE(::lchown(path(file).c_str(), user, user) == 0);
  }
  void mode(const std::string& file, mode_t mode) const {
    REQUIRE(::chmod(path(file).c_str(), mode) == 0);
  }
};

}  // namespace

TEST_CASE("check: files of /etc/latchkey that configuration management left to another user") {
  if (!is_root()) return;
  const OwnedRoot root;
  CHECK_FALSE(contains(root.check(), changeable));
  root.give("/etc/latchkey/latchkey.conf", 1000);
  root.mode("/etc/latchkey/volumes", 0666);
  std::string said = root.check();
  INFO(said);
  CHECK(contains(said,
                 "error: others than root can change '/etc/latchkey/latchkey.conf': it belongs to "
                 "user 1000: who does can let himself into early boot, and learn the next "
                 "passphrase\n"
                 "  hint: run: chown root: /etc/latchkey/latchkey.conf; chmod go-w "
                 "/etc/latchkey/latchkey.conf\n"));
  CHECK(contains(said,
                 "error: others than root can change '/etc/latchkey/volumes': others than "
                 "root can write to it (its mode is 0666)"));
  CHECK_FALSE(contains(said, "'/etc/latchkey/authorized_keys'"));
  root.give("/etc/latchkey/latchkey.conf", 0);
  root.mode("/etc/latchkey/volumes", 0644);
  CHECK_FALSE(contains(root.check(), changeable));
  // The directory's owner can put another file in the place of each: told once.
  root.give("/etc/latchkey", 1000);
  said = root.check();
  CHECK(contains(said, "can change '/etc/latchkey': it belongs to user 1000"));
  CHECK(said.find(changeable) == said.rfind(changeable));
}

TEST_CASE("check: a link of /etc/latchkey that leads to where others than root can write") {
  if (!is_root()) return;
  const OwnedRoot root;
  const std::string file = "/etc/latchkey/authorized_keys";
  root.put("/srv/fleet/keys", good_key);
  fs::remove(root.path(file));
  fs::create_symlink(root.path("/srv/fleet/keys"), root.path(file));
  CHECK_FALSE(contains(root.check(), changeable));
  root.give("/srv/fleet", 1000);
  CHECK(contains(root.check(),
                 "can change '/etc/latchkey/authorized_keys': by '/srv/fleet', since it belongs to "
                 "user 1000: who does can let himself into early boot, and learn the next "
                 "passphrase\n"
                 "  hint: put a copy in place of the link: cp --remove-destination "
                 "/srv/fleet/keys /etc/latchkey/authorized_keys\n"));
}

TEST_CASE("check: a link of /etc/latchkey whose way goes through another user's directory") {
  if (!is_root()) return;
  const OwnedRoot root;
  const std::string file = "/etc/latchkey/authorized_keys";
  root.put("/srv/releases/7/keys", good_key);
  fs::create_directories(root.path("/srv/deploy"));
  fs::create_symlink("../releases/7", root.path("/srv/deploy/current"));
  fs::remove(root.path(file));
  fs::create_symlink(root.path("/srv/deploy/current/keys"), root.path(file));
  CHECK_FALSE(contains(root.check(), changeable));
  // Whose directory it is can have the link in it lead anywhere, until the next image is built.
  root.give("/srv/deploy", 1000);
  CHECK(
      contains(root.check(),
               "can change '/etc/latchkey/authorized_keys': by '/srv/deploy', since it belongs to "
               "user 1000"));
}

TEST_CASE("check: a host key of early boot that belongs to another user") {
  if (!is_root()) return;
  const OwnedRoot root;
  const std::string key = "/etc/latchkey/hostkeys/ed25519.dropbear";
  root.put(key, "a key\n");
  root.mode(key, 0600);
  CHECK_FALSE(contains(root.check(), "belongs to user"));
  root.give(key, 1000);
  CHECK(contains(root.check(), "warning: the host key '" + key +
                                   "' belongs to user 1000, who can pretend to be this machine's "
                                   "early boot\n  hint: run: chown root: " +
                                   key + "; chmod 600 " + key + "\n"));
}

TEST_CASE("check names files of the package in /etc that a purge of configuration took away") {
  if (!is_root()) return;
  const OwnedRoot root;
  CHECK_FALSE(contains(root.check(), "of the package"));  // which is not installed
  root.put("/var/lib/dpkg/info/format", "1\n");
  root.put("/var/lib/dpkg/info/latchkey.list", "");
  root.put("/var/lib/dpkg/status",
           "Package: latchkey\nStatus: install ok installed\nMaintainer: nobody\n"
           "Architecture: all\nVersion: 1\nDescription: none\n");
  const std::string gate = "/etc/initramfs/post-update.d/00latchkey";
  for (const char* file : {"/etc/default/grub.d/zzz-latchkey.cfg", "/etc/apt/apt.conf.d/05latchkey",
                           "/etc/dpkg/dpkg.cfg.d/latchkey"})
    root.put(file, "");
  root.put(gate, "#!/bin/sh\n");
  CHECK(contains(root.check(), "error: '" + gate +
                                   "' of the package cannot be run: an image that cannot be "
                                   "unlocked would stay, in place of the good one before it\n"
                                   "  hint: run: chmod 755 " +
                                   gate + "\n"));
  root.mode(gate, 0755);
  CHECK_FALSE(contains(root.check(), "of the package"));
  fs::remove(root.path("/etc/dpkg/dpkg.cfg.d/latchkey"));
  fs::remove(root.path(gate));
  const std::string said = root.check();
  CHECK(contains(said,
                 "warning: '/etc/dpkg/dpkg.cfg.d/latchkey' of the package is not there any more: "
                 "packages are configured while the volume with their data is closed\n"
                 "  hint: run: apt install --reinstall -o Dpkg::Options::=--force-confmiss "
                 "./latchkey_*.deb\n"));
  CHECK(contains(said, "error: '" + gate + "' of the package is not there any more"));
}
