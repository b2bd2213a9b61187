// SPDX-License-Identifier: GPL-3.0-or-later
// A look at a header writes nothing, on a plain file behind a real loop device.
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "support/catch.hpp"
#include "support/temp_folder.hpp"
#include "sys/header_view.hpp"

using namespace latchkey;
namespace fs = std::filesystem;

namespace {

std::string bytes_of(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
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
  CHECK(bytes_of(file) == before);
  // Which is worth the care: without it the same look writes.
  REQUIRE(LuksDevice::open(place));
  CHECK(bytes_of(file) != before);
}
