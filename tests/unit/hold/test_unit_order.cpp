// SPDX-License-Identifier: GPL-3.0-or-later
// What the boot wants before the release cannot be held for it.
#include <map>

#include "core/hold/unit_order.hpp"
#include "support/catch.hpp"
#include "sys/hold/unit_order.hpp"

using namespace latchkey;

namespace {

using Names = std::vector<std::string>;

Names before(const Names& units) {
  static const std::map<std::string, Names> order{
      {"nginx.service", {"multi-user.target", "shutdown.target"}},
      {"multi-user.target", {"graphical.target", "shutdown.target"}},
      {"graphical.target", {"multi-user.target"}},
      {"shutdown.target", {"local-fs.target"}},
      {"zfs-import-cache.service", {"zfs-import.target"}},
      {"zfs-import.target", {"zfs-mount.service", "zfs-import-cache.service"}},
      {"zfs-mount.service", {"local-fs.target", "shutdown.target"}},
      {"srv-x.mount", {"umount.target", "local-fs.target"}},
      {"late.service", {"latchkey-release.service"}},
  };
  Names out;
  for (const std::string& unit : units)
    if (const auto found = order.find(unit); found != order.end())
      out.insert(out.end(), found->second.begin(), found->second.end());
  return out;
}

}  // namespace

TEST_CASE("what the boot wants before the release is found over any number of units") {
  CHECK(reached_before_release({"zfs-import-cache.service"}, before) == "local-fs.target");
  CHECK(reached_before_release({"srv-x.mount"}, before) == "local-fs.target");
  CHECK(reached_before_release({"late.service"}, before) == "latchkey-release.service");
  // Also among others, and not by what a shutdown does.
  CHECK_FALSE(reached_before_release({"nginx.service", "unknown.service"}, before));
  CHECK(reached_before_release({"nginx.service", "srv-x.mount"}, before) == "local-fs.target");
  CHECK_FALSE(reached_before_release({}, before));
}

TEST_CASE("the refusal of such a unit says what to do instead") {
  const Error mount = too_early_error("srv-x.mount", "local-fs.target");
  CHECK(mount.code == Code::refused);
  CHECK(mount.what == "cannot hold 'srv-x.mount'");
  CHECK(mount.hint ==
        "add nofail,x-systemd.after=latchkey-release.service to its options in /etc/fstab; "
        "then: systemctl daemon-reload, and latchkey hold srv-x.mount");
  CHECK(too_early_error("srv-my\\x2ddata.mount", "local-fs.target")
            .hint.ends_with("latchkey hold 'srv-my\\x2ddata.mount'"));
  CHECK(too_early_error("zfs-import-cache.service", "local-fs.target").hint ==
        "hold the services that need it; what it does for them a hook can do after the unlock, "
        "see HOOKS in latchkey(8)");
}

TEST_CASE("the names are taken from what systemctl prints, for each unit a block") {
  CHECK(parse_before("Before=local-fs.target umount.target\n\nBefore=\n\nBefore=a.mount\n") ==
        Names{"local-fs.target", "umount.target", "a.mount"});
}
