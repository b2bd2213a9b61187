// SPDX-License-Identifier: GPL-3.0-or-later
// The older scripts' two files, a NUL between them.
#include "core/config/legacy.hpp"
#include "core/config/volume_lines.hpp"
#include "core/units/named_paths.hpp"
#include "fuzz/judge.hpp"

using namespace latchkey;
using namespace latchkey::fuzz;

LATCHKEY_FUZZ(text) {
  const auto in = parts(text, 2);
  const auto layout = parse_legacy({in[0], "ac-fstab"}, {in[1], "services"});
  judge(layout);
  (void)lines_naming(text, "/root/encrypted-volumes");
  if (!layout) return;
  must(!layout->volumes.empty());
  must_be_lines(layout->notes);
  std::string lines = volumes_head();
  for (const Volume& volume : layout->volumes) lines += volume_line(volume);
  must(static_cast<bool>(parse_volumes(lines, "volumes")));
  for (const std::string& unit : layout->units) must(valid_unit_name(unit));
}
