// SPDX-License-Identifier: GPL-3.0-or-later
// What cryptsetup-initramfs opens in early boot, by its own prompt, beside Latchkey.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"

namespace latchkey {

/// True for a mapping that early boot opens; `marked`: its line has the option initramfs.
using OpenedEarly = std::function<bool(const std::string& mapping, bool marked)>;

/// Takes the text of a crypttab; gives the mappings that `early` picks and that keep early ssh
/// from being a way in: a person is asked for them, or one of `carrying` is among them, on which
/// Latchkey's volumes lie, since that prompt comes after its own. Not those of `ours`, the
/// mappings of Latchkey's volumes, which it finds open. One with a key file, or a key script
/// of another kind than cryptsetup's that ask (decrypt_…), opens by itself.
[[nodiscard]] std::vector<std::string> foreign_openings(std::string_view crypttab,
                                                        const std::vector<std::string>& ours,
                                                        const std::set<std::string>& carrying,
                                                        const OpenedEarly& early);

/// Why a volume that the keys volume itself lies on cannot be one of Latchkey's, and what to do.
[[nodiscard]] Error keys_lie_inside(const std::string& volume);

/// The script by which the package dropbear-initramfs is known.
inline constexpr const char* other_early_ssh_script =
    "/usr/share/initramfs-tools/scripts/init-premount/dropbear";

/// Why the package dropbear-initramfs is no good company, and what to do.
[[nodiscard]] Error other_early_ssh();

/// Why a volume group that lies in this encrypted mapping cannot get the keys volume, and what
/// to do.
[[nodiscard]] Error keys_would_lie_inside(const std::string& vg, const std::string& mapping);

/// Why a logical volume that LVM put into this encrypted mapping is no keys volume, and what to
/// do. `removed`: it is gone again.
[[nodiscard]] Error keys_were_put_inside(const std::string& lv, const std::string& mapping,
                                         bool removed);

/// Why early ssh of Latchkey is no way in while this mapping is opened so, and what to do.
[[nodiscard]] Error foreign_opening(const std::string& mapping);

}  // namespace latchkey
