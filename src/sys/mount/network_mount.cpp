// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/mount/network_mount.hpp"

#include <libmount/libmount.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <string>
#include <string_view>

#include "core/base/text.hpp"
#include "sys/base/fd.hpp"
#include "sys/base/handle.hpp"
#include "sys/mount/fsck.hpp"
#include "sys/mount/mount.hpp"
#include "sys/process/worker.hpp"
#include "sys/storage/storage.hpp"

namespace latchkey {
namespace {

using Entry = Handle<libmnt_fs, mnt_unref_fs>;
using Update = Handle<libmnt_update, mnt_free_update>;

constexpr std::string_view option = "_netdev";

// Whoever can read the table's lock can hold it for as long as he likes.
constexpr std::chrono::seconds table_bound{5};

Result<> add_entry(const Volume& volume, const std::string& what) {
  const Entry entry(mnt_new_fs());
  const Update update(mnt_new_update());
  if (!entry || !update)
    return Error{Code::memory, what, "not enough memory", "add memory, or end what uses it"};
  int failed = mnt_fs_set_source(entry.get(), mapping_path(volume).c_str());
  if (failed == 0) failed = mnt_fs_set_target(entry.get(), volume.mount_point.c_str());
  if (failed == 0) failed = mnt_fs_set_fstype(entry.get(), type_of(volume).c_str());
  // Which subvolume it is, libmount compares too.
  if (failed == 0) failed = mnt_fs_append_options(entry.get(), volume.mount_options.c_str());
  if (failed == 0) failed = mnt_fs_append_options(entry.get(), option.data());
  if (failed == 0) failed = mnt_update_set_fs(update.get(), 0, nullptr, entry.get());
  if (failed == 0) failed = mnt_update_table(update.get(), nullptr);
  if (failed == 0) return Ok{};
  if (failed == -MNT_ERR_LOCK) failed = -EBUSY;
  return system_error(failed < 0 ? -failed : EROFS, what, "see: ls -l /run/mount");
}

}  // namespace

bool needs_network(const Volume& volume) {
  const auto options = split(volume.mount_options, ',');
  return std::ranges::find(options, option) != options.end() ||
         std::ranges::any_of(late_layers(storage_of("", volume.device.path()).layers),
                             &LateLayer::served);
}

Result<> note_network_mount(const Volume& volume) {
  const std::string what = "cannot tell systemd that '" + volume.name + "' needs the network";
  auto worker = Worker::fork(
      [&](Channel& channel) {
        const auto added = add_entry(volume, what);
        channel.send(added ? 'y' : 'n', added ? "" : added.error().why);
        return 0;
      },
      WorkerKind::plain);
  if (!worker) return worker.error();
  if (!worker->reap_within(table_bound))
    return Error{Code::timeout, what, "somebody holds the lock of /run/mount/utab",
                 "see: fuser -v /run/mount/utab.lock"};
  const auto said = worker->channel().receive();
  if (said && said->type == 'y') return Ok{};
  return Error{Code::io, what, said ? said->payload : "", "see: ls -l /run/mount"};
}

void drop_network_mount(const Volume& volume) {
  auto worker = Worker::fork(
      [&](Channel&) {
        const Update update(mnt_new_update());
        if (update && mnt_update_set_fs(update.get(), 0, volume.mount_point.c_str(), nullptr) == 0)
          (void)mnt_update_table(update.get(), nullptr);
        return 0;
      },
      WorkerKind::plain);
  if (worker) (void)worker->reap_within(table_bound);
}

}  // namespace latchkey
