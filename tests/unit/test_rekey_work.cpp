// SPDX-License-Identifier: GPL-3.0-or-later
// What an interrupted rekey finds written down.
#include "core/rekey_work.hpp"
#include "support/catch.hpp"

using namespace latchkey;

TEST_CASE("the slots of an old key are read back as they were written down") {
  Unfinished work;
  CHECK(recorded_slots(work, "old-a").empty());
  work.values = {{"old-a", text_of_slots({0, 3})}, {"old-b", "1"}, {"old-c", "-1 x 99 2"}};
  CHECK(recorded_slots(work, "old-a") == std::vector<int>{0, 3});
  CHECK(recorded_slots(work, "old-b") == std::vector<int>{1});
  CHECK(recorded_slots(work, "old-c") == std::vector<int>{2});
}

TEST_CASE("a new keys volume is never smaller than one can be, however small the old one is") {
  CHECK(size_of_new_keys_volume(0) == "64M");
  CHECK(size_of_new_keys_volume(20ULL << 20U) == "64M");
  CHECK(size_of_new_keys_volume(256ULL << 20U) == "256M");
}

TEST_CASE("a new keys volume that is gone is made afresh, and its slots are not forgotten") {
  Unfinished work;
  work.command = "rekey";
  work.values = {{"vg", "system"}, {"lv", "encrypted-keys-2"}, {"size", "64M"}, {"uuid", "u"},
                 {"tag", "t"},     {"old", "system/keys"},     {"new-a", "1"},  {"old-a", "0"}};
  work.done = {"lv", "format", "file-system", "files", "key-a"};
  forget_new_keys_volume(work);
  CHECK(work.done == std::vector<std::string>{"key-a"});
  CHECK(work.values ==
        std::map<std::string, std::string>{
            {"vg", "system"}, {"old", "system/keys"}, {"new-a", "1"}, {"old-a", "0"}});
}
