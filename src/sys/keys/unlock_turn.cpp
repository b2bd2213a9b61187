// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/keys/unlock_turn.hpp"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "sys/base/fd.hpp"
#include "sys/keys/keeper.hpp"
#include "sys/luks/crypt.hpp"
#include "sys/storage/device.hpp"
#include "sys/storage/dm.hpp"
#include "sys/storage/lvm.hpp"

namespace latchkey {
namespace {

Result<> clean_up(const Setup& setup, const Paths& paths) {
  const std::string& keys = setup.config.keys.mapping;
  if (auto done = remove_unfinished_mapping(keys); !done) return done;
  if (find_mapping(keys)) {
    if (auto closed = close_mapping(keys); !closed) {
      Error error = closed.error();
      const auto users = keys_users(setup, paths);
      if (users.empty()) return error;
      error.why = "it is used by " + users_text(users);
      error.hint = "end that, and try again";
      return error;
    }
  }
  // One that stays costs only its own volume, whose opening then says so.
  for (const Volume& volume : setup.volumes) (void)remove_unfinished_mapping(volume.mapping);
  return Ok{};
}

constexpr std::chrono::seconds time_to_finish(15);

// The workers of an unlock inherit a lock of their own, so that those of a killed unlock
// are given time to end what they do. It is not the unlock's lock: a worker that waits for
// a disk that hangs never ends, and would keep every other unlock away. So after a while
// its file is left to it.
Result<> wait_for_workers(const Paths& paths, std::chrono::seconds wait) {
  const auto free =
      LockFile::take(workers_lock(paths), "an unlock", std::min(wait, time_to_finish));
  if (free) return Ok{};
  if (free.error().code != Code::busy || wait.count() == 0) return free.error();
  ::unlink(workers_lock(paths).c_str());
  return Ok{};
}

Result<LockFile> take_turn(const Paths& paths, std::chrono::seconds wait) {
  if (auto made = make_directories(paths.run(), 0755); !made) return made.error();
  auto turn = LockFile::take(paths.run("unlock.lock"), "an unlock", wait);
  if (!turn) return turn;
  if (auto free = wait_for_workers(paths, wait); !free) return free.error();
  return turn;
}

}  // namespace

std::string workers_lock(const Paths& paths) { return paths.run("unlock.workers"); }

Result<LockFile> take_unlock_turn(const Setup& setup, const Paths& paths,
                                  std::chrono::seconds wait) {
  auto turn = take_turn(paths, wait);
  if (!turn) return turn;
  // Somebody's look into the keys volume gives way.
  if (auto ended = end_keeper(paths); !ended) return ended.error();
  if (auto clean = clean_up(setup, paths); !clean) return clean.error();
  return turn;
}

Result<> clean_up_after_unlock(const Setup& setup, const Paths& paths) {
  const auto turn = take_turn(paths, std::chrono::seconds(0));
  if (turn && find_keeper(paths)) return Ok{};
  if (turn) return clean_up(setup, paths);
  return turn.error().code == Code::busy ? Result<>(Ok{}) : Result<>(turn.error());
}

Result<> rest_keys_volume(const Setup& setup) {
  const DeviceRef& device = setup.config.keys.device;
  if (device.kind != DeviceRef::Kind::lv || find_mapping(setup.config.keys.mapping)) return Ok{};
  return deactivate_lv(device);
}

Result<> rest_keys_volume_unless_used(const Setup& setup, const Paths& paths) {
  // Not under the feet of an unlock that has just woken it.
  const auto turn = take_turn(paths, std::chrono::seconds(0));
  if (!turn) return turn.error().code == Code::busy ? Result<>(Ok{}) : Result<>(turn.error());
  return find_keeper(paths) ? Result<>(Ok{}) : rest_keys_volume(setup);
}

Result<> close_keys_volume(const Setup& setup, const Paths& paths) {
  if (const auto users = keys_users(setup, paths); !users.empty())
    return Error{Code::busy, "cannot close the keys volume", "it is used by " + users_text(users),
                 "end that, and try again"};
  // Taking it ends a look, and closes what no keeper holds any more.
  const auto turn = take_unlock_turn(setup, paths, std::chrono::seconds(60));
  return turn ? rest_keys_volume(setup) : Result<>(turn.error());
}

}  // namespace latchkey
