// SPDX-License-Identifier: GPL-3.0-or-later
#include <filesystem>
#include <fstream>

#include "core/storage/activation.hpp"
#include "support/catch.hpp"
#include "support/temp_folder.hpp"
#include "sys/storage/md.hpp"
#include "sys/storage/multipath.hpp"

using namespace latchkey;
using std::chrono::seconds;
using Attempts = std::vector<ActivationAttempt>;
using Lines = std::vector<std::string>;

TEST_CASE("case 43: what is whole comes first, then what can do without a lost disk") {
  CHECK(activation_attempts(seconds(3), seconds(30)) ==
        Attempts{{seconds(3), false}, {seconds(10), true}, {seconds(20), true}});
  CHECK(activation_attempts(seconds(0), seconds(30)) ==
        Attempts{{seconds(0), false}, {seconds(10), true}, {seconds(20), true}});
}

TEST_CASE("case 43: however long a device may take, storage is helped up before that") {
  for (const int patience : {0, 3})
    for (const int limit : {1, 2, 3, 4, 7, 15, 30, 31, 600, 86400}) {
      INFO(patience << " of " << limit);
      const Attempts attempts = activation_attempts(seconds(patience), seconds(limit));
      REQUIRE(attempts.size() <= 20);
      CHECK_FALSE(attempts.front().degraded);
      for (std::size_t i = 1; i < attempts.size(); ++i) {
        CHECK(attempts[i].degraded);
        CHECK(attempts[i].after >= attempts[i - 1].after);
        CHECK(attempts[i].after < seconds(limit));
      }
      if (limit > patience) CHECK(attempts.back().degraded);
    }
}

TEST_CASE("only what may be a logical volume is asked of lvm") {
  std::vector<DeviceRef> devices;
  for (const char* text : {"vg/a-b", "/dev/vg/c", "/dev/mapper/vg-d", "/dev/md0", "UUID=12",
                           "/dev/disk/by-id/x", "/dev/md/home", "/dev/disk/x"})
    devices.push_back(*parse_device_ref(text));
  CHECK(possible_lvs(devices) == Lines{"vg/a-b", "/dev/vg/c", "/dev/mapper/vg-d"});
}

TEST_CASE("case 43: an array that waits for a disk is told from one that runs") {
  const test::TempFolder root;
  const auto block = std::filesystem::path(root.path()) / "sys/block";
  const auto array = [&](const std::string& name, const std::string& state) {
    std::filesystem::create_directories(block / name / "md");
    std::ofstream(block / name / "md/array_state") << state << "\n";
  };
  std::filesystem::create_directories(block / "vda");
  array("md0", "clean");
  array("md127", "inactive");
  CHECK(waiting_arrays(root.path()) == Lines{"md127"});
  CHECK(waiting_arrays(root.path() + "/nowhere").empty());
}

TEST_CASE("case 43: maps of disks that come late are asked for where no daemon makes them") {
  const test::TempFolder root;
  const auto program = [&](const std::string& path) {
    std::filesystem::create_directories(std::filesystem::path(root.file(path)).parent_path());
    std::ofstream(root.file(path)) << "";
    std::filesystem::permissions(root.file(path), std::filesystem::perms(0755));
  };
  CHECK_FALSE(makes_maps_when_called(root.path()));
  program("sbin/multipath");
  CHECK(makes_maps_when_called(root.path()));
  program("sbin/multipathd");
  CHECK_FALSE(makes_maps_when_called(root.path()));
}
