// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/message.hpp"
#include "core/config/volume.hpp"
#include "support/catch.hpp"

using namespace latchkey;

namespace {

std::string complaint(const std::string& text) {
  const auto volumes = parse_volumes(text, "volumes");
  return volumes ? "accepted" : error_text("latchkey", volumes.error());
}

bool complains(const std::string& text, const std::string& about) {
  const std::string said = complaint(text);
  INFO(said);
  return said.find(about) != std::string::npos;
}

}  // namespace

TEST_CASE("a line in the legacy layout needs nothing but its four fields") {
  const auto volumes = parse_volumes(
      "# comment\n\nmysql\tsystem/encrypted-mysql  /var/lib/mysql/  ext4\n"
      "my-data system/encrypted-my-data none swap noatime,x-latchkey.discard,ro\n",
      "volumes");
  REQUIRE(volumes);
  const Volume& mysql = volumes->at(0);
  CHECK(mysql.mapping == "cleartext-mysql");
  CHECK(mysql.key_file == "system-mysql.key");
  CHECK(mysql.mount_point == "/var/lib/mysql");
  CHECK(mysql.mount_options.empty());
  CHECK(mysql.line == 3);
  const Volume& data = volumes->at(1);
  CHECK(data.mount_point.empty());
  CHECK(data.mount_options == "noatime,ro");
  CHECK(data.discard);
}

// Some editors put it first, where nobody sees it.
TEST_CASE("a byte order mark before the first line is no part of it") {
  const std::string mark = "\xef\xbb\xbf";
  const auto behind_comment = parse_volumes(mark + "# name device\nwww vg/www /srv ext4\n", "v");
  REQUIRE(behind_comment);
  CHECK(behind_comment->at(0).line == 2);
  const auto first = parse_volumes(mark + "www vg/www /srv ext4\n", "v");
  REQUIRE(first);
  CHECK(first->at(0).name == "www");
}

TEST_CASE("our options are taken out and checked") {
  const auto volumes = parse_volumes(
      "a UUID=12 /srv/a auto x-latchkey.mapping=m,x-latchkey.key=k.key,x-latchkey.uuid=u,"
      "x-latchkey.cipher=xchacha12+aes-adiantum-plain64,x-latchkey.nofsck,defaults\n",
      "volumes");
  REQUIRE(volumes);
  CHECK(volumes->at(0).cipher == option_cipher("xchacha12,aes-adiantum-plain64"));
  CHECK(option_cipher("capi:xts(aes)-plain64") == "capi:xts(aes)-plain64");
  CHECK(option_cipher("aes\n-xts").empty());
  CHECK(complains("a b/c /srv/a ext4 x-latchkey.cipher=\n", "no cipher in"));
  CHECK(volumes->at(0).mapping == "m");
  CHECK(volumes->at(0).key_file == "k.key");
  CHECK(volumes->at(0).uuid == "u");
  CHECK_FALSE(volumes->at(0).fsck);
  CHECK_FALSE(needed_by_boot(volumes->at(0)));
  const auto under = parse_volumes("a b/c none auto x-latchkey.boot\n", "volumes");
  REQUIRE(under);
  CHECK(needed_by_boot(under->at(0)));
  CHECK_FALSE(is_released(under->at(0)));
  CHECK(needed_volume_text(under->at(0)) == "the volume 'a' under the system");
  CHECK(parse_volumes("a b/c / auto x-latchkey.boot\n", "volumes"));
  CHECK(complains("a b/c /srv/a ext4 x-latchkey.boot\n", "beside a mount point"));
  CHECK(complaint("a b/c /srv/a ext4 x-latchkey.maping=m\n") ==
        "latchkey: error: volumes:1:19: unknown option 'x-latchkey.maping=m'\n"
        "latchkey: hint: did you mean 'x-latchkey.mapping'?\n");
  CHECK(complains("a b/c /srv/a ext4 x-latchkey.key=../../etc/shadow\n", "not a plain file name"));
  CHECK(complains("a b/c /srv/a ext4 x-latchkey.key\n", "without its value"));
  CHECK(complains("a b/c /srv/a ext4 x-latchkey.discard=1\n", "takes no value"));
}

TEST_CASE("a detached header is named by a plain absolute path") {
  const auto volumes =
      parse_volumes("a b/c /srv/a ext4 x-latchkey.header=/boot/headers/a\\040b.luks\n", "volumes");
  REQUIRE(volumes);
  CHECK(volumes->at(0).header == "/boot/headers/a b.luks");
  CHECK(volumes->at(0).mount_options.empty());
  for (const char* wrong : {"", "a.luks", "/boot/../etc/a", "/boot//a", "/", "/boot/./a"})
    CHECK(complains("a b/c /srv/a ext4 x-latchkey.header=" + std::string(wrong) + "\n",
                    "volumes:1:19: not the path of a header"));
  CHECK(complains("a b/c /srv/a ext4 x-latchkey.header\n", "without its value"));
}

TEST_CASE("Must 10: hostile names and paths are refused with their place") {
  CHECK(complains("../x b/c /srv/a ext4\n", "volumes:1:1: not a volume's name"));
  CHECK(complains("-o b/c /srv/a ext4\n", "not a volume's name"));
  CHECK(complains("a b/c srv ext4\n", "not a mount point"));
  CHECK(complains("a b/c /srv/../etc ext4\n", "not a mount point"));
  CHECK(complains("a b/c /srv//x ext4\n", "not a mount point"));
  CHECK(complains("a b/c /srv/\\012x ext4\n", "not a mount point"));
  CHECK(complains("a b/c /srv/a -text4\n", "not a file system type"));
  CHECK(complains("a b/c /srv/a ext4 x-latchkey.mapping=../x\n", "not a device-mapper name"));
  CHECK(complains("a bc /srv/a ext4\n", "volumes:1:3: 'bc' does not name a device"));
  CHECK(complains("a b/c /srv/a\n", "3 fields where 4 or 5 are expected"));
  CHECK(complains("a b/c /srv/a ext4 rw 0 2\n", "7 fields"));
}

TEST_CASE("nothing is named twice") {
  const std::string first = "a v/a /srv/a ext4\n";
  CHECK(complains(first + "a v/b /srv/b ext4\n", "volumes:2:1: second volume 'a'"));
  CHECK(complains(first + "b v/a /srv/b ext4\n", "second volume on device"));
  CHECK(complains(first + "b v/b /srv/a ext4\n", "second volume on mount point"));
  CHECK(complains(first + "b v/b /srv/b ext4 x-latchkey.mapping=cleartext-a\n",
                  "second volume with mapping"));
}

TEST_CASE("services name units and known volumes") {
  const auto volumes = *parse_volumes("data v/d /srv/d ext4\nraw v/r none ext4\n", "volumes");
  const auto services = parse_services(
      "# held\nmariadb data\npostgresql@15-main\nx.timer data raw\n", "services", volumes);
  REQUIRE(services);
  CHECK(services->at(0).unit == "mariadb.service");
  CHECK(services->at(1).unit == "postgresql@15-main.service");
  CHECK(services->at(2).unit == "x.timer");
  CHECK(needed_volumes(services->at(0), volumes).size() == 1);
  CHECK(needed_volumes(services->at(1), volumes).size() == 1);  // all with a mount point
  CHECK(needed_volumes(services->at(2), volumes).size() == 2);

  const auto unknown = parse_services("mariadb dta\n", "services", volumes);
  REQUIRE_FALSE(unknown);
  CHECK(unknown.error().what == "services:1:9: unknown volume 'dta'");
  CHECK(unknown.error().hint == "did you mean 'data'?");
  CHECK_FALSE(parse_services("a\na.service\n", "services", volumes));
  CHECK_FALSE(parse_services("../x\n", "services", volumes));
  CHECK_FALSE(parse_services("a;b\n", "services", volumes));
}

TEST_CASE("a key file that two volumes share is found before a new key is put there") {
  const auto volumes = parse_volumes(
      "a vg/a /a ext4\nb vg/b /b ext4 x-latchkey.key=vg-a.key\nc vg/c /c ext4\n", "volumes");
  REQUIRE(volumes);
  REQUIRE(shares_key_file(*volumes, (*volumes)[0]) != nullptr);
  CHECK(shares_key_file(*volumes, (*volumes)[0])->name == "b");
  CHECK(shares_key_file(*volumes, (*volumes)[1])->name == "a");
  CHECK(shares_key_file(*volumes, (*volumes)[2]) == nullptr);
}

TEST_CASE("a name that leaves no room for its mapping's is refused, unless it has another") {
  const std::string name(127, 'a');
  CHECK(complains(name + " vg/a /srv/a ext4\n", "too long a name"));
  CHECK(parse_volumes(name + " vg/a /srv/a ext4 x-latchkey.mapping=m\n", "volumes"));
  CHECK(parse_volumes(std::string(117, 'a') + " vg/a /srv/a ext4\n", "volumes"));
}
