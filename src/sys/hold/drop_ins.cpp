// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/hold/drop_ins.hpp"

#include "core/hold/hold.hpp"
#include "sys/base/fd.hpp"

namespace latchkey {

std::vector<std::string> stale_drop_ins(const Paths& paths, const std::vector<Volume>& volumes,
                                        const std::string& directory) {
  const auto text_of = [&](const char* file) {
    const auto text = read_file(paths.etc(file));
    return text ? *text : std::string();
  };
  std::vector<std::string> out;
  const Holds holds = read_holds(text_of("services"), text_of("triggers"), volumes);
  const auto fstab = read_file(paths.root + "/etc/fstab");
  for (const DropIn& wanted : drop_ins(holds.units, fstab ? *fstab : std::string())) {
    const auto there = read_file(directory + "/" + wanted.unit + ".d/" + std::string(drop_in_name));
    if (there && *there != wanted.text) out.push_back(wanted.unit);
  }
  return out;
}

}  // namespace latchkey
