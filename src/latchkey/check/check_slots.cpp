// SPDX-License-Identifier: GPL-3.0-or-later
// What opening the volumes costs, as their headers say, and which headers are not opened at all.
#include "core/base/shell_word.hpp"
#include "core/base/text.hpp"
#include "core/luks/luks_slots.hpp"
#include "core/luks/open_error.hpp"
#include "core/luks/recorded_header.hpp"
#include "core/storage/manual_commands.hpp"
#include "latchkey/check/check.hpp"
#include "sys/base/memory.hpp"
#include "sys/luks/luks_bytes.hpp"

namespace latchkey {
namespace {

constexpr const char* under_way =
    "its header says that a reencryption is under way, or asks for features unknown here";

constexpr const char* keys_stay_closed = "the keys volume will not be opened after a reboot";

// A volume that is open until the next reboot, and not after it.
Error stays_closed(const Volume& volume, const std::string& why, const std::string& hint) {
  return {
      Code::refused, "'" + volume.name + "' will not be opened after a reboot",
      why + (needed_by_boot(volume) ? "; do not reboot: early boot cannot go on without it" : ""),
      hint};
}

Error unfinished(const Volume& volume) {
  const std::string key = "--key-file " + shell_word("/run/latchkey/keys/" + volume.key_file);
  const auto command = [&](const std::string& action, const std::string& rest) {
    return cryptsetup_command(action, volume.device, volume.header, rest);
  };
  const char* const copies = header_in_file(volume) ? ", then, for the images' copy of the header: "
                                                      "update-initramfs -u -k all"
                                                    : "";
  return stays_closed(volume, under_way,
                      "finish it, with the key that latchkey mount-keys shows: " +
                          command("reencrypt --resume-only", key) + copies +
                          "; where it is closed, before that: " +
                          command("open", volume.mapping + " " + key) + ", then release-services");
}

Finding judge(const Volume& volume, const std::string& bytes, const std::vector<SlotCost>& slots) {
  if (has_requirements(bytes)) return bad(unfinished(volume));
  if (const auto refusal = judge_recorded(bytes, {volume.name, volume.uuid, volume.cipher}))
    return bad(stays_closed(volume, refusal->why, refusal->hint));
  if (slots.empty()) {
    const Error none = no_slot_error("");
    return bad(stays_closed(volume, none.why, none.hint));
  }
  if (auto fault = judge_data_slots(slots, volume.name)) return doubtful(std::move(*fault));
  return good("a key slot of '" + volume.name + "' opens at once");
}

}  // namespace

Findings check_slots(const Paths& paths, const EarlyInputs& inputs) {
  Findings out;
  // Devices without a readable header are what check_devices tells of.
  if (inputs.config)
    if (const auto bytes =
            read_luks_bytes_in_time(paths.root + inputs.config->keys.device.path())) {
      if (has_requirements(*bytes))
        out.push_back(bad(
            {Code::refused, keys_stay_closed, under_way,
             "finish it before: " + wake_first(inputs.config->keys.device) +
                 cryptsetup_command("reencrypt --resume-only", inputs.config->keys.device, "")}));
      if (const auto refusal = judge_recorded(*bytes, {"keys", inputs.config->keys.uuid, "", true}))
        out.push_back(bad({Code::refused, keys_stay_closed, refusal->why, refusal->hint}));
      if (const auto slots = parse_luks_slots(*bytes)) {
        const std::vector<Error> faults = judge_keys_slots(*slots, machine_memory_kib());
        for (const Error& fault : faults)
          out.push_back(slots->empty() ? bad({Code::damaged, keys_stay_closed,
                                              fault.what + ": " + fault.why, fault.hint})
                                       : doubtful(fault));
        if (faults.empty())
          out.push_back(good("the key slots of the keys volume cost what they should"));
      }
    }
  if (!inputs.volumes) return out;
  for (const Volume& volume : *inputs.volumes) {
    const std::string header = volume.header.empty() ? volume.device.path() : volume.header;
    const auto bytes = read_luks_bytes_in_time(paths.root + header);
    if (!bytes) continue;
    if (const auto slots = parse_luks_slots(*bytes)) out.push_back(judge(volume, *bytes, *slots));
  }
  return out;
}

}  // namespace latchkey
