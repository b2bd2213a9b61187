// SPDX-License-Identifier: GPL-3.0-or-later
// A machine that older scripts have kept for years moves over with one command, and
// its volumes and others are taken care of from then on.
#include "core/base/result.hpp"
#include "support/catch.hpp"
#include "support/guests.hpp"
#include "vm/kill_story.hpp"

using namespace latchkey;
using namespace latchkey::test;
using namespace std::chrono_literals;

namespace {

const std::vector<std::string> volumes{"mysql-data", "www", "media", "archive", "old-mail"};
const std::vector<std::string> services{"ledger", "nginx", "feed"};
const std::string import_words =
    "/root/encrypted-volumes --authorized-keys /root/.ssh/authorized_keys";
const std::string import = "latchkey import-legacy " + import_words;

// A digest of so much of every LV's beginning, a line each.
std::string heads(Machine& m, const std::string& mib_of_luks1) {
  return m.must(
      "lvchange -ay system/encrypted-keys && for lv in keys mysql-data www media archive old-mail; "
      "do n=16; [ $lv != old-mail ] || n=" +
      mib_of_luks1 +
      "; dd if=/dev/system/encrypted-$lv bs=1M count=$n iflag=direct status=none | sha256sum; "
      "done");
}

void check_everything_is_up(Machine& m) {
  for (const std::string& volume : volumes) {
    INFO(volume);
    // btrfs may show its device by the kernel's own name.
    CHECK(m.must("readlink -f $(findmnt -no SOURCE /srv/" + volume + ")") ==
          m.must("readlink -f /dev/mapper/cleartext-" + volume));
    CHECK(m.sh("cd /srv/" + volume + " && sha256sum --quiet -c SHA256SUMS").status == 0);
  }
  for (const std::string& service : services) {
    INFO(service);
    CHECK(m.must("systemctl is-active " + service) == "active");
  }
  CHECK(has(
      m.must("bash -c 'exec 3<>/dev/tcp/127.0.0.1/80 && printf \"GET / HTTP/1.0\\r\\n\\r\\n\" >&3 "
             "&& cat <&3'"),
      "<h1>kept for years</h1>"));
  CHECK(m.count("dmsetup ls", "cleartext-keys") == 0);
}

// Through the whole of lock and release-services.
void check_again(Machine& m) {
  const Done lock = m.sh("latchkey lock");
  INFO(lock.output);
  CHECK(lock.status == 0);
  CHECK(m.mappings().empty());
  const Done release = m.sh("release-services", m.passphrase() + "\n");
  INFO(release.output);
  CHECK(release.status == 0);
  check_everything_is_up(m);
}

std::string check_with_keys(Machine& m, int status) {
  const Done done = m.sh("latchkey --verbose check --with-keys", m.passphrase() + "\n");
  INFO(done.output);
  CHECK(done.status == status);
  CHECK(m.count("dmsetup ls", "keys") == 0);
  return done.output;
}

void refuse_what_it_must(Machine& m) {
  const Done wrong = m.sh(import, "not the passphrase\n");
  INFO(wrong.output);
  CHECK(wrong.status == exit_status(Code::denied));
  CHECK(m.must("find /etc/latchkey -type f").empty());
  m.must(
      "mkdir -p /etc/latchkey && printf '[keys]\\ndevice = \"other/encrypted-keys\"\\n' > "
      "/etc/latchkey/latchkey.conf");
  const Done other = m.sh(import, m.passphrase() + "\n");
  INFO(other.output);
  CHECK(other.status == exit_status(Code::refused));
  CHECK(has(other.output, "other/encrypted-keys"));
  m.must("rm /etc/latchkey/latchkey.conf");
}

// What the old scripts left about, and what no longer is there; a mount point behind a link.
void leave_traces(Machine& m) {
  m.must(
      "mkdir -p /srv/archive && ln -s /srv/archive /var/archive && "
      "sed -i 's#/srv/archive#/var/archive#' /root/encrypted-volumes/conf/ac-fstab && "
      "echo '@reboot root /root/encrypted-volumes/unlock' > /etc/cron.d/volumes && "
      "echo '/dev/mapper/cleartext-www /srv/www ext4 defaults 0 2' >> /etc/fstab && "
      "echo 'gone system /srv/gone ext4' >> /root/encrypted-volumes/conf/ac-fstab && "
      "echo 'vanished' >> /root/encrypted-volumes/conf/services");
  // A service that was stopped with its data, and whose socket listens all the same.
  m.must("cat > /etc/systemd/system/echoer.service", "[Service]\nExecStart=/bin/sleep 1000\n");
  m.must(
      "cat > /etc/systemd/system/echoer.socket && systemctl daemon-reload && "
      "systemctl enable --now echoer.socket && "
      "echo 'echoer' >> /root/encrypted-volumes/conf/services",
      "[Socket]\nListenStream=/run/echoer\n[Install]\nWantedBy=sockets.target\n");
}

// Killed before the image, which is the longest step: what was wanting is told, and
// all else is done by then.
void check_first_run(Machine& m) {
  m.must("systemctl start nginx");  // it runs without its data too
  const Done done = m.sh(import + " --halt image:before; exit $?", m.passphrase() + "\n");
  INFO(done.output);
  CHECK(done.status == 137);
  CHECK(m.must("systemctl is-active nginx") == "active");
  // Whoever called it now would make it fail.
  CHECK(has(m.sh("systemctl is-active echoer.socket").output, "inactive"));
  m.must("systemctl stop nginx && rm /run/latchkey/released/nginx.service");
  CHECK(m.must("grep -c ' /srv/archive ' /etc/latchkey/volumes") == "1");
  for (const std::string part :
       {"'nginx.service' was left running without", "'gone' is not there", "cannot hold 'vanished",
        "'ledger.service' is enabled again", "'nginx.service' is enabled again",
        "'feed.service' is enabled again", "the key of 'old-mail' opens its key slot 0",
        "the key of 'gone' is not on the keys volume"}) {
    INFO(part);
    CHECK(has(done.output, part));
  }
  CHECK(m.must("grep -c x-latchkey.uuid /etc/latchkey/volumes") == "5");
  CHECK(m.must("grep -c '^gone' /etc/latchkey/volumes") == "1");
  CHECK(has(m.sh("latchkey status").output, "'import-legacy' of 'import' is not finished"));
  m.must("sed -i '/^gone/d' /root/encrypted-volumes/conf/ac-fstab /etc/latchkey/volumes");
}

void check_second_run(Machine& m) {
  const Done done = m.sh(import);
  INFO(done.output);
  CHECK(done.status == exit_status(Code::partial));
  for (const std::string part :
       {"cannot hold 'vanished", "/etc/cron.d/volumes:1", "/etc/fstab", "latchkey rotate-key media",
        "latchkey backup FILE", "SHA256:", "HostKeyAlias"}) {
    INFO(part);
    CHECK(has(done.output, part));
  }
  CHECK(m.must("find /etc/latchkey -path '*/unfinished/*'").empty());
  // Once more there is no new key, and a backup that was made meanwhile is as good as it was.
  m.must("sed -i 's/\"20[0-9][0-9]-/\"2001-/' /etc/latchkey/state.json");
  const std::string state = m.must("cat /etc/latchkey/state.json");
  (void)m.sh(import);
  CHECK(m.must("cat /etc/latchkey/state.json") == state);
  m.must(
      "rm /etc/cron.d/volumes && sed -i '/cleartext-www/d' /etc/fstab && systemctl daemon-reload");
  for (const std::string& service : services) {
    INFO(service);
    CHECK(m.sh("systemctl is-enabled " + service).status == 0);
    // Held: whoever starts it, without its data it does not run, and is no failure.
    CHECK(m.sh("systemctl start " + service).status == 0);
    CHECK(m.sh("systemctl is-active " + service).status != 0);
    CHECK(m.sh("systemctl is-failed " + service).status != 0);
  }
}

void check_cheap(Machine& m, const std::string& volume) {
  const Done rotate = m.sh("latchkey rotate-key " + volume, m.passphrase() + "\n");
  INFO(rotate.output);
  CHECK(rotate.status == 0);
  const std::string dump = m.must("cryptsetup luksDump /dev/system/encrypted-" + volume);
  INFO(dump);
  CHECK(has(dump, "Iterations:"));
  CHECK(has(dump, "1000"));
  CHECK_FALSE(has(dump, "argon2id"));
}

void adopt_others(Machine& m) {
  const std::string luks =
      "cryptsetup luksFormat -q --type luks2 --pbkdf pbkdf2 --pbkdf-force-iterations 1000 "
      "--key-file /run/by-hand ";
  const std::string fill =
      " by-hand && mkfs.ext4 -q /dev/mapper/by-hand && mount "
      "/dev/mapper/by-hand /mnt && echo data > /mnt/file && umount /mnt && "
      "cryptsetup close by-hand";
  m.must("cat > /run/by-hand", "by hand");
  m.must("lvcreate -qy -L 64M -n encrypted-extra system && " + luks +
         "/dev/system/encrypted-extra && cryptsetup open --key-file /run/by-hand "
         "/dev/system/encrypted-extra" +
         fill);
  const std::string header = "--header /root/x.header /dev/system/apart";
  m.must("lvcreate -qy -L 64M -n apart system && truncate -s 16M /root/x.header && " + luks +
         header + " && cryptsetup open --key-file /run/by-hand " + header + fill);
  for (const std::string words :
       {"system extra /srv/extra ext4", "system apart /srv/apart ext4 --header /root/x.header"}) {
    const Done done = m.sh("latchkey adopt " + words, m.passphrase() + "\nby hand\n");
    INFO(done.output);
    CHECK(done.status == 0);
  }
}

}  // namespace

TEST_CASE("a machine of the older scripts moves over with one command, and lives on", "[.slow]") {
  Machine& m = guests().legacy();
  m.load("login");
  refuse_what_it_must(m);
  leave_traces(m);
  const std::string before = heads(m, "16");
  check_first_run(m);
  check_second_run(m);
  CHECK(heads(m, "16") == before);

  const std::string short_before = heads(m, "2");
  m.trust_early();
  m.reboot();
  m.wait_early();
  m.unlock_and_boot();
  m.until_active("latchkey-release feed nginx ledger");
  check_everything_is_up(m);
  CHECK(heads(m, "2") == short_before);

  // No image is built from here on: this guest has no kernel to build one for.
  m.must("mount -t tmpfs none /boot");
  const std::string all = check_with_keys(m, 0);
  CHECK(has(all, "the key of 'www' opens its key slot 0"));
  CHECK(has(all, "the key of 'media' opens its key slot 0, which is a costly one"));
  m.must(
      "latchkey mount-keys --write && cp /run/latchkey/keys/system-www.key "
      "/run/latchkey/keys/spare.key && mv /run/latchkey/keys/system-media.key "
      "/run/latchkey/keys/odd.key && latchkey umount-keys",
      m.passphrase() + "\n");
  const std::string lacking = check_with_keys(m, exit_status(Code::partial));
  CHECK(has(lacking, "the key of 'media' is not on the keys volume"));
  CHECK(has(lacking, "odd.key"));
  CHECK(has(lacking, "'spare.key' on the keys volume is the key of no volume"));
  m.must(
      "latchkey mount-keys --write && mv /run/latchkey/keys/odd.key "
      "/run/latchkey/keys/system-media.key && latchkey umount-keys",
      m.passphrase() + "\n");

  check_cheap(m, "media");
  check_cheap(m, "old-mail");
  adopt_others(m);
  check_again(m);
  CHECK(m.must("cat /srv/extra/file /srv/apart/file") == "data\ndata");
  CHECK_FALSE(has(check_with_keys(m, 0), "which is a costly one"));
}

TEST_CASE("promise 6: import-legacy, killed between any two steps, goes on where it was",
          "[.slow]") {
  Machine& m = guests().legacy();
  m.load("login");
  // No image is built: in a guest without KVM one takes minutes.
  m.must("mount -t tmpfs none /boot");
  m.save("without-images");
  const std::string before = heads(m, "16");
  KillStory story;
  story.verb = "import-legacy";
  story.arguments = import_words;
  story.input = m.passphrase() + "\n";
  story.snapshot = "without-images";
  story.unfinished = "'import-legacy' of 'import'";
  // What it moves over is not written to, and the old scripts still find all of it.
  story.between = [&before](Machine& machine) { CHECK(heads(machine, "16") == before); };
  story.check = [](Machine& machine) {
    CHECK(machine.must("grep -c x-latchkey.uuid /etc/latchkey/volumes") == "5");
    for (const std::string& service : services)
      CHECK(machine.must("systemctl is-enabled " + service + " 2>/dev/null") == "enabled");
    check_again(machine);
  };
  prove_table(story.verb, kill_everywhere(m, story));
}
