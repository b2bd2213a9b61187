// SPDX-License-Identifier: GPL-3.0-or-later
// What a restore is told on its command line, judged before it asks for a passphrase.
#include <unistd.h>

#include "cli/place.hpp"
#include "support/child.hpp"
#include "sys/keys/backup_file.hpp"

using namespace latchkey;
using namespace latchkey::test;

namespace {

const std::string uuid = "0f7a6b1c-1111-4222-8333-444455556666";

// A backup of a keys volume and of two volumes, one with its header in a file.
std::string backup_in(const Place& place) {
  Secret seal(32);
  REQUIRE(seal.append(std::string(32, 's')));
  auto writer = BackupWriter::begin(place.path("backup"), seal);
  REQUIRE(writer);
  const auto add = [&](BackupPart::Kind kind, const std::string& name, const std::string& header) {
    BackupPart part{.kind = kind, .name = name, .device = "UUID=" + uuid, .header = header};
    part.uuid = uuid;
    part.type = "LUKS2";
    part.mapping = "cleartext-" + name;
    part.key_file = name + ".key";
    REQUIRE(writer->add_from(part, place.put("part", std::string(4096, 'x'))));
  };
  add(BackupPart::Kind::keys, "keys", "");
  add(BackupPart::Kind::header, "www", "");
  add(BackupPart::Kind::header, "far", "/etc/far.luks");
  REQUIRE(writer->finish({}));
  REQUIRE(writer->keep());
  return place.path("backup");
}

}  // namespace

TEST_CASE("restore --device takes a volume of the backup and a device that is there") {
  if (!is_root()) return;
  const Place place;
  const std::string file = backup_in(place);
  const auto restore = [&](std::vector<std::string> words) {
    std::vector<std::string> argv{LATCHKEY_PROGRAM, "--root", place.path(), "restore", file};
    argv.insert(argv.end(), words.begin(), words.end());
    return run_program(argv, "");
  };
  const auto refused = [&](const std::string& text, Code code, const std::string& why) {
    const Done done = restore({"--device", text});
    INFO(done.output);
    CHECK(done.status == exit_status(code));
    CHECK(contains(done.output, why));
    CHECK(contains(done.output, "latchkey: hint: "));
  };
  refused("/dev/sdx1", Code::usage, "it is not written NAME=DEVICE");
  refused("=/dev/sdx1", Code::usage, "it is not written NAME=DEVICE");
  refused("wwv=/dev/sdx1", Code::usage, "it holds: keys, www, far");
  refused("www=sdx1", Code::usage, "it has no '/'");
  refused("www=/dev/../etc/passwd", Code::usage, "the path is not plain");
  refused("far=/dev/sdx1", Code::usage, "kept in '/etc/far.luks'");
  refused("www=/dev/no-such-disk", Code::missing, "there is no device /dev/no-such-disk");
  refused("www=/dev/null", Code::missing, "there is no device /dev/null");
}

TEST_CASE("restore --device gives no two volumes one device") {
  if (!is_root()) return;
  if (::access("/dev/loop0", F_OK) != 0 && !skip("there is no /dev/loop0")) return;
  const Place place;
  const std::string file = backup_in(place);
  const Done done = run_program({LATCHKEY_PROGRAM, "--root", place.path(), "restore", file,
                                 "--device", "www=/dev/loop0", "--device", "keys=/dev/loop0"},
                                "");
  INFO(done.output);
  CHECK(done.status == exit_status(Code::usage));
  CHECK(contains(done.output, "'www' was given that device already"));
}
