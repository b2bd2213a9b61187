// SPDX-License-Identifier: GPL-3.0-or-later
// What opening the volumes costs, as their headers say.
#include "core/luks_slots.hpp"
#include "core/text.hpp"
#include "latchkey/check.hpp"
#include "sys/fd.hpp"
#include "sys/luks_bytes.hpp"

namespace latchkey {
namespace {

// Devices without a readable header are what check_devices tells of.
Result<std::vector<SlotCost>> slots_of(const std::string& path) {
  const auto bytes = read_luks_bytes(path);
  if (!bytes) return bytes.error();
  return parse_luks_slots(*bytes);
}

// The machine's memory in KiB; 0 when it cannot be read.
std::uint64_t machine_memory() {
  const auto text = read_file("/proc/meminfo");
  if (!text) return 0;
  for (const std::string_view line : split_lines(*text)) {
    const std::vector<Field> fields = split_fields(line);
    if (fields.size() > 1 && fields[0].text == "MemTotal:")
      return parse_number(fields[1].text, ~0UL).value_or(0);
  }
  return 0;
}

}  // namespace

Findings check_slots(const Paths& paths, const EarlyInputs& inputs) {
  Findings out;
  if (inputs.config)
    if (const auto slots = slots_of(paths.root + inputs.config->keys.device.path())) {
      const std::vector<Error> faults = judge_keys_slots(*slots, machine_memory());
      for (const Error& fault : faults) out.push_back(doubtful(fault));
      if (faults.empty())
        out.push_back(good("the key slots of the keys volume cost what they should"));
    }
  if (!inputs.volumes) return out;
  for (const Volume& volume : *inputs.volumes) {
    const std::string header = volume.header.empty() ? volume.device.path() : volume.header;
    const auto slots = slots_of(paths.root + header);
    if (!slots) continue;
    if (auto fault = judge_data_slots(*slots, volume.name))
      out.push_back(doubtful(std::move(*fault)));
    else
      out.push_back(good("a key slot of '" + volume.name + "' opens at once"));
  }
  return out;
}

}  // namespace latchkey
