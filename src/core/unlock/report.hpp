// SPDX-License-Identifier: GPL-3.0-or-later
// What early boot leaves for the running system, in /run/latchkey/boot.json.
// The companion tells it to people; it never decides anything by it.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"

namespace latchkey {

/// Who spoke: the console, or an ssh session with one of the authorized keys.
struct Peer {
  std::string kind{};            ///< `console`, `ssh`, `user` (of the running system); empty: not known
  int key = 0;                   ///< its line in authorized_keys, from 1; 0: none
  std::string fingerprint{};     ///< of that key
  std::string comment{};         ///< of that key, made printable; the name of a `user`
  std::string address{};         ///< of the ssh client, when it is known

  bool operator==(const Peer&) const = default;

  /// For whom an answer counts: one account for the console, one for each key.
  [[nodiscard]] std::string account() const;

  /// `the console`, `'alice@laptop' from 192.0.2.7`, or `somebody else`.
  [[nodiscard]] std::string text() const;
};

/// How one volume came out.
struct VolumeReport {
  std::string name;
  bool open = false;
  double seconds = 0;  ///< from the start of its opening
  std::string problem{};
  std::string hint{};

  bool operator==(const VolumeReport&) const = default;
};

/// The wrong passphrases of one account.
struct WrongAnswers {
  Peer peer{};         ///< as it was when it gave the last one
  unsigned count = 0;  ///< from 1

  bool operator==(const WrongAnswers&) const = default;
};

/// Counts one more wrong passphrase of `peer` for its account.
void count_wrong(std::vector<WrongAnswers>& all, const Peer& peer);

struct BootReport {
  std::string result{};      ///< `unlocked`, `continued`, `timeout`
  Peer peer{};               ///< who ended the waiting
  std::int64_t time = 0;     ///< when, seconds since 1970 by early boot's clock
  double waited = 0;         ///< seconds from the start of the waiting
  unsigned wrong_answers = 0;
  std::vector<WrongAnswers> wrong_by{};  ///< whose these were, in the order of their first
  std::vector<VolumeReport> volumes{};
  double uptime = 0;  ///< when, seconds since the kernel's start; 0: not known

  bool operator==(const BootReport&) const = default;
};

/// A volume's part of a report as JSON, its texts printable; and back, with what is
/// absent or of another type left empty.
[[nodiscard]] nlohmann::json volume_json(const VolumeReport& volume);
[[nodiscard]] VolumeReport parse_volume(const nlohmann::json& in);

/// Gives the report as JSON, one line. Texts that are not UTF-8 are made so.
[[nodiscard]] std::string to_json(const BootReport& report);

/// Reads it back. Fails with Code::damaged for anything else.
[[nodiscard]] Result<BootReport> parse_report(std::string_view text);

/// The report as lines for the journal, without a time.
[[nodiscard]] std::vector<std::string> report_lines(const BootReport& report);

}  // namespace latchkey
