// SPDX-License-Identifier: GPL-3.0-or-later
// A made-up root directory that latchkey check looks at. It answers root only.
#pragma once

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "cli/place.hpp"
#include "support/catch.hpp"
#include "support/child.hpp"
#include "support/temp_folder.hpp"

namespace latchkey::test {

// Not below /tmp: everybody can write there, which is no place for mount points.
class CheckedRoot {
 public:
  CheckedRoot() {
    REQUIRE(::chmod(path_.c_str(), 0755) == 0);
    put("/etc/latchkey/latchkey.conf", "[keys]\ndevice = \"system/encrypted-keys\"\n");
    put("/etc/latchkey/volumes",
        "www system/encrypted-www /srv/www ext4 x-latchkey.uuid=12ab-34\n"
        "mail system/encrypted-my-mail /srv/mail ext4\n");
  }
  void put(const std::string& file, const std::string& text) const {
    std::filesystem::create_directories(std::filesystem::path(path_ + file).parent_path());
    std::ofstream(path_ + file) << text;
  }
  [[nodiscard]] std::string path(const std::string& below = "") const { return path_ + below; }

  // What check says, verbose, without the root's name.
  [[nodiscard]] std::string check() const {
    Done done = run_program({LATCHKEY_PROGRAM, "--root", path_, "--verbose", "check"});
    for (std::size_t at; (at = done.output.find(path_)) != std::string::npos;)
      done.output.erase(at, path_.size());
    return done.output;
  }

 private:
  TempFolder folder_{"/run"};
  std::string path_ = folder_.path();
};

/// As systemctl enable does for multi-user.target.
inline void enable(const CheckedRoot& root, const std::string& unit) {
  const std::string place = root.path("/etc/systemd/system/multi-user.target.wants");
  std::filesystem::create_directories(place);
  std::filesystem::create_symlink("/lib/systemd/system/" + unit, place + "/" + unit);
}

}  // namespace latchkey::test
