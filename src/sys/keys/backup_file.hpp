// SPDX-License-Identifier: GPL-3.0-or-later
// The files of `latchkey backup`, written and read: see core/keys/backup_format.hpp.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "core/base/result.hpp"
#include "core/keys/backup_format.hpp"
#include "sys/base/digest.hpp"
#include "sys/base/fd.hpp"
#include "sys/base/secret.hpp"

namespace latchkey {

/// A backup while it is made: under another name, which goes with this object unless
/// keep() was called. After a kill the next one of the same name takes it away.
class BackupWriter {
 public:
  /// Begins a backup that is to be `file`, sealed with `key`. Fails with Code::refused
  /// when `file` is there, Code::io.
  [[nodiscard]] static Result<BackupWriter> begin(const std::string& file, const Secret& key);

  BackupWriter(BackupWriter&& other) noexcept;
  BackupWriter& operator=(BackupWriter&&) = delete;
  BackupWriter(const BackupWriter&) = delete;
  BackupWriter& operator=(const BackupWriter&) = delete;
  ~BackupWriter();

  /// Adds a part with this content.
  [[nodiscard]] Result<> add_text(BackupPart part, std::string_view content);
  /// Adds a part with all bytes of a file or block device, as they are on the disk and
  /// not in the page cache.
  [[nodiscard]] Result<> add_from(BackupPart part, const std::string& path);
  /// Writes manifest (its parts are those added), head and seal, and has them on the
  /// disk.
  [[nodiscard]] Result<> finish(BackupManifest manifest);

  /// Where it is until keep().
  [[nodiscard]] const std::string& temporary() const noexcept { return temporary_; }
  /// Bytes of the whole.
  [[nodiscard]] std::uint64_t size() const noexcept { return at_; }
  /// Gives it its name; on the disk before it returns. Fails with Code::refused when a
  /// file of that name came meanwhile, Code::io.
  [[nodiscard]] Result<> keep();

 private:
  BackupWriter(std::string file, std::string temporary, Fd fd, const Secret& key);
  [[nodiscard]] Result<> put(std::string_view bytes);
  [[nodiscard]] Result<> align();
  [[nodiscard]] Error failed() const;

  std::string file_;
  std::string temporary_;
  Fd fd_;
  std::uint64_t at_ = 0;
  std::vector<BackupPart> parts_{};
  Secret key_;
};

/// A backup that is read. Opening it reads all of it, from the disk and not from the
/// page cache where the file system can do that: every part, the manifest and
/// what lies between them are as they were written, or it says which is not. Who wrote
/// it is known after check_seal() only.
class BackupReader {
 public:
  /// Fails with Code::missing, Code::usage (no backup), Code::damaged (naming the part).
  [[nodiscard]] static Result<BackupReader> open(const std::string& file);

  [[nodiscard]] const BackupManifest& manifest() const noexcept { return manifest_; }
  [[nodiscard]] const std::string& file() const noexcept { return file_; }
  /// Tells backups apart, wherever they are: the manifest's digest, in hexadecimal.
  [[nodiscard]] std::string digest() const { return hex(head_.manifest_sha256); }
  [[nodiscard]] std::uint64_t size() const noexcept { return size_; }

  /// Reads everything once more, with the key. Fails with Code::damaged.
  [[nodiscard]] Result<> check_seal(const Secret& key) const;
  /// Hands a part over, piece by piece. Fails with Code::damaged behind the last one when they are
  /// not those that open() read: what is used before that must be undone then.
  [[nodiscard]] Result<> whole(const BackupPart& part,
                               const std::function<Result<>(std::string_view)>& use) const;
  /// Hands the bytes [from, from + size) of a part over, piece by piece; whoever serves the file
  /// may give others than before.
  [[nodiscard]] Result<> read(const BackupPart& part, std::uint64_t from, std::uint64_t size,
                              const std::function<Result<>(std::string_view)>& use) const;
  /// Writes a part to a new file (mode 0600), which is not there when this fails. Fails as whole()
  /// and with Code::io.
  [[nodiscard]] Result<> extract(const BackupPart& part, const std::string& to) const;

 private:
  BackupReader(std::string file, Fd fd, std::uint64_t size)
      : file_(std::move(file)), fd_(std::move(fd)), size_(size) {}
  [[nodiscard]] Result<> range(std::uint64_t from, std::uint64_t size,
                               const std::function<Result<>(std::string_view)>& use) const;
  [[nodiscard]] Result<> check_parts() const;
  [[nodiscard]] Result<> check_gap(std::uint64_t from, std::uint64_t to) const;

  std::string file_;
  Fd fd_;
  std::uint64_t size_;
  BackupHead head_{};
  BackupManifest manifest_{};
};

/// Writes a part to a device so that no header is there until everything else is: after
/// a power cut it is whole or shows no header that works. Reads it back.
[[nodiscard]] Result<> write_device(const BackupReader& backup, const BackupPart& part,
                                    const std::string& device);

}  // namespace latchkey
