// SPDX-License-Identifier: GPL-3.0-or-later
// What `latchkey init` refuses before it makes anything. Root only: it refuses
// everybody else first. A made-up root directory; the volume groups are the real ones.
#include <unistd.h>

#include "cli/place.hpp"
#include "core/base/result.hpp"
#include "core/config/unfinished.hpp"
#include "support/catch.hpp"
#include "support/child.hpp"

using namespace latchkey;
using namespace latchkey::test;

namespace {

class InitPlace : public Place {
 public:
  /// With the words for init behind it; the passphrase is piped.
  [[nodiscard]] Done init(std::vector<std::string> words) const {
    std::vector<std::string> argv{LATCHKEY_PROGRAM, "--root", path(), "init"};
    argv.insert(argv.end(), words.begin(), words.end());
    return run_program(argv, "ocean velvet tripod hammer crumb lantern\n");
  }
  /// Nothing but what the test put there: no configuration, no unfinished work.
  [[nodiscard]] bool untouched() const {
    return Place::untouched({"authorized_keys", "latchkey.conf"});
  }
};

}  // namespace

TEST_CASE("case 14: init without a word about who may unlock names the option and makes nothing") {
  if (!is_root()) return;
  const InitPlace place;
  const Done done = place.init({"vg0"});
  INFO(done.output);
  CHECK(done.status == exit_status(Code::usage));
  CHECK(contains(done.output, "who may unlock?"));
  CHECK(contains(done.output, "--authorized-keys FILE"));
  CHECK(place.untouched());
}

TEST_CASE("case 14, 15: init refuses key files that are missing, empty or not usable in full") {
  if (!is_root()) return;
  const InitPlace place;
  const Done none = place.init({"vg0", "--authorized-keys", "/no/such/file"});
  CHECK(none.status == exit_status(Code::missing));
  const Done empty =
      place.init({"vg0", "--authorized-keys", place.put("empty", "# nobody yet\n\n")});
  INFO(empty.output);
  CHECK(empty.status == exit_status(Code::config));
  CHECK(contains(empty.output, "nobody could unlock"));
  const std::string file = place.put("keys", good_key + "from=\"192.0.2.*\" " + good_key);
  const Done line = place.init({"vg0", "--authorized-keys", file});
  INFO(line.output);
  CHECK(line.status == exit_status(Code::config));
  CHECK(contains(line.output, file + ":2:"));
  CHECK(contains(line.output, "nothing was made"));
  CHECK(place.untouched());
}

// The tab key stops before `.pub`; what is printed may go to mail and logs.
TEST_CASE("init tells nothing of a private key that it is given in place of the public one") {
  if (!is_root()) return;
  const InitPlace place;
  const std::string body = "q7Zt1RfW0kLx9GvB2mYcE5hUaJ8dNpSoT3iKwXzQyD6rFbVgHnMjPlAeCuOs4I+/7Zt";
  const std::string file =
      place.put("id_ed25519", "-----BEGIN OPENSSH PRIVATE KEY-----\n" + body + "\n" + body +
                                  "\n-----END OPENSSH PRIVATE KEY-----\n");
  const Done whole = place.init({"vg0", "--authorized-keys", file});
  INFO(whole.output);
  CHECK(whole.status == exit_status(Code::config));
  CHECK(contains(whole.output, file + ":1:1: this is a private key"));
  CHECK_FALSE(contains(whole.output, file + ":2:"));
  const Done part =
      place.init({"vg0", "--authorized-keys", place.put("part", body + "\n" + body + "\n")});
  INFO(part.output);
  CHECK(part.status == exit_status(Code::config));
  for (std::size_t at = 0; at + 8 <= body.size(); ++at)
    CHECK_FALSE(contains(whole.output + part.output, body.substr(at, 8)));
  CHECK(place.untouched());
}

TEST_CASE("init refuses a root that cryptsetup-initramfs opens, unless it is to be adopted") {
  if (!is_root()) return;
  const InitPlace place;
  place.put("usr/share/initramfs-tools/hooks/cryptroot", "");
  place.put("etc/crypttab", "sda5_crypt UUID=9 none luks,initramfs\n");
  const Done done = place.init({"vg0", "--authorized-keys", place.put("keys", good_key)});
  INFO(done.output);
  CHECK(done.status == exit_status(Code::refused));
  CHECK(contains(done.output, "cryptsetup-initramfs opens 'sda5_crypt' in early boot"));
  CHECK(contains(done.output, "latchkey init vg0 --keep-cryptroot, then latchkey adopt"));
  CHECK(place.untouched());
  const Done on = place.init({"vg0", "--keep-cryptroot", "--authorized-keys", "/no/such/file"});
  CHECK(on.status == exit_status(Code::missing));
}

TEST_CASE("init never overwrites an authorized_keys that says something else") {
  if (!is_root()) return;
  const InitPlace place;
  place.put("etc/latchkey/authorized_keys", good_key + "# and a remark\n");
  const Done done = place.init({"vg0", "--authorized-keys", place.put("keys", good_key)});
  INFO(done.output);
  CHECK(done.status == exit_status(Code::refused));
  CHECK(contains(done.output, "is not overwritten"));
}

TEST_CASE("init refuses another keys volume than the one that is configured") {
  if (!is_root()) return;
  const InitPlace place;
  place.put("etc/latchkey/latchkey.conf", "[keys]\ndevice = \"system/encrypted-keys\"\n");
  const Done done = place.init({"vg0", "--authorized-keys", place.put("keys", good_key)});
  INFO(done.output);
  CHECK(done.status == exit_status(Code::refused));
  CHECK(contains(done.output, "system/encrypted-keys"));
  CHECK(place.untouched());
}

TEST_CASE("init takes no name that LVM would take for an option") {
  if (!is_root()) return;
  const InitPlace place;
  for (const char* name : {"--", "a/b", "..", "x y"}) {
    const Done done = place.init({name, "--authorized-keys", place.put("keys", good_key)});
    INFO(name << ": " << done.output);
    CHECK(done.status == exit_status(Code::usage));
  }
  CHECK(place.untouched());
}

TEST_CASE("an interrupted init whose volume group is gone can be given up, and another begun") {
  if (!is_root()) return;
  const InitPlace place;
  const Unfinished work{
      .command = "init",
      .name = "keys",
      .begun = "yesterday",
      .finish = "latchkey init no-such-vg",
      .values = {{"vg", "no-such-vg"}, {"lv", "encrypted-keys"}, {"tag", "latchkey_1"}}};
  const std::string file = place.put("etc/latchkey/unfinished/keys.json", encode(work));
  const Done other = place.init({"vg0", "--give-up"});
  INFO(other.output);
  CHECK(other.status == exit_status(Code::refused));
  CHECK(std::filesystem::exists(file));
  const Done done = place.init({"no-such-vg", "--give-up"});
  INFO(done.output);
  CHECK(done.status == 0);
  CHECK(contains(done.output, "no-such-vg/encrypted-keys with the tag latchkey_1"));
  CHECK(contains(done.output, "unfinished/keys.json' removed"));
  CHECK_FALSE(std::filesystem::exists(file));
  CHECK(place.init({"no-such-vg", "--give-up"}).status == 0);
}

TEST_CASE("the steps of init are listed for the tests that kill it between them") {
  const InitPlace place;
  const Done done = place.init({"vg0", "--halt", "list"});
  CHECK(done.output == "lv\nformat\nfile-system\nconfig\nhost-keys\nuntag\nimage\n");
}
