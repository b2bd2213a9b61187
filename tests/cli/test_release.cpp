// SPDX-License-Identifier: GPL-3.0-or-later
// Releases and locks: what they would do, and whose caller goes away.
#include <sys/mount.h>
#include <unistd.h>

#include <exception>
#include <nlohmann/json.hpp>
#include <optional>

#include "cli/place.hpp"
#include "core/base/message.hpp"
#include "core/base/result.hpp"
#include "support/alone.hpp"
#include "support/child.hpp"
#include "support/terminal.hpp"
#include "sys/base/fd.hpp"
#include "sys/base/lock_file.hpp"
#include "sys/config/setup.hpp"
#include "sys/mount/mount_point.hpp"

using namespace latchkey;
using namespace latchkey::test;
using namespace std::chrono_literals;

namespace {

// A machine whose volume group is not there.
class Closed : public Place {
 public:
  Closed() {
    put("etc/latchkey/latchkey.conf", "[keys]\ndevice = \"no-such-vg/encrypted-keys\"\n");
    put("etc/latchkey/volumes", "data no-such-vg/encrypted-data /srv/latchkey-not-made ext4\n");
    put("etc/latchkey/services", "no-such-unit data\n");
  }
};

// A volume whose disk is not there, and a command that is run on a terminal of its own.
class AtPrompt : public Place {
 public:
  AtPrompt() {
    put("etc/latchkey/latchkey.conf",
        "[keys]\ndevice = \"/dev/no-such-keys\"\n[boot]\ndevice_timeout = \"1s\"\n");
    put("etc/latchkey/volumes", "data /dev/no-such-data /srv/no-such-data ext4\n");
  }
  [[nodiscard]] Child release() const {
    const Fd end = other_end(terminal_);
    return Child({"/bin/sh", "-c", "exec \"$@\" <&" + std::to_string(end.get()), "sh",
                  LATCHKEY_PROGRAM, "--root", path(), "release-services"});
  }
  void type(std::string_view text) const { REQUIRE(write_all(terminal_.get(), text)); }

 private:
  Fd terminal_ = new_terminal();
};

}  // namespace

TEST_CASE("release-services --dry-run says every step, and does none") {
  const Closed place;
  const auto words = [&](std::vector<std::string> more) {
    std::vector<std::string> argv{LATCHKEY_PROGRAM, "--root", place.path(), "release-services"};
    argv.insert(argv.end(), more.begin(), more.end());
    return run_program(argv, "not looked at");
  };
  const Done plan = words({"--dry-run"});
  CHECK(plan.status == 0);
  CHECK(plan.output ==
        "1  activate no-such-vg/encrypted-data, no-such-vg/encrypted-keys\n"
        "2  find the keys volume\n3  read the keys\n4  find 'data'\n5  open 'data'\n"
        "6  check 'data'\n7  mount 'data'\n8  release 'no-such-unit.service'\n");
  const auto json = nlohmann::json::parse(words({"-n", "--json"}).output);
  CHECK(json["steps"].size() == 8);
  CHECK(json["steps"][6]["step"] == "mount 'data'");
  CHECK(json["steps"][6]["needs"] == nlohmann::json{"checked data"});
  CHECK(words({"-n", "--only", "dato"}).status == exit_status(Code::usage));
  CHECK_FALSE(std::filesystem::exists(place.path("run")));
  CHECK_FALSE(std::filesystem::exists("/srv/latchkey-not-made"));
}

TEST_CASE("a boot goes on after ten seconds of a release, which goes on behind it") {
  const std::string complaint = alone([]() -> std::string {
    for (const char* folder : {"/etc", "/run", "/var/lib"})
      if (::mount("tmpfs", folder, "tmpfs", 0, "mode=0755") != 0) return "no tmpfs here";
    const Paths paths;
    if (!make_directories(paths.etc(), 0755) || !make_directories(paths.run(), 0755) ||
        !write_file(paths.etc("latchkey.conf"), "[keys]\ndevice = \"vg/no-such-keys\"\n", 0600) ||
        !write_file(paths.etc("volumes"), "data vg/no-such-data /mnt/no-such-data ext4\n", 0600))
      return "cannot write the configuration";
    // As a check of hours would, another release holds this one up.
    auto taken = LockFile::take(paths.run("release.lock"), "a release", 0s);
    if (!taken) return sentence(taken.error());
    std::optional<LockFile> other(std::move(*taken));
    try {
      Child boot({LATCHKEY_PROGRAM, "release-services", "--boot"});
      boot.expect(
          "this takes longer; the boot goes on, and what waits for it starts when it is done");
      other.reset();
      // What goes on behind it has its output too.
      if (boot.wait() != 0) return "its status is not 0";
      return contains(boot.output(), "were not opened in early boot") ? "" : boot.output();
    } catch (const std::exception& error) {
      return error.what();
    }
  });
  CHECK(complaint == "");
}

TEST_CASE("release-services takes the guard of a line away that is there no more") {
  const std::string complaint = alone([]() -> std::string {
    for (const char* folder : {"/etc", "/run", "/var/lib"})
      if (::mount("tmpfs", folder, "tmpfs", 0, "mode=0755") != 0) return "no tmpfs here";
    const Paths paths;
    const std::string place = "/mnt/old";
    if (!guard_mount_point(place, true) || !make_directories(paths.etc(), 0755) ||
        !write_file(paths.etc("latchkey.conf"), "[keys]\ndevice = \"vg/no-such-keys\"\n", 0600) ||
        !write_file(paths.etc("volumes"), "", 0644) ||
        !write_file(paths.etc("guards"), place + "\n", 0644))
      return "cannot write the configuration";
    try {
      const Done done = run_program({LATCHKEY_PROGRAM, "release-services"});
      if (done.status != 0) return done.output;
    } catch (const std::exception& error) {
      return error.what();
    }
    if (is_guarded(place)) return "it is immutable still";
    return ::access(paths.etc("guards").c_str(), F_OK) == 0 ? "it is listed still" : "";
  });
  CHECK(complaint == "");
}

TEST_CASE("a prompt of release-services that was left keeps no other release away") {
  if (!is_root()) return;
  const AtPrompt place;
  Child left = place.release();
  left.expect("passphrase of the keys volume");
  const Done other = run_program({LATCHKEY_PROGRAM, "--root", place.path(), "release-services"},
                                 "open sesame\n", 60s);
  INFO(other.output);
  CHECK(contains(other.output, "no-such-keys"));
  CHECK_FALSE(contains(other.output, "is under way"));
  place.type("open sesame\n");
  CHECK(left.wait() == other.status);
  CHECK(contains(left.output(), "no-such-keys"));
}

TEST_CASE("a prompt that was left takes no guard of a volume away that was made meanwhile") {
  if (!is_root()) return;
  const AtPrompt place;
  Child left = place.release();
  left.expect("passphrase of the keys volume");
  place.put("etc/latchkey/volumes",
            "data /dev/no-such-data /srv/no-such-data ext4\n"
            "new /dev/no-such-new /srv/no-such-new ext4\n");
  place.put("etc/latchkey/guards", "/srv/no-such-data\n/srv/no-such-new\n");
  place.type("open sesame\n");
  CHECK(left.wait() != 0);
  INFO(left.output());
  CHECK(contains(left.output(), "no-such-new"));
  CHECK(contains(read_file(place.path("etc/latchkey/guards")).value(), "/srv/no-such-new\n"));
}

TEST_CASE("a volume that is mounted nowhere and stays closed fails a release of everything") {
  if (!is_root()) return;
  const AtPrompt place;
  place.put("etc/latchkey/volumes", "data /dev/no-such-data none ext4\n");
  const auto status_of = [&](std::vector<std::string> more, const std::string& typed) {
    std::vector<std::string> argv{LATCHKEY_PROGRAM, "--root", place.path(), "release-services"};
    argv.insert(argv.end(), more.begin(), more.end());
    const Done done = run_program(argv, typed, 60s);
    INFO(done.output);
    CHECK(contains(done.output, "data"));
    return done.status;
  };
  CHECK(status_of({}, "open sesame\n") != 0);
  CHECK(status_of({}, "") == exit_status(Code::partial));
  CHECK(status_of({"--only", "data"}, "open sesame\n") != 0);
}

TEST_CASE("who types the passphrase while another release is under way waits, and is told whose") {
  if (!is_root()) return;
  const AtPrompt place;
  Child late = place.release();
  late.expect("passphrase of the keys volume");
  auto taken = LockFile::take(place.path("run/latchkey/release.lock"), "a release", 0s);
  REQUIRE(taken);
  std::optional<LockFile> other(std::move(*taken));
  place.type("open sesame\n");
  late.expect("(pid " + std::to_string(::getpid()) +
              ") is under way already; waiting until it has ended");
  CHECK_FALSE(contains(late.output(), "no-such-keys"));
  other.reset();
  CHECK(late.wait() != 0);
  CHECK(contains(late.output(), "no-such-keys"));
}

TEST_CASE("a lock goes on to its end when nobody reads what it prints") {
  if (!is_root()) return;
  const Closed place;
  const std::string marker = place.put("run/latchkey/released/no-such-unit.service", "");
  // A pipe whose reader has ended.
  const Done done =
      run_program({"/bin/bash", "-c", "exec 3> >(exit 0); wait $!; exec \"$@\" >&3 2>&3", "bash",
                   LATCHKEY_PROGRAM, "--root", place.path(), "lock"});
  CHECK(done.status == 0);
  CHECK_FALSE(std::filesystem::exists(marker));
}

TEST_CASE("a release unit that is started again behind a lock does not say that nobody unlocked") {
  if (!is_root()) return;
  const Place place;
  place.put("etc/latchkey/latchkey.conf", "[keys]\ndevice = \"no-such-vg/encrypted-keys\"\n");
  place.put("etc/latchkey/volumes", "data no-such-vg/encrypted-data none ext4\n");
  const auto boot = [&] {
    return run_program({LATCHKEY_PROGRAM, "--root", place.path(), "release-services", "--boot"})
        .output;
  };
  place.put("run/latchkey/boot.json",
            R"({"result":"unlocked","waited":5,"uptime":9,"time":1700000610,)"
            R"("volumes":[{"name":"data","open":true,"seconds":1}]})");
  std::string said = boot();
  INFO(said);
  CHECK(contains(said, "the encrypted volumes were closed again after early boot"));
  CHECK_FALSE(contains(said, "were not opened in early boot"));
  place.put("run/latchkey/boot.json", R"({"result":"continued","waited":5,"volumes":[]})");
  said = boot();
  CHECK(contains(said, "were not opened in early boot"));
}

TEST_CASE("the boot releases what is held where no volume is configured any more") {
  if (!is_root()) return;
  const Place place;
  place.put("etc/latchkey/latchkey.conf", "[keys]\ndevice = \"no-such-vg/encrypted-keys\"\n");
  place.put("etc/latchkey/services", "no-such-unit\n");
  const auto boot = [&](const std::string& volumes) {
    place.put("etc/latchkey/volumes", volumes);
    const Done done =
        run_program({LATCHKEY_PROGRAM, "--root", place.path(), "release-services", "--boot"});
    INFO(done.output);
    CHECK(contains(done.output, "were not opened") == !volumes.empty());
    return std::filesystem::exists(place.path("run/latchkey/released/no-such-unit.service"));
  };
  CHECK_FALSE(boot("data no-such-vg/encrypted-data none ext4\n"));
  CHECK(boot(""));
}
