// SPDX-License-Identifier: GPL-3.0-or-later
// Which LUKS headers are refused before anything is derived or opened. Whoever
// wrote the header may be an attacker: a null cipher makes later writes go out
// in clear, and a derivation of 2^32 rounds hangs the machine.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.hpp"

namespace latchkey {

/// What one key slot asks for.
struct SlotCost {
  int slot = 0;
  std::string cipher{};  ///< of the slot's own area
  std::string kdf{};     ///< `pbkdf2`, `argon2i`, `argon2id`; empty: unknown
  std::uint64_t iterations = 0;
  std::uint64_t memory_kib = 0;
  std::uint64_t threads = 0;
  bool drawn = false;  ///< a program drew its key (clevis, systemd-cryptenroll): nobody guesses it
};

struct LuksCosts {
  std::string cipher{};  ///< of the data
  std::vector<SlotCost> slots{};
  std::optional<std::uint64_t> digest_iterations{0};  ///< nothing: the header does not say
  bool requirements = false;  ///< reencryption under way, or unknown requirements
};

/// The bounds lie above what cryptsetup chooses with --iter-time of ten seconds on the fastest
/// machines (some 100 million rounds of pbkdf2 there; Argon2 fills about 10 GiB a second). It
/// takes at most 4 GiB and 4 threads itself. Where as much takes a slow machine minutes, the time
/// that each derivation has cuts it short.
inline constexpr std::uint64_t most_pbkdf2_iterations = 200'000'000;
inline constexpr std::uint64_t most_argon2_passes = 1000;
inline constexpr std::uint64_t most_argon2_memory_kib = 4ULL * 1024 * 1024;
inline constexpr std::uint64_t most_argon2_filled_kib = 256ULL * 1024 * 1024;  // in all passes
inline constexpr std::uint64_t most_argon2_threads = 16;

/// How long a key may be tried on so many slots, of which it may be that of the last. Whoever wrote
/// the header chose how many there are, so it is no more than eight times `each`.
[[nodiscard]] std::chrono::seconds time_for_slots(std::chrono::seconds each, std::size_t slots);

/// Gives the reason to refuse the header (Code::refused), or nothing. `name` is
/// the volume's.
[[nodiscard]] std::optional<Error> judge_costs(const LuksCosts& costs, const std::string& name);

}  // namespace latchkey
