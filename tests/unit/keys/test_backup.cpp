// SPDX-License-Identifier: GPL-3.0-or-later
// Backups: the format and the file.
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "core/keys/backup_format.hpp"
#include "support/backup_parts.hpp"
#include "support/catch.hpp"
#include "support/temp_folder.hpp"
#include "sys/keys/backup_file.hpp"

using namespace latchkey;
using test::keys_part;
using test::TempFolder;

namespace {

Secret seal_key(char c) {
  Secret out(32);
  REQUIRE(out.append(std::string(32, c)));
  return out;
}

// As it stands in a manifest: behind the head, as large as that.
BackupPart placed_keys() {
  BackupPart keys = keys_part();
  keys.offset = 4096;
  keys.size = 4096;
  keys.sha256 = std::string(64, 'a');
  return keys;
}

// A keys volume of 8 KiB and one file.
void write_backup(const TempFolder& folder) {
  REQUIRE(write_file(folder.file("keys"), std::string(8192, 'k'), 0600));
  auto writer = BackupWriter::begin(folder.file("b"), seal_key('s'));
  REQUIRE(writer);
  REQUIRE(writer->add_from(keys_part(), folder.file("keys")));
  REQUIRE(writer->add_text({.kind = BackupPart::Kind::file, .name = "volumes"}, "# none\n"));
  BackupManifest manifest;
  manifest.host = "server";
  REQUIRE(writer->finish(manifest));
  CHECK(::access(folder.file("b").c_str(), F_OK) != 0);
  REQUIRE(writer->keep());
}

}  // namespace

TEST_CASE("a backup is read as it was written, is root's alone, and replaces no file") {
  const TempFolder folder;
  write_backup(folder);
  struct stat info {};
  REQUIRE(::stat(folder.file("b").c_str(), &info) == 0);
  CHECK((info.st_mode & 07777) == 0600);
  const auto backup = BackupReader::open(folder.file("b"));
  REQUIRE(backup);
  CHECK(backup->manifest().host == "server");
  CHECK(backup->manifest().keys().size == 8192);
  CHECK(backup->check_seal(seal_key('s')));
  const auto other = backup->check_seal(seal_key('x'));
  REQUIRE_FALSE(other);
  CHECK(other.error().code == Code::damaged);
  const auto again = BackupWriter::begin(folder.file("b"), seal_key('s'));
  REQUIRE_FALSE(again);
  CHECK(again.error().code == Code::refused);
}

TEST_CASE("a backup that is not finished leaves no file behind") {
  const TempFolder folder;
  {
    const auto writer = BackupWriter::begin(folder.file("b"), seal_key('s'));
    REQUIRE(writer);
    CHECK(BackupReader::open(writer->temporary()).error().code == Code::usage);
  }
  CHECK(::access(folder.file("b").c_str(), F_OK) != 0);
  CHECK(::access(folder.file(".b.unfinished").c_str(), F_OK) != 0);
}

TEST_CASE("one flipped bit, wherever it is, and every cut is found") {
  const TempFolder folder;
  write_backup(folder);
  const auto whole = read_file(folder.file("b"));
  REQUIRE(whole);
  for (std::size_t at = 0; at < whole->size(); at += at < 128 || at > 16300 ? 1 : 61) {
    std::string bad = *whole;
    bad[at] = static_cast<char>(bad[at] ^ (1 << (at % 8)));
    REQUIRE(write_file(folder.file("b"), bad, 0600));
    const auto backup = BackupReader::open(folder.file("b"));
    INFO(at);
    const bool found = !backup || !backup->check_seal(seal_key('s'));
    CHECK(found);
    if (at >= 4096 && at < 4096 + 8192) {
      REQUIRE_FALSE(backup);
      CHECK(backup.error().why == "the keys volume is damaged");
    }
  }
  for (const std::size_t size : {std::size_t{0}, std::size_t{17}, std::size_t{4096},
                                 whole->size() - 1}) {
    REQUIRE(write_file(folder.file("b"), whole->substr(0, size), 0600));
    CHECK_FALSE(BackupReader::open(folder.file("b")));
  }
}

TEST_CASE("Should 12: a file that changes behind the proof of its seal gives nothing to write") {
  const TempFolder folder;
  write_backup(folder);
  const auto backup = BackupReader::open(folder.file("b"));
  REQUIRE(backup);
  REQUIRE(backup->check_seal(seal_key('s')));
  const BackupPart& part = backup->manifest().parts.back();
  // As a file server could: other bytes of the same length, in the same file.
  std::fstream file(folder.file("b"), std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(static_cast<std::streamoff>(part.offset)).put('!').flush();
  REQUIRE(file.good());
  const auto nothing = [](std::string_view) -> Result<> { return Ok{}; };
  const auto read = backup->whole(part, nothing);
  REQUIRE_FALSE(read);
  CHECK(read.error().code == Code::damaged);
  CHECK_FALSE(backup->extract(part, folder.file("out")));
  CHECK_FALSE(std::filesystem::exists(folder.file("out")));
}

TEST_CASE("a device that is written from a backup has its bytes and nothing behind them") {
  const TempFolder folder;
  write_backup(folder);
  const auto backup = BackupReader::open(folder.file("b"));
  REQUIRE(backup);
  REQUIRE(write_file(folder.file("device"), std::string(16384, 'z'), 0600));
  REQUIRE(write_device(*backup, backup->manifest().keys(), folder.file("device")));
  CHECK(*read_file(folder.file("device")) == std::string(8192, 'k') + std::string(8192, 'z'));
}

TEST_CASE("a manifest names no file outside /etc/latchkey and no room outside the backup") {
  BackupManifest manifest;
  const BackupPart keys = placed_keys();
  manifest.parts = {keys};
  const BackupHead head{8192, 100, std::string(32, 'x')};
  REQUIRE(parse_backup_manifest(encode_backup_manifest(manifest), head));
  const auto refused = [&](const BackupPart& part) {
    BackupManifest bad;
    bad.parts = {part};
    return !parse_backup_manifest(encode_backup_manifest(bad), head);
  };
  BackupPart part = keys;
  part.size = ~std::uint64_t{511};
  CHECK(refused(part));
  part = keys;
  part.offset = 8192;
  CHECK(refused(part));
  part = keys;
  part.mapping = "../x";
  CHECK(refused(part));
  part = keys;
  part.kind = BackupPart::Kind::file;
  part.name = "../passwd";
  CHECK(refused(part));
  part.name = "volumes";
  CHECK(refused(part));  // no keys volume
}

TEST_CASE("a manifest says how large a volume's device was, and of mirrors; older ones do not") {
  BackupManifest manifest;
  BackupPart keys = placed_keys();
  keys.mirrors = 1;
  BackupPart header = keys;
  header.kind = BackupPart::Kind::header;
  header.name = "a";
  header.key_file = "vg-a.key";
  header.offset = 8192;
  header.device_size = 1U << 30U;
  header.mirrors = 0;
  manifest.parts = {keys, header};
  const BackupHead head{12288, 100, std::string(32, 'd')};
  std::string text = encode_backup_manifest(manifest);
  const auto read = parse_backup_manifest(text, head);
  REQUIRE(read);
  CHECK(read->parts.back().device_size == 1U << 30U);
  const auto replace = [&](const std::string& from, const std::string& to) {
    std::string other = text;
    for (std::size_t at = 0; (at = other.find(from, at)) != std::string::npos; at += to.size())
      other.replace(at, from.size(), to);
    return parse_backup_manifest(other, head);
  };
  const auto older = replace("\"device_size\"", "\"unknown\"");
  REQUIRE(older);
  CHECK(older->parts.back().device_size == 0);
  CHECK_FALSE(replace(": 1073741824", ": -1"));
  CHECK(read->parts.front().mirrors == 1);
  const auto plain = replace("\"mirrors\"", "\"unknown\"");
  REQUIRE(plain);
  CHECK(plain->parts.front().mirrors == 0);
  CHECK_FALSE(replace("\"mirrors\": 1", "\"mirrors\": 65"));
}
