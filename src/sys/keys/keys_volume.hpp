// SPDX-License-Identifier: GPL-3.0-or-later
// The keys volume while it is open: a mount that is attached to no directory, so
// no other process can find it, and that the kernel takes away with its mapping
// when this process ends, however it ends.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "core/config/config.hpp"
#include "sys/base/fd.hpp"
#include "sys/base/secret.hpp"
#include "sys/keys/key_file.hpp"

namespace latchkey {

enum class KeysAccess { read, write };

class OpenKeys {
 public:
  /// Opens the keys volume with its passphrase and mounts it: read-only and never
  /// written to for KeysAccess::read, unless its journal must be replayed (which
  /// is told to `say`). Fails with the codes of open_mapping, Code::damaged when it
  /// has no file system that can be mounted, Code::missing when the kernel has no driver
  /// for the one it has, Code::refused for a path that could not be mounted safely.
  [[nodiscard]] static Result<OpenKeys> open(const KeysVolume& volume, const Secret& passphrase,
                                             KeysAccess access,
                                             const std::function<void(const std::string&)>& say);

  OpenKeys(OpenKeys&&) noexcept = default;
  OpenKeys& operator=(OpenKeys&&) noexcept = default;
  OpenKeys(const OpenKeys&) = delete;
  OpenKeys& operator=(const OpenKeys&) = delete;
  /// The kernel unmounts and closes it; whoever must know that it did calls close().
  ~OpenKeys() = default;

  /// As read_key_file.
  [[nodiscard]] Result<Secret> read(const std::string& file) const;

  /// Writes a file so that after a power cut either the old or the new content is
  /// there, whole; has it and its name on the disk before it returns, and has read
  /// it back from there. Fails with Code::usage for a name with a slash, Code::io.
  [[nodiscard]] Result<> write(const std::string& file, const Secret& content) const;

  /// Renames a file over another, on the disk before it returns.
  [[nodiscard]] Result<> rename(const std::string& from, const std::string& to) const;

  /// Removes a file, on the disk before it returns. One that is not there is fine.
  [[nodiscard]] Result<> remove(const std::string& file) const;

  /// The names of its regular files, sorted.
  [[nodiscard]] std::vector<std::string> files() const;

  /// The root directory's descriptor, for as long as this lives.
  [[nodiscard]] int directory() const noexcept { return directory_.get(); }

  /// Unmounts, closes the mapping and waits until it is gone. Fails with Code::busy
  /// or Code::timeout when something keeps it open.
  [[nodiscard]] Result<> close();

 private:
  OpenKeys(std::string mapping, Fd device, Fd mount, Fd directory)
      : mapping_(std::move(mapping)),
        device_(std::move(device)),
        mount_(std::move(mount)),
        directory_(std::move(directory)) {}

  [[nodiscard]] Result<> sync() const;

  std::string mapping_;
  Fd device_;  // in this order: the mapping's is given back last
  Fd mount_;
  Fd directory_;
};

}  // namespace latchkey
