// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/hold/cron_lines.hpp"

#include <algorithm>
#include <utility>

#include "core/base/text.hpp"
#include "core/hold/copies_above.hpp"
#include "core/units/command_words.hpp"
#include "core/units/named_paths.hpp"

namespace latchkey {
namespace {

using Homes = std::vector<std::string>;

// Without quotes around it, and what ends a command behind it.
std::string bare(std::string word) {
  std::erase_if(word, [](char c) { return c == '"' || c == '\'' || c == ';'; });
  return word;
}

bool is_below(const std::string& path, std::string_view place, const Homes& homes) {
  const std::string head = std::string(place) + "/";
  if (path.starts_with(head)) return true;
  return std::ranges::any_of(homes, [&](const std::string& home) {
    for (const std::string_view sign : {"~/", "$HOME/", "${HOME}/"})
      if (path.starts_with(sign)) return (home + "/" + path.substr(sign.size())).starts_with(head);
    return false;
  });
}

// `test -x FILE &&`, `[ -x FILE ] &&` or `if [ -x FILE ]` with a file on the volume: what comes
// after it is not done while that is not mounted.
bool tests_a_file(const std::vector<std::string>& words, std::string_view place,
                  const Homes& homes) {
  for (std::size_t at = 0; at + 3 < words.size(); ++at) {
    const std::string& option = words[at + 1];
    const bool bracket = words[at] == "[" || words[at] == "[[";
    if ((!bracket && words[at] != "test") || option.size() != 2 || option[0] != '-' ||
        std::string_view("defhLrswx").find(option[1]) == std::string_view::npos ||
        !is_below(bare(words[at + 2]), place, homes))
      continue;
    if (at > 0 && words[at - 1] == "if") return true;
    const std::size_t next = at + (bracket ? 4 : 3);
    if (next < words.size() && words[next] == "&&") return true;
  }
  return false;
}

bool asks_first(const std::vector<std::string>& words, std::string_view place, const Homes& homes) {
  return std::ranges::any_of(words, asks_for_mounts) || tests_a_file(words, place, homes);
}

// In a script what follows may stand on any line, and may be the way out: `[ -e FILE ] || exit`.
bool looks_for_a_file(const std::vector<std::string>& words, std::string_view place) {
  for (std::size_t at = 0; at + 2 < words.size(); ++at) {
    if (words[at] != "test" && words[at] != "[" && words[at] != "[[") continue;
    const std::size_t option = words[at + 1] == "!" ? at + 2 : at + 1;
    if (option + 1 < words.size() && words[option].starts_with('-') &&
        is_below(bare(words[option + 1]), place, {}))
      return true;
  }
  return false;
}

// What a line has behind the time: in the tables of the system a user first, who is no path.
std::vector<std::string> command_of(std::string_view line, std::size_t times) {
  std::vector<std::string> words = split_words(line);
  if (words.empty()) return words;
  const std::size_t before = words[0].starts_with('@') ? 1 : std::min(times, words.size());
  words.erase(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(before));
  return words;
}

bool names_it(std::vector<std::string> words, std::string_view place, const Homes& homes) {
  // What a copy leaves out it does not use.
  for (std::size_t i = 0; i < words.size(); ++i)
    if (words[i] == "--exclude" && i + 1 < words.size()) words[++i].clear();
  std::erase_if(words, [](const std::string& word) { return word.starts_with("--exclude="); });
  std::erase_if(words, is_remote);
  return command_names(join(words, " "), place, homes);
}

bool uses(const std::vector<std::string>& words, std::string_view place, const Homes& homes,
          bool copies) {
  const std::string home = homes.empty() ? std::string() : homes.front();
  return names_it(words, place, homes) || (copies && copies_above(words, place, home));
}

// `NAME = value`: the first word of every other line is a time.
bool is_setting(std::string_view line) {
  const std::string_view name = trim(line.substr(0, line.find('=')));
  return line.find('=') != std::string_view::npos && !name.empty() &&
         std::ranges::none_of(name, [](char c) { return c == ' ' || c == '\t' || c == '@'; });
}

}  // namespace

std::string home_of_crontab(const std::string& user) {
  return user == "root" ? "/root" : "/home/" + user;
}

std::vector<CronLine> unguarded_cron_lines(std::string_view text, std::string_view place,
                                           const std::vector<std::string>& homes, std::size_t times,
                                           bool copies) {
  std::vector<CronLine> out;
  std::size_t number = 0;
  for (const std::string_view line : split_lines(text)) {
    ++number;
    if (trim(line).starts_with('#') || is_setting(line)) continue;
    const bool at_boot = trim(line).starts_with("@reboot");
    const std::vector<std::string> words = command_of(line, times);
    const bool asks = asks_first(words, place, homes);
    // `until mountpoint -q PLACE; do sleep 5; done; …` waits for it.
    const bool waits = asks && std::ranges::any_of(words, [](const std::string& word) {
                         return word == "until" || word == "while";
                       });
    if ((at_boot ? !waits : !asks) && uses(words, place, homes, copies))
      out.push_back({number, at_boot});
  }
  return out;
}

std::optional<std::size_t> unguarded_script_line(std::string_view text, std::string_view place,
                                                 bool copies) {
  if (text.find('\0') != std::string_view::npos) return {};
  std::optional<std::size_t> found;
  std::size_t number = 0;
  std::string whole;  // a command may go on in the next line
  for (const std::string_view line : split_lines(text)) {
    ++number;
    if (trim(line).starts_with('#')) continue;
    if (asks_for_mounts(line)) return {};
    std::vector<std::string> words = split_words(line);
    if (!found && looks_for_a_file(words, place)) return {};
    const bool goes_on = line.ends_with('\\');
    whole += std::string(line.substr(0, line.size() - (goes_on ? 1 : 0))) + " ";
    if (!found && !asks_first(words, place, {}) && names_it(std::move(words), place, {}))
      found = number;
    if (goes_on) continue;
    const std::vector<std::string> command = split_words(whole);
    if (copies && !found && !asks_first(command, place, {}) && copies_above(command, place))
      found = number;
    whole.clear();
  }
  return found;
}

}  // namespace latchkey
