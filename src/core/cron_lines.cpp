// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/cron_lines.hpp"

#include <algorithm>

#include "core/legacy.hpp"
#include "core/text.hpp"

namespace latchkey {
namespace {

bool asks_first(std::string_view line) {
  return line.find("mountpoint") != std::string_view::npos ||
         line.find("findmnt") != std::string_view::npos;
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

std::vector<std::size_t> unguarded_cron_lines(std::string_view text, std::string_view place,
                                              const std::vector<std::string>& homes) {
  const std::vector<std::string_view> lines = split_lines(text);
  std::vector<std::size_t> out = lines_naming(text, place, homes);
  std::erase_if(out, [&](std::size_t number) {
    return number > lines.size() || asks_first(lines[number - 1]) || is_setting(lines[number - 1]);
  });
  return out;
}

}  // namespace latchkey
