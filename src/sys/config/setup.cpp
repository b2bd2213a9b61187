// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/config/setup.hpp"

#include "core/config/keys_apart.hpp"
#include "sys/base/fd.hpp"

namespace latchkey {

namespace {

// Where a needed file is not there, what makes it comes with it.
Result<std::string> read_needed(const std::string& file) {
  auto text = read_file(file);
  if (text || text.error().code != Code::missing) return text;
  Error error = text.error();
  error.hint =
      "run: latchkey init VG (see latchkey(8)); where this machine was set up before, with a "
      "backup: latchkey restore FILE";
  return error;
}

}  // namespace

Result<Setup> load_setup(const Paths& paths) {
  Setup setup;
  const std::string conf = paths.etc("latchkey.conf");
  const auto text = read_needed(conf);
  if (!text) return text.error();
  auto config = parse_config(*text, conf);
  if (!config) return config.error();
  setup.config = *config;

  const std::string volumes_file = paths.etc("volumes");
  const auto volumes_text = read_needed(volumes_file);
  if (!volumes_text) return volumes_text.error();
  auto volumes = parse_volumes(*volumes_text, volumes_file);
  if (!volumes) return volumes.error();
  if (auto apart = apart_from_keys(*volumes, setup.config.keys, volumes_file); !apart)
    return apart.error();
  setup.volumes = *volumes;

  const std::string services_file = paths.etc("services");
  const auto services_text = read_file(services_file);
  if (!services_text && services_text.error().code == Code::missing) return setup;
  if (!services_text) return services_text.error();
  auto services = parse_services(*services_text, services_file, setup.volumes);
  if (!services) return services.error();
  setup.services = *services;
  return setup;
}

}  // namespace latchkey
