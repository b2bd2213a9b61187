// SPDX-License-Identifier: GPL-3.0-or-later
// The proof that a backup can be used: the keys volume is opened out of the file, and
// the keys in it open the headers in it.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>

#include "core/keys/backup_format.hpp"
#include "latchkey/cli/asker.hpp"
#include "latchkey/cli/command.hpp"
#include "sys/base/secret.hpp"
#include "sys/keys/backup_file.hpp"

namespace latchkey {

/// What the proof brought to light; with it a restore knows what is right.
struct ProvedBackup {
  Secret passphrase{};
  std::map<std::string, Secret> keys{};  ///< volume → its key
};

/// How long a key of a volume may take to be tried: open_timeout in [boot], or what that is
/// where there is no configuration yet.
[[nodiscard]] std::chrono::seconds derivation_patience(const Paths& paths);

/// A folder of root's on /run, for headers that are looked at; empty at first and gone
/// with this.
class HeaderFolder {
 public:
  /// Fails with Code::io.
  [[nodiscard]] static Result<HeaderFolder> make(const Paths& paths);
  HeaderFolder(HeaderFolder&& other) noexcept;
  HeaderFolder& operator=(HeaderFolder&&) = delete;
  HeaderFolder(const HeaderFolder&) = delete;
  HeaderFolder& operator=(const HeaderFolder&) = delete;
  ~HeaderFolder();

  /// The one file in it; removed if it is there.
  [[nodiscard]] std::string fresh() const;

 private:
  explicit HeaderFolder(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

/// Proves with a passphrase. Fails with Code::denied (it does not open the saved keys
/// volume), Code::damaged naming what cannot be used, and as the functions it calls.
[[nodiscard]] Result<ProvedBackup> prove_backup(const Globals& globals, const BackupReader& backup,
                                                Secret passphrase);

/// The same with the passphrase asked for, three times at most.
[[nodiscard]] Result<ProvedBackup> prove_backup(const Globals& globals, const BackupReader& backup,
                                                Asker& asker);

}  // namespace latchkey
