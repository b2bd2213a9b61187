// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/unlock/wire.hpp"

#include <vector>

#include "core/base/text.hpp"

namespace latchkey {

Error too_long_error() {
  return {Code::usage, "cannot take this passphrase",
          "it is longer than " + std::to_string(passphrase_limit) + " bytes",
          "is this the passphrase, and not a file of another kind?"};
}

// Four lines: kind, key, word, address. Nothing in it needs quoting.
std::string encode_hello(const Hello& hello) {
  return std::string(hello.console ? "console" : "ssh") + "\n" + std::to_string(hello.key) + "\n" +
         std::string(word_text(hello.word)) + "\n" + printable(hello.address, 64);
}

Result<Hello> parse_hello(std::string_view payload) {
  const Error bad{Code::usage, "cannot understand a client's first message", "", ""};
  const std::vector<std::string> parts = split(payload, '\n');
  if (parts.size() != 4) return bad;
  Hello hello;
  hello.console = parts[0] == "console";
  if (!hello.console && parts[0] != "ssh") return bad;
  const auto key = parse_number(parts[1], 100000);
  const auto word = parse_word(parts[2]);
  if (!key || !word) return bad;
  hello.key = static_cast<int>(*key);
  hello.word = *word;
  hello.address = printable(parts[3], 64);
  return hello;
}

Result<Word> parse_request(std::string_view command) {
  const std::string_view text = trim(command);
  if (text.empty()) return Word::unlock;
  if (const auto word = parse_word(text)) return *word;
  // What Debian's own guides type, for the program that cryptsetup has there.
  for (const char* usual :
       {"cryptroot-unlock", "/bin/cryptroot-unlock", "/usr/bin/cryptroot-unlock"})
    if (text == usual) return Word::unlock;
  return Error{Code::usage, "cannot do '" + printable(text, 60) + "' in early boot",
               "only the words of latchkey-unlock are known here",
               "say nothing to unlock, or one of: status, log, continue"};
}

std::string status_byte(int status, const std::string& text) {
  return std::string(1, static_cast<char>(status)) + text;
}

}  // namespace latchkey
