// SPDX-License-Identifier: GPL-3.0-or-later
// What create-volume and adopt refuse before they write anything.
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>

#include "cli/place.hpp"
#include "core/base/result.hpp"
#include "core/config/new_volume.hpp"
#include "support/alone.hpp"
#include "support/child.hpp"
#include "support/fake_lvm.hpp"
#include "support/loop_disk.hpp"
#include "sys/luks/luks.hpp"

using namespace latchkey;
using namespace latchkey::test;

namespace {

void configure(const Place& place) {
  std::filesystem::create_directories(place.path("run"));
  place.put("etc/latchkey/latchkey.conf", "[keys]\ndevice = \"no-such-vg/encrypted-keys\"\n");
  place.put("etc/latchkey/volumes", "data no-such-vg/encrypted-data /srv/no-such-data ext4\n");
}

Done latchkey_in(const Place& place, std::vector<std::string> words, std::string_view input = {}) {
  std::vector<std::string> argv{LATCHKEY_PROGRAM, "--root", place.path()};
  argv.insert(argv.end(), words.begin(), words.end());
  return run_program(argv, input);
}

// A removal of `data` that was interrupted when these steps were done.
void leave_removal(const Place& place, const std::string& kind, std::vector<std::string> done) {
  Unfinished work{.command = "remove-volume", .name = "data", .begun = "yesterday"};
  work.finish = std::string("latchkey remove-volume data") + (kind == "destroy" ? " --wipe" : "");
  work.values = {{"kind", kind},
                 {"line", "data no-such-vg/encrypted-data /srv/no-such-data ext4\n"}};
  work.done = std::move(done);
  place.put("etc/latchkey/unfinished/data.json", encode(work));
}

void format_www(const LoopDisk& disk) {
  const auto key = RandomKey::draw();
  REQUIRE(key);
  REQUIRE(LuksDevice::format({.place = {.device = disk.path(),
                                        .name = "www",
                                        .uuid = "0f7a6b1c-4444-4222-8333-444455556666"}},
                             *key));
}

}  // namespace

TEST_CASE("create-volume goes on with no volume whose name another one has got meanwhile") {
  if (!is_root()) return;
  const Place place;
  configure(place);
  const NewVolume asked{.vg = "no-such-group",
                        .name = "data",
                        .size = "1G",
                        .mount_point = "/srv/no-such-place",
                        .fs_type = "ext4"};
  Unfinished work = begin_work(asked, "1234");
  work.begun = "yesterday";
  place.put("etc/latchkey/unfinished/data.json", encode(work));
  const Done done = latchkey_in(
      place, {"create-volume", asked.vg, asked.name, asked.size, asked.mount_point, asked.fs_type});
  INFO(done.output);
  CHECK(done.status == exit_status(Code::refused));
  CHECK(contains(done.output, "there is another volume 'data' already"));
  CHECK(contains(done.output, "has it on no-such-vg/encrypted-data"));
}

TEST_CASE("create-volume makes nothing where the volumes file leads to another user's checkout") {
  if (!is_root()) return;
  const Place place;
  configure(place);
  const std::string file = place.path("etc/latchkey/volumes");
  const std::string real = place.path("checkout/volumes");
  std::filesystem::create_directories(place.path("checkout"));
  std::filesystem::rename(file, real);
  std::filesystem::create_symlink(real, file);
  REQUIRE(::chown(place.path("checkout").c_str(), 1000, 1000) == 0);
  const NewVolume asked{.vg = "no-such-group",
                        .name = "more",
                        .size = "1G",
                        .mount_point = "/srv/no-such-place",
                        .fs_type = "ext4"};
  Unfinished work = begin_work(asked, "1234");
  work.begun = "yesterday";
  place.put("etc/latchkey/unfinished/more.json", encode(work));
  const Done done = latchkey_in(
      place, {"create-volume", asked.vg, asked.name, asked.size, asked.mount_point, asked.fs_type});
  INFO(done.output);
  CHECK(done.status == exit_status(Code::refused));
  CHECK(contains(done.output, "cannot write '" + file + "': it is a link to '" + real +
                                  "', which others than root can change"));
  CHECK(contains(done.output, "cp --remove-destination " + real + " " + file));
}

TEST_CASE("adopt takes no key file from the mount options that it does not write") {
  const Place place;
  configure(place);
  const LoopDisk disk(place.path("disk"));
  if (!disk.usable_here()) return;
  format_www(disk);
  const Done done = latchkey_in(place, {"adopt", "vg0", "www", "none", "ext4", "--device",
                                        disk.path(), "--options", "noatime,x-latchkey.key=my.key"});
  INFO(done.output);
  CHECK(done.status == exit_status(Code::usage));
  CHECK(contains(done.output,
                 "will not take 'x-latchkey.key=my.key' for 'www': its key file is 'www.key'\n"));
}

TEST_CASE("adopt takes no root with /boot in it: GRUB would ask at the console alone") {
  if (!is_root()) return;
  const Place place;
  configure(place);
  const std::vector<std::string> words{"adopt", "no-such-vg", "root", "/", "ext4"};
  const std::string asks = "the boot loader itself asks for a passphrase";
  CHECK_FALSE(contains(latchkey_in(place, words).output, asks));
  place.put("boot/grub/grub.cfg", "set default=0\n");
  const Done done = latchkey_in(place, words);
  INFO(done.output);
  CHECK(done.status == exit_status(Code::refused));
  CHECK(contains(done.output, "will not adopt 'root': " + asks + ", at the console alone: '" +
                                  place.path("boot") + "' lies on an encrypted device\n"));
  CHECK(place.untouched({"latchkey.conf", "volumes"}));
  CHECK_FALSE(contains(
      latchkey_in(place, {"adopt", "no-such-vg", "data", "/srv/data", "ext4"}).output, asks));
}

namespace {

// `www`, a LUKS volume on a loop device that the volumes file has a line for already, with what
// its owner wrote into it since.
class Adopted {
 public:
  Adopted() {
    if (!disk_.usable()) return;
    configure(place_);
    format_www(disk_);
    place_.put("etc/latchkey/volumes", lines());
  }
  [[nodiscard]] bool usable_here() const { return disk_.usable_here(); }
  [[nodiscard]] std::string lines() const {
    return "# ours\nwww " + disk_.path() +
           "   none btrfs subvol=@www,nodev,nosuid,x-latchkey.nofsck\n";
  }
  [[nodiscard]] std::string file(const std::string& name) const {
    std::ifstream in(place_.path("etc/latchkey/" + name));
    return {std::istreambuf_iterator<char>(in), {}};
  }
  /// An adoption of before that came as far as its mount, but for the steps that are left out.
  void begin(const std::map<std::string, std::string>& values, const std::vector<std::string>& done,
             const std::string& more = {}) const {
    Unfinished work{.command = "adopt",
                    .name = "www",
                    .begun = "yesterday",
                    .finish = "latchkey adopt vg0 www none btrfs --device " + disk_.path() + more,
                    .values = values,
                    .done = done};
    work.values["device"] = disk_.path();
    work.values["header"] = "";
    place_.put("etc/latchkey/unfinished/www.json", encode(work));
  }
  [[nodiscard]] Done adopt(const std::vector<std::string>& more,
                           const std::string& mount_point = "none",
                           const std::string& type = "btrfs") const {
    std::vector<std::string> argv{
        "/bin/sh",   "-c",          "\"$@\"; exit $?", "sh",        LATCHKEY_PROGRAM,
        "--root",    place_.path(), "adopt",           "vg0",       "www",
        mount_point, type,          "--device",        disk_.path()};
    argv.insert(argv.end(), more.begin(), more.end());
    return run_program(argv);
  }

 private:
  Place place_{};
  LoopDisk disk_{place_.path("disk")};
};

}  // namespace

TEST_CASE("adopt, typed once more, leaves the line that its owner has edited as it is") {
  const Adopted www;
  if (!www.usable_here()) return;
  www.begin({{"line", "stays"}}, {"key", "slot", "mount"});
  const Done done = www.adopt({"--halt", "configure:after"});
  INFO(done.output);
  CHECK(done.status == 137);
  CHECK(www.file("volumes") == www.lines());
  // One that this very work has written is its own to correct.
  www.begin({}, {"key", "slot", "mount"});
  CHECK(www.adopt({"--halt", "configure:after"}).status == 137);
  CHECK_FALSE(contains(www.file("volumes"), "subvol=@www"));
}

TEST_CASE("adopt refuses what a line that is there says otherwise") {
  const Adopted www;
  if (!www.usable_here()) return;
  const auto refused = [&](const Done& done, const std::string& why) {
    INFO(done.output);
    CHECK(done.status == exit_status(Code::refused));
    CHECK(contains(done.output, "there is a volume 'www' already"));
    CHECK(contains(done.output, why));
    CHECK(www.file("volumes") == www.lines());
  };
  refused(www.adopt({}, "/srv/www"), "has the mount point none\n");
  refused(www.adopt({}, "none", "ext4"), "has the type 'btrfs'\n");
  refused(www.adopt({"--options", "noatime"}),
          "has the options 'subvol=@www,nodev,nosuid,x-latchkey.nofsck'\n");
  // The same words need the passphrase alone, which did not come.
  const Done same = www.adopt({"--options", "subvol=@www,nodev,nosuid,x-latchkey.nofsck"});
  INFO(same.output);
  CHECK_FALSE(contains(same.output, "there is a volume"));
}

TEST_CASE("what finishes an adoption is words for a shell") {
  const Adopted www;
  if (!www.usable_here()) return;
  www.begin({}, {"key", "slot", "mount"}, " --options 'subvol=@a b'");
  const Done done = www.adopt({"--options", "subvol=@a b", "--halt", "note:after"});
  INFO(done.output);
  CHECK(done.status == 137);
}

TEST_CASE("adopt refuses a mount point on a volume that is not mounted before it writes anything") {
  const Place place;
  configure(place);
  const LoopDisk disk(place.path("disk"));
  if (!disk.usable_here()) return;
  format_www(disk);
  const Done done = latchkey_in(
      place, {"adopt", "vg0", "www", "/srv/no-such-data/www", "ext4", "--device", disk.path()});
  INFO(done.output);
  CHECK(done.status == exit_status(Code::missing));
  CHECK(contains(done.output,
                 "its mount point '/srv/no-such-data/www' lies on 'data', which is "
                 "not mounted on '/srv/no-such-data'"));
  CHECK(place.untouched({"latchkey.conf", "volumes"}));
}

TEST_CASE("backups are out of date from the step on that brings a key, whatever fails later") {
  const Adopted www;
  if (!www.usable_here()) return;
  www.begin({}, {"key", "slot", "mount"});
  const Done done = www.adopt({"--halt", "note:after"});
  INFO(done.output);
  CHECK(done.status == 137);
  CHECK(contains(www.file("state.json"), "\"unsaved\": true"));
}

TEST_CASE("remove-volume --wipe forgets no volume whose device is not there to be wiped") {
  CHECK(alone([]() -> std::string {
          if (!fake_lvm("lvs) echo '{\"report\":[{\"lv\":[]}]}';;")) return "";
          const Place place;
          configure(place);
          const Done done = latchkey_in(
              place, {"remove-volume", "data", "--wipe", "--confirm", "data"}, "a passphrase\n");
          if (done.status != exit_status(Code::missing) ||
              !contains(done.output,
                        "nothing can be wiped: there is no device no-such-vg/encrypted-data\n"))
            return done.output;
          const auto volumes = read_file(place.path("etc/latchkey/volumes"));
          return volumes && volumes->starts_with("data ") ? "" : "its line is gone";
        }) == "");
}

TEST_CASE("a removal that was interrupted ends as what it was begun as, or not at all") {
  if (!is_root()) return;
  const auto tried = [&](const std::string& kind, const std::vector<std::string>& words) {
    const Place place;
    configure(place);
    place.put("etc/latchkey/volumes", "");
    leave_removal(place, kind, {"configure"});
    const Done done = latchkey_in(place, words);
    INFO(done.output);
    CHECK(done.status == exit_status(Code::refused));
    return done.output;
  };
  // Nobody types what forgets and has it destroy.
  CHECK(contains(
      tried("destroy", {"remove-volume", "data"}),
      "it is being destroyed\nlatchkey: hint: to finish that, run: latchkey remove-volume data "
      "--wipe\n"));
  // Nor is told that all is well where nothing was wiped.
  CHECK(contains(
      tried("forget", {"remove-volume", "data", "--wipe", "--confirm", "data"}),
      "it is being forgotten, and its line is gone already\nlatchkey: hint: to finish that, run: "
      "latchkey remove-volume data; latchkey adopt takes it in again"));
}

TEST_CASE("a removal whose volume is still configured is looked at anew") {
  if (!is_root()) return;
  const Place place;
  configure(place);
  place.put("etc/latchkey/services", "nginx.service data\n");
  leave_removal(place, "forget", {});
  const Done done = latchkey_in(place, {"remove-volume", "data"});
  INFO(done.output);
  CHECK(done.status == exit_status(Code::refused));
  CHECK(contains(done.output, "'nginx.service' is held for it"));
  const auto volumes = read_file(place.path("etc/latchkey/volumes"));
  REQUIRE(volumes);
  CHECK(volumes->starts_with("data "));
}

TEST_CASE("a destruction that was begun does not end while its device is away") {
  CHECK(alone([]() -> std::string {
          if (!fake_lvm("lvs) echo '{\"report\":[{\"lv\":[]}]}';;")) return "";
          const Place place;
          configure(place);
          place.put("etc/latchkey/volumes", "");
          leave_removal(place, "destroy", {"configure"});
          const Done done = latchkey_in(
              place, {"remove-volume", "data", "--wipe", "--confirm", "data"}, "a passphrase\n");
          const bool told = contains(done.output,
                                     "hint: attach it and run this again; where it is "
                                     "gone for good, delete ");
          return done.status == exit_status(Code::missing) && told ? "" : done.output;
        }) == "");
}

TEST_CASE("adopt does not take the keys volume for a data volume") {
  const Place place;
  configure(place);
  const LoopDisk disk(place.path("disk"));
  if (!disk.usable_here()) return;
  place.put("etc/latchkey/latchkey.conf", "[keys]\ndevice = \"" + disk.path() + "\"\n");
  const auto key = RandomKey::draw();
  REQUIRE(key);
  REQUIRE(LuksDevice::format({.place = {.device = disk.path(),
                                        .name = "keys",
                                        .uuid = "0f7a6b1c-5555-4222-8333-444455556666"}},
                             *key));
  const Done done =
      latchkey_in(place, {"adopt", "vg0", "www", "none", "ext4", "--device", disk.path()});
  INFO(done.output);
  CHECK(done.status == exit_status(Code::config));
  CHECK(contains(done.output, "the volume 'www' is the keys volume itself, " + disk.path()));
  CHECK(contains(done.output, "hint: name another device; to look at the keys: latchkey "));
}
