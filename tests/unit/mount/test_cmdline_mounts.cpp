// SPDX-License-Identifier: GPL-3.0-or-later
// What systemd opens and mounts because the kernel's command line says so.
#include "core/mount/cmdline_mounts.hpp"
#include "support/catch.hpp"

using namespace latchkey;

namespace {

constexpr const char* uuid = "b40f1abf-2a53-400a-889a-2eccc27eaa40";

Findings conflicts(const std::string& line, const std::string& crypttab = "") {
  const std::vector<Claim> claims{
      claim("the volume 'www'", *parse_device_ref("vg/www"), "cleartext-www", uuid, "/srv/www")};
  return command_line_conflicts(
      line, "/etc/default/grub", crypttab, claims, [](const std::string& path) { return path; },
      [](const std::string& path) { return path == "/k"; }, {});
}

}  // namespace

TEST_CASE("case 46: words of the command line are read as the lines that they stand for") {
  const std::string one = std::string("luks.uuid=luks-") + uuid;
  const std::string of_it = std::string("UUID=") + uuid;
  CHECK(crypttab_line_of(one, one, "") == std::string("luks-") + uuid + " " + of_it + " none luks");
  const std::string named = std::string("luks.name=") + uuid + "=www";
  CHECK(crypttab_line_of(named, named, "") == "www " + of_it + " none luks");
  const std::string all = named + " luks.options=discard luks.options=" + uuid +
                          "=nofail,header=/h luks.key=/k luks.options=77=noauto\n";
  CHECK(crypttab_line_of(named, all, "") == "www " + of_it + " /k nofail,header=/h");
  CHECK(crypttab_line_of(one, named + " " + one, "").starts_with("www "));
  CHECK(crypttab_line_of(named, named + " luks=no", "").empty());
  for (const std::string& line :
       {"x " + of_it, "x UUID=\"" + std::string(uuid) + "\"",
        "x /dev/disk/by-uuid/" + std::string(uuid), "luks-" + std::string(uuid) + " /dev/sda3"})
    CHECK(crypttab_line_of(named, named, line + " none noauto\n").empty());
  CHECK(crypttab_line_of(std::string("rd.") + named, named, "").empty());
  for (const char* other : {"luks.name=", "luks.name=www", "luks.uuid=", "luks", "quiet", ""})
    CHECK(crypttab_line_of(other, other, "").empty());
  CHECK(fstab_line_of("systemd.mount-extra=/dev/sda1:/srv") == "/dev/sda1 /srv auto defaults 0 0");
  CHECK(fstab_line_of("systemd.mount_extra=LABEL=x:/srv:ext4:ro,nofail") ==
        "LABEL=x /srv ext4 ro,nofail 0 0");
  CHECK(fstab_line_of("systemd.swap-extra=/dev/sda2") == "/dev/sda2 none swap defaults 0 0");
  CHECK(without_mounts("ro systemd.swap-extra=/dev/sda2 luks.uuid=x") == "ro luks.uuid=x");
  for (const char* other : {"systemd.mount-extra=", "systemd.mount-extra=/dev/sda1:", "quiet"})
    CHECK(fstab_line_of(other).empty());
}

TEST_CASE("case 46: a word of the command line that would ask before sshd is an error") {
  const std::string named = std::string("luks.name=") + uuid + "=x";
  const Findings found = conflicts("quiet " + named + "\n");
  REQUIRE(found.size() == 1);
  CHECK(found[0].level == Finding::Level::error);
  CHECK(found[0].text.what == "'" + named + "' in '/etc/default/grub' opens 'x' at boot");
  CHECK(found[0].text.hint ==
        "take that word out of '/etc/default/grub', then: update-grub; or add "
        "luks.options=" +
            std::string(uuid) + "=nofail");
  const Findings own = conflicts(named + " luks.options=" + uuid + "=discard");
  REQUIRE(own.size() == 1);
  CHECK(own[0].text.hint.ends_with("=nofail,discard"));
  for (const char* more : {" luks.options=nofail", " luks.key=/k"}) {
    const Findings harmless = conflicts(named + more);
    REQUIRE(harmless.size() == 1);
    CHECK(harmless[0].level == Finding::Level::warning);
  }
  CHECK(conflicts(named + " luks.options=noauto").empty());
  CHECK(conflicts("luks.name=77-ab=x").empty());
  CHECK(conflicts("quiet splash").empty());
  CHECK(conflicts(named, std::string("x UUID=") + uuid + " none nofail\n").empty());
  const Findings mounted = conflicts("systemd.mount-extra=/dev/mapper/cleartext-www:/mnt:ext4");
  REQUIRE(mounted.size() == 1);
  CHECK(mounted[0].level == Finding::Level::error);
  CHECK(mounted[0].text.what.starts_with("'systemd.mount-extra="));
  CHECK(conflicts("systemd.mount-extra=/dev/sdq1:/mnt/other:ext4").empty());
}
