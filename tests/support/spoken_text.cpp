// SPDX-License-Identifier: GPL-3.0-or-later
#include "support/spoken_text.hpp"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

namespace latchkey::test {
namespace {

namespace fs = std::filesystem;

// Behind a `'`, the digits' separator in 1'000 among them.
std::size_t behind_character(const std::string& source, std::size_t at) {
  if (at > 0 && std::isalnum(static_cast<unsigned char>(source[at - 1])) != 0) return at + 1;
  ++at;
  while (at < source.size() && source[at] != '\'') at += source[at] == '\\' ? 2 : 1;
  return at + 1;
}

std::size_t behind_blanks(const std::string& source, std::size_t at) {
  while (at < source.size() && std::isspace(static_cast<unsigned char>(source[at])) != 0) ++at;
  return at;
}

// Takes the place of the `"` that begins a literal, which is not a raw one: there are none.
// Adds what is in it, and gives the place behind it.
std::size_t read_literal(const std::string& source, std::size_t at, std::string& text) {
  for (++at; at < source.size() && source[at] != '"'; ++at) {
    if (source[at] != '\\') {
      text += source[at];
      continue;
    }
    ++at;
    text += source[at] == 'n' ? '\n' : source[at];
  }
  return at + 1;
}

std::vector<SpokenText> lines_in(const std::string& script) {
  std::vector<SpokenText> out;
  std::istringstream lines(script);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t first = line.find_first_not_of(" \t");
    if (first == std::string::npos || line[first] == '#' || line.compare(first, 2, "//") == 0)
      continue;
    out.push_back({{}, line.substr(first), {}});
  }
  return out;
}

}  // namespace

std::vector<SpokenText> literals_in(const std::string& source) {
  std::vector<SpokenText> out;
  for (std::size_t at = 0; at < source.size();) {
    if (source.compare(at, 2, "//") == 0) {
      at = source.find('\n', at);
    } else if (source[at] == '\'') {
      at = behind_character(source, at);
    } else if (source[at] == '"') {
      SpokenText said;
      while (at < source.size() && source[at] == '"')
        at = behind_blanks(source, read_literal(source, at, said.text));
      said.next = source.substr(std::min(at, source.size()), 80);
      out.push_back(std::move(said));
    } else {
      ++at;
    }
  }
  return out;
}

std::vector<SpokenText> spoken_texts(const std::string& root,
                                     const std::vector<std::string>& folders) {
  std::vector<SpokenText> out;
  for (const std::string& folder : folders)
    for (const auto& entry : fs::recursive_directory_iterator(root + "/" + folder)) {
      if (!entry.is_regular_file()) continue;
      std::ifstream file(entry.path());
      const std::string text((std::istreambuf_iterator<char>(file)),
                             std::istreambuf_iterator<char>());
      const std::string kind = entry.path().extension();
      for (SpokenText& said :
           kind == ".cpp" || kind == ".hpp" ? literals_in(text) : lines_in(text)) {
        said.file = fs::relative(entry.path(), root);
        out.push_back(std::move(said));
      }
    }
  return out;
}

}  // namespace latchkey::test
