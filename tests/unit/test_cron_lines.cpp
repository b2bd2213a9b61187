// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/cron_lines.hpp"
#include "support/catch.hpp"

using namespace latchkey;
using Lines = std::vector<std::size_t>;

TEST_CASE("lines of cron that use a volume, and do not ask whether it is mounted") {
  const auto found = [](const char* text) { return unguarded_cron_lines(text, "/srv/www"); };
  CHECK(found("0 3 * * * root rsync -a --delete /srv/www/ backup:www\n") == Lines{1});
  CHECK(found("# all\n@daily root tar -C /srv/www -cf /b.tar .\n") == Lines{2});
  CHECK(found("0 3 * * * root mountpoint -q /srv/www && rsync /srv/www/ b:\n").empty());
  CHECK(found("0 3 * * * root findmnt /srv/www >/dev/null && rsync /srv/www/ b:\n").empty());
  CHECK(found("# 0 3 * * * root rm /srv/www/x\n0 4 * * * root ls /srv/www-old /srv\n").empty());
  CHECK(found("FROM = /srv/www\nFROM=/srv/www\n").empty());
  CHECK(found("0 3 * * * root FROM=/srv/www run\n") == Lines{1});
  CHECK(unguarded_cron_lines("@daily ls ~/data\n", "/home/a/data", {"/home/a"}) == Lines{1});
}
