// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/message.hpp"
#include "core/mount/fstab.hpp"
#include "core/mount/mount_units.hpp"
#include "support/catch.hpp"

using namespace latchkey;

namespace {

// What is said of a unit with this text, and of an automount with its mount's text.
std::string said_of(const std::string& unit, const std::string& text,
                    const std::vector<std::string>& linked_by, const std::string& mount = "") {
  const auto volumes =
      parse_volumes("www big/encrypted-www /srv/www ext4\nraw UUID=7 none swap\n", "volumes");
  std::vector<Claim> claims;
  for (const Volume& volume : *volumes) claims.push_back(claim(volume));
  const auto line = line_of_unit(unit, unit_settings(text), linked_by, unit_settings(mount));
  if (!line) return "no line";
  const std::vector<HandMount> units{{unit, "/etc/" + unit, !linked_by.empty(), *line}};
  const Resolve same = [](const std::string& path) { return path; };
  std::string out;
  for (const Finding& found : mount_unit_conflicts(units, claims, same, {}))
    out += (found.level == Finding::Level::error ? "error: " : "warning: ") + sentence(found.text) +
           " | " + found.text.hint;
  return out;
}

constexpr const char* www = "[Mount]\nWhat=/dev/mapper/cleartext-www\nWhere=/srv/www\nType=ext4\n";

}  // namespace

TEST_CASE("a hand-written mount unit for a volume is judged like its line in fstab") {
  const std::string what =
      "'/etc/srv-www.mount' mounts '/srv/www' at boot: it is the mount point "
      "of the volume 'www', which Latchkey mounts";
  CHECK(said_of("srv-www.mount", www, {"local-fs.target.requires"}) ==
        "error: " + what +
            ": the boot would end in emergency mode, without sshd | run: systemctl disable "
            "srv-www.mount");
  CHECK(
      said_of("srv-www.mount", std::string(www) + "Options=nofail\n", {"local-fs.target.requires"})
          .starts_with("error: "));
  CHECK(said_of("srv-www.mount", www, {"multi-user.target.wants"}) ==
        "warning: " + what + " | run: systemctl disable srv-www.mount");
  // Nothing starts it but what asks for the place.
  CHECK(said_of("srv-www.mount", www, {}) ==
        "warning: '/etc/srv-www.mount' mounts '/srv/www' for units that ask for it: with "
        "RequiresMountsFor= or StateDirectory=, one of them makes a boot without the volume wait "
        "for its device, sshd included | remove '/etc/srv-www.mount', or add Options=nofail to "
        "it; then: systemctl daemon-reload");
  CHECK(said_of("mnt.mount", "[Mount]\nWhat=/dev/sda7\nWhere=/mnt\n",
                {"local-fs.target.requires"}) == "");
  CHECK(said_of("mnt.mount", "[Mount]\nWhere=/mnt\n", {"local-fs.target.requires"}) == "no line");
}

TEST_CASE("a hand-written automount or swap unit for a volume is judged like its line in fstab") {
  CHECK(said_of("srv-www.automount", "[Automount]\nWhere=/srv/www\n", {"multi-user.target.wants"},
                www) ==
        "error: '/etc/srv-www.automount' mounts '/srv/www' at boot: it is the mount "
        "point of the volume 'www', which Latchkey mounts | run: systemctl disable "
        "srv-www.automount");
  const std::string swap = "[Swap]\nWhat=/srv/www/swap\n";
  CHECK(said_of("srv-www-swap.swap", swap, {"swap.target.requires"})
            .starts_with("error: '/etc/srv-www-swap.swap' uses the swap area '/srv/www/swap' at "
                         "boot: '/srv/www/swap' is on the volume 'www', which is mounted later"));
  CHECK(said_of("srv-www-swap.swap", swap, {"swap.target.wants"}).starts_with("warning: "));
  // Swap on a volume that is only opened may be used when it is there.
  const std::string raw = "[Swap]\nWhat=/dev/mapper/cleartext-raw\n";
  CHECK(said_of("x.swap", raw, {"swap.target.wants"}) == "");
  CHECK(said_of("x.swap", raw, {"swap.target.requires"}).starts_with("error: "));
}

TEST_CASE("a hand-written mount below a volume has to wait for the release, and nothing for it") {
  const std::string sub = "[Mount]\nWhat=/dev/sda7\nWhere=/srv/www/sub\n";
  const std::vector<std::string> wanted{"multi-user.target.wants"};
  const std::string hold =
      "; then: systemctl daemon-reload, and: latchkey hold srv-www-sub.mount "
      "--needs www";
  CHECK(said_of("srv-www-sub.mount", sub, wanted)
            .ends_with("which is mounted later | add Options=nofail and "
                       "After=latchkey-release.service to it" +
                       hold));
  const std::string after = "[Unit]\nAfter=network.target latchkey-release.service\n" + sub;
  // Before local-fs.target and after the release, which comes after that: a circle.
  const std::string circle = said_of("srv-www-sub.mount", after, wanted);
  CHECK(circle.starts_with("error: "));
  CHECK(circle.ends_with(" | add Options=nofail to it" + hold));
  CHECK(said_of("srv-www-sub.mount", after + "Options=ro,nofail\n", wanted)
            .find("nothing unmounts it before a lock closes") != std::string::npos);
}
