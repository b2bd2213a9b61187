// SPDX-License-Identifier: GPL-3.0-or-later
// What containers of Docker's and virtual machines of libvirt's use of this machine's files, as
// their files say.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace latchkey {

/// Where Docker keeps everything, by its daemon.json; nothing when that does not say.
[[nodiscard]] std::optional<std::string> docker_data_root(std::string_view daemon_json);

/// What a container takes from the machine: paths, and names of volumes.
struct DockerUse {
  bool restarts = false;  ///< Docker starts it at boot
  std::vector<std::string> sources{};
};

/// Reads a container's hostconfig.json; an empty one for what is none.
[[nodiscard]] DockerUse parse_docker_use(std::string_view hostconfig_json);

/// The name in a container's config.v2.json, without the slash before it; empty for what is none.
[[nodiscard]] std::string docker_name(std::string_view config_json);

/// The path that a volume's opts.json has it bound to; empty where there is none.
[[nodiscard]] std::string docker_volume_device(std::string_view opts_json);

/// The paths in a guest's XML, as libvirt writes it: the values of file=, dev= and dir= that are
/// absolute, each once. Nothing else of the XML is understood.
[[nodiscard]] std::vector<std::string> libvirt_paths(std::string_view xml);

}  // namespace latchkey
