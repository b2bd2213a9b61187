// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/unlock/line_end.hpp"

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

}  // namespace

std::vector<std::span<const char>> passphrase_candidates(std::span<const char> bytes) {
  const auto text = std::span(without_mark(std::string_view(bytes.data(), bytes.size())));
  std::vector<std::span<const char>> out;
  for (const auto part :
       {first_line(text), text.first(without_line_end(text)), bytes.first(without_line_end(bytes)),
        bytes, first_line(without_ends_around(text)), without_ends_around(text)}) {
    const auto same = [&part](const auto& other) { return std::ranges::equal(part, other); };
    if (!part.empty() && std::ranges::none_of(out, same)) out.push_back(part);
  }
  return out;
}

}  // namespace latchkey
