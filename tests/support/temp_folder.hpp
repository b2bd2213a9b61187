// SPDX-License-Identifier: GPL-3.0-or-later
// A folder of one test's own.
#pragma once

#include <stdlib.h>

#include <filesystem>
#include <string>

#include "support/catch.hpp"

namespace latchkey::test {

/// Made when it is declared, for root alone; gone with all that is in it. `below` is
/// where it lies: /tmp, where everybody may write, is no place for some tests.
class TempFolder {
 public:
  explicit TempFolder(const std::string& below = "/tmp") : path_(below + "/latchkey-test-XXXXXX") {
    REQUIRE(::mkdtemp(path_.data()) != nullptr);
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  ~TempFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  [[nodiscard]] const std::string& path() const { return path_; }
  /// The path of a file in it.
  [[nodiscard]] std::string file(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

}  // namespace latchkey::test
