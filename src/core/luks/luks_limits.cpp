// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/luks/luks_limits.hpp"

#include <algorithm>
#include <string_view>

namespace latchkey {
namespace {

bool null_cipher(std::string_view cipher) {
  return cipher.empty() || cipher.find("null") != std::string_view::npos;
}

std::optional<std::string> slot_problem(const SlotCost& slot) {
  const std::string head = "its key slot " + std::to_string(slot.slot) + " ";
  if (null_cipher(slot.cipher)) return head + "is not encrypted";
  const bool argon2 = slot.kdf.starts_with("argon2");
  if (slot.iterations > (argon2 ? most_argon2_passes : most_pbkdf2_iterations))
    return head + "asks for " + std::to_string(slot.iterations) + " rounds of key derivation";
  if (slot.memory_kib > most_argon2_memory_kib)
    return head + "asks for " + std::to_string(slot.memory_kib / 1024) + " MiB of memory";
  if (argon2 && slot.iterations * slot.memory_kib > most_argon2_filled_kib)
    return head + "asks for " + std::to_string(slot.iterations) + " passes over " +
           std::to_string(slot.memory_kib / 1024) + " MiB of memory";
  if (slot.threads > most_argon2_threads)
    return head + "asks for " + std::to_string(slot.threads) + " threads";
  return {};
}

}  // namespace

std::chrono::seconds time_for_slots(std::chrono::seconds each, std::size_t slots) {
  constexpr std::size_t most = 8;
  return each * static_cast<int>(std::clamp<std::size_t>(slots, 1, most));
}

std::optional<Error> judge_costs(const LuksCosts& costs, const std::string& name) {
  const auto refuse = [&](std::string why) {
    return Error{Code::refused, "will not open '" + name + "'", std::move(why),
                 "if this header is not from you, restore your own from a backup"};
  };
  if (null_cipher(costs.cipher)) return refuse("its header says that the data is not encrypted");
  if (costs.requirements)
    return Error{
        Code::refused, "will not open '" + name + "'",
        "its header says that a reencryption is under way, or asks for features unknown here",
        "once the system runs, latchkey check has the commands for a volume of Latchkey's; for "
        "another one: cryptsetup reencrypt --resume-only DEVICE"};
  if (!costs.digest_iterations)
    return refuse("its header does not say in a number how many rounds prove the key");
  if (*costs.digest_iterations > most_pbkdf2_iterations)
    return refuse("its header asks for " + std::to_string(*costs.digest_iterations) +
                  " rounds to prove the key");
  for (const SlotCost& slot : costs.slots)
    if (auto problem = slot_problem(slot)) return refuse(*problem);
  return {};
}

}  // namespace latchkey
