// SPDX-License-Identifier: GPL-3.0-or-later
// What the commands that change volumes say when they fail: never without what to do next.
#include <fstream>
#include <iterator>
#include <regex>
#include <string>

#include "cli/place.hpp"
#include "support/child.hpp"

using namespace latchkey::test;

TEST_CASE("no error of the commands on volumes is made without a hint") {
  // `Error{code, what, why, ""}`, over as many lines as it takes.
  static const std::regex without_hint("Error[{]Code::[^;]*, \"\"[}];");
  for (const char* source : {"latchkey/cmd_create_volume",
                             "latchkey/volume_maker",
                             "latchkey/placing",
                             "latchkey/cmd_adopt",
                             "latchkey/volume_adopter",
                             "latchkey/cmd_backup",
                             "latchkey/backup_proof",
                             "latchkey/cmd_restore",
                             "latchkey/restorer",
                             "latchkey/restorer_keys",
                             "latchkey/restorer_named",
                             "latchkey/cmd_resize_volume",
                             "latchkey/cmd_remove_volume",
                             "latchkey/volume_remover",
                             "latchkey/rebuild",
                             "core/new_volume",
                             "core/backup_format",
                             "sys/lvm_admin",
                             "sys/key_file",
                             "sys/signature",
                             "sys/backup_reader",
                             "sys/backup_writer"}) {
    std::ifstream file(std::string(LATCHKEY_SOURCE_DIR "/src/") + source + ".cpp");
    const std::string text((std::istreambuf_iterator<char>(file)),
                           std::istreambuf_iterator<char>());
    INFO(source);
    CHECK_FALSE(text.empty());
    for (std::sregex_iterator at(text.begin(), text.end(), without_hint), end; at != end; ++at)
      FAIL_CHECK(at->str());
  }
}
