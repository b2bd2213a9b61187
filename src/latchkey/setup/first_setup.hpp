// SPDX-License-Identifier: GPL-3.0-or-later
// What `init` and `import-legacy` share: the first files in /etc/latchkey, what they
// need on the machine, and the words at their end.
#pragma once

#include <string>

#include "core/config/device_ref.hpp"
#include "core/network/host_network.hpp"
#include "latchkey/cli/command.hpp"

namespace latchkey {

/// What the first files say beyond the defaults.
struct FirstFiles {
  DeviceRef keys{};
  std::string keys_uuid{};        ///< the LUKS UUID of the keys volume
  std::string authorized_keys{};  ///< the text of that file
};

/// Fails with Code::missing when this machine lacks what makes images and host keys or what tells
/// of its network, or the place for them is not mounted.
[[nodiscard]] Result<> can_build_images(const Paths& paths);

/// How this machine reaches its network now.
[[nodiscard]] HostNetwork look_at_network();

/// Writes authorized_keys, volumes, services and latchkey.conf, each only where it is
/// missing; a latchkey.conf without [network] gets that. latchkey.conf comes last: without
/// it the hooks do nothing. Fails with Code::io, or as parse_config.
[[nodiscard]] Result<> write_first_files(const Globals& globals, const FirstFiles& files);

/// Prints the fingerprints of early boot's host keys, the ssh command and what goes
/// into ~/.ssh/config. `before` is what to do before the reboot, each line with its
/// end; may be empty. Gives false, and says why, where the boot loader itself is in the way of
/// an unlock over ssh.
[[nodiscard]] bool tell_the_way_in(const Globals& globals, const std::string& before);

}  // namespace latchkey
