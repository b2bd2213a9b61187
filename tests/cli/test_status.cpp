// SPDX-License-Identifier: GPL-3.0-or-later
// latchkey status on a made-up root directory.
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "cli/place.hpp"
#include "core/base/result.hpp"
#include "support/child.hpp"
#include "sys/config/state.hpp"
#include "sys/config/unfinished.hpp"
#include "sys/image/image_door.hpp"

using namespace latchkey;
using namespace latchkey::test;

TEST_CASE("only root, who can find a resting keys volume, is told that it is not there") {
  const Place place;
  place.put("etc/latchkey/latchkey.conf", "[keys]\ndevice = \"no-such-group/encrypted-keys\"\n");
  place.put("etc/latchkey/volumes", "www /dev/no-such-volume /srv/www ext4\n");
  const std::string lacking = "the keys volume no-such-group/encrypted-keys is not there";
  const std::vector<std::string> status{LATCHKEY_PROGRAM, "--root", place.path(), "status"};
  const Done root = run_program(status);
  CHECK(contains(root.output, lacking));

  // In a user namespace without a map: somebody else, who can read the test's files.
  std::vector<std::string> argv{"/usr/bin/unshare", "--user"};
  const bool another = run_program({argv[0], argv[1], "/bin/true"}).status == 0;
  if (!another && !skip("no user namespaces here")) return;
  argv.insert(argv.end(), status.begin(), status.end());
  const Done other = run_program(argv);
  INFO(other.output);
  CHECK(contains(other.output, "www"));
  CHECK_FALSE(contains(other.output, lacking));
  CHECK(other.status == root.status);
}

TEST_CASE("status and check fail where the keys volume is not there, whatever else is up") {
  if (!is_root()) return;
  const Place place;
  place.put("etc/latchkey/latchkey.conf", "[keys]\ndevice = \"/dev/no-such-keys\"\n");
  place.put("etc/latchkey/volumes", "# none\n");
  const Done status = run_program({LATCHKEY_PROGRAM, "--root", place.path(), "status", "--json"});
  INFO(status.output);
  CHECK(status.status == exit_status(Code::partial));
  CHECK(contains(status.output, "\"complete\": false"));
  const Done check = run_program({LATCHKEY_PROGRAM, "--root", place.path(), "check"});
  CHECK(contains(check.output,
                 "error: the device of the keys volume, '/dev/no-such-keys', is not there now"));
}

TEST_CASE("status as JSON has what its text says: a backup that is due, what is unfinished") {
  if (!is_root()) return;
  const Place place;
  place.put("etc/latchkey/latchkey.conf", "[keys]\ndevice = \"/dev/no-such-keys\"\n");
  place.put("etc/latchkey/volumes", "# none\n");
  const auto status = [&] {
    return nlohmann::json::parse(
        run_program({LATCHKEY_PROGRAM, "--quiet", "--root", place.path(), "status", "--json"})
            .output,
        nullptr, false);
  };
  const auto fine = status();
  CHECK(fine.at("backup").is_null());
  CHECK(fine.at("keys").at("until").is_null());
  CHECK(fine.at("unfinished").empty());
  REQUIRE(note_new_key({place.path()}));
  REQUIRE(save_unfinished({place.path()}, {.command = "rotate-key",
                                           .name = "data",
                                           .begun = "2026-01-31 12:59:00Z",
                                           .finish = "latchkey rotate-key data"}));
  const auto told = run_program({LATCHKEY_PROGRAM, "--root", place.path(), "status"}).output;
  const auto due = nlohmann::json::parse(
      run_program({"/bin/sh", "-c", "\"$1\" --root \"$2\" status --json 2>/dev/null", "sh",
                   LATCHKEY_PROGRAM, place.path()})
          .output,
      nullptr, false);
  INFO(told << due.dump());
  CHECK(contains(told, due.at("backup").at("what").get<std::string>()));
  REQUIRE(due.at("unfinished").size() == 1);
  CHECK(
      contains(due.at("unfinished")[0].at("hint").get<std::string>(), "latchkey rotate-key data"));
}

TEST_CASE("a result that cannot be written as a whole is no success") {
  if (!is_root()) return;
  const Place place;
  place.put("etc/latchkey/latchkey.conf", "[keys]\ndevice = \"/dev/no-such-keys\"\n");
  place.put("etc/latchkey/volumes", "# none\n");
  for (const char* command : {"log", "plan --json"}) {
    const auto shell = [&](const std::string& into) {
      return run_program({"/bin/sh", "-c",
                          std::string("\"$1\" --root \"$2\" ") + command + " >" + into, "sh",
                          LATCHKEY_PROGRAM, place.path()});
    };
    INFO(command << ": " << shell("/dev/full").output);
    CHECK(shell("/dev/null").status == 0);
    CHECK(shell("/dev/full").status == exit_status(Code::io));
  }
}

TEST_CASE("case 14: status tells the port and the number of keys that the built image has") {
  if (!is_root()) return;
  const Place place;
  place.put("etc/latchkey/latchkey.conf", "[keys]\ndevice = \"/dev/no-such-keys\"\n");
  place.put("etc/latchkey/volumes", "# none\n");
  place.put("boot/vmlinuz-6.1.0", "kernel");
  place.put("boot/initrd.img-6.1.0", "built");
  const auto status = [&](const std::vector<std::string>& more = {}) {
    std::vector<std::string> argv{LATCHKEY_PROGRAM, "--root", place.path(), "status"};
    argv.insert(argv.end(), more.begin(), more.end());
    return run_program(argv).output;
  };
  CHECK_FALSE(contains(status(), "early ssh"));
  CHECK(contains(status({"--json"}), "\"early_ssh\": null"));
  // As the gate has it before it.
  place.put("tree/etc/latchkey/image", "mode=wait\nversion=1\nconfig=0\n");
  place.put("tree/etc/latchkey/latchkey.conf",
            "[keys]\ndevice = \"/dev/no-such-keys\"\n[ssh]\nport = 2222\n");
  place.put("tree/etc/latchkey/root/.ssh/authorized_keys", "ssh-ed25519 AAAA\nssh-rsa BBBB\n");
  remember_door({place.path()}, place.path() + "/boot/initrd.img-6.1.0", place.path() + "/tree");
  const std::string told =
      "early ssh listens on port 2222 and knows 2 keys, by the image of kernel 6.1.0\n";
  INFO(status());
  CHECK(contains(status(), told));
  CHECK(contains(status({"--json"}), "\"port\": 2222"));
  // One that was built since, by something else, is not known.
  place.put("boot/initrd.img-6.1.0", "built anew");
  CHECK_FALSE(contains(status(), "early ssh"));
}
