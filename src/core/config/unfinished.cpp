// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/config/unfinished.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/base/read_json.hpp"
#include "core/base/text.hpp"

namespace latchkey {

bool Unfinished::is_done(std::string_view step) const {
  return std::ranges::find(done, step) != done.end();
}

std::string Unfinished::value(const std::string& key) const {
  const auto found = values.find(key);
  return found == values.end() ? "" : found->second;
}

std::string encode(const Unfinished& work) {
  const nlohmann::json json{{"command", work.command}, {"name", work.name},
                            {"begun", work.begun},     {"finish", work.finish},
                            {"undo", work.undo},       {"meanwhile", work.meanwhile},
                            {"values", work.values},   {"done", work.done}};
  return json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

Result<Unfinished> parse_unfinished(std::string_view text) {
  const Error damaged{Code::damaged, "cannot read what was left unfinished", "its file is damaged",
                      "look into /etc/latchkey/unfinished"};
  try {
    const auto json = read_json(text);
    return Unfinished{.command = json.at("command").get<std::string>(),
                      .name = json.at("name").get<std::string>(),
                      .begun = json.at("begun").get<std::string>(),
                      .finish = json.at("finish").get<std::string>(),
                      .undo = json.at("undo").get<std::string>(),
                      .meanwhile = json.value("meanwhile", std::string()),
                      .values = json.at("values").get<std::map<std::string, std::string>>(),
                      .done = json.at("done").get<std::vector<std::string>>()};
  } catch (const nlohmann::json::exception&) {
    return damaged;
  }
}

Error describe_unfinished(const Unfinished& work) {
  Error error{Code::partial,
              "'" + printable(work.command) + "' of '" + printable(work.name) + "' is not finished",
              "it was begun " + printable(work.begun) + " and interrupted " +
                  (work.done.empty() ? "before its first step was complete"
                                     : "after the step '" + printable(work.done.back()) + "'"),
              "to finish it, run: " + printable(work.finish, 1000)};
  if (!work.meanwhile.empty()) error.hint += "; " + printable(work.meanwhile);
  if (!work.undo.empty()) error.hint += "; to take it back: " + printable(work.undo);
  return error;
}

}  // namespace latchkey
