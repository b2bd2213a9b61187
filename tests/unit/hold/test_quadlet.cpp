// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/hold/quadlet.hpp"
#include "support/catch.hpp"

using namespace latchkey;

namespace {

Quadlet quadlet(const std::string& name, const std::string& text) {
  return {name, "", unit_settings(text)};
}

const std::string install = "[Install]\nWantedBy=default.target\n";

}  // namespace

TEST_CASE("the units that Podman makes of quadlets") {
  CHECK(unit_of_quadlet(quadlet("web.container", "")) == "web.service");
  CHECK(unit_of_quadlet(quadlet("web.kube", "")) == "web.service");
  CHECK(unit_of_quadlet(quadlet("web.pod", "")) == "web-pod.service");
  CHECK(unit_of_quadlet(quadlet("web.volume", "")) == "web-volume.service");
  CHECK(unit_of_quadlet(quadlet("web.pod", "[Pod]\nServiceName=site\n")) == "site.service");
  CHECK(is_quadlet("a.container"));
  for (const char* other : {"", ".pod", "a.network", "a.container.d", "container", "a.service"})
    CHECK_FALSE(is_quadlet(other));
}

TEST_CASE("which quadlets the boot starts: by themselves, for their pod, for who takes them") {
  const std::vector<Quadlet> all{
      quadlet("site.pod", "[Pod]\n"), quadlet("data.volume", "[Volume]\n"),
      quadlet("idle.volume", "[Volume]\n"), quadlet("idle.container", "[Container]\n"),
      quadlet("web.container", "[Container]\nPod=site.pod\nVolume=data.volume:/d\n" + install)};
  CHECK(quadlet_starts(all[4], all));
  CHECK(quadlet_starts(all[0], all));
  CHECK(quadlet_starts(all[1], all));
  CHECK_FALSE(quadlet_starts(all[2], all));
  CHECK_FALSE(quadlet_starts(all[3], all));
  CHECK_FALSE(quadlet_starts(quadlet("x.container", "[Container]\nWantedBy=x\n"), {}));
}

TEST_CASE("what a quadlet takes from a mount point") {
  const auto uses = [](const std::string& lines) {
    return quadlet_uses(quadlet("x.container", "[Container]\n" + lines), {}, "/srv/www");
  };
  for (const char* line :
       {"Volume=/srv/www:/data", "Volume=\"/srv/www/a:/b\"", "Volume=/srv/www",
        "Mount=type=bind,source=/srv/www/x,destination=/x", "Mount=type=bind, src=/srv/www,dst=/x",
        "EnvironmentFile=-/srv/www/env", "Yaml=/srv/www/pod.yaml", "ConfigMap=/srv/www/c.yaml",
        "[Service]\nExecStartPre=/srv/www/bin/prepare"})
    CHECK(uses(line));
  for (const char* line :
       {"Volume=/srv/www-old:/data", "Volume=/data:/srv/www", "Volume=www:/srv/www",
        "Volume=", "Mount=type=tmpfs,destination=/srv/www", "Image=host/srv/www",
        "#Volume=/srv/www:/data", "Volume=/srv/www:/data\nVolume="})
    CHECK_FALSE(uses(line));
  // A bind of a directory above has the empty directory for as long as it runs.
  for (const char* line : {"Volume=/srv:/data", "Volume=/srv:/data:ro,Z",
                           "Mount=type=bind,source=/srv,destination=/data"})
    CHECK(uses(line));
  for (const char* line :
       {"Volume=/:/host:ro", "Volume=/srv:/data:rslave", "Volume=/srv", "EnvironmentFile=/srv",
        "Mount=type=bind,source=/srv,destination=/d,bind-propagation=rshared"})
    CHECK_FALSE(uses(line));
  // By way of a volume of Podman's own.
  const std::vector<Quadlet> all{
      quadlet("data.volume", "[Volume]\nDevice=/srv/www/data\nOptions=bind\nType=none\n"),
      quadlet("web.container", "[Container]\nVolume=data.volume:/d\n")};
  CHECK(quadlet_uses(all[0], all, "/srv/www"));
  CHECK(quadlet_uses(all[1], all, "/srv/www"));
  CHECK_FALSE(quadlet_uses(all[1], all, "/srv/mail"));
}
