// SPDX-License-Identifier: GPL-3.0-or-later
// Containers and virtual machines that the boot starts. `root` is a prefix for tests.
#pragma once

#include <string>
#include <vector>

#include "core/hold/quadlet.hpp"

namespace latchkey {

/// One of them, or what the service that starts them has itself.
struct GuestUse {
  std::string what{};                ///< for messages: `container 'web'`
  std::vector<std::string> paths{};  ///< of this machine, what it takes
  std::vector<std::string> follow{};  ///< those below which it sees later mounts too
};

/// Where Docker keeps its data, and what each container takes that it starts at boot. Empty
/// without Docker; containers are not seen while the volume with them is closed.
[[nodiscard]] std::vector<GuestUse> docker_uses(const std::string& root);

/// Where containerd keeps what its containers are made of; Docker's, too.
[[nodiscard]] GuestUse containerd_use(const std::string& root);

/// The same for the guests that libvirt starts at boot.
[[nodiscard]] std::vector<GuestUse> libvirt_uses(const std::string& root);

/// A container of Podman's for the whole system.
struct PodmanGuest {
  std::string id{};
  std::string name{};  ///< empty: it has none that is known
  GuestUse use{};
};

/// Those that have been started once, whether the boot starts them or not.
[[nodiscard]] std::vector<PodmanGuest> podman_guests(const std::string& root);

/// What docker_uses gives, for podman-restart.service, which starts what is to run always.
/// Where one of them is, all are given: which one it is stands in its database alone.
[[nodiscard]] std::vector<GuestUse> podman_uses(const std::string& root);

/// The same for the containers that lxc.service starts.
[[nodiscard]] std::vector<GuestUse> lxc_uses(const std::string& root);

/// A container of systemd's that has a file of settings.
struct NspawnGuest {
  std::string unit{};  ///< `systemd-nspawn@web.service`
  GuestUse use{};
};

/// All of these, whether the boot starts them or not.
[[nodiscard]] std::vector<NspawnGuest> nspawn_guests(const std::string& root);

/// The quadlets of the machine's owner for the system, with their drop-ins.
[[nodiscard]] std::vector<Quadlet> own_quadlets(const std::string& root);

}  // namespace latchkey
