// SPDX-License-Identifier: GPL-3.0-or-later
// The steps of `latchkey restore`: each looks at what is there before it writes.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/keys/restore_plan.hpp"
#include "latchkey/cli/steps.hpp"
#include "latchkey/keys/backup_proof.hpp"
#include "sys/keys/key_return.hpp"
#include "sys/keys/keys_volume.hpp"
#include "sys/storage/device.hpp"
#include "sys/storage/lvm.hpp"

namespace latchkey {

/// What the administrator said of single parts, by their names.
struct RestoreWishes {
  std::vector<std::string> overwrite{};        ///< their devices may lose what they hold
  std::map<std::string, DeviceRef> devices{};  ///< where they are, whatever is configured
};

/// The path of the device or file where a part's bytes belong.
[[nodiscard]] std::string target_of(const BackupPart& part);

/// The mapping that lies on the part's device, whoever made it.
[[nodiscard]] std::optional<Mapping> mapping_of(const BackupPart& part);

class Restorer {
 public:
  /// All of them outlive it. `work` is its record.
  Restorer(const Globals& globals, const BackupReader& backup, const ProvedBackup& proved,
           const RestoreWishes& wishes, Unfinished& work);

  [[nodiscard]] std::vector<WorkStep> steps();
  /// The first thing that could not be done, if any.
  [[nodiscard]] const std::optional<Error>& problem() const noexcept { return problem_; }
  /// True when this run, or one before it that was interrupted, wrote something.
  [[nodiscard]] bool changed() const;

 private:
  [[nodiscard]] const BackupPart& keys_part() const;
  [[nodiscard]] Result<> put_files();
  [[nodiscard]] Result<> make_like(const BackupPart& part, const DeviceRef& device) const;
  [[nodiscard]] Result<> make_keys_lv();
  [[nodiscard]] Result<> put_keys(const BackupPart& part);
  [[nodiscard]] Result<> put(const BackupPart& part);
  [[nodiscard]] Result<> write(const BackupPart& part);
  [[nodiscard]] Result<> prove(const BackupPart& part);
  void judge_what_is_open(const BackupPart& part);
  [[nodiscard]] bool may_overwrite(const BackupPart& part) const;
  [[nodiscard]] Result<> note(const std::string& key);
  [[nodiscard]] Result<> note_whole(const BackupPart& part);
  [[nodiscard]] Result<> save();
  void tell(const Error& error);
  void tell(const BackupPart& part, const Error& error);

  // What is where a part belongs: restorer_look.cpp.

  [[nodiscard]] Result<RestoreFact> look(const BackupPart& part);
  void look_at_lv(const BackupPart& part, const std::string& path, RestoreFact& fact);
  [[nodiscard]] Result<> look_at_header(const BackupPart& part, const std::string& path,
                                        RestoreFact& fact);
  [[nodiscard]] Result<> look_at_keys(const std::string& device, const std::string& path,
                                      RestoreFact& fact);

  // Of devices that the administrator named, or the kernel: restorer_named.cpp.

  [[nodiscard]] bool is_named(const BackupPart& part) const;
  [[nodiscard]] DeviceRef configured(const BackupPart& part) const;
  [[nodiscard]] std::string why_not_its_device(const BackupPart& part) const;
  void find_again(const BackupPart& part);

  // Of the single key files: restorer_keys.cpp.

  /// A volume whose key the keys volume in use should hold.
  struct WantedKey {
    std::string name;
    std::string file;  ///< on the keys volume
    LuksPlace place;
    DeviceRef device;
    std::string mapping;
    KeyFact fact{};
  };
  [[nodiscard]] std::vector<WantedKey> wanted_keys() const;
  [[nodiscard]] std::optional<KeysVolume> other_keys() const;
  [[nodiscard]] Result<OpenKeys> open_to_read(const std::string& path,
                                              const std::string& uuid) const;
  void read_other_keys(const KeysVolume& keys);
  void read_live_keys(const OpenKeys& keys);
  [[nodiscard]] const Secret* live_key(const std::string& volume) const;
  [[nodiscard]] const Secret* saved_key(const std::string& volume) const;
  [[nodiscard]] Result<> put_key_files();
  [[nodiscard]] bool judge_key(WantedKey& key);
  [[nodiscard]] Result<> write_key_files(const std::vector<const WantedKey*>& keys);

  const Globals& globals_;
  const BackupReader& backup_;
  const ProvedBackup& proved_;
  const RestoreWishes& wishes_;
  Unfinished& work_;
  std::vector<BackupPart> parts_;  ///< the backup's, with the devices that were named
  std::optional<Error> problem_{};
  std::unique_ptr<WokenLv> woken_{};  ///< of the keys volume in use, where it is not the backup's
  std::set<std::string> told_{};  ///< volumes of which a problem was told
  /// Of the keys volume in use, once it was open: volume → its key.
  std::optional<std::map<std::string, Secret>> live_{};
};

}  // namespace latchkey
