// SPDX-License-Identifier: GPL-3.0-or-later
#include "unlock/alone.hpp"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/message.hpp"
#include "core/base/text.hpp"
#include "core/plan/plan.hpp"
#include "core/unlock/stuck_boot.hpp"
#include "core/unlock/waiting.hpp"
#include "core/unlock/wire.hpp"
#include "sys/base/fd.hpp"
#include "sys/base/kmsg.hpp"
#include "sys/keys/passphrase.hpp"
#include "sys/process/restart.hpp"
#include "sys/storage/probe.hpp"

namespace latchkey {
namespace {

bool exists(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

int fail(Tty& terminal, const Error& error) {
  terminal.line(error_text("latchkey-unlock", error));
  return exit_status(error.code);
}

int show_log(const Paths& paths, Tty& terminal) {
  const auto text = read_file(paths.run("early.log"));
  if (!text) return fail(terminal, {text.error().code, "cannot show the log of the unlock",
                                    text.error().why, "the unlocker died before it wrote one"});
  for (const std::string_view line : split_lines(*text)) terminal.line(printable(line, 2000));
  return 0;
}

int restart(const DoorKey& key, bool poweroff, Tty& terminal) {
  const std::string doing = poweroff ? "powering off" : "rebooting";
  kmsg(doing + ", told by key " + std::to_string(key.number), Loudness::detail);
  terminal.line(doing);
  return fail(terminal, restart_now(poweroff));
}

int tell(const Paths& paths, const DoorKey& key, Word word, Tty& terminal) {
  std::string open;
  bool all = false;
  if (const auto setup = load_setup(paths)) {
    const Facts facts = probe_volumes(*setup);
    open = open_sentence(*setup, facts);
    all = !unlock_needed(*setup, facts);
  } else {
    open = sentence(setup.error());
  }
  for (const std::string& line : stuck_lines(open, key)) terminal.line(line);
  if (word == Word::carry_on) return exit_status(Code::refused);
  return all ? 0 : exit_status(Code::partial);
}

// Many clients of phones cannot send a word when they log in: it is typed here then. Nothing for
// what this key may not say, and for a shell, for which this session has not the capabilities.
std::optional<Word> typed_word(const DoorKey& key, Tty& terminal) {
  std::vector<std::string> words = words_alone(key);
  std::erase(words, word_text(Word::shell));
  if (!terminal.interactive() || words.empty()) return {};
  // Somebody may type the passphrase here, as ever: it is neither shown nor kept.
  terminal.prompt("no passphrase is needed any more; type " + join(words, " or ") + ", or Enter");
  Secret typed(typed_limit);
  const bool came = terminal.read_within(typed, std::chrono::seconds(30));
  terminal.clear_prompt();
  if (!came) return {};
  const Secret meant = taken_back(typed);
  const std::string_view said = trim({meant.reveal().data(), meant.size()});
  const auto word = parse_word(said);
  if (!word || std::ranges::find(words, said) == words.end()) return {};
  return word;
}

}  // namespace

bool unlock_is_over(const Paths& paths) {
  return exists(paths.run("early/door")) &&
         (exists(paths.run("early/over")) || exists(paths.run("boot.json")));
}

int act_alone(const Paths& paths, const DoorKey& key, Word word, Tty& terminal) {
  if (!key.words.contains(word)) {
    terminal.line(not_granted(word));
    return exit_status(Code::refused);
  }
  if (word == Word::log) return show_log(paths, terminal);
  if (word == Word::reboot || word == Word::poweroff)
    return restart(key, word == Word::poweroff, terminal);
  const int told = tell(paths, key, word, terminal);
  const auto typed = word == Word::unlock ? typed_word(key, terminal) : std::nullopt;
  return typed ? act_alone(paths, key, *typed, terminal) : told;
}

}  // namespace latchkey
