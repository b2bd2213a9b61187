// SPDX-License-Identifier: GPL-3.0-or-later
// The first bytes of a device.
#include <algorithm>
#include <optional>

#include "core/luks/luks_ciphers.hpp"
#include "core/luks/luks_limits.hpp"
#include "core/luks/luks_slots.hpp"
#include "core/luks/recorded_header.hpp"
#include "core/luks/slot_marks.hpp"
#include "fuzz/judge.hpp"

using namespace latchkey;
using namespace latchkey::fuzz;

LATCHKEY_FUZZ(text) {
  must(luks_header_size(text) <= (4UL << 20U));
  const auto ciphers = parse_luks_ciphers(text);
  judge(ciphers);
  if (ciphers) {
    (void)cipher_modules(ciphers->data);
    for (const std::string& slot : ciphers->slots) (void)slot_modules(slot);
  }
  (void)parse_slot_names(text);
  for (const int slot : {0, 7}) (void)luks1_slot_mark(text, slot);
  const auto slots = parse_luks_slots(text);
  judge(slots);
  if (!slots) return;
  if (const auto error = judge_data_slots(*slots, "a")) judge(*error);
  for (const Error& error : judge_keys_slots(*slots, 1UL << 20U)) judge(error);
  // The digest as a LUKS1 header has it, and as the library gives the JSON of LUKS2: behind the
  // first sector of four kilobytes, or the whole of what is made up.
  const std::string_view behind = text.substr(std::min<std::size_t>(text.size(), 4096));
  for (const auto& rounds : {luks1_digest_rounds(text), luks2_digest_rounds(text),
                             luks2_digest_rounds(behind), std::optional<std::uint64_t>(1000)})
    if (const auto error = judge_costs(
            {.slots = *slots, .digest_iterations = rounds, .requirements = has_requirements(text)},
            "a"))
      judge(*error);
  const RecordedHeader recorded{.name = "a", .uuid = "1-2", .cipher = "aes-xts-plain64"};
  if (const auto error = judge_recorded(text, recorded)) judge(*error);
}
