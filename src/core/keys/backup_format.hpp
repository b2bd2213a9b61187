// SPDX-License-Identifier: GPL-3.0-or-later
// The file that `latchkey backup` writes: a head of 4096 bytes, the parts at
// multiples of 4096, the manifest (JSON), and 32 bytes of HMAC-SHA256 over all of
// that. Reading trusts nothing.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "core/config/device_ref.hpp"

namespace latchkey {

/// The file on the keys volume whose 32 bytes seal backups.
inline constexpr const char* backup_key_file = "backup.auth";

inline constexpr std::uint64_t backup_alignment = 4096;
inline constexpr std::uint64_t backup_head_size = 4096;
inline constexpr std::uint64_t backup_seal_size = 32;
inline constexpr std::uint64_t backup_manifest_limit = 1024UL * 1024;

/// What the head says.
struct BackupHead {
  std::uint64_t manifest_offset = 0;
  std::uint64_t manifest_size = 0;
  std::string manifest_sha256{};  ///< 32 bytes
  bool operator==(const BackupHead&) const = default;
};

/// One thing that is kept.
struct BackupPart {
  enum class Kind {
    keys,    ///< all bytes of the keys volume's device
    header,  ///< the LUKS header of a data volume, with its key slots
    file     ///< a text file of /etc/latchkey
  };
  Kind kind = Kind::file;
  std::string name{};         ///< `keys`, the volume's, or the file's
  std::string device{};       ///< as the configuration names it
  std::string header{};       ///< path of a header that is kept elsewhere
  std::string uuid{};         ///< of the LUKS header
  std::string type{};         ///< `LUKS1`, `LUKS2`
  std::string key_file{};     ///< on the keys volume
  std::string mapping{};      ///< device-mapper name
  std::string mount_point{};  ///< empty: none
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
  std::string sha256{};  ///< hexadecimal
  /// Kind::header: bytes of the volume's device; 0 in backups of older versions.
  std::uint64_t device_size = 0;
  /// Kind::keys: the disks that its logical volume can lose (0 to 64); 0 in older backups, too.
  std::uint64_t mirrors = 0;
  bool operator==(const BackupPart&) const = default;

  /// `the keys volume`, `the header of 'mysql'`, `the file 'volumes'`.
  [[nodiscard]] std::string text() const;
  /// Whose device it is of: `the keys volume`, `'mysql'`.
  [[nodiscard]] std::string owner() const;
};

/// The device that a part names, of the keys volume or of a header; parse_backup_manifest made sure
/// that it can be one.
[[nodiscard]] DeviceRef device_of(const BackupPart& part);

struct BackupManifest {
  std::string date{};
  std::string host{};
  std::string machine_id{};
  std::vector<BackupPart> parts{};
  bool operator==(const BackupManifest&) const = default;

  /// The keys volume's part; parse_backup_manifest made sure that there is one.
  [[nodiscard]] const BackupPart& keys() const;
};

/// The next multiple of backup_alignment.
[[nodiscard]] std::uint64_t backup_aligned(std::uint64_t offset);

/// The names of the files of /etc/latchkey that are kept; no others are written
/// back, whatever a manifest says.
[[nodiscard]] const std::vector<std::string>& backup_file_names();

/// The head's bytes.
[[nodiscard]] std::string encode_backup_head(const BackupHead& head);

/// Takes the first backup_head_size bytes and the size of the whole file. Fails with Code::usage for what is no backup, Code::damaged for one of another
/// version, cut short, or whose numbers cannot be.
[[nodiscard]] Result<BackupHead> parse_backup_head(std::string_view bytes, std::uint64_t file_size);

/// The manifest's text.
[[nodiscard]] std::string encode_backup_manifest(const BackupManifest& manifest);

/// Reads it back. Each part begins where the one before it, aligned, ends; the last
/// ends before the manifest. Names, paths and devices are judged as those of the
/// configuration. Fails with Code::damaged.
[[nodiscard]] Result<BackupManifest> parse_backup_manifest(std::string_view text,
                                                           const BackupHead& head);

}  // namespace latchkey
