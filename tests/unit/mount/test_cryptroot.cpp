// SPDX-License-Identifier: GPL-3.0-or-later
#include <sys/sysmacros.h>

#include <filesystem>

#include "core/base/message.hpp"
#include "core/mount/cryptroot.hpp"
#include "support/catch.hpp"
#include "support/temp_folder.hpp"
#include "sys/base/fd.hpp"
#include "sys/image/cryptroot.hpp"
#include "sys/storage/device.hpp"

using namespace latchkey;
namespace fs = std::filesystem;

namespace {

using Lines = std::vector<std::string>;

bool all(const std::string&, bool) { return true; }

// A block device in a made-up /sys/block, with what it lies on.
void put_device(const test::TempFolder& root, const std::string& at, const std::string& number,
                const Lines& below) {
  const std::string place = root.file("sys/block/" + at);
  fs::create_directories(place + "/slaves");
  REQUIRE(write_file(place + "/dev", number + "\n", 0644));
  for (const std::string& name : below)
    fs::create_directory_symlink(root.file("sys/block/" + name), place + "/slaves/" + name);
}

void put_mapping(const test::TempFolder& root, const std::string& at, const std::string& name,
                 const std::string& uuid) {
  fs::create_directories(root.file("sys/block/" + at + "/dm"));
  REQUIRE(write_file(root.file("sys/block/" + at + "/dm/name"), name + "\n", 0644));
  REQUIRE(write_file(root.file("sys/block/" + at + "/dm/uuid"), uuid + "\n", 0644));
}

}  // namespace

TEST_CASE("what an image opens beside our volumes is foreign") {
  const Lines ours{"cleartext-keys", "cleartext-root"};
  CHECK(foreign_openings("", ours, {}, all).empty());
  CHECK(foreign_openings("# root\n\nshort\ncleartext-root UUID=1 none luks\n", ours, {}, all).empty());
  CHECK(foreign_openings("sda5_crypt UUID=1 none luks,discard\n"
                         "cleartext-root UUID=2 none luks\n"
                         "swap_crypt /dev/sdb none\n",
                         ours, {}, all) == Lines{"sda5_crypt", "swap_crypt"});
}

TEST_CASE("only the lines of a crypttab that early boot opens are foreign") {
  const OpenedEarly marked = [](const std::string& mapping, bool mark) {
    return mark || mapping == "root";
  };
  CHECK(foreign_openings("root /dev/sda2 none luks\n"
                         "data /dev/sda3 none luks\n"
                         "more /dev/sda4 none luks,initramfs\n"
                         "less /dev/sda5 none luks,x-initramfs\n",
                         {}, {}, marked) == Lines{"root", "more"});
}

TEST_CASE("what opens by itself is in nobody's way, unless our volumes lie on it") {
  const std::string text =
      "file UUID=1 /cryptroot/keyfiles/file.key luks\n"
      "stick UUID=2 /dev/disk/by-label/key:/key luks,keyscript=passdev\n"
      "twice UUID=3 none luks,keyscript=decrypt_keyctl\n"
      "card UUID=4 /etc/keys/card luks,keyscript=/lib/cryptsetup/scripts/decrypt_opensc\n";
  CHECK(foreign_openings(text, {}, {}, all) == Lines{"twice", "card"});
  CHECK(foreign_openings(text, {}, {"file", "other"}, all) == Lines{"file", "twice", "card"});
}

TEST_CASE("a foreign opening is told with what to do") {
  const Error error = foreign_opening("a\nb");
  CHECK(sentence(error).find("cryptsetup-initramfs opens 'a?b' in early boot: ") == 0);
  CHECK(error.hint.find("latchkey adopt") != std::string::npos);
}

TEST_CASE("a volume that the keys volume lies on is found, through the volume group") {
  // sda5 (1) - sda5_crypt (2) - vg0-encrypted--keys (3); vg1-data (5) lies on sdb (4).
  std::vector<Mapping> mappings(3);
  mappings[0].number = 2;
  mappings[0].below = {1};
  mappings[1].number = 3;
  mappings[1].below = {2};
  mappings[2].number = 5;
  mappings[2].below = {4};
  CHECK(carriers_of(3, {{"pv", 1}, {"data", 5}, {"keys", 3}}, mappings) == Lines{"pv"});
  CHECK(carriers_of(3, {{"data", 5}, {"disk", 4}}, mappings).empty());
  CHECK(encrypted_below({1, 4}, mappings).empty());
  mappings[1].uuid = "LVM-1";
  for (const char* uuid : {"CRYPT-LUKS2-1", "CRYPT-PLAIN-1"}) {
    mappings[0].name = "sda5_crypt";
    mappings[0].uuid = uuid;
    CHECK(encrypted_below({4, 2}, mappings) == Lines{"sda5_crypt"});
    CHECK(encrypted_below({3}, mappings) == Lines{"sda5_crypt"});
    // A group of these disks: a new keys volume may get a place on sdb.
    CHECK(encrypted_below_all({2, 4}, mappings).empty());
    CHECK(encrypted_below_all({2}, mappings) == Lines{"sda5_crypt"});
  }
  CHECK(encrypted_below({4, 5}, mappings).empty());
  CHECK(sentence(keys_would_lie_inside("vg0", "sda5_crypt"))
            .find("the group lies in 'sda5_crypt', which is encrypted itself") !=
        std::string::npos);
  const Error gone = keys_were_put_inside("vg0/keys", "sda5_crypt", true);
  CHECK(gone.why.find("lies in 'sda5_crypt'") != std::string::npos);
  CHECK(gone.why.find("it is removed again") != std::string::npos);
  CHECK(gone.hint.starts_with("keep LVM from that disk"));
  CHECK(keys_were_put_inside("vg0/keys", "sda5_crypt", false)
            .hint.starts_with(
                "remove it, if nobody uses it: lvm lvremove vg0/keys; keep LVM from that disk"));
  CHECK(sentence(keys_lie_inside("pv")) ==
        "the keys volume lies on 'pv': the key that would open it is inside: early boot could "
        "never reach it");
}

TEST_CASE("case 34, 38: an array of encrypted disks hides no volume that the keys would lie in") {
  // Two LUKS devices, md0 on them with a partition, the group of the keys volume on that.
  const test::TempFolder root;
  put_device(root, "sda", "8:0", {});
  put_device(root, "sda/sda1", "8:1", {});
  REQUIRE(write_file(root.file("sys/block/sda/sda1/partition"), "1\n", 0644));
  put_device(root, "sdb", "8:16", {});
  put_device(root, "dm-0", "254:0", {"sda"});
  put_device(root, "dm-1", "254:1", {"sdb"});
  put_device(root, "md0", "9:0", {"dm-0", "dm-1"});
  put_device(root, "md0/md0p1", "259:0", {});
  REQUIRE(write_file(root.file("sys/block/md0/md0p1/partition"), "1\n", 0644));
  put_mapping(root, "dm-0", "one_crypt", "CRYPT-LUKS2-1");
  put_mapping(root, "dm-1", "two_crypt", "CRYPT-LUKS2-2");
  put_device(root, "dm-2", "254:2", {"md0"});
  put_mapping(root, "dm-2", "vg0-keys", "LVM-1");
  const auto stacked = stacked_devices(root.path());
  REQUIRE(stacked.size() == 5);  // sda and sdb lie on nothing, nor does a part of sda
  const dev_t array = ::makedev(9, 0);
  const dev_t part = ::makedev(259, 0);
  const dev_t keys = ::makedev(254, 2);
  for (const dev_t device : {array, part, keys})
    CHECK(encrypted_below({device}, stacked) == Lines{"one_crypt", "two_crypt"});
  CHECK(carriers_of(keys, {{"first", ::makedev(8, 0)}, {"other", ::makedev(8, 32)}}, stacked) ==
        Lines{"first"});
}

TEST_CASE(
    "Should 5: what lies on an array of encrypted disks is encrypted, on half of one it is not") {
  // Two LUKS devices, md9 on both; md10 on one of them and on a disk.
  const std::vector<Mapping> all{{"one_crypt", "CRYPT-LUKS2-1", ::makedev(254, 0), true, {1}},
                                 {"two_crypt", "CRYPT-LUKS2-2", ::makedev(254, 1), true, {2}},
                                 {"", "", 9, true, {::makedev(254, 0), ::makedev(254, 1)}},
                                 {"", "", 10, true, {::makedev(254, 0), 3}},
                                 {"vg0-data", "LVM-1", 11, true, {9}}};
  for (const dev_t inside : {::makedev(254, 0), dev_t{9}, dev_t{11}})
    CHECK(goes_through_crypt(inside, all));
  for (const dev_t outside : {dev_t{1}, dev_t{3}, dev_t{10}, dev_t{77}})
    CHECK_FALSE(goes_through_crypt(outside, all));
}

TEST_CASE("Should 5: what a mount shows is found by its number") {
  const std::string mounts =
      "25 1 0:22 / / rw,relatime shared:1 - btrfs /dev/mapper/vg0-root rw,ssd\n"
      "31 25 0:44 /sub /srv/my\\040data rw - btrfs /dev/mapper/cleartext-my\\040data rw\n"
      "32 25 0:45 / /run rw - tmpfs";
  CHECK(source_of_mount(mounts, 25) == "/dev/mapper/vg0-root");
  CHECK(source_of_mount(mounts, 31) == "/dev/mapper/cleartext-my data");
  for (const unsigned none : {0U, 1U, 32U, 99U}) CHECK(source_of_mount(mounts, none).empty());
}
