// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/mount/gpt_auto.hpp"
#include "support/catch.hpp"

using namespace latchkey;

TEST_CASE("a partition of a GPT, as udev has written it down") {
  const std::string record =
      "S:disk/by-id/x-part3\nI:123\nE:ID_FS_TYPE=crypto_LUKS\nE:ID_PART_ENTRY_SCHEME=gpt\n"
      "E:ID_PART_ENTRY_TYPE=933AC7E1-2eb4-4f13-b844-0e14e2aef915\nE:ID_PART_ENTRY_NUMBER=3\n"
      "E:ID_PART_ENTRY_DISK=8:0\nG:systemd\n";
  const auto partition = parse_gpt_partition(record);
  REQUIRE(partition);
  CHECK(partition->disk == "8:0");
  CHECK(partition->number == 3);
  CHECK_FALSE(partition->no_auto);
  CHECK(gpt_auto_place(partition->type) == "/home");
  CHECK(parse_gpt_partition(record + "E:ID_PART_ENTRY_FLAGS=0x8000000000000000\n")->no_auto);
  CHECK_FALSE(parse_gpt_partition(record + "E:ID_PART_ENTRY_FLAGS=0x800000000000000\n")->no_auto);
  CHECK_FALSE(parse_gpt_partition(record + "E:ID_PART_ENTRY_FLAGS=\n")->no_auto);
  CHECK_FALSE(parse_gpt_partition(record + "E:ID_PART_ENTRY_SCHEME=dos\n"));
  CHECK_FALSE(parse_gpt_partition("E:ID_FS_TYPE=crypto_LUKS\nE:DEVTYPE=disk\n"));
  CHECK_FALSE(parse_gpt_partition(""));
  CHECK(gpt_auto_place("3b8f8425-20e0-4f3b-907f-1a25a76f98e8") == "/srv");
  CHECK(gpt_auto_place("7ec6f557-3bc5-4aca-b293-16ef5df639d1") == "/var/tmp");
  CHECK(gpt_auto_place("0657fd6d-a4ab-43c4-84e5-0933c84b4f4f") == gpt_swap);
  CHECK(gpt_auto_place("4d21b016-b534-45c2-a9fb-5c16e091fd2d").empty());
  CHECK(gpt_auto_place("").empty());
}

TEST_CASE("words of the command line that keep systemd from mounting by partition types") {
  for (const char* off : {"ro systemd.gpt_auto=0 quiet\n", "systemd.gpt-auto=no",
                          "rd.systemd.gpt_auto=off", "systemd.gpt_auto=1 systemd.gpt_auto=False"})
    CHECK(gpt_auto_off(off));
  for (const char* on :
       {"", "ro quiet", "systemd.gpt_auto", "systemd.gpt_auto=yes",
        "systemd.gpt_auto=0 systemd.gpt_auto", "systemd.gpt_automatic=0", "x.systemd.gpt_auto=0"})
    CHECK_FALSE(gpt_auto_off(on));
}
