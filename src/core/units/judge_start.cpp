// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/units/judge_start.hpp"

#include "core/base/shell_word.hpp"
#include "core/base/text.hpp"

namespace latchkey {
namespace {

std::string failure_text(const UnitState& unit) {
  if (unit.result == "exit-code") return "its process ended with status " + unit.exit_status;
  if (unit.result == "signal" || unit.result == "core-dump") return "a signal ended its process";
  if (unit.result == "timeout") return "it did not become ready in its own time";
  if (unit.result == "start-limit-hit") return "it failed too often in a row";
  if (unit.result == "exec-condition")
    return "its own check says that it is not to run (ExecCondition)";
  return unit.result.empty() ? "it failed" : "it failed: " + printable(unit.result);
}

}  // namespace

std::string cannot_start(const std::string& unit) { return "cannot start '" + unit + "'"; }

std::string journal_of(const std::string& unit) { return "journalctl -b -u " + shell_word(unit); }

Judged judge_start(const UnitState& before, const UnitState& now, const std::string& unit) {
  const auto failed = [&](Code code, const std::string& why, const std::string& hint) {
    return Judged{Progress::failed, {code, cannot_start(unit), why, hint}};
  };
  if (now.active == "failed")
    return failed(Code::io, failure_text(now), "run: " + journal_of(unit));
  if (now.active == "active" || now.active == "reloading" || now.active == "refreshing")
    return {Progress::done};
  if (now.active != "inactive" || now.job) return {};
  // Its job is gone and it does not run: skipped, over already, or never begun.
  if (now.condition_time != before.condition_time && !now.condition)
    return failed(Code::refused, "one of its conditions is not met",
                  "run: systemctl status " + shell_word(unit));
  if (now.assertion_time != before.assertion_time && !now.assertion)
    return failed(Code::refused, "one of its assertions is not met",
                  "run: systemctl status " + shell_word(unit));
  if (now.start_time != before.start_time) {
    if (now.result == "success" || now.result.empty()) return {Progress::done};
    return failed(Code::io, failure_text(now), "run: " + journal_of(unit));
  }
  return failed(Code::io, "a unit that it needs did not start",
                "run: systemctl list-dependencies " + shell_word(unit));
}

bool may_be_refused(const UnitState& unit) {
  return unit.active == "failed" || unit.restarts > 0 ||
         !(unit.result.empty() || unit.result == "success");
}

}  // namespace latchkey
