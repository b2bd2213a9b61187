// SPDX-License-Identifier: GPL-3.0-or-later
// Programs while they wait for a passphrase, seen from outside.
#include <unistd.h>

#include "cli/place.hpp"
#include "support/child.hpp"

using namespace latchkey::test;

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
  if (::geteuid() != 0) return;
  const Place place;
  CHECK(seen_while_asking(place, "limits", "^Max core file size  *0  *0 ", {"release-services"}));
}

TEST_CASE("no program that a command starts gets the descriptor of the passphrase") {
  if (::geteuid() != 0) return;
  const Place place;
  CHECK(seen_while_asking(place, "fdinfo/3", "^flags:.*2[0-7]\\{6\\}$",
                          {"check", "--with-keys", "--passphrase-fd", "3"}));
}
