// SPDX-License-Identifier: GPL-3.0-or-later
// The guard of init scripts, read by scripts as theirs are, in a made-up root.
#include <filesystem>

#include "cli/place.hpp"
#include "core/base/result.hpp"
#include "support/child.hpp"
#include "sys/base/fd.hpp"

using namespace latchkey;
using namespace latchkey::test;
namespace fs = std::filesystem;

namespace {

// A root whose guard looks there, with a script `web` that reads it under `options`.
class Host : public Place {
 public:
  Host() {
    put("etc/latchkey/latchkey.conf", "[keys]\ndevice = \"system/encrypted-keys\"\n");
    put("etc/latchkey/volumes", "www system/encrypted-www /srv/www ext4 defaults\n");
    std::string guard = *read_file(LATCHKEY_SOURCE_DIR "/hooks/sysvinit/50-latchkey");
    replace(guard, "/etc/latchkey/", path("etc/latchkey/"));
    replace(guard, "/run/systemd/", path("run/systemd/"));
    replace(guard, "/usr/lib/latchkey/latchkey-guard ",
            LATCHKEY_GUARD_PROGRAM " --root " + path() + " ");
    put("guard", guard);
    script("web");
  }
  void script(const std::string& name, const std::string& options = "set -eu") const {
    put("etc/init.d/" + name, "#!/bin/sh\n" + options + "\nfor hook in " + path("guard") +
                                  "; do . $hook || true; done\necho \"ran $*\"\n"
                                  "command -v _latchkey_guard || echo clean\n"
                                  "echo \"${name-}${unit-}${word-}${script-}\"\n");
    fs::permissions(path("etc/init.d/" + name), fs::perms::owner_all);
  }
  void services(const std::string& text) const { put("etc/latchkey/services", text); }
  [[nodiscard]] Done call(const std::string& file, const std::string& word) const {
    return run_program({path(file), word});
  }
  [[nodiscard]] Done web(const std::string& word) const { return call("etc/init.d/web", word); }

 private:
  static void replace(std::string& text, const std::string& from, const std::string& to) {
    REQUIRE(contains(text, from));
    for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
      text.replace(at, from.size(), to);
  }
};

bool held(const Done& done) {
  return done.status == 0 && !contains(done.output, "ran") &&
         contains(done.output, "'web' is held and was not started: ") &&
         contains(done.output, "run: release-services");
}

bool ran(const Done& done) { return done.status == 0 && done.output.starts_with("ran"); }

}  // namespace

TEST_CASE("a held init script ends well, with a reason, for every word that could start it") {
  const Host host;
  host.services("web www\n");
  for (const char* word :
       {"start", "restart", "reload", "force-reload", "try-restart", "upgrade"}) {
    const Done done = host.web(word);
    INFO(done.output);
    CHECK(held(done));
    CHECK(contains(done.output, "nothing is mounted on /srv/www"));
  }
  for (const char* word : {"stop", "status", "configtest"}) CHECK(ran(host.web(word)));
}

TEST_CASE("what a removal gave back is held again by the package that comes back") {
  const Host host;
  host.services("plain www\nweb www\ngone www\n");
  host.put("etc/init.d/web", "#!/bin/sh\n. /lib/lsb/init-functions\n");
  host.put("etc/init.d/plain", "#!/bin/sh\n:\n");
  for (const char* script : {"plain", "web"}) {
    fs::permissions(host.path("etc/init.d/") + script, fs::perms::owner_all);
    fs::create_directories(host.path("etc/rc2.d"));
    fs::create_symlink(std::string("../init.d/") + script, host.path("etc/rc2.d/S03") + script);
  }
  const auto run = [&](const char* command) {
    return run_program({LATCHKEY_PROGRAM, "--root", host.path(), command});
  };
  const auto exists = [&](const char* link) {
    return fs::is_symlink(host.path("etc/rc2.d/") + link);
  };
  // Without sysvinit its links start nothing.
  CHECK(run("hold-scripts").status == 0);
  CHECK(exists("S03plain"));
  host.put("etc/init.d/rc", "#!/bin/sh\n");
  fs::permissions(host.path("etc/init.d/rc"), fs::perms::owner_all);
  const Done held = run("hold-scripts");
  INFO(held.output);
  CHECK(held.status == 0);
  CHECK(contains(held.output, "'plain.service' is kept from starting at boot"));
  CHECK(exists("K97plain"));
  CHECK_FALSE(exists("S03plain"));
  CHECK(exists("S03web"));
  const Done again = run("hold-scripts");
  CHECK(again.status == 0);
  CHECK(again.output.empty());
}

TEST_CASE("a script that is not held runs as ever, and the guard leaves nothing in it") {
  const Host host;
  CHECK(ran(host.web("start")));  // no services file
  host.services("# web\nwebmail www\n");
  const Done done = host.web("start");
  CHECK(done.output == "ran start\nclean\n\n");
  host.script("web", "set -u\nIFS=:");
  CHECK(ran(host.web("start")));
  CHECK(ran(run_program({host.path("etc/init.d/web")})));
}

TEST_CASE("a held script is known by its links and by each way to write its line") {
  const Host host;
  host.services("web.service www");  // no line end
  CHECK(held(host.web("start")));
  host.services("  web\twww\r\n");
  CHECK(held(host.web("start")));
  host.services("web@one.service www\n");
  CHECK(held(host.web("start")));
  fs::create_directories(host.path("etc/rc2.d"));
  fs::create_symlink("../init.d/web", host.path("etc/rc2.d/S03web"));
  CHECK(held(host.call("etc/rc2.d/S03web", "start")));
  // Something else of the same name is none of ours.
  fs::create_directories(host.path("opt"));
  fs::copy_file(host.path("etc/init.d/web"), host.path("opt/web"));
  CHECK(ran(host.call("opt/web", "start")));
}

TEST_CASE("a released script starts; under systemd the guard keeps out of the way") {
  const Host host;
  host.services("web\n");
  host.put("etc/latchkey/volumes", "");  // nothing to be mounted
  CHECK(held(host.web("start")));
  CHECK(contains(host.web("start").output, "it is not released"));
  host.put("run/latchkey/released/web.service", "");
  CHECK(ran(host.web("start")));
  host.put("etc/latchkey/volumes", "www system/encrypted-www /srv/www ext4 defaults\n");
  CHECK(held(host.web("start")));  // a marker alone opens nothing
  fs::create_directories(host.path("run/systemd/system"));
  CHECK(ran(host.web("start")));
}

TEST_CASE("what the guard cannot read, it holds") {
  const Host host;
  host.services("web no-such-volume\n");
  host.put("etc/latchkey/volumes", "www only two\n");
  CHECK(held(host.web("start")));
}
