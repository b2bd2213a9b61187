// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <map>

#include "core/base/message.hpp"
#include "core/mount/fstab.hpp"
#include "support/catch.hpp"

using namespace latchkey;

namespace {

// Where links lead on a machine whose volume `my-www` is open.
std::string lead(const std::string& path) {
  static const std::map<std::string, std::string> links{
      {"/dev/mapper/cleartext-my-www", "/dev/dm-7"},
      {"/dev/disk/by-uuid/1234-fs", "/dev/dm-7"},
      {"/dev/disk/by-uuid/1234", "/dev/dm-7"},
      {"/dev/disk/by-id/dm-name-cleartext-my-www", "/dev/dm-7"},
      {"/dev/mapper/big--vg-encrypted--my--www", "/dev/dm-3"},
      {"/dev/big-vg/encrypted-my-www", "/dev/dm-3"},
      {"/dev/disk/by-id/usb-stick", "/dev/sdb"},
      {"/dev/disk/by-label/data", "/dev/sdb"}};
  const auto found = links.find(path);
  return found == links.end() ? path : found->second;
}

std::string alone(const std::string& path) { return path; }

std::vector<Claim> claims() {
  const auto volumes = parse_volumes(
      "my-www big-vg/encrypted-my-www /srv/www ext4 x-latchkey.uuid=AB12-cd\n"
      "usb /dev/sdb /srv/usb ext4 x-latchkey.mapping=stick\n"
      "raw UUID=77ff none swap\n"
      "old /dev/big-vg/old none ext4\n",
      "volumes");
  std::vector<Claim> out;
  for (const Volume& volume : *volumes) out.push_back(claim(volume));
  out.push_back(
      claim("the keys volume", *parse_device_ref("big-vg/encrypted-keys"), "cleartext-keys"));
  return out;
}

std::string texts(const Findings& findings) {
  std::string out;
  for (const Finding& finding : findings) {
    CHECK(finding.level != Finding::Level::ok);
    out +=
        (finding.level == Finding::Level::error ? "error: " : "") + sentence(finding.text) + "\n";
  }
  return out;
}

// The mounts that lean on a volume in these tests; what is said of one that is not held
// has a test of its own.
const std::vector<std::string> held{"var-www.mount", "srv-www-backup.mount", "srv-www-n.mount"};

std::string fstab(const std::string& text, const Resolve& resolve = lead) {
  return texts(fstab_conflicts(text, "/etc/fstab", claims(), resolve, held));
}

std::string crypttab(const std::string& text, const Resolve& resolve = lead) {
  return texts(crypttab_conflicts(text, "/etc/crypttab", claims(), resolve,
                                  [](const std::string& path) { return path == "/k"; }));
}

bool about(const std::string& said, const std::string& what) {
  INFO(said);
  return said.find(what) != std::string::npos && said.find('\n') == said.size() - 1;
}

}  // namespace

TEST_CASE("case 46: fstab lines for our mount points are warned of") {
  CHECK(about(fstab("# /dev/sda1 /srv/www\n\nLABEL=x\t/srv/www/ ext4 defaults 0 2\n"),
              "line 3 of '/etc/fstab' mounts '/srv/www/' at boot"));
  CHECK(about(fstab("/dev/sda1 /srv/www\n"), "mount point of the volume 'my-www'"));
  CHECK(about(fstab("/dev/sda1 /srv/usb ext4 nofail,ro 0 2\n"), "the volume 'usb'"));
}

TEST_CASE("case 46: fstab lines for our mappings are warned of by every name") {
  for (const char* spec : {"/dev/mapper/cleartext-my-www", "UUID=1234", "UUID=\"1234\"",
                           "/dev/dm-7", "/dev/disk/by-id/dm-name-cleartext-my-www"})
    CHECK(about(fstab(std::string(spec) + " /mnt/x ext4 defaults\n"),
                "it is the volume 'my-www', which Latchkey opens"));
  CHECK(about(fstab("/dev/mapper/stick none swap sw 0 0\n"), "the volume 'usb'"));
  CHECK(about(fstab("/dev/mapper/cleartext-keys /keys ext4 ro\n"), "the keys volume"));
}

TEST_CASE("case 46: fstab lines for our encrypted devices are warned of by every name") {
  for (const char* spec : {"/dev/big-vg/encrypted-my-www", "/dev/mapper/big--vg-encrypted--my--www",
                           "UUID=ab12-CD", "/dev/disk/by-uuid/ab12-cd"}) {
    CHECK(about(fstab(std::string(spec) + " /mnt/x ext4 defaults\n", alone),
                "it is the encrypted device of the volume 'my-www'"));
  }
  CHECK(about(fstab("/dev/dm-3 /mnt/x ext4\n"), "encrypted device of the volume 'my-www'"));
  CHECK(about(fstab("LABEL=data /mnt/x ext4\n"), "encrypted device of the volume 'usb'"));
  CHECK(about(fstab("/dev/mapper/big--vg-old /mnt/x ext4\n"), "device of the volume 'old'"));
}

TEST_CASE("a volume that is only opened may be used by fstab, if the boot does not wait for it") {
  const std::string line = "/dev/mapper/cleartext-raw none swap sw";
  CHECK(fstab(line + ",nofail 0 0\n") == "");
  const Findings found = fstab_conflicts(line + " 0 0\n", "/etc/fstab", claims(), lead, held);
  REQUIRE(found.size() == 1);
  CHECK(found[0].text.hint == "add nofail to its options; then: systemctl daemon-reload");
  CHECK(about(fstab("/dev/mapper/cleartext-keys /k ext4 nofail\n"), "the keys volume"));
  CHECK(about(fstab("/dev/mapper/cleartext-my-www /k ext4 nofail\n"), "'my-www'"));
  // Early boot has opened the root file system by then.
  CHECK(fstab("/dev/mapper/cleartext-raw / ext4 errors=remount-ro 0 1\n") == "");
}

TEST_CASE("a line of fstab for what Latchkey mounts keeps the boot from its end without nofail") {
  const std::string mapping = "/dev/mapper/cleartext-my-www /srv/www ext4 ";
  CHECK(about(fstab(mapping + "defaults 0 2\n"),
              "error: line 1 of '/etc/fstab' mounts '/srv/www' at boot: it is the mount point of "
              "the volume 'my-www', which Latchkey mounts: the boot would end in emergency mode, "
              "without sshd"));
  CHECK(fstab(mapping + "nofail 0 2\n").starts_with("line 1 of"));
  CHECK(fstab("/dev/mapper/cleartext-my-www /mnt/x ext4\n").starts_with("error: "));
  CHECK(fstab("/dev/mapper/cleartext-my-www /mnt/x ext4 nofail\n").starts_with("line 1 of"));
  CHECK(fstab("/dev/big-vg/encrypted-my-www /mnt/x ext4\n").starts_with("error: "));
  CHECK(fstab("/dev/mapper/cleartext-raw none swap sw\n").starts_with("error: "));
  // An automount makes its mount point one from the start; noauto changes nothing of that.
  CHECK(about(fstab(mapping + "noauto,x-systemd.automount 0 2\n"), "error: line 1"));
  CHECK(about(fstab(mapping + "noauto,nofail,x-systemd.automount 0 2\n"), "'my-www'"));
}

TEST_CASE("a volume's line with noauto alone is warned of: a unit can ask for the mount") {
  for (const char* line : {"/dev/mapper/cleartext-my-www /srv/www ext4 noauto\n",
                           "/dev/mapper/cleartext-my-www /mnt/x ext4 ro,noauto\n"}) {
    const Findings found = fstab_conflicts(line, "/etc/fstab", claims(), lead, held);
    REQUIRE(found.size() == 1);
    CHECK(found[0].level == Finding::Level::warning);
    CHECK(found[0].text.hint ==
          "delete that line, or add nofail to its options; then: systemctl daemon-reload");
  }
  CHECK(fstab("/dev/mapper/cleartext-raw none swap noauto\n") == "");
}

TEST_CASE("fstab lines that lean on a volume are errors while the boot waits for them") {
  for (const char* line :
       {"/srv/www/sub /var/www none bind 0 0", "/srv/www /var/www none rbind 0 0",
        "/srv//www/./sub/ /var/www none bind", "/srv/www/x.iso /mnt/iso iso9660 loop,ro",
        "/mnt/a:/srv/www/b /mnt/pool fuse.mergerfs defaults",
        "/mnt/a=RW:/srv/www=NC /mnt/pool fuse.mergerfs defaults",
        "+/srv/www:/mnt/a /mnt/pool mergerfs defaults", "/srv/w* /mnt/pool fuse.mergerfs defaults",
        "/srv/*/data /mnt/pool fuse.mergerfs defaults", "bindfs#/srv/www/x /mnt/b fuse ro",
        "UUID=5 /srv/www/backup ext4 defaults", "tmpfs /srv/www/cache tmpfs size=1G",
        "/dev/sdz /srv/other/../www/b ext4",
        "overlay /mnt/o overlay lowerdir=/mnt/l:/srv/www/l,upperdir=/u,workdir=/w",
        "overlay /mnt/o overlay lowerdir=/mnt/l,upperdir=/srv/www/u,workdir=/w",
        "overlay /mnt/o overlay lowerdir=/mnt/l,upperdir=/u,workdir=/srv/www/w"}) {
    const std::string said = fstab(std::string(line) + "\n");
    CHECK(said.starts_with("error: line 1 of '/etc/fstab' mounts '"));
    CHECK(about(said,
                "is on the volume 'my-www', which is mounted later: the boot would end in "
                "emergency mode, without sshd"));
  }
  CHECK(about(fstab("/srv/www/swap none swap sw\n"),
              "error: line 1 of '/etc/fstab' uses the swap area '/srv/www/swap' at boot: "
              "'/srv/www/swap' is on the volume 'my-www', which is mounted later\n"));
}

TEST_CASE("a second subvolume of a volume may wait for the release like what leans on it") {
  const std::string line = "/dev/mapper/cleartext-my-www /srv/www/b btrfs subvol=b";
  const std::string after = ",nofail,x-systemd.after=latchkey-release.service\n";
  const auto found = [](const std::string& text, const std::vector<std::string>& units) {
    return fstab_conflicts(text, "/etc/fstab", claims(), lead, units);
  };
  const Findings bare = found(line + "\n", held);
  REQUIRE(bare.size() == 1);
  CHECK(bare[0].text.hint ==
        "delete that line; then: systemctl daemon-reload; or, for another part of it than the one "
        "that Latchkey mounts, add nofail,x-systemd.after=latchkey-release.service to its options; "
        "then: systemctl daemon-reload");
  CHECK(found(line + ",nofail\n", held).size() == 1);
  const Findings loose = found(line + after, {});
  REQUIRE(loose.size() == 1);
  CHECK(loose[0].text.hint == "run: latchkey hold srv-www-b.mount --needs my-www");
  CHECK(found(line + after, {"srv-www-b.mount"}).empty());
  // Neither is the keys volume one to be mounted, nor a swap area a part of a file system.
  CHECK(found("/dev/mapper/cleartext-keys /k ext4 ro" + after, held).size() == 1);
  CHECK(found("/dev/mapper/cleartext-my-www none swap sw" + after, held).size() == 1);
}

TEST_CASE("what leans on a volume is told where a link leads to it") {
  const Resolve linked = [](const std::string& path) {
    return path == "/web/sub" ? std::string("/srv/www/sub") : path;
  };
  CHECK(about(fstab("/web/sub /mnt/y none bind\n", linked), "'/web/sub' is on the volume"));
}

TEST_CASE("fstab lines that lean on a volume may wait for the release, if nothing waits for them") {
  const auto hint = [](const std::string& line) {
    const Findings found = fstab_conflicts(line + "\n", "/etc/fstab", claims(), lead, held);
    return found.size() == 1
               ? (found[0].level == Finding::Level::error ? "error: " : "") + found[0].text.hint
               : std::to_string(found.size());
  };
  const std::string reload = "; then: systemctl daemon-reload";
  const std::string after = "x-systemd.after=latchkey-release.service";
  const std::string bind = "/srv/www/sub /var/www none bind";
  const std::string disk = "UUID=5 /srv/www/backup ext4 defaults";
  for (const std::string& line : {bind, disk}) {
    CHECK(hint(line) == "error: add nofail," + after + " to its options" + reload);
    CHECK(hint(line + ",nofail") == "add " + after + " to its options" + reload);
    // Ordered both before and after local-fs.target: systemd would drop one of the jobs.
    CHECK(hint(line + "," + after) == "error: add nofail to its options" + reload);
    CHECK(hint(line + ",nofail," + after) == "0");
    CHECK(hint(line + ",nofail,x-systemd.requires=latchkey-release") == "0");
    CHECK(hint(line + ",nofail,x-systemd.wants=latchkey-release.service") ==
          "add " + after + " to its options" + reload);
    CHECK(hint(line + ",noauto") == "0");
  }
  // The first use mounts it; below a volume there is nothing yet to lay the automount on.
  CHECK(hint(bind + ",nofail,noauto,x-systemd.automount") == "0");
  CHECK(hint(disk + ",nofail,x-systemd.automount," + after) ==
        "take x-systemd.automount out of them" + reload);
  CHECK(hint(disk + ",noauto,x-systemd.automount") ==
        "error: add nofail," + after + " to its options, and take x-systemd.automount out of them" +
            reload);
  // No local mount waits for the network's.
  CHECK(hint("server:/x /srv/www/n nfs defaults") ==
        "add nofail," + after + " to its options" + reload);
  CHECK(hint("/srv/www/swap none swap sw,nofail").starts_with("add noauto to its options"));
  CHECK(hint("/srv/www/swap none swap sw,noauto") == "0");
}

TEST_CASE("what leans on a volume and is not held is warned of, with the command that holds it") {
  const auto said = [](const std::string& line) {
    const Findings found = fstab_conflicts(line + "\n", "/etc/fstab", claims(), lead, {});
    REQUIRE(found.size() == 1);
    return sentence(found[0].text) + "; " + found[0].text.hint;
  };
  const std::string after = "nofail,x-systemd.after=latchkey-release.service";
  CHECK(said("/srv/www/sub /var/www none bind," + after) ==
        "line 1 of '/etc/fstab' mounts '/var/www' at boot: nothing unmounts it before a lock "
        "closes the volume 'my-www', and nothing mounts it after a late unlock; run: latchkey "
        "hold var-www.mount --needs my-www");
  CHECK(said("/dev/mapper/cleartext-raw /mnt/a-b ext4 nofail")
            .ends_with("run: latchkey hold 'mnt-a\\x2db.mount' --needs raw"));
  CHECK(said("/srv/www/sub /var/www none bind")
            .ends_with("add " + after +
                       " to its options; then: systemctl daemon-reload, and: "
                       "latchkey hold var-www.mount --needs my-www"));
}

TEST_CASE("fstab lines that are no danger are not warned of") {
  CHECK(fstab("UUID=1234 /srv/www ext4 noauto,nofail 0 2\n"
              "/dev/mapper/cleartext-my-www /mnt/x ext4 ro,noauto,nofail\n"
              "/dev/sdx /mnt/x2 ext4 noauto\n"
              "#/dev/mapper/cleartext-my-www /srv/www ext4\n"
              "UUID=9999 / ext4 errors=remount-ro 0 1\n"
              "/dev/mapper/cleartext-my /srv ext4\n"
              "/dev/mapper/big--vg-root /srv/www2 ext4 defaults\n"
              "/srv/www2/sub /mnt/y none bind\n"
              "/srv /mnt/z none bind\n"
              "tmpfs /tmp tmpfs\n"
              "none none none\n"
              "server:/x /mnt/n nfs\n"
              "half\n") == "");
}

// LVM inside an adopted disk: the logical volume has a name and a number of its own.
TEST_CASE("case 46: a line for what lies on a volume that is only opened is told") {
  std::vector<Claim> all = claims();
  const auto raw = std::ranges::find(all, "raw", &Claim::volume);
  REQUIRE(raw != all.end());
  raw->above = {"/dev/mapper/data-home"};
  const auto said = [&](const std::string& line) {
    return texts(fstab_conflicts(line, "/etc/fstab", all, lead, held));
  };
  const std::string told = said("/dev/mapper/data-home /home ext4 defaults 0 2\n");
  CHECK(told.starts_with("error: line 1 of '/etc/fstab' mounts"));
  CHECK(about(told, "it lies on the volume 'raw', which Latchkey opens"));
  CHECK_FALSE(said("/dev/data/home /home ext4 defaults 0 2\n").empty());
  CHECK(about(said("/dev/data/home /home ext4 nofail 0 2\n"),
              "nothing unmounts it before a lock closes"));
  CHECK(said("/dev/data/other /home ext4 defaults 0 2\n").empty());
  CHECK(said("/dev/data/home / ext4 defaults 0 1\n").empty());
}

TEST_CASE("case 46: crypttab lines for our mappings and devices are warned of") {
  CHECK(about(crypttab("# x\ncleartext-my-www /dev/sdc none luks\n"),
              "line 2 of '/etc/crypttab' opens 'cleartext-my-www' at boot: it is the mapping of "
              "the volume 'my-www'"));
  for (const char* source : {"/dev/big-vg/encrypted-my-www", "UUID=ab12-CD", "UUID=\"AB12-CD\"",
                             "/dev/mapper/big--vg-encrypted--my--www"})
    CHECK(about(crypttab("other " + std::string(source) + " none luks\n", alone),
                "' is that of the volume 'my-www', which Latchkey opens"));
  CHECK(about(crypttab("x /dev/disk/by-id/usb-stick /k luks,nofail\n"), "the volume 'usb'"));
  CHECK(about(crypttab("x UUID=77FF\n"), "the volume 'raw'"));
  CHECK(about(crypttab("k /dev/big-vg/encrypted-keys none luks\n"), "the keys volume"));
}

TEST_CASE("case 46: a crypttab line that would ask before sshd is an error") {
  const std::string device = "x /dev/big-vg/encrypted-keys";
  for (const char* rest : {"", " none", " -", " none luks", " /gone luks,discard"})
    CHECK(crypttab(device + rest + "\n").starts_with("error: line 1 of '/etc/crypttab' opens 'x'"));
  for (const char* rest : {" none luks,nofail", " /gone nofail", " /k luks"}) {
    const std::string said = crypttab(device + rest + "\n");
    CHECK(about(said, "the keys volume"));
    CHECK_FALSE(said.starts_with("error"));
  }
  // Whoever reads this table has root open.
  const auto volumes = parse_volumes("root system/root / ext4 x-latchkey.mapping=r\n", "volumes");
  REQUIRE(volumes);
  const std::vector<Claim> root{claim(volumes->front())};
  const auto found = crypttab_conflicts("r /dev/system/root none luks\n", "/etc/crypttab", root,
                                        lead, [](const std::string&) { return false; });
  REQUIRE(found.size() == 1);
  CHECK(found[0].level == Finding::Level::warning);
}

TEST_CASE("crypttab lines that are no danger are not warned of") {
  CHECK(crypttab("cleartext-my-www UUID=ab12-cd none luks,noauto\n"
                 "root /dev/big-vg/root none luks\n"
                 "swap /dev/sda2 /dev/urandom swap\n"
                 "file /srv/x.img none luks\n"
                 "cleartext-my-www\n") == "");
}

TEST_CASE("root, /usr and /var on volumes need the lines of fstab that others must not have") {
  const auto volumes = parse_volumes(
      "root system/root / ext4\nvar system/var /var ext4\n"
      "usr system/usr /usr ext4\ndb system/db /srv/db ext4\n",
      "volumes");
  REQUIRE(volumes);
  std::vector<Claim> all;
  for (const Volume& volume : *volumes) all.push_back(claim(volume));
  const auto conflicts = [&](const std::string& line) {
    return texts(fstab_conflicts(line, "/etc/fstab", all, alone, {}));
  };
  CHECK(conflicts("/dev/mapper/cleartext-root / ext4 defaults\n") == "");
  CHECK(conflicts("/dev/mapper/cleartext-usr /usr ext4 defaults\n") == "");
  CHECK(conflicts("/dev/mapper/cleartext-var /var ext4 nofail\n") == "");
  CHECK(about(conflicts("/dev/mapper/cleartext-var /var ext4 defaults\n"), "wait and give up"));
  CHECK(about(conflicts("/dev/mapper/cleartext-db /srv/db ext4 nofail\n"), "Latchkey mounts"));
  // What lies on /var waits for it by itself, and has to be able to do without.
  CHECK(about(conflicts("UUID=5 /var/lib/x ext4 defaults\n"), "error: line 1"));
  CHECK(conflicts("UUID=5 /var/lib/x ext4 nofail\n") == "");
  CHECK(conflicts("/opt/x /usr/local/x none bind\n") == "");

  CHECK(fstab_lacks("UUID=1 /usr/ ext4\nUUID=2 /var ext4\n", "/etc/fstab", all).empty());
  const Findings lacks = fstab_lacks("UUID=1 /usr ext4\n#x /var ext4\n", "/etc/fstab", all);
  REQUIRE(lacks.size() == 1);
  // What the system lies on has no line, and opens before any table is read.
  const auto under = parse_volumes("sda3 UUID=7 none auto x-latchkey.boot\n", "volumes");
  REQUIRE(under);
  const std::vector<Claim> below{claim(under->at(0))};
  CHECK(fstab_lacks("UUID=1 / ext4\n", "/etc/fstab", below).empty());
  CHECK(lacks[0].level == Finding::Level::error);
  CHECK(lacks[0].text.hint ==
        "add: /dev/mapper/cleartext-var /var auto "
        "nofail,x-systemd.before=local-fs.target,x-systemd.device-timeout=5s 0 2");
}
