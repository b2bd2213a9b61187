// SPDX-License-Identifier: GPL-3.0-or-later
// `latchkey log` on a log that somebody made up.
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "cli/place.hpp"
#include "core/base/result.hpp"
#include "support/child.hpp"

using namespace latchkey;
using namespace latchkey::test;

namespace {

const std::string two_boots =
    R"({"boot":"one","started":1700000000,"early":{"result":"timeout","waited":600,"uptime":610,"time":1700000610,"volumes":[]},"events":[{"event":"closed","by":"boot","uptime":625}]})"
    "\n"
    R"({"boot":"two","started":1700100000,"early":{"result":"unlocked","peer":{"kind":"ssh","key":1,"fingerprint":"SHA256:abc","comment":"alice@laptop","address":"192.0.2.7"},"waited":41,"uptime":50,"time":1700100050,"wrong_answers":2,"volumes":[{"name":"data","open":true,"seconds":0.5}]},"events":[{"event":"released","by":"boot","uptime":70,"seconds":2,"items":[{"kind":"volume","name":"data","state":"mounted","up":true,"detail":"clean"}]}]})"
    "\n";

Done log_of(const Place& place, std::vector<std::string> words) {
  std::vector<std::string> argv{"/usr/bin/env", "TZ=UTC",     LATCHKEY_PROGRAM,
                                "--root",       place.path(), "log"};
  argv.insert(argv.end(), words.begin(), words.end());
  return run_program(argv);
}

}  // namespace

TEST_CASE("log tells the newest boot first, and no more of them than asked for") {
  const Place place;
  place.put("var/lib/latchkey/boots.jsonl", two_boots);
  const Done done = log_of(place, {});
  INFO(done.output);
  CHECK(done.status == 0);
  CHECK(done.output ==
        "boot of 2023-11-16 02:00:00 +0000\n"
        "02:00:50  early boot: unlocked by 'alice@laptop' from 192.0.2.7 (SHA256:abc) after 41 s\n"
        "          2 wrong passphrases\n"
        "          'data' open in 0.5 s\n"
        "02:01:10  release at boot: everything is up, in 2.0 s\n"
        "          'data' mounted (clean)\n"
        "\n"
        "boot of 2023-11-14 22:13:20 +0000\n"
        "22:23:30  early boot: went on without the data, nobody answered after 10 min 0 s\n"
        "22:23:45  release at boot: the volumes stayed closed, and the held services down\n");
  const Done one = log_of(place, {"-n", "1"});
  CHECK(contains(one.output, "alice"));
  CHECK_FALSE(contains(one.output, "2023-11-14"));
  CHECK(log_of(place, {"-n", "0"}).status == exit_status(Code::usage));
}

TEST_CASE("log as JSON has dates made of the best clock there is") {
  const Place place;
  place.put("var/lib/latchkey/boots.jsonl", two_boots);
  const Done done = log_of(place, {"--json"});
  CHECK(done.status == 0);
  const auto json = nlohmann::json::parse(done.output);
  REQUIRE(json["boots"].size() == 2);
  CHECK(json["damaged"] == 0);
  CHECK(json["boots"][0]["boot"] == "two");
  CHECK(json["boots"][0]["early"]["date"] == 1700100050);
  CHECK(json["boots"][0]["events"][0]["time"] == 1700100070);
}

TEST_CASE("log without a log, with a damaged one, and with what this boot left, is no failure") {
  const Place place;
  const Done none = log_of(place, {});
  CHECK(none.status == 0);
  CHECK(none.output == "no boot is recorded yet\n");

  place.put("var/lib/latchkey/boots.jsonl", "{\"boot\": \"cut off\n" + two_boots);
  const Done damaged = log_of(place, {"-n", "1"});
  CHECK(damaged.status == 0);
  CHECK(contains(damaged.output, "warning: 1 line of"));
  CHECK(contains(damaged.output, "alice@laptop"));

  // Where /var could not be written, at least this boot is known.
  place.put("run/latchkey/boot.json",
            R"({"result":"continued","peer":{"kind":"console"},"waited":3})");
  const Done now = log_of(place, {"-n", "1"});
  CHECK(contains(now.output, "(the one that runs)"));
  CHECK(contains(now.output, "went on without the data, told by the console after 3.0 s"));
}
