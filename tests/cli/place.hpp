// SPDX-License-Identifier: GPL-3.0-or-later
// A made-up root directory for what a set-up command refuses before it writes.
#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/temp_folder.hpp"

namespace latchkey::test {

inline const std::string good_key =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f alice\n";

class Place {
 public:
  Place() { std::filesystem::create_directories(path_ / "etc/latchkey"); }
  /// Gives the file's path.
  std::string put(const std::string& file, const std::string& text) const {
    std::filesystem::create_directories((path_ / file).parent_path());
    std::ofstream(path_ / file) << text;
    return path(file);
  }
  [[nodiscard]] std::string path(const std::string& file = {}) const {
    return file.empty() ? path_.string() : (path_ / file).string();
  }
  /// True when /etc/latchkey holds no file but those that the test may have put there.
  [[nodiscard]] bool untouched(const std::vector<std::string>& known) const {
    for (const auto& entry : std::filesystem::directory_iterator(path_ / "etc/latchkey"))
      if (std::find(known.begin(), known.end(), entry.path().filename()) == known.end())
        return false;
    return true;
  }

 private:
  TempFolder folder_{};
  std::filesystem::path path_ = folder_.path();
};

inline bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace latchkey::test
