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

void enable(const CheckedRoot& root, const std::string& unit) {
  const std::string place = root.path("/etc/systemd/system/multi-user.target.wants");
  fs::create_directories(place);
  fs::create_symlink("/lib/systemd/system/" + unit, place + "/" + unit);
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
  root.put("/etc/latchkey/services", "web@one www\nmailer mail\nshop\n");
  said = root.check();
  CHECK_FALSE(contains(said, "is not held"));
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
