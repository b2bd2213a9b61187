// SPDX-License-Identifier: GPL-3.0-or-later
// Headers that are put back while their volume is open.
#include <unistd.h>

#include "core/base/message.hpp"
#include "core/base/text.hpp"
#include "latchkey/cli/say.hpp"
#include "latchkey/keys/restorer.hpp"
#include "sys/luks/same_data.hpp"
#include "sys/storage/loop.hpp"
#include "sys/storage/probe.hpp"

namespace latchkey {

std::optional<Mapping> mapping_of(const BackupPart& part) {
  const auto all = mappings_on(device_of(part).path());
  return all.empty() ? std::nullopt : std::optional(all.front());
}

// While a volume is open the kernel has its key, and its data can still be read. The header of
// before it was encrypted anew has the same UUID, and is opened by the same key file.
void Restorer::judge_what_is_open(const BackupPart& part) {
  if (part.kind != BackupPart::Kind::header) return;
  const auto user = mapping_of(part);
  if (!user || !is_luks_mapping(*user, part.uuid)) return;
  const auto unknown = [&](const Error& error) {
    report_warning({Code::partial,
                    "whether " + part.text() + " belongs to '" + printable(user->name, 64) +
                        "', which is open, is not known",
                    sentence(error),
                    "if that volume was encrypted anew after the backup, copy its data away before "
                    "you lock it or reboot"});
  };
  const auto view = LoopDevice::attach(device_of(part).path(), 0, 0);
  if (!view) return unknown(view.error());
  const MappingRequest request{.device = view->path(),
                               .mapping = "latchkey-restore-" + std::to_string(::getpid()),
                               .name = part.name,
                               .uuid = part.uuid,
                               .header = part.header};
  for (const Secret* key : {live_key(part.name), saved_key(part.name)}) {
    if (key == nullptr) continue;
    const auto same = gives_same_data(user->name, request, *key);
    if (!same && same.error().code == Code::denied) continue;
    if (!same) return unknown(same.error());
    if (*same) return;
    return tell(part, {Code::damaged,
                       part.text() + " does not belong to '" + printable(user->name, 64) +
                           "', which is open",
                       "the volume was encrypted anew after that backup: at the next opening its "
                       "data would be noise",
                       "do not lock it and do not reboot before its data are copied away; a newer "
                       "backup has the right header"});
  }
}

}  // namespace latchkey
