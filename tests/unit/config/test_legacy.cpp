// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/message.hpp"
#include "core/config/legacy.hpp"
#include "core/config/volume_lines.hpp"
#include "support/catch.hpp"

using namespace latchkey;

namespace {

using Lines = std::vector<std::string>;

Result<LegacyLayout> parse(const std::string& fstab, const std::string& services = "") {
  return parse_legacy({fstab, "ac-fstab"}, {services, "services"});
}

std::string complaint(const std::string& fstab, const std::string& services = "") {
  const auto layout = parse(fstab, services);
  return layout ? "accepted" : error_text("latchkey", layout.error());
}

bool complains(const std::string& fstab, const std::string& about) {
  const std::string said = complaint(fstab);
  INFO(said);
  return said.find(about) != std::string::npos;
}

std::string options_of(const std::string& options, Lines& notes) {
  const auto layout = parse("a v /srv/a ext4 " + options + "\n");
  if (!layout) FAIL(layout.error().what);
  notes = layout->notes;
  return layout->volumes.at(0).mount_options;
}

}  // namespace

TEST_CASE("a legacy layout becomes volumes with everything as by default") {
  const auto layout = parse(
      "# name vg mount fstype options\r\n"
      "\r\n"
      "mysql\tsystem\t/var/lib/mysql/\text4\tnoatime,ro\r\n"
      "  my-data  big-vg  /srv/my\\040data  xfs  # no options\r\n"
      "www system none ext4 defaults 0 2\n",
      "# services\r\nmysql\r\n\r\n  apache2.service # the web\ncups.socket");
  REQUIRE(layout);
  CHECK(layout->groups == Lines{"system", "big-vg"});
  CHECK(layout->units == Lines{"mysql.service", "apache2.service", "cups.socket"});
  CHECK(layout->notes.empty());
  REQUIRE(layout->volumes.size() == 3);
  const Volume& mysql = layout->volumes[0];
  CHECK(mysql.device.text() == "system/encrypted-mysql");
  CHECK(mysql.mapping == "cleartext-mysql");
  CHECK(mysql.key_file == "system-mysql.key");
  CHECK(mysql.mount_point == "/var/lib/mysql");
  CHECK(mysql.mount_options == "noatime,ro");
  CHECK(mysql.line == 3);
  const Volume& data = layout->volumes[1];
  CHECK(data.device.path() == "/dev/mapper/big--vg-encrypted--my--data");
  CHECK(data.key_file == "big-vg-my-data.key");
  CHECK(data.mount_point == "/srv/my data");
  CHECK(data.mount_options.empty());
  CHECK(data.fsck);
  CHECK(layout->volumes[2].mount_point.empty());
  CHECK(volume_line(mysql) ==
        "mysql       system/encrypted-mysql        /var/lib/mysql      ext4   noatime,ro\n");
}

TEST_CASE("options that make no sense any more are left out, and each is told") {
  Lines notes;
  CHECK(options_of("noauto,noatime,nofail", notes) == "noatime");
  CHECK(notes == Lines{"ac-fstab:1:17: 'noauto' is left out: Latchkey mounts every volume once it "
                       "is open",
                       "ac-fstab:1:32: 'nofail' is left out: a volume that fails never stops the "
                       "boot"});
  CHECK(options_of("noauto", notes).empty());
  CHECK(options_of("x-systemd.automount,ro", notes) == "ro");
  CHECK(notes.size() == 1);
  CHECK(options_of("acl,usrquota,data=journal", notes) == "acl,usrquota,data=journal");
  CHECK(notes.empty());
  CHECK(options_of("discard", notes) == "discard");
  CHECK(notes.size() == 1);
  CHECK(options_of("noatime 0 0", notes) == "noatime");
  CHECK(notes.size() == 1);
}

TEST_CASE("options for users keep the safety that they stood for, and what undoes it") {
  Lines notes;
  CHECK(options_of("user,exec", notes) == "noexec,nosuid,nodev,exec");
  CHECK(notes == Lines{"ac-fstab:1:17: 'user' becomes 'noexec,nosuid,nodev': only root mounts "
                       "volumes"});
  CHECK(options_of("rw,group", notes) == "rw,nosuid,nodev");
}

TEST_CASE("errors in a legacy layout are told with their place") {
  CHECK(complains("a v /srv/a\n", "ac-fstab:1:1: 3 fields where 4 or 5 are expected"));
  CHECK(complains("a v /srv/a ext4 ro more\n", "ac-fstab:1:20: unexpected field 'more'"));
  CHECK(complains("a v /srv/a ext4 ro 0 0 0\n", "ac-fstab:1:24: unexpected field '0'"));
  CHECK(complains("a! v /srv/a ext4\n", "ac-fstab:1:1: not a volume's name 'a!'"));
  CHECK(complains("../a v /srv/a ext4\n", "ac-fstab:1:1: not a volume's name"));
  CHECK(complains("-a v /srv/a ext4\n", "ac-fstab:1:1: not a volume's name"));
  CHECK(complains(std::string(120, 'a') + " v /srv/a ext4\n", "ac-fstab:1:1: too long"));
  CHECK(complains("\na v/w /srv/a ext4\n", "ac-fstab:2:3: not the name of a volume group 'v/w'"));
  CHECK(complains("a v srv ext4\n", "ac-fstab:1:5: not a mount point 'srv'"));
  CHECK(complains("a v /srv/../etc ext4\n", "ac-fstab:1:5: not a mount point"));
  CHECK(complains("a v /srv/a -t\n", "ac-fstab:1:12: not a file system type"));
  CHECK(complains("a v /srv/a ext4 ro,,noatime\n", "ac-fstab:1:17: bad option list"));
  CHECK(complains("keys v /srv/a ext4\n", "the keys volume's name"));
  CHECK(complains("a v /srv/a ext4\na w /srv/b ext4\n", "ac-fstab:2:1: second volume 'a'"));
  CHECK(complains("a v /srv/a ext4\nb v /srv/a/ ext4\n", "ac-fstab:2:5: second volume on mount"));
  CHECK(complains("# nothing\n", "'ac-fstab' names no volume"));
}

TEST_CASE("errors in a legacy services file are told with their place") {
  const std::string volume = "a v /srv/a ext4\n";
  CHECK(complaint(volume, "mysql\nmysql.service\n") ==
        "latchkey: error: services:2:1: second line for service 'mysql.service'\n"
        "latchkey: hint: take one of them out\n");
  CHECK(complaint(volume, "mysql start\n").find("services:1:7: second word 'start'") !=
        std::string::npos);
  CHECK(complaint(volume, "/etc/init.d/mysql\n").find("services:1:1: not a service's name") !=
        std::string::npos);
}

TEST_CASE("an old volume whose name Latchkey needs for itself gets another, and nothing else") {
  const auto parsed = parse_legacy(
      {"backup vg /srv/backup ext4\nimport vg /srv/import ext4\nimport-data vg /srv/d ext4\n", "f"},
      {"", "s"});
  REQUIRE(parsed);
  std::vector<Volume> volumes = parsed->volumes;
  const auto notes = free_reserved_names(volumes, {});
  CHECK(notes.size() == 2);
  CHECK(
      notes[0] ==
      "the volume 'backup' is called 'backup-data' from here on (the unfinished work of 'latchkey "
      "restore' is called so); vg/encrypted-backup, its mapping 'cleartext-backup' and its key "
      "file keep their names");
  CHECK(volumes[0].name == "backup-data");
  CHECK(volumes[0].device.text() == "vg/encrypted-backup");
  CHECK(volumes[0].mapping == "cleartext-backup");
  CHECK(volumes[0].key_file == "vg-backup.key");
  CHECK(volumes[1].name == "import-data2");
  CHECK(volumes[2].name == "import-data");
  // Taken over before: nothing changes.
  std::vector<Volume> again = parsed->volumes;
  CHECK(free_reserved_names(again, volumes).empty());
  CHECK(again[0].name == "backup-data");
  std::vector<Volume> older = parsed->volumes;
  CHECK(free_reserved_names(older, parsed->volumes).empty());
  CHECK(older[0].name == "backup");
}
