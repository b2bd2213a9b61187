// SPDX-License-Identifier: GPL-3.0-or-later
// Releases and locks whose caller goes away.
#include <unistd.h>

#include "cli/place.hpp"
#include "support/child.hpp"

using namespace latchkey;
using namespace latchkey::test;

TEST_CASE("a lock goes on to its end when nobody reads what it prints") {
  if (::geteuid() != 0) return;
  const Place place;
  place.put("etc/latchkey/latchkey.conf", "[keys]\ndevice = \"no-such-vg/encrypted-keys\"\n");
  place.put("etc/latchkey/volumes", "data no-such-vg/encrypted-data /srv/no-such-data ext4\n");
  place.put("etc/latchkey/services", "no-such-unit\n");
  const std::string marker = place.put("run/latchkey/released/no-such-unit.service", "");
  // A pipe whose reader has ended.
  const Done done =
      run_program({"/bin/bash", "-c", "exec 3> >(exit 0); wait $!; exec \"$@\" >&3 2>&3", "bash",
                   LATCHKEY_PROGRAM, "--root", place.path(), "lock"});
  CHECK(done.status == 0);
  CHECK_FALSE(std::filesystem::exists(marker));
}

TEST_CASE("the boot releases what is held where no volume is configured any more") {
  if (::geteuid() != 0) return;
  const Place place;
  place.put("etc/latchkey/latchkey.conf", "[keys]\ndevice = \"no-such-vg/encrypted-keys\"\n");
  place.put("etc/latchkey/services", "no-such-unit\n");
  const auto boot = [&](const std::string& volumes) {
    place.put("etc/latchkey/volumes", volumes);
    const Done done =
        run_program({LATCHKEY_PROGRAM, "--root", place.path(), "release-services", "--boot"});
    INFO(done.output);
    CHECK(contains(done.output, "were not opened") == !volumes.empty());
    return std::filesystem::exists(place.path("run/latchkey/released/no-such-unit.service"));
  };
  CHECK_FALSE(boot("data no-such-vg/encrypted-data none ext4\n"));
  CHECK(boot(""));
}
