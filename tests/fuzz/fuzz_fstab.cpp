// SPDX-License-Identifier: GPL-3.0-or-later
// fstab, crypttab and what the kernel's command line has in their place, beside two volumes.
#include "core/mount/cmdline_mounts.hpp"
#include "core/mount/fstab.hpp"
#include "fuzz/judge.hpp"

using namespace latchkey;
using namespace latchkey::fuzz;

LATCHKEY_FUZZ(text) {
  const auto volumes = parse_volumes("a vg/a /srv/a ext4\nroot vg/root / ext4\n", "volumes");
  std::vector<Claim> claims;
  for (const Volume& volume : *volumes) claims.push_back(claim(volume));
  const auto resolve = [](const std::string& spec) { return spec; };
  for (const Findings& found :
       {fstab_conflicts(text, "fstab", claims, resolve, {}), fstab_lacks(text, "fstab", claims),
        crypttab_conflicts(text, "crypttab", claims, resolve,
                           [](const std::string& path) { return path.size() % 2 == 0; }),
        command_line_conflicts(text, "cmdline", "", claims, resolve,
                               [](const std::string& path) { return path.size() % 2 == 0; }, {})})
    for (const Finding& one : found) judge(one.text);
}
