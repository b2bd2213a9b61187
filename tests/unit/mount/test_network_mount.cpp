// SPDX-License-Identifier: GPL-3.0-or-later
#include <stdlib.h>

#include "support/catch.hpp"
#include "support/temp_folder.hpp"
#include "sys/base/fd.hpp"
#include "sys/mount/network_mount.hpp"

using namespace latchkey;

TEST_CASE("a mount that needs the network is noted where systemd looks, until it goes") {
  const test::TempFolder folder;
  const std::string table = folder.file("utab");
  REQUIRE(write_file(table, "", 0644));
  REQUIRE(::setenv("LIBMOUNT_UTAB", table.c_str(), 1) == 0);
  Volume volume;
  volume.name = "far";
  volume.mapping = "cleartext-far";
  volume.mount_point = "/srv/far";
  volume.fs_type = "ext4";
  volume.mount_options = "noatime";
  CHECK_FALSE(needs_network(volume));
  volume.mount_options = "noatime,_netdev";
  CHECK(needs_network(volume));
  REQUIRE(note_network_mount(volume));
  const auto noted = read_file(table);
  REQUIRE(noted);
  INFO(*noted);
  for (const char* part : {"SRC=/dev/mapper/cleartext-far ", "TARGET=/srv/far ", "OPTS=_netdev"})
    CHECK(noted->find(part) != std::string::npos);
  drop_network_mount(volume);
  CHECK(*read_file(table) == "");
  REQUIRE(::unsetenv("LIBMOUNT_UTAB") == 0);
}
