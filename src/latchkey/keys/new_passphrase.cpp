// SPDX-License-Identifier: GPL-3.0-or-later
#include "latchkey/keys/new_passphrase.hpp"

#include <sys/sysinfo.h>

#include <thread>

#include "core/luks/slot_cost.hpp"
#include "latchkey/cli/terminal.hpp"
#include "sys/keys/passphrase.hpp"
#include "sys/keys/passphrase_strength.hpp"

namespace latchkey {
namespace {

constexpr const char* weak_hint =
    "take six words that have nothing to do with each other, as: apt install diceware; diceware";

Error weak(double bits) {
  return {Code::refused, "this passphrase is too easy to guess",
          "a good guesser finds it in about 2^" + std::to_string(static_cast<int>(bits)) +
              " tries; 2^" + std::to_string(static_cast<int>(least_passphrase_bits)) +
              " are wanted",
          weak_hint};
}

void warn(const PassphraseLook& look) {
  if (!look.utf8)
    report_warning({Code::partial, "the passphrase is no valid UTF-8 text",
                    "its bytes are taken as they are", "only the same bytes open the volume"});
  else if (!look.ascii)
    report_warning({Code::partial, "the passphrase holds characters beyond ASCII",
                    "over ssh they work; the console in early boot may have another keyboard map",
                    "if you must be able to type it at the console, use ASCII only"});
}

Result<> judge(const Secret& passphrase, bool accept_weak) {
  const PassphraseLook look = look_at(passphrase);
  if (look.control)
    return Error{Code::refused, "this passphrase cannot be used",
                 "it holds a line end, a NUL byte or another control character, which a terminal "
                 "does not pass on",
                 "take letters, digits, blanks and punctuation"};
  const auto bits = passphrase_bits(passphrase);
  if (!bits) return bits.error();
  if (*bits < least_passphrase_bits) {
    if (!accept_weak) return weak(*bits);
    Error error = weak(*bits);
    error.hint = "it is taken nevertheless: --accept-weak";
    report_warning(error);
  }
  warn(look);
  if (look.blank_ends)
    report_warning({Code::partial, "the passphrase begins or ends with a blank",
                    "the blank is part of it", ""});
  if (look.tilde)
    report_warning({Code::partial, "the passphrase begins with '~'",
                    "at the beginning of a line ssh takes it, and some characters behind it, for "
                    "words to itself: typed over ssh it is another passphrase than at the console "
                    "or from a pipe",
                    "take one that begins with another character"});
  return Ok{};
}

}  // namespace

Result<Secret> ask_new_passphrase(const Globals& globals, Asker& asker, const std::string& prompt,
                                  bool accept_weak) {
  if (asker.interactive())
    say(globals,
        "over ssh the passphrase comes as your own keyboard types it; the console of early "
        "boot may have the US keyboard map, where some characters sit elsewhere");
  for (int left = 3;; --left) {
    auto typed = asker.ask_new(prompt);
    if (!typed) return typed;
    Secret passphrase = composed(*typed);
    const auto judged = judge(passphrase, accept_weak);
    if (judged) return passphrase;
    if (judged.error().code != Code::refused || !asker.interactive() || left == 1)
      return judged.error();
    report_warning(judged.error());
  }
}

PassphraseCost passphrase_cost() {
  struct sysinfo info {};
  const bool known = ::sysinfo(&info) == 0;
  const std::uint64_t kib = known ? std::uint64_t{info.totalram} * info.mem_unit / 1024 : 0;
  const SlotMemory memory = slot_memory(kib, std::thread::hardware_concurrency());
  if (memory.tight)
    report_warning({Code::memory, "this machine has little memory",
                    "the key derivation of the passphrase takes " +
                        std::to_string(memory.kib / 1024) + " MiB, which early boot may not have",
                    "try a reboot while the data can still be made anew"});
  return {.memory_kib = static_cast<std::uint32_t>(memory.kib), .threads = memory.threads};
}

}  // namespace latchkey
