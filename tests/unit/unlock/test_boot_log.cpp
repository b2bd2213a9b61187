// SPDX-License-Identifier: GPL-3.0-or-later
#include <sys/stat.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "core/base/text.hpp"
#include "core/unlock/boot_log.hpp"
#include "support/catch.hpp"
#include "support/temp_folder.hpp"
#include "sys/base/fd.hpp"
#include "sys/config/unfinished.hpp"
#include "sys/unlock/boot_log.hpp"

using namespace latchkey;

namespace {

mode_t mode_of(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 ? info.st_mode & 07777U : 0;
}

// Times as numbers: the tests do not depend on where the machine is.
std::string plain_date(std::int64_t time, bool whole) {
  return (whole ? "T" : "t") + std::to_string(time);
}

BootEntry unlocked_boot(const std::string& id) {
  BootEntry entry{.boot = id, .started = 1000};
  entry.early = BootReport{.result = "unlocked",
                           .peer = {"ssh", 1, "SHA256:abc", "alice@laptop", "192.0.2.7"},
                           .time = 1041,
                           .waited = 30,
                           .wrong_answers = 1,
                           .volumes = {{"www", true, 0.25}},
                           .uptime = 41};
  entry.events.push_back({.kind = "failed",
                          .by = "boot",
                          .uptime = 60,
                          .seconds = 3,
                          .items = {{"volume", "www", "mounted", true, "", "", "repaired"},
                                    {"volume", "logs", "missing", false, "no device", "look"},
                                    {"unit", "nginx.service", "running", true},
                                    {"unit", "db.service", "held", false, "waits for 'logs'"}}});
  return entry;
}

struct Folder {
  Folder() { std::filesystem::create_directories(paths.run()); }

  test::TempFolder folder{};
  Paths paths{folder.path()};
};

}  // namespace

TEST_CASE("the log comes back as it was written, a boot a line") {
  BootLog log{{unlocked_boot("a"), unlocked_boot("b")}};
  log.boots[1].events.push_back({.kind = "unlocked",
                                 .by = "unlock",
                                 .peer = {.kind = "user", .comment = "bob"},
                                 .uptime = 90,
                                 .opened = {{"logs", false, 0, "wrong key", "look"}}});
  const std::string text = encode(log);
  CHECK(split_lines(text).size() == 2);
  const BootLog back = parse_log(text);
  CHECK(back.boots == log.boots);
  CHECK(back.damaged == 0);
}

TEST_CASE("a damaged, cut off or foreign line of the log costs only itself") {
  const std::string good = encode(BootLog{{unlocked_boot("a")}});
  const BootLog log =
      parse_log("{\"boot\":\"x\n[]\n\n{}\n" + good + good.substr(0, good.size() / 2) +
                std::string("\n\xff\x00\n", 4) +
                R"({"boot":"y","started":"never","early":7,"events":[1,{"event":3}]})");
  REQUIRE(log.boots.size() == 2);
  CHECK(log.boots[0] == unlocked_boot("a"));
  CHECK(log.boots[1].boot == "y");
  CHECK(log.boots[1].started == 0);
  CHECK_FALSE(log.boots[1].early);
  CHECK(log.boots[1].events.size() == 1);
  CHECK(log.damaged == 5);
}

TEST_CASE("the log keeps the newest fifty boots, less than a megabyte, and twenty events of each") {
  BootLog log;
  for (int i = 0; i < 60; ++i) log.boots.push_back(unlocked_boot(std::to_string(i)));
  const BootLog kept = parse_log(encode(log));
  REQUIRE(kept.boots.size() == most_boots);
  CHECK(kept.boots.front().boot == "10");
  CHECK(kept.boots.back().boot == "59");

  for (BootEntry& entry : log.boots)
    entry.events.resize(1, LogEvent{}),
        entry.events[0].items.resize(200, {"volume", std::string(150, 'n')});
  const std::string large = encode(log);
  CHECK(large.size() <= most_log_bytes);
  CHECK(parse_log(large).boots.size() > 5);
  CHECK(parse_log(large).boots.back().boot == "59");

  BootLog busy;
  for (int i = 1; i <= 40; ++i)
    add_to_log(busy, {"a", 5, {}, {{.kind = "released", .by = "boot", .uptime = double(i)}}});
  REQUIRE(busy.boots.size() == 1);
  REQUIRE(busy.boots[0].events.size() == most_events);
  CHECK(busy.boots[0].events.front().uptime == 1);
  CHECK(busy.boots[0].events.back().uptime == 40);
}

TEST_CASE(
    "news of a boot that is known complete its entry, and are no second event when told twice") {
  BootLog log;
  BootEntry early = unlocked_boot("a");
  early.events.clear();
  add_to_log(log, early);
  BootEntry release = unlocked_boot("a");
  release.early.reset();
  release.started = 1007;  // the clock was set meanwhile
  add_to_log(log, release);
  add_to_log(log, release);
  REQUIRE(log.boots.size() == 1);
  CHECK(log.boots[0].early == early.early);
  CHECK(log.boots[0].events == release.events);
  CHECK(early_time(log.boots[0]) == 1048);
}

TEST_CASE("a boot in the log as people read it") {
  CHECK(entry_text(unlocked_boot("a"), "a", plain_date) ==
        "boot of T1000 (the one that runs)\n"
        "t1041     early boot: unlocked by 'alice@laptop' from 192.0.2.7 (SHA256:abc) after 30 s\n"
        "          1 wrong passphrase\n"
        "          'www' open in 0.2 s\n"
        "t1060     release at boot: not everything is up, in 3.0 s\n"
        "          'www' mounted (repaired)\n"
        "          'logs' missing: no device\n"
        "          db.service held: waits for 'logs'\n"
        "          1 service is up\n");
  BootEntry closed{.boot = "b", .started = 500};
  closed.events = {{.kind = "closed", .by = "boot", .uptime = 9},
                   {.kind = "unlocked",
                    .by = "release-services",
                    .peer = {.kind = "user", .comment = "bob", .address = "192.0.2.9"},
                    .uptime = 70,
                    .seconds = 2,
                    .opened = {{"www", true, 1}}}};
  CHECK(entry_text(closed, "a", plain_date) ==
        "boot of T500\n"
        "t509      release at boot: the volumes stayed closed, and the held services down\n"
        "t570      release-services: unlocked, typed by 'bob' from 192.0.2.9, in 2.0 s\n"
        "          'www' open in 1.0 s\n");
}

TEST_CASE("an early clock that was off is said, and the date told is the right one") {
  BootEntry entry = unlocked_boot("a");
  CHECK_FALSE(entry_text(entry, "", plain_date).find("clock") != std::string::npos);
  entry.early->time = 1041 - 7200;
  CHECK(entry_text(entry, "", plain_date).find("t1041     early boot: unlocked") !=
        std::string::npos);
  CHECK(entry_text(entry, "", plain_date).find("its clock was 120 min 0 s slow") !=
        std::string::npos);
  CHECK(journal_lines(entry, plain_date).at(0) ==
        "early boot: unlocked by 'alice@laptop' from 192.0.2.7 (SHA256:abc) after 30 s, at T1041; "
        "its clock was 120 min 0 s slow");
  entry.early->uptime = 0;  // an image of before
  CHECK(early_time(entry) == 1041 - 7200);
}

TEST_CASE("Must 12: hostile texts make no line of the log or of its display") {
  BootEntry entry = unlocked_boot("a");
  entry.early->peer.comment = "x\nboot of yesterday\x1b[31m";
  entry.events[0].items[0].why = "\xff\n{}";
  const BootLog back = parse_log(encode(BootLog{{entry}}));
  REQUIRE(back.boots.size() == 1);
  CHECK(back.damaged == 0);
  const std::string text = entry_text(back.boots[0], "", plain_date);
  CHECK(text.find("\nboot of") == std::string::npos);
  CHECK(text.find('\x1b') == std::string::npos);
  CHECK(text.starts_with("boot of T1000\n"));
  const BootLog far =
      parse_log("{\"boot\":\"a\",\"started\":9e99,\"events\":[{\"uptime\":1e300}]}");
  REQUIRE(far.boots.size() == 1);
  CHECK(far.boots[0].started == 0);
}

TEST_CASE("recording makes a file of root's alone, and outlives a damaged one") {
  const Folder folder;
  REQUIRE(record(folder.paths, unlocked_boot("a")));
  struct stat info {};
  REQUIRE(::stat(log_file(folder.paths).c_str(), &info) == 0);
  CHECK((info.st_mode & 07777U) == 0600);
  REQUIRE(
      write_file(log_file(folder.paths), "nonsense\n" + *read_file(log_file(folder.paths)), 0600));
  REQUIRE(record(folder.paths, unlocked_boot("b")));
  const auto log = load_log(folder.paths);
  REQUIRE(log);
  CHECK(log->boots.size() == 2);
  CHECK(log->damaged == 0);
  REQUIRE(write_file(log_file(folder.paths), std::string(most_log_bytes + 5, 'x'), 0600));
  CHECK_FALSE(load_log(folder.paths));
  REQUIRE(record(folder.paths, unlocked_boot("c")));
  CHECK(load_log(folder.paths)->boots.size() == 1);
}

TEST_CASE("a log that cannot be written is an error, not a crash, and nothing is left of it") {
  const Folder folder;
  std::filesystem::create_directories(folder.paths.root + "/var/lib");
  REQUIRE(write_file(folder.paths.root + "/var/lib/latchkey", "in the way", 0600));
  CHECK_FALSE(record(folder.paths, unlocked_boot("a")));
  CHECK(*read_file(folder.paths.root + "/var/lib/latchkey") == "in the way");
}

TEST_CASE("nothing is written below a mount point whose volume is not mounted") {
  Setup setup;
  Volume volume;
  volume.name = "var";
  Facts facts;
  for (const char* point : {"/var", "/var/lib", "/var/lib/latchkey"}) {
    volume.mount_point = point;
    setup.volumes = {volume};
    facts.volumes["var"].mounted = false;
    REQUIRE(log_waits_for(setup, facts) != nullptr);
    facts.volumes["var"].mounted = true;
    CHECK(log_waits_for(setup, facts) == nullptr);
  }
  for (const char* point : {"/var/lib/mysql", "/va", "/srv", ""}) {
    setup.volumes[0].mount_point = point;
    facts.volumes["var"].mounted = false;
    CHECK(log_waits_for(setup, facts) == nullptr);
  }
}

TEST_CASE("kept news are taken once, oldest first, and a broken one is passed over") {
  const Folder folder;
  CHECK_FALSE(take_news(folder.paths));
  REQUIRE(keep_news(folder.paths, unlocked_boot("a")));
  REQUIRE(write_file(folder.paths.run("events/0000000000000-0"), "broken", 0600));
  REQUIRE(write_file(folder.paths.run("events/9999999999999-0"),
                     encode(BootLog{{unlocked_boot("z")}}), 0600));
  CHECK(take_news(folder.paths)->boot == "a");
  CHECK(take_news(folder.paths)->boot == "z");
  CHECK_FALSE(take_news(folder.paths));
  CHECK(first_time(folder.paths, "boot.told"));
  CHECK_FALSE(first_time(folder.paths, "boot.told"));
}

TEST_CASE("what only root may look into closes none of the directories above it") {
  const test::TempFolder folder;
  const Paths paths{folder.path()};
  const mode_t before = ::umask(022);
  CHECK(keep_news(paths, unlocked_boot("one")));
  CHECK(save_unfinished(paths, {.command = "init", .name = "keys"}));
  ::umask(before);
  CHECK(mode_of(paths.run()) == 0755);
  CHECK(mode_of(paths.run("events")) == 0700);
  CHECK(mode_of(paths.etc()) == 0755);
  CHECK(mode_of(paths.etc("unfinished")) == 0700);
}
