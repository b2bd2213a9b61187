// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/luks/own_content.hpp"

#include "sys/luks/crypt.hpp"
#include "sys/storage/signature.hpp"

namespace latchkey {

Result<> look_for_signature(const DeviceRef& device, const std::string& uuid) {
  const auto found = find_signature(device.path());
  // Our own header tells enough, however bad the disk is elsewhere.
  if (!found && !uuid.empty() && read_luks_header({device.path(), "", device.text(), uuid}))
    return Ok{};
  if (!found) return found.error();
  if (!*found) return Ok{};
  if (**found == "crypto_LUKS" && !uuid.empty()) {
    const auto header = read_luks_header({device.path(), "", device.text(), uuid});
    // Half-written by an earlier run: it can be ours and unreadable.
    if (header || header.error().code == Code::damaged) return Ok{};
  }
  return Error{Code::refused, "will not write to " + device.text(), "it holds " + **found,
               **found == "crypto_LUKS"
                   ? "take it in with its data: latchkey adopt"
                   : "if that is needed no more: wipefs --all " + device.path()};
}

bool is_unread(const Error& error) { return error.code == Code::io || error.code == Code::timeout; }

Result<> look_before_removal(const DeviceRef& lv, const std::string& uuid) {
  auto ours = look_for_signature(lv, uuid);
  if (ours || !is_unread(ours.error())) return ours;
  Error unread = ours.error();
  unread.hint =
      "see that its disk answers (dmesg, lsblk); where it does not any more, remove the logical "
      "volume, then run this again: lvm lvremove " +
      lv.text();
  return unread;
}

}  // namespace latchkey
