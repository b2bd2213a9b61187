// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>

#include "core/image/image.hpp"
#include "core/image/image_build.hpp"
#include "core/image/then_build.hpp"
#include "core/luks/luks_ciphers.hpp"
#include "support/catch.hpp"
#include "support/temp_folder.hpp"
#include "sys/image/image.hpp"

using namespace latchkey;
using Lines = std::vector<std::string>;

namespace {

bool has(const Lines& names, const std::string& name) {
  return std::ranges::find(names, name) != names.end();
}

std::string luks2(const std::string& json, std::size_t size = 16384) {
  std::string out("LUKS\xba\xbe\0\x02", 8);
  for (int shift = 56; shift >= 0; shift -= 8)
    out += static_cast<char>((size >> static_cast<unsigned>(shift)) & 0xffU);
  out.resize(4096);
  out += json;
  out.resize(size);
  return out;
}

std::string luks1(const std::string& cipher, const std::string& mode) {
  std::string out("LUKS\xba\xbe\0\x01", 8);
  out += cipher;
  out.resize(40);
  out += mode;
  out.resize(592);
  return out;
}

}  // namespace

TEST_CASE("an image says what it is, and is read back") {
  const ImageInfo waits{"1.0", "abc", true, ""};
  CHECK(to_text(waits) == "version=1.0\nconfig=abc\nmode=wait\nreason=\n");
  CHECK(*parse_image_info(to_text(waits)) == waits);
  const ImageInfo on{"1.0", "abc", false, "no key: a\nmode=wait"};
  // A reason must not forge a line that the boot scripts grep for.
  CHECK(to_text(on) == "version=1.0\nconfig=abc\nmode=boot-on\nreason=no key: a?mode=wait\n");
  CHECK_FALSE(parse_image_info(to_text(on))->wait);
  CHECK(parse_image_info("version=1\n").error().code == Code::damaged);
}

TEST_CASE("root's login is the unlocker, whatever other hooks wrote") {
  const std::string ours = "root:x:0:0:root:/etc/latchkey/root:/usr/sbin/latchkey-unlock\n";
  CHECK(image_passwd("") == ours);
  CHECK(image_passwd("root:*:0:0::/root-AbC:/bin/sh\nother:x:1:1::/:/bin/false\n") ==
        ours + "other:x:1:1::/:/bin/false\n");
  CHECK(image_group("") == "root:x:0:\n");
  CHECK(image_group("root:!:0:\n") == "root:!:0:\n");
  CHECK(image_shells("/bin/sh\n") == "/bin/sh\n/usr/sbin/latchkey-unlock\n");
  CHECK(image_shells(image_shells("")) == "/usr/sbin/latchkey-unlock\n");
}

TEST_CASE("case 43: LVM's system ID is said in early boot, which cannot make it up") {
  CHECK(image_lvmlocal("", "web7") ==
        "global { system_id_source = \"lvmlocal\" }\nlocal { system_id = \"web7\" }\n");
  CHECK(image_lvmlocal("local { system_id = \"old\" }", "web7") ==
        "local { system_id = \"old\" }\nglobal { system_id_source = \"lvmlocal\" }\n"
        "local { system_id = \"web7\" }\n");
}

TEST_CASE("root among the volumes is seen also in a file that cannot be parsed") {
  CHECK(root_is_a_volume("what is this\nroot system/root / ext4\n"));
  CHECK(root_is_a_volume("root\tUUID=nonsense\t/"));
  // What early boot mounts beside root.
  CHECK(root_is_a_volume("usr system/usr /usr ext4"));
  CHECK(root_is_a_volume("usr system/usr /usr/ ext4"));
  // A volume group with root in it lies there.
  CHECK(root_is_a_volume("sda3 UUID=1 none auto noatime,x-latchkey.boot\n"));
  CHECK_FALSE(root_is_a_volume("pv UUID=1 none auto x-latchkey.bootable\n"));
  CHECK_FALSE(root_is_a_volume("local system/local /usr/local ext4\nv system/var /var ext4\n"));
  CHECK_FALSE(root_is_a_volume("# root system/root / ext4\ndata system/data /srv ext4\n"));
}

TEST_CASE("words are granted to all keys, to a comment, to a fingerprint") {
  SshConfig config;
  config.grant = {Word::reboot};
  config.grants = {{"alice", {Word::poweroff}}, {"SHA256:f", {Word::shell}}, {"ghost", {}}};
  AuthorizedKey alice;
  alice.comment = "alice";
  alice.line = 2;
  AuthorizedKey other;
  other.line = 5;
  const auto keys = describe_keys(config, {alice, other}, {"SHA256:a", "SHA256:f"});
  REQUIRE(keys.size() == 2);
  const DoorKey& first = keys[0];
  CHECK(first.number == 2);  // as it stands in the file, behind a comment
  CHECK(first.words.contains(Word::poweroff));
  CHECK(first.words.contains(Word::reboot));
  CHECK(first.words.contains(Word::unlock));
  CHECK_FALSE(first.words.contains(Word::shell));
  CHECK(keys[1].number == 5);
  CHECK(keys[1].words.contains(Word::shell));
  CHECK_FALSE(keys[1].words.contains(Word::poweroff));
  const auto idle = idle_grants(config, {alice, other}, {"SHA256:a", "SHA256:f"});
  REQUIRE(idle.size() == 1);
  CHECK(idle[0].name == "ghost");
  CHECK(idle[0].why == "no key has this comment or fingerprint");
}

TEST_CASE("Must 12: nobody gets another's words by what he writes into his key's comment") {
  SshConfig config;
  config.grants = {{"alice", {Word::poweroff}}, {"SHA256:a", {Word::shell}}};
  AuthorizedKey alice;
  alice.comment = "alice";
  AuthorizedKey mallory = alice;
  AuthorizedKey eve;
  eve.comment = "SHA256:a";
  const Lines prints{"SHA256:a", "SHA256:m", "SHA256:e"};
  const auto keys = describe_keys(config, {alice, mallory, eve}, prints);
  REQUIRE(keys.size() == 3);
  CHECK(keys[0].words.contains(Word::shell));
  CHECK_FALSE(keys[2].words.contains(Word::shell));
  for (const DoorKey& key : keys) CHECK_FALSE(key.words.contains(Word::poweroff));
  const auto idle = idle_grants(config, {alice, mallory, eve}, prints);
  REQUIRE(idle.size() == 1);
  CHECK(idle[0].name == "alice");
  CHECK(idle[0].why.starts_with("2 keys have this comment"));
}

TEST_CASE("lvm is needed for logical volumes only") {
  const DeviceRef lv{DeviceRef::Kind::lv, "vg", "keys", ""};
  const DeviceRef disk{DeviceRef::Kind::uuid, "", "", "1234"};
  Volume volume;
  volume.device = lv;
  CHECK(needs_lvm(lv, {}));
  CHECK(needs_lvm(disk, {volume}));
  CHECK_FALSE(needs_lvm(disk, {}));
}

TEST_CASE("a LUKS header tells its ciphers") {
  const auto two = parse_luks_ciphers(
      luks2(R"({"keyslots":{"0":{"area":{"encryption":"xchacha12,aes-adiantum-plain64"}}},)"
            R"("segments":{"0":{"encryption":"aes-xts-plain64"}}})"));
  REQUIRE(two);
  CHECK(two->data == "aes-xts-plain64");
  CHECK(two->slots == Lines{"xchacha12,aes-adiantum-plain64"});
  const auto one = parse_luks_ciphers(luks1("serpent", "cbc-essiv:sha256"));
  REQUIRE(one);
  CHECK(one->data == "serpent-cbc-essiv:sha256");
}

TEST_CASE("what is no LUKS header, or a damaged one, is an error and no crash") {
  for (const std::string& bytes :
       {std::string(), std::string("LUKS"), std::string(20000, '\0'), std::string(592, 'x'),
        luks2("{}"), luks2("not json"), luks2("[1]"), luks2(R"({"segments":[]})"),
        luks2(R"({"segments":{"0":7}})"), luks2(R"({"segments":{"0":{"encryption":7}}})"),
        luks2("{}").substr(0, 8000)}) {
    const auto parsed = parse_luks_ciphers(bytes);
    REQUIRE_FALSE(parsed);
    CHECK(parsed.error().code == Code::damaged);
  }
  // A header that claims a gigabyte is not read, whoever wrote it.
  std::string huge = luks2("{}");
  huge[12] = '\x40';
  CHECK(luks_header_size(huge) == 0);
  const std::string whole =
      luks2(R"({"keyslots":{"0":{"area":3}},"segments":{"0":{"encryption":"aes-xts-plain64"}}})");
  CHECK(parse_luks_ciphers(whole)->slots.empty());
}

TEST_CASE("Must 5: a LUKS header deeper, larger or longer than any is an error, and soon") {
  constexpr std::size_t largest = 4U << 20U;
  const auto with = [](const std::string& more) {
    return luks2(R"({"segments":{"0":{"encryption":"aes-xts-plain64"}}, )" + more + "}", largest);
  };
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  CHECK(parse_luks_ciphers(with(R"("x":)" + nested(31))));
  std::string slots;
  for (int i = 0; i < 33; ++i)
    slots += std::string(i == 0 ? "" : ",") + '"' + std::to_string(i) +
             R"(":{"area":{"encryption":"c)" + std::to_string(i) + R"("}})";
  // The first is as deep as fits into the largest header.
  for (const std::string& bytes :
       {with(R"("x":)" + nested(2'000'000)), with(R"("keyslots":{"0":)" + nested(33) + "}"),
        with(R"("keyslots":{)" + slots + "}"),
        luks2(R"({"segments":{"0":{"encryption":")" + std::string(201, 'a') + R"("}}})"),
        luks2(R"({"segments":{"0":{"encryption":"aes-xts-plain64","x":)" + nested(100'000) + "}}}",
              largest)}) {
    const auto parsed = parse_luks_ciphers(bytes);
    REQUIRE_FALSE(parsed);
    CHECK(parsed.error().code == Code::damaged);
  }
}

TEST_CASE("what seals a volume's data is asked of the kernel beside its cipher") {
  const auto sealed = [](const std::string& cipher, const std::string& integrity) {
    const auto read = parse_luks_ciphers(luks2(R"({"segments":{"0":{"encryption":")" + cipher +
                                               R"(","integrity":{"type":")" + integrity +
                                               R"(","journal_encryption":"none"}}}})"));
    REQUIRE(read);
    CHECK(read->data == cipher);
    CHECK(read->integrity == integrity);
    return integrity_modules(read->integrity);
  };
  CHECK(sealed("aes-xts-random", "hmac(sha256)") ==
        Lines{"dm_integrity", "crypto-authenc", "crypto-hmac", "crypto-sha256"});
  CHECK(sealed("aes-xts-random", "cmac(aes)") ==
        Lines{"dm_integrity", "crypto-authenc", "crypto-cmac", "crypto-aes"});
  CHECK(sealed("chacha20-random", "poly1305") ==
        Lines{"dm_integrity", "crypto-rfc7539", "crypto-poly1305"});
  CHECK(sealed("aes-gcm-random", "aead") == Lines{"dm_integrity"});
  CHECK(cipher_modules("aes-gcm-random") ==
        Lines{"crypto-aes", "crypto-gcm", "crypto-ctr", "crypto-ghash"});
  CHECK(cipher_modules("aegis128-random") == Lines{"crypto-aegis128"});
  CHECK(integrity_modules("").empty());
  const auto plain =
      parse_luks_ciphers(luks2(R"({"segments":{"0":{"encryption":"aes-xts","integrity":7}}})"));
  REQUIRE(plain);
  CHECK(plain->integrity.empty());
}

TEST_CASE("a cipher's modules are asked for by the kernel's own aliases") {
  CHECK(cipher_modules("aes-xts-plain64") == Lines{"crypto-aes", "crypto-xts", "crypto-ecb"});
  const Lines essiv = cipher_modules("aes-cbc-essiv:sha512");
  for (const std::string name : {"crypto-aes", "crypto-cbc", "crypto-essiv", "crypto-sha512"})
    CHECK(has(essiv, name));
  const Lines adiantum = cipher_modules("xchacha20,aes-adiantum-plain64");
  for (const std::string name : {"crypto-xchacha20", "crypto-adiantum", "crypto-nhpoly1305"})
    CHECK(has(adiantum, name));
  CHECK(cipher_modules("capi:xts(twofish)-plain64") ==
        Lines{"crypto-xts", "crypto-ecb", "crypto-twofish"});
  // Names come from a header anybody may have written: nothing but words gets out.
  for (const std::string& name : cipher_modules("a b;$(x)\n../..-q"))
    CHECK(name.find_first_not_of("crypto-abcdefghijklmnopqrstuvwxyz0123456789_") ==
          std::string::npos);
}

TEST_CASE("what a kernel may have made part of another algorithm is no fault of an image") {
  for (const char* name : {"crypto-poly1305", "crypto-nhpoly1305", "crypto-chacha20"})
    CHECK(implied_module(name));
  for (const char* name : {"crypto-adiantum", "crypto-xchacha12", "crypto-aes", "crypto-xts"})
    CHECK_FALSE(implied_module(name));
}

TEST_CASE("the kernel's crypto sockets come along for key slots that need them") {
  CHECK(slot_modules("aes-xts-plain64").empty());
  CHECK(slot_modules("serpent-cbc-essiv:sha256").empty());
  CHECK(has(slot_modules("xchacha12,aes-adiantum-plain64"), "algif_skcipher"));
  CHECK(has(slot_modules("camellia-xts-plain64"), "algif_skcipher"));
}

TEST_CASE("an image without a driver for the keys volume's file system is told what to add") {
  const test::TempFolder root;
  const auto faults = keys_type_faults({Paths{root.path()}, root.path(), "6.1"}, "xfs");
  REQUIRE(faults.size() == 1);
  CHECK(faults[0].what == "the kernel could not mount the keys volume: 'xfs' is missing");
  CHECK(faults[0].hint ==
        "add xfs to /etc/initramfs-tools/modules, and run: update-initramfs -u -k 6.1");
}

TEST_CASE("the image that is at fault is what its owner is told to build again, and once") {
  CHECK(then_build("", "6.1") == "mend that; then run: update-initramfs -u -k 6.1");
  CHECK(then_build("run: apt install busybox", "6.1") ==
        "run: apt install busybox; then run: update-initramfs -u -k 6.1");
  const std::string all = "remove it, then run: update-initramfs -u -k all";
  CHECK(then_build(all, "6.1") == all);
  // Nothing in this made-up one: no hint of its own names a build that may be another kernel's.
  const test::TempFolder root;
  for (const Error& fault : image_faults({Paths{root.path()}, root.path(), "6.1"}, {}))
    CHECK(fault.hint.find("update-initramfs") == std::string::npos);
}

TEST_CASE("a build of images that did nothing says why, also when it ends well") {
  CHECK(build_reasons("update-initramfs: Generating /boot/initrd.img-6.1\n"
                      "W: /boot is ro mounted.\nlatchkey: said\n"
                      "W: Not updating /boot/initrd.img-6.1\x1b[2J\nother\n") ==
        Lines{"W: /boot is ro mounted.", "W: Not updating /boot/initrd.img-6.1?[2J"});
  CHECK(build_reasons("update-initramfs: Not updating initramfs.\n") ==
        Lines{"update-initramfs: Not updating initramfs."});
  CHECK(build_reasons("1\n\n2\nlatchkey: said\n3\n4\n5\n6\n") == Lines{"2", "3", "4", "5", "6"});
  CHECK(build_reasons("").empty());
}
