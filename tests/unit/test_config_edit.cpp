// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/config_edit.hpp"
#include "core/new_config.hpp"
#include "support/catch.hpp"

using namespace latchkey;

namespace {

const KeysVolume fresh{
    .device = {.kind = DeviceRef::Kind::lv, .vg = "vg", .lv = "encrypted-keys-2"},
    .uuid = "22222222-2222-4222-8222-222222222222"};

std::string edited(const std::string& text) {
  const auto out = with_keys_volume(text, "latchkey.conf", fresh);
  return out ? *out : out.error().what;
}

}  // namespace

TEST_CASE("another keys volume changes two values of latchkey.conf, and no other byte") {
  CHECK(
      edited(
          "# mine\n[keys]\n  device='vg/encrypted-keys' # the small one\nuuid = \"1\"\n[boot]\n") ==
      "# mine\n[keys]\n  device=\"vg/encrypted-keys-2\" # the small one\nuuid = "
      "\"22222222-2222-4222-8222-222222222222\"\n[boot]\n");
  CHECK(
      edited("[keys]\nuuid = \"1\"\ndevice = \"a/b\"") ==
      "[keys]\nuuid = \"22222222-2222-4222-8222-222222222222\"\ndevice = \"vg/encrypted-keys-2\"");
  CHECK(edited("keys = { uuid = \"1\", device = \"a/b\" }\n") ==
        "keys = { uuid = \"22222222-2222-4222-8222-222222222222\", device = "
        "\"vg/encrypted-keys-2\" }\n");
  CHECK(edited("[keys]\n# uuid = \"x\"\ndevice = \"a/b\" # here\nmapping = \"m\"\n") ==
        "[keys]\n# uuid = \"x\"\ndevice = \"vg/encrypted-keys-2\" # here\nuuid = "
        "\"22222222-2222-4222-8222-222222222222\"\nmapping = \"m\"\n");
}

TEST_CASE("the configuration that init writes can be edited") {
  for (const std::string uuid : {"", "11111111-1111-4111-8111-111111111111"}) {
    const auto out = parse_config(
        edited(new_config_text({.keys_device = "vg/encrypted-keys", .keys_uuid = uuid})), "x");
    REQUIRE(out);
    CHECK(out->keys.device == fresh.device);
    CHECK(out->keys.uuid == fresh.uuid);
  }
}

TEST_CASE("a configuration that cannot be edited is refused, not broken") {
  CHECK(edited("keys = { device = \"a/b\" }\n") == "cannot edit 'latchkey.conf'");
  CHECK(edited("[keys\n") == "latchkey.conf:1:6: not valid TOML");
}
