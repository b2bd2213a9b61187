// SPDX-License-Identifier: GPL-3.0-or-later
// Headers as who holds the disk may edit them, on plain files: none is opened that must not
// be, none ends the program, none costs more time than it may.
#include <filesystem>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>

#include "support/catch.hpp"
#include "support/luks_edit.hpp"
#include "support/temp_folder.hpp"
#include "sys/fd.hpp"
#include "sys/luks.hpp"

using namespace latchkey;
using nlohmann::json;

namespace {

// A volume whose header has one slot for a key that was drawn.
class Disk {
 public:
  Disk() {
    std::ofstream(path_).close();
    std::filesystem::resize_file(path_, 32U << 20U);
    auto drawn = RandomKey::draw();
    REQUIRE(drawn);
    key_.emplace(std::move(*drawn));
    REQUIRE(LuksDevice::format({.place = place()}, *key_));
    made_ = *read_file(path_, 64U << 20U);
  }

  [[nodiscard]] LuksPlace place() const {
    return {.device = path_, .name = "data", .uuid = "0f7a6b1c-1111-4222-8333-444455556666"};
  }

  // As it was made, but for this.
  void edit(const std::function<void(json&)>& change) const {
    std::ofstream(path_, std::ios::binary) << test::edited_luks2(made_, change);
  }

  // Why the volume is not opened: "" when it is.
  [[nodiscard]] std::string refusal(const std::function<void(json&)>& change) const {
    edit(change);
    const auto opened = LuksDevice::open(place());
    if (opened) return "";
    CHECK(opened.error().code == Code::refused);
    return opened.error().why;
  }

 private:
  test::TempFolder folder_;
  std::string path_ = folder_.file("disk");
  std::optional<RandomKey> key_;
  std::string made_;
};

}  // namespace

TEST_CASE("Must 2: a header whose cipher is none is refused, and ends no program") {
  const Disk disk;
  for (const char* cipher : {"-xts", "-", "cipher_null-ecb", "cipher_null-xts-plain64"}) {
    INFO(cipher);
    CHECK(disk.refusal([&](json& header) { header["segments"]["0"]["encryption"] = cipher; }) ==
          "its header says that the data is not encrypted");
  }
}
