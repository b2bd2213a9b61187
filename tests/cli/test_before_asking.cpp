// SPDX-License-Identifier: GPL-3.0-or-later
// What commands look at before they ask for a passphrase, or try it.
#include <unistd.h>

#include <filesystem>

#include "cli/place.hpp"
#include "core/result.hpp"
#include "support/child.hpp"

using namespace latchkey;
using namespace latchkey::test;

TEST_CASE("backup and rekey say that the keys volume is not there, as all commands do") {
  if (::geteuid() != 0) return;
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
