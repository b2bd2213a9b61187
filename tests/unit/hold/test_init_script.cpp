// SPDX-License-Identifier: GPL-3.0-or-later
// Init scripts: what their names and texts tell, and real ones in a made-up root.
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "core/hold/init_script.hpp"
#include "support/catch.hpp"
#include "support/temp_folder.hpp"
#include "sys/base/fd.hpp"
#include "sys/hold/init_scripts.hpp"
#include "sys/hold/rc_links.hpp"

using namespace latchkey;
namespace fs = std::filesystem;
using std::chrono::seconds;

namespace {

using Lines = std::vector<std::string>;

class Root {
 public:
  Root() {
    for (const std::string& directory : link_directories())
      fs::create_directories(at("etc/" + directory));
    fs::create_directories(at("etc/init.d"));
    fs::create_directories(at("etc/latchkey"));
  }
  [[nodiscard]] std::string at(const std::string& file) const { return paths.root + "/" + file; }
  // A script whose `status` is 0 while the file `up` is there.
  InitScript script(const std::string& name, const std::string& start,
                    const std::string& more = {}) const {
    const std::string path = at("etc/init.d/" + name);
    std::ofstream(path) << "#!/bin/sh\n"
                        << more << "\nup=" << at("up") << "\ncase $1 in\nstart) " << start
                        << " ;;\nstop) rm -f $up ;;\n"
                        << "status) [ -e $up ] || exit 3 ;;\nesac\n";
    fs::permissions(path, fs::perms::owner_all);
    const auto found = find_script(paths, name + ".service");
    REQUIRE(found);
    return *found;
  }
  void link(const std::string& name, const std::string& script) const {
    fs::create_symlink("../init.d/" + script, at("etc/" + name));
  }

  test::TempFolder folder{};
  Paths paths{folder.path()};
};

}  // namespace

TEST_CASE("a unit has one init script, whatever its instance") {
  CHECK(script_of("nginx.service") == "nginx");
  CHECK(script_of("postgresql@15-main.service") == "postgresql");
  CHECK(script_of("redis-server@.service") == "redis-server");
  CHECK(script_of("cups.socket").empty());
  CHECK(script_of(".service").empty());
  CHECK(unit_of_script("nginx") == "nginx.service");
  CHECK(unit_of_script("bootlogs.sh") == "bootlogs.service");
}

TEST_CASE("a script is guarded when its own text reads init-functions") {
  CHECK(reads_init_functions("#!/bin/sh\n. /lib/lsb/init-functions\n"));
  CHECK(reads_init_functions(
      "#!/bin/sh\n  [ -r /lib/lsb/init-functions ] && . /lib/lsb/init-functions\n"));
  CHECK(reads_init_functions("#!/usr/bin/env /lib/init/init-d-script\nDAEMON=/usr/sbin/x\n"));
  CHECK_FALSE(reads_init_functions("#!/bin/sh\n# . /lib/lsb/init-functions\n. /etc/default/x\n"));
  CHECK_FALSE(reads_init_functions(""));
}

TEST_CASE("a script tells its status when a label says so") {
  CHECK(tells_status("case $1 in\n  status)\n"));
  CHECK(tells_status("case $1 in\n  start|status) x ;;\n"));
  CHECK(tells_status("case $1 in\n  (\"status\") x ;;\n"));
  CHECK(tells_status("#!/usr/bin/env /lib/init/init-d-script\n"));
  CHECK_FALSE(tells_status("case $1 in\n  *) echo \"usage: start|stop|status\"\n"));
  CHECK_FALSE(tells_status("# status)\n"));
  CHECK_FALSE(tells_status("case $1 in\n  extended-status) x ;;\n"));
}

TEST_CASE("the exit status of a script's status is the LSB's") {
  CHECK(judge_status(0) == ScriptState::running);
  CHECK(judge_status(1) == ScriptState::died);
  CHECK(judge_status(2) == ScriptState::died);
  CHECK(judge_status(3) == ScriptState::stopped);
  CHECK(judge_status(4) == ScriptState::unknown);
  CHECK(judge_status(137) == ScriptState::unknown);
}

TEST_CASE("only links of the very script are recorded and made again") {
  CHECK(is_link_path("rc2.d/S03nginx", "nginx"));
  CHECK(is_link_path("rcS.d/K99nginx", "nginx"));
  CHECK_FALSE(is_link_path("rc2.d/S03nginx-debug", "nginx"));
  CHECK_FALSE(is_link_path("rc2.d/S3nginx", "nginx"));
  CHECK_FALSE(is_link_path("rc7.d/S03nginx", "nginx"));
  CHECK_FALSE(is_link_path("../rc2.d/S03nginx", "nginx"));
  CHECK_FALSE(is_link_path("rc2.d/S03/../../x", "nginx"));
  CHECK(starts_at_boot({"rc0.d/K01nginx", "rc2.d/S03nginx"}));
  CHECK(starts_at_boot({"rcS.d/S03nginx"}));
  CHECK_FALSE(starts_at_boot({"rc0.d/S03nginx", "rc2.d/K03nginx"}));
  CHECK_FALSE(starts_at_boot({}));
}

TEST_CASE("a service is started, judged by its status, and stopped") {
  const Root root;
  std::string order;
  const Turn note{[&] { order += "waits "; },
                  [&] { order += fs::exists(root.at("up")) ? "passes " : "early "; }};
  const InitScript good = root.script("good", "echo $PWD >$up; sleep 600 & echo $! >$up.pid");
  CHECK(script_state(good) == ScriptState::stopped);
  // What it leaves behind keeps nothing of ours: this returns although `sleep` goes on.
  const auto up = start_script(good, seconds(20), note);
  REQUIRE(up);
  const pid_t left = std::stoi(*read_file(root.at("up.pid")));
  CHECK(::kill(left, SIGKILL) == 0);
  CHECK(*up == "running");
  CHECK(order == "waits passes ");
  CHECK(*read_file(root.at("up")) == "/\n");
  CHECK(script_state(good) == ScriptState::running);
  CHECK(start_script(good, seconds(20), note));
  CHECK(stop_script(good, seconds(20)));
  CHECK(script_state(good) == ScriptState::stopped);
  CHECK(stop_script(good, seconds(20)));
}

TEST_CASE("a start that fails or does not end is told as it is") {
  const Root root;
  const Turn nothing;
  const auto bad = start_script(root.script("bad", "exit 7"), seconds(20), nothing);
  REQUIRE_FALSE(bad);
  CHECK(bad.error().code == Code::io);
  CHECK(bad.error().why == "its script ended with status 7");
  const auto slow = start_script(root.script("slow",
                                             "while [ ! -e $up ]; do sleep 0.1; done; "
                                             "mv $up $up.seen"),
                                 seconds(1), nothing);
  REQUIRE_FALSE(slow);
  CHECK(slow.error().code == Code::timeout);
  // It was not killed: it still answers.
  std::ofstream(root.at("up")) << "";
  for (int left = 200; left > 0 && !fs::exists(root.at("up.seen")); --left) ::usleep(50'000);
  CHECK(fs::exists(root.at("up.seen")));
}

TEST_CASE("what nobody can tell is what was released; the guard has to be there") {
  const Root root;
  std::ofstream(root.at("etc/init.d/mute")) << "#!/bin/sh\n. /lib/lsb/init-functions\n";
  fs::permissions(root.at("etc/init.d/mute"), fs::perms::owner_all);
  Setup setup;
  setup.services = {{.unit = "mute.service"}, {.unit = "gone.service"}};
  Facts facts;
  facts.units["mute.service"].released = true;
  probe_scripts(facts, setup, root.paths);
  CHECK(facts.units["mute.service"].known);
  CHECK(facts.units["mute.service"].active);
  CHECK_FALSE(facts.units["mute.service"].held);
  CHECK_FALSE(facts.units["gone.service"].known);
  fs::create_directories(root.at("lib/lsb/init-functions.d"));
  std::ofstream(guard_file(root.paths)) << "";
  probe_scripts(facts, setup, root.paths);
  CHECK(facts.units["mute.service"].held);
}

TEST_CASE("recorded links come back name by name, and the record goes") {
  const Root root;
  (void)root.script("plain", ":");
  const Lines before{"rc0.d/K01plain", "rc2.d/S03plain", "rc3.d/S17plain", "rc6.d/K01plain"};
  std::ofstream(root.at("etc/latchkey/links"))
      << "# mine\nother.service rc2.d/S01other\nplain.service " << before[0] << ' ' << before[1]
      << ' ' << before[2] << ' ' << before[3] << '\n';
  // As update-rc.d leaves a disabled one, and a neighbour that is none of ours.
  for (const char* link : {"rc0.d/K01plain", "rc2.d/K01plain", "rc3.d/K01plain", "rc4.d/K01plain"})
    root.link(link, "plain");
  root.link("rc2.d/S03plain-too", "plain-too");
  CHECK_FALSE(starts_at_boot(links_of(root.paths, "plain")));
  CHECK(recorded_units(root.paths) == Lines{"other.service", "plain.service"});

  CHECK(restore_links(root.paths, "plain.service"));
  CHECK(links_of(root.paths, "plain") == before);
  CHECK(fs::read_symlink(root.at("etc/rc3.d/S17plain")) == "../init.d/plain");
  CHECK(fs::is_symlink(root.at("etc/rc2.d/S03plain-too")));
  CHECK(*read_file(root.at("etc/latchkey/links")) == "# mine\nother.service rc2.d/S01other\n");
  CHECK(restore_links(root.paths, "plain.service"));
}

TEST_CASE("a disabled script starts in no level, and what was there first stays recorded") {
  const Root root;
  (void)root.script("plain", ":");
  const Lines before{"rc0.d/K01plain", "rc2.d/S03plain", "rc6.d/K01plain", "rcS.d/S10plain"};
  for (const std::string& link : before) root.link(link, "plain");
  REQUIRE(disable_links(root.paths, "plain.service", "plain"));
  const Lines after{"rc0.d/K01plain", "rc2.d/K97plain", "rc6.d/K01plain", "rcS.d/K90plain"};
  CHECK(links_of(root.paths, "plain") == after);
  CHECK(disable_links(root.paths, "plain.service", "plain"));
  // Somebody switches it on by hand, and holds it again.
  root.link("rc3.d/S01plain", "plain");
  CHECK(disable_links(root.paths, "plain.service", "plain"));
  CHECK_FALSE(starts_at_boot(links_of(root.paths, "plain")));
  CHECK(restore_links(root.paths, "plain.service"));
  CHECK(links_of(root.paths, "plain") == before);
  CHECK_FALSE(fs::exists(root.at("etc/latchkey/links")));
}

TEST_CASE("what starts before any runlevel is known by its link in rcS.d") {
  const Root root;
  for (const char* name : {"plain", "mounts"}) (void)root.script(name, ":");
  for (const char* link : {"rc2.d/S03plain", "rcS.d/K90plain"}) root.link(link, "plain");
  root.link("rcS.d/S10mounts", "mounts");
  CHECK(early_link(root.paths, "plain") == "");
  CHECK(early_link(root.paths, "mounts") == "rcS.d/S10mounts");
}

TEST_CASE("Must 10: a record that is no list of a script's links makes nothing") {
  const Root root;
  (void)root.script("plain", ":");
  std::ofstream(root.at("etc/latchkey/links")) << "plain.service ../../tmp/S03plain\n";
  const auto done = restore_links(root.paths, "plain.service");
  REQUIRE_FALSE(done);
  CHECK(done.error().code == Code::config);
  CHECK(links_of(root.paths, "plain").empty());
}
