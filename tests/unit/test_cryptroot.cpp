// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/cryptroot.hpp"
#include "core/message.hpp"
#include "support/catch.hpp"
#include "sys/cryptroot.hpp"

using namespace latchkey;

namespace {

using Lines = std::vector<std::string>;

bool all(const std::string&, bool) { return true; }

}  // namespace

TEST_CASE("what an image opens beside our volumes is foreign") {
  const Lines ours{"cleartext-keys", "cleartext-root"};
  CHECK(foreign_openings("", ours, {}, all).empty());
  CHECK(foreign_openings("# root\n\nshort\ncleartext-root UUID=1 none luks\n", ours, {}, all).empty());
  CHECK(foreign_openings("sda5_crypt UUID=1 none luks,discard\n"
                         "cleartext-root UUID=2 none luks\n"
                         "swap_crypt /dev/sdb none\n",
                         ours, {}, all) == Lines{"sda5_crypt", "swap_crypt"});
}

TEST_CASE("only the lines of a crypttab that early boot opens are foreign") {
  const OpenedEarly marked = [](const std::string& mapping, bool mark) {
    return mark || mapping == "root";
  };
  CHECK(foreign_openings("root /dev/sda2 none luks\n"
                         "data /dev/sda3 none luks\n"
                         "more /dev/sda4 none luks,initramfs\n"
                         "less /dev/sda5 none luks,x-initramfs\n",
                         {}, {}, marked) == Lines{"root", "more"});
}

TEST_CASE("what opens by itself is in nobody's way, unless our volumes lie on it") {
  const std::string text =
      "file UUID=1 /cryptroot/keyfiles/file.key luks\n"
      "stick UUID=2 /dev/disk/by-label/key:/key luks,keyscript=passdev\n"
      "twice UUID=3 none luks,keyscript=decrypt_keyctl\n"
      "card UUID=4 /etc/keys/card luks,keyscript=/lib/cryptsetup/scripts/decrypt_opensc\n";
  CHECK(foreign_openings(text, {}, {}, all) == Lines{"twice", "card"});
  CHECK(foreign_openings(text, {}, {"file", "other"}, all) == Lines{"file", "twice", "card"});
}

TEST_CASE("a foreign opening is told with what to do") {
  const Error error = foreign_opening("a\nb");
  CHECK(sentence(error).find("cryptsetup-initramfs opens 'a?b' in early boot: ") == 0);
  CHECK(error.hint.find("latchkey adopt") != std::string::npos);
}

TEST_CASE("a volume that the keys volume lies on is found, through the volume group") {
  // sda5 (1) - sda5_crypt (2) - vg0-encrypted--keys (3); vg1-data (5) lies on sdb (4).
  std::vector<Mapping> mappings(3);
  mappings[0].number = 2;
  mappings[0].below = {1};
  mappings[1].number = 3;
  mappings[1].below = {2};
  mappings[2].number = 5;
  mappings[2].below = {4};
  CHECK(carriers_of(3, {{"pv", 1}, {"data", 5}, {"keys", 3}}, mappings) == Lines{"pv"});
  CHECK(carriers_of(3, {{"data", 5}, {"disk", 4}}, mappings).empty());
  CHECK(encrypted_below({1, 4}, mappings).empty());
  mappings[1].uuid = "LVM-1";
  for (const char* uuid : {"CRYPT-LUKS2-1", "CRYPT-PLAIN-1"}) {
    mappings[0].name = "sda5_crypt";
    mappings[0].uuid = uuid;
    CHECK(encrypted_below({4, 2}, mappings) == Lines{"sda5_crypt"});
    CHECK(encrypted_below({3}, mappings) == Lines{"sda5_crypt"});
    // A group of these disks: a new keys volume may get a place on sdb.
    CHECK(encrypted_below_all({2, 4}, mappings).empty());
    CHECK(encrypted_below_all({2}, mappings) == Lines{"sda5_crypt"});
  }
  CHECK(encrypted_below({4, 5}, mappings).empty());
  CHECK(sentence(keys_would_lie_inside("vg0", "sda5_crypt"))
            .find("the group lies in 'sda5_crypt', which is encrypted itself") !=
        std::string::npos);
  const Error gone = keys_were_put_inside("vg0/keys", "sda5_crypt", true);
  CHECK(gone.why.find("lies in 'sda5_crypt'") != std::string::npos);
  CHECK(gone.why.find("it is removed again") != std::string::npos);
  CHECK(gone.hint.starts_with("keep LVM from that disk"));
  CHECK(keys_were_put_inside("vg0/keys", "sda5_crypt", false)
            .hint.starts_with(
                "remove it, if nobody uses it: lvm lvremove vg0/keys; keep LVM from that disk"));
  CHECK(sentence(keys_lie_inside("pv")) ==
        "the keys volume lies on 'pv': the key that would open it is inside: early boot could "
        "never reach it");
}
