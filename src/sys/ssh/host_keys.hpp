// SPDX-License-Identifier: GPL-3.0-or-later
// The host keys of early boot, in /etc/latchkey/hostkeys: TYPE.dropbear, TYPE.pub
// and machine-id. They are made once, stay, and are never those of the real sshd.
#pragma once

#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "sys/config/setup.hpp"

namespace latchkey {

/// One host key that Dropbear can read.
struct HostKey {
  std::string path{};         ///< of the private key, with the root prefix
  std::string file{};         ///< `ed25519.dropbear`
  std::string public_line{};  ///< `ssh-ed25519 AAAA…`, without a comment
};

/// What is in the directory: keys that can be used together (choose_host_keys), and what is
/// wrong there.
struct HostKeys {
  std::vector<HostKey> keys{};
  std::vector<Error> warnings{};  ///< unreadable keys, those left out, other files, open
                                  ///< modes, another machine's id or none
};

/// Makes the host keys that are missing (ed25519 and ecdsa, when there is no key
/// at all; otherwise what is there is all that is wanted) and the .pub files that
/// are missing or show another key, each created with its final mode; remembers this machine's id
/// beside them, or that it had none. Running it again changes nothing. Fails when the directory or
/// a key cannot be made; keys made until then stay.
[[nodiscard]] Result<> make_host_keys(const Paths& paths);

/// Has Dropbear's own program read a private key; gives its public line, `ssh-ed25519 AAAA…`.
/// Fails with Code::damaged for what is none, and as run_ok.
[[nodiscard]] Result<std::string> public_line(const Paths& paths, const std::string& file);

/// Reads what is there, without changing anything.
[[nodiscard]] HostKeys read_host_keys(const Paths& paths);

}  // namespace latchkey
