// SPDX-License-Identifier: GPL-3.0-or-later
// A header that libcryptsetup has loaded: what crypt.cpp (mappings) and luks.cpp
// (key slots) share. Not for anybody else.
#pragma once

#include <libcryptsetup.h>

#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "core/base/result.hpp"
#include "sys/base/handle.hpp"
#include "sys/base/secret.hpp"
#include "sys/luks/crypt.hpp"
#include "sys/luks/quiet_node.hpp"

namespace latchkey {

/// A device and what the library said about it last. Stays where it is: the
/// library keeps its address.
struct LuksSession {
  std::string said{};
  QuietNode data_node{};    ///< of the device, where `init` was asked for one
  QuietNode header_node{};  ///< of its header, when that is kept elsewhere
  Handle<crypt_device, crypt_free> device{};
  std::chrono::seconds patience{60};  ///< as in LuksPlace

  LuksSession() = default;
  LuksSession(const LuksSession&) = delete;
  LuksSession& operator=(const LuksSession&) = delete;
  LuksSession(LuksSession&&) = delete;
  LuksSession& operator=(LuksSession&&) = delete;
  ~LuksSession() = default;

  /// Whether the disks of a place answer (see ask_disk): from then on this process reads them
  /// itself. Fails with Code::timeout.
  [[nodiscard]] static Result<> ask(const LuksPlace& place);

  [[nodiscard]] crypt_device* get() const noexcept { return device.get(); }
  /// Why a call failed: the library's own words, or those for its errno value.
  [[nodiscard]] std::string reason(int r) const;
  /// The device that has the header, as the library was told its name.
  [[nodiscard]] std::string header_device() const;
  /// Names the device to the library, reading nothing. `quiet` is for who only reads it
  /// and maps it: what is written would go unnoticed by udev.
  [[nodiscard]] Result<> init(const LuksPlace& place, bool quiet = false);
  /// Loads the header and judges it: fails as read_luks_header.
  [[nodiscard]] Result<LuksHeader> load(const LuksPlace& place, bool quiet = false);
  /// Reads what the loaded header says and refuses what nobody should open, and one that is
  /// not the place's.
  [[nodiscard]] Result<LuksHeader> judge(const LuksPlace& place) const;
  /// Opens a slot with the key, and the mapping with it (none: only tries). Where
  /// `memory_kib` is not enough for all slots (0: not known), those that fit are tried, and
  /// -ENOMEM means that none of these accepts it. Gives the slot, -ENOKEY where the header has
  /// none that may be tried, or what the library gave.
  [[nodiscard]] int activate(const LuksHeader& header, const char* mapping, const Secret& key,
                             std::uint32_t flags, std::uint64_t memory_kib) const;
  /// Does `work`, a derivation, in a process of its own, which is ended when it takes longer
  /// than `most`: the library waits for no signal. Where its disk hangs, nothing ends it: it has
  /// none of the caller's files but the device's. Gives what it gave, -ETIME for one that was
  /// ended or left, -ENOMEM for one that died of itself.
  [[nodiscard]] int derive_within(std::chrono::milliseconds most, const Secret& key,
                                  const std::function<int(const Secret&)>& work);
  /// Why `activate` gave `r`, when slots were left out for want of memory. Nothing: it was
  /// another reason.
  [[nodiscard]] static std::optional<Error> short_of_memory(std::uint64_t wanted_kib, int r,
                                                            std::uint64_t memory_kib,
                                                            const std::string& what,
                                                            const std::string& hint);
};

/// Where the header of a place is written.
[[nodiscard]] const std::string& written_to(const LuksPlace& place);

/// Has what was written to a device come to its disk: libcryptsetup writes through the page
/// cache. Fails with Code::io.
[[nodiscard]] Result<> sync_device(const std::string& path);

/// What libcryptsetup's answer to a work on key slots means, for people.
[[nodiscard]] Error slot_error(const LuksSession& session, const std::string& what, int r);

}  // namespace latchkey
