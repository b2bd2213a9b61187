// SPDX-License-Identifier: GPL-3.0-or-later
// Damage that hooks of others do to an image after ours, and that nobody could unlock with.
#include <sys/stat.h>

#include <fstream>

#include "cli/place.hpp"
#include "sys/image/door_faults.hpp"

using namespace latchkey;
using test::contains;
namespace fs = std::filesystem;

namespace {

// A machine, and the tree of an image that was staged for it.
class Staged {
 public:
  Staged() {
    machine_.put("etc/latchkey/latchkey.conf", "[keys]\ndevice = \"system/encrypted-keys\"\n");
    machine_.put("etc/latchkey/volumes", "www system/encrypted-www /srv/www ext4\n");
    machine_.put("etc/latchkey/authorized_keys", test::good_key);
    machine_.put("usr/sbin/latchkey-unlock", "unlocker");
    machine_.put("usr/lib/latchkey/dropbear", "dropbear");
    // Stands in for Dropbear's own, with keys that say that they are some.
    const std::string keys =
        machine_.put("usr/lib/latchkey/dropbearkey",
                     "#!/bin/sh\ncase $1 in\n-t) echo \"key $2\" >\"$4\" ;;\n"
                     "-y) sed -n 's/^key ecdsa/ecdsa-sha2-nistp256 AAAA/p; s/^key ed25519/ssh-"
                     "ed25519 AAAA/p' \"$3\" ;;\nesac\n");
    REQUIRE(::chmod(keys.c_str(), 0755) == 0);
    const auto staged = stage_image(request());
    REQUIRE(staged);
    REQUIRE(staged->faults.empty());
    info_ = staged->info;
  }
  [[nodiscard]] const test::Place& machine() const { return machine_; }
  [[nodiscard]] std::string in_tree(const std::string& path) const { return tree_.path() + path; }
  void put(const std::string& path, const std::string& text) const {
    std::ofstream(in_tree(path)) << text;
  }
  void remove(const std::string& path) const { REQUIRE(fs::remove_all(in_tree(path)) > 0); }
  void chmod(const std::string& path, mode_t mode) const {
    REQUIRE(::chmod(in_tree(path).c_str(), mode) == 0);
  }
  // What is wrong with it, in a line each.
  [[nodiscard]] std::string faults() const {
    std::string out;
    for (const Error& fault : door_faults(request(), info_, read_early_inputs(request().paths)))
      out += fault.what + ": " + fault.why + "\n";
    return out;
  }

 private:
  [[nodiscard]] ImageRequest request() const {
    return {Paths{machine_.path()}, tree_.path(), "6.1", ""};
  }

  test::Place machine_{};
  test::TempFolder tree_{};
  ImageInfo info_{};
};

}  // namespace

TEST_CASE("an image whose hooks have left ours alone has a way in") {
  const Staged image;
  CHECK(image.faults() == "");
  // What others add keeps nobody out.
  std::ofstream(image.in_tree(image_authorized_keys), std::ios::app) << "ssh-ed25519 BBBB other\n";
  image.put("/etc/shells", "/bin/sh\n/usr/sbin/latchkey-unlock\n");
  std::ofstream(image.in_tree("/etc/passwd"), std::ios::app) << "root:*:0:0::/root-x:/bin/sh\n";
  image.put("/etc/latchkey/hostkeys/ecdsa.dropbear", "junk");
  CHECK(image.faults() == "");
}

TEST_CASE("an image without a host key that Dropbear can use cannot be unlocked") {
  const Staged image;
  const std::string fault =
      "the ssh server of early boot has no host key: there is none in "
      "'/etc/latchkey/hostkeys' of the image that it can use\n";
  for (const char* name : {"ecdsa", "ed25519"})
    image.put("/etc/latchkey/hostkeys/" + std::string(name) + ".dropbear", "junk");
  CHECK(image.faults() == fault);
  image.remove("/etc/latchkey/hostkeys");
  CHECK(image.faults() == fault);
}

TEST_CASE("an image with other files than were put there cannot be unlocked") {
  const std::vector<std::pair<std::string, std::string>> files{
      {"/etc/latchkey/latchkey.conf", "the configuration"},
      {"/etc/latchkey/volumes", "the list of volumes"},
      {"/etc/latchkey/keys", "what each key may do"},
      {image_authorized_keys, "the authorized keys"}};
  for (const auto& file : files) {
    const Staged fresh;
    const std::string lacks = "early boot lacks " + file.second + ": '" + file.first + "' ";
    for (const char* text : {"", "\n", "other\n"}) {
      fresh.put(file.first, text);
      CHECK(fresh.faults() == lacks + "in the image is not what was put there\n");
    }
    fresh.remove(file.first);
    CHECK(contains(fresh.faults(), lacks + "is not in the image\n"));
  }
}

TEST_CASE("an image that is out of date can be unlocked as it was") {
  const Staged image;
  image.machine().put("etc/latchkey/latchkey.conf",
                      "# a comment\n[keys]\ndevice = \"system/encrypted-keys\"\n");
  CHECK(image.faults() == "");
  image.machine().put("etc/latchkey/volumes", "");
  image.machine().put("etc/latchkey/authorized_keys", "");
  CHECK(image.faults() == "");
  image.remove("/etc/latchkey/volumes");
  CHECK(contains(image.faults(), "early boot lacks the list of volumes"));
}

TEST_CASE("an image in which root's login leads elsewhere cannot be unlocked") {
  const Staged image;
  image.put("/etc/passwd", "root:*:0:0::/root-x:/bin/sh\n");
  CHECK(contains(image.faults(), "root's login in early boot is not the unlocker"));
  image.remove("/etc/passwd");
  image.put("/etc/shells", "/bin/sh\n");
  CHECK(contains(image.faults(), "root's login in early boot is not the unlocker"));
  CHECK(contains(image.faults(), "would refuse every login: '/etc/shells' in the image"));
}

TEST_CASE("an image in which others may write the authorized keys cannot be unlocked") {
  const Staged image;
  for (const std::string path : {"/etc/latchkey/root", "/etc/latchkey/root/.ssh",
                                 "/etc/latchkey/root/.ssh/authorized_keys"}) {
    image.chmod(path, 0720);
    CHECK(image.faults() ==
          "the ssh server of early boot would refuse every key: somebody else than root may "
          "write to '" +
              path + "' in the image\n");
    image.chmod(path, 0755);
    CHECK(image.faults() == "");
  }
}

TEST_CASE("an image whose DHCP client can tell nobody its address cannot be unlocked") {
  const Staged image;
  image.remove(image_dhcp_event);
  CHECK(contains(image.faults(), "early boot would take no address from a DHCP server"));
  image.machine().put("etc/latchkey/latchkey.conf",
                      "[keys]\ndevice = \"system/encrypted-keys\"\n"
                      "[network]\nmethod = \"static\"\naddress = \"192.0.2.7/24\"\n");
  CHECK(image.faults() == "");
}

TEST_CASE("a program is no empty file, and can be run, by its mode alone") {
  const test::Place place;
  const std::string file = place.put("program", "text");
  CHECK_FALSE(is_program(file));
  REQUIRE(::chmod(file.c_str(), 0755) == 0);
  CHECK(is_program(file));
  fs::create_symlink("program", place.path("link"));
  CHECK(is_program(place.path("link")));
  place.put("program", "");
  CHECK_FALSE(is_program(file));
  CHECK_FALSE(is_program(place.path()));
}

TEST_CASE("an image is judged by the boot scripts that init runs") {
  const test::Place place;
  for (const std::string stage : {"init-premount", "local-top", "local-bottom", "init-bottom"}) {
    const std::string at = "scripts/" + stage;
    REQUIRE(::chmod(place.put(at + "/latchkey", "#!/bin/sh\n").c_str(), 0755) == 0);
    place.put(at + "/ORDER", "/scripts/" + stage + "/latchkey \"$@\"\n/scripts/" + stage +
                                 "/udev \"$@\"\n[ -e /conf/param.conf ] && . /conf/param.conf\n");
  }
  CHECK(script_faults(place.path()).empty());
  CHECK(script_doubts(place.path()).empty());
  place.put("scripts/init-bottom/ORDER",
            "/scripts/init-bottom/udev \"$@\"\n/scripts/init-bottom/latchkey \"$@\"\n");
  REQUIRE(script_doubts(place.path()).size() == 1);
  CHECK(script_doubts(place.path())[0].why ==
        "its script in init-bottom does not run before udev's");
  place.put("scripts/init-bottom/ORDER",
            "/scripts/init-bottom/latchkey \"$@\"\n/scripts/init-bottom/udev \"$@\"\n");
  // What brings the disks that the volumes may lie on comes before the unlock.
  place.put("scripts/local-top/ORDER",
            "/scripts/local-top/multipath \"$@\"\n/scripts/local-top/latchkey \"$@\"\n");
  CHECK(script_doubts(place.path()).empty());
  place.put("scripts/local-top/ORDER",
            "/scripts/local-top/latchkey \"$@\"\n/scripts/local-top/multipath \"$@\"\n");
  REQUIRE(script_doubts(place.path()).size() == 1);
  CHECK(script_doubts(place.path())[0].what == "the volumes on multipath are not there in time");
  place.put("scripts/local-top/ORDER", "/scripts/local-top/latchkey \"$@\"\n");
  fs::remove(place.path("scripts/init-bottom/ORDER"));
  fs::remove(place.path("scripts/local-bottom/latchkey"));
  CHECK(script_doubts(place.path()).size() == 2);
  CHECK(script_faults(place.path()).empty());
  place.put("scripts/local-top/ORDER", "/scripts/local-top/udev \"$@\"\n");
  REQUIRE(script_faults(place.path()).size() == 1);
  CHECK(script_faults(place.path())[0].what == "early boot would not wait for an unlock");
  fs::remove(place.path("scripts/init-premount/latchkey"));
  REQUIRE(script_faults(place.path()).size() == 2);
  CHECK(script_faults(place.path())[0].what == "early boot would start no ssh server");
}
