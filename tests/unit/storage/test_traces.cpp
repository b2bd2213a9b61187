// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/storage/traces.hpp"
#include "support/catch.hpp"

using namespace latchkey;

TEST_CASE("Should 5: swap areas as the kernel lists them") {
  CHECK(swap_areas("").empty());
  CHECK(swap_areas("Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n").empty());
  CHECK(swap_areas("Filename Type Size Used Priority\n/dev/dm-3 partition 1 0 -2\n"
                   "/my\\040swap file 1 0 -3\n/dev/zram0 partition 1 0 100\n") ==
        std::vector<std::string>{"/dev/dm-3", "/my swap"});
}

TEST_CASE("Should 5: where a crashed kernel's memory goes") {
  CHECK(crash_directory("") == "");
  CHECK(crash_directory("#USE_KDUMP=1\nUSE_KDUMP=0\n") == "");
  CHECK(crash_directory("USE_KDUMP=1\n") == "/var/crash");
  CHECK(crash_directory("USE_KDUMP=\"1\"\nKDUMP_COREDIR=\"/srv/dumps\"\n") == "/srv/dumps");
  CHECK(crash_directory("USE_KDUMP=1\nKDUMP_COREDIR=\"$PLACE\"\n") == "/var/crash");
  for (const char* place : {"NFS=\"host:/dumps\"", "SSH=root@host", "FTP=ftp.example.com"})
    CHECK(crash_directory("USE_KDUMP=1\n" + std::string(place) + "\n") == "");
  CHECK(crash_directory("USE_KDUMP=1\n#SSH=root@host\nNFS=\"\"\n") == "/var/crash");
}
