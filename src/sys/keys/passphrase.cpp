// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/keys/passphrase.hpp"

#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

#include "core/unlock/typed_line.hpp"
#include "sys/keys/recovery_key.hpp"

namespace latchkey {
namespace {

const auto* bytes_of(const Secret& secret) {
  return reinterpret_cast<const utf8proc_uint8_t*>(secret.reveal().data());
}

constexpr auto compose = static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE);
constexpr auto take_apart = static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_DECOMPOSE);

bool same(const Secret& one, const Secret& other) {
  return std::ranges::equal(one.reveal(), other.reveal());
}

Secret copy_of_bytes(std::span<const char> bytes) {
  Secret out(bytes.size());
  (void)out.append(bytes);
  return out;
}

// In this form; a copy where it is no UTF-8. What it works on never lies outside of a Secret.
Secret in_form(const Secret& passphrase, utf8proc_option_t form) {
  const auto size = static_cast<utf8proc_ssize_t>(passphrase.size());
  const utf8proc_ssize_t count =
      size == 0 ? 0 : utf8proc_decompose(bytes_of(passphrase), size, nullptr, 0, form);
  if (count <= 0) return copy_of(passphrase);
  // It needs one code point more than it counts: it ends the text with a NUL.
  Secret work((static_cast<std::size_t>(count) + 1) * sizeof(utf8proc_int32_t));
  auto* const points = reinterpret_cast<utf8proc_int32_t*>(work.room().data());
  const utf8proc_ssize_t made = utf8proc_decompose(bytes_of(passphrase), size, points, count, form);
  if (made != count) return copy_of(passphrase);
  // In place: the code points become the bytes of their text.
  const utf8proc_ssize_t length = utf8proc_reencode(points, count, form);
  if (length <= 0) return copy_of(passphrase);
  work.grow(static_cast<std::size_t>(length));
  return work;
}

// What a text in UTF-16 says, as redirection in PowerShell writes it: its first line in UTF-8.
// Nothing for what begins with no mark of it, or is none after all.
std::optional<Secret> from_utf16(std::span<const char> bytes) {
  // A line of it that was cut behind its end's first byte.
  if (bytes.size() % 2 != 0 && bytes.back() == '\n') bytes = bytes.first(bytes.size() - 1);
  if (bytes.size() < 4 || bytes.size() % 2 != 0) return {};
  const auto byte = [&bytes](std::size_t at) { return static_cast<unsigned char>(bytes[at]); };
  const bool little = byte(0) == 0xff && byte(1) == 0xfe;
  if (!little && !(byte(0) == 0xfe && byte(1) == 0xff)) return {};
  const auto unit = [&](std::size_t at) {
    return static_cast<utf8proc_int32_t>(little ? byte(at) | byte(at + 1) << 8
                                                : byte(at) << 8 | byte(at + 1));
  };
  Secret out(bytes.size() * 2);
  for (std::size_t at = 2; at < bytes.size(); at += 2) {
    utf8proc_int32_t point = unit(at);
    if (point == '\n' || point == '\r') break;
    if (point >= 0xd800 && point < 0xdc00 && at + 2 < bytes.size()) {
      at += 2;
      if (unit(at) < 0xdc00 || unit(at) > 0xdfff) return {};
      point = 0x10000 + ((point - 0xd800) << 10) + (unit(at) - 0xdc00);
    }
    // It writes up to four bytes, straight into the Secret.
    if (!utf8proc_codepoint_valid(point) || out.room().size() < 4) return {};
    out.grow(static_cast<std::size_t>(
        utf8proc_encode_char(point, reinterpret_cast<utf8proc_uint8_t*>(out.room().data()))));
  }
  if (out.empty()) return {};
  return out;
}

// Of the candidates: the first line, and all but the line's end.
constexpr std::size_t most_likely = 2;

Result<> try_composed(const Secret& passphrase, const std::function<Result<>(const Secret&)>& use) {
  auto tried = use(passphrase);
  if (tried || tried.error().code != Code::denied) return tried;
  const Secret other = composed(passphrase);
  return same(passphrase, other) ? tried : use(other);
}

}  // namespace

PassphraseLook look_at(const Secret& passphrase) {
  PassphraseLook look;
  const auto bytes = passphrase.reveal();
  if (bytes.empty()) return look;
  const auto blank = [](char c) { return c == ' ' || c == '\t'; };
  look.blank_ends = blank(bytes.front()) || blank(bytes.back());
  look.tilde = bytes.front() == '~';
  for (const char c : bytes) {
    if (static_cast<unsigned char>(c) >= 0x80) look.ascii = false;
    if ((static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == '\x7f') look.control = true;
  }
  // With no room to write to it only counts, or names what is wrong.
  look.utf8 = utf8proc_decompose(bytes_of(passphrase), static_cast<utf8proc_ssize_t>(bytes.size()),
                                 nullptr, 0, compose) >= 0;
  return look;
}

Secret composed(const Secret& passphrase) { return in_form(passphrase, compose); }

Secret taken_back(const Secret& typed) {
  Secret out(typed.size());
  const auto room = out.room().first(typed.size());
  std::ranges::copy(typed.reveal(), room.begin());
  out.grow(take_back(room));  // in place, within the Secret
  return out;
}

Result<> try_forms(const Secret& passphrase, const std::function<Result<>(const Secret&)>& use) {
  Result<> tried = Error{Code::denied, "cannot try a passphrase", "it is empty", ""};
  const auto candidates = passphrase_candidates(passphrase.reveal());
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    const Secret as_it_came = copy_of_bytes(candidates[i]);
    // Each try costs all slots, and other answers wait: the unlikely ones just as they came.
    if (i >= most_likely) {
      tried = use(as_it_came);
      if (tried || tried.error().code != Code::denied) break;
      continue;
    }
    // A slip and Backspace, or what a terminal put in, are far likelier than a passphrase with
    // such a byte in it.
    const Secret meant = taken_back(as_it_came);
    if (!meant.empty() && !same(meant, as_it_came)) tried = try_composed(meant, use);
    if (tried || tried.error().code != Code::denied) break;
    tried = try_composed(as_it_came, use);
    if (tried || tried.error().code != Code::denied) break;
  }
  if (candidates.empty() || tried || tried.error().code != Code::denied) return tried;
  const Secret typed = taken_back(copy_of_bytes(candidates.front()));
  for (const auto& other : {from_utf16(passphrase.reveal()), as_recovery_key(typed.reveal())}) {
    if (!other) continue;
    tried = use(*other);
    if (tried || tried.error().code != Code::denied) return tried;
  }
  // Rare, and each try takes as long as a slot costs: of the likeliest candidate only.
  const Secret likeliest = copy_of_bytes(candidates.front());
  const Secret apart = in_form(likeliest, take_apart);
  return same(apart, likeliest) ? tried : use(apart);
}

Secret copy_of(const Secret& secret) { return copy_of_bytes(secret.reveal()); }

}  // namespace latchkey
