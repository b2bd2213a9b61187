// SPDX-License-Identifier: GPL-3.0-or-later
// Who waits for a lock is told who has it.
#include <unistd.h>

#include <fstream>

#include "support/catch.hpp"
#include "support/temp_folder.hpp"
#include "sys/lock_file.hpp"

using namespace latchkey;

TEST_CASE("a lock that is taken names the process that took it, and no other") {
  const test::TempFolder folder;
  const std::string path = folder.file("lock");
  const auto first = LockFile::take(path, "an unlock", std::chrono::seconds(0));
  REQUIRE(first);
  const auto second = LockFile::take(path, "an unlock", std::chrono::seconds(0));
  REQUIRE_FALSE(second);
  CHECK(second.error().code == Code::busy);
  CHECK(second.error().why.find("(pid " + std::to_string(::getpid()) + ")") != std::string::npos);
  CHECK(second.error().why.find("unit-tests") != std::string::npos);
  CHECK(second.error().why.find("an unlock") == std::string::npos);

  // One that is gone, or whose number another program has by now, and rubbish.
  for (const char* text : {"999999999 latchkey unlock\n", "1 latchkey unlock\n", "x\n", ""}) {
    std::ofstream(path) << text;
    const auto third = LockFile::take(path, "an unlock", std::chrono::seconds(0));
    REQUIRE_FALSE(third);
    CHECK(third.error().why == "an unlock is under way already");
  }
}
