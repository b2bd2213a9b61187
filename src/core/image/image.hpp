// SPDX-License-Identifier: GPL-3.0-or-later
// What goes into an initramfs image, as text: decisions without effects.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "core/config/config.hpp"
#include "core/config/volume.hpp"
#include "core/ssh/authorized_keys.hpp"
#include "core/ssh/door_keys.hpp"

namespace latchkey {

/// Places in an image, from its root.
inline constexpr const char* image_unlocker = "/usr/sbin/latchkey-unlock";
inline constexpr const char* image_dropbear = "/usr/lib/latchkey/dropbear";
inline constexpr const char* image_home = "/etc/latchkey/root";  ///< of root's login
inline constexpr const char* image_authorized_keys = "/etc/latchkey/root/.ssh/authorized_keys";
inline constexpr const char* image_dhcp_event = "/usr/lib/latchkey/dhcp-event";

/// /etc/latchkey/image in an image: what it is, and whether its boot waits.
struct ImageInfo {
  std::string version{};  ///< of Latchkey
  std::string config{};   ///< digest of all that the image was made from
  bool wait = true;       ///< false: boots on to the real sshd without waiting
  std::string reason{};   ///< why it boots on

  bool operator==(const ImageInfo&) const = default;
};

/// Gives the file's text: lines `key=value` that the boot scripts grep.
[[nodiscard]] std::string to_text(const ImageInfo& info);

/// Reads it back. Fails with Code::damaged when it does not say the mode.
[[nodiscard]] Result<ImageInfo> parse_image_info(std::string_view text);

/// What is told to the unlocker about each of these keys, whose fingerprints these are: the words
/// of every key, and those that the configuration grants to all, to its fingerprint, or to its
/// comment, where no other key has the same.
[[nodiscard]] std::vector<DoorKey> describe_keys(const SshConfig& config,
                                                 const std::vector<AuthorizedKey>& keys,
                                                 const std::vector<std::string>& fingerprints);

/// Takes an image's /etc/passwd; gives it with root's line replaced by one whose
/// home holds our authorized_keys and whose shell is the unlocker: whoever logs
/// in gets that and no shell.
[[nodiscard]] std::string image_passwd(std::string_view existing);

/// True when a login of root's, by this /etc/passwd, is one that image_passwd made.
[[nodiscard]] bool has_image_login(std::string_view passwd);

/// Takes /etc/group; gives it with a line for root when it has none.
[[nodiscard]] std::string image_group(std::string_view existing);

/// Takes /etc/shells; gives it with the unlocker in it: Dropbear refuses a login
/// whose shell is not listed.
[[nodiscard]] std::string image_shells(std::string_view existing);

/// True when this /etc/shells names the unlocker.
[[nodiscard]] bool allows_image_login(std::string_view shells);

/// Takes /etc/lvm/lvmlocal.conf and the system ID that LVM has on this machine; gives the
/// file with it said in words (see lvmsystemid(7)): early boot has neither the host name
/// nor the machine-id that LVM may make it of, and without it every volume group that
/// belongs to this machine is a stranger's.
[[nodiscard]] std::string image_lvmlocal(std::string_view existing, const std::string& system_id);

/// True when a line of the volumes file is mounted on `/` or `/usr`, without which there is no
/// system to boot on to. Asked of the raw
/// text, since it matters most when the file cannot be parsed.
[[nodiscard]] bool root_is_a_volume(std::string_view volumes_text);

/// True when early boot needs lvm for these devices.
[[nodiscard]] bool needs_lvm(const DeviceRef& keys, const std::vector<Volume>& volumes);

/// A name of `[ssh.grants]` that grants nothing, and why, as in messages.
struct IdleGrant {
  std::string name{};
  std::string why{};
};

/// The names that are no key's comment or fingerprint, and those that several keys have.
[[nodiscard]] std::vector<IdleGrant> idle_grants(const SshConfig& config,
                                                 const std::vector<AuthorizedKey>& keys,
                                                 const std::vector<std::string>& fingerprints);

}  // namespace latchkey
