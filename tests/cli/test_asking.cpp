// SPDX-License-Identifier: GPL-3.0-or-later
// Programs while they wait for a passphrase, seen from outside.
#include <unistd.h>

#include <chrono>

#include "cli/keys_header.hpp"
#include "cli/place.hpp"
#include "support/child.hpp"
#include "sys/base/lock_file.hpp"

using namespace latchkey;
using namespace latchkey::test;
using namespace std::chrono_literals;

namespace {

// Runs latchkey with a pipe that nothing comes from as its descriptors 0 and 3. True when `pattern`
// comes up in a file of its own in /proc.
bool seen_while_asking(const Place& place, const std::string& file, const std::string& pattern,
                       const std::vector<std::string>& words) {
  place.put("etc/latchkey/latchkey.conf", "[keys]\ndevice = \"no-such-vg/encrypted-keys\"\n");
  place.put("etc/latchkey/volumes", "data no-such-vg/encrypted-data /srv/no-such-data ext4\n");
  place.put("run/latchkey/nothing", "");
  std::vector<std::string> argv{"/bin/bash",
                                "-c",
                                "mkfifo \"$1\" && exec 9<>\"$1\" || exit; file=$2; pattern=$3; "
                                "shift 3; \"$@\" 0<&9 3<&9 9<&- & "
                                "for i in $(seq 2000); do grep -qs \"$pattern\" /proc/$!/$file && "
                                "echo seen && break; done; kill $!; wait",
                                "bash",
                                place.path("pipe"),
                                file,
                                pattern,
                                LATCHKEY_PROGRAM,
                                "--root",
                                place.path()};
  argv.insert(argv.end(), words.begin(), words.end());
  const Done done = run_program(argv);
  INFO(done.output);
  return contains(done.output, "seen\n");
}

}  // namespace

TEST_CASE("Must 6: release-services leaves no core while it asks for a passphrase") {
  if (!is_root()) return;
  const Place place;
  CHECK(seen_while_asking(place, "limits", "^Max core file size  *0  *0 ", {"release-services"}));
}

TEST_CASE("no program that a command starts gets the descriptor of the passphrase") {
  if (!is_root()) return;
  const Place place;
  CHECK(seen_while_asking(place, "fdinfo/3", "^flags:.*2[0-7]\\{6\\}$",
                          {"check", "--with-keys", "--passphrase-fd", "3"}));
}

TEST_CASE("a person without a terminal is told why nothing happens, and a typed line is enough") {
  if (!is_root()) return;
  for (const std::string command : {"release-services", "unlock"}) {
    const Place place;
    place.put("etc/latchkey/latchkey.conf",
              "[keys]\ndevice = \"/dev/no-such-keys\"\n[boot]\ndevice_timeout = \"1s\"\n");
    place.put("etc/latchkey/volumes", "data /dev/no-such-data /srv/no-such-data ext4\n");
    // Its input stays open, as that of `ssh root@server release-services` does.
    Child child({LATCHKEY_PROGRAM, "--root", place.path(), command});
    child.expect("to type it unseen: ssh -t root@server latchkey " + command, 20s);
    child.write("open sesame\n");
    child.expect("no-such-keys", 30s);
    CHECK(child.wait(30s) != 0);
    CHECK_FALSE(contains(child.output(), "nobody gave the passphrase"));
    CHECK_FALSE(contains(child.output(), "sesame"));
  }
}

TEST_CASE("each passphrase is the next line of a pipe that stays open, and holds up no unlock") {
  const KeysHeader keys;
  if (!keys.usable_here()) return;
  Child child(
      {LATCHKEY_PROGRAM, "--root", keys.place().path(), "change-passphrase", "--accept-weak"});
  const auto unlock_could_begin = [&] {
    return static_cast<bool>(
        LockFile::take(keys.place().path("run/latchkey/unlock.lock"), "an unlock", 5s));
  };
  child.expect("waiting for the current passphrase of the keys volume on standard input");
  CHECK(unlock_could_begin());
  child.write("first one\n");
  child.expect("waiting for the new passphrase");
  CHECK(unlock_could_begin());
  child.write("another long one\n");
  const int status = child.wait();
  INFO(child.output());
  CHECK(status == 0);
  CHECK(keys.opened_by("first one").empty());
  CHECK(keys.opened_by("another long one").size() == 1);
}

TEST_CASE("lines that come together are the answers to one question each") {
  const KeysHeader keys;
  if (!keys.usable_here()) return;
  Child child(
      {LATCHKEY_PROGRAM, "--root", keys.place().path(), "change-passphrase", "--accept-weak"});
  child.write("first one\nanother long one\nof no interest\n");
  const int status = child.wait();
  INFO(child.output());
  CHECK(status == 0);
  CHECK(keys.opened_by("another long one").size() == 1);
  CHECK_FALSE(contains(child.output(), "waiting for the"));
}

TEST_CASE("a new passphrase that ssh or a terminal would change is refused, or warned of") {
  const KeysHeader keys;
  if (!keys.usable_here()) return;
  const auto change = [&keys](const std::string& lines) {
    return run_program(
        {LATCHKEY_PROGRAM, "--root", keys.place().path(), "change-passphrase", "--accept-weak"},
        lines);
  };
  const Done refused = change("first one\nanother\x15 long one\n");
  CHECK(refused.status != 0);
  CHECK(contains(refused.output, "or another control character, which a terminal does not pass"));
  CHECK(keys.opened_by("first one").size() == 1);
  const Done warned = change("first one\n~another long one\n");
  CHECK(warned.status == 0);
  CHECK(contains(warned.output, "warning: the passphrase begins with '~'"));
  CHECK(keys.opened_by("~another long one").size() == 1);
}

// As Windows' PowerShell puts it before what it pipes: nobody could type it later.
TEST_CASE("a byte order mark that is piped before a new passphrase is no part of it") {
  const KeysHeader keys;
  if (!keys.usable_here()) return;
  const Done changed = run_program(
      {LATCHKEY_PROGRAM, "--root", keys.place().path(), "change-passphrase", "--accept-weak"},
      "first one\n\xef\xbb\xbfquite another one\r\n");
  CHECK(changed.status == 0);
  CHECK(keys.opened_by("quite another one").size() == 1);
}
