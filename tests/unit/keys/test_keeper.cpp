// SPDX-License-Identifier: GPL-3.0-or-later
// What is left of the process that kept the keys volume open.
#include <unistd.h>

#include <filesystem>

#include "support/catch.hpp"
#include "support/temp_folder.hpp"
#include "sys/base/fd.hpp"
#include "sys/keys/keeper.hpp"

using namespace latchkey;
namespace fs = std::filesystem;

TEST_CASE("a keeper that was killed leaves no link into the process that has its number now") {
  const test::TempFolder folder;
  const Paths paths{folder.path()};
  REQUIRE(make_directories(paths.run(), 0755));
  const std::string self = std::to_string(::getpid());
  for (const std::string& record : {self + "\t1\tlater\tread\n", std::string()}) {
    if (!record.empty()) REQUIRE(write_file(paths.run("keeper"), record, 0644));
    fs::create_symlink("/proc/" + self + "/fd/0", keys_link(paths));
    CHECK_FALSE(find_keeper(paths));
    REQUIRE(end_keeper(paths));
    CHECK_FALSE(fs::is_symlink(keys_link(paths)));
    CHECK_FALSE(fs::exists(paths.run("keeper")));
  }
}
