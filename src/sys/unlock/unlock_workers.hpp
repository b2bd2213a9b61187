// SPDX-License-Identifier: GPL-3.0-or-later
// What the worker processes of an unlock do. Requests from the parent are one
// byte; answers are a byte and a payload:
//   F  find the device          → S text, any number; then F memory in KiB | X error
//   R  read the keys (a secret, the passphrase, follows)
//                               → K index + secret | x index + error, each key;
//                                 S text; then D | X error
//   O  open (a secret, the key, follows) → D | X error
//   A  activate                 → S text, any number; then D
//   k  (during A) the keys were read: no answer
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "core/config/config.hpp"
#include "core/config/volume.hpp"
#include "sys/keys/keys.hpp"
#include "sys/process/worker.hpp"

namespace latchkey {

/// Serves F and O for one data volume until the channel closes.
int serve_volume(Channel& channel, const Volume& volume, std::chrono::seconds device_timeout);

/// Serves F and R for the keys volume.
int serve_keys(Channel& channel, const KeysVolume& volume, const std::vector<std::string>& files,
               std::chrono::seconds device_timeout);

/// Devices that are not there, and that of the keys volume, which may be one of them.
struct Absent {
  std::vector<DeviceRef> devices{};
  DeviceRef keys{};
};

/// Serves A, which ends when the devices are there or `device_timeout` is over, and
/// never fails: those that look for a device tell of it. In early boot udev is given
/// three seconds to bring them up by itself; then LVM is asked, and arrays that wait for
/// a lost disk are started without it. The running system does that by itself, but for those
/// that early boot's udev has put together already.
/// What has lost a disk is started only for somebody who knows the passphrase: it waits
/// for k, unless without it the keys cannot be read.
int serve_activation(Channel& channel, const Absent& absent, bool early,
                     std::chrono::seconds device_timeout);

}  // namespace latchkey
