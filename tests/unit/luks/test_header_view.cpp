// SPDX-License-Identifier: GPL-3.0-or-later
// A look at a header writes nothing, on a plain file behind a real loop device.
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "support/catch.hpp"
#include "support/temp_folder.hpp"
#include "sys/luks/header_view.hpp"

using namespace latchkey;
namespace fs = std::filesystem;

namespace {

std::string bytes_of(const std::string& file) {
  std::string bytes(fs::file_size(file), '\0');
  std::ifstream(file, std::ios::binary)
      .read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  return bytes;
}

}  // namespace

TEST_CASE("a damaged copy of a header is not repaired by a look at it") {
  if (::geteuid() != 0) {
    test::skip("only root has loop devices");
    return;
  }
  const test::TempFolder folder;
  const std::string file = folder.file("device");
  std::ofstream(file).close();
  fs::resize_file(file, 32U << 20U);
  const auto key = RandomKey::draw();
  REQUIRE(key);
  const LuksPlace place{
      .device = file, .header = {}, .name = "data", .uuid = "0f7a6b1c-1111-4222-8333-444455556666"};
  REQUIRE(LuksDevice::format({.place = place}, *key));
  {
    // In the JSON of the second copy, 16 KiB after the first.
    std::fstream out(file, std::ios::in | std::ios::out | std::ios::binary);
    out.seekp(0x4000 + 0x1000 + 4);
    out << "damaged";
  }
  const std::string before = bytes_of(file);
  {
    const auto view = HeaderView::open(place);
    INFO((view ? "" : view.error().what + ": " + view.error().why));
    REQUIRE(view);
    CHECK(view->luks().try_key(key->secret()));
  }
  const bool untouched = bytes_of(file) == before;  // Catch would write all 32 MiB as text
  CHECK(untouched);
  // Which is worth the care: without it the same look writes.
  REQUIRE(LuksDevice::open(place));
  const bool written = bytes_of(file) != before;
  CHECK(written);
}
