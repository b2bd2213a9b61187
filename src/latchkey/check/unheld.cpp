// SPDX-License-Identifier: GPL-3.0-or-later
#include "latchkey/check/unheld.hpp"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "core/base/lists.hpp"
#include "core/base/message.hpp"
#include "core/base/shell_word.hpp"
#include "core/base/text.hpp"
#include "core/hold/init_script.hpp"
#include "core/hold/unit_order.hpp"
#include "sys/base/fd.hpp"
#include "sys/hold/rc_links.hpp"
#include "sys/hold/unit_order.hpp"
#include "sys/units/systemd.hpp"

namespace latchkey {
namespace {

namespace fs = std::filesystem;

// What the boot wants before any release cannot be held: no warning that nothing ends, but it is
// told where such a volume is made.
Finding judge(const Paths& paths, const std::string& unit, Error text) {
  if (paths.root.empty() && systemd_runs())
    if (const auto reached = reached_before_release({unit}, ordered_before)) {
      text.why += "; it cannot be held, since the boot wants it before " + printable(*reached);
      text.hint = "mount the volume elsewhere, or " + by_hooks() + " run: systemctl restart " +
                  shell_word(printable(unit));
      return {Finding::Level::ok, std::move(text)};
    }
  return doubtful(std::move(text));
}

}  // namespace

bool is_held(const Setup& setup, const std::string& unit) {
  return std::ranges::find(setup.services, unit, &Service::unit) != setup.services.end();
}

bool starts_by_itself(const Paths& paths, const std::string& unit) {
  const std::string place = paths.root + "/etc/systemd/system/";
  std::error_code failed;
  if (fs::read_symlink(place + unit, failed) == "/dev/null") return false;
  const auto wanted_in = [&](const std::string& name) {
    return (name.ends_with(".wants") || name.ends_with(".requires") ||
            name.ends_with(".upholds")) &&
           fs::is_symlink(place + name + "/" + unit, failed);
  };
  return std::ranges::any_of(names_in(place), wanted_in) ||
         starts_at_boot(links_of(paths, unit.substr(0, unit.rfind('.'))));
}

std::string where_mounted(const std::string& place, const std::vector<std::string>& volumes) {
  if (volumes.size() > 1) return "where " + quoted_list(volumes) + " are mounted";
  return "'" + printable(place) + "', where " + quoted_list(volumes) + " is mounted";
}

void add_unheld(Findings& out, const Paths& paths, const std::string& unit, const std::string& why,
                const std::vector<std::string>& volumes) {
  Error text{
      Code::partial, "'" + printable(unit) + "' is not held",
      why + ": each boot it may start before that",
      "run: latchkey hold " + shell_word(printable(unit)) + " --needs " + join(volumes, " ")};
  const auto told = [&](const Finding& finding) { return finding.text.what == text.what; };
  if (std::ranges::none_of(out, told)) out.push_back(judge(paths, unit, std::move(text)));
}

}  // namespace latchkey
