// SPDX-License-Identifier: GPL-3.0-or-later
// What containers of Docker's, Podman's, LXC's and systemd's and virtual machines of libvirt's use
// of this machine's files, as their files say.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/units/unit_file.hpp"

namespace latchkey {

/// True for the options of a bind (`ro,rslave`) with which what is mounted below its source later
/// comes to it.
[[nodiscard]] bool follows_mounts(std::string_view options);

/// Where Docker keeps everything, by its daemon.json; nothing when that does not say.
[[nodiscard]] std::optional<std::string> docker_data_root(std::string_view daemon_json);

/// What a container takes from the machine: paths, and names of volumes.
struct DockerUse {
  bool restarts = false;  ///< Docker starts it at boot
  std::vector<std::string> sources{};
  std::vector<std::string> follow{};  ///< those below which it sees later mounts too
};

/// Reads a container's hostconfig.json; an empty one for what is none.
[[nodiscard]] DockerUse parse_docker_use(std::string_view hostconfig_json);

/// The name in a container's config.v2.json, without the slash before it; empty for what is none.
[[nodiscard]] std::string docker_name(std::string_view config_json);

/// The path that a volume's opts.json has it bound to; empty where there is none.
[[nodiscard]] std::string docker_volume_device(std::string_view opts_json);

/// Where Podman keeps everything, by its storage.conf; nothing when that does not say.
[[nodiscard]] std::optional<std::string> podman_data_root(std::string_view storage_conf);

/// The same of containerd, by its config.toml.
[[nodiscard]] std::optional<std::string> containerd_data_root(std::string_view config_toml);

/// The names of Podman's containers by their ids, from its containers.json.
[[nodiscard]] std::map<std::string, std::string> podman_names(std::string_view containers_json);

/// The paths that are bound into a container, from the config.json that it was started with; with
/// `follow` only those below which it sees later mounts too.
[[nodiscard]] std::vector<std::string> podman_sources(std::string_view config_json,
                                                      bool follow = false);

/// True when one of the containers in Podman's database, whichever of its two kinds that is, is
/// to be started at boot. Which one it is cannot be told from outside.
[[nodiscard]] bool podman_restarts(std::string_view database);

/// The containers, by name or id, that a unit has Podman start (`podman start web`): what `podman
/// generate systemd` writes for one that is there.
[[nodiscard]] std::vector<std::string> podman_started(std::span<const UnitSetting> settings);

/// What a container of LXC's takes from the machine.
struct LxcUse {
  bool starts = false;  ///< lxc.service starts it at boot
  std::vector<std::string> paths{};
};

/// Reads a container's config; an empty one for what is none.
[[nodiscard]] LxcUse parse_lxc_use(std::string_view config);

/// The paths of the machine that a .nspawn file binds into its container.
[[nodiscard]] std::vector<std::string> nspawn_paths(std::span<const UnitSetting> settings);

/// The paths in a guest's XML, as libvirt writes it: the values of file=, dev= and dir= that are
/// absolute, each once. Nothing else of the XML is understood.
[[nodiscard]] std::vector<std::string> libvirt_paths(std::string_view xml);

}  // namespace latchkey
