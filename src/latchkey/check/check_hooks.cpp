// SPDX-License-Identifier: GPL-3.0-or-later
// Would the owner's hooks be run?
#include "latchkey/check/check.hpp"
#include "sys/hold/event_hooks.hpp"

namespace latchkey {

Findings check_hooks(const Paths& paths) {
  Findings out;
  for (const char* event : {"unlocked", "released", "failed"})
    for (const Error& refusal : refused_hooks(paths.etc("hooks.d"), event))
      out.push_back(doubtful(refusal));
  return out;
}

}  // namespace latchkey
