// SPDX-License-Identifier: GPL-3.0-or-later
// Host keys that Dropbear would end over: it is never given two of a kind, nor a fifth.
#include <filesystem>

#include "cli/place.hpp"
#include "core/ssh/host_key_choice.hpp"
#include "sys/ssh/host_key_files.hpp"

using namespace latchkey;

namespace {

std::string chosen(std::vector<HostKeyKind> keys) {
  const HostKeyChoice choice = choose_host_keys(std::move(keys));
  std::string out;
  for (const std::string& file : choice.used) out += file + " ";
  for (const LeftHostKey& left : choice.left) out += "-" + left.file + "(" + left.rival + ") ";
  return out;
}

std::string key_of(const std::string& kind) {
  return std::string(3, '\0') + static_cast<char>(kind.size()) + kind + std::string(90, 'x');
}

}  // namespace

TEST_CASE("of two host keys of a kind, early boot uses the one under the name of its kind") {
  CHECK(chosen({}) == "");
  CHECK(chosen({{"ed25519.dropbear", "ssh-ed25519"}, {"ecdsa.dropbear", "ecdsa-sha2-nistp256"}}) ==
        "ecdsa.dropbear ed25519.dropbear ");
  CHECK(chosen({{"a.dropbear", "ssh-ed25519"}, {"ed25519.dropbear", "ssh-ed25519"}}) ==
        "ed25519.dropbear -a.dropbear(ed25519.dropbear) ");
  CHECK(chosen({{"b.dropbear", "ssh-rsa"}, {"a.dropbear", "ssh-rsa"}}) ==
        "a.dropbear -b.dropbear(a.dropbear) ");
}

TEST_CASE("four host keys are used at most, and those that cannot be told come last") {
  CHECK(chosen({{"1", "ecdsa-sha2-nistp256"},
                {"2", "ecdsa-sha2-nistp384"},
                {"3", "ecdsa-sha2-nistp521"},
                {"4", "ssh-ed25519"},
                {"rsa.dropbear", "ssh-rsa"}}) == "1 2 3 rsa.dropbear -4() ");
  CHECK(chosen({{"1", ""}, {"2", ""}, {"3", ""}, {"4", ""}, {"5", "ssh-rsa"}}) == "1 2 3 5 -4() ");
}

TEST_CASE("the kind of a host key is read from the file, or from its name") {
  CHECK(dropbear_key_kind(key_of("ssh-ed25519")) == "ssh-ed25519");
  CHECK(dropbear_key_kind(key_of("ssh-new")) == "");
  CHECK(dropbear_key_kind("") == "");
  CHECK(dropbear_key_kind(std::string("\0\0\0\x0bssh-ed", 10)) == "");
  CHECK(dropbear_key_kind("\xff\xff\xff\xff"
                          "ssh-ed25519") == "");
  CHECK(named_key_kind("ssh_host_ed25519_key") == "ed25519");
  CHECK(named_key_kind("dropbear_rsa_host_key") == "rsa");
  CHECK(named_key_kind("mine") == "");
}

TEST_CASE("Dropbear is given one host key of a kind, whatever a hook puts into the image") {
  const test::Place place;
  place.put("keys/a.dropbear", key_of("ssh-ed25519"));
  place.put("keys/ed25519.dropbear", key_of("ssh-ed25519"));
  place.put("keys/ecdsa.dropbear", key_of("ecdsa-sha2-nistp521"));
  place.put("keys/junk.dropbear", "key");
  place.put("keys/ed25519.pub", "ssh-ed25519 AAAA\n");
  const std::string keys = place.path() + "/keys";
  CHECK(usable_host_keys(keys) == std::vector<std::string>{keys + "/ecdsa.dropbear",
                                                           keys + "/ed25519.dropbear",
                                                           keys + "/junk.dropbear"});
  CHECK(usable_host_keys(keys + "/none").empty());
}
