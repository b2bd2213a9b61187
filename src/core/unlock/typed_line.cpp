// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/unlock/typed_line.hpp"

#include <algorithm>
#include <string_view>

#include "core/base/text.hpp"

namespace latchkey {
namespace {

std::span<const char> first_line(std::span<const char> bytes) {
  const auto end = std::ranges::find(bytes, '\n');
  const auto line = bytes.first(static_cast<std::size_t>(end - bytes.begin()) +
                                (end == bytes.end() ? 0 : 1));
  return line.first(without_line_end(line));
}

std::span<const char> without_ends_around(std::span<const char> bytes) {
  const auto is_end = [](char c) { return c == '\r' || c == '\n'; };
  while (!bytes.empty() && is_end(bytes.front())) bytes = bytes.subspan(1);
  while (!bytes.empty() && is_end(bytes.back())) bytes = bytes.first(bytes.size() - 1);
  return bytes;
}

std::span<const char> without_blanks_behind(std::span<const char> line) {
  while (!line.empty() && (line.back() == ' ' || line.back() == '\t'))
    line = line.first(line.size() - 1);
  return line;
}

constexpr char backspace = '\x08';

bool is_noise(char c) { return c == '\0' || c == '\x11' || c == '\x13'; }

// How long the mark of a pasted text is that lies there; 0: none does.
std::size_t paste_mark_at(std::string_view text) {
  for (const std::string_view mark : {"\x1b[200~", "\x1b[201~"})
    if (text.starts_with(mark)) return mark.size();
  return 0;
}

}  // namespace

std::size_t take_back(std::span<char> line) noexcept {
  const auto continues = [&line](std::size_t at) {
    return (static_cast<unsigned char>(line[at]) & 0xc0U) == 0x80U;
  };
  std::size_t size = 0;
  for (std::size_t at = 0; at < line.size(); ++at) {
    const char c = line[at];
    if (is_noise(c)) continue;
    // Before what is written: what lies ahead has not been touched.
    if (const auto mark = paste_mark_at({line.data() + at, line.size() - at})) {
      at += mark - 1;
      continue;
    }
    if (c != backspace) {
      line[size++] = c;
      continue;
    }
    while (size > 0 && continues(size - 1)) --size;
    if (size > 0) --size;
  }
  return size;
}

std::vector<std::span<const char>> passphrase_candidates(std::span<const char> bytes) {
  const auto text = std::span(without_mark(std::string_view(bytes.data(), bytes.size())));
  std::vector<std::span<const char>> out;
  for (const auto part :
       {first_line(text), text.first(without_line_end(text)), bytes.first(without_line_end(bytes)),
        bytes, first_line(without_ends_around(text)), without_ends_around(text),
        without_blanks_behind(first_line(without_ends_around(text)))}) {
    const auto same = [&part](const auto& other) { return std::ranges::equal(part, other); };
    if (!part.empty() && std::ranges::none_of(out, same)) out.push_back(part);
  }
  return out;
}

}  // namespace latchkey
