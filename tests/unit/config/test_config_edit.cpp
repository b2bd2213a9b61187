// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/config/config_edit.hpp"
#include "core/config/new_config.hpp"
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

TEST_CASE("a configuration with [keys] alone gets [network] behind it, and keeps every byte") {
  NewNetwork now{.note = "As 'ens3' was set up."};
  now.config.method = NetworkConfig::Method::fixed;
  now.config.interface = "52:54:00:12:34:56";
  now.config.address = {"192.0.2.10/24"};
  now.config.gateway = {"192.0.2.1"};
  for (const std::string text :
       {"[keys]\ndevice = \"system/encrypted-keys\"  # mine\n", "keys.device = 'a/b'"}) {
    CHECK_FALSE(*says_network(text, "x"));
    const auto out = with_network(text, "x", now);
    REQUIRE(out);
    CHECK(out->starts_with(text));
    CHECK(*says_network(*out, "x"));
    const auto config = parse_config(*out, "x");
    REQUIRE(config);
    CHECK(config->network.method == NetworkConfig::Method::fixed);
    CHECK(config->network.address == now.config.address);
    CHECK(config->network.interface == now.config.interface);
  }
}

TEST_CASE("what an owner says of the network, be it nothing, is seen") {
  const std::string keys = "[keys]\ndevice = \"a/b\"\n";
  CHECK(*says_network(keys + "[network]\n", "x"));
  CHECK(*says_network("network.method = \"dhcp\"\n" + keys, "x"));
  CHECK_FALSE(*says_network(keys + "#[network]\n", "x"));
  CHECK_FALSE(says_network("[keys\n", "x"));
  CHECK(parse_config(keys + "[network]\nmethod = \"dhcp\"\n", "x")->network.method_said);
  CHECK_FALSE(parse_config(keys + "[network]\nmtu = 1400\n", "x")->network.method_said);
}
