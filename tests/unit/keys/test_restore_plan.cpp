// SPDX-License-Identifier: GPL-3.0-or-later
// What a restore decides: where it writes, what it refuses, and what it tells.
#include <string>

#include "core/keys/restore_plan.hpp"
#include "support/backup_parts.hpp"
#include "support/catch.hpp"

using namespace latchkey;
using test::keys_part;
using test::uuid;

TEST_CASE("a restore writes where nothing is lost, and nowhere else") {
  BackupPart part{.kind = BackupPart::Kind::header, .name = "a", .device = "vg/encrypted-a"};
  part.uuid = uuid;
  part.size = 4096;
  const auto decide = [&](const RestoreFact& fact, bool overwrite = false) {
    return decide_restore(part, fact, overwrite).action;
  };
  RestoreFact fact;
  CHECK(decide(fact) == RestoreAction::missing);
  fact.can_make = true;
  CHECK(decide(fact) == RestoreAction::missing);  // data cannot be made again
  fact.present = true;
  fact.size = 8192;
  CHECK(decide(fact) == RestoreAction::write);
  fact.signature = "crypto_LUKS";
  CHECK(decide(fact) == RestoreAction::write);
  fact.signature = "ext4";
  CHECK(decide(fact) == RestoreAction::refuse);
  CHECK(decide(fact, true) == RestoreAction::write);
  fact.begun = true;
  CHECK(decide(fact) == RestoreAction::refuse);
  fact = {.present = true, .size = 8192, .header = true, .uuid = uuid, .opens = true};
  CHECK(decide(fact) == RestoreAction::nothing);
  CHECK(decide(fact, true) == RestoreAction::nothing);
  fact.opens = false;
  CHECK(decide(fact) == RestoreAction::refuse);
  CHECK(decide(fact, true) == RestoreAction::write);
  fact.begun = true;
  CHECK(decide(fact) == RestoreAction::write);
  fact.uuid = "another";
  CHECK(decide(fact) == RestoreAction::refuse);
  fact.size = 512;
  CHECK(decide(fact, true) == RestoreAction::refuse);
  // In use: only what loses nothing, and no word of the owner changes that.
  fact = {.present = true, .size = 8192, .user = "'x' lies on it"};
  CHECK(decide(fact, true) == RestoreAction::refuse);
  CHECK(decide_restore(part, fact, true).why == "it is in use: 'x' lies on it");
  fact.user_is_ours = true;
  CHECK(decide(fact) == RestoreAction::write);
  fact.header = true;
  fact.uuid = "another";
  CHECK(decide(fact, true) == RestoreAction::refuse);
  part = keys_part();
  CHECK(decide({.can_make = true}) == RestoreAction::make);
}

TEST_CASE("a device that was named is written when nothing speaks against it, and told what does") {
  BackupPart part{.kind = BackupPart::Kind::header, .name = "a", .device = "/dev/sdx1"};
  part.uuid = uuid;
  part.size = 4096;
  part.device_size = 1U << 30U;
  RestoreFact fact{.present = true, .size = 1U << 30U, .named = true};
  const auto decide = [&](bool overwrite = false) {
    return decide_restore(part, fact, overwrite).action;
  };
  const auto why = [&] { return decide_restore(part, fact, false).why; };
  CHECK(decide() == RestoreAction::write);
  // Another size: only where the owner is sure.
  fact.size += 512;
  CHECK(decide() == RestoreAction::refuse);
  CHECK(why() ==
        "it has 1073742336 bytes, and the device of 'a' had 1073741824 when the "
        "backup was made");
  CHECK(decide_restore(part, fact, false).hint.find("add: --overwrite a") != std::string::npos);
  CHECK(decide(true) == RestoreAction::write);
  // A backup of an older version does not tell.
  part.device_size = 0;
  CHECK(decide() == RestoreAction::refuse);
  CHECK(decide(true) == RestoreAction::write);
  part.device_size = fact.size;
  // Whatever it holds, and all of it in one message.
  fact.signature = "ext4";
  CHECK(decide() == RestoreAction::refuse);
  CHECK(decide(true) == RestoreAction::write);
  fact.signature = "crypto_LUKS";
  CHECK(why() == "it has a damaged LUKS header, which may be another volume's");
  part.device_size = 1U << 30U;
  CHECK(why().find("another volume's; and it has 1073742336 bytes") != std::string::npos);
  // No word of the owner gives these away.
  for (const char* other : {"LVM2_member", "linux_raid_member", "ext4 and LVM2_member"}) {
    fact.signature = other;
    CHECK(decide(true) == RestoreAction::refuse);
  }
  fact.signature = "";
  fact.others = "it is, or holds, the device of the volume 'b'";
  CHECK(decide(true) == RestoreAction::refuse);
  CHECK(why() == fact.others);
  // Open with the backup's header: that is its device, whatever its size.
  fact.others = "";
  fact.user = "'cleartext-a' lies on it";
  CHECK(decide(true) == RestoreAction::refuse);
  fact.user_is_ours = true;
  CHECK(decide() == RestoreAction::write);
  // And what is as it should be is not touched.
  fact = {.present = true, .size = 512, .header = true, .uuid = uuid, .opens = true, .named = true};
  CHECK(decide() == RestoreAction::nothing);
}

TEST_CASE("a device that the kernel named is not written over where it may be another disk") {
  BackupPart part{.kind = BackupPart::Kind::header, .name = "a", .device = "/dev/sdb1"};
  part.uuid = uuid;
  part.size = 4096;
  part.device_size = 1U << 30U;
  const RestoreFact blank{.present = true, .size = 1U << 30U, .may_change = true};
  const auto decide = [&](const RestoreFact& fact, bool overwrite = false) {
    return decide_restore(part, fact, overwrite);
  };
  // As blank as the data of a volume whose header is elsewhere.
  const auto asked = decide(blank);
  CHECK(asked.action == RestoreAction::refuse);
  CHECK(asked.why.starts_with("nothing on it tells that it is the one of 'a'"));
  CHECK(asked.hint.ends_with("add: --device a=/dev/sdb1"));
  CHECK(decide(blank, true).action == RestoreAction::write);
  RestoreFact fact = blank;
  fact.named = true;
  CHECK(decide(fact).action == RestoreAction::write);
  // A LUKS header was there: it is asked for its size.
  fact = blank;
  fact.signature = "crypto_LUKS";
  CHECK(decide(fact).action == RestoreAction::write);
  fact.size += 512;
  CHECK(decide(fact).action == RestoreAction::refuse);
  CHECK(decide(fact).why.starts_with("it has 1073742336 bytes, and the device of 'a' had"));
  // No word of the owner gives these away.
  fact = blank;
  fact.others = "it is not the device of 'a': its header is on /dev/sdc1";
  CHECK(decide(fact, true).action == RestoreAction::refuse);
  CHECK(decide(fact, true).why == fact.others);
  fact = blank;
  fact.signature = "LVM2_member";
  CHECK(decide(fact, true).action == RestoreAction::refuse);
  // What is open with the backup's header, and what a run of before began, is the one.
  fact = blank;
  fact.user = "'cleartext-a' lies on it";
  fact.user_is_ours = true;
  CHECK(decide(fact).action == RestoreAction::write);
  fact = blank;
  fact.begun = true;
  CHECK(decide(fact).action == RestoreAction::write);
  // The device of a header that is kept apart: its size is in no backup.
  part.header = "/dev/sdd1";
  fact = blank;
  fact.size = 1U << 24U;
  CHECK(decide(fact).action == RestoreAction::refuse);
  CHECK(decide(fact).hint.ends_with("add: --overwrite a"));
  CHECK(decide(fact, true).action == RestoreAction::write);
}

TEST_CASE("a device that gives read errors is not taken for an empty one by a restore") {
  BackupPart part{.kind = BackupPart::Kind::header, .name = "a", .device = "vg/encrypted-a"};
  part.uuid = uuid;
  part.size = 4096;
  RestoreFact fact{.present = true, .size = 8192, .unseen = "Input/output error"};
  const auto refused = decide_restore(part, fact, false);
  CHECK(refused.action == RestoreAction::refuse);
  CHECK(refused.why == "what it holds cannot be read: Input/output error");
  CHECK(refused.hint == "if that may be lost, add: --overwrite a");
  CHECK(decide_restore(part, fact, true).action == RestoreAction::write);
  fact.begun = true;
  CHECK(decide_restore(part, fact, false).action == RestoreAction::refuse);
  // What works is known to work.
  fact.header = true;
  fact.uuid = uuid;
  fact.opens = true;
  CHECK(decide_restore(part, fact, false).action == RestoreAction::nothing);
}

TEST_CASE("what was begun on one device is not begun on another that is named later") {
  BackupPart part{.kind = BackupPart::Kind::header, .name = "a", .device = "/dev/sdx1"};
  Unfinished work{.command = "restore", .name = "backup"};
  mark_begun(work, part);
  CHECK(is_begun(work, part));
  part.device = "/dev/sdy1";
  CHECK_FALSE(is_begun(work, part));
}

TEST_CASE("a volume that cannot be found by its UUID is told with what says where it is") {
  BackupPart part{.kind = BackupPart::Kind::header, .name = "a", .device = "UUID=" + uuid};
  CHECK(restore_error(part, decide_restore(part, {}, false)).hint.find("--device a=DEVICE") !=
        std::string::npos);
  part.device = "vg/encrypted-a";
  CHECK(restore_error(part, decide_restore(part, {}, false)).hint.find("--device") ==
        std::string::npos);
}

TEST_CASE("a keys volume that another one has replaced is put back only when it is asked for") {
  const BackupPart part = keys_part();
  RestoreFact fact{.can_make = true};
  fact.replaced_by = "vg/encrypted-keys-2";
  const auto refused = decide_restore(part, fact, false);
  CHECK(refused.action == RestoreAction::refuse);
  CHECK(refused.why.find("latchkey.conf names another one, vg/encrypted-keys-2") == 0);
  CHECK(refused.hint.find("--overwrite keys") != std::string::npos);
  CHECK(decide_restore(part, fact, true).action == RestoreAction::make);
  fact.present = true;
  fact.size = part.size;
  CHECK(decide_restore(part, fact, false).action == RestoreAction::refuse);
  CHECK(decide_restore(part, fact, true).action == RestoreAction::write);
  // The old one, which the rekey left there.
  fact.header = true;
  fact.uuid = part.uuid;
  fact.opens = true;
  CHECK(decide_restore(part, fact, false).action == RestoreAction::nothing);
}

TEST_CASE("a keys volume whose disk is gone is told with what drops it alone; data are not") {
  BackupPart part = keys_part();
  const RestoreFact fact{.partial = true};
  const auto decision = decide_restore(part, fact, true);
  CHECK(decision.action == RestoreAction::missing);
  CHECK(decision.why == "LVM knows vg/encrypted-keys, but a disk that it lies on is gone");
  const Error told = restore_error(part, decision);
  CHECK(told.hint.find("lvm lvremove vg/encrypted-keys;") != std::string::npos);
  CHECK(told.hint.find("lvm vgreduce --removemissing vg;") != std::string::npos);
  part.kind = BackupPart::Kind::header;
  part.name = "a";
  CHECK(restore_error(part, decide_restore(part, fact, true)).hint.find("lvremove") ==
        std::string::npos);
}

TEST_CASE("a header in a file of its own is written where the file is empty, or half written") {
  BackupPart part{.kind = BackupPart::Kind::header, .name = "a", .device = "vg/encrypted-a"};
  part.header = "/etc/latchkey/a.header";
  part.uuid = uuid;
  part.size = 4096;
  RestoreFact fact{.present = true};
  CHECK(decide_restore(part, fact, false).action == RestoreAction::write);
  fact.size = 512;
  CHECK(decide_restore(part, fact, false).action == RestoreAction::refuse);
  fact.begun = true;
  CHECK(decide_restore(part, fact, false).action == RestoreAction::write);
}

TEST_CASE("what a restore wrote whole it does not write again over what came later") {
  const BackupPart part = keys_part();
  Unfinished work{.command = "restore", .name = "backup"};
  CHECK_FALSE(wrote_anything(work));
  mark_begun(work, part);
  CHECK(is_begun(work, part));
  CHECK(wrote_anything(work));
  mark_whole(work, part);
  CHECK_FALSE(is_begun(work, part));
  CHECK(wrote_anything(work));
  // Killed before it could note that: the passphrase was changed since.
  RestoreFact fact{.present = true,
                   .size = 1U << 20U,
                   .header = true,
                   .uuid = uuid,
                   .signature = "crypto_LUKS",
                   .begun = true};
  CHECK(decide_restore(part, fact, false).action == RestoreAction::refuse);
  fact.header = false;
  CHECK(decide_restore(part, fact, false).action == RestoreAction::write);
}
