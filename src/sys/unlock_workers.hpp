// SPDX-License-Identifier: GPL-3.0-or-later
// What the worker processes of an unlock do. Requests from the parent are one
// byte; answers are a byte and a payload:
//   F  find the device          → F memory in KiB | X error
//   R  read the keys (a secret, the passphrase, follows)
//                               → K index + secret | x index + error, each key;
//                                 S text; then D | X error
//   O  open (a secret, the key, follows) → D | X error
//   A  activate                 → D | X error
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "core/config.hpp"
#include "core/volume.hpp"
#include "sys/keys.hpp"
#include "sys/worker.hpp"

namespace latchkey {

/// Serves F and O for one data volume until the channel closes.
int serve_volume(Channel& channel, const Volume& volume, std::chrono::seconds device_timeout);

/// Serves F and R for the keys volume.
int serve_keys(Channel& channel, const KeysVolume& volume, const std::vector<std::string>& files,
               std::chrono::seconds device_timeout);

/// Serves A: gives udev `udev_patience` to bring the LVs up by itself, then asks LVM.
int serve_activation(Channel& channel, const std::vector<DeviceRef>& lvs,
                     std::chrono::seconds udev_patience);

}  // namespace latchkey
