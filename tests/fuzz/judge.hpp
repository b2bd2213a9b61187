// SPDX-License-Identifier: GPL-3.0-or-later
// What must hold of whatever a reader makes of its input.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"

namespace latchkey::fuzz {

/// A finding: the program dies with its input on record.
inline void must(bool holds) {
  if (!holds) std::abort();
}

/// What is shown to people is one line that moves no cursor, whatever the input was.
inline void must_be_line(std::string_view text) {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    must(byte >= 0x20 && byte != 0x7f);
  }
}

/// The same for several lines.
inline void must_be_text(std::string text) {
  std::erase(text, '\n');
  must_be_line(text);
}

inline void must_be_lines(const std::vector<std::string>& lines) {
  for (const std::string& line : lines) must_be_line(line);
}

inline void judge(const Error& error) {
  must(!error.what.empty());
  must_be_line(error.what);
  must_be_line(error.why);
  must_be_line(error.hint);
}

template <class T>
void judge(const Result<T>& result) {
  if (!result) judge(result.error());
}

/// The inputs of a reader that takes several texts: separated by NULs, absent ones empty.
inline std::vector<std::string_view> parts(std::string_view text, std::size_t count) {
  std::vector<std::string_view> out;
  while (out.size() + 1 < count) {
    const std::size_t end = text.find('\0');
    out.push_back(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  out.push_back(text);
  return out;
}

}  // namespace latchkey::fuzz

/// Defines the program's entry: `text` is the input.
#define LATCHKEY_FUZZ(text)                                                           \
  static void one_input(std::string_view text);                                       \
  extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);  \
  extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) { \
    one_input(std::string_view(reinterpret_cast<const char*>(data), size));           \
    return 0;                                                                         \
  }                                                                                   \
  static void one_input(std::string_view text)
