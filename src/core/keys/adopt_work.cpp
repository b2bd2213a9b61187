// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/keys/adopt_work.hpp"

namespace latchkey {

bool key_is_settled(const Unfinished& work) {
  return work.is_done("slot") && work.is_done("mount");
}

void draw_key_anew(Unfinished& work, bool line_fits) {
  for (const char* step : {"key", "slot", "note"}) std::erase(work.done, step);
  if (!line_fits) std::erase(work.done, "configure");
}

}  // namespace latchkey
