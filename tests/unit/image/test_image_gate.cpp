// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/image/image_gate.hpp"
#include "support/catch.hpp"

using namespace latchkey;
using Kind = ImageVerdict::Kind;

namespace {

ImageVerdict of(Kind kind) { return {kind, {}, {}}; }

}  // namespace

TEST_CASE("promise 4: an image that locks its owner out gives way to the best that does not") {
  GateFacts facts;
  SECTION("one that unlocks stays, whatever it replaced") {
    facts.last = of(Kind::lost);
    CHECK(gate_step(facts) == GateStep::keep);
    facts.root_is_a_volume = true;
    CHECK(gate_step(facts) == GateStep::keep);
  }
  SECTION("one that boots on stays with a clear root") {
    facts.fresh = of(Kind::boots_on);
    facts.last = of(Kind::unlocks);
    CHECK(gate_step(facts) == GateStep::keep_warning);
  }
  SECTION("... and leads nowhere when root is encrypted") {
    facts.fresh = of(Kind::boots_on);
    facts.root_is_a_volume = true;
    facts.last = of(Kind::unlocks);
    CHECK(gate_step(facts) == GateStep::restore);
    facts.last = of(Kind::boots_on);
    CHECK(gate_step(facts) == GateStep::keep_lost);
    facts.another_kernel = true;
    CHECK(gate_step(facts) == GateStep::withdraw);
  }
  SECTION("one that waits for nobody gives way") {
    facts.fresh = of(Kind::lost);
    CHECK(gate_step(facts) == GateStep::boot_on);
    facts.last = of(Kind::unlocks);
    CHECK(gate_step(facts) == GateStep::restore);
    facts.last = of(Kind::boots_on);
    CHECK(gate_step(facts) == GateStep::restore);
    facts.last = of(Kind::lost);
    CHECK(gate_step(facts) == GateStep::boot_on);
  }
  SECTION("one that does not fit into the machine's memory is not built anew to boot on") {
    facts.fresh = of(Kind::lost);
    facts.fresh.faults = {{Code::memory, "it does not fit", "", ""}};
    CHECK(gate_step(facts) == GateStep::keep_lost);
    facts.another_kernel = true;
    CHECK(gate_step(facts) == GateStep::withdraw);
    facts.last = of(Kind::unlocks);
    CHECK(gate_step(facts) == GateStep::restore);
  }
  SECTION("case 5: a kernel that lacks the driver which the next one has gives way to that") {
    facts.better_kernel = true;
    for (const Kind kind : {Kind::unlocks, Kind::boots_on, Kind::lost}) {
      facts.fresh = of(kind);
      facts.last = of(Kind::unlocks);
      CHECK(gate_step(facts) == GateStep::withdraw);
    }
  }
  SECTION("what cannot be judged is not removed") {
    facts.fresh = of(Kind::unknown);
    facts.root_is_a_volume = facts.another_kernel = true;
    CHECK(gate_step(facts) == GateStep::keep_warning);
    facts.last = of(Kind::unknown);
    CHECK(gate_step(facts) == GateStep::keep_warning);
    facts.last = of(Kind::unlocks);
    CHECK(gate_step(facts) == GateStep::restore);
  }
}
