// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/hold/unit_order.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <string_view>

#include "core/base/shell_word.hpp"
#include "core/base/text.hpp"
#include "core/hold/hold.hpp"

namespace latchkey {
namespace {

constexpr std::array<std::string_view, 4> early{"local-fs-pre.target", "local-fs.target",
                                                "sysinit.target", release_unit};
// No boot begins from there.
constexpr std::array<std::string_view, 2> late{"shutdown.target", "umount.target"};
constexpr int deepest = 32;

template <class Names>
bool is_one_of(const Names& names, const std::string& unit) {
  return std::ranges::find(names, unit) != names.end();
}

}  // namespace

std::optional<std::string> reached_before_release(std::vector<std::string> units,
                                                  const AskBefore& ask) {
  std::set<std::string> seen(units.begin(), units.end());
  for (int depth = 0; !units.empty() && depth < deepest; ++depth) {
    std::vector<std::string> next;
    for (const std::string& unit : ask(units)) {
      if (is_one_of(early, unit)) return unit;
      if (!is_one_of(late, unit) && seen.insert(unit).second) next.push_back(unit);
    }
    units = std::move(next);
  }
  return {};
}

Error too_early_error(const std::string& unit, const std::string& reached) {
  const std::string name = printable(unit);
  return {Code::refused, "cannot hold '" + name + "'",
          "the boot wants it before " + printable(reached) +
              ", and what is held comes after that: systemd would drop one of the two",
          unit.ends_with(".mount")
              ? "add nofail,x-systemd.after=" + std::string(release_unit) +
                    " to its options in /etc/fstab; then: systemctl daemon-reload, and "
                    "latchkey hold " +
                    shell_word(name)
              : "hold the services that need it; what it does for them a hook can do after the "
                "unlock, see HOOKS in latchkey(8)"};
}

}  // namespace latchkey
