// SPDX-License-Identifier: GPL-3.0-or-later
// What early boot left for the running system.
#include "core/unlock/report.hpp"
#include "fuzz/judge.hpp"

using namespace latchkey;
using namespace latchkey::fuzz;

LATCHKEY_FUZZ(text) {
  const auto report = parse_report(text);
  judge(report);
  if (!report) return;
  must_be_lines(report_lines(*report));
  must(static_cast<bool>(parse_report(to_json(*report))));
}
