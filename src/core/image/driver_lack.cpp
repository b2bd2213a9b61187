// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/image/driver_lack.hpp"

#include "core/base/lists.hpp"

namespace latchkey {

DriverLack driver_lack(const DrivenDevice& device, const HasModule& here,
                       const HasModule& elsewhere) {
  const bool named = !device.driver.empty();
  const bool known = !device.alias.empty();
  if (!named && !known) return DriverLack::none;
  if ((named && here(device.driver)) || (known && here(device.alias))) return DriverLack::none;
  // Drivers that are part of every kernel are no modules by any name.
  return named && known && elsewhere(device.driver) ? DriverLack::certain : DriverLack::doubtful;
}

std::vector<std::string> lacking_drivers(const std::vector<std::vector<DrivenDevice>>& disks,
                                         const HasModule& here, const HasModule& elsewhere) {
  std::vector<std::string> out;
  for (const auto& disk : disks)
    for (const DrivenDevice& device : disk)
      if (driver_lack(device, here, elsewhere) == DriverLack::certain) add_once(out, device.driver);
  return out;
}

}  // namespace latchkey
