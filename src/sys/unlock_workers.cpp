// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/unlock_workers.hpp"

#include <unistd.h>

#include <algorithm>

#include "core/text.hpp"
#include "sys/crypt.hpp"
#include "sys/device.hpp"
#include "sys/lvm.hpp"

namespace latchkey {
namespace {

void answer(Channel& channel, const Result<>& result) {
  if (result)
    channel.send('D');
  else
    channel.send('X', pack(result.error()));
}

// The node alone is not enough: the header is read here too, so that a device
// that answers with rubbish is told before the passphrase's work is done.
void find(Channel& channel, const DeviceRef& ref, const std::string& header_path,
          const std::string& name, const std::string& uuid, std::chrono::seconds timeout) {
  const std::string path = ref.path();
  const auto there = [&] {
    return block_device(path).has_value() &&
           (header_path.empty() || ::access(header_path.c_str(), F_OK) == 0);
  };
  if (!wait_for_devices(there, timeout)) {
    channel.send('X', pack({Code::missing, "cannot open '" + name + "'",
                            (block_device(path) ? "its header '" + header_path + "'"
                                                : "the device " + ref.text()) +
                                " did not appear within " +
                                std::to_string(timeout.count()) + " s",
                            "is its disk there? look at: lvm lvs, lsblk"}));
    return;
  }
  const auto header = read_luks_header({path, header_path, name, uuid});
  if (header)
    channel.send('F', std::to_string(header->memory_kib));
  else
    channel.send('X', pack(header.error()));
}

void open(Channel& channel, const Volume& volume) {
  const auto key = channel.receive_secret(key_limit);
  if (!key) return;
  auto opened = open_mapping(request_for(volume), *key);
  if (!opened && opened.error().code == Code::denied) {
    Error error = opened.error();
    error.why = "no key slot accepts the key file '" + volume.key_file + "'";
    error.hint = "see: latchkey check --with-keys";
    opened = error;
  }
  answer(channel, opened);
}

void read(Channel& channel, const KeysVolume& volume, const std::vector<std::string>& files) {
  const auto passphrase = channel.receive_secret(key_limit);
  if (!passphrase) return;
  const auto keys = read_keys(volume, files, *passphrase,
                              [&](const std::string& text) { channel.send('S', text); });
  if (!keys) {
    channel.send('X', pack(keys.error()));
    return;
  }
  for (std::size_t i = 0; i < keys->size(); ++i) {
    const KeyRead& read = (*keys)[i];
    if (read.key) {
      channel.send('K', std::to_string(i));
      channel.send_secret(*read.key);
    } else {
      channel.send('x', std::to_string(i) + "\n" + pack(read.key.error()));
    }
  }
  channel.send('D');
}

}  // namespace

int serve_volume(Channel& channel, const Volume& volume, std::chrono::seconds device_timeout) {
  while (const auto message = channel.receive()) {
    if (message->type == 'F')
      find(channel, volume.device, volume.header, volume.name, volume.uuid, device_timeout);
    if (message->type == 'O') open(channel, volume);
  }
  return 0;
}

int serve_keys(Channel& channel, const KeysVolume& volume, const std::vector<std::string>& files,
               std::chrono::seconds device_timeout) {
  while (const auto message = channel.receive()) {
    if (message->type == 'F') find(channel, volume.device, "", "keys", volume.uuid, device_timeout);
    if (message->type == 'R') read(channel, volume, files);
  }
  return 0;
}

int serve_activation(Channel& channel, const std::vector<DeviceRef>& lvs,
                     std::chrono::seconds udev_patience) {
  if (!channel.receive()) return 0;
  const auto missing = [&] {
    std::vector<std::string> names;
    for (const DeviceRef& lv : lvs)
      if (!block_device(lv.path())) names.push_back(lv.text());
    return names;
  };
  // In early boot udev activates every complete volume group by itself; LVM is
  // asked for what it leaves (a partial group, activation turned off in lvm.conf),
  // and on the running system for the keys volume that was put to rest.
  const bool there = wait_for_devices([&] { return missing().empty(); }, udev_patience);
  answer(channel, there ? Result<>(Ok{}) : activate_lvs(missing()));
  return 0;
}

}  // namespace latchkey
