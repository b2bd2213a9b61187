// SPDX-License-Identifier: GPL-3.0-or-later
// A configuration that is there, beside that of a backup.
#include "core/keys/restore_config.hpp"
#include "support/catch.hpp"

using namespace latchkey;

namespace {

const std::string first = "0f7a6b1c-1111-4222-8333-444455556666";
const std::string second = "0f7a6b1c-2222-4222-8333-444455556666";

std::string config(const std::string& device, const std::string& uuid) {
  return "[keys]\ndevice = \"" + device + "\"\n" +
         (uuid.empty() ? "" : "uuid = \"" + uuid + "\"\n");
}

std::vector<std::string> volumes(const std::string& there) {
  return contradictions("volumes", there,
                        "a vg/encrypted-a /srv/a ext4 x-latchkey.uuid=" + first +
                            "\nb vg/encrypted-b /srv/b ext4\n");
}

}  // namespace

TEST_CASE("a configuration that names another keys volume than the backup is told") {
  const std::string saved = config("vg/encrypted-keys", first);
  const auto of = [&](const std::string& there) {
    return contradictions("latchkey.conf", there, saved);
  };
  CHECK(of(saved).empty());
  CHECK(of(config("vg/encrypted-keys", "")).empty());
  CHECK(of(saved + "[boot]\nwait = \"5min\"\n").empty());
  CHECK(of(config("vg/encrypted-keys", second)) ==
        std::vector<std::string>{"the UUID of the keys volume is " + second + ", and " + first +
                                 " in the backup"});
  CHECK(of(config("old/keys", first)) ==
        std::vector<std::string>{"the device of the keys volume is old/keys, and "
                                 "vg/encrypted-keys in the backup"});
  CHECK(of("rubbish").size() == 1);
  CHECK(contradictions("services", "a", "b").empty());
}

TEST_CASE("the keys volume of a backup is not in use any more after a rekey") {
  BackupPart part{.kind = BackupPart::Kind::keys, .name = "keys", .device = "vg/keys"};
  part.uuid = first;
  const auto other = [&](const std::string& device, const std::string& uuid) {
    const auto there = parse_config(config(device, uuid), "latchkey.conf");
    REQUIRE(there);
    return is_other_keys_volume(there->keys, part, "vg/keys");
  };
  CHECK_FALSE(other("vg/keys", first));
  CHECK_FALSE(other("vg/keys", ""));
  CHECK(other("vg/keys-2", second));
  CHECK(other("vg/keys-2", ""));
  CHECK(other("vg/keys", second));
  // The same one, by another way to it.
  CHECK_FALSE(other("UUID=" + first, ""));
  CHECK_FALSE(other("/dev/sdb1", first));
  CHECK(other("UUID=" + second, ""));
  // One that was named with --device.
  CHECK(other("/dev/sdb1", ""));
  part.device = "/dev/sdb1";
  CHECK_FALSE(other("/dev/sdb1", ""));
  CHECK_FALSE(other("vg/keys", ""));
}

TEST_CASE("a volumes file that lacks or moves a volume of the backup is told; a newer one is not") {
  const std::string both = "a vg/encrypted-a /srv/a ext4\nb vg/encrypted-b /srv/b ext4\n";
  CHECK(volumes(both).empty());
  CHECK(volumes(both + "c vg/encrypted-c /srv/c ext4\n").empty());
  CHECK(volumes("a vg/encrypted-a /mnt xfs noatime\nb vg/encrypted-b none ext4\n").empty());
  CHECK(volumes("a vg/encrypted-a /srv/a ext4\n") == std::vector<std::string>{"'b' is not in it"});
  const auto moved = volumes(
      "a vg/encrypted-a /srv/a ext4 x-latchkey.uuid=" + second +
      "\nb other/encrypted-b /srv/b ext4 x-latchkey.key=vg-b.key\n");
  CHECK(moved == std::vector<std::string>{
                     "the UUID of 'a' is " + second + ", and " + first + " in the backup",
                     "the device of 'b' is other/encrypted-b, and vg/encrypted-b in the backup"});
  CHECK(volumes("a vg/encrypted-a /srv/a ext4 x-latchkey.key=x.key\nb vg/encrypted-b /srv/b ext4\n")
            .size() == 1);
  CHECK(volumes("a\n").size() == 1);
  const std::string ciphered = "a vg/encrypted-a /srv/a ext4 x-latchkey.cipher=";
  CHECK(contradictions("volumes", ciphered + "new\n", ciphered + "old\n") ==
        std::vector<std::string>{"the cipher of 'a' is new, and old in the backup"});
  const Error told = contradiction_error("/etc/latchkey/volumes", moved);
  CHECK(told.code == Code::partial);
  CHECK(told.hint.find("mv /etc/latchkey/volumes /etc/latchkey/volumes.old") != std::string::npos);
}
