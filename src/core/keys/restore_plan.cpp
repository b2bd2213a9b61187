// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/keys/restore_plan.hpp"

#include <algorithm>
#include <optional>

#include "core/base/message.hpp"
#include "core/base/size.hpp"
#include "core/base/text.hpp"
#include "core/config/device_ref.hpp"
#include "core/storage/signature_kind.hpp"

namespace latchkey {
namespace {

constexpr std::string_view luks = "crypto_LUKS";

// A header that works is somebody's, also when it is not the one of the backup.
std::string other_header(const BackupPart& part, const RestoreFact& fact) {
  if (fact.uuid != part.uuid)
    return "it has another header, with the UUID " + printable(fact.uuid, 64) + " and not " +
           part.uuid;
  if (!fact.opens)
    return part.kind == BackupPart::Kind::keys
               ? "it has a header that works, which this passphrase does not open: newer than the "
                 "backup?"
               : "it has a header that works, which the key of the backup does not open: newer "
                 "than the backup?";
  return "its header works, but its content cannot be read" +
         (fact.unread.empty() ? "" : ": " + fact.unread);
}

// UUID= and LABEL= were in the header that is lost; the others too may lead nowhere now.
std::string how_to_find(const BackupPart& part) {
  const auto device = parse_device_ref(part.device);
  if (!device || device->kind == DeviceRef::Kind::lv) return "";
  return "is its disk there (lsblk -f)? what " + part.device +
         " is known by may be lost with its header; then find it by its size and place, and run "
         "the restore again with: --device " +
         part.name + "=DEVICE";
}

// Its name may lead to another device: by a mistake, or because the kernel has found the disks in
// another order since. An open mapping of the part knows better.
bool may_be_another(const RestoreFact& fact) {
  return (fact.named || fact.may_change) && !fact.user_is_ours;
}

// A device that is another one is as blank as the right one: the size is what is left to know it
// by. That of the device that holds the header alone is in no backup.
std::string doubt(const BackupPart& part, const RestoreFact& fact) {
  if (!may_be_another(fact) || !part.header.empty()) return "";
  const std::uint64_t was = part.kind == BackupPart::Kind::keys ? part.size : part.device_size;
  if (was == fact.size) return "";
  if (was == 0)
    return "the backup, of an older version, does not say how large its device is, so nothing "
           "tells that it is this one";
  return "it has " + std::to_string(fact.size) + " bytes, and the device of " + part.owner() +
         " had " + std::to_string(was) + " when the backup was made";
}

// What would be lost on a device that is not in use; empty: nothing.
std::string loss(const BackupPart& part, const RestoreFact& fact) {
  if (fact.header) return other_header(part, fact);
  if (!fact.unseen.empty()) return "what it holds cannot be read: " + fact.unseen;
  if (fact.signature.empty()) return "";
  if (fact.signature != luks) return "it holds " + printable(fact.signature, 64);
  return fact.named && !fact.user_is_ours
             ? "it has a damaged LUKS header, which may be another volume's"
             : "";
}

// Of a device that may be another one: what no word of the owner changes.
std::optional<RestoreDecision> refuse_another(const BackupPart& part, const RestoreFact& fact) {
  if (!fact.others.empty())
    return RestoreDecision{RestoreAction::refuse, fact.others,
                           part.header.empty()
                               ? "find the device of " + part.owner() +
                                     " by its size and place (lsblk -f), and name that: --device " +
                                     part.name + "=DEVICE"
                               : "see that " + part.header +
                                     " is the device of that header (lsblk -f), then run the "
                                     "restore again"};
  if (!is_part_of_storage(fact.signature)) return {};
  return RestoreDecision{
      RestoreAction::refuse, "it is a part of other storage: " + printable(fact.signature, 64),
      "if it is no part of that any more, say so to what made it (lvm pvremove " + part.device +
          ", or mdadm --zero-superblock " + part.device + "), and run the restore again"};
}

// With nothing on it, a device that the kernel named may be the data of anybody: of a volume whose
// header is elsewhere, or of a program that writes to a bare disk.
std::optional<RestoreDecision> ask_for_name(const BackupPart& part, const RestoreFact& fact) {
  if (!fact.may_change || fact.named || fact.user_is_ours || !fact.signature.empty()) return {};
  const bool elsewhere = !part.header.empty();
  return RestoreDecision{
      RestoreAction::refuse,
      "nothing on it tells that it is the one of " + part.owner() +
          ", and after a reboot another disk may have its name",
      "look at its size and place (lsblk -f); if it is the one, add: " +
          (elsewhere ? "--overwrite " + part.name : "--device " + part.name + "=" + part.device)};
}

}  // namespace

RestoreDecision decide_restore(const BackupPart& part, const RestoreFact& fact, bool overwrite) {
  const bool elsewhere = !part.header.empty();
  const std::string where = elsewhere ? part.header : part.device;
  if (fact.header && fact.uuid == part.uuid && fact.opens && fact.whole)
    return {RestoreAction::nothing, "", ""};
  if (!fact.replaced_by.empty() && !overwrite)
    return {RestoreAction::refuse,
            "latchkey.conf names another one, " + fact.replaced_by +
                ", as it does after a rekey; the keys of before open nothing then",
            "where latchkey.conf is right, there is nothing to restore: make a new backup; if "
            "the keys volume of the backup is wanted all the same, add: --overwrite keys"};
  if (!fact.present) {
    if (part.kind == BackupPart::Kind::keys && fact.can_make)
      return {RestoreAction::make, where + " is gone and is made again", ""};
    if (!fact.partial)
      return {RestoreAction::missing, where + " is not there", elsewhere ? "" : how_to_find(part)};
    const std::string drop =
        "if that disk is lost for good, drop this one volume: lvm lvremove " + part.device +
        "; then the disk, without --force, which would drop other volumes too: lvm vgreduce "
        "--removemissing " +
        part.device.substr(0, part.device.find('/')) + "; then run the restore again";
    return {RestoreAction::missing, "LVM knows " + where + ", but a disk that it lies on is gone",
            part.kind == BackupPart::Kind::keys ? drop : ""};
  }
  if (may_be_another(fact) || fact.named)
    if (auto refused = refuse_another(part, fact)) return *refused;
  // A header file of its own may be empty, or half written: it grows.
  if (fact.size < part.size && !(elsewhere && (fact.size == 0 || fact.begun)))
    return {
        RestoreAction::refuse,
        where + " has " + size_text(fact.size) + ", and " + size_text(part.size) + " are needed",
        elsewhere ? "" : "make it larger: lvm lvextend"};
  // Its user goes on with a key that would be gone at the next boot. Only where no
  // header is left and the user was made with the backup's does it lose nothing.
  if (!fact.user.empty() && (fact.header || !fact.user_is_ours))
    return {RestoreAction::refuse, "it is in use: " + fact.user,
            "save what is on it, then close it (latchkey lock), and run the restore again"};
  if (overwrite) return {RestoreAction::write, "", ""};
  // Of a keys volume the header is written last: one that is there was whole, and what
  // does not open it is newer.
  const bool half =
      !fact.header || (fact.uuid == part.uuid && part.kind == BackupPart::Kind::header);
  const bool ours_at_most = fact.signature.empty() || fact.signature == luks;
  if (fact.begun && half && fact.unseen.empty() && ours_at_most)
    return {RestoreAction::write, "", ""};
  const std::string lost = loss(part, fact);
  const std::string unsure = doubt(part, fact);
  if (!lost.empty())
    return {RestoreAction::refuse, lost + (unsure.empty() ? "" : "; and " + unsure),
            "if that may be lost, add: --overwrite " + part.name};
  if (!unsure.empty())
    return {RestoreAction::refuse, unsure,
            "if you are sure that it is the one (lsblk -f), and it was made larger since, add: "
            "--overwrite " +
                part.name};
  if (auto unknown = ask_for_name(part, fact)) return *unknown;
  return {RestoreAction::write, fact.signature == luks ? "its LUKS header is damaged" : "", ""};
}

void mark_begun(Unfinished& work, const BackupPart& part) {
  work.values["write-" + part.name] = part.device;
}

void mark_whole(Unfinished& work, const BackupPart& part) {
  work.values.erase("write-" + part.name);
  work.values["wrote-" + part.name] = "yes";
}

bool is_begun(const Unfinished& work, const BackupPart& part) {
  // A run that was told another device has begun nothing on this one.
  return work.value("write-" + part.name) == part.device;
}

bool wrote_anything(const Unfinished& work) {
  return std::ranges::any_of(work.values, [](const auto& value) {
    return value.first == "files" || value.first == "lv" || value.first == "key-files" ||
           value.first.starts_with("write-") || value.first.starts_with("wrote-");
  });
}

Error restore_error(const BackupPart& part, const RestoreDecision& decision) {
  switch (decision.action) {
    case RestoreAction::missing:
      return {Code::missing, "cannot restore " + part.text(), decision.why,
              decision.hint.empty() ? missing_disk_hint() + "; then run the restore again"
                                    : decision.hint};
    case RestoreAction::refuse:
      return {Code::refused, "will not restore " + part.text() + " to " + part.device, decision.why,
              decision.hint};
    default:
      return {Code::partial, "'" + part.name + "'", decision.why, ""};
  }
}

}  // namespace latchkey
