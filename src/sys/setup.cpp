// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/setup.hpp"

#include "core/keys_apart.hpp"
#include "sys/fd.hpp"

namespace latchkey {

Result<Setup> load_setup(const Paths& paths) {
  Setup setup;
  const std::string conf = paths.etc("latchkey.conf");
  const auto text = read_file(conf);
  if (!text)
    return Error{text.error().code, text.error().what, text.error().why,
                 "see latchkey.conf(5) for a first configuration"};
  auto config = parse_config(*text, conf);
  if (!config) return config.error();
  setup.config = *config;

  const std::string volumes_file = paths.etc("volumes");
  const auto volumes_text = read_file(volumes_file);
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
