// SPDX-License-Identifier: GPL-3.0-or-later
// Reading what apt and dpkg say that they are about to do.
#include <algorithm>
#include <array>

#include "core/base/text.hpp"
#include "core/hold/package_guard.hpp"

namespace latchkey {
namespace {

// The words that apt itself takes for yes.
bool is_yes(std::string_view value) {
  static constexpr std::array<std::string_view, 6> words{"1",    "yes", "true",
                                                         "with", "on",  "enable"};
  return std::ranges::find(words, lower(trim(value))) != words.end();
}

// The line behind its first `count` words, each ended by one blank; the last word
// is a path that may have blanks in it.
std::string_view behind_words(std::string_view line, int count) {
  for (; count > 0; --count) {
    const std::size_t blank = line.find(' ');
    if (blank == std::string_view::npos) return {};
    line.remove_prefix(blank + 1);
  }
  return line;
}

// Protocol 1 tells paths only; apt itself makes the names of these files.
std::string name_in_path(std::string_view path) {
  path.remove_prefix(path.rfind('/') + 1);
  return std::string(path.substr(0, path.find('_')));
}

void add_change(AptRun& run, std::string name, std::string_view action) {
  if (name.empty()) return;
  if (action == "**REMOVE**")
    run.changes.push_back({std::move(name), ""});
  else if (action.starts_with('/'))
    run.changes.push_back({std::move(name), std::string(action)});
}

}  // namespace

std::string package_name(std::string_view name) {
  return std::string(name.substr(0, name.find(':')));
}

AptRun parse_apt_run(std::string_view text) {
  AptRun run;
  const std::vector<std::string_view> lines = split_lines(text);
  if (lines.empty()) return run;
  if (!lines[0].starts_with("VERSION ")) {
    for (const std::string_view line : lines)
      if (line.starts_with('/')) add_change(run, name_in_path(line), line);
    return run;
  }
  const int words_before_action = trim(lines[0].substr(8)) == "2" ? 4 : 8;
  std::size_t i = 1;
  for (; i < lines.size() && !lines[i].empty(); ++i) {
    const std::size_t equals = lines[i].find('=');
    if (equals == std::string_view::npos) continue;
    if (lower(lines[i].substr(0, equals)) == "latchkey::allow-held")
      run.allowed = is_yes(lines[i].substr(equals + 1));
  }
  for (++i; i < lines.size(); ++i)
    add_change(run, package_name(lines[i].substr(0, lines[i].find(' '))),
               behind_words(lines[i], words_before_action));
  return run;
}

DpkgCall parse_dpkg_call(std::string_view arguments) {
  DpkgCall call;
  std::vector<std::string> words = split(arguments, '\0');
  if (!words.empty()) words.erase(words.begin());
  bool only_operands = false;
  for (const std::string& word : words) {
    if (word.empty()) continue;
    if (only_operands || word[0] != '-') {
      call.operands.push_back(word);
    } else if (word == "--") {
      only_operands = true;
    } else if (word.starts_with("--")) {
      call.recursive |= word == "--recursive";
      call.elsewhere |= word.starts_with("--root") || word.starts_with("--instdir");
    } else {
      call.recursive |= word.find('R') != std::string::npos;
    }
  }
  return call;
}

}  // namespace latchkey
