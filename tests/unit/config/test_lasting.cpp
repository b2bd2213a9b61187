// SPDX-License-Identifier: GPL-3.0-or-later
#include <sys/mount.h>

#include "support/alone.hpp"
#include "support/catch.hpp"
#include "sys/base/fd.hpp"
#include "sys/config/lasting.hpp"

using namespace latchkey;

// As overlayroot mounts root, and systemd.volatile=overlay.
TEST_CASE("what is set up in an overlay on memory is told to be gone at the next boot") {
  const std::string complaint = test::alone([]() -> std::string {
    if (::mount("tmpfs", "/mnt", "tmpfs", 0, "") != 0) return "no tmpfs";
    for (const char* name : {"/mnt/upper", "/mnt/work", "/mnt/root"})
      if (!make_directories(name, 0755)) return "no directory";
    if (::mount("overlay", "/mnt/root", "overlay", 0,
                "lowerdir=/usr,upperdir=/mnt/upper,workdir=/mnt/work") != 0)
      return "no overlay";
    const auto said = why_not_lasting("/mnt/root/no/such/directory");
    if (said != "'/mnt/root' lies in an overlay, which keeps changes in memory")
      return said.value_or("nothing is told of an overlay");
    if (why_not_lasting("/mnt/upper") != "'/mnt/upper' lies in memory") return "nor of a tmpfs";
    if (::umount("/mnt/root") != 0) return "it cannot be unmounted";
    if (::mount("overlay", "/mnt/root", "overlay", 0, "lowerdir=/usr:/mnt/upper") != 0)
      return "no overlay that is read only";
    if (why_not_lasting("/mnt/root")) return "an overlay without an upper layer is told";
    return "";
  });
  if (complaint == "no overlay") {
    (void)test::skip("needs a kernel with overlayfs");
    return;
  }
  CHECK(complaint == "");
}

TEST_CASE("of what a test has set up in memory nothing is told") {
  REQUIRE(why_not_lasting("/dev/shm"));
  CHECK_FALSE(settings_are_lost({"/dev/shm"}));
}
