// SPDX-License-Identifier: GPL-3.0-or-later
// LUKS headers and mappings, by libcryptsetup. Nothing here prints or exits;
// errno values become Errors here and nowhere else.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/config/config.hpp"
#include "core/config/volume.hpp"
#include "core/luks/luks_limits.hpp"
#include "sys/base/secret.hpp"

namespace latchkey {

/// What a header says, after it was found fit to be opened.
struct LuksHeader {
  std::string type;  ///< `LUKS1` or `LUKS2`
  std::string uuid;
  std::string cipher;            ///< `aes-xts-plain64`
  std::uint64_t memory_kib = 0;  ///< the most memory one of its key slots asks for
  std::vector<SlotCost> slots{};
  bool integrity = false;  ///< its data are sealed too (dm-integrity below dm-crypt)
};

/// Where a LUKS volume is.
struct LuksPlace {
  std::string device{};  ///< path of the encrypted device
  std::string header{};  ///< path of its header, when that is kept elsewhere
  std::string name{};    ///< the volume's name, for messages
  std::string uuid{};    ///< the UUID it must have; empty: any
  std::string cipher{};  ///< the cipher it must say, as in Volume; empty: any
  bool has_keys = false;  ///< it is the keys volume, whose derivations nobody cuts short
  std::chrono::seconds patience{60};  ///< how long each other derivation may take
};

/// Reads the header of a volume. Fails with Code::damaged (no LUKS header, or
/// one that cannot be used), Code::refused (another UUID or
/// cipher than the one asked for; a null cipher; a reencryption under way; requirements that this
/// program does not know; derivations beyond what anybody would choose),
/// Code::missing, Code::io, Code::timeout (its disk does not answer, see ask_disk).
///
/// libcryptsetup repairs a damaged second copy of a LUKS2 header when it can
/// lock and write; callers that must not write use a read-only device.
[[nodiscard]] Result<LuksHeader> read_luks_header(const LuksPlace& place);

/// The same in a process of its own, which somebody ends when it takes too long: its disk is
/// not asked first.
[[nodiscard]] Result<LuksHeader> read_watched_header(const LuksPlace& place);

/// How a mapping is to be made.
struct MappingRequest {
  std::string device;    ///< path of the encrypted device
  std::string mapping;   ///< device-mapper name
  std::string name;      ///< the volume's name, for messages
  std::string uuid{};    ///< as in LuksPlace
  std::string header{};  ///< as in LuksPlace
  std::string cipher{};  ///< as in LuksPlace
  bool read_only = false;
  bool discard = false;
  bool hidden = false;  ///< udev's other rules leave it alone (the keys volume)
};

/// Where a configured volume is, and how it is opened.
[[nodiscard]] LuksPlace place_of(const Volume& volume);
/// With a derivation as long as an unlock would give it: where a key is going to be tried.
[[nodiscard]] LuksPlace place_of(const Volume& volume, const BootConfig& boot);
[[nodiscard]] LuksPlace place_of(const KeysVolume& keys);
/// What to open a data volume as: its mapping, with the options of its line.
[[nodiscard]] MappingRequest request_for(const Volume& volume);

struct LuksSession;

/// A volume whose header has been read and found fit to be opened.
class Openable {
 public:
  /// Fails as read_luks_header.
  [[nodiscard]] static Result<Openable> read(MappingRequest request);
  Openable(Openable&&) noexcept;
  Openable& operator=(Openable&&) noexcept;
  Openable(const Openable&) = delete;
  Openable& operator=(const Openable&) = delete;
  ~Openable();

  [[nodiscard]] const LuksHeader& header() const { return header_; }

  /// Opens it with a passphrase or key: one derivation for each fitting slot, then the
  /// mapping through udev's cookies. Fails with Code::denied (no key slot accepts it),
  /// Code::memory (before deriving, when a slot asks for more than there is),
  /// Code::kernel (dm-crypt or a cipher is missing), Code::busy (the mapping's name is
  /// taken), Code::missing (the device is gone), Code::io.
  [[nodiscard]] Result<> open(const Secret& key) const;

 private:
  Openable(std::unique_ptr<LuksSession> session, LuksHeader header, MappingRequest request);

  std::unique_ptr<LuksSession> session_;
  LuksHeader header_;
  MappingRequest request_;
};

/// Both at once.
[[nodiscard]] Result<> open_mapping(const MappingRequest& request, const Secret& key);

/// The options with which a mapping was opened and that its header does not keep, in the words of
/// cryptsetup (`allow-discards`, `perf-no_read_workqueue`): the next opening is without them. None
/// where they cannot be asked for. `header`: where that is, when it is not on the device.
[[nodiscard]] std::vector<std::string> passing_options(const std::string& mapping,
                                                       const std::string& header);

/// Closes a mapping. One that is not there is fine. Fails with Code::busy when
/// something still uses it.
[[nodiscard]] Result<> close_mapping(const std::string& mapping);

/// Asks the kernel to remove the mapping as soon as its last user is gone,
/// whatever becomes of this process.
[[nodiscard]] Result<> close_mapping_when_unused(const std::string& mapping);

/// Makes an open mapping as large as its device has become. `key` opens the volume, whose
/// header `place` says. Fails with Code::denied, Code::missing (no such mapping), Code::io.
[[nodiscard]] Result<> grow_mapping(const std::string& mapping, const LuksPlace& place,
                                    const Secret& key);

}  // namespace latchkey
