// SPDX-License-Identifier: GPL-3.0-or-later
// What cryptsetup-initramfs opens in early boot: by an image, and by what the machine's
// next image is going to be made from.
#pragma once

#include <sys/types.h>

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/base/result.hpp"
#include "sys/image/early_inputs.hpp"
#include "sys/storage/device.hpp"

namespace latchkey {

/// The mappings that Latchkey itself opens: of the keys volume and of every volume.
[[nodiscard]] std::vector<std::string> mappings_of(const EarlyInputs& inputs);

/// Takes devices by name and number; gives the names of those that the device `keys` lies on
/// through those of `all`. Not that of `keys` itself.
[[nodiscard]] std::vector<std::string> carriers_of(
    dev_t keys, const std::vector<std::pair<std::string, dev_t>>& devices,
    const std::vector<Mapping>& all);

/// The encrypted mappings that devices are, or lie on through those of `all`: what nobody reaches
/// before somebody else has opened these.
[[nodiscard]] std::vector<std::string> encrypted_below(const std::vector<dev_t>& devices,
                                                       const std::vector<Mapping>& all);

/// The same where all of the devices lie so; none where one lies outside.
[[nodiscard]] std::vector<std::string> encrypted_below_all(const std::vector<dev_t>& devices,
                                                           const std::vector<Mapping>& all);

/// Whether a volume group can get the keys volume. Fails with Code::refused where it lies in an
/// encrypted mapping, and as devices_of_vg.
[[nodiscard]] Result<> lies_outside(const std::string& vg);

/// Whether a keys volume that is in a volume group already can get another one beside it: a
/// disk of the group lies outside of every encrypted mapping. Fails as lies_outside.
[[nodiscard]] Result<> reaches_outside(const std::string& vg);

/// The names of the mappings that the running system's `/` and `/usr` lie on, directly or on a
/// volume group or array in them.
[[nodiscard]] std::set<std::string> mappings_under_system();

/// The encrypted mapping in which an active logical volume lies; empty: in none.
[[nodiscard]] std::string encrypted_around(const DeviceRef& lv);

/// The volumes on whose devices the keys volume lies, as errors. Those of inactive devices are
/// not seen.
[[nodiscard]] std::vector<Error> keys_inside(const DeviceRef& keys,
                                             const std::vector<Volume>& volumes);

/// The mappings that an image's tree opens so and that are no volumes of Latchkey.
[[nodiscard]] std::vector<std::string> opened_by_image(const std::string& tree,
                                                       const EarlyInputs& inputs);

/// The same, from /etc/crypttab: the lines with the option initramfs, and those for what
/// `/`, `/usr` and the resume device lie on. None where cryptsetup-initramfs is not installed.
[[nodiscard]] std::vector<std::string> opened_early(const Paths& paths, const EarlyInputs& inputs);

/// What opened_by_image and keys_inside find, as faults of the image.
[[nodiscard]] std::vector<Error> cryptroot_faults(const std::string& tree,
                                                  const EarlyInputs& inputs);

}  // namespace latchkey
