// SPDX-License-Identifier: GPL-3.0-or-later
// What `create-volume` is asked for, its sizes, and its unfinished work; that of `adopt`.
#include "core/base/shell_word.hpp"
#include "core/base/size.hpp"
#include "core/config/new_volume.hpp"
#include "core/config/volume_lines.hpp"
#include "core/keys/adopt_work.hpp"
#include "core/luks/slot_cost.hpp"
#include "core/mount/file_system.hpp"
#include "support/catch.hpp"

using namespace latchkey;

namespace {

NewVolume mysql() {
  return {.vg = "vg0",
          .name = "mysql",
          .size = "10G",
          .mount_point = "/srv/my data",
          .fs_type = "ext4",
          .options = "noatime",
          .holds = {"mariadb"},
          .mkfs = {"-m", "0"},
          .discard = true,
          .cipher = "xchacha12,aes-adiantum-plain64",
          .key_bits = 256,
          .sector_size = 4096};
}

}  // namespace

TEST_CASE("sizes are read as people write them") {
  CHECK(*parse_size("512") == 512ULL << 20U);
  CHECK(*parse_growth("+5G") == 5ULL << 30U);
  CHECK(*parse_growth("+0") == 0);  // its LV has grown by hand
  for (const char* wrong : {"5G", "0", "+", "+0G", "-1G", "++1G", "+0 "})
    CHECK(parse_growth(wrong).error().code == Code::usage);
  CHECK(*parse_size("4096B") == 4096);
  CHECK(*parse_size("64M") == 64ULL << 20U);
  CHECK(*parse_size("64MiB") == 64ULL << 20U);
  CHECK(*parse_size("10g") == 10ULL << 30U);
  CHECK(*parse_size("10GB") == 10ULL << 30U);
  CHECK(*parse_size("1.5T") == 3ULL << 39U);
  for (const char* wrong : {"", "0", "G", "-1G", "+5G", "10X", "1.G", ".5G", "1e9", "10 G",
                            "9999999E", "10GG", "1.5.5G", "nan"}) {
    INFO(wrong);
    CHECK_FALSE(parse_size(wrong));
  }
  // What LVM refuses: bytes that fill no sector.
  CHECK(*parse_size("1.3G") == 1395864576);
  CHECK(*parse_size("513B") == 1024);
  CHECK(*parse_size("0.7T") % 512 == 0);
  CHECK(is_share("50%FREE"));
  CHECK(is_share("100%VG"));
  CHECK_FALSE(is_share("0%FREE"));
  CHECK_FALSE(is_share("101%FREE"));
  CHECK_FALSE(is_share("50%"));
  CHECK(size_text(10ULL << 30U) == "10 GiB");
  CHECK(size_text(3ULL << 39U) == "1.5 TiB");
  CHECK(size_text((64ULL << 20U) - 1) == "63.9 MiB");
  CHECK(size_text(511) == "511 bytes");
}

TEST_CASE("promise 6: unfinished work comes back from its file as it was") {
  Unfinished work = begin_work(mysql(), "0f7a6b1c-1111-4222-8333-444455556666");
  work.begun = "2026-01-31 12:00:00Z";
  work.done = {"key", "lv"};
  const auto back = parse_unfinished(encode(work));
  REQUIRE(back);
  CHECK(*back == work);
  const auto asked = asked_in(*back);
  REQUIRE(asked);
  CHECK(*asked == mysql());
  CHECK(back->is_done("lv"));
  CHECK_FALSE(back->is_done("format"));
}

TEST_CASE("unfinished work says what is half done and what to type") {
  Unfinished work = begin_work(mysql(), "uuid");
  work.begun = "2026-01-31 12:00:00Z";
  work.done = {"key", "lv"};
  const Error told = describe_unfinished(work);
  CHECK(told.what == "'create-volume' of 'mysql' is not finished");
  CHECK(told.why == "it was begun 2026-01-31 12:00:00Z and interrupted after the step 'lv'");
  CHECK(
      told.hint ==
      "to finish it, run: latchkey create-volume vg0 mysql 10G '/srv/my data' ext4 --hold mariadb "
      "--options noatime --discard --cipher xchacha12,aes-adiantum-plain64 --key-size 256 "
      "--sector-size 4096 -- -m 0; to take it back: latchkey remove-volume mysql");
  work.meanwhile = "until then both passphrases work";
  work.undo.clear();
  work.finish = "latchkey rekey";
  CHECK(describe_unfinished(work).hint ==
        "to finish it, run: latchkey rekey; until then both passphrases work");
  const auto back = parse_unfinished(encode(work));
  REQUIRE(back);
  CHECK(*back == work);
}

TEST_CASE("command lines that people are told to type are words for a shell") {
  CHECK(shell_word("/srv/www-1") == "/srv/www-1");
  CHECK(shell_word("/srv/my data") == "'/srv/my data'");
  CHECK(shell_word("it's") == "'it'\\''s'");
  CHECK(shell_word("") == "''");
}

TEST_CASE("a damaged file of unfinished work is damaged and nothing worse") {
  for (const char* text : {"", "{", "[]", "{\"command\":1}", "{\"command\":\"create-volume\"}"}) {
    const auto read = parse_unfinished(text);
    REQUIRE_FALSE(read);
    CHECK(read.error().code == Code::damaged);
  }
  CHECK_FALSE(asked_in({.command = "create-volume", .name = "x"}));
}

TEST_CASE("what cannot be a volume is told before anything is made") {
  CHECK(judge(mysql()));
  const auto refused = [](const auto& change) {
    NewVolume asked = mysql();
    change(asked);
    const auto result = judge(asked);
    return !result && result.error().code == Code::usage;
  };
  CHECK(refused([](NewVolume& v) { v.name = "keys"; }));
  CHECK(refused([](NewVolume& v) { v.name = "backup"; }));
  CHECK(refused([](NewVolume& v) { v.name = "import"; }));
  CHECK(refused([](NewVolume& v) { v.name = "-x"; }));
  CHECK(refused([](NewVolume& v) { v.name = "a/b"; }));
  CHECK(refused([](NewVolume& v) { v.name = std::string(120, 'x'); }));
  CHECK(refused([](NewVolume& v) { v.vg = "a b"; }));
  CHECK(refused([](NewVolume& v) {
    v.size =
        "10"
        "X";
  }));
  CHECK(refused([](NewVolume& v) { v.mount_point = "srv/x"; }));
  CHECK(refused([](NewVolume& v) { v.mount_point = "/srv/../etc"; }));
  CHECK(refused([](NewVolume& v) { v.fs_type = "ext4 -O"; }));
  CHECK(refused([](NewVolume& v) { v.options = "a,,b"; }));
  CHECK_FALSE(refused([](NewVolume& v) { v.size = "existing"; }));
  CHECK_FALSE(refused([](NewVolume& v) { v.name = "a-b--c"; }));
}

TEST_CASE("what --options say of ours is the volume's own before its first step") {
  NewVolume asked = mysql();
  asked.discard = false;
  asked.mount_point = "/srv/x/";
  asked.options = "noatime,x-latchkey.discard,x-latchkey.nofsck,x-latchkey.key=vg0-mysql.key";
  REQUIRE(judge(asked));
  const Volume volume = volume_of(asked, "u");
  CHECK(volume.mount_options == "noatime");
  CHECK(volume.mount_point == "/srv/x");
  CHECK(volume.discard);
  CHECK_FALSE(volume.fsck);
  CHECK(volume.uuid == "u");
  CHECK(volume.line == 0);
}

TEST_CASE(
    "--options name no other key file, mapping, UUID, cipher or header than the command makes") {
  NewVolume asked = mysql();
  for (const char* option :
       {"x-latchkey.key=my.key", "x-latchkey.mapping=my", "x-latchkey.uuid=1234",
        "x-latchkey.cipher=aes-cbc-plain", "x-latchkey.header=/boot/my.luks"}) {
    asked.options = "noatime," + std::string(option) + ",nodev";
    const auto result = judge(asked);
    INFO(option);
    REQUIRE_FALSE(result);
    CHECK(result.error().code == Code::usage);
    CHECK(result.error().what == "will not take '" + std::string(option) + "' for 'mysql'");
    CHECK(result.error().hint.starts_with("leave it out of --options"));
  }
  asked.options = "x-latchkey.key=my.key";
  CHECK(judge(asked).error().why == "its key file is 'vg0-mysql.key'");
}

TEST_CASE("a header's cipher brings no option into the line of its volume") {
  Volume volume = volume_of(mysql(), "u");
  volume.cipher = option_cipher("aes-xts,x-latchkey.key=my.key");
  const auto read = as_read(volume);
  REQUIRE(read);
  CHECK(read->key_file == volume.key_file);
}

TEST_CASE("a header's UUID brings no option into the line of its volume") {
  Volume volume = volume_of(mysql(), "u");
  CHECK(as_read(volume));
  volume.uuid = "1234,x-latchkey.key=my.key";
  CHECK_FALSE(as_read(volume));
}

TEST_CASE("the LV, mapping and key file have the names of the legacy layout") {
  const Volume volume = volume_of(mysql(), "u");
  CHECK(volume.device.text() == "vg0/encrypted-mysql");
  CHECK(volume.mapping == "cleartext-mysql");
  CHECK(volume.key_file == "vg0-mysql.key");
}

TEST_CASE("case 32: a passphrase's slot takes a quarter of early boot's memory at most") {
  constexpr std::uint64_t mib = 1024;
  CHECK(slot_memory(64 * 1024 * mib, 32).kib == 1024 * mib);
  CHECK(slot_memory(64 * 1024 * mib, 32).threads == 4);
  CHECK(slot_memory(2048 * mib, 2).kib == (2048 - 192) * mib / 4);
  CHECK(slot_memory(2048 * mib, 2).threads == 2);
  const SlotMemory small = slot_memory(480 * mib, 1);
  CHECK(small.kib == 72 * mib);
  CHECK_FALSE(small.tight);
  CHECK(slot_memory(256 * mib, 1).kib == 64 * mib);
  CHECK(slot_memory(256 * mib, 1).tight);
}

TEST_CASE("a type that goes without its mount helper's work is told") {
  CHECK(lost_helper("nilfs2"));
  CHECK_FALSE(lost_helper("ext4"));
}

TEST_CASE("a keys volume whose file system the kernel has no driver for is not called damaged") {
  const Error error = keys_without_driver("xfs");
  CHECK(error.code == Code::missing);
  CHECK(error.why == "this kernel has no driver for its file system, xfs");
  CHECK(error.hint ==
        "for early boot add xfs to /etc/initramfs-tools/modules, and run: update-initramfs -u "
        "-k all");
}

TEST_CASE("an adoption whose key is lost draws another one, which gets a slot of its own") {
  Unfinished work{.command = "adopt", .name = "www"};
  work.done = {"key", "slot", "note", "configure"};
  CHECK_FALSE(key_is_settled(work));
  draw_key_anew(work, true);
  CHECK(work.done == std::vector<std::string>{"configure"});
  // The line is of another disk.
  draw_key_anew(work, false);
  CHECK(work.done.empty());
  work.done = {"key", "slot", "note", "configure", "mount"};
  CHECK(key_is_settled(work));
}
