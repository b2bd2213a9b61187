// SPDX-License-Identifier: GPL-3.0-or-later
// A file of the owner's that a command changes stays what the owner made of it.
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "core/base/message.hpp"
#include "support/catch.hpp"
#include "support/temp_folder.hpp"
#include "sys/base/fd.hpp"
#include "sys/config/owners_file.hpp"

using namespace latchkey;
using namespace latchkey::test;
namespace fs = std::filesystem;

namespace {

struct stat stat_of(const std::string& file) {
  struct stat info {};
  REQUIRE(::lstat(file.c_str(), &info) == 0);
  return info;
}

}  // namespace

TEST_CASE("a volumes file that is a link into a checkout is written there, and stays a link") {
  if (::geteuid() != 0) {
    skip("needs root to give files away");
    return;
  }
  const TempFolder folder;
  const std::string target = folder.file("checkout/volumes");
  const std::string link = folder.file("volumes");
  fs::create_directories(folder.file("checkout"));
  REQUIRE(::chmod(folder.file("checkout").c_str(), 0755) == 0);
  std::ofstream(target) << "old\n";
  REQUIRE(::chown(target.c_str(), 0, 4) == 0);
  REQUIRE(::chmod(target.c_str(), 0640) == 0);
  fs::create_symlink("checkout/volumes", folder.file("by"));
  fs::create_symlink("by", link);
  REQUIRE(write_owners_file(link, "new\n"));
  CHECK(fs::read_symlink(link) == "by");
  CHECK(*read_file(target) == "new\n");
  CHECK(stat_of(target).st_gid == 4);
  CHECK((stat_of(target).st_mode & 07777U) == 0640);
  CHECK(names_in(folder.file("checkout")).size() == 1);
  // Whoever can change what it leads to would decide what is read here.
  REQUIRE(::chown(folder.file("checkout").c_str(), 1000, 1000) == 0);
  const auto refused = write_owners_file(link, "newer\n");
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Code::refused);
  CHECK(sentence(refused.error()) == "cannot write '" + link + "': it is a link to '" + target +
                                         "', which others than root can change: '" +
                                         folder.file("checkout") + "': it belongs to user 1000");
  CHECK(*read_file(target) == "new\n");
  fs::remove(target);
  CHECK_FALSE(write_owners_file(link, "newer\n"));
  CHECK(fs::is_symlink(link));
}

TEST_CASE("a file of the owner's keeps its group and mode, and a new one gets the usual") {
  const TempFolder folder;
  const std::string file = folder.file("services");
  REQUIRE(write_owners_file(file, "a\n"));
  CHECK((stat_of(file).st_mode & 07777U) == 0644);
  REQUIRE(::chmod(file.c_str(), 0600) == 0);
  REQUIRE(write_owners_file(file, "b\n"));
  CHECK((stat_of(file).st_mode & 07777U) == 0600);
  CHECK(*read_file(file) == "b\n");
  CHECK(names_in(folder.path()).size() == 1);
}
