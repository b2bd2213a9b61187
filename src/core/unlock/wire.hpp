// SPDX-License-Identifier: GPL-3.0-or-later
// What the coordinator and its clients say to each other: one message is one
// packet of a SOCK_SEQPACKET socket, a type byte and its payload, at most
// wire_limit bytes. The kernel keeps the boundaries, so nobody can stall in
// the middle of a message.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/result.hpp"
#include "core/config/config.hpp"
#include "core/unlock/report.hpp"

namespace latchkey {

inline constexpr std::size_t wire_limit = 16UL * 1024;
/// Longest passphrase taken, in bytes.
inline constexpr std::size_t passphrase_limit = 8UL * 1024;
/// The same with the longest end of a line behind it, as it is typed or piped.
inline constexpr std::size_t typed_limit = passphrase_limit + 2;

/// What is told of a longer one, wherever it came from.
[[nodiscard]] Error too_long_error();

/// Type byte of a message. Client to coordinator: hello (first, once),
/// passphrase (raw bytes, only into locked memory), carry_on (go on without the
/// data). Coordinator to client: say (a line to show), ask (show the prompt and
/// read a passphrase), wrong (the answer was not right: a status byte, then a
/// line), shell (granted: become one), end (a status byte, then a line; the
/// client exits with it).
enum class Wire : char {
  hello = 'H',
  passphrase = 'P',
  say = 'S',
  ask = 'A',
  wrong = 'W',
  carry_on = 'C',
  shell = 'X',
  end = 'E',
};

/// The first message of a client.
struct Hello {
  bool console = false;
  int key = 0;            ///< `--key N` of the forced command
  std::string address{};  ///< of the ssh client, for the report only
  Word word = Word::unlock;

  bool operator==(const Hello&) const = default;
};

/// Gives the payload of a hello message.
[[nodiscard]] std::string encode_hello(const Hello& hello);

/// Reads it. Fails with Code::usage for anything that encode_hello cannot have
/// made; texts come out printable.
[[nodiscard]] Result<Hello> parse_hello(std::string_view payload);

/// What an ssh client asked for, from SSH_ORIGINAL_COMMAND: exactly one known
/// word, or nothing (unlock). Fails with Code::usage for everything else; the
/// text is compared, never evaluated.
[[nodiscard]] Result<Word> parse_request(std::string_view command);

/// The payload of Wire::wrong and Wire::end: an exit status as a byte, and the text.
[[nodiscard]] std::string status_byte(int status, const std::string& text);

}  // namespace latchkey
