// SPDX-License-Identifier: GPL-3.0-or-later
// What commands look at before they ask for a passphrase, or try it.
#include <unistd.h>

#include <filesystem>

#include "cli/place.hpp"
#include "core/base/result.hpp"
#include "support/child.hpp"

using namespace latchkey;
using namespace latchkey::test;

TEST_CASE("backup and rekey say that the keys volume is not there, as all commands do") {
  if (!is_root()) return;
  const Place place;
  place.put("etc/latchkey/latchkey.conf", "[keys]\ndevice = \"no-such-group/keys\"\n");
  place.put("etc/latchkey/volumes", "# none\n");
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"backup", place.path("file")},
        std::vector<std::string>{"rekey"}}) {
    std::vector<std::string> argv{LATCHKEY_PROGRAM, "--root", place.path()};
    argv.insert(argv.end(), words.begin(), words.end());
    const Done done = run_program(argv, "one\ntwo\n");
    INFO(done.output);
    CHECK(done.status == exit_status(Code::missing));
    CHECK(contains(done.output,
                   "cannot open the keys volume: there is no device no-such-group/keys\n"));
    CHECK_FALSE(contains(done.output, "does not exist"));
  }
}

TEST_CASE("unlock tells who is not root so before a passphrase is asked for") {
  const Place place;
  place.put("etc/latchkey/latchkey.conf", "[keys]\ndevice = \"no-such-group/keys\"\n");
  place.put("etc/latchkey/volumes", "www /dev/no-such-volume /srv/www ext4\n");
  const bool another = run_program({"/usr/bin/unshare", "--user", "/bin/true"}).status == 0;
  if (!another && !skip("no user namespaces here")) return;
  const Done done = run_program(
      {"/usr/bin/unshare", "--user", LATCHKEY_PROGRAM, "--root", place.path(), "unlock"});
  CHECK(done.status == exit_status(Code::refused));
  CHECK(done.output ==
        "latchkey: error: cannot unlock: only root can open volumes\n"
        "latchkey: hint: run: sudo latchkey unlock\n");
}

TEST_CASE("backup tells that it has no place for its file before a passphrase is asked for") {
  if (!is_root()) return;
  const Place place;
  place.put("etc/latchkey/latchkey.conf", "[keys]\ndevice = \"no-such-group/keys\"\n");
  place.put("etc/latchkey/volumes", "# none\n");
  const auto backup = [&](const std::string& file) {
    return run_program({LATCHKEY_PROGRAM, "--root", place.path(), "backup", place.path(file)});
  };
  const Done nowhere = backup("no/such/directory/file");
  INFO(nowhere.output);
  CHECK(nowhere.status == exit_status(Code::missing));
  CHECK(contains(nowhere.output, "there is no such directory: is the disk that it is on mounted?"));
  // Where there is one, nothing is left of the trial.
  std::filesystem::create_directories(place.path("media"));
  const Done unasked = backup("media/file");
  INFO(unasked.output);
  CHECK(contains(unasked.output, "the input has ended"));
  CHECK(std::filesystem::is_empty(place.path("media")));
}
