// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/luks/luks_limits.hpp"
#include "support/catch.hpp"

using namespace latchkey;

namespace {

LuksCosts sound() {
  return {.cipher = "aes-xts-plain64",
          .slots = {{0, "aes-xts-plain64", "argon2id", 4, 1048576, 4},
                    {1, "aes-xts-plain64", "pbkdf2", 1000, 0, 0}},
          .digest_iterations = 100000};
}

bool refused(const LuksCosts& costs) {
  const auto error = judge_costs(costs, "data");
  if (error) CHECK(error->code == Code::refused);
  return error.has_value();
}

}  // namespace

TEST_CASE("a header as cryptsetup makes it is fine") { CHECK_FALSE(refused(sound())); }

TEST_CASE("what cryptsetup makes with much time on a fast machine is not refused") {
  LuksCosts costs = sound();
  costs.digest_iterations = 15'000'000;
  // 4 GiB and the fewest passes; ten seconds of little memory and of the usual; ten of pbkdf2.
  costs.slots = {{0, "aes-xts-plain64", "argon2id", 4, 4ULL * 1024 * 1024, 4},
                 {1, "aes-xts-plain64", "argon2id", 100, 1024 * 1024, 4},
                 {2, "aes-xts-plain64", "argon2i", 1000, 64ULL * 1024, 4},
                 {3, "aes-cbc-essiv:sha256", "pbkdf2", 110'000'000, 0, 0}};
  CHECK_FALSE(refused(costs));
}

TEST_CASE("Must 2: null ciphers and pending reencryption are refused") {
  for (const char* cipher : {"cipher_null-ecb", "null-ecb", "cipher_null", ""}) {
    LuksCosts data = sound();
    data.cipher = cipher;
    CHECK(refused(data));
    LuksCosts slot = sound();
    slot.slots[1].cipher = cipher;
    CHECK(refused(slot));
  }
  LuksCosts reencrypting = sound();
  reencrypting.requirements = true;
  CHECK(refused(reencrypting));
}

TEST_CASE("Must 5: derivations beyond reason are refused before they are begun") {
  LuksCosts rounds = sound();
  rounds.slots[1].iterations = 4294967295;
  CHECK(refused(rounds));
  LuksCosts digest = sound();
  digest.digest_iterations = 4294967295;
  CHECK(refused(digest));
  LuksCosts passes = sound();
  passes.slots[0].iterations = 5000;
  CHECK(refused(passes));
  LuksCosts unsaid = sound();
  unsaid.digest_iterations.reset();
  CHECK(refused(unsaid));
  LuksCosts threads = sound();
  threads.slots[0].threads = 100'000;
  CHECK(refused(threads));
  LuksCosts filled = sound();
  filled.slots[0].iterations = 1000;
  filled.slots[0].memory_kib = 4ULL * 1024 * 1024;
  CHECK(refused(filled));
  LuksCosts memory = sound();
  memory.slots[0].memory_kib = 64ULL * 1024 * 1024;
  CHECK(refused(memory));
}

TEST_CASE("a passphrase that may be the last slot's has the time of each, and no more than eight") {
  using std::chrono::seconds;
  CHECK(time_for_slots(seconds(60), 0) == seconds(60));
  CHECK(time_for_slots(seconds(60), 5) == seconds(300));
  CHECK(time_for_slots(seconds(60), 32) == seconds(480));
}
