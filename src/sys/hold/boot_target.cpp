// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/hold/boot_target.hpp"

#include <algorithm>

#include "core/base/shell_word.hpp"
#include "core/base/text.hpp"
#include "core/hold/hold.hpp"
#include "sys/process/process.hpp"

namespace latchkey {
namespace {

// True also where systemd does not tell.
bool default_target_leads_to(std::string_view unit) {
  const auto ran =
      run({"systemctl", "list-dependencies", "--plain", "--no-pager", "--", "default.target"},
          {.timeout = std::chrono::seconds(60), .merge_stderr = false, .output_limit = 1UL << 20});
  if (!ran || ran->status != 0) return true;
  return std::ranges::any_of(split_lines(ran->output),
                             [&](std::string_view line) { return trim(line) == unit; });
}

}  // namespace

std::optional<Error> no_boot_releases(const UnitState& release) {
  const std::string unit(release_unit);
  Error error{Code::refused, "no boot mounts the volumes and starts the held services", "", ""};
  if (release.load == "masked") {
    error.why = "'" + unit + "' is masked";
    error.hint = "run: systemctl unmask " + shell_word(unit);
  } else if (release.load == "not-found") {
    error.why = "systemd knows no '" + unit + "'";
    error.hint =
        "run: systemctl daemon-reload, and if that does not help: "
        "apt install --reinstall ./latchkey_*.deb";
  } else if (release.load == "loaded" && !default_target_leads_to(unit)) {
    error.why = "the target that this machine boots into does not lead to '" + unit + "'";
    error.hint =
        "run: systemctl set-default multi-user.target, or, to keep that target: "
        "systemctl add-wants \"$(systemctl get-default)\" " +
        shell_word(unit);
  } else {
    return {};
  }
  return error;
}

}  // namespace latchkey
