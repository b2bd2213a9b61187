// SPDX-License-Identifier: GPL-3.0-or-later
// Containers and virtual machines that use a volume, and what starts them and nobody held.
#include "cli/checked_root.hpp"

using namespace latchkey::test;
namespace fs = std::filesystem;

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
