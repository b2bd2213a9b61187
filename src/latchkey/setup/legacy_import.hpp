// SPDX-License-Identifier: GPL-3.0-or-later
// Taking over what the older scripts kept: first a look that changes nothing, then
// steps that write only below /etc/latchkey, hold and enable units, and build images.
#pragma once

#include <string>
#include <vector>

#include "core/config/legacy.hpp"
#include "core/config/unfinished.hpp"
#include "latchkey/cli/asker.hpp"
#include "latchkey/cli/steps.hpp"

namespace latchkey {

class LegacyImport {
 public:
  /// The values in `work`: `uuid` (of the keys volume's header), `authorized_keys` (the text),
  /// `proved` (the keys were tried).
  LegacyImport(const Globals& globals, Unfinished& work) : globals_(globals), work_(work) {}

  /// Reads the two files. `directory` is the one with `conf`, or `conf` itself. Fails
  /// with Code::missing, Code::config as parse_legacy.
  [[nodiscard]] Result<> read(const std::string& directory);

  /// Fails with Code::refused when Latchkey is configured for another keys volume, or
  /// has another volume under a name that is to be taken over. Names that Latchkey needs for
  /// itself are changed here, and mount points that lead through symbolic links.
  [[nodiscard]] Result<> fits();

  /// Looks at the machine: every mount point, the keys volume, every volume's header, every unit.
  /// What costs only one volume or unit is told as a warning. Fails with Code::missing (no keys
  /// volume), Code::refused (several), and as read_luks_header for it.
  [[nodiscard]] Result<> look();

  /// Tries every key, with the passphrase that `asker` gives; without one it only says
  /// so. Fails with Code::denied when the passphrase is wrong.
  [[nodiscard]] Result<> prove(Asker& asker);

  /// After the steps above. This object outlives them.
  [[nodiscard]] std::vector<WorkStep> steps();

  /// Prints what was taken over and what is left to be done by hand.
  void report() const;

  /// True when nothing was warned of that is missing.
  [[nodiscard]] bool complete() const noexcept { return complete_; }

 private:
  struct Unit {
    std::string name{};  ///< its own, as systemd has it
    bool enabled = false;
  };

  [[nodiscard]] Error another_keys_volume() const;
  void warn(const Error& error);
  void look_at(Volume& volume);
  void judge_mount_point(const Volume& volume);
  [[nodiscard]] Setup setup() const;
  [[nodiscard]] Result<> write_volumes();
  [[nodiscard]] Result<> note_keys() const;
  [[nodiscard]] Result<> hold_units();
  [[nodiscard]] Result<> enable_units();

  const Globals& globals_;
  Unfinished& work_;
  std::string directory_{};
  LegacyLayout layout_{};
  DeviceRef keys_{};
  std::optional<DeviceRef> configured_{};  // as latchkey.conf has it already
  std::vector<Unit> units_{};
  bool resumed_ = false;  ///< a run before was interrupted
  bool added_ = false;    ///< a line of the volumes file was written
  bool complete_ = true;
};

}  // namespace latchkey
