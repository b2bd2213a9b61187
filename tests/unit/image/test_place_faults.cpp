// SPDX-License-Identifier: GPL-3.0-or-later
// What an image would open, against what is known of it for sure.
#include <filesystem>
#include <fstream>

#include "support/alone.hpp"
#include "support/catch.hpp"
#include "support/fake_lvm.hpp"
#include "support/temp_folder.hpp"
#include "sys/image/place_faults.hpp"
#include "sys/storage/known_lv.hpp"

using namespace latchkey;
using namespace latchkey::test;
using namespace std::string_literals;

namespace {

const DeviceRef keys{.kind = DeviceRef::Kind::lv, .vg = "system", .lv = "encrypted-keys"};

void put(const std::string& file, const std::string& text) {
  std::filesystem::create_directories(std::filesystem::path(file).parent_path());
  std::ofstream(file) << text;
}

// The bytes of a LUKS1 header.
std::string header(const std::string& uuid) {
  std::string out = "LUKS\xba\xbe\0\1"s;
  out.resize(592);
  out.replace(8, 3, "aes");
  out.replace(40, 11, "xts-plain64");
  out.replace(168, uuid.size(), uuid);
  return out;
}

void configure(const std::string& tree, const std::string& device, const std::string& uuid) {
  put(tree + "/etc/latchkey/latchkey.conf",
      "[keys]\ndevice = \"" + device + "\"\nuuid = \"" + uuid + "\"\n");
}

std::string row(const std::string& group, const std::string& missing, const std::string& name) {
  return "{\"vg_name\":\"" + group + "\",\"vg_missing_pv_count\":\"" + missing +
         "\",\"lv_name\":\"" + name + "\"}";
}

std::string vgs(const std::string& rows, const std::string& status = "0") {
  return "vgs) echo '{\"report\":[{\"vg\":[" + rows + "]}]}'; exit " + status + ";;";
}

// What is known of the keys volume when lvm answers so.
std::string known(const std::string& answers) {
  return alone([&]() -> std::string {
    if (!fake_lvm(answers)) return "no lvm";
    switch (look_up_lv(keys)) {
      case KnownLv::unsure:
        return "unsure";
      case KnownLv::absent:
        return "absent";
      case KnownLv::there:
        break;
    }
    return "there";
  });
}

}  // namespace

TEST_CASE("an image for a keys volume of before, or a root of another header, has a fault") {
  const TempFolder folder;
  const std::string root = folder.path() + "/root";
  const std::string tree = folder.path() + "/tree";
  const std::string now = "0f7a6b1c-2222-4222-8333-444455556666";
  const std::string before = "0f7a6b1c-1111-4222-8333-444455556666";
  const auto faults = [&] { return place_faults({root}, tree); };
  CHECK(faults().empty());  // no configuration: that is told elsewhere
  configure(tree, "system/encrypted-keys", before);
  CHECK(faults().empty());  // no disk
  put(root + keys.path(), "what is no header");
  CHECK(faults().empty());
  put(root + keys.path(), header(now));
  REQUIRE(faults().size() == 1);
  CHECK(faults()[0].what == "early boot would not open the keys volume");
  CHECK(faults()[0].why == "its header has the UUID " + now + " and not " + before);
  CHECK(faults()[0].hint.find("write uuid = \"" + now + "\" into [keys]") != std::string::npos);
  configure(tree, "system/encrypted-keys", now);
  CHECK(faults().empty());

  // A volume that the boot goes on without costs only itself, and `check` tells of it.
  put(root + "/dev/mapper/system-www", header(now));
  put(tree + "/etc/latchkey/volumes",
      "www system/www /srv/www ext4 x-latchkey.uuid=" + before + "\n");
  CHECK(faults().empty());
  put(tree + "/etc/latchkey/volumes", "root system/www / ext4 x-latchkey.uuid=" + before + "\n");
  REQUIRE(faults().size() == 1);
  CHECK(faults()[0].what == "early boot would not open the volume of '/'");
  // By the image's own copy, where its header is in a file.
  put(tree + "/etc/latchkey/volumes",
      "root system/www / ext4 x-latchkey.header=/root.luks,x-latchkey.uuid=" + before + "\n");
  put(root + "/root.luks", header(now));
  put(tree + "/root.luks", header(before));
  CHECK(faults().empty());

  // Who is called so until the next boot only may be another one by then.
  put(root + "/dev/sdb1", header(now));
  configure(tree, "/dev/sdb1", before);
  CHECK(faults().empty());
}

TEST_CASE("a logical volume is known to be absent only by a group that is there and whole") {
  const std::string other = row("system", "0", "encrypted-keys-2");
  const std::string first = known(vgs(other));
  if (first.empty() || first == "no lvm") {
    skip("no lvm here, or no mount namespace");
    return;
  }
  CHECK(first == "absent");
  CHECK(known(vgs(other + "," + row("system", "0", "encrypted-keys"))) == "there");
  CHECK(known(vgs(row("system", "1", "encrypted-keys-2"))) == "unsure");
  CHECK(known(vgs(other, "5")) == "unsure");  // two groups of the name, or none
  CHECK(known(vgs("")) == "unsure");
  CHECK(known("vgs) echo Killed;;") == "unsure");
}

TEST_CASE("an image for a keys volume that its group does not have has a fault") {
  const TempFolder folder;
  configure(folder.path(), "system/encrypted-keys", "0f7a6b1c-2222-4222-8333-444455556666");
  CHECK(alone([&]() -> std::string {
          if (!fake_lvm(vgs(row("system", "0", "encrypted-keys-2")))) return "";
          if (!disks_are_ours()) return "";
          const std::vector<Error> faults = place_faults({}, folder.path());
          if (faults.size() != 1) return std::to_string(faults.size()) + " faults";
          return faults[0].why == "there is no 'encrypted-keys' in the volume group 'system'"
                     ? ""
                     : faults[0].why;
        }) == "");
}
