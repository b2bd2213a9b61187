// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/hold/init_script.hpp"

#include <algorithm>

#include "core/base/text.hpp"
#include "core/config/volume.hpp"

namespace latchkey {
namespace {

constexpr std::string_view suffix = ".service";

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Lines of a script without comments; the first may name its interpreter.
template <class Meant>
bool any_line(std::string_view text, const Meant& meant) {
  const auto lines = split_lines(text);
  return std::ranges::any_of(lines, [&](std::string_view raw) {
    const std::string_view line = trim(raw);
    return (!line.starts_with('#') || line.starts_with("#!")) && meant(line);
  });
}

// Debian's own interpreter of short init scripts: it reads init-functions and
// understands every word of the LSB.
bool is_init_d_script(std::string_view line) {
  return line.starts_with("#!") && line.find("/init-d-script") != std::string_view::npos;
}

// `rcL.d/SNN…`; not in the levels of a halt and a reboot, where S links stop things.
bool starts(std::string_view link) {
  return link.size() > 8 && link[6] == 'S' && link[2] != '0' && link[2] != '6';
}

}  // namespace

std::string script_of(std::string_view unit) {
  if (!unit.ends_with(suffix)) return {};
  const std::string_view name = unit.substr(0, unit.size() - suffix.size());
  return std::string(name.substr(0, name.find('@')));
}

std::string unit_of_script(std::string_view script) {
  if (script.ends_with(".sh")) script.remove_suffix(3);
  return std::string(script) + std::string(suffix);
}

bool reads_init_functions(std::string_view text) {
  return any_line(text, [](std::string_view line) {
    return is_init_d_script(line) || line.find("/lib/lsb/init-functions") != std::string_view::npos;
  });
}

bool tells_status(std::string_view text) {
  return any_line(text, [](std::string_view line) {
    if (is_init_d_script(line)) return true;
    // A label of a `case`: `status)`, `(status)`, `stop|status)`, `"status")`.
    const std::string_view label = line.substr(0, line.find(')'));
    if (label.size() == line.size()) return false;
    for (const std::string& part : split(label, '|')) {
      std::string_view word = trim(part);
      while (!word.empty() && (word.front() == '(' || word.front() == '"' || word.front() == '\''))
        word.remove_prefix(1);
      while (!word.empty() && (word.back() == '"' || word.back() == '\'')) word.remove_suffix(1);
      if (word == "status") return true;
    }
    return false;
  });
}

ScriptState judge_status(int exit_status) {
  switch (exit_status) {
    case 0:
      return ScriptState::running;
    case 1:
    case 2:
      return ScriptState::died;
    case 3:
      return ScriptState::stopped;
    default:
      return ScriptState::unknown;
  }
}

const std::vector<std::string>& link_directories() {
  static const std::vector<std::string> all{"rc0.d", "rc1.d", "rc2.d", "rc3.d",
                                            "rc4.d", "rc5.d", "rc6.d", "rcS.d"};
  return all;
}

bool is_link_name(std::string_view name, std::string_view script) {
  return name.size() == script.size() + 3 && (name[0] == 'S' || name[0] == 'K') &&
         is_digit(name[1]) && is_digit(name[2]) && name.substr(3) == script;
}

bool is_link_path(std::string_view path, std::string_view script) {
  const std::size_t slash = path.find('/');
  return slash != std::string_view::npos &&
         std::ranges::find(link_directories(), path.substr(0, slash)) != link_directories().end() &&
         is_link_name(path.substr(slash + 1), script);
}

bool starts_at_boot(const std::vector<std::string>& links) {
  return std::ranges::any_of(links, starts);
}

std::vector<std::string> disabled_links(const std::vector<std::string>& links) {
  std::vector<std::string> out = links;
  for (std::string& link : out) {
    if (!starts(link)) continue;
    // What starts late stops early.
    const int number = std::clamp(100 - ((link[7] - '0') * 10 + link[8] - '0'), 1, 99);
    link[6] = 'K';
    link[7] = static_cast<char>('0' + number / 10);
    link[8] = static_cast<char>('0' + number % 10);
  }
  return out;
}

std::optional<std::vector<std::string>> words_of_line(std::string_view text,
                                                      const std::string& unit) {
  for (const std::string_view line : split_lines(text)) {
    const std::vector<Field> fields = split_fields(line);
    if (fields.empty() || fields[0].text.starts_with('#') || full_unit_name(fields[0].text) != unit)
      continue;
    std::vector<std::string> words;
    for (std::size_t i = 1; i < fields.size(); ++i) words.push_back(fields[i].text);
    return words;
  }
  return {};
}

}  // namespace latchkey
