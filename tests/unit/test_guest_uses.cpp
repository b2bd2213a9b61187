// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/guest_uses.hpp"
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
                          R"({"Binds":[1],"Mounts":[{"Source":1}]})"}) {
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
