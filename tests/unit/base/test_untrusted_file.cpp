// SPDX-License-Identifier: GPL-3.0-or-later
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>

#include "support/catch.hpp"
#include "support/temp_folder.hpp"
#include "sys/base/untrusted_file.hpp"

using namespace latchkey;
namespace fs = std::filesystem;

namespace {

constexpr const char* keys = ".ssh/authorized_keys";

// A home with a directory .ssh, and a file of root's elsewhere.
class Home {
 public:
  Home() {
    fs::create_directories(path_ + "/.ssh");
    for (const char* below : {"", "/.ssh"}) REQUIRE(::chmod((path_ + below).c_str(), 0755) == 0);
    std::ofstream(elsewhere_) << "a key\n";
  }
  void give(const std::string& below, uid_t user) const {
    REQUIRE(::chown((path_ + below).c_str(), user, user) == 0);
  }
  // In place of the link of before.
  void link(const std::string& target) const {
    fs::remove(path_ + "/" + keys);
    fs::create_symlink(target, path_ + "/" + keys);
  }
  [[nodiscard]] Result<std::string> read() const { return read_foreign_file(path_, keys); }
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] const std::string& elsewhere() const { return elsewhere_; }

 private:
  test::TempFolder folder_;
  std::string path_ = folder_.file("home");
  std::string elsewhere_ = folder_.file("elsewhere");
};

bool may_give_away() {
  if (::geteuid() == 0) return true;
  return test::skip("only root gives files away");
}

}  // namespace

TEST_CASE("root's own authorized_keys may be a link to anywhere, as on Proxmox VE") {
  if (!may_give_away()) return;
  const Home home;
  home.link(home.elsewhere());
  CHECK(home.read().value() == "a key\n");
  home.link("../../elsewhere");
  CHECK(home.read().value() == "a key\n");
  home.link("/nowhere/at/all");
  CHECK(home.read().error().code == Code::missing);
  // The directory too.
  fs::remove_all(home.path() + "/.ssh");
  fs::create_directories(home.elsewhere() + ".d");
  std::ofstream(home.elsewhere() + ".d/authorized_keys") << "another\n";
  fs::create_symlink(home.elsewhere() + ".d", home.path() + "/.ssh");
  CHECK(home.read().value() == "another\n");
}

TEST_CASE("a link out of a home is not followed where its owner can have put it there") {
  if (!may_give_away()) return;
  for (const char* theirs : {"", "/.ssh"}) {
    INFO(theirs);
    const Home home;
    home.give(theirs, 1000);
    home.link(home.elsewhere());
    const auto read = home.read();
    REQUIRE_FALSE(read);
    CHECK(read.error().code == Code::refused);
    CHECK(read.error().why == "it lies behind a link or mount that leads out of '" + home.path() +
                                  "', and others than root could have put that there");
    home.link("../../elsewhere");
    CHECK(home.read().error().code == Code::refused);
    std::ofstream(home.path() + "/own") << "mine\n";
    home.link("../own");
    CHECK(home.read().value() == "mine\n");
  }
  const Home writable;
  REQUIRE(::chmod(writable.path().c_str(), 0777) == 0);
  writable.link(writable.elsewhere());
  CHECK(writable.read().error().code == Code::refused);
}

TEST_CASE("a link of root's to what others write is followed no more than sshd does") {
  if (!may_give_away()) return;
  const Home home;
  home.link(home.elsewhere());
  REQUIRE(::chmod(home.elsewhere().c_str(), 0666) == 0);
  CHECK(home.read().error().code == Code::refused);
  REQUIRE(::chmod(home.elsewhere().c_str(), 0600) == 0);
  CHECK(home.read());
  REQUIRE(::chown(home.elsewhere().c_str(), 1000, 1000) == 0);
  CHECK(home.read().error().code == Code::refused);
}

TEST_CASE("what is no file is not waited for, also behind a link of root's") {
  if (!may_give_away()) return;
  const Home home;
  const std::string pipe = home.elsewhere() + ".pipe";
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  home.link(pipe);
  const auto began = std::chrono::steady_clock::now();
  CHECK(home.read().error().why == "it is no regular file");
  home.link("/dev/zero");
  CHECK(home.read().error().why == "it is no regular file");
  CHECK(std::chrono::steady_clock::now() - began < std::chrono::seconds(10));
}
