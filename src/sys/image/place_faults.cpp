// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/image/place_faults.hpp"

#include "core/config/config.hpp"
#include "core/config/volume.hpp"
#include "core/luks/recorded_header.hpp"
#include "sys/base/fd.hpp"
#include "sys/luks/luks_bytes.hpp"
#include "sys/storage/known_lv.hpp"
#include "sys/storage/lvm.hpp"

namespace latchkey {
namespace {

// What the configuration in the image says of one of them.
struct Opened {
  DeviceRef device{};
  std::string header_path{};  ///< where its header is, as seen from here
  RecordedHeader recorded{};
  std::string whose{};  ///< in words
  std::string line{};   ///< what names it
};

void judge(std::vector<Error>& faults, const Paths& paths, const Opened& opened) {
  // Another device may have its name until the next boot, or LVM find two groups of that name.
  const bool by_path = opened.device.kind == DeviceRef::Kind::path;
  if (opened.device.may_change() || (by_path && opened.device.may_be_lv())) return;
  // A test's root has no LVM.
  if (opened.device.kind == DeviceRef::Kind::lv && paths.root.empty()) {
    const KnownLv known = look_up_lv(opened.device);
    if (known == KnownLv::absent)
      faults.push_back(
          {Code::missing, "early boot could not open " + opened.whose,
           "there is no '" + opened.device.lv + "' in the volume group '" + opened.device.vg + "'",
           "correct " + opened.line + "; what there is: lvm lvs " + opened.device.vg});
    if (known != KnownLv::there) return;
  }
  const auto woken = awake(paths.root, opened.device);  // the keys volume's LV rests
  const auto bytes = read_luks_bytes_in_time(opened.header_path);
  const auto refusal = bytes ? judge_recorded(*bytes, opened.recorded) : std::nullopt;
  if (refusal)
    faults.push_back(
        {Code::refused, "early boot would not open " + opened.whose, refusal->why, refusal->hint});
}

}  // namespace

std::vector<Error> place_faults(const Paths& paths, const std::string& tree) {
  std::vector<Error> faults;
  if (paths.root.empty() && !disks_are_ours()) return faults;
  const std::string own = "/etc/latchkey/";
  const auto conf = read_file(tree + own + "latchkey.conf");
  const auto lines = read_file(tree + own + "volumes");
  // That they cannot be read, or are not what they were, is told elsewhere.
  if (const auto config = conf ? parse_config(*conf, "latchkey.conf") : conf.error(); config)
    judge(faults, paths,
          {.device = config->keys.device,
           .header_path = paths.root + config->keys.device.path(),
           .recorded = {"keys", config->keys.uuid, "", true},
           .whose = "the keys volume",
           .line = "device in [keys] of /etc/latchkey/latchkey.conf"});
  const auto volumes = lines ? parse_volumes(*lines, "volumes") : lines.error();
  if (!volumes) return faults;
  for (const Volume& volume : *volumes) {
    if (!needed_by_boot(volume)) continue;
    const std::string header = volume.header.empty() ? volume.device.path() : volume.header;
    judge(faults, paths,
          {.device = volume.device,
           .header_path = (header_in_file(volume) ? tree : paths.root) + header,
           .recorded = {volume.name, volume.uuid, volume.cipher},
           .whose = needed_volume_text(volume),
           .line = "'" + volume.name + "' in /etc/latchkey/volumes"});
  }
  return faults;
}

}  // namespace latchkey
