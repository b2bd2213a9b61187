// SPDX-License-Identifier: GPL-3.0-or-later
// What the documents print to be copied, carried out as it stands there.
#include <unistd.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <regex>

#include "cli/place.hpp"
#include "support/child.hpp"
#include "sys/base/fd.hpp"
#include "sys/process/process.hpp"

using namespace latchkey;
using namespace latchkey::test;

namespace {

// The hook that mails, from the text between these marks.
std::string mail_hook(const std::string& file, const std::string& begin, const std::string& end) {
  const auto text = read_file(LATCHKEY_SOURCE_DIR "/" + file);
  REQUIRE(text);
  const std::string first = begin + "\n#!/bin/sh\njq ";
  const auto at = text->find(first);
  REQUIRE(at != std::string::npos);
  const auto from = at + begin.size() + 1;
  return text->substr(from, text->find("\n" + end, from) - from) + "\n";
}

// As troff prints it.
std::string printed(std::string text) {
  text = std::regex_replace(text, std::regex(R"(\\-)"), "-");
  return std::regex_replace(text, std::regex(R"(\\e)"), "\\");
}

// What the hook has mailed of an event, with its subject first.
std::string mailed(const Place& place, const std::string& hook, const nlohmann::json& event) {
  place.put("mail", "#!/bin/sh\necho \"$*\"\ncat\n");
  std::filesystem::permissions(place.path("mail"), std::filesystem::perms::owner_all);
  const nlohmann::json boot{{"host", "server"}, {"event", "failed"}, {"events", {{}, event}}};
  const Done done = run_program({"/usr/bin/env", "PATH=" + place.path() + ":/usr/bin:/bin",
                                 "/bin/sh", place.put("hook", hook)},
                                boot.dump() + "\n");
  CHECK(done.status == 0);
  return done.output;
}

}  // namespace

TEST_CASE("the hooks of README and man page mail every failure, also one of the configuration") {
  if (find_program("jq").empty()) {
    (void)skip("there is no jq");
    return;
  }
  const Place place;
  const nlohmann::json item{{"kind", "volume"},
                            {"name", "a"},
                            {"up", false},
                            {"state", "closed"},
                            {"why", "its disk is gone"}};
  const nlohmann::json well{
      {"kind", "unit"}, {"name", "b"}, {"up", true}, {"state", "running"}, {"why", ""}};
  for (const std::string& hook : {mail_hook("README.md", "```", "```"),
                                  printed(mail_hook("src/man/latchkey.8", ".EX", ".EE"))}) {
    INFO(hook);
    CHECK(mailed(
              place, hook,
              {{"problem", "volumes, line 3: no such word"}, {"items", nlohmann::json::array()}}) ==
          "-s not everything is up root\nserver: volumes, line 3: no such word\n");
    CHECK(mailed(place, hook, {{"problem", ""}, {"items", {well, item}}}) ==
          "-s not everything is up root\nserver: a: closed. its disk is gone\n");
  }
}
