// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/units/unit_name.hpp"

#include <algorithm>
#include <array>

#include "core/base/text.hpp"

namespace latchkey {
namespace {

constexpr std::array<std::string_view, 7> unit_suffixes{".service", ".socket", ".timer",    ".path",
                                                        ".target",  ".mount",  ".automount"};

}  // namespace

std::string path_unit(std::string_view path, std::string_view suffix) {
  constexpr std::string_view plain = ":_.";
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  for (const std::string& part : split(path, '/')) {
    if (part.empty() || part == ".") continue;
    if (part == "..") return {};
    if (!out.empty()) out += '-';
    for (const char c : part) {
      const bool letter =
          (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
      const bool hides = c == '.' && out.empty();
      if ((letter || plain.find(c) != std::string_view::npos) && !hides) {
        out += c;
        continue;
      }
      const auto byte = static_cast<unsigned char>(c);
      out += {'\\', 'x', digits[byte >> 4], digits[byte & 15]};
    }
  }
  if (out.empty()) out = "-";
  // systemd gives what is longer a name that it draws from the path in a way of its own.
  if (out.size() + suffix.size() > 255) return {};
  return out + std::string(suffix);
}

std::string mount_unit(std::string_view path) { return path_unit(path, ".mount"); }

std::string full_unit_name(std::string_view name) {
  for (const std::string_view suffix : unit_suffixes)
    if (name.ends_with(suffix)) return std::string(name);
  return std::string(name) + ".service";
}

bool valid_unit_name(std::string_view name) {
  const bool letters = std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view(":-_.\\@").find(c) != std::string_view::npos;
  });
  const bool suffix = std::ranges::any_of(unit_suffixes, [&](std::string_view s) {
    return name.ends_with(s) && name.size() > s.size();
  });
  return letters && suffix && name.size() <= 255 && name.front() != '-' && name.front() != '.';
}

bool is_template(std::string_view unit) { return unit.find("@.") != std::string_view::npos; }

std::string template_of(const std::string& unit) {
  const std::size_t at = unit.find('@');
  const std::size_t dot = unit.rfind('.');
  if (at == std::string::npos || dot == std::string::npos || dot < at) return unit;
  return unit.substr(0, at + 1) + unit.substr(dot);
}

}  // namespace latchkey
