// SPDX-License-Identifier: GPL-3.0-or-later
// What the commands that change volumes say when they fail: never without what to do next,
// and never with a command that does harm or nothing when it is typed as it stands.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <string>
#include <vector>

#include "cli/place.hpp"
#include "support/child.hpp"
#include "support/spoken_text.hpp"

using namespace latchkey::test;

namespace {

// All of the product that speaks, but for the pages.
const std::vector<SpokenText>& everything_said() {
  static const std::vector<SpokenText> all =
      spoken_texts(LATCHKEY_SOURCE_DIR, {"src/core", "src/sys", "src/latchkey", "src/unlock",
                                         "src/guard", "src/completion", "hooks", "initramfs"});
  return all;
}

// Every command line of the kind `command`, from its name on.
std::vector<std::string> command_lines(const SpokenText& said, const std::regex& command) {
  std::vector<std::string> out;
  for (std::sregex_iterator at(said.text.begin(), said.text.end(), command), end; at != end; ++at)
    out.push_back(at->str());
  return out;
}

// What the literal is put together with is quoted for the shell where it must be.
bool goes_on_quoted(const SpokenText& said) {
  static const std::regex quoted("^\\+\\s*shell_word\\(");
  return std::regex_search(said.next, quoted);
}

}  // namespace

TEST_CASE("no error of a command is made without a hint") {
  // `{code, what, why, ""}`, over as many lines as it takes.
  static const std::regex without_hint("[{]\\s*Code::[^;{}]*,[^;{}]*,\\s*\"\"\\s*[}]");
  // Remarks, after which there is nothing to do.
  const std::vector<std::string> remarks{"so no image was looked at", "cannot be read",
                                         "what was built waits all the same",
                                         "the passphrase begins or ends with a blank"};
  std::size_t sources = 0;
  const std::filesystem::path folder = LATCHKEY_SOURCE_DIR "/src/latchkey";
  for (const auto& at : std::filesystem::recursive_directory_iterator(folder)) {
    if (at.path().extension() != ".cpp") continue;
    ++sources;
    std::ifstream file(at.path());
    const std::string text((std::istreambuf_iterator<char>(file)),
                           std::istreambuf_iterator<char>());
    INFO(at.path());
    for (std::sregex_iterator found(text.begin(), text.end(), without_hint), end; found != end;
         ++found) {
      const std::string error = found->str();
      if (std::ranges::none_of(remarks, [&](const auto& one) { return contains(error, one); }))
        FAIL_CHECK(error);
    }
  }
  CHECK(sources > 50);
}

TEST_CASE("what is said is found in sources and scripts as people get to read it") {
  const auto said =
      literals_in("// \"none\" isn't\nf('\"', 1'000, \"a \\\"b\"\n  \"-c\\n\" +\n  d);\n");
  REQUIRE(said.size() == 1);
  CHECK(said[0].text == "a \"b-c\n");
  CHECK(said[0].next.substr(0, 5) == "+\n  d");
  CHECK(everything_said().size() > 1000);
}

TEST_CASE("no hint makes a logical volume smaller without the file system on it") {
  static const std::regex reduce("lvreduce[^;]*");
  std::size_t found = 0;
  for (const SpokenText& said : everything_said())
    for (const std::string& line : command_lines(said, reduce)) {
      INFO(said.file << ": " << line);
      CHECK(line.rfind("lvreduce --resizefs ", 0) == 0);
      ++found;
    }
  CHECK(found > 0);
}

// Without -k it builds the image of the newest kernel alone, and another may be started.
TEST_CASE("no hint has one kernel's image built where those of all are meant") {
  static const std::regex build("update-initramfs -u.*");
  std::size_t found = 0;
  for (const SpokenText& said : everything_said())
    for (const std::string& line : command_lines(said, build)) {
      // A maintainer script runs it: the trigger of all packages, which takes no version.
      if (line == said.text && said.file.rfind("hooks/", 0) == 0) continue;
      INFO(said.file << ": " << line);
      CHECK(line.rfind("update-initramfs -u -k ", 0) == 0);
      ++found;
    }
  CHECK(found > 10);
}

// Typed as it stands it would end with a lesson in its options.
TEST_CASE("no hint names a command without what it needs") {
  static const std::regex named("latchkey (restore|rotate-key)([^ ].*|$)");
  static const std::regex whole("latchkey (restore|rotate-key) [^ ]*");
  std::size_t found = 0;
  for (const SpokenText& said : everything_said()) {
    INFO(said.file << ": " << said.text);
    for (const std::string& line : command_lines(said, named))  // in quotes it is merely spoken of
      CHECK(line.find('\'') != std::string::npos);
    found += command_lines(said, whole).size();
  }
  CHECK(found > 10);
}

// The package comes as a file. Asked for it by its name alone, apt refuses the whole command, or
// does nothing and ends with 0.
TEST_CASE("no hint has apt fetch the package that no archive has") {
  static const std::regex install("apt(-get)? install [^;:,&\n]*");
  static const std::regex by_name("(^|.* )latchkey( .*|$)");
  std::size_t files = 0;
  for (const SpokenText& said : everything_said())
    for (const std::string& line : command_lines(said, install)) {
      INFO(said.file << ": " << line);
      CHECK_FALSE(std::regex_match(line, by_name));
      if (line.find(" ./latchkey_*.deb") != std::string::npos) ++files;
    }
  CHECK(files > 1);
}

// A command that was put together on the spot forgets the header's option, or the quotes.
TEST_CASE("what cryptsetup is to do on a device is put together in one place") {
  static const std::regex on_a_device("cryptsetup [a-z][a-zA-Z]*.* $");
  std::size_t found = 0;
  for (const SpokenText& said : everything_said()) {
    if (said.next.rfind('+', 0) != 0 || !std::regex_search(said.text, on_a_device)) continue;
    ++found;
    INFO(said.file << ": " << said.text << said.next);
    // A mapping has a name and no header.
    CHECK((said.text.find("cryptsetup close ") != std::string::npos || goes_on_quoted(said)));
  }
  CHECK(found > 0);
}

// The unit of /srv/my-data is srv-my\x2ddata.mount: unquoted, a shell takes the backslash away.
TEST_CASE("names of units and places are quoted in every command line") {
  static const std::regex takes_a_name(
      "(latchkey (un)?hold|systemctl [a-z-]+|journalctl -b -u|(^|: |; )(service|u?mount|swapoff)) "
      "$");
  std::size_t found = 0;
  for (const SpokenText& said : everything_said()) {
    if (said.next.rfind('+', 0) != 0 || !std::regex_search(said.text, takes_a_name)) continue;
    INFO(said.file << ": " << said.text << said.next);
    CHECK(goes_on_quoted(said));
    ++found;
  }
  CHECK(found > 10);
}
