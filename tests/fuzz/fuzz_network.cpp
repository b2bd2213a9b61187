// SPDX-License-Identifier: GPL-3.0-or-later
// The kernel's command line, and what stands behind one ip=.
#include "core/network/network.hpp"
#include "fuzz/judge.hpp"

using namespace latchkey;
using namespace latchkey::fuzz;

LATCHKEY_FUZZ(text) {
  std::vector<Error> problems;
  judge(parse_ip_option(text, problems));
  for (const Error& problem : problems) judge(problem);
  const NetworkPlan plan = network_plan(text, NetworkConfig{}, text);
  for (const Error& problem : plan.problems) judge(problem);
  must_be_line(plan.hostname);
  for (const LinkPlan& link : plan.links) {
    must_be_line(link.match.name);
    must_be_line(link.match.mac);
  }
}
