// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/config/state.hpp"

#include "sys/base/fd.hpp"
#include "sys/config/unfinished.hpp"

namespace latchkey {
namespace {

std::string file_of(const Paths& paths) { return paths.etc("state.json"); }

Result<> save(const Paths& paths, const State& state) {
  // No secret is in it, and `status` is for everybody.
  return write_file(file_of(paths), encode(state), 0644);
}

// Losing a date must not keep a key from being set: the next backup mends it.
State load_or_empty(const Paths& paths) {
  auto state = load_state(paths);
  return state ? *state : State{};
}

}  // namespace

Result<State> load_state(const Paths& paths) {
  const auto text = read_file(file_of(paths));
  if (!text && text.error().code == Code::missing) return State{};
  if (!text) return text.error();
  return parse_state(*text);
}

Result<> note_new_key(const Paths& paths) {
  State state = load_or_empty(paths);
  state.newest_key = now_text();
  state.unsaved = true;
  return save(paths, state);
}

Result<> note_backup(const Paths& paths, const std::string& file) {
  State state = load_or_empty(paths);
  state.newest_backup = now_text();
  state.backup_file = file;
  state.unsaved = false;
  return save(paths, state);
}

std::optional<Error> backup_age(const Paths& paths) {
  const auto state = load_state(paths);
  if (!state) return state.error();
  return backup_overdue(*state);
}

}  // namespace latchkey
