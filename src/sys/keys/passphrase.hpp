// SPDX-License-Identifier: GPL-3.0-or-later
// What a typed passphrase is as text: Unicode gives some characters more than one
// form, and keyboards and systems differ in which one they send.
#pragma once

#include <functional>

#include "core/base/result.hpp"
#include "sys/base/secret.hpp"

namespace latchkey {

/// What can be said of a passphrase without telling anything of it.
struct PassphraseLook {
  bool utf8 = true;         ///< it is a text; else its bytes are taken as they are
  bool ascii = true;        ///< any keyboard has all of its characters
  bool blank_ends = false;  ///< it begins or ends with a blank
  bool control = false;     ///< it holds a line end, a NUL or another control character but a
                            ///< tab: no terminal passes all of them on
  bool tilde = false;       ///< it begins with `~`, behind which ssh looks for words to itself
};

/// What of it a person should know before it is set. Tells nothing of its words.
[[nodiscard]] PassphraseLook look_at(const Secret& passphrase);

/// The composed form (NFC) that new passphrases are set in. One that is in it
/// already comes back as it is, and so does one that is no UTF-8. What it works on
/// never lies outside of a Secret.
[[nodiscard]] Secret composed(const Secret& passphrase);

/// What is left of a typed line without what terminals put into it: take_back.
[[nodiscard]] Secret taken_back(const Secret& typed);

/// Tries a passphrase that exists: each of passphrase_candidates() as it came and then, where
/// that differs, composed; before both, where it holds what terminals put in, what is left without
/// that. Then what a text in UTF-16 says, and a recovery key that was typed in capitals or with
/// other gaps. Last the first candidate taken apart (NFD), as something else may have set it. This
/// is the one place that decides which forms count as the same passphrase. `use` says how a try
/// came out; another is made only after Code::denied.
[[nodiscard]] Result<> try_forms(const Secret& passphrase,
                                 const std::function<Result<>(const Secret&)>& use);

/// The bytes again, in a Secret of their own.
[[nodiscard]] Secret copy_of(const Secret& secret);

}  // namespace latchkey
