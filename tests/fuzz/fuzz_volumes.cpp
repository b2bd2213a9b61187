// SPDX-License-Identifier: GPL-3.0-or-later
// The files `volumes` and `services`, a NUL between them.
#include "core/config/volume_lines.hpp"
#include "fuzz/judge.hpp"

using namespace latchkey;
using namespace latchkey::fuzz;

LATCHKEY_FUZZ(text) {
  const auto in = parts(text, 2);
  const auto volumes = parse_volumes(in[0], "volumes");
  judge(volumes);
  if (!volumes) return;
  for (const Volume& volume : *volumes) {
    must(valid_mapping_name(volume.mapping));
    must(volume.key_file.find('/') == std::string::npos);
    // What is written back is the same volume.
    const auto again = parse_volumes(volume_line(volume), "volumes");
    must(again && again->size() == 1);
    must(volume_line(again->front()) == volume_line(volume));
    const std::string without = without_volume_line(in[0], volume.name);
    const auto others = parse_volumes(without, "volumes");
    must(others && others->size() + 1 == volumes->size());
  }
  const auto services = parse_services(in[1], "services", *volumes);
  judge(services);
  if (!services) return;
  for (const Service& service : *services) must(valid_unit_name(service.unit));
}
