// SPDX-License-Identifier: GPL-3.0-or-later
// What `latchkey import-legacy` refuses before it writes anything. Root only: it
// refuses everybody else first. A made-up root directory.
#include <unistd.h>

#include <filesystem>

#include "cli/place.hpp"
#include "core/base/result.hpp"
#include "core/config/unfinished.hpp"
#include "support/catch.hpp"
#include "support/child.hpp"

using namespace latchkey;
using namespace latchkey::test;
namespace fs = std::filesystem;

namespace {

const std::string good_fstab = "www  no-such-group  /srv/www  ext4\n";

class ImportPlace : public Place {
 public:
  ImportPlace() {
    fs::create_directories(path("old/conf"));
    put("keys", good_key);
  }
  [[nodiscard]] Done import(const std::string& directory = "old") const {
    return run_program({LATCHKEY_PROGRAM, "--root", path(), "import-legacy", path(directory),
                        "--authorized-keys", path("keys")},
                       "some passphrase\n");
  }
  /// The same where images and host keys could be made, for all that the program can see.
  [[nodiscard]] Done import_able() const {
    const std::string script =
        "mount -t tmpfs none /usr/local/sbin && cp /bin/true /usr/local/sbin/update-initramfs && "
        "exec \"$@\"";
    put("usr/lib/latchkey/dropbearkey", "");
    fs::permissions(path("usr/lib/latchkey/dropbearkey"), fs::perms::owner_all);
    return run_program({"unshare", "--mount", "sh", "-c", script, "sh", LATCHKEY_PROGRAM, "--root",
                        path(), "import-legacy", path("old"), "--authorized-keys", path("keys")},
                       "some passphrase\n");
  }
  /// Only files that the test put there itself.
  [[nodiscard]] bool untouched() const { return Place::untouched({"latchkey.conf", "volumes"}); }
};

}  // namespace

TEST_CASE("an import of a directory without the old files says which one it wants") {
  if (!is_root()) return;
  const ImportPlace place;
  for (const std::string directory : {"nowhere", "old", "old/conf"}) {
    const Done done = place.import(directory);
    INFO(done.output);
    CHECK(done.status == exit_status(Code::missing));
    CHECK(contains(done.output, "conf/ac-fstab"));
  }
  CHECK(place.untouched());
}

TEST_CASE("an import of files that cannot be read in full names the line and writes nothing") {
  if (!is_root()) return;
  const ImportPlace place;
  place.put("old/conf/ac-fstab", good_fstab + "mail no-such-group srv ext4\n");
  const Done volume = place.import();
  INFO(volume.output);
  CHECK(volume.status == exit_status(Code::config));
  CHECK(contains(volume.output, "ac-fstab:2:"));
  place.put("old/conf/ac-fstab", good_fstab);
  place.put("old/conf/services", "nginx start\n");
  const Done service = place.import("old/conf");
  INFO(service.output);
  CHECK(service.status == exit_status(Code::config));
  CHECK(contains(service.output, "services:1:"));
  CHECK(place.untouched());
}

TEST_CASE("an import beside another keys volume is refused") {
  if (!is_root()) return;
  const ImportPlace place;
  place.put("old/conf/ac-fstab", good_fstab);
  place.put("etc/latchkey/latchkey.conf", "[keys]\ndevice = \"system/other-keys\"\n");
  const Done done = place.import();
  INFO(done.output);
  CHECK(done.status == exit_status(Code::refused));
  CHECK(contains(done.output, "system/other-keys"));
  CHECK(place.untouched());
}

TEST_CASE("an import of a volume whose name or mount point is taken is refused") {
  if (!is_root()) return;
  const ImportPlace place;
  place.put("old/conf/ac-fstab", good_fstab);
  place.put("etc/latchkey/volumes", "www other/www /srv/www ext4\n");
  const Done name = place.import();
  INFO(name.output);
  CHECK(name.status == exit_status(Code::refused));
  CHECK(contains(name.output, "other/www"));
  place.put("etc/latchkey/volumes", "web other/www /srv/www ext4\n");
  const Done point = place.import();
  INFO(point.output);
  CHECK(point.status == exit_status(Code::refused));
  CHECK(contains(point.output, "/srv/www"));
  CHECK(place.untouched());
}

TEST_CASE("an import tells of a mount point that no boot can use, where its links lead") {
  if (!is_root()) return;
  const ImportPlace place;
  place.put("old/conf/ac-fstab", "www  no-such-group  /var/www  ext4\n");
  fs::create_directories(place.path("home/alice/www"));
  fs::create_directories(place.path("var"));
  fs::create_directory_symlink("../home/alice/www", place.path("var/www"));
  REQUIRE(::chown(place.path("home/alice").c_str(), 1000, 1000) == 0);
  const Done done = place.import_able();
  INFO(done.output);
  CHECK(contains(done.output, "no boot is going to mount 'www'"));
  CHECK(contains(done.output, "/home/alice/www'"));
  CHECK_FALSE(contains(done.output, "symbolic link"));
  CHECK(place.untouched());
}

TEST_CASE("an interrupted import whose directory is gone can be given up") {
  if (!is_root()) return;
  const ImportPlace place;
  Unfinished work{.command = "import-legacy", .name = "import", .begun = "yesterday"};
  work.finish = "latchkey import-legacy '/root/no such place'";
  const std::string file = place.put("etc/latchkey/unfinished/import.json", encode(work));
  const auto give_up = [&](const std::string& directory) {
    return run_program(
        {LATCHKEY_PROGRAM, "--root", place.path(), "import-legacy", directory, "--give-up"});
  };
  CHECK(give_up("/root/another").status == exit_status(Code::refused));
  CHECK(fs::exists(file));
  const Done done = give_up("/root/no such place");
  INFO(done.output);
  CHECK(done.status == 0);
  CHECK_FALSE(fs::exists(file));
}

TEST_CASE("case 15: an import with ssh keys that cannot be used in full is refused") {
  if (!is_root()) return;
  const ImportPlace place;
  place.put("old/conf/ac-fstab", good_fstab);
  place.put("keys", good_key + "no key at all\n");
  const Done done = place.import();
  INFO(done.output);
  CHECK(done.status == exit_status(Code::config));
  CHECK(contains(done.output, "keys:2:"));
  CHECK(place.untouched());
}

TEST_CASE("the steps of an import are listed for the tests that kill it between them") {
  const Done done = run_program({LATCHKEY_PROGRAM, "import-legacy", "/nowhere", "--halt", "list"});
  CHECK(done.output == "volumes\nconfig\nnote\nhost-keys\nhold\nenable\nimage\n");
}
