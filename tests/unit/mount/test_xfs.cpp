// SPDX-License-Identifier: GPL-3.0-or-later
#include <fstream>

#include "support/catch.hpp"
#include "support/temp_folder.hpp"
#include "sys/mount/xfs.hpp"

using namespace latchkey;

TEST_CASE("a copy of an XFS is known by its UUID, and nothing else is taken for one") {
  const latchkey::test::TempFolder folder;
  const auto put = [&](const std::string& name, const std::string& magic, char uuid) {
    std::ofstream(folder.file(name))
        << magic << std::string(28, name[0]) << std::string(16, uuid) << std::string(464, name[0]);
    return folder.file(name);
  };
  const std::string one = put("one", "XFSB", 'u');
  CHECK(same_xfs(one, put("two", "XFSB", 'u')));
  CHECK_FALSE(same_xfs(one, put("three", "XFSB", 'v')));
  const std::string other = put("other", "LUKS", 'u');
  CHECK_FALSE(same_xfs(one, other));
  CHECK_FALSE(same_xfs(other, put("another", "LUKS", 'u')));
  CHECK_FALSE(same_xfs(folder.file("nowhere"), folder.file("nowhere")));
}
