// SPDX-License-Identifier: GPL-3.0-or-later
// JSON that somebody made as deep as it goes, for every reader: to copy or to print such a
// thing takes a stack as deep. Readers of LUKS headers are in test_image and test_luks_slots.
#include <nlohmann/json.hpp>
#include <string>

#include "core/base/read_json.hpp"
#include "core/config/state.hpp"
#include "core/config/unfinished.hpp"
#include "core/keys/backup_format.hpp"
#include "core/luks/luks_slots.hpp"
#include "core/network/ip_json.hpp"
#include "core/unlock/boot_log.hpp"
#include "core/unlock/report.hpp"
#include "support/catch.hpp"

using namespace latchkey;

namespace {

std::string nested(std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

}  // namespace

TEST_CASE("JSON is read up to the depth that libcryptsetup takes, and none that lies deeper") {
  CHECK(read_json(nested(32)).is_array());
  CHECK(read_json(nested(33)).is_discarded());
  CHECK(read_json(nested(1'000'000)).is_discarded());
  CHECK(read_json(R"({"a":)" + nested(31) + "}").is_object());
  CHECK(read_json(R"({"a":)" + nested(32) + "}").is_discarded());
  // Brackets within texts are none, whatever stands before them.
  const std::string quoted = R"({"a\"[":"\\", "b":")" + std::string(100, '[') + R"(\"{"})";
  CHECK(read_json(quoted).is_object());
  CHECK(read_json(R"(["\\", )" + nested(32) + "]").is_discarded());
  // Many side by side are not deep.
  std::string wide = "[";
  for (int i = 0; i < 1000; ++i) wide += "[],";
  CHECK(read_json(wide + "[]]").size() == 1001);
  for (const char* wrong : {"", "]", "]]]][[[[", "{", "\"", "\"\\", "nul"})
    CHECK(read_json(wrong).is_discarded());
}

TEST_CASE("a LUKS header whose token holds bytes that are no UTF-8 is read as libcryptsetup does") {
  const std::string json = R"({"digests":{"0":{"iterations":1000}},"tokens":{"0":{"note":"Schl)"
                           "\xfc"
                           R"(ssel"}}})";
  CHECK(read_json(json).is_discarded());
  CHECK(read_luks_json(json)["tokens"]["0"]["note"] == "Schl?ssel");
  CHECK(luks2_digest_rounds(json) == 1000);
  CHECK(read_luks_json(R"({"name":"Schl\u00fcssel für"})")["name"] == "Schlüssel für");
  CHECK(read_luks_json(json.substr(1)).is_discarded());
  CHECK(read_luks_json(nested(33)).is_discarded());
}

TEST_CASE("a file that somebody nested is a damaged one for each of its readers") {
  const std::string deep = nested(100'000);
  const auto within = [&](const std::string& name) { return "{\"" + name + "\":" + deep + "}"; };
  CHECK_FALSE(parse_report(within("volumes")));
  CHECK(parse_log(R"({"boot":"b","early":{"x":)" + deep + "}}\n").damaged == 1);
  CHECK_FALSE(parse_state(within("newest_key")));
  CHECK_FALSE(parse_unfinished(within("done")));
  CHECK_FALSE(parse_backup_manifest(within("parts"), {}));
  CHECK(rows_of("[{\"x\":" + deep + "}]").empty());
}
