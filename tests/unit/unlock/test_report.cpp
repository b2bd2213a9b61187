// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/unlock/report.hpp"
#include "support/catch.hpp"

using namespace latchkey;

TEST_CASE("a report comes back as it was written") {
  const BootReport report{
      .result = "unlocked",
      .peer = {"ssh", 2, "SHA256:abc", "alice@laptop", "192.0.2.7"},
      .time = 1700000000,
      .waited = 12.5,
      .wrong_answers = 3,
      .wrong_by = {{{"ssh", 3, "SHA256:def", "bob", "203.0.113.9"}, 2}, {{.kind = "console"}, 1}},
      .volumes = {{"data", true, 0.25, "", ""},
                  {"logs", false, 0, "its device is missing", "look"}},
      .uptime = 20.5};
  CHECK(*parse_report(to_json(report)) == report);
  CHECK(report_lines(report) ==
        std::vector<std::string>{
            "early boot: unlocked by 'alice@laptop' from 192.0.2.7 (SHA256:abc) after 12 s",
            "early boot: 3 wrong passphrases: 2 by 'bob' from 203.0.113.9 (SHA256:def), 1 by the "
            "console",
            "early boot: 'data' open in 0.2 s",
            "early boot: 'logs' not open: its device is missing"});
}

TEST_CASE("who gave wrong passphrases is counted by key, with its last address, and in bounds") {
  BootReport report{.result = "unlocked"};
  count_wrong(report.wrong_by, {"ssh", 2, "SHA256:b", "bob", "192.0.2.1"});
  count_wrong(report.wrong_by, {"ssh", 1, "SHA256:a", "alice", "192.0.2.7"});
  count_wrong(report.wrong_by, {"ssh", 2, "SHA256:b", "bob", "203.0.113.9"});
  REQUIRE(report.wrong_by.size() == 2);
  CHECK(report.wrong_by[0].count == 2);
  CHECK(report.wrong_by[0].peer.address == "203.0.113.9");
  CHECK(report.wrong_by[1].count == 1);
  for (int key = 3; key < 1000; ++key) count_wrong(report.wrong_by, {"ssh", key, "", "", ""});
  CHECK(parse_report(to_json(report))->wrong_by.size() == 16);
}

TEST_CASE("Must 12: a forged or broken report is no crash and no forged journal line") {
  CHECK_FALSE(parse_report(""));
  CHECK_FALSE(parse_report("[]"));
  CHECK_FALSE(parse_report("{"));
  const auto odd = parse_report(
      R"({"result":5,"peer":[],"time":"x","volumes":[1,{"name":"a\nb","open":"yes"}]})");
  REQUIRE(odd);
  CHECK(odd->result.empty());
  REQUIRE(odd->volumes.size() == 1);
  CHECK(odd->volumes[0].name == "a?b");
  const BootReport hostile{.result = "unlocked", .peer = {"ssh", 1, "", "x\nroot: all is well", ""}};
  for (const std::string& line : report_lines(hostile))
    CHECK(line.find('\n') == std::string::npos);
  CHECK(to_json({.result = "\xff"}).find("\xff") == std::string::npos);
}
