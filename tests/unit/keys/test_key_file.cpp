// SPDX-License-Identifier: GPL-3.0-or-later
// Key files beneath a directory, whoever filled it.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "support/catch.hpp"
#include "support/temp_folder.hpp"
#include "sys/base/fd.hpp"
#include "sys/keys/key_file.hpp"

using namespace latchkey;

namespace {

std::string read_back(int directory, const std::string& file) {
  const auto key = read_key_file(directory, file);
  if (!key) return key.error().why;
  return {key->reveal().begin(), key->reveal().end()};
}

Secret secret(const std::string& text) {
  Secret out(text.size());
  CHECK(out.append(text));
  return out;
}

}  // namespace

TEST_CASE("Must 10: a key file is a regular file beneath the keys volume, or it is none") {
  const test::TempFolder folder;
  std::ofstream(folder.file("outside")) << "not a key";
  const std::string inside = folder.file("inside");
  std::filesystem::create_directories(inside + "/sub");
  std::ofstream(inside + "/key") << "k\n\xff";
  std::ofstream(inside + "/sub/key") << "below";
  std::ofstream(inside + "/empty");
  std::ofstream(inside + "/huge");
  REQUIRE(::truncate((inside + "/huge").c_str(), off_t{2} << 30U) == 0);
  REQUIRE(::mkfifo((inside + "/fifo").c_str(), 0600) == 0);
  std::filesystem::create_symlink("key", inside + "/link");
  std::filesystem::create_symlink("../outside", inside + "/out");
  std::filesystem::create_symlink("..", inside + "/up");
  const Fd directory(::open(inside.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));

  CHECK(read_back(directory.get(), "key") == "k\n\xff");
  CHECK(read_back(directory.get(), "sub/key") == "below");
  struct Wrong {
    std::string file;
    Code code;
  };
  for (const Wrong& one :
       {Wrong{"link", Code::refused}, Wrong{"out", Code::refused},
        Wrong{"up/outside", Code::refused}, Wrong{"../outside", Code::refused},
        Wrong{folder.file("outside"), Code::refused}, Wrong{"fifo", Code::refused},
        Wrong{"sub", Code::refused}, Wrong{"empty", Code::refused}, Wrong{"huge", Code::refused},
        Wrong{"nothing", Code::missing}}) {
    INFO(one.file);
    const auto key = read_key_file(directory.get(), one.file);
    REQUIRE_FALSE(key);
    CHECK(key.error().code == one.code);
  }
}

TEST_CASE("a key file is written for root alone, never over or through what is there") {
  const test::TempFolder folder;
  const Fd directory(::open(folder.file("").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  std::ofstream(folder.file("precious")) << "precious";
  // What a run that was cut short, or somebody else, left where the new one is written.
  std::filesystem::create_symlink("precious", folder.file(".a.new"));
  REQUIRE(write_key_file(directory.get(), "a", ".a.new", secret("bytes")));
  CHECK(read_back(directory.get(), ".a.new") == "bytes");
  CHECK(read_back(directory.get(), "precious") == "precious");
  struct stat info {};
  REQUIRE(::stat(folder.file(".a.new").c_str(), &info) == 0);
  CHECK((info.st_mode & 07777U) == 0400);
  for (const char* name : {"", "../a", ".a", "sub/a"}) {
    INFO(name);
    const auto written = write_key_file(directory.get(), name, ".new", secret("bytes"));
    REQUIRE_FALSE(written);
    CHECK(written.error().code == Code::usage);
  }
}

TEST_CASE("what an interrupted write left is told from an editor's hidden file") {
  CHECK(kind_of_keys_entry("system-a.key") == KeysEntry::plain);
  CHECK(kind_of_keys_entry("system-a.key.new") == KeysEntry::plain);
  CHECK(kind_of_keys_entry(".system-a.key.new") == KeysEntry::leftover);
  CHECK(kind_of_keys_entry(".system-a.key.swp") == KeysEntry::hidden);
  CHECK(kind_of_keys_entry(".new") == KeysEntry::hidden);
  CHECK(kind_of_keys_entry("..new") == KeysEntry::hidden);
  // No name that a copy could be written under.
  const test::TempFolder folder;
  const Fd directory(::open(folder.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  CHECK(write_key_file(directory.get(), ".x.swp", ".x.swp.new", secret("x")).error().code ==
        Code::usage);
}
