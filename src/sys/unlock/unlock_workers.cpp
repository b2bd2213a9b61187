// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/unlock/unlock_workers.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <functional>
#include <optional>
#include <utility>

#include "core/base/message.hpp"
#include "core/base/text.hpp"
#include "core/storage/activation.hpp"
#include "sys/luks/crypt.hpp"
#include "sys/storage/device.hpp"
#include "sys/storage/disk_health.hpp"
#include "sys/storage/lvm.hpp"
#include "sys/storage/md.hpp"
#include "sys/storage/multipath.hpp"

namespace latchkey {
namespace {

constexpr std::chrono::seconds time_for_udev(6);

void answer(Channel& channel, const Result<>& result) {
  if (result)
    channel.send('D');
  else
    channel.send('X', pack(result.error()));
}

// True when the device, and its header where that is elsewhere, are there in time;
// tells the parent when they are not. `twins` chooses among devices of one name.
bool appeared(Channel& channel, const DeviceRef& ref, const std::string& header_path,
              const std::string& name, std::chrono::seconds timeout,
              const std::function<bool()>& twins) {
  const std::string path = ref.path();
  const auto there = [&] {
    return device_ready(path) && (header_path.empty() || ::access(header_path.c_str(), F_OK) == 0);
  };
  const auto patience = std::min(timeout, time_for_udev);
  if (wait_for_devices(there, patience)) return true;
  (void)twins();
  if (wait_for_devices(there, timeout - patience)) return true;
  channel.send(
      'X',
      pack({Code::missing, "cannot open '" + name + "'",
            (device_ready(path) ? "its header '" + header_path + "'" : "the device " + ref.text()) +
                " did not appear within " + std::to_string(timeout.count()) + " s",
            missing_disk_hint()}));
  return false;
}

// Of logical volumes that share a name, has the one activated whose header `ours` knows.
bool choose(Channel& channel, const DeviceRef& ref, const std::string& name,
            const std::function<bool()>& ours) {
  if (!choose_twin(ref, ours)) return false;
  channel.send('S', "warning: of several logical volumes '" + ref.text() +
                        "' the one with the header of '" + name +
                        "' is used; see: vgs -o +vg_uuid");
  return true;
}

// The node alone is not enough: the header is read too, so that a device that answers
// with rubbish is told before the passphrase's work is done. Gives what `read` gives; tells
// the parent why there is nothing.
template <class Read>
auto find(Channel& channel, const DeviceRef& ref, const std::string& header_path,
          const std::string& name, std::chrono::seconds timeout, const Read& read)
    -> decltype(std::optional(std::move(*read()))) {
  // With its header elsewhere nothing on the device tells whose it is.
  const auto twins = [&] {
    return header_path.empty() &&
           choose(channel, ref, name, [&] { return static_cast<bool>(read()); });
  };
  if (!appeared(channel, ref, header_path, name, timeout, twins)) return {};
  (void)refresh_stale_lv(ref);
  auto found = read();
  if (!found && twins()) found = read();
  if (found) return std::optional(std::move(*found));
  channel.send('X', pack(found.error()));
  return {};
}

void tell_memory(Channel& channel, const LuksHeader& header) {
  channel.send('F', std::to_string(header.memory_kib));
}

void open(Channel& channel, const Volume& volume, const std::optional<Openable>& found) {
  const auto key = channel.receive_secret(key_limit);
  if (!key) return;
  auto opened = found ? found->open(*key) : open_mapping(request_for(volume), *key);
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

// mdadm refuses where too many disks are gone; it cannot know of one that was left behind
// long ago, and with that alone an array starts with old data. Debian's own early boot
// starts such arrays too, for its root. Tried only when a configured device is missing.
void start_arrays(const std::function<void(const std::string&)>& say) {
  for (const std::string& name : waiting_arrays()) {
    const auto started = start_array(name);
    say(started ? "the RAID array '" + name + "' was started without a disk that it lacks"
                : sentence(started.error()));
  }
}

// Of the LVs that LVM was asked for, those that came without all of their parts.
void tell_degraded(const std::vector<std::string>& asked, const std::vector<DeviceRef>& missing,
                   const std::function<void(const std::string&)>& say) {
  for (const std::string& lv : asked) {
    if (std::ranges::find(missing, lv, &DeviceRef::text) != missing.end()) continue;
    const std::string health = lv_health(lv);
    if (!health.empty())
      say("'" + lv + "' was activated without a disk that it lacks (" + health +
          "); look at: lvm lvs -a -o +devices,lv_health_status");
  }
}

// To start storage without a disk that it lacks may cost a long copying later, so nobody
// does it by a mistyped passphrase.
// True as soon as the parent says that the keys were read; false when help is not wanted
// any more: `none_missing`, or the parent is gone. What it says is left where it is, and so
// true for all that comes later.
bool keys_read(const Channel& channel, const std::function<bool()>& none_missing) {
  while (!none_missing()) {
    // A second: as long as a device that nobody tells of may go unseen.
    pollfd told{channel.fd(), POLLIN, 0};
    if (::poll(&told, 1, 1000) > 0) return (told.revents & POLLHUP) == 0;
  }
  return false;
}

// Starts what is missing with what there is of it.
Result<> help_up(const std::vector<DeviceRef>& missing, bool degraded, bool early,
                 const std::function<void(const std::string&)>& say,
                 const std::function<std::vector<DeviceRef>()>& still_missing) {
  // LVM passes over a path: its volumes come with the map alone. That there is none to make
  // may be as it should be, and what is missing is told anyway.
  if (early && makes_maps_when_called()) (void)make_maps();
  if (degraded) start_arrays(say);
  const std::vector<std::string> lvs = possible_lvs(missing);
  if (lvs.empty()) return Ok{};
  auto done = activate_lvs(lvs, degraded);
  if (degraded) tell_degraded(lvs, still_missing(), say);
  return done;
}

}  // namespace

int serve_volume(Channel& channel, const Volume& volume, std::chrono::seconds device_timeout) {
  std::optional<Openable> found;
  while (const auto message = channel.receive()) {
    if (message->type == 'F') {
      found = find(channel, volume.device, volume.header, volume.name, device_timeout,
                   [&] { return Openable::read(request_for(volume)); });
      if (found) tell_memory(channel, found->header());
    }
    if (message->type == 'O') open(channel, volume, found);
  }
  return 0;
}

int serve_keys(Channel& channel, const KeysVolume& volume, const std::vector<std::string>& files,
               std::chrono::seconds device_timeout) {
  while (const auto message = channel.receive()) {
    if (message->type == 'F')
      if (const auto header = find(channel, volume.device, "", "keys", device_timeout,
                                   [&] { return read_watched_header(place_of(volume)); }))
        tell_memory(channel, *header);
    if (message->type == 'R') read(channel, volume, files);
  }
  return 0;
}

int serve_activation(Channel& channel, const Absent& absent, bool early,
                     std::chrono::seconds device_timeout) {
  if (!channel.receive()) return 0;
  const auto missing = [&] {
    std::vector<DeviceRef> out;
    for (const DeviceRef& device : absent.devices)
      if (!device_ready(device.path())) out.push_back(device);
    return out;
  };
  const auto none_missing = [&] { return missing().empty(); };
  const auto say = [&](const std::string& text) { channel.send('S', "warning: " + text); };

  // In early boot udev activates every complete volume group by itself. What it leaves
  // is a partial group, activation turned off in lvm.conf, an array that lacks a disk;
  // on the running system also the keys volume, which was put to rest.
  auto begin = std::chrono::steady_clock::now();
  const auto attempts = activation_attempts(std::chrono::seconds(early ? 3 : 0), device_timeout);
  for (const ActivationAttempt& attempt : attempts) {
    const auto left = begin + attempt.after - std::chrono::steady_clock::now();
    if (wait_for_devices(none_missing, std::chrono::ceil<std::chrono::milliseconds>(left))) break;
    const auto help = [&](const std::vector<DeviceRef>& wanted) {
      const auto done = help_up(wanted, attempt.degraded, early, say, missing);
      if (!done && attempt == attempts.back()) say(sentence(done.error()));
    };
    if (attempt.degraded) {
      const auto keys_there = [&] { return device_ready(absent.keys.path()); };
      if (!keys_there()) help({absent.keys});
      if (!keys_there()) continue;
      const auto asked = std::chrono::steady_clock::now();
      if (!keys_read(channel, none_missing)) break;
      begin += std::chrono::steady_clock::now() - asked;
    }
    help(missing());
  }
  channel.send('D');
  // Whoever hangs up on a message that it has not read takes back what it said last.
  while (channel.receive()) {
  }
  return 0;
}

}  // namespace latchkey
