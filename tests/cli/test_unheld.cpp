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

TEST_CASE("check names quadlets that use a volume and that nobody held") {
  if (!is_root()) return;
  const CheckedRoot root;
  const std::string place = "/etc/containers/systemd/";
  const std::string install = "[Install]\nWantedBy=multi-user.target\n";
  const std::string web = "[Container]\nImage=web\nVolume=/srv/www:/data:ro\n";
  root.put(place + "web.container", web);
  CHECK_FALSE(contains(root.check(), "is not held"));  // nothing starts it
  root.put(place + "web.container", web + install);
  root.put(place + "shop/shop.pod", "[Pod]\nVolume=/srv/mail/shop:/m\n");
  root.put(place + "shop/front.container", "[Container]\nPod=shop.pod\nImage=x\n" + install);
  root.put(place + "other.container", "[Container]\nVolume=/srv/www-old:/data\n" + install);
  root.put(place + "users/1000/own.container", web + install);
  const std::string said = root.check();
  INFO(said);
  CHECK(contains(said,
                 "warning: 'web.service' is not held: its quadlet "
                 "'/etc/containers/systemd/web.container' names '/srv/www', where 'www' is "
                 "mounted: each boot it may start before that\n"
                 "  hint: run: latchkey hold web.service --needs www\n"));
  CHECK(contains(said, "hint: run: latchkey hold shop-pod.service --needs mail\n"));
  for (const char* fine : {"'front.service' is not", "'other.service' is not", "'own.service' is"})
    CHECK_FALSE(contains(said, fine));
  root.put("/etc/latchkey/services", "web www\nshop-pod mail\n");
  CHECK_FALSE(contains(root.check(), "is not held"));
  root.put(place + "other.container.d/more.conf",
           "[Container]\nMount=type=bind,source=/srv/www/in,destination=/in\n");
  CHECK(contains(root.check(), "hint: run: latchkey hold other.service --needs www\n"));
}

TEST_CASE("check names Docker when its data, or a container that it starts, is on a volume") {
  if (!is_root()) return;
  const CheckedRoot root;
  const auto container = [&](const std::string& id, const std::string& name,
                             const std::string& policy, const std::string& more) {
    const std::string at = "/var/lib/docker/containers/" + id;
    root.put(at + "/config.v2.json", "{\"Name\":\"/" + name + "\"}");
    root.put(at + "/hostconfig.json",
             "{\"RestartPolicy\":{\"Name\":\"" + policy + "\"}," + more + "}");
  };
  container("11aa", "web", "no", R"("Binds":["/srv/www:/data:rw"])");
  enable(root, "docker.service");
  CHECK_FALSE(contains(root.check(), "is not held"));  // it starts nothing
  container("11aa", "web", "unless-stopped", R"("Binds":["/srv/www:/data:rw"])");
  CHECK(contains(root.check(),
                 "warning: 'docker.service' is not held: its container 'web' needs '/srv/www', "
                 "where 'www' is mounted: each boot it may start before that\n"
                 "  hint: run: latchkey hold docker.service --needs www\n"));
  container("22bb", "post", "always",
            R"("Binds":null,"Mounts":[{"Type":"bind","Source":"/srv/mail/in","Target":"/in"}])");
  CHECK(contains(root.check(),
                 "its container 'web', container 'post' need the volumes 'www', 'mail': each "
                 "boot it may start before that\n"
                 "  hint: run: latchkey hold docker.service --needs www mail\n"));
  fs::remove_all(root.path("/var/lib/docker/containers"));
  container("33cc", "named", "always", R"("Binds":["letters:/m"])");
  root.put("/var/lib/docker/volumes/letters/opts.json",
           R"({"MountType":"none","MountOpts":"bind","MountDevice":"/srv/mail/letters"})");
  CHECK(contains(root.check(), "its container 'named' needs '/srv/mail', where 'mail' is mounted"));
  root.put("/etc/docker/daemon.json", R"({"data-root":"/srv/www/docker"})");
  CHECK(contains(root.check(), "its own data needs '/srv/www', where 'www' is mounted"));
  root.put("/etc/latchkey/services", "docker www mail\n");
  CHECK_FALSE(contains(root.check(), "is not held"));
}

TEST_CASE("check names containerd when its data is on a volume") {
  if (!is_root()) return;
  const CheckedRoot root;
  enable(root, "containerd.service");
  CHECK_FALSE(contains(root.check(), "containerd"));
  root.put("/etc/containerd/config.toml", "version = 2\nroot = \"/srv/www/containerd\"\n");
  const std::string said = root.check();
  INFO(said);
  CHECK(contains(said, "'containerd.service' is not held: its own data needs '/srv/www', where "));
}

TEST_CASE("check names libvirt's daemon when a guest that it starts is on a volume") {
  if (!is_root()) return;
  const CheckedRoot root;
  root.put("/etc/latchkey/volumes",
           "www system/encrypted-www /srv/www ext4\ndisk system/encrypted-disk none ext4\n");
  root.put("/etc/libvirt/qemu/one.xml",
           "<!-- edit with virsh -->\n<domain type='kvm'>\n  <disk type='file'>\n"
           "    <source file='/srv/www/one.qcow2'/>\n    <target dev='vda' bus='virtio'/>\n");
  root.put("/etc/libvirt/qemu/two.xml", "<source dev='/dev/mapper/cleartext-disk'/>\n");
  const std::string place = "/etc/libvirt/qemu/autostart/";
  fs::create_directories(root.path(place));
  enable(root, "libvirtd.service");
  CHECK_FALSE(contains(root.check(), "is not held"));  // no guest is started
  // By its whole path, as libvirt makes it.
  fs::create_symlink("/etc/libvirt/qemu/one.xml", root.path(place + "one.xml"));
  CHECK(contains(root.check(),
                 "warning: 'libvirtd.service' is not held: its guest 'one' needs '/srv/www', where "
                 "'www' is mounted: each boot it may start before that\n"
                 "  hint: run: latchkey hold libvirtd.service --needs www\n"));
  fs::remove(root.path(place + "one.xml"));
  fs::create_symlink("/etc/libvirt/qemu/two.xml", root.path(place + "two.xml"));
  CHECK(contains(root.check(),
                 "its guest 'two' needs '/dev/mapper/cleartext-disk', where 'disk' is opened: each "
                 "boot it may start before that\n"
                 "  hint: run: latchkey hold libvirtd.service --needs disk\n"));
  root.put("/etc/latchkey/services", "libvirtd disk\n");
  CHECK_FALSE(contains(root.check(), "is not held"));
}

TEST_CASE("check names what starts Podman's containers when one of them is on a volume") {
  if (!is_root()) return;
  const CheckedRoot root;
  const std::string data = "/var/lib/containers/storage";
  root.put(data + "/overlay-containers/containers.json", R"([{"id":"11aa","names":["web"]}])");
  root.put(data + "/overlay-containers/11aa/userdata/config.json",
           R"({"mounts":[{"type":"bind","source":"/srv/www/html","destination":"/data"}]})");
  root.put(data + "/libpod/bolt_state.db", R"(x{"id":"11aa"}x)");
  enable(root, "podman-restart.service");
  CHECK_FALSE(contains(root.check(), "is not held"));  // it starts nothing
  const std::string told =
      "warning: 'podman-restart.service' is not held: its container 'web' needs '/srv/www', where "
      "'www' is mounted: each boot it may start before that\n"
      "  hint: run: latchkey hold podman-restart.service --needs www\n";
  for (const char* database : {"/libpod/bolt_state.db", "/db.sql"}) {
    root.put(data + database, R"(x{"id":"11aa","restart_policy":"always"}x)");
    CHECK(contains(root.check(), told));
    fs::remove(root.path(data + database));
  }
  CHECK_FALSE(contains(root.check(), "is not held"));
  fs::remove(root.path("/etc/systemd/system/multi-user.target.wants/podman-restart.service"));
  root.put("/etc/systemd/system/container-web.service",
           "[Service]\nExecStart=/usr/bin/podman start web\n");
  enable(root, "container-web.service");
  CHECK(contains(root.check(),
                 "warning: 'container-web.service' is not held: its container 'web' needs "
                 "'/srv/www', where 'www' is mounted"));
  fs::remove(root.path("/etc/systemd/system/container-web.service"));
  enable(root, "podman-restart.service");
  root.put("/etc/containers/storage.conf", "[storage]\ngraphroot = \"/srv/mail/podman\"\n");
  CHECK(contains(root.check(), "its own data needs '/srv/mail', where 'mail' is mounted"));
  root.put("/etc/latchkey/services", "podman-restart mail\n");
  CHECK_FALSE(contains(root.check(), "is not held"));
}

TEST_CASE("check names LXC and systemd's containers that use a volume") {
  if (!is_root()) return;
  const CheckedRoot root;
  root.put("/var/lib/lxc/post/config",
           "lxc.start.auto = 1\nlxc.mount.entry = /srv/mail data none bind 0 0\n");
  root.put("/etc/systemd/nspawn/web.nspawn", "[Files]\nBind=/srv/www/html:/data\n");
  CHECK_FALSE(contains(root.check(), "is not held"));
  enable(root, "lxc.service");
  CHECK(
      contains(root.check(),
               "warning: 'lxc.service' is not held: its container 'post' needs '/srv/mail', where "
               "'mail' is mounted"));
  const std::string place = root.path("/etc/systemd/system/machines.target.wants");
  fs::create_directories(place);
  fs::create_symlink("/lib/systemd/system/systemd-nspawn@.service",
                     place + "/systemd-nspawn@web.service");
  CHECK(contains(root.check(),
                 "warning: 'systemd-nspawn@web.service' is not held: its container 'web' needs "
                 "'/srv/www', where 'www' is mounted"));
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
