// SPDX-License-Identifier: GPL-3.0-or-later
#include <stdexcept>

#include "support/catch.hpp"
#include "support/kill_table.hpp"

using namespace latchkey::test;

namespace {

const std::string readme =
    "# Tests\n\n<!-- kill table: begin -->\n<!-- kill table: end -->\n\nmore\n";

}  // namespace

TEST_CASE("a kill table has a row for each kill, and a bar or a line's end breaks no row") {
  CHECK(kill_table({{"format", "before", "'a|b' is\nhalf done", "ends with 0"}}) ==
        "| step | killed | any other command says | the same command again |\n"
        "| --- | --- | --- | --- |\n"
        "| format | before | 'a\\|b' is half done | ends with 0 |\n");
}

TEST_CASE("kill tables stand between the markers by command, and replace their older selves") {
  const std::string one = with_kill_table(readme, "init", "| i |\n");
  CHECK(one ==
        "# Tests\n\n<!-- kill table: begin -->\n\n### init\n\n| i |\n\n"
        "<!-- kill table: end -->\n\nmore\n");
  const std::string two = with_kill_table(one, "adopt", "| a |\n| b |\n");
  CHECK(
      two ==
      "# Tests\n\n<!-- kill table: begin -->\n\n### adopt\n\n| a |\n| b |\n\n### init\n\n| i |\n\n"
      "<!-- kill table: end -->\n\nmore\n");
  CHECK(with_kill_table(two, "adopt", "| a |\n| b |\n") == two);
  CHECK(with_kill_table(two, "init", "| j |\n") ==
        with_kill_table(with_kill_table(two, "init", ""), "init", "| j |\n"));
  CHECK(with_kill_table(two, "init", "| j |\n").find("| i |") == std::string::npos);
}

TEST_CASE("a README without the markers is refused, not extended") {
  CHECK_THROWS_AS(with_kill_table("# Tests\n", "init", "| i |\n"), std::runtime_error);
  CHECK_THROWS_AS(
      with_kill_table("<!-- kill table: end -->\n<!-- kill table: begin -->\n", "init", "| i |\n"),
      std::runtime_error);
}

TEST_CASE("a kill table leaves out what differs from run to run") {
  CHECK(without_chance("'mail' is open (0.3 s)") == "'mail' is open");
  CHECK(without_chance("after 12.5 s, for 300 ms") == "after … s, for … s");
  CHECK(without_chance("'release-services' (pid 812) is") == "'release-services' (pid …) is");
  CHECK(without_chance("256 SHA256:Ab3/+x= root@guest") == "256 SHA256:… root@guest");
  CHECK(without_chance("since 2025-03-01 12:30:11 \nnext") == "since …\nnext");
  CHECK(without_chance("3 of 4 volumes, 512M") == "3 of 4 volumes, 512M");
  CHECK(line_with("one\ntwo is it (4 s)\nis it\n", "is it") == "two is it");
  CHECK(line_with("one\n", "two").empty());
}
