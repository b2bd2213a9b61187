// SPDX-License-Identifier: GPL-3.0-or-later
// What an interrupted rekey finds written down.
#include "core/keys/rekey_work.hpp"
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

TEST_CASE("a new keys volume can lose as many disks as the old one") {
  CHECK(mirrors_like("linear", "1") == 0);
  CHECK(mirrors_like("striped", "2") == 0);
  CHECK(mirrors_like("thin", "0") == 0);
  CHECK(mirrors_like("raid0", "2") == 0);
  CHECK(mirrors_like("raid1", "2") == 1);
  CHECK(mirrors_like("raid1", "3") == 2);
  CHECK(mirrors_like("mirror", "2") == 1);
  CHECK(mirrors_like("raid1", "rubbish") == 0);
  CHECK(mirrors_like("raid5_ls", "3") == 1);
  CHECK(mirrors_like("raid6_zr", "5") == 2);
}

TEST_CASE("a key that no volume uses yet is finished before the keys volume goes") {
  const std::vector<Volume> volumes{{.name = "www", .device = {}}};
  const auto found = [&](const std::string& command, const std::string& name) {
    return work_with_key(
               {{.command = "resize-volume", .name = "www"}, {.command = command, .name = name}},
               volumes) != nullptr;
  };
  CHECK(found("rotate-key", "www"));
  CHECK(found("create-volume", "new"));
  CHECK(found("adopt", "new"));
  CHECK_FALSE(found("rotate-key", "gone"));
  CHECK_FALSE(found("recovery-key", "www"));
}

TEST_CASE("the old keys volume stays for what it holds, and for its snapshots") {
  CHECK(why_old_keys_stay("system/keys", "", {}).empty());
  CHECK(why_old_keys_stay("system/keys", ".note.swp", {}) ==
        "the old keys volume system/keys stays, for it holds '.note.swp'; its keys open nothing "
        "any more");
  CHECK(why_old_keys_stay("system/keys", "", {"before", "nightly"}) ==
        "the old keys volume system/keys stays, for it has snapshots, which would go with it: "
        "before, nightly; its keys open nothing any more; when nobody needs them: lvm lvremove "
        "system/keys");
}

TEST_CASE("a new keys volume that is gone is made afresh, and its slots are not forgotten") {
  Unfinished work;
  work.command = "rekey";
  work.values = {{"vg", "system"}, {"lv", "encrypted-keys-2"}, {"size", "64M"}, {"uuid", "u"},
                 {"tag", "t"},     {"old", "system/keys"},     {"new-a", "1"},  {"old-a", "0"},
                 {"mirrors", "1"}};
  work.done = {"lv", "format", "file-system", "files", "key-a"};
  forget_new_keys_volume(work);
  CHECK(work.done == std::vector<std::string>{"key-a"});
  CHECK(work.values ==
        std::map<std::string, std::string>{
            {"vg", "system"}, {"old", "system/keys"}, {"new-a", "1"}, {"old-a", "0"}});
}
