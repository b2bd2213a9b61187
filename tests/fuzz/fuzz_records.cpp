// SPDX-License-Identifier: GPL-3.0-or-later
// What our own programs wrote down and read again, possibly after a power cut.
#include "core/config/state.hpp"
#include "core/config/unfinished.hpp"
#include "core/image/image.hpp"
#include "fuzz/judge.hpp"

using namespace latchkey;
using namespace latchkey::fuzz;

LATCHKEY_FUZZ(text) {
  judge(parse_image_info(text));
  judge(parse_state(text));
  const auto work = parse_unfinished(text);
  judge(work);
  if (!work) return;
  judge(describe_unfinished(*work));
  must(static_cast<bool>(parse_unfinished(encode(*work))));
}
