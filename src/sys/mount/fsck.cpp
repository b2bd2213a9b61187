// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/mount/fsck.hpp"

#include <fcntl.h>
#include <libmount/libmount.h>
#include <linux/fs.h>
#include <sys/ioctl.h>

#include <chrono>
#include <cstdlib>
#include <thread>

#include "core/base/message.hpp"
#include "core/base/text.hpp"
#include "core/hold/hold.hpp"
#include "core/mount/fsck.hpp"
#include "sys/base/fd.hpp"
#include "sys/base/handle.hpp"
#include "sys/mount/mount.hpp"
#include "sys/mount/mount_users.hpp"
#include "sys/process/process.hpp"
#include "sys/storage/device.hpp"
#include "sys/storage/disk_health.hpp"
#include "sys/storage/disk_watch.hpp"
#include "sys/storage/dm.hpp"
#include "sys/units/systemd.hpp"

namespace latchkey {
namespace {

constexpr std::size_t most_lines = 20;  // a badly damaged one prints thousands
using Text = Handle<char, std::free>;

// What the superblock says, for volumes of type `auto`.
std::string detect_type(const std::string& device) {
  const Text type(mnt_get_fstype(device.c_str(), nullptr, nullptr));
  return type ? printable(type.get(), 31) : std::string();
}

Checked unchecked(const std::string& why) { return {"not checked", why}; }

// By its own setting (lvchange -pr, blockdev --setro): a mapping that lies on it is so, too.
bool is_read_only(const std::string& device) {
  const Fd fd(::open(device.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  int set = 0;
  return fd && ::ioctl(fd.get(), BLKROGET, &set) == 0 && set != 0;
}

// True while systemd has yet to mount it, or to check it for that, by a line of fstab.
bool systemd_is_at_it(const Volume& volume) {
  const std::string unit = mount_unit(volume.mount_point);
  if (!systemd_runs() || unit.empty()) return false;
  const auto units = show_units({unit});
  return units && (units->front().job || units->front().active == "activating");
}

// A checker may compute for long. It hangs where its disk has ended nothing for so long, and gives
// no answer either: whoever waited for it would keep the release of all others for as long.
class HangingDisk {
 public:
  explicit HangingDisk(const std::string& device) : device_(device) {
    if (const auto number = block_device(device)) watch_ = DiskWatch({*number});
  }
  bool operator()() {
    const auto now = std::chrono::steady_clock::now();
    if (watch_.moved()) since_ = now;
    if (now - since_ < std::chrono::minutes(5)) return false;
    since_ = now;
    const auto answer = disks_answer({device_}).front();
    return !answer && answer.error().code == Code::timeout;
  }

 private:
  std::string device_;
  DiskWatch watch_{};
  std::chrono::steady_clock::time_point since_ = std::chrono::steady_clock::now();
};

}  // namespace

std::string type_of(const Volume& volume) {
  if (volume.fs_type != "auto") return volume.fs_type;
  const std::string found = detect_type(mapping_path(volume));
  return found.empty() ? volume.fs_type : found;
}

Result<Checked> check_device(const std::string& device, const std::string& type,
                             const std::string& name, const Watch& watch, const CheckWish& wish) {
  const std::string found = type == "auto" ? detect_type(device) : type;
  if (found.empty()) return unchecked("'" + name + "' is not checked: no known file system on it");
  const std::string program = find_program("fsck." + found);
  if (program.empty()) {
    const std::string package = fsck_package(found);
    return unchecked("'" + name + "' is not checked: fsck." + found + " is not installed" +
                     (package.empty() ? "" : "; run: apt install " + package));
  }
  if (wish.no && !can_only_look(found))
    return unchecked("'" + name + "' is not checked: fsck." + found +
                     " might repair, and the kernel's command line says fsck.repair=no");
  if (!checks_itself(found) && is_read_only(device))
    return unchecked("'" + name + "' is not checked: its device cannot be written to");
  std::vector<std::string> argv{program};
  for (const std::string& word : check_arguments(found, wish)) argv.push_back(word);
  argv.push_back(device);
  CheckProgress last;
  HangingDisk hangs(device);
  const auto on_line = [&](std::string_view line) {
    const auto progress = parse_check_progress(line);
    if (progress && *progress != last) watch.moved(last = *progress);
    return progress.has_value();
  };
  const auto ran = run(
      argv, {.output_limit = 16UL * 1024, .on_line = on_line, .hopeless = [&] { return hangs(); }});
  if (!ran) return Error{ran.error().code, "cannot mount '" + name + "'", sentence(ran.error()), ""};
  if (takes_no_arguments(ran->status, found))
    return unchecked("'" + name + "' is not checked: fsck." + found +
                     " cannot be told to ask nobody");
  if (ran->status != 0) {
    std::size_t told = 0;
    for (const std::string_view line : split_lines(ran->output))
      if (!trim(line).empty() && told++ < most_lines)
        watch.line("fsck." + found + " '" + name + "': " + printable(trim(line)));
  }
  const auto judged = judge_fsck(ran->status, name, device, found);
  if (!judged) return judged.error();
  return Checked{*judged, ""};
}

std::optional<Checked> mounted_for_others(dev_t device, const std::string& name) {
  const auto holders = namespaces_with(device);
  if (holders.empty()) return {};
  return unchecked("'" + name + "' is not checked: it is still mounted for " + users_text(holders) +
                   "; once they have ended: latchkey lock, then release-services");
}

std::optional<Checked> alive_unmounted(dev_t device, const std::string& name) {
  const auto users = users_of_unmounted(device);
  if (users.empty()) return {};
  return unchecked("'" + name + "' is not checked: it is still in use by " + users_text(users) +
                   ", under whom it was unmounted; once they have ended: latchkey lock, then "
                   "release-services");
}

// A checker that does not ask the kernel for the device, as that of vfat, would write into a
// mounted file system; all others would end with an error.
std::optional<Checked> claimed_unseen(const Volume& volume) {
  // A mounted one claims its other devices too, and its checker does nothing.
  if (type_of(volume) == "btrfs") return {};
  if (!is_claimed(mapping_path(volume)) || systemd_is_at_it(volume) || mounted_in_place(volume))
    return {};
  return unchecked("'" + volume.name +
                   "' is not checked: the kernel has it in use, and no process shows by whom");
}

Result<Checked> check_fs(const Volume& volume, const Watch& watch) {
  await_node(volume.mapping);
  if (const auto device = block_device(mapping_path(volume))) {
    if (auto others = mounted_for_others(*device, volume.name)) return *others;
    // The kernel's word comes first: the search for users may be kept waiting by one of them.
    if (auto claimed = claimed_unseen(volume)) {
      const auto alive = alive_unmounted(*device, volume.name);
      return alive ? *alive : *claimed;
    }
  }
  const auto asked = read_file("/proc/cmdline");
  const CheckWish wish = asked ? check_wish(*asked) : CheckWish{};
  if (wish.skip)
    return unchecked("'" + volume.name +
                     "' is not checked: the kernel's command line says fsck.mode=skip");
  auto checked = check_device(mapping_path(volume), volume.fs_type, volume.name, watch, wish);
  // With a line of its own in fstab it is systemd's as well, which may be quicker: a checker
  // then finds the device in use.
  if (checked || checked.error().code != Code::io ||
      !comes_true([&] { return mounted_in_place(volume); },
                  [&] { return systemd_is_at_it(volume); }, std::chrono::milliseconds(500)))
    return checked;
  return Checked{"checked by the system", ""};
}

bool comes_true(const std::function<bool()>& is_so, const std::function<bool()>& may_come,
                std::chrono::milliseconds pause) {
  while (!is_so()) {
    // Asked in this order, and once more: it may have come in between.
    if (!may_come()) return is_so();
    std::this_thread::sleep_for(pause);
  }
  return true;
}

}  // namespace latchkey
