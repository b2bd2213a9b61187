// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/ssh/door_keys.hpp"
#include "core/unlock/typed_line.hpp"
#include "core/unlock/wire.hpp"
#include "support/catch.hpp"

using namespace latchkey;

TEST_CASE("a hello comes back as it was sent") {
  for (const Hello& hello :
       {Hello{.console = true}, Hello{.key = 7, .address = "2001:db8::1", .word = Word::carry_on}})
    CHECK(*parse_hello(encode_hello(hello)) == hello);
}

TEST_CASE("Must 12: what no client of ours says is refused") {
  for (const char* bad : {"", "ssh", "ssh\n1\nunlock", "root\n1\nunlock\n", "ssh\n-1\nunlock\n",
                          "ssh\n1\nsh -c id\n", "ssh\n1\nunlock\nx\ny", "ssh\n99999999999\nunlock\n"})
    CHECK_FALSE(parse_hello(bad));
  CHECK(parse_hello("ssh\n1\nunlock\n\x1b[2J")->address == "?[2J");
}

TEST_CASE("case 60: an ssh client reaches one known word and nothing else") {
  CHECK(*parse_request("") == Word::unlock);
  CHECK(*parse_request(" status\n") == Word::status);
  CHECK(*parse_request("continue") == Word::carry_on);
  for (const char* usual :
       {"cryptroot-unlock", "/bin/cryptroot-unlock", "/usr/bin/cryptroot-unlock"})
    CHECK(*parse_request(usual) == Word::unlock);
  for (const char* bad :
       {"id", "sh", "unlock; id", "status log", "scp -f x", "UNLOCK", "/usr/lib/sftp-server",
        "$(id)", "--key 1", "status\nid", "cryptroot-unlock -x", "$(id)/cryptroot-unlock",
        "cat - > /lib/cryptsetup/passfifo"}) {
    INFO(bad);
    const auto word = parse_request(bad);
    REQUIRE_FALSE(word);
    CHECK(word.error().code == Code::usage);
  }
}

TEST_CASE("door keys come back as they were written, and a broken line grants nothing") {
  const std::vector<DoorKey> keys{
      {1, "SHA256:abc", "alice@laptop", default_words()},
      {2, "SHA256:def", "", {Word::unlock, Word::reboot, Word::shell}}};
  CHECK(parse_door_keys(encode_door_keys(keys)) == keys);
  CHECK(parse_door_keys("x\ty\n1\t2\n\n\t\t\t\n").empty());
  CHECK(parse_door_keys("1\tf\tc\troot,unlock\n")[0].words == std::set<Word>{Word::unlock});
  CHECK(door_key(keys, 2).words.contains(Word::shell));
  CHECK(door_key(keys, 9).words == default_words());
  const std::vector<DoorKey> hostile{{1, "f", "a\tb\nc", {Word::unlock}}};
  CHECK(parse_door_keys(encode_door_keys(hostile))[0].comment == "a?b?c");
}

TEST_CASE("case 22: one line end is taken off a passphrase, and no more") {
  const auto length = [](std::string_view text) {
    return without_line_end({text.data(), text.size()});
  };
  CHECK(length("pw") == 2);
  CHECK(length("pw\n") == 2);
  CHECK(length("pw\r\n") == 2);
  CHECK(length("pw\n\n") == 3);
  CHECK(length("pw\r") == 3);
  CHECK(length("\n") == 0);
  CHECK(length("") == 0);
}

TEST_CASE("case 22: of what was piped, each part that may be the passphrase is one, none twice") {
  const auto parts = [](std::string_view text) {
    std::vector<std::string> out;
    for (const auto part : passphrase_candidates({text.data(), text.size()}))
      out.emplace_back(part.data(), part.size());
    return out;
  };
  using Parts = std::vector<std::string>;
  CHECK(parts("pw") == Parts{"pw"});
  CHECK(parts("pw\n") == Parts{"pw", "pw\n"});
  CHECK(parts("pw\r\n") == Parts{"pw", "pw\r\n"});
  CHECK(parts("pw\n\n") == Parts{"pw", "pw\n", "pw\n\n"});
  CHECK(parts("pw\nuser: alice\n") == Parts{"pw", "pw\nuser: alice", "pw\nuser: alice\n"});
  CHECK(parts("pw\r\nuser: alice") == Parts{"pw", "pw\r\nuser: alice"});
  CHECK(parts("\xef\xbb\xbfpw\r\n") == Parts{"pw", "\xef\xbb\xbfpw", "\xef\xbb\xbfpw\r\n"});
  // No terminal lets a line's end into a passphrase: last, what is between them.
  CHECK(parts("pw\r") == Parts{"pw\r", "pw"});
  CHECK(parts("\npw\n") == Parts{"\npw", "\npw\n", "pw"});
  CHECK(parts("p w \r\n") == Parts{"p w ", "p w \r\n", "p w"});
  CHECK(parts("\n") == Parts{"\n"});
  CHECK(parts("").empty());
}
