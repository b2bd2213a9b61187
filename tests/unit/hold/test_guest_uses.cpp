// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/hold/guest_uses.hpp"
#include "support/catch.hpp"

using namespace latchkey;
using Texts = std::vector<std::string>;

TEST_CASE("Docker's files: where its data is, and what its containers take") {
  CHECK(docker_data_root(R"({"log-level":"info","data-root":"/srv/d"})") == "/srv/d");
  CHECK(docker_data_root(R"({"graph":"/srv/g"})") == "/srv/g");
  for (const char* none : {"", "{}", "[]", "{\"data-root\":7}", "{\"data-root\":", "null"})
    CHECK_FALSE(docker_data_root(none));
  const DockerUse use = parse_docker_use(
      R"({"Binds":["/srv/www:/data:ro","letters:/m","/srv/www:/again"],)"
      R"("RestartPolicy":{"Name":"on-failure","MaximumRetryCount":3},)"
      R"("Mounts":[{"Type":"bind","Source":"/srv/in","Target":"/in"},{"Type":"tmpfs"},7]})");
  CHECK(use.restarts);
  CHECK(use.sources == Texts{"/srv/www", "letters", "/srv/in"});
  for (const char* name : {"no", ""})
    CHECK_FALSE(
        parse_docker_use(R"({"RestartPolicy":{"Name":")" + std::string(name) + "\"}}").restarts);
  for (const char* odd : {"", "[]", R"({"Binds":null,"Mounts":{},"RestartPolicy":"always"})",
                          R"({"Binds":[1],"Mounts":[{"Source":1}]})",
                          R"({"Binds":["",":/x"],"Mounts":[{"BindOptions":1}]})"}) {
    CHECK_FALSE(parse_docker_use(odd).restarts);
    CHECK(parse_docker_use(odd).sources.empty());
  }
  CHECK(docker_name(R"({"Name":"/web"})") == "web");
  CHECK(docker_name(R"({"Name":["/web"]})").empty());
  CHECK(docker_volume_device(R"({"MountType":"none","MountDevice":"/srv/m"})") == "/srv/m");
  CHECK(docker_volume_device("").empty());
}

TEST_CASE("the paths in a guest's XML") {
  CHECK(libvirt_paths("<disk type='file'>\n<source file='/srv/a &amp; b.img' index='1'/>\n"
                      "<target dev='vda'/></disk>\n<source dev=\"/dev/mapper/x\"/>"
                      "<filesystem><source\n  dir='/srv/d'/></filesystem>"
                      "<source file='/srv/a &amp; b.img'/>") ==
        Texts{"/srv/a & b.img", "/dev/mapper/x", "/srv/d"});
  for (const char* none :
       {"", "=", "file='/a'", " file=", " file='", " file=/a", " file='/a", " profile='/a'",
        "<loader secure='no'>/usr/share/x.fd</loader>", " file=\"/a'"})
    CHECK(libvirt_paths(none).empty());
}

TEST_CASE("Podman's files: where its data is, and what its containers take") {
  CHECK(podman_data_root("[storage]\n# graphroot = \"/a\"\n graphroot = \"/srv/p\"\n") == "/srv/p");
  CHECK_FALSE(podman_data_root("[storage]\nrunroot = \"/run/p\"\ngraphroot\n"));
  const auto names = podman_names(R"([{"id":"11aa","names":["web","w"]},{"id":"22bb"},7])");
  CHECK(names.size() == 1);
  CHECK(names.at("11aa") == "web");
  CHECK(podman_names("{}").empty());
  CHECK(podman_sources(R"({"mounts":[{"type":"bind","source":"/srv/www"},{"source":"proc"},)"
                       R"({"source":"/srv/www"},3]})") == Texts{"/srv/www"});
  CHECK(podman_sources("[]").empty());
  CHECK(podman_started(unit_settings("[Service]\nExecStart=/usr/bin/podman start -a web 22bb\n"
                                     "ExecStop=/usr/bin/podman stop -t 10 web\n")) ==
        Texts{"web", "22bb"});
  CHECK(podman_started(unit_settings("[Service]\nExecStart=/usr/bin/podman run start web\n"
                                     "ExecStart=/usr/sbin/start web\n"))
            .empty());
  CHECK(podman_restarts("\x01\x02{\"id\":\"11aa\",\"restart_policy\":\"always\"}"));
  CHECK_FALSE(podman_restarts(R"({"restart_policy":"on-failure"})"));
}

TEST_CASE("what a container of LXC's takes") {
  const LxcUse use = parse_lxc_use(
      "# lxc.start.auto = 0\nlxc.start.auto = 1\nlxc.rootfs.path = overlayfs:/srv/base:/srv/own\n"
      "lxc.mount.entry = /srv/www data none bind 0 0\nlxc.mount.entry=proc proc proc\nlxc.x\n");
  CHECK(use.starts);
  CHECK(use.paths == Texts{"/srv/base", "/srv/own", "/srv/www"});
  CHECK_FALSE(parse_lxc_use("lxc.start.auto = 0\n").starts);
  CHECK(parse_lxc_use("lxc.rootfs.path = dir:/srv/c/rootfs\n").paths == Texts{"/srv/c/rootfs"});
}

TEST_CASE("what a container of systemd's takes") {
  CHECK(nspawn_paths(unit_settings("[Exec]\nBoot=on\n[Files]\nBind=/srv/www:/data:rbind\n"
                                   "BindReadOnly=/srv/mail\nBind=+/inside\n"
                                   "Overlay=/srv/low:/srv/up:/data\n")) ==
        Texts{"/srv/www", "/srv/mail", "/srv/low", "/srv/up", "/data"});
}

TEST_CASE("binds below which later mounts are seen are known from those that stay as they are") {
  for (const char* options : {"rslave", "ro,slave", "rshared,z", "shared"})
    CHECK(follows_mounts(options));
  for (const char* options : {"", "ro", "rprivate", "rbind,private"})
    CHECK_FALSE(follows_mounts(options));
  const DockerUse use = parse_docker_use(
      R"({"Binds":["/srv:/a","/home:/b:ro,rslave"],"Mounts":[{"Source":"/opt"},
          {"Source":"/var","BindOptions":{"Propagation":"rshared"}}]})");
  CHECK(use.sources == std::vector<std::string>{"/srv", "/home", "/opt", "/var"});
  CHECK(use.follow == std::vector<std::string>{"/home", "/var"});
  const char* podman = R"({"mounts":[{"source":"/srv","options":["rbind","rprivate"]},
                                     {"source":"/home","options":["rbind","rslave"]}]})";
  CHECK(podman_sources(podman) == std::vector<std::string>{"/srv", "/home"});
  CHECK(podman_sources(podman, true) == std::vector<std::string>{"/home"});
}

TEST_CASE("where containerd keeps its containers is read before all tables of its file") {
  CHECK(containerd_data_root("version = 2\nroot = \"/srv/containerd\"\n[plugins]\n") ==
        "/srv/containerd");
  CHECK_FALSE(containerd_data_root("# root = \"/srv/containerd\"\nstate = \"/run/c\"\n"));
  CHECK_FALSE(containerd_data_root("[plugins.x]\nroot = \"/srv/containerd\"\n"));
}
