// SPDX-License-Identifier: GPL-3.0-or-later
// Key files of a keys volume that is in use, compared with those of a backup and put
// back from there.
#pragma once

#include <string>

#include "core/base/result.hpp"
#include "core/keys/restore_keys.hpp"
#include "sys/base/secret.hpp"
#include "sys/luks/luks.hpp"

namespace latchkey {

/// Tries both keys on a volume's header; nullptr: there is none. Fails with Code::memory
/// and others that are no answer.
[[nodiscard]] Result<KeyFact> try_keys(const LuksDevice& header, const Secret* live,
                                       const Secret* saved);

/// Writes a key file that was lost, or does not fit its header, into the directory of an
/// open keys volume. One that is there stays under another name, which is given (empty:
/// there was none). After a power cut the old or the new one is there, whole. Fails with
/// Code::usage for a name with a slash, Code::io.
[[nodiscard]] Result<std::string> put_key_back(int directory, const std::string& file,
                                               const Secret& saved);

}  // namespace latchkey
