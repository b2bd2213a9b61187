// SPDX-License-Identifier: GPL-3.0-or-later
// Services with data on a volume that nobody held, on a made-up root directory.
#include "cli/checked_root.hpp"

using namespace latchkey::test;
namespace fs = std::filesystem;

namespace {

// As dpkg has written down that it is installed.
void install(const CheckedRoot& root, const std::string& package,
             const std::vector<std::string>& files) {
  std::ofstream(root.path("/var/lib/dpkg/status"), std::ios::app)
      << "Package: " << package << "\nStatus: install ok installed\nMaintainer: none\n"
      << "Architecture: all\nVersion: 1\nDescription: none\n\n";
  std::string list = "/.\n";
  for (const std::string& file : files) list += file + "\n";
  root.put("/var/lib/dpkg/info/" + package + ".list", list);
}

}  // namespace

TEST_CASE("check names services with files on a volume that nobody held") {
  if (!is_root()) return;
  const CheckedRoot root;
  root.put("/var/lib/dpkg/info/format", "1\n");
  const std::string services = "/lib/systemd/system/";
  install(root, "base-files", {"/srv", "/srv/www"});
  install(root, "web",
          {"/srv/www/html", "/srv/www/html/index.html", services + "web.service",
           services + "web@.service", "/etc/init.d/web"});
  install(root, "elsewhere", {"/srv/www-old/x", services + "elsewhere.service"});
  install(root, "mailer", {"/srv/mail", "/etc/init.d/mailer"});
  enable(root, "elsewhere.service");
  CHECK_FALSE(contains(root.check(), "is not held"));  // none of the others starts at boot
  enable(root, "web.service");
  fs::create_directories(root.path("/etc/rc2.d"));
  fs::create_symlink("../init.d/mailer", root.path("/etc/rc2.d/S01mailer"));
  std::string said = root.check();
  INFO(said);
  CHECK(contains(said,
                 "warning: 'web.service' is not held: its package 'web' has files on '/srv/www', "
                 "where 'www' is mounted: each boot it may start before that\n"
                 "  hint: run: latchkey hold web.service --needs www\n"));
  CHECK(contains(said, "hint: run: latchkey hold mailer.service --needs mail\n"));
  CHECK_FALSE(contains(said, "'elsewhere"));
  install(root, "shop", {"/srv/www/shop", "/srv/mail/shop", services + "shop.service"});
  enable(root, "shop.service");
  CHECK(contains(root.check(),
                 "warning: 'shop.service' is not held: its package 'shop' has files where 'www', "
                 "'mail' are mounted: each boot it may start before that\n"
                 "  hint: run: latchkey hold shop.service --needs www mail\n"));
  // An instance of a package's template starts as its own services do.
  install(root, "queue", {"/srv/mail/queue", services + "queue@.service"});
  enable(root, "queue@out.service");
  CHECK(contains(root.check(), "hint: run: latchkey hold queue@out.service --needs mail\n"));
  root.put("/etc/latchkey/services", "web@one www\nmailer mail\nshop\nqueue@out mail\n");
  said = root.check();
  CHECK_FALSE(contains(said, "is not held"));
}

TEST_CASE("check names /etc/rc.local, which starts what lies on a volume") {
  if (!is_root()) return;
  const CheckedRoot root;
  root.put("/etc/rc.local", "#!/bin/sh\n/srv/www/start &\n");
  CHECK_FALSE(contains(root.check(), "is not held"));  // it cannot be run
  REQUIRE(::chmod(root.path("/etc/rc.local").c_str(), 0755) == 0);
  CHECK(contains(root.check(),
                 "warning: 'rc-local.service' is not held: /etc/rc.local names '/srv/www', where "
                 "'www' is mounted: each boot it may start before that\n"
                 "  hint: run: latchkey hold rc-local.service --needs www\n"));
  root.put("/etc/latchkey/services", "rc-local www\n");
  CHECK_FALSE(contains(root.check(), "is not held"));
}

TEST_CASE("case 48: check names what asks for a place on a volume, watches it or logs there") {
  if (!is_root()) return;
  const CheckedRoot root;
  const std::string units = "/etc/systemd/system/";
  const std::string runs = "[Service]\nExecStart=/usr/local/bin/run\n";
  // Skipped before the release, and asked for by nobody afterwards.
  root.put(units + "guarded.service", "[Unit]\nConditionPathIsMountPoint=|/srv/www\n" + runs);
  root.put(units + "logs.service", runs + "StandardError=append:/srv/www/log\n");
  root.put(units + "plain.service", runs + "StandardError=journal\n");
  root.put(units + "import.path", "[Path]\nDirectoryNotEmpty=/srv/mail/incoming\n");
  root.put(units + "import.service", runs);
  root.put(units + "talk.socket", "[Socket]\nListenStream=/srv/mail/sock\nService=say.service\n");
  root.put(units + "say.service", runs);
  for (const char* unit :
       {"guarded.service", "logs.service", "plain.service", "import.path", "talk.socket"})
    enable(root, unit);
  const std::string said = root.check();
  INFO(said);
  CHECK(contains(said, "hint: run: latchkey hold guarded.service --needs www\n"));
  CHECK(contains(said, "hint: run: latchkey hold logs.service --needs www\n"));
  CHECK_FALSE(contains(said, "plain.service"));
  CHECK(contains(said,
                 "warning: 'import.service' is not held: 'import.path', which starts it, watches "
                 "'/srv/mail', where 'mail' is mounted"));
  CHECK(contains(said, "hint: run: latchkey hold say.service --needs mail\n"));
}

// As mariadb-server, redis-server and syncthing: no file of theirs lies on the volume.
TEST_CASE("check names services of packages that make their data there only when configured") {
  if (!is_root()) return;
  const CheckedRoot root;
  root.put("/var/lib/dpkg/info/format", "1\n");
  const std::string services = "/lib/systemd/system/";
  root.put("/etc/latchkey/volumes",
           "db system/db /var/lib/db ext4\ncache system/cache /var/lib/cache ext4\n"
           "home system/home /home ext4\n");
  install(root, "db-server", {services + "db.service"});
  root.put("/var/lib/dpkg/info/db-server.postinst", "#!/bin/sh\ndatadir=/var/lib/db\n");
  root.put(services + "db.service", "[Service]\nUser=db\nExecStart=/usr/sbin/dbd\n");
  root.put("/usr" + services + "cache.service",
           "[Service]\nExecStart=/usr/bin/cache\nReadWritePaths=-/var/lib/cache\n");
  root.put("/usr" + services + "sync@.service", "[Service]\nUser=%i\nExecStart=/usr/bin/sync\n");
  root.put("/usr" + services + "www.service", "[Service]\nUser=www-data\nExecStart=/usr/bin/w\n");
  root.put("/etc/passwd",
           "alice:x:1000:1000::/home/alice:/bin/bash\nwww-data:x:33:33::/home/www:/bin/sh\n");
  for (const char* unit : {"db.service", "cache.service", "sync@alice.service", "www.service"})
    enable(root, unit);
  const std::string said = root.check();
  INFO(said);
  CHECK(contains(said, "hint: run: latchkey hold db.service --needs db\n"));
  CHECK(contains(said, "hint: run: latchkey hold cache.service --needs cache\n"));
  CHECK(contains(said, "hint: run: latchkey hold sync@alice.service --needs home\n"));
  CHECK_FALSE(contains(said, "'www.service' is not held"));
}

TEST_CASE("check names services that the owner wrote for a volume and that nobody held") {
  if (!is_root()) return;
  const CheckedRoot root;
  const std::string units = "/etc/systemd/system/";
  const std::string app =
      "[Unit]\nRequiresMountsFor=/srv/www\n[Service]\nWorkingDirectory=-/srv/www\n"
      "ExecStart=/srv/www/bin/app\n";
  root.put(units + "app.service", app);
  root.put(units + "old.service", "[Service]\nExecStart=/srv/www-old/app host:/srv/www\n");
  root.put("/usr/local/lib/systemd/system/copy@.service",
           "[Service]\nExecStart=/usr/bin/rsync -a \\\n  # all\n  /srv/mail/ host:/srv/www\n");
  CHECK_FALSE(contains(root.check(), "is not held"));  // nothing starts them
  for (const char* unit : {"app.service", "old.service"}) enable(root, unit);
  fs::create_directories(root.path(units + "timers.target.wants"));
  fs::create_symlink("../copy@x.timer", root.path(units + "timers.target.wants/copy@x.timer"));
  std::string said = root.check();
  INFO(said);
  CHECK(contains(said,
                 "warning: 'app.service' is not held: its unit names '/srv/www', where 'www' is "
                 "mounted: each boot it may start before that\n"
                 "  hint: run: latchkey hold app.service --needs www\n"));
  CHECK(contains(said, "hint: run: latchkey hold copy@x.service --needs mail\n"));
  CHECK_FALSE(contains(said, "'old.service' is not held"));
  // What the owner adds to a package's unit counts, and what asks first on a timer is fine.
  root.put(units + "web.service.d/data.conf", "[Service]\nReadWritePaths=/srv/www /srv/mail\n");
  enable(root, "web.service");
  root.put("/usr/local/lib/systemd/system/copy@.service",
           "[Service]\nExecCondition=mountpoint -q /srv/mail\nExecStart=copy /srv/mail\n");
  said = root.check();
  CHECK(contains(said,
                 "warning: 'web.service' is not held: its unit names places where 'www', 'mail' "
                 "are mounted: each boot it may start before that\n"));
  CHECK_FALSE(contains(said, "copy@x.service"));
  // Hardening is no use.
  root.put(units + "hard.service.d/more.conf", "[Service]\nReadOnlyPaths=/srv/www\n");
  enable(root, "hard.service");
  CHECK_FALSE(contains(root.check(), "'hard.service' is not held"));
  // Held, masked, or without the path after all.
  root.put("/etc/latchkey/services", "web\n");
  root.put(units + "app.service.d/other.conf",
           "[Unit]\nRequiresMountsFor=\n[Service]\nWorkingDirectory=\nExecStart=\n"
           "ExecStart=/usr/bin/app\n");
  CHECK_FALSE(contains(root.check(), "is not held"));
}

TEST_CASE(
    "check names services that wait for the volume's mount as a unit, which there is none of") {
  if (!is_root()) return;
  const CheckedRoot root;
  enable(root, "app.service");
  const auto told = [&](const std::string& settings) {
    root.put("/etc/systemd/system/app.service", "[Unit]\n" + settings + "\n");
    return contains(root.check(), "warning: 'app.service' is not held");
  };
  CHECK(told("Requires=srv-www.mount"));
  CHECK(told("After=network.target srv-www.mount"));
  CHECK(told("BindsTo=srv-www-shop.mount"));
  CHECK_FALSE(told("After=srv-www\\x2dold.mount srv.mount"));
}

TEST_CASE("check names services that a generator has wait for a volume, as that of NFS does") {
  if (!is_root()) return;
  const CheckedRoot root;
  enable(root, "nfs-server.service");
  root.put("/lib/systemd/system/nfs-server.service", "[Service]\nExecStart=/usr/sbin/rpc.nfsd\n");
  CHECK_FALSE(contains(root.check(), "'nfs-server.service' is not held"));
  root.put("/run/systemd/generator/nfs-server.service.d/order-with-mounts.conf",
           "[Unit]\nRequiresMountsFor=/srv/www\n");
  CHECK(contains(root.check(), "warning: 'nfs-server.service' is not held"));
}

TEST_CASE("check follows a link by which a program's data are on a volume") {
  if (!is_root()) return;
  const CheckedRoot root;
  root.put("/var/lib/dpkg/info/format", "1\n");
  install(root, "database", {"/var/lib/base", "/lib/systemd/system/database.service"});
  enable(root, "database.service");
  root.put("/etc/crontab", "0 1 * * * root rsync -a --delete /data/ nas:/data/\n");
  CHECK_FALSE(contains(root.check(), "'database.service' is not held"));
  // As a release finds them: what they lead to is not there while the volume is closed.
  fs::create_directories(root.path("/var/lib"));
  fs::create_symlink("/srv/www/base", root.path("/var/lib/base"));
  fs::create_symlink("srv/www/data", root.path("/data"));
  const std::string said = root.check();
  INFO(said);
  CHECK(contains(said, "warning: 'database.service' is not held"));
  CHECK(contains(said, "uses '/data' also while 'www' is not mounted"));
  CHECK(contains(said, "mountpoint -q /srv/www &&"));
}

TEST_CASE("check names who binds or copies a directory with a mount point below it") {
  if (!is_root()) return;
  const CheckedRoot root;
  const auto container = [&](const std::string& id, const std::string& bind) {
    const std::string at = "/var/lib/docker/containers/" + id;
    root.put(at + "/config.v2.json", R"({"Name":"/)" + id + "\"}");
    root.put(at + "/hostconfig.json",
             R"({"RestartPolicy":{"Name":"always"},"Binds":[")" + bind + "\"]}");
  };
  enable(root, "docker.service");
  container("watch", "/:/host:ro,rslave");
  container("old", "/:/rootfs:ro");
  container("late", "/srv:/data:rslave");
  CHECK_FALSE(contains(root.check(), "is not held"));
  container("web", "/srv:/data");
  const std::string units = "/etc/systemd/system/";
  root.put(units + "copy.timer", "[Timer]\nOnCalendar=daily\n");
  root.put(units + "copy.service", "[Service]\nExecStart=rsync -a --delete /srv/ b:\n");
  fs::create_directories(root.path(units + "timers.target.wants"));
  fs::create_symlink("../copy.timer", root.path(units + "timers.target.wants/copy.timer"));
  std::string said = root.check();
  INFO(said);
  CHECK(contains(said, "'docker.service' is not held: its container 'web' needs the volumes "));
  CHECK(contains(said,
                 "'copy.service' is not held: its unit copies a directory above places where "));
  root.put("/etc/latchkey/services", "docker mail\ncopy mail\n");
  CHECK_FALSE(contains(root.check(), "is not held"));
}
