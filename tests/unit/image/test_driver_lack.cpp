// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>

#include "core/image/driver_lack.hpp"
#include "support/catch.hpp"

using namespace latchkey;
using Lines = std::vector<std::string>;

namespace {

// A kernel that has these modules and aliases.
HasModule kernel(const Lines& names) {
  return [names](const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
}

}  // namespace

TEST_CASE("case 5: a kernel lacks a driver when another one has it and it has nothing instead") {
  const HasModule other = kernel({"e1000e", "pci:intel", "mpt2sas"});
  const DrivenDevice card{"e1000e", "pci:intel"};
  CHECK(driver_lack(card, kernel({"virtio_net"}), other) == DriverLack::certain);
  CHECK(driver_lack(card, kernel({"e1000e"}), other) == DriverLack::none);
  // By another driver, as a module of one's own and the kernel's are two for one card.
  CHECK(driver_lack(card, kernel({"pci:intel"}), other) == DriverLack::none);
  CHECK(driver_lack(card, kernel({}), kernel({})) == DriverLack::doubtful);
  CHECK(driver_lack({"", "pci:intel"}, kernel({}), other) == DriverLack::doubtful);
  // It may be called otherwise since.
  CHECK(driver_lack({"mpt2sas", ""}, kernel({"mpt3sas"}), other) == DriverLack::doubtful);
  CHECK(driver_lack({"", ""}, kernel({}), other) == DriverLack::none);
}

TEST_CASE("the drivers of disks and of their buses that a kernel lacks") {
  const HasModule other = kernel({"sd_mod", "megaraid_sas"});
  const std::vector<DrivenDevice> disk{{"sd_mod", "scsi:t-0x00"},
                                       {"megaraid_sas", "pci:raid"},
                                       {"pcieportdrv", "pci:port"}};  // no module anywhere
  CHECK(lacking_drivers({disk, disk}, kernel({"sd_mod"}), other) == Lines{"megaraid_sas"});
  CHECK(lacking_drivers({disk}, kernel({}), other) == Lines{"sd_mod", "megaraid_sas"});
  CHECK(lacking_drivers({disk}, other, other).empty());
  CHECK(lacking_drivers({}, kernel({}), other).empty());
}
