// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/image/image_gate.hpp"

#include <algorithm>

namespace latchkey {

GateStep gate_step(const GateFacts& facts) {
  using Kind = ImageVerdict::Kind;
  const auto reachable = [&](const ImageVerdict& image) {
    return image.kind == Kind::unlocks || (image.kind == Kind::boots_on && !facts.root_is_a_volume);
  };
  // One that boots on would not fit into the machine's memory either.
  const bool too_large = std::ranges::any_of(
      facts.fresh.faults, [](const Error& fault) { return fault.code == Code::memory; });
  // Neither booting on nor the image before it brings a driver.
  if (facts.better_kernel) return GateStep::withdraw;
  if (facts.fresh.kind == Kind::unlocks) return GateStep::keep;
  if (reachable(facts.fresh)) return GateStep::keep_warning;
  if (facts.last && reachable(*facts.last)) return GateStep::restore;
  if (facts.fresh.kind == Kind::unknown) return GateStep::keep_warning;
  if (!facts.root_is_a_volume && !too_large) return GateStep::boot_on;
  // A judgement may err: without another way to boot, a doubtful image beats none.
  return facts.another_kernel ? GateStep::withdraw : GateStep::keep_lost;
}

}  // namespace latchkey
