// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/hold/late_unit_file.hpp"

#include <algorithm>
#include <filesystem>
#include <vector>

#include "core/base/text.hpp"
#include "core/hold/hold.hpp"
#include "core/mount/fstab_line.hpp"
#include "sys/base/fd.hpp"

namespace latchkey {
namespace {

namespace fs = std::filesystem;

// Where a link leads, though its target may not be there now.
std::string target_of(const fs::path& file) {
  constexpr int most_links = 16;
  std::error_code failed;
  fs::path at = file;
  for (int i = 0; i < most_links; ++i) {
    const fs::path target = fs::read_symlink(at, failed);
    if (failed) break;
    at = target.is_absolute() ? target : at.parent_path() / target;
  }
  const fs::path whole = fs::weakly_canonical(at, failed);
  return failed ? at.lexically_normal().string() : whole.string();
}

// Where a person copies it to: a drop-in counts in its unit's own directory alone.
std::string place_in(const std::string& units, const fs::path& file) {
  const std::string folder = file.parent_path().filename();
  return folder.ends_with(".d") ? units + "/" + folder : units;
}

}  // namespace

std::optional<Error> late_unit_file(const std::string& unit, const UnitState& state,
                                    std::span<const Volume> volumes, const std::string& units) {
  std::vector<std::string> files = state.files;
  for (const std::string& name : {unit, template_of(unit)}) {
    files.push_back(units + "/" + name);
    const std::string drop_ins = units + "/" + name + ".d";
    files.push_back(drop_ins);
    for (const std::string& one : names_in(drop_ins)) files.push_back(drop_ins + "/" + one);
  }
  for (const std::string& file : files) {
    const std::string target = target_of(file);
    const auto on = std::ranges::find_if(volumes, [&](const Volume& volume) {
      return is_released(volume) && lies_on(target, volume.mount_point);
    });
    if (on == volumes.end()) continue;
    return Error{Code::partial,
                 "'" + printable(file) + "' lies on '" + printable(on->name) + "' ('" +
                     printable(target) + "')",
                 "systemd reads it before that volume is mounted, and does not find it",
                 (target == file ? "copy it to " + place_in(units, file)
                                 : std::string("copy it, in place of the link")) +
                     "; then: systemctl daemon-reload"};
  }
  return {};
}

}  // namespace latchkey
