// SPDX-License-Identifier: GPL-3.0-or-later
// The steps of `latchkey restore`: each looks at what is there before it writes.
#pragma once

#include <string>
#include <vector>

#include "core/restore_plan.hpp"
#include "latchkey/backup_proof.hpp"
#include "latchkey/steps.hpp"

namespace latchkey {

class Restorer {
 public:
  /// All of them outlive it. `work` is its record; `overwrite` names parts whose device
  /// may lose what it holds.
  Restorer(const Globals& globals, const BackupReader& backup, const ProvedBackup& proved,
           const std::vector<std::string>& overwrite, Unfinished& work);

  [[nodiscard]] std::vector<WorkStep> steps();
  /// The first thing that could not be done, if any.
  [[nodiscard]] const std::optional<Error>& problem() const noexcept { return problem_; }
  /// True when this run, or one before it that was interrupted, wrote something.
  [[nodiscard]] bool changed() const;

 private:
  [[nodiscard]] Result<> put_files();
  [[nodiscard]] Result<> make_keys_lv();
  [[nodiscard]] Result<> put_keys(const BackupPart& part);
  [[nodiscard]] Result<> put(const BackupPart& part);
  [[nodiscard]] Result<> write(const BackupPart& part);
  [[nodiscard]] Result<> prove(const BackupPart& part) const;
  [[nodiscard]] Result<RestoreFact> look(const BackupPart& part) const;
  [[nodiscard]] Result<> note(const std::string& key);
  [[nodiscard]] Result<> note_whole(const BackupPart& part);
  [[nodiscard]] Result<> save();
  void tell(const Error& error);

  const Globals& globals_;
  const BackupReader& backup_;
  const ProvedBackup& proved_;
  const std::vector<std::string>& overwrite_;
  Unfinished& work_;
  std::optional<Error> problem_{};
};

}  // namespace latchkey
