// SPDX-License-Identifier: GPL-3.0-or-later
// The farewell of early boot in a network namespace of this test's own. Needs root, busybox
// and iproute2, and the program door-host beside this one. Hidden: asked for by `[netns]`.
#include <sys/stat.h>

#include <array>

#include "support/netns.hpp"

using namespace latchkey;
using namespace latchkey::test;

namespace {

// A farewell in which this script stands in the place of busybox, for this test's own view
// of files only.
RunResult farewell_with_busybox(const World& world, const std::string& script) {
  const std::string mine = world.root + "/busybox-script";
  world.file("/busybox-script", script);
  fs::permissions(mine, fs::perms::owner_all);
  const std::string busybox = find_program("busybox");
  REQUIRE(::mount(mine.c_str(), busybox.c_str(), nullptr, MS_BIND, nullptr) == 0);
  const RunResult bye = world.run_unlock("farewell");
  REQUIRE(::umount(busybox.c_str()) == 0);
  return bye;
}

// A door that has its address from the command line, in a world that was as `before`.
class FixedDoor {
 public:
  FixedDoor() {
    CHECK(eventually(5s, [] { return has_address("192.0.2.77/24"); }));
  }
  const World world{};
  const Peer peer{};
  const std::string before = world.state();

 private:
  [[nodiscard]] Process open() const {
    world.file("/etc/latchkey/latchkey.conf", door_config);
    world.file("/proc/cmdline", "ip=192.0.2.77::192.0.2.1:24::nic0:none");
    return Process(world.door(), world.root + "/door.out");
  }
  const Process door_ = open();
};

// Somebody who connects and goes away, as often as one processor lets him.
class Flood {
 public:
  explicit Flood(std::uint16_t port) {
    pid_ = ::fork();
    if (pid_ != 0) return;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    while (true) (void)session(port);
  }
  Flood(const Flood&) = delete;
  Flood& operator=(const Flood&) = delete;
  ~Flood() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }

 private:
  pid_t pid_ = 0;
};

}  // namespace

TEST_CASE("farewell leaves the link up that a network block device is reached by", "[.netns]") {
  if (!possible()) return;
  const World world;
  const Peer peer;
  REQUIRE(::mount("tmpfs", (world.root + "/sys/block").c_str(), "tmpfs", 0, nullptr) == 0);
  fs::create_directories(world.root + "/sys/block/nbd0");
  const auto up_after_farewell = [&world] {
    fs::create_directories(world.root + "/run/latchkey/early");
    world.file("/run/latchkey/early/links", "nic0\n");
    must({"ip", "link", "set", "nic0", "up"});
    CHECK(world.run_unlock("farewell").status == 0);
    return world.text("/sys/class/net/nic0/flags") == "0x1003\n";
  };
  CHECK_FALSE(up_after_farewell());  // one that is not connected needs no network
  world.file("/sys/block/nbd0/pid", "1");
  CHECK(up_after_farewell());
}

TEST_CASE("a farewell that cannot bring a link back says so and is done again", "[.netns]") {
  if (!possible()) return;
  const FixedDoor door;
  const World& world = door.world;
  // A busybox whose ip does nothing any more; for this test's own view of files only.
  const RunResult bye = farewell_with_busybox(world, "#!/bin/sh\nexit 1\n");
  INFO(bye.output);
  CHECK(bye.status == exit_status(Code::partial));
  CHECK(has_address("192.0.2.77/24"));
  CHECK(world.processes("/usr/lib/latchkey/dropbear").empty());
  CHECK(fs::exists(world.root + "/run/latchkey/early/links"));
  CHECK(world.run_unlock("farewell").status == 0);
  CHECK(world.state() == door.before);
  CHECK_FALSE(fs::exists(world.root + "/run/latchkey/early"));
}

TEST_CASE("a farewell on a machine that stalls for a moment brings the links back", "[.netns]") {
  if (!possible()) return;
  const FixedDoor door;
  const World& world = door.world;
  // A busybox whose first call of ip comes to nothing in its time.
  const std::string real = world.root + "/busybox";
  const std::string stalled = world.root + "/stalled";
  fs::copy_file(find_program("busybox"), real);
  const RunResult bye =
      farewell_with_busybox(world, "#!/bin/sh\n[ -e " + stalled + " ] || { : >" + stalled +
                                       "; exec sleep 60; }\nexec " + real + " \"$@\"\n");
  INFO(bye.output);
  CHECK(fs::exists(stalled));
  CHECK(bye.status == 0);
  CHECK(world.state() == door.before);
  CHECK_FALSE(fs::exists(world.root + "/run/latchkey/early"));
}

TEST_CASE("farewell ends early ssh while somebody connects to it all the time", "[.netns]") {
  if (!possible()) return;
  const FixedDoor door;
  const World& world = door.world;
  REQUIRE(eventually(5s, [] { return bool(session(2222)); }));
  const std::array<Flood, 3> flood{Flood(2222), Flood(2222), Flood(2222)};
  ::poll(nullptr, 0, 500);
  const auto begin = Clock::now();
  const RunResult bye = world.run_unlock("farewell");
  INFO(bye.output);
  CHECK(seconds_since(begin) < 10);
  CHECK(bye.status == 0);
  CHECK(world.processes("/usr/lib/latchkey/dropbear").empty());
  CHECK(world.state() == door.before);
  CHECK_FALSE(fs::exists(world.root + "/run/latchkey/early"));
}
