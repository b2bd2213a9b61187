// SPDX-License-Identifier: GPL-3.0-or-later
// /etc/latchkey/latchkey.conf: TOML, every key optional but [keys] device.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "core/config/device_ref.hpp"
#include "core/network/network_config.hpp"

namespace latchkey {

/// `[keys]`: the keys volume.
struct KeysVolume {
  DeviceRef device;
  std::string mapping = "cleartext-keys";
  std::string uuid{};  ///< when set, the LUKS UUID that the header must have
};

/// What early boot does when `[boot] wait` is over.
enum class Then { carry_on, poweroff, reboot };

/// `[boot]`: early boot.
struct BootConfig {
  std::optional<std::chrono::seconds> wait{};  ///< nothing: for ever
  Then then = Then::carry_on;
  std::chrono::seconds device_timeout{30};  ///< how long a device may take to appear
  std::chrono::seconds open_timeout{60};    ///< how long one data volume may take to open
};

/// The words an ssh key may be granted in early boot.
enum class Word { unlock, status, log, carry_on, reboot, poweroff, shell };

/// `[ssh]`: the early door.
struct SshConfig {
  std::uint16_t port = 22;
  std::set<Word> grant{};  ///< granted to every key beyond the default words
  /// Granted to single keys, by the key's comment or fingerprint.
  std::map<std::string, std::set<Word>> grants{};
};

/// `[release]`: fsck, mount, release.
struct ReleaseConfig {
  bool fsck = true;
  std::chrono::seconds service_timeout{90};  ///< how long a service may take to start
};

struct Config {
  KeysVolume keys;
  BootConfig boot;
  SshConfig ssh;
  NetworkConfig network;
  ReleaseConfig release;
};

/// Takes the text of the file and the name to use in messages; gives the
/// configuration. Fails with Code::config, naming line, column, the offending
/// text and the nearest valid word; unknown keys are errors.
[[nodiscard]] Result<Config> parse_config(std::string_view text, std::string_view file);

/// The words that every key has without being granted any.
[[nodiscard]] const std::set<Word>& default_words();

/// The word as it is typed (`continue` for Word::carry_on).
[[nodiscard]] std::string_view word_text(Word word);

/// Gives the word that a text names, or nothing.
[[nodiscard]] std::optional<Word> parse_word(std::string_view text);

}  // namespace latchkey
