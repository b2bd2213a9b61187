// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/keys/stray_keys.hpp"
#include "support/catch.hpp"

using namespace latchkey;

TEST_CASE("after a group was renamed, the missing key names the files that are nobody's") {
  const std::vector<std::string> strays =
      stray_keys({"new-www.key", "new-www.key.new", "old-mail.key", "old-\033db.key"},
                 {"new-www.key", "new-mail.key"});
  CHECK(strays == std::vector<std::string>{"old-mail.key", "old-?db.key"});
  const std::string lost =
      "if it was lost: latchkey restore FILE, with a backup; see: latchkey check --with-keys";
  CHECK(missing_key_hint({}) == lost);
  CHECK(missing_key_hint(strays) ==
        "if the volume or its group was renamed, say in its line of /etc/latchkey/volumes which "
        "file it is, x-latchkey.key=FILE; these belong to no volume: old-mail.key, old-?db.key; " +
            lost);
}

TEST_CASE("a key that is missing after a backup is not looked for in what seals the backups") {
  CHECK(stray_keys({"backup.auth", "vg-www.key"}, {"vg-www.key", "vg-mail.key"}).empty());
  CHECK(stray_keys({"backup.auth", "backup.auth.new", "old.key"}, {}) ==
        std::vector<std::string>{"old.key"});
}
