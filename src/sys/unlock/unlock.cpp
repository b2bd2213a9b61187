// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/unlock/unlock.hpp"

#include <utility>

#include "sys/base/lock_file.hpp"
#include "sys/keys/unlock_turn.hpp"
#include "sys/storage/probe.hpp"
#include "sys/unlock/unlock_effects.hpp"

namespace latchkey {

namespace {

void close_lock(LockFile& lock) { const LockFile gone = std::move(lock); }

}  // namespace

Result<Outcome> unlock_here(const Setup& setup, const Paths& paths, Secret passphrase,
                            Reporter& reporter, const std::function<void()>& let_go) {
  auto turn = take_unlock_turn(setup, paths, std::chrono::seconds(60));
  if (!turn) return turn.error();
  const auto workers = LockFile::take(workers_lock(paths), "an unlock", std::chrono::seconds(0));
  if (!workers) return workers.error();
  UnlockWork work;
  work.let_go = [&] {
    close_lock(*turn);
    if (let_go) let_go();
  };
  const Plan plan = plan_unlock(setup, probe_volumes(setup));
  UnlockEffects effects(
      setup, paths, plan, std::move(passphrase),
      [&](const std::string& text) { reporter.note(text); }, std::move(work));
  return execute(plan, effects, reporter);
}

}  // namespace latchkey
