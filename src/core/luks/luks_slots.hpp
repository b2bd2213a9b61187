// SPDX-License-Identifier: GPL-3.0-or-later
// What the key slots of a LUKS header cost, read from its bytes alone (see
// luks_ciphers.hpp for why), and which of them are worth a word.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "core/luks/luks_limits.hpp"

namespace latchkey {

/// A slot that a random key opens at no cost has at most so many rounds of pbkdf2.
inline constexpr std::uint64_t most_cheap_rounds = 1000;
/// True for a slot of pbkdf2 with no more than these.
[[nodiscard]] bool is_cheap(const SlotCost& slot);
/// Fewer rounds than these are too few for what a person can remember.
inline constexpr std::uint64_t least_passphrase_rounds = 100'000;

/// Takes a header's bytes, as many as luks_header_size says; gives the slots in
/// use, by number. Slots without a key derivation (of a reencryption) are left
/// out. Fails with Code::damaged when the header cannot be read.
[[nodiscard]] Result<std::vector<SlotCost>> parse_luks_slots(std::string_view bytes);

/// Takes the bytes of a LUKS1 header; gives the rounds of pbkdf2 that prove the key which a slot
/// gave, since libcryptsetup does not tell them. Nothing when they are those of no LUKS1 header.
[[nodiscard]] std::optional<std::uint64_t> luks1_digest_rounds(std::string_view bytes);

/// The same of a LUKS2 header's JSON: the costliest digest. Nothing when one does not say it as
/// a number, which libcryptsetup makes one of all the same.
[[nodiscard]] std::optional<std::uint64_t> luks2_digest_rounds(std::string_view json);

/// The token of a LUKS2 header that holds the name of a key slot: its type.
inline constexpr const char* slot_name_token = "latchkey-name";

/// The name of a slot that holds a recovery key: the next key of this name takes its
/// place, so no passphrase may have it.
inline constexpr const char* recovery_slot_name = "recovery";

/// Takes the name that a passphrase is to have. Fails with Code::usage when it is none, or
/// the one of recovery keys.
[[nodiscard]] Result<> judge_passphrase_name(const std::string& name);

/// The name of the passphrase that takes the place of one with this name: the same, but
/// none for a recovery key, since what a person remembers is no key on paper.
[[nodiscard]] std::string inherited_slot_name(const std::string& name);

/// The slots with older recovery keys, by the names of all slots: not the one of the new
/// key (`fresh`), and not the one that was opened by what was typed (`opened`).
[[nodiscard]] std::vector<int> older_recovery_slots(const std::map<int, std::string>& names,
                                                    int fresh, int opened);

/// Takes a header's bytes; gives the names that people gave to its slots, by slot.
/// None for LUKS1, and for a header that cannot be read.
[[nodiscard]] std::map<int, std::string> parse_slot_names(std::string_view bytes);

/// Takes a header's bytes. True when it says that a reencryption is under way, or asks for
/// another feature that whoever opens it must know: such a volume is not opened (see
/// luks_limits.hpp). Never for LUKS1, nor for a header that cannot be read.
[[nodiscard]] bool has_requirements(std::string_view bytes);

/// Gives the warning for a data volume that no cheap slot opens, or nothing.
[[nodiscard]] std::optional<Error> judge_data_slots(std::span<const SlotCost> slots,
                                                    const std::string& name);

/// Gives the warnings for a keys volume, whose slots passphrases open, on a machine
/// with so much memory (0: unknown): a slot that early boot may lack the memory for,
/// one that is too cheap to guess at, and no slot at all.
[[nodiscard]] std::vector<Error> judge_keys_slots(std::span<const SlotCost> slots,
                                                  std::uint64_t machine_kib);

/// A slot for people: `'alice' (slot 1)`, or `slot 1` when it has no name.
[[nodiscard]] std::string slot_text(const std::map<int, std::string>& names, int slot);

}  // namespace latchkey
