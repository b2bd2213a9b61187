// SPDX-License-Identifier: GPL-3.0-or-later
// What `ip -j` printed: five texts, NULs between them.
#include "core/config/config.hpp"
#include "core/config/new_config.hpp"
#include "core/network/host_network.hpp"
#include "fuzz/judge.hpp"

using namespace latchkey;
using namespace latchkey::fuzz;

LATCHKEY_FUZZ(text) {
  const auto in = parts(text, 5);
  const HostNetwork network =
      host_network({std::string(in[0]), std::string(in[1]), std::string(in[2]), std::string(in[3]),
                    std::string(in[4])});
  for (const Error& warning : network.warnings) judge(warning);
  // Whatever it said, what is written down is a configuration.
  must(static_cast<bool>(parse_config(
      new_config_text({.keys_device = "vg/k", .network = {.config = network.config}}), "c")));
}
