// SPDX-License-Identifier: GPL-3.0-or-later
// Command lines for people, as they are typed.
#include "core/storage/manual_commands.hpp"
#include "support/catch.hpp"

using namespace latchkey;

TEST_CASE("promise 6: who has no room is told of another disk, and to shrink no LV alone") {
  CHECK(room_hint("vg0", (60ULL << 20U) + 1, 4ULL << 20U) ==
        "add an empty disk to the group: lvm vgextend vg0 DISK; or make another logical volume of "
        "it smaller together with its file system, which ext4 can while it is not mounted, and "
        "xfs never: lvm lvreduce --resizefs --size -64M vg0/LV");
  CHECK(room_hint("vg0", 2ULL << 20U, 4ULL << 20U).ends_with("--size -4M vg0/LV"));
  CHECK(room_hint("vg0", 1, 4096).ends_with("--size -1M vg0/LV"));
}

TEST_CASE("cryptsetup's command lines wake a resting LV and name a header that is kept apart") {
  const DeviceRef lv{.kind = DeviceRef::Kind::lv, .vg = "big-vg", .lv = "encrypted-keys"};
  const DeviceRef label{.kind = DeviceRef::Kind::label, .value = "my disk"};
  CHECK(wake_first(lv) + cryptsetup_command("reencrypt --resume-only", lv, "") ==
        "lvm lvchange --activate y big-vg/encrypted-keys; cryptsetup reencrypt --resume-only "
        "/dev/mapper/big--vg-encrypted--keys");
  CHECK(wake_first(label).empty());
  CHECK(cryptsetup_command("open", label, "/boot/it's.luks", "www") ==
        "cryptsetup open --header '/boot/it'\\''s.luks' '/dev/disk/by-label/my\\x20disk' www");
}

TEST_CASE("what goes onto the paper with a recovery key opens the volume as it is typed") {
  const DeviceRef lv{.kind = DeviceRef::Kind::lv, .vg = "vg0", .lv = "a"};
  CHECK(recovery_key_use(lv, "", "cleartext-keys", true) ==
        "to use it, with its dashes: type it as the passphrase, in early boot or for "
        "release-services; by hand: lvm lvchange --activate y vg0/a; cryptsetup open "
        "/dev/mapper/vg0-a cleartext-keys");
  CHECK(recovery_key_use({.value = "/dev/sdb1"}, "/dev/disk/by-id/usb-1", "a", false) ==
        "to use it, with its dashes: cryptsetup open --header /dev/disk/by-id/usb-1 /dev/sdb1 a");
}
