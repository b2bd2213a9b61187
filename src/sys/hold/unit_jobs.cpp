// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/hold/unit_jobs.hpp"

#include "core/base/lists.hpp"
#include "sys/process/process.hpp"

namespace latchkey {
namespace {

using std::chrono::seconds;

// Longer than systemctl ever needs to queue a job.
const RunOptions quick{.timeout = seconds(60)};

}  // namespace

Result<> queue_jobs(const char* verb, const std::vector<std::string>& units,
                    const std::string& what) {
  if (units.empty()) return Ok{};
  std::vector<std::string> argv{"systemctl", verb, "--no-block", "--"};
  append(argv, units);
  const auto done = run_ok(argv, what, quick);
  if (!done) return done.error();
  return Ok{};
}

std::map<std::string, Error> queue_each(
    const char* verb, const std::vector<std::string>& units,
    const std::function<std::string(const std::string&)>& cannot) {
  std::map<std::string, Error> refused;
  if (queue_jobs(verb, units, "")) return refused;
  for (const std::string& unit : units)
    if (const auto done = queue_jobs(verb, {unit}, cannot(unit)); !done)
      refused.emplace(unit, done.error());
  return refused;
}

void start_soon(const std::string& unit) { (void)queue_jobs("start", {unit}, ""); }

void forget_failure(const std::string& unit) {
  (void)run({"systemctl", "reset-failed", "--", unit}, quick);
}

}  // namespace latchkey
