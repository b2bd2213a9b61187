// SPDX-License-Identifier: GPL-3.0-or-later
// Answers as lvm 2.03.16 and 2.03.31 print them.
#include <string>
#include <vector>

#include "core/storage/lvm_filter.hpp"
#include "support/catch.hpp"

using namespace latchkey;
using Words = std::vector<std::string>;

namespace {

std::string lvm_said(const std::string& filter, const std::string& global_filter,
                     const std::string& devices_file = "0") {
  return "use_devicesfile=" + devices_file + "\nfilter=" + filter +
         "\nglobal_filter=" + global_filter + "\n";
}

constexpr const char* all = "[\"a|.*|\"]";
const Words disk{"/dev/sdb", "/dev/cciss/c0d0"};

}  // namespace

TEST_CASE("a disk that hangs: LVM's filter that nobody uses keeps it away") {
  const std::string ours = R"(=["r|^/dev/sdb$|","r|^/dev/cciss/c0d0$|"]})";
  CHECK(lvm_without(lvm_said(all, all), disk, false) == Words{"--config", "devices{filter" + ours});
  CHECK(lvm_without(lvm_said(all, R"("r|^/dev/sdc$|")"), disk, false) ==
        Words{"--config", "devices{filter" + ours});
  CHECK(lvm_without(lvm_said(R"(["a|^/dev/disk/by-id/.*|","r|.*|"])", all), disk, false) ==
        Words{"--config", "devices{global_filter" + ours});
  const Words odd{"/dev/a+b|c"};
  CHECK(lvm_without(lvm_said(all, all), odd, false).back() ==
        R"(devices{filter=["r|^/dev/a.b.c$|"]})");
}

// A copy of the keys volume's disk, or a guest's, that the owner hides would be taken for theirs.
TEST_CASE("a disk that hangs: what the owner hides from LVM stays hidden") {
  const char* const own = R"(["r|^/dev/sdc$|"])";
  CHECK(lvm_without(lvm_said(own, own), disk, false).empty());
  CHECK(lvm_without(lvm_said(all, all, "1"), disk, true).empty());
  // It is not gone by while it is not there.
  CHECK_FALSE(lvm_without(lvm_said(all, all, "1"), disk, false).empty());
  CHECK(lvm_without("", disk, false).empty());
  CHECK(lvm_without("use_devicesfile=0\n", disk, false).empty());
  CHECK(lvm_without(lvm_said(all, all), {}, false).empty());
}
