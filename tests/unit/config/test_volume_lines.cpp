// SPDX-License-Identifier: GPL-3.0-or-later
#include <random>

#include "core/config/volume_lines.hpp"
#include "support/catch.hpp"

using namespace latchkey;

namespace {

void check_same(const Volume& a, const Volume& b) {
  CHECK(a.name == b.name);
  CHECK(a.device == b.device);
  CHECK(a.mount_point == b.mount_point);
  CHECK(a.fs_type == b.fs_type);
  CHECK(a.mount_options == b.mount_options);
  CHECK(a.mapping == b.mapping);
  CHECK(a.key_file == b.key_file);
  CHECK(a.uuid == b.uuid);
  CHECK(a.cipher == b.cipher);
  CHECK(a.header == b.header);
  CHECK(a.discard == b.discard);
  CHECK(a.fsck == b.fsck);
}

void check_comes_back(const Volume& volume) {
  const std::string line = volume_line(volume);
  INFO(line);
  const auto back = parse_volumes(line, "volumes");
  if (!back) FAIL(back.error().what + ": " + back.error().why);
  REQUIRE(back->size() == 1);
  check_same(back->at(0), volume);
}

Volume usual(const std::string& name) {
  return {.name = name,
          .device = {.kind = DeviceRef::Kind::lv, .vg = "system", .lv = "encrypted-" + name},
          .mount_point = "/srv/" + name,
          .fs_type = "ext4",
          .mapping = "cleartext-" + name,
          .key_file = "system-" + name + ".key"};
}

// Draws volumes of every kind that parse_volumes can give.
class Draw {
 public:
  Volume volume() {
    Volume out = usual(text("abcXYZ019+_.-", 12));
    out.device = device();
    out.key_file =
        one_of({(out.device.vg.empty() ? "" : out.device.vg + "-") + out.name + ".key", "k e y"});
    out.mount_point = coin() ? "" : path();
    out.fs_type = one_of({"ext4", "auto", "xfs", "fuse.x_y-z"});
    out.mount_options = one_of({"", "noatime", "ro,context=\"a b\"", "subvol=\\040", "uid=#1"});
    out.mapping = one_of({"cleartext-" + out.name, "m", "Some+mapping"});
    out.uuid = one_of({"", "2f0a-11", "with blank"});
    out.cipher = one_of({"", "aes-xts-plain64", "xchacha12+aes-adiantum-plain64"});
    out.header = coin() ? "" : path();
    out.discard = coin();
    out.fsck = coin();
    return out;
  }

 private:
  bool coin() { return below(2) == 0; }
  std::size_t below(std::size_t end) { return random_() % end; }
  std::string one_of(const std::vector<std::string>& words) { return words[below(words.size())]; }
  std::string text(std::string_view letters, std::size_t most) {
    std::string out = "n";
    for (std::size_t i = below(most); i > 0; --i) out += letters[below(letters.size())];
    return out;
  }
  std::string path() {
    std::string out;
    for (std::size_t i = below(3) + 1; i > 0; --i)
      out += "/" + text("ab 0\\4#\"'=é", 9).substr(0, 8);
    while (!parse_volumes("a v/a none ext4 x-latchkey.header=" + fixed(out) + "\n", "v"))
      out.pop_back();  // a character of two bytes was cut
    return out;
  }
  static std::string fixed(std::string text) {
    for (char& c : text)
      if (c == ' ' || c == '\\') c = '_';
    return text;
  }
  DeviceRef device() {
    using Kind = DeviceRef::Kind;
    switch (below(4)) {
      case 0:
        return {.kind = Kind::lv, .vg = text("ab-", 5), .lv = text("ab-.", 9)};
      case 1:
        return {.kind = Kind::path, .value = "/dev" + path()};
      case 2:
        return {.kind = Kind::uuid, .value = "12-ab"};
      default:
        return {.kind = coin() ? Kind::label : Kind::partlabel,
                .value = one_of({"a b", "\"in quotes\"", "\"", "back\\slash", "#1", "\\040"})};
    }
  }
  std::minstd_rand random_{7};
};

}  // namespace

TEST_CASE("a usual volume takes four readable columns") {
  CHECK(volume_line(usual("mysql")) ==
        "mysql       system/encrypted-mysql        /srv/mysql          ext4\n");
}

TEST_CASE("only what differs from the defaults becomes an option") {
  Volume volume = usual("www");
  volume.mount_point = "/srv/my sites";
  volume.mount_options = "noatime,ro";
  volume.uuid = "12-ab";
  volume.cipher = "aes-xts-plain64";
  volume.header = "/dev/disk/by-id/usb-stick";
  volume.discard = true;
  volume.fsck = false;
  CHECK(volume_line(volume) ==
        "www         system/encrypted-www          /srv/my\\040sites    ext4   "
        "noatime,ro,x-latchkey.uuid=12-ab,x-latchkey.cipher=aes-xts-plain64,"
        "x-latchkey.header=/dev/disk/by-id/usb-stick,"
        "x-latchkey.discard,x-latchkey.nofsck\n");
  volume.boot = true;
  CHECK(volume_line(volume).ends_with(",x-latchkey.nofsck,x-latchkey.boot\n"));
  volume.boot = false;
  volume.mapping = "m";
  volume.key_file = "k";
  volume.mount_point.clear();
  check_comes_back(volume);
}

TEST_CASE("whatever can be read is written so that it is read as the same") {
  Draw draw;
  for (int i = 0; i < 3000; ++i) check_comes_back(draw.volume());
}

TEST_CASE("a new volumes file teaches its columns and is read as it is") {
  const std::string text = with_volume_line("", usual("mysql"));
  CHECK(text == volumes_head() + volume_line(usual("mysql")));
  CHECK(volumes_head().ends_with(
      "# name      device                        mount-point         type   options\n"));
  REQUIRE(parse_volumes(text, "volumes"));
  CHECK(parse_volumes(text, "volumes")->size() == 1);
  CHECK(parse_volumes(volumes_head(), "volumes")->empty());
}

TEST_CASE("one line is edited, every other byte stays") {
  const std::string text =
      "# mysql is old\r\n\n  www\tv/w  /srv/w xfs\r\nmysql-2 v/m2 /m2 ext4\n#mysql x\nlast v/l /l "
      "ext4";
  Volume www = usual("www");
  CHECK(with_volume_line(text, www) == "# mysql is old\r\n\n" + volume_line(www) +
                                           "mysql-2 v/m2 /m2 ext4\n#mysql x\nlast v/l /l ext4");
  CHECK(with_volume_line(text, usual("mysql")) == text + "\n" + volume_line(usual("mysql")));
  CHECK(without_volume_line(text, "mysql") == text);
  CHECK(without_volume_line(text, "last") ==
        "# mysql is old\r\n\n  www\tv/w  /srv/w xfs\r\nmysql-2 v/m2 /m2 ext4\n#mysql x\n");
  CHECK(without_volume_line(with_volume_line(text + "\n", usual("new")), "new") == text + "\n");
}
