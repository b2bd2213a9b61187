// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/hold/drop_ins.hpp"

#include <set>
#include <string_view>

#include "core/hold/hold.hpp"
#include "sys/base/fd.hpp"

namespace latchkey {
namespace {

Result<std::string> drop_in_of(const std::string& directory, const std::string& unit) {
  return read_file(directory + "/" + unit + ".d/" + std::string(drop_in_name));
}

}  // namespace

std::vector<std::string> stale_drop_ins(const Paths& paths, const std::vector<Volume>& volumes,
                                        const std::string& directory) {
  std::vector<std::string> out;
  const Holds holds = read_holds(text_or_empty(paths.etc("services")),
                                 text_or_empty(paths.etc("triggers")), volumes);
  const std::string fstab = text_or_empty(paths.root + "/etc/fstab");
  std::set<std::string> wanted_units;
  for (const DropIn& wanted : drop_ins(holds.units, fstab)) {
    wanted_units.insert(wanted.unit);
    const auto there = drop_in_of(directory, wanted.unit);
    if (there && *there != wanted.text) out.push_back(wanted.unit);
  }
  // Of units that were let go: their next restart would be a stop.
  constexpr std::string_view end = ".d";
  for (const std::string& name : names_in(directory)) {
    if (!name.ends_with(end)) continue;
    const std::string unit = name.substr(0, name.size() - end.size());
    if (!wanted_units.contains(unit) && still_held(unit, directory)) out.push_back(unit);
  }
  return out;
}

bool still_held(const std::string& unit, const std::string& directory) {
  const auto text = drop_in_of(directory, unit);
  // The generator writes others, which hold nothing.
  return text && text->find("/" + marker_of("")) != std::string::npos;
}

}  // namespace latchkey
