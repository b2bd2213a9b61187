// SPDX-License-Identifier: GPL-3.0-or-later
// Passphrases as texts: their forms, and how hard they are to guess.
#include <algorithm>
#include <cctype>

#include "core/base/text.hpp"
#include "support/catch.hpp"
#include "sys/keys/passphrase.hpp"
#include "sys/keys/passphrase_strength.hpp"
#include "sys/keys/recovery_key.hpp"

using namespace latchkey;

namespace {

Secret secret(std::string_view text) {
  Secret out(text.size());
  REQUIRE(out.append({text.data(), text.size()}));
  return out;
}

std::string plain(const Secret& one) { return {one.reveal().data(), one.size()}; }

std::string composed_text(std::string_view text) { return plain(composed(secret(text))); }

double bits(std::string_view text) {
  const auto estimate = passphrase_bits(secret(text));
  REQUIRE(estimate);
  return *estimate;
}

}  // namespace

TEST_CASE("case 29: both Unicode forms of a passphrase become the same composed one") {
  const std::string nfc = "zq7\xc3\xa9 \xd0\xb9";           // é and й, each one character
  const std::string nfd = "zq7e\xcc\x81 \xd0\xb8\xcc\x86";  // the letter, then its mark
  CHECK(nfc != nfd);
  CHECK(composed_text(nfd) == nfc);
  CHECK(composed_text(nfc) == nfc);
  // Two marks in either order, and a Hangul syllable from its parts.
  CHECK(composed_text("a\xcc\xa3\xcc\x82") == composed_text("a\xcc\x82\xcc\xa3"));
  CHECK(composed_text("\xe1\x84\x92\xe1\x85\xa1\xe1\x86\xab") == "\xed\x95\x9c");
}

TEST_CASE("what is ASCII, empty, 300 characters long or no UTF-8 stays byte for byte as it is") {
  const std::string long_one(300, 'x');
  for (const std::string& text :
       {std::string("plain words 123"), std::string(), long_one, std::string("\xff\xfe bytes"),
        std::string("cut \xc3"), std::string("\xed\xa0\x80"), std::string(" a\tb ")})
    CHECK(composed_text(text) == text);
  std::string marks;
  for (int i = 0; i < 300; ++i) marks += "e\xcc\x81";
  CHECK(composed_text(marks).size() == 600);
}

TEST_CASE("the look of a passphrase names what may make it hard to type") {
  CHECK(look_at(secret("plain")).ascii);
  CHECK(look_at(secret("plain")).utf8);
  CHECK_FALSE(look_at(secret("zq7\xc3\xa9")).ascii);
  CHECK(look_at(secret("zq7\xc3\xa9")).utf8);
  CHECK_FALSE(look_at(secret("\xff")).utf8);
  CHECK(look_at(secret("end ")).blank_ends);
  CHECK(look_at(secret("\tbegin")).blank_ends);
  CHECK_FALSE(look_at(secret("in between")).blank_ends);
  CHECK(look_at(secret("~right")).tilde);
  CHECK_FALSE(look_at(secret("r~ight")).tilde);
}

TEST_CASE("a new passphrase with a character that terminals keep for themselves is seen") {
  CHECK(look_at(secret("two\nlines")).control);
  CHECK(look_at(secret(std::string_view("a\0b", 3))).control);
  for (const char* typed : {"a\x03", "a\x04", "a\bb", "a\x15", "\x1b[D", "a\x7f"})
    CHECK(look_at(secret(typed)).control);
  for (const char* typed : {"a\tb", "zq7\xc3\xa9", "~ plain !"})
    CHECK_FALSE(look_at(secret(typed)).control);
}

TEST_CASE("case 29: a passphrase is tried as it was typed, then composed, then taken apart") {
  std::vector<std::string> tried;
  const auto only = [&](const std::string& right) {
    tried.clear();
    return [&tried, right](const Secret& form) -> Result<> {
      tried.push_back(plain(form));
      if (tried.back() == right) return Ok{};
      return Error{Code::denied, "no"};
    };
  };
  const std::string nfd = "e\xcc\x81";
  CHECK(try_forms(secret(nfd), only("\xc3\xa9")));
  CHECK(tried.size() == 2);
  // A volume from elsewhere may have been made with the other form.
  CHECK(try_forms(secret(nfd), only(nfd)));
  CHECK(tried.size() == 1);
  CHECK(try_forms(secret("\xc3\xa9"), only(nfd)));
  CHECK(tried == std::vector<std::string>{"\xc3\xa9", nfd});
  CHECK_FALSE(try_forms(secret("\xc3\xa9"), only("x")));
  CHECK(tried.size() == 2);
  CHECK_FALSE(try_forms(secret("plain"), only("x")));
  CHECK(tried.size() == 1);
  CHECK_FALSE(try_forms(secret(nfd), only("x")));
  CHECK(tried.size() == 2);
  // What was piped, with the end of its line.
  CHECK(try_forms(secret(nfd + "\n"), only(nfd + "\n")));
  CHECK(tried == std::vector<std::string>{nfd, "\xc3\xa9", nfd + "\n"});
  CHECK_FALSE(try_forms(secret("\xc3\xa9\n"), only("x")));
  CHECK(tried.back() == nfd);
  CHECK_FALSE(try_forms(secret(""), only("x")));
  // Each try costs all slots: one crafted answer is not to keep others waiting for long.
  CHECK_FALSE(try_forms(secret("\xef\xbb\xbf\nA\b" + nfd + "\nB\b" + nfd + "\n"), only("x")));
  CHECK(tried.size() <= 12);
  // Another failure is no wrong passphrase.
  int calls = 0;
  const auto broken = try_forms(secret(nfd), [&](const Secret&) -> Result<> {
    ++calls;
    return Error{Code::io, "no"};
  });
  CHECK(broken.error().code == Code::io);
  CHECK(calls == 1);
}

TEST_CASE("a Backspace that the terminal does not know takes back what was typed before it") {
  const auto left = [](std::string_view typed) { return plain(taken_back(secret(typed))); };
  CHECK(left("wrX\bong") == "wrong");
  CHECK(left("se\xc3\xa9\bsame") == "sesame");
  CHECK(left("ab\b\b\bc") == "c");
  CHECK(left("\xa9\b\b") == "");
  CHECK(left("plain") == "plain");
  CHECK(left("") == "");
  // What a terminal in bracketed paste mode puts around, also cut in two by a line's end.
  CHECK(left("\x1b[200~ri ght\x1b[201~") == "ri ght");
  CHECK(left("\x1b[201~right") == "right");
  CHECK(left("\x1b[200~") == "");
  CHECK(left("\x1b[20right") == "\x1b[20right");
  CHECK(left("x\b\x1b[200~right") == "right");
  // Keepalives and breaks on serial lines, and what stops and starts their output.
  CHECK(left(std::string_view("\0ri\0ght", 7)) == "right");
  CHECK(left("\x13\x11right") == "right");
  std::vector<std::string> tried;
  const auto use = [&](const std::string& right) {
    tried.clear();
    return [&tried, right](const Secret& form) -> Result<> {
      tried.push_back(plain(form));
      if (tried.back() == right) return Ok{};
      return Error{Code::denied, "no"};
    };
  };
  CHECK(try_forms(secret("wrX\bong"), use("wrong")));
  CHECK(tried == std::vector<std::string>{"wrong"});
  // An older passphrase may hold one.
  CHECK(try_forms(secret("wrX\bong"), use("wrX\bong")));
  CHECK(tried == std::vector<std::string>{"wrong", "wrX\bong"});
  CHECK_FALSE(try_forms(secret("\b"), use("x")));
  CHECK(tried == std::vector<std::string>{"\b"});
}

TEST_CASE("a recovery key from paper is taken in capitals, without dashes, with blanks") {
  const auto key = draw_recovery_key();
  REQUIRE(key);
  const std::string right = plain(*key);
  const auto says = [](const std::string& typed) -> std::string {
    const auto read = as_recovery_key({typed.data(), typed.size()});
    return read ? plain(*read) : "";
  };
  std::string capitals = right;
  for (char& c : capitals) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  std::string bare;
  std::string gaps;
  for (const char c : right) {
    if (c != '-') bare += c;
    gaps += c == '-' ? ' ' : c;
  }
  CHECK(says(bare) == right);
  CHECK(says(gaps) == right);
  if (capitals != right) CHECK(says(capitals) == right);
  CHECK(says(right).empty());
  CHECK(says(bare.substr(1)).empty());
  CHECK(says(bare + "0").empty());
  CHECK(says("a passphrase").empty());
  const std::string zeros(40, '0');
  CHECK(says(std::string(39, 'o') + "O") == says(zeros));
  CHECK(says(std::string(20, 'l') + std::string(20, 'I')) == says(std::string(40, '1')));
  CHECK(says("\x1b[200~" + gaps) == "");
  CHECK(try_forms(secret("\x1b[200~" + gaps + "\x1b[201~"), [&](const Secret& form) -> Result<> {
    if (plain(form) == right) return Ok{};
    return Error{Code::denied, "no"};
  }));
}

TEST_CASE("case 22: what Windows makes of a piped passphrase opens as well") {
  std::vector<std::string> tried;
  const auto opens = [&](std::string_view piped, const std::string& right) {
    tried.clear();
    return static_cast<bool>(try_forms(secret(piped), [&](const Secret& form) -> Result<> {
      tried.push_back(plain(form));
      if (tried.back() == right) return Ok{};
      return Error{Code::denied, "no"};
    }));
  };
  CHECK(opens("two words \r\n", "two words"));  // the echo of cmd.exe
  using namespace std::string_view_literals;
  CHECK(opens("\xff\xfep\0w\0\r\0\n\0"sv, "pw"));  // redirection in PowerShell
  CHECK(opens("\xfe\xff\0p\0w\0\n"sv, "pw"));
  CHECK(opens("\xff\xfe\xe9\0\x3d\xd8\x00\xde\r\0\n\0"sv, "\xc3\xa9\xf0\x9f\x98\x80"));
  CHECK_FALSE(opens("\xff\xfe\x3d\xd8"sv, "x"));  // half a character
  CHECK_FALSE(opens("\xff\xfe\x3d\xd8p\0"sv, "x"));
  CHECK(std::ranges::all_of(tried, [](const auto& one) { return one.starts_with("\xff\xfe"); }));
  CHECK(opens("\xff\xfep\0w\0\r\0\n"sv, "pw"));  // a line of it
}

TEST_CASE("weak passphrases are told from strong ones, also very long ones") {
  for (const char* weak : {"password1", "qwertyuiop", "hunter2", "Tr0ub4dour&3", "latchkey"}) {
    INFO(weak);
    CHECK(bits(weak) < least_passphrase_bits);
  }
  CHECK(bits(std::string(300, 'a')) < least_passphrase_bits);
  for (const char* strong : {"ocean velvet tripod hammer crumb lantern", "x9$kQ2!mLp7",
                             "oceanvelvettripodhammercrumblantern"}) {
    INFO(strong);
    CHECK(bits(strong) > least_passphrase_bits);
  }
}
