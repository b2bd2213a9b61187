// SPDX-License-Identifier: GPL-3.0-or-later
// What apt and dpkg say.
#include "core/base/text.hpp"
#include "core/hold/package_guard.hpp"
#include "fuzz/judge.hpp"

using namespace latchkey;
using namespace latchkey::fuzz;

LATCHKEY_FUZZ(text) {
  const Closed closed{{{"mariadb.service", {"mysql"}}}, {{"/srv/a", "a"}}};
  std::vector<PackageClaim> claims;
  for (const std::string_view line : split_lines(text)) {
    claim_by_search_line(claims, line, closed);
    (void)path_of_contents_line(line);
    claim_by_file(claims, "p", line, closed);
  }
  for (const PackageChange& change : parse_apt_run(text).changes) (void)claim_on(change, claims);
  (void)parse_dpkg_call(text);
  for (const PackageTool tool : {PackageTool::apt, PackageTool::dpkg})
    must_be_text(refusal_text(claims, tool));
  must_be_text(kept_back_text(claims));
}
