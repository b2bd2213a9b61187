// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/network/client_id.hpp"
#include "support/catch.hpp"

using namespace latchkey;

TEST_CASE("a client identifier is bytes in hexadecimal, with colons or without") {
  CHECK(parse_client_id("ff:12:3A") == "ff123a");
  CHECK(parse_client_id("FF123a") == "ff123a");
  for (const char* text :
       {"", "ff", "f", "fff", "f:ff", "ff:1", "ff::12", "fg12", "ff 12", "0xff12"})
    CHECK_FALSE(parse_client_id(text));
  CHECK(parse_client_id(std::string(510, 'a')));
  CHECK_FALSE(parse_client_id(std::string(512, 'a')));
}

TEST_CASE("the kernel's TYPE and VALUE are a byte and a text") {
  CHECK(kernel_client_id("0", "44") == "003434");
  CHECK(kernel_client_id("0xFf", "a") == "ff61");
  for (const char* type : {"", "256", "-1", "x", "1 "}) CHECK_FALSE(kernel_client_id(type, "a"));
  CHECK(kernel_client_id("1", std::string(300, 'a'))->size() == 2 * 252);
}

TEST_CASE("without an identifier the MAC address is told") {
  CHECK(usual_client_id("52:54:00:12:34:5A") ==
        "01525400"
        "12345a");
}
