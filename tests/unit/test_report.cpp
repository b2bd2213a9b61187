// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/report.hpp"
#include "support/catch.hpp"

using namespace latchkey;

TEST_CASE("a report comes back as it was written") {
  const BootReport report{.result = "unlocked",
                          .peer = {"ssh", 2, "SHA256:abc", "alice@laptop", "192.0.2.7"},
                          .time = 1700000000,
                          .waited = 12.5,
                          .wrong_answers = 1,
                          .volumes = {{"data", true, 0.25, "", ""},
                                      {"logs", false, 0, "its device is missing", "look"}},
                          .uptime = 20.5};
  CHECK(*parse_report(to_json(report)) == report);
  CHECK(report_lines(report) ==
        std::vector<std::string>{
            "early boot: unlocked by 'alice@laptop' from 192.0.2.7 (SHA256:abc) after 12 s",
            "early boot: 1 wrong passphrase", "early boot: 'data' open in 0.2 s",
            "early boot: 'logs' not open: its device is missing"});
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
