// SPDX-License-Identifier: GPL-3.0-or-later
// Does each volume's key open it? Only the keys themselves can tell.
#include <algorithm>

#include "core/base/message.hpp"
#include "core/base/text.hpp"
#include "core/keys/stray_keys.hpp"
#include "core/luks/luks_slots.hpp"
#include "latchkey/check/check.hpp"
#include "sys/luks/crypt.hpp"
#include "sys/luks/header_view.hpp"
#include "sys/storage/disk_health.hpp"
#include "sys/storage/lvm.hpp"

namespace latchkey {
namespace {

Finding judge_slot(const Volume& volume, const LuksHeader& header, int slot) {
  const std::string opens =
      "the key of '" + volume.name + "' opens its key slot " + std::to_string(slot);
  const auto cost = std::ranges::find(header.slots, slot, &SlotCost::slot);
  if (cost == header.slots.end() || is_cheap(*cost)) return good(opens);
  return doubtful({Code::memory, opens + ", which is a costly one",
                   "every unlock waits for a key derivation that a random key does not need",
                   "run: latchkey rotate-key " + volume.name});
}

void try_key(Findings& out, const Setup& setup, const Volume& volume, const OpenKeys& keys,
             const std::vector<std::string>& others) {
  const std::string file = "'" + printable(volume.key_file) + "'";
  const std::string what = "the key of '" + volume.name + "' ";
  const auto key = keys.read(volume.key_file);
  if (!key && key.error().code == Code::missing) {
    out.push_back(bad({Code::missing, what + "is not on the keys volume",
                       "there is no file " + file, missing_key_hint(others)}));
    return;
  }
  if (!key) {
    out.push_back(bad(key.error()));
    return;
  }
  const WokenLv woken(volume.device);
  const auto view = HeaderView::open(place_of(volume, setup.config.boot));
  if (!view) {
    out.push_back(bad(
        {view.error().code, what + "cannot be tried", sentence(view.error()), view.error().hint}));
    return;
  }
  const auto slot = view->luks().try_key(*key);
  if (slot)
    out.push_back(judge_slot(volume, view->luks().header(), *slot));
  else if (slot.error().code == Code::denied)
    out.push_back(bad({Code::denied, what + "opens none of its key slots",
                       "the file is " + file + " on the keys volume",
                       "restore the key or the header from a backup: latchkey restore FILE"}));
  else
    out.push_back(bad(slot.error()));
  for (const auto& [number, name] : view->luks().slot_names())
    out.push_back(good("key slot " + std::to_string(number) + " of '" + volume.name +
                       "' is named '" + printable(name) + "'"));
}

}  // namespace

Findings check_keys(const Setup& setup, const OpenKeys& keys) {
  Findings out;
  std::vector<std::string> of_volumes;
  std::vector<std::string> headers;
  for (const Volume& volume : setup.volumes) {
    of_volumes.push_back(volume.key_file);
    headers.push_back(volume.header.empty() ? volume.device.path() : volume.header);
  }
  // Those that hang are waited for together; each view has its answer then.
  (void)ask_disks(headers);
  const std::vector<std::string> others = stray_keys(keys.files(), of_volumes);
  for (const Volume& volume : setup.volumes) try_key(out, setup, volume, keys, others);
  for (const std::string& file : others)
    out.push_back(
        good("'" + file + "' on the keys volume is the key of no volume; it does no harm"));
  return out;
}

}  // namespace latchkey
