// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/unlock.hpp"

#include <algorithm>

#include "sys/device.hpp"
#include "sys/lvm.hpp"
#include "sys/keys.hpp"
#include "sys/lock_file.hpp"
#include "sys/probe.hpp"
#include "sys/unlock_effects.hpp"

namespace latchkey {

bool unlock_needed(const Setup& setup, const Facts& facts) {
  return std::ranges::any_of(setup.volumes, [&](const Volume& volume) {
    const auto found = facts.volumes.find(volume.name);
    return found == facts.volumes.end() || !found->second.open;
  });
}

Result<Outcome> unlock_here(const Setup& setup, const Paths& paths, Secret passphrase,
                            Reporter& reporter) {
  if (auto made = make_directories(paths.run(), 0755); !made) return made.error();
  // The workers inherit the lock's descriptor, so the lock is free only when
  // every process of a killed unlock is gone as well.
  const auto lock = LockFile::take(paths.run("unlock.lock"), "an unlock", std::chrono::seconds(60));
  if (!lock) return lock.error();
  if (auto closed = close_left_keys(setup.config.keys); !closed) return closed.error();
  const Plan plan = plan_unlock(setup, probe_volumes(setup));
  UnlockEffects effects(setup, paths, plan, std::move(passphrase),
                        [&](const std::string& text) { reporter.note(text); });
  return execute(plan, effects, reporter);
}

Result<> rest_keys_volume(const Setup& setup) {
  const DeviceRef& device = setup.config.keys.device;
  if (device.kind != DeviceRef::Kind::lv || find_mapping(setup.config.keys.mapping)) return Ok{};
  return deactivate_lv(device);
}

}  // namespace latchkey
