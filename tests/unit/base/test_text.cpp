// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/text.hpp"
#include "support/catch.hpp"

using namespace latchkey;
using namespace std::chrono_literals;

TEST_CASE("fields know their column and undo fstab's escapes") {
  const auto fields = split_fields("  data\tsystem/x  /srv/my\\040data ");
  REQUIRE(fields.size() == 3);
  CHECK(fields[0].column == 3);
  CHECK(fields[2].text == "/srv/my data");
  CHECK(split_fields("").empty());
  CHECK(split_fields("a\\9b")[0].text == "a\\9b");
}

TEST_CASE("the kernel's command line is split where the kernel splits it") {
  CHECK(command_line_words(" ro  root=\"LABEL=a b\"\tquiet -- single\n") ==
        std::vector<std::string>{"ro", "root=LABEL=a b", "quiet", "--", "single"});
  CHECK(command_line_words(" \n").empty());
}

TEST_CASE("lines end in LF or CRLF, the last one in nothing") {
  CHECK(split_lines("a\r\nb\n\nc").size() == 4);
  CHECK(split_lines("a\r\nb")[0] == "a");
  CHECK(split_lines("").empty());
}

TEST_CASE("what comes from outside is printed as one harmless line") {
  CHECK(printable("caf\xc3\xa9") == "caf\xc3\xa9");
  CHECK(printable("a\nb\x1b[31mc\x7f") == "a?b?[31mc?");
  CHECK(printable("\xff\xc3") == "??");
  CHECK(printable("\xe2\x80\xae" "evil") == "?evil");      // right-to-left override
  CHECK(printable("\xed\xa0\x80") == "???");               // a surrogate
  CHECK(printable("\xc0\xaf") == "??");                    // an overlong '/'
  CHECK(printable("abc\xc3\xa9", 4) == "abc");             // no half character at the limit
}

TEST_CASE("durations have a unit or are seconds") {
  CHECK(parse_duration("90") == 90s);
  CHECK(parse_duration("90s") == 90s);
  CHECK(parse_duration("10min") == 10min);
  CHECK(parse_duration("2 h") == 2h);
  CHECK(parse_duration("1d") == 24h);
  for (const char* bad : {"", "min", "-1s", "1.5h", "10 parsecs", "99999d", "1s2"})
    CHECK_FALSE(parse_duration(bad));
}

TEST_CASE("a mistyped word finds its neighbour and a strange one finds none") {
  const std::vector<std::string> words{"device", "mapping", "uuid"};
  CHECK(nearest("devise", words) == "device");
  CHECK(nearest("mappping", words) == "mapping");
  CHECK_FALSE(nearest("zzzzzzzz", words));
}

TEST_CASE("LVM names are LVM's own") {
  for (const char* good : {"system", "encrypted-my-sql", "a+b_c.d", "0"}) CHECK(valid_lvm_name(good));
  for (const char* bad : {"", ".", "..", "-o", "a/b", "a b", "a\n", "\xc3\xa9"})
    CHECK_FALSE(valid_lvm_name(bad));
  CHECK_FALSE(valid_lvm_name(std::string(128, 'a')));
}

TEST_CASE("every part of a text is replaced, also by one that holds it") {
  CHECK(replace_all("", "a", "b").empty());
  CHECK(replace_all("/dev/x on /dev/x", "/dev/x", "/dev/xx") == "/dev/xx on /dev/xx");
  CHECK(replace_all("abc", "d", "e") == "abc");
  CHECK(replace_all("aa", "a", "") == "");
}

TEST_CASE("the last assignment of a shell's text counts, without quotes and remarks") {
  CHECK_FALSE(assigned("#IP=a\nIPX=b\necho IP=c\n", "IP"));
  CHECK(assigned("IP=a\n  IP='b c' # d\n", "IP") == "b c");
  CHECK(assigned("export IP=\"a\"; x", "IP") == "a");
  CHECK(assigned("IP=a;x\nIP=\"never closed", "IP") == "never closed");
  CHECK(assigned("IP=a\nIP=", "IP") == "");
}
