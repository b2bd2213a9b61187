// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/restore_plan.hpp"

#include <algorithm>

#include "core/size.hpp"
#include "core/text.hpp"

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

}  // namespace

RestoreDecision decide_restore(const BackupPart& part, const RestoreFact& fact, bool overwrite) {
  const bool elsewhere = !part.header.empty();
  const std::string where = elsewhere ? part.header : part.device;
  if (!fact.present) {
    if (part.kind == BackupPart::Kind::keys && fact.can_make)
      return {RestoreAction::make, where + " is gone and is made again", ""};
    if (!fact.partial) return {RestoreAction::missing, where + " is not there", ""};
    const std::string drop =
        "if that disk is lost for good, drop this one volume: lvm lvremove " + part.device +
        "; then the disk, without --force, which would drop other volumes too: lvm vgreduce "
        "--removemissing " +
        part.device.substr(0, part.device.find('/')) + "; then run the restore again";
    return {RestoreAction::missing, "LVM knows " + where + ", but a disk that it lies on is gone",
            part.kind == BackupPart::Kind::keys ? drop : ""};
  }
  if (fact.header && fact.uuid == part.uuid && fact.opens && fact.whole)
    return {RestoreAction::nothing, "", ""};
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
  if (fact.begun && half && (fact.signature.empty() || fact.signature == luks))
    return {RestoreAction::write, "", ""};
  const std::string lose = "if that may be lost, add: --overwrite " + part.name;
  if (fact.header) return {RestoreAction::refuse, other_header(part, fact), lose};
  if (fact.signature.empty()) return {RestoreAction::write, "", ""};
  if (fact.signature == luks) return {RestoreAction::write, "its LUKS header is damaged", ""};
  return {RestoreAction::refuse, "it holds " + printable(fact.signature, 64), lose};
}

void mark_begun(Unfinished& work, const BackupPart& part) {
  work.values["write-" + part.name] = "yes";
}

void mark_whole(Unfinished& work, const BackupPart& part) {
  work.values.erase("write-" + part.name);
  work.values["wrote-" + part.name] = "yes";
}

bool is_begun(const Unfinished& work, const BackupPart& part) {
  return !work.value("write-" + part.name).empty();
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
              decision.hint.empty()
                  ? "is its disk there? look at: lvm lvs, lsblk; then run the restore again"
                  : decision.hint};
    case RestoreAction::refuse:
      return {Code::refused, "will not restore " + part.text() + " to " + part.device, decision.why,
              decision.hint};
    default:
      return {Code::partial, "'" + part.name + "'", decision.why, ""};
  }
}

}  // namespace latchkey
