// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/units/named_paths.hpp"
#include "support/catch.hpp"

using namespace latchkey;

TEST_CASE("what calls the old scripts is found by its lines, comments left out") {
  const std::string text =
      "#!/bin/sh\n# /root/vol/unlock did this\n/root/vol/unlock --all\ncd /root/vol\n"
      "ls /root/volumes /root/vol-2 /mnt/root/vol/x\nDIR=\"/root/vol\"; $DIR/lock\n";
  CHECK(lines_naming(text, "/root/vol") == std::vector<std::size_t>{3, 4, 6});
  CHECK(lines_naming(text, "/root/other").empty());
  CHECK(lines_naming(text, "").empty());
}

TEST_CASE("calls by relative paths, after cd and by ~ are found as well") {
  const auto found = [](const std::string& text) {
    return lines_naming(text, "/root/vol", {"/root"});
  };
  const std::vector<std::size_t> first{1};
  CHECK(found("@reboot vol/unlock\n") == first);
  CHECK(found("@reboot ./vol/unlock --all\n") == first);
  CHECK(found("~/vol/unlock\n") == first);
  CHECK(found("\"$HOME/vol/unlock\"\n") == first);
  CHECK(found("${HOME}/vol/unlock\n") == first);
  CHECK(found("cd && vol/unlock\n") == first);
  CHECK(found("cd vol && ./unlock\n") == first);
  CHECK(found("cd -P /root/x/../vol; ./unlock\n") == first);
  CHECK(found("cd /root/etc\n../vol/unlock\n") == std::vector<std::size_t>{2});
  CHECK(found("cd /srv\nvol/unlock\n# vol/unlock\n") == std::vector<std::size_t>{2});
  CHECK(lines_naming("cd /root\nvol/unlock\n", "/root/vol", {}) == std::vector<std::size_t>{2});
  // Something else of that name, and words that are no paths.
  CHECK(found("/srv/vol/unlock; ls volumes/x vol-2/x $X/vol/y ~bob/vol/x\n").empty());
  CHECK(found("echo vol\n").empty());
  CHECK(lines_naming("vol/unlock\n", "/root/vol", {"/home/bob"}).empty());
}

TEST_CASE("a link leads into a directory by its full name or from where it is") {
  const auto leads = [](const std::string& target) {
    return leads_into(target, "/usr/local/sbin/unlock", "/root/vol");
  };
  CHECK(leads("/root/vol/unlock"));
  CHECK(leads("../../../root/vol/unlock"));
  CHECK(leads("/root/x/../vol"));
  CHECK_FALSE(leads("/root/volumes/unlock"));
  CHECK_FALSE(leads("../../root/vol/unlock"));
  CHECK_FALSE(leads(""));
}
