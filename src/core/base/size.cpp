// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/size.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>

#include "core/base/text.hpp"

namespace latchkey {
namespace {

constexpr std::string_view units = "BKMGTPE";
constexpr std::uint64_t sector = 512;  // LVM takes no parts of one
constexpr std::size_t mib = 2;         // what LVM takes a bare number for

}  // namespace

Result<std::uint64_t> parse_size(std::string_view text) {
  const Error wrong{Code::usage, "'" + printable(text) + "' is no size", "",
                    "write it as 512M, 10G or 1.5T"};
  std::size_t at = 0;
  double number = 0;
  double scale = 0;  // 0 before the point
  for (; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '.' && scale == 0 && at > 0) {
      scale = 1;
    } else if (c >= '0' && c <= '9') {
      if (scale > 0) scale /= 10;
      number = scale > 0 ? number + (c - '0') * scale : number * 10 + (c - '0');
    } else {
      break;
    }
  }
  std::string unit(text.substr(at));
  std::ranges::transform(unit, unit.begin(),
                         [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  if (unit.ends_with("IB"))
    unit.resize(unit.size() - 2);
  else if (unit.size() == 2 && unit[1] == 'B')
    unit.resize(1);
  const std::size_t power = unit.empty() ? mib : units.find(unit[0]);
  if (at == 0 || text[at - 1] == '.' || unit.size() > 1 || power == std::string_view::npos)
    return wrong;
  const double bytes = std::floor(number * std::pow(1024, static_cast<double>(power)) + 0.5);
  if (bytes < 1 || bytes > std::pow(2, 60)) return wrong;
  return round_up(static_cast<std::uint64_t>(bytes), sector);
}

Result<std::uint64_t> parse_growth(std::string_view text) {
  if (text == "+0") return 0UL;
  const bool grows = text.starts_with('+');
  if (grows)
    if (auto size = parse_size(text.substr(1))) return size;
  return Error{Code::usage, "cannot grow by '" + printable(text) + "'",
               grows ? "that is no size" : "a volume only grows, by a size with a + before it",
               "write by how much it is to grow: +5G; or +0, where its logical volume has grown "
               "already"};
}

bool is_share(std::string_view text) {
  const auto percent = text.find('%');
  if (percent == std::string_view::npos) return false;
  const auto number = parse_number(text.substr(0, percent), 100);
  const std::string_view of = text.substr(percent + 1);
  return number && *number > 0 && (of == "FREE" || of == "VG" || of == "PVS");
}

std::string size_text(std::uint64_t bytes) {
  std::size_t power = 0;
  double number = static_cast<double>(bytes);
  while (number >= 1024 && power + 1 < units.size()) {
    number /= 1024;
    ++power;
  }
  const auto tenths = static_cast<std::uint64_t>(number * 10);
  std::string text = std::to_string(tenths / 10);
  if (tenths % 10 != 0) text += "." + std::to_string(tenths % 10);
  if (power == 0) return text + " bytes";
  return text + " " + units[power] + "iB";
}

}  // namespace latchkey
