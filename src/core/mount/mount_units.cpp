// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/mount/mount_units.hpp"

#include <algorithm>
#include <string_view>

#include "core/base/systemd_words.hpp"
#include "core/base/text.hpp"
#include "core/units/unit_name.hpp"

namespace latchkey {
namespace {

bool names_release(std::span<const UnitSetting> settings) {
  for (const std::string_view key : {"After", "Requires", "BindsTo", "PartOf"})
    for (const std::string& value : values_of(settings, key))
      for (const std::string& word : split(value, ' '))
        if (word == release_unit) return true;
  return false;
}

bool required(std::span<const std::string> linked_by) {
  return std::ranges::any_of(
      linked_by, [](const std::string& by) { return by.ends_with(".target.requires"); });
}

bool stands_apart(std::span<const UnitSetting> settings) {
  return is_systemd_no(value_of(settings, "DefaultDependencies"));
}

}  // namespace

std::optional<FstabLine> line_of_unit(const std::string& unit,
                                      std::span<const UnitSetting> settings,
                                      std::span<const std::string> linked_by,
                                      std::span<const UnitSetting> mount) {
  const bool automount = unit.ends_with(".automount");
  const std::span<const UnitSetting> what = automount ? mount : settings;
  FstabLine out;
  out.source.text = value_of(what, "What");
  out.target.text = unit.ends_with(".swap") ? "none" : value_of(settings, "Where");
  if ((out.source.text.empty() && !automount) || out.target.text.empty()) return {};
  out.place = out.target.text;
  while (out.place.size() > 1 && out.place.ends_with('/')) out.place.pop_back();
  out.type = unit.ends_with(".swap") ? "swap" : value_of(what, "Type");
  out.options = split(value_of(what, "Options"), ',');
  if (automount) out.options.emplace_back("x-systemd.automount");
  if (linked_by.empty()) out.options.emplace_back("noauto");
  const bool behind = names_release(what);
  if (behind) out.options.push_back("x-systemd.after=" + std::string(release_unit));
  if (required(linked_by))
    std::erase(out.options, "nofail");
  else if (!automount && !linked_by.empty() && (!behind || stands_apart(settings)))
    out.options.emplace_back("nofail");
  return out;
}

}  // namespace latchkey
