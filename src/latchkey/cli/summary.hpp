// SPDX-License-Identifier: GPL-3.0-or-later
// What is up, what is not, why, and what to type: the end of every release, and
// the whole of `status`.
#pragma once

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "core/base/finding.hpp"
#include "core/plan/execute.hpp"
#include "core/plan/facts.hpp"
#include "core/unlock/report.hpp"
#include "sys/config/setup.hpp"

namespace latchkey {

/// One line of the table.
struct Row {
  std::string kind;  ///< `volume` or `unit`
  std::string name;
  std::string state;  ///< one word: `mounted`, `open`, `closed`, `running`, `held`, …
  bool up = false;    ///< it is as it should be after a release
  std::string why{};  ///< for what is not up
  std::string hint{};

  bool operator==(const Row&) const = default;
};

/// Everything that is so now: devices, mappings, mounts, units.
[[nodiscard]] Facts probe_all(const Setup& setup, const Paths& paths);

/// Why something is not up, by the name of the volume or unit.
using Reasons = std::map<std::string, Error>;

/// The reasons that early boot left in its report.
[[nodiscard]] Reasons reasons_of(const BootReport& report);

/// Volumes by their names, for people: `'a', 'b'`.
[[nodiscard]] std::string names_of(const std::vector<const Volume*>& volumes);

/// Takes the facts of now and what is known of failures. Gives a row for each
/// volume and each unit. The facts alone say what is up; a reason is shown only
/// for what is not.
[[nodiscard]] std::vector<Row> make_rows(const Setup& setup, const Facts& facts,
                                         const Reasons& reasons);

/// True when every row is up.
[[nodiscard]] bool all_up(const std::vector<Row>& rows);

/// True when a volume that is open should not be relied on (VolumeFacts::failing).
[[nodiscard]] bool any_failing(const std::vector<Row>& rows);

/// The table as lines; reasons and hints indented below what they explain.
[[nodiscard]] std::string table_text(const std::vector<Row>& rows, bool colour);

/// What the table means, as one line for whoever reads only the end of the journal:
/// what is not up, what stays down for it, and what to do.
[[nodiscard]] std::string conclusion_text(const std::vector<Row>& rows);

/// The same when no volume is open; `opened_early`: early boot had opened some of them.
[[nodiscard]] std::string closed_text(const Setup& setup, bool opened_early = false);

/// The same for programs, as described in latchkey(8).
[[nodiscard]] nlohmann::json summary_json(const Setup& setup, const Facts& facts,
                                          const std::vector<Row>& rows);

/// Steps and how they came out, as in latchkey(8). No outcome: steps that would
/// be taken.
[[nodiscard]] nlohmann::json steps_json(const Plan& plan, const Outcome* outcome);

/// JSON as text, with text that is not UTF-8 made so.
[[nodiscard]] std::string dump(const nlohmann::json& json);

/// A list of objects: level (`ok`, `warning`, `error`), what, why, hint.
[[nodiscard]] nlohmann::json findings_json(const Findings& findings);

/// `ok`, `warning` or `error`.
[[nodiscard]] const char* level_word(Finding::Level level);

/// What early boot left, or nothing when it left nothing readable.
[[nodiscard]] std::optional<BootReport> read_boot_report(const Paths& paths);

}  // namespace latchkey
