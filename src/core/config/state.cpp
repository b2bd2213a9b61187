// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/config/state.hpp"

#include <nlohmann/json.hpp>

#include "core/base/read_json.hpp"
#include "core/base/text.hpp"

namespace latchkey {

std::string encode(const State& state) {
  const nlohmann::json json{{"newest_key", state.newest_key},
                            {"newest_backup", state.newest_backup},
                            {"backup_file", state.backup_file},
                            {"unsaved", state.unsaved}};
  return json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

Result<State> parse_state(std::string_view text) {
  try {
    const auto json = read_json(text);
    State state{.newest_key = json.at("newest_key").get<std::string>(),
                .newest_backup = json.at("newest_backup").get<std::string>(),
                .backup_file = json.at("backup_file").get<std::string>()};
    // A file of an earlier version has only its dates to tell by; they sort as they follow.
    state.unsaved = json.value("unsaved", state.newest_backup < state.newest_key);
    return state;
  } catch (const nlohmann::json::exception&) {
    return Error{Code::damaged, "cannot read when the last backup was made",
                 "/etc/latchkey/state.json is damaged", "remove it, and run: latchkey backup FILE"};
  }
}

std::optional<Error> backup_overdue(const State& state) {
  if (!state.unsaved) return {};
  const std::string stake =
      "should a header or the keys volume be lost, so are the data; the last key is of " +
      printable(state.newest_key);
  if (state.newest_backup.empty())
    return Error{Code::partial, "there is no backup of the keys and headers", stake,
                 "run: latchkey backup FILE"};
  return Error{Code::partial, "the newest backup of the keys and headers is older than the keys",
               stake + ", the backup '" + printable(state.backup_file) + "' of " +
                   printable(state.newest_backup),
               "run: latchkey backup FILE"};
}

}  // namespace latchkey
