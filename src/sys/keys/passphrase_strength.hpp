// SPDX-License-Identifier: GPL-3.0-or-later
// How hard a passphrase is to guess, by libzxcvbn.
#pragma once

#include "core/base/result.hpp"
#include "sys/base/secret.hpp"

namespace latchkey {

/// The bits of it, estimated from words, names, dates, keyboard patterns and their
/// usual disguises. Fails as Worker::fork, and with Code::io when no estimate comes.
[[nodiscard]] Result<double> passphrase_bits(const Secret& passphrase);

/// The least that is taken. A try costs an attacker about a second of a machine with
/// the memory of this one: at 45 bits a million such machines are busy for a year.
inline constexpr double least_passphrase_bits = 45;

}  // namespace latchkey
