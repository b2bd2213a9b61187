// SPDX-License-Identifier: GPL-3.0-or-later
// What the pages and the README tell people to type: never what ssh refuses, or what leaves a
// kernel that may be booted with its old image.
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <regex>
#include <string>

#include "cli/place.hpp"
#include "support/catch.hpp"

using namespace latchkey::test;
namespace fs = std::filesystem;

namespace {

std::string plain_text(const fs::path& file) {
  std::ifstream stream(file);
  const std::string text((std::istreambuf_iterator<char>(stream)),
                         std::istreambuf_iterator<char>());
  // Of a man page: without changes of the font, and hyphens as they are typed.
  return std::regex_replace(std::regex_replace(text, std::regex("\\\\f[A-Z]"), ""),
                            std::regex("\\\\-"), "-");
}

using Texts = std::map<std::string, std::string>;  // by file

Texts pages() {
  const fs::path source = LATCHKEY_SOURCE_DIR;
  Texts out{{"README.md", plain_text(source / "README.md")}};
  for (const auto& entry : fs::directory_iterator(source / "src/man"))
    out[entry.path().filename().string()] = plain_text(entry.path());
  return out;
}

Texts sources() {
  Texts out;
  const fs::path source = LATCHKEY_SOURCE_DIR;
  for (const char* folder : {"src/core", "src/sys", "src/latchkey", "src/unlock", "hooks", "tools"})
    for (const auto& entry : fs::recursive_directory_iterator(source / folder))
      if (entry.is_regular_file())
        out[entry.path().lexically_relative(source).string()] = plain_text(entry.path());
  return out;
}

// A word of early boot behind an address: over lines, and what a man page has between words.
const std::regex early_word_to_an_address(
    "ssh [^;,\\n]*root@[^\\s\"]+(?:[\\s\"\\[]|\\.[BRI]{1,2} )*"
    "(?:unlock|status|log|continue|reboot|poweroff|shell|cryptroot-unlock|<)(?:$|[^a-z-])");

void check_words(const Texts& texts) {
  for (const auto& [file, text] : texts) {
    INFO(file);
    for (std::sregex_iterator at(text.begin(), text.end(), early_word_to_an_address), end;
         at != end; ++at)
      FAIL_CHECK(at->str());
  }
}

}  // namespace

// Early boot has host keys of its own, which ssh refuses under the name of the running system.
TEST_CASE("nobody is told to say early boot's words to the running system's address") {
  for (const char* wrong : {"ssh -t root@server unlock\\n", ".B ssh root@host\n.RB [ unlock | ",
                            ".BR \"ssh root@server status\" ,", "`ssh root@host < file`"})
    CHECK(std::regex_search(std::string(wrong), early_word_to_an_address));
  for (const char* right : {"$ ssh root@server latchkey status", "ssh server-early reboot",
                            "ssh -t root@server release-services"})
    CHECK_FALSE(std::regex_search(std::string(right), early_word_to_an_address));
  check_words(pages());
  check_words(sources());
}

TEST_CASE("no page has the newest kernel's image alone built anew") {
  const std::string build = "update-initramfs -u";
  std::size_t found = 0;
  for (const auto& [file, text] : pages())
    for (std::size_t at = text.find(build); at != std::string::npos;
         at = text.find(build, at + 1)) {
      INFO(file << ": " << text.substr(at, text.find('\n', at) - at));
      CHECK(text.substr(at + build.size(), 4) == " -k ");
      ++found;
    }
  CHECK(found > 5);
}

// In the rescue system's own shell, or without Debian's paths, what follows would be typed into
// nothing, or into the rescue system.
TEST_CASE("the rescue page names the shell that its lines are typed into") {
  const std::string page = pages().at("latchkey-recovery.7");
  const std::size_t shell = page.find("\nchroot /mnt /bin/bash -l\n");
  REQUIRE(shell != std::string::npos);
  for (const char* line : {"\nmount /boot ", "\nmount /var ", "\nupdate-initramfs -u -k all\n"})
    CHECK(page.find(line) > shell);
  CHECK(page.find("\nchroot /mnt\n") == std::string::npos);
  // latchkey.conf, as init writes it, has its tables already.
  for (const char* table : {"\n[boot]\n", "\n[network]\n", "\n[ssh]\n"})
    CHECK(page.find(table) == std::string::npos);
}
