// SPDX-License-Identifier: GPL-3.0-or-later
// Making LUKS headers and changing their key slots, by libcryptsetup. Opening
// volumes is in crypt.hpp.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "core/base/result.hpp"
#include "sys/base/secret.hpp"
#include "sys/luks/crypt.hpp"
#include "sys/luks/random_key.hpp"

namespace latchkey {

/// What a passphrase's key slot may cost, as argon2id: about two seconds of this
/// machine within this memory (see core/luks/slot_cost.hpp).
struct PassphraseCost {
  std::uint32_t memory_kib = 0;
  std::uint32_t threads = 1;
  std::uint32_t milliseconds = 2000;
};

/// How a new header is made. Empty and 0 mean what fits the device.
struct LuksFormat {
  LuksPlace place{};              ///< its `uuid` is the one the header gets
  std::string cipher{};           ///< `aes-xts-plain64` when empty
  std::uint32_t key_bits = 0;     ///< 512 for XTS, 256 for others when 0
  std::uint32_t sector_size = 0;  ///< of the encryption; the device's best when 0
};

struct LuksSession;

/// A LUKS header that can be changed. What it writes is on the disk when a
/// function returns.
class LuksDevice {
 public:
  static constexpr int any_slot = -1;

  /// Loads a header. Fails as read_luks_header.
  [[nodiscard]] static Result<LuksDevice> open(const LuksPlace& place);

  /// Writes a new LUKS2 header, over whatever there is, with one slot for `key`:
  /// pbkdf2 with the fewest rounds there are, since nobody can guess the key.
  /// Fails with Code::usage (cipher or sizes that cannot be), Code::kernel (a
  /// cipher the kernel lacks), Code::memory, Code::io.
  [[nodiscard]] static Result<LuksDevice> format(const LuksFormat& format, const RandomKey& key);
  /// The same with a slot for a passphrase.
  [[nodiscard]] static Result<LuksDevice> format(const LuksFormat& format, const Secret& passphrase,
                                                 const PassphraseCost& cost);

  LuksDevice(LuksDevice&&) noexcept;
  LuksDevice& operator=(LuksDevice&&) noexcept;
  LuksDevice(const LuksDevice&) = delete;
  LuksDevice& operator=(const LuksDevice&) = delete;
  ~LuksDevice();

  [[nodiscard]] const LuksHeader& header() const noexcept { return header_; }

  /// Tries a passphrase or key; gives the number of the slot that it opens. Fails
  /// with Code::denied (none), Code::memory (a slot wants more than there is), Code::timeout
  /// (a data volume's header costs more than an unlock would wait for).
  [[nodiscard]] Result<int> try_key(const Secret& key) const;
  /// The same of what a person typed, which may be that of the last slot: each slot, up to eight,
  /// has the time that try_key has in all, as an unlock.
  [[nodiscard]] Result<int> try_passphrase(const Secret& key) const;
  /// The same for one slot only: one that wants more memory than there is is not tried.
  [[nodiscard]] Result<> try_slot(int slot, const Secret& key) const;

  /// Adds a cheap slot for a key that was drawn here; `existing` opens another
  /// slot. Gives its number: `slot`, or the first free one. Of a LUKS2 header's slots
  /// it is tried before costly ones. Fails with Code::denied (`existing` opens
  /// nothing), Code::refused (all slots are taken, or that one is), Code::io.
  [[nodiscard]] Result<int> add_slot(const Secret& existing, const RandomKey& key,
                                     int slot = any_slot);
  /// Adds a costly slot, for passphrases and for keys from elsewhere.
  [[nodiscard]] Result<int> add_slot(const Secret& existing, const Secret& passphrase,
                                     const PassphraseCost& cost, int slot = any_slot);

  /// True when a key can open the slot.
  [[nodiscard]] bool has_slot(int slot) const;
  /// The number of the first slot that is free. Fails with Code::refused when none is.
  [[nodiscard]] Result<int> free_slot() const;

  /// What tells that a slot is still the same one, as core/luks/slot_marks.hpp has it; empty for
  /// none, or where the header cannot be read any more.
  [[nodiscard]] std::string slot_mark(int slot) const;

  /// Wipes a slot. One that is empty is fine. Fails with Code::refused for the last.
  [[nodiscard]] Result<> remove_slot(int slot);

  /// The names that people gave to slots (LUKS2; kept in its tokens): slot → name.
  [[nodiscard]] std::map<int, std::string> slot_names() const;
  /// Names a slot, and forgets the name it had. A LUKS1 header has no room for
  /// names: Code::refused.
  [[nodiscard]] Result<> name_slot(int slot, const std::string& name);

 private:
  LuksDevice(std::unique_ptr<LuksSession> session, LuksHeader header, const LuksPlace& place);
  [[nodiscard]] static Result<LuksDevice> make(const LuksFormat& format);
  [[nodiscard]] int derive(const Secret& key, std::size_t slots,
                           const std::function<int(const Secret&)>& work) const;
  [[nodiscard]] Result<int> try_slots(const Secret& key, std::size_t slots) const;
  [[nodiscard]] Result<int> add(const Secret* existing, const Secret& key, int slot = any_slot);
  [[nodiscard]] Result<> refresh();

  std::unique_ptr<LuksSession> session_;
  LuksHeader header_;
  std::string name_;
  bool has_keys_;
};

/// Wipes a header with all its key slots, so that nothing opens the data any more; of a
/// header that is kept elsewhere, no byte beyond its key slots. Where there is nothing, nothing
/// is done. Fails with Code::refused for one with another UUID, and where something else than a
/// LUKS header is; Code::busy when the device or the header's is in use; Code::io, also when what
/// is there cannot be read.
[[nodiscard]] Result<> wipe_header(const LuksPlace& place);

/// Key sizes of a cipher when nobody says: 512 bits for XTS (two keys of 256).
[[nodiscard]] std::uint32_t usual_key_bits(const std::string& cipher);

}  // namespace latchkey
