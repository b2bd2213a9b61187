// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/units/unit_state.hpp"

#include <algorithm>

#include "core/base/lists.hpp"
#include "core/base/text.hpp"
#include "core/units/command_words.hpp"
#include "core/units/unit_name.hpp"

namespace latchkey {
namespace {

void take(UnitState& unit, std::string_view key, std::string_view value) {
  const std::string text(value);
  const auto number = [&] {
    return static_cast<std::uint64_t>(parse_number(value, ~0UL).value_or(0));
  };
  if (key == "Id")
    unit.id = text;
  else if (key == "LoadState")
    unit.load = text;
  else if (key == "ActiveState")
    unit.active = text;
  else if (key == "SubState")
    unit.sub = text;
  else if (key == "Type")
    unit.type = text;
  else if (key == "UnitFileState")
    unit.unit_file = text;
  else if (key == "Result")
    unit.result = text;
  else if (key == "ExecMainStatus")
    unit.exit_status = text;
  else if (key == "Job")
    unit.job = !text.empty() && text != "0";
  else if (key == "ConditionResult")
    unit.condition = text == "yes";
  else if (key == "ConditionTimestampMonotonic")
    unit.condition_time = number();
  else if (key == "AssertResult")
    unit.assertion = text == "yes";
  else if (key == "AssertTimestampMonotonic")
    unit.assertion_time = number();
  else if (key == "InactiveExitTimestampMonotonic")
    unit.start_time = number();
  else if (key == "NRestarts")
    unit.restarts = number();
  else if (key == "TriggeredBy")
    unit.triggered_by = split_words(value);
  else if (key == "ConsistsOf")
    unit.consists_of = split_words(value);
  else if (key == "PartOf")
    unit.part_of = split_words(value);
  else if (key == "After")
    unit.after = split_words(value);
  else if (key == "WantedBy")
    append(unit.wanted_by, split_words(value));
  else if (key == "RequiredBy") {
    append(unit.required_by, split_words(value));
    append(unit.wanted_by, split_words(value));
  } else if (key == "RequisiteOf" || key == "BoundBy")
    append(unit.required_by, split_words(value));
  else if (key == "FragmentPath" && !text.empty())
    unit.files.insert(unit.files.begin(), text);
  else if (key == "DropInPaths")
    append(unit.files, split_words(value));
}

}  // namespace

std::vector<UnitState> parse_show(std::string_view text) {
  std::vector<UnitState> out;
  bool inside = false;
  for (const std::string_view line : split_lines(text)) {
    const std::size_t equals = line.find('=');
    if (equals == std::string_view::npos) {
      inside = inside && !line.empty();
      continue;
    }
    if (!inside) out.emplace_back();
    inside = true;
    take(out.back(), line.substr(0, equals), line.substr(equals + 1));
  }
  return out;
}

bool is_wanted(const UnitState& unit) {
  return unit.unit_file.starts_with("enabled") || !unit.wanted_by.empty();
}

bool is_triggered(const UnitState& unit, const std::vector<UnitState>& triggers) {
  if (is_wanted(unit)) return false;
  const bool job = unit.type == "oneshot" && unit.unit_file == "static";
  return std::ranges::any_of(triggers, [&](const UnitState& trigger) {
    return trigger.load == "loaded" && (job || is_wanted(trigger));
  });
}

bool is_up(const UnitState& unit, const std::vector<UnitState>& triggers, bool released) {
  if (unit.active == "active" || unit.active == "reloading" || unit.active == "refreshing")
    return true;
  if (unit.active == "failed") return false;
  // Idle or at work: what counts is that it is started when it is needed.
  if (is_triggered(unit, triggers))
    return std::ranges::all_of(triggers, [](const UnitState& trigger) {
      return !is_wanted(trigger) || trigger.active == "active";
    });
  if (unit.active != "inactive" || unit.job || !released || unit.result != "success" ||
      unit.start_time == 0)
    return false;
  // It has ended for want of work, and whoever has some for it starts it again.
  const bool idle = std::ranges::any_of(triggers, [](const UnitState& trigger) {
    return is_wanted(trigger) && trigger.active == "active" && !trigger.id.ends_with(".timer");
  });
  return idle || (unit.type == "oneshot" && unit.condition);
}

bool skips_itself(const UnitState& unit) {
  return unit.active == "inactive" && unit.condition_time != 0 && !unit.condition &&
         !has_our_drop_in(unit);
}

bool has_our_drop_in(const UnitState& unit) {
  return std::ranges::any_of(unit.files, [](const std::string& file) {
    return file.ends_with("/" + std::string(drop_in_name));
  });
}

}  // namespace latchkey
