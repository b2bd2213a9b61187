// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/text.hpp"
#include "core/unlock/boot_log.hpp"
#include "fuzz/judge.hpp"

using namespace latchkey;
using namespace latchkey::fuzz;

LATCHKEY_FUZZ(text) {
  const BootLog log = parse_log(text);
  const std::string file = encode(log);
  must(file.size() <= most_log_bytes);
  const BootLog again = parse_log(file);
  must(again.damaged == 0 && again.boots.size() <= most_boots);
  must(encode(again) == file);
  const auto date = [](std::int64_t, bool) { return std::string("then"); };
  for (const BootEntry& entry : again.boots) {
    must_be_text(entry_text(entry, "", date));
    must_be_lines(journal_lines(entry, date));
  }
}
