// SPDX-License-Identifier: GPL-3.0-or-later
// The programs as a person calls them: command line in, status and both streams
// out. A made-up root directory holds the configuration.
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>

#include "core/base/result.hpp"
#include "core/base/text.hpp"
#include "support/catch.hpp"
#include "support/child.hpp"
#include "support/temp_folder.hpp"
#include "sys/base/lock_file.hpp"

using namespace latchkey;
using namespace latchkey::test;
namespace fs = std::filesystem;

namespace {

class Root {
 public:
  Root() {
    fs::create_directories(path_ / "etc/latchkey");
    fs::create_directories(path_ / "run");
  }
  void put(const std::string& file, const std::string& text) {
    std::ofstream(path_ / "etc/latchkey" / file) << text;
  }
  [[nodiscard]] std::string path() const { return path_.string(); }

 private:
  TempFolder folder_{};
  fs::path path_ = folder_.path();
};

Done latchkey_in(const Root& root, std::vector<std::string> words) {
  std::vector<std::string> argv{LATCHKEY_PROGRAM, "--root", root.path()};
  argv.insert(argv.end(), words.begin(), words.end());
  Done done = run_program(argv);
  // The root's name is different each time.
  for (std::size_t at; (at = done.output.find(root.path())) != std::string::npos;)
    done.output.erase(at, root.path().size());
  return done;
}

void configure(Root& root) {
  root.put("latchkey.conf", "[keys]\ndevice = \"no-such-vg/encrypted-keys\"\n");
  root.put("volumes", "data no-such-vg/encrypted-data /srv/no-such-data ext4\n");
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("help and version exit with 0, a wrong command line with 2 and the nearest word") {
  const Root root;
  CHECK(latchkey_in(root, {"--help"}).status == 0);
  CHECK(latchkey_in(root, {"--version"}).output == "latchkey " LATCHKEY_VERSION "\n");
  const Done near = latchkey_in(root, {"stauts"});
  CHECK(near.status == exit_status(Code::usage));
  CHECK(near.output ==
        "latchkey: error: there is no command 'stauts'\n"
        "latchkey: hint: did you mean 'status'?\n");
  for (const std::vector<std::string>& wrong : {std::vector<std::string>{},
                                                {"status", "--no-such-option"},
                                                {"hold"},
                                                {"unlock", "extra"}}) {
    const Done done = latchkey_in(root, wrong);
    INFO(done.output);
    CHECK(done.status == exit_status(Code::usage));
    CHECK(contains(done.output, "latchkey: error: "));
  }
}

// The commands as --help lists them: indented words at the beginning of a line.
std::vector<std::string> listed_commands() {
  const Root root;
  const std::string help = latchkey_in(root, {"--help"}).output;
  std::vector<std::string> names;
  const std::size_t begin = help.find("Subcommands:");
  REQUIRE(begin != std::string::npos);
  for (const std::string_view line : split_lines(std::string_view(help).substr(begin))) {
    const auto fields = split_fields(line);
    if (fields.size() > 1 && fields[0].column == 3) names.push_back(fields[0].text);
  }
  return names;
}

TEST_CASE("every command has a --help of its own, with an example") {
  const Root root;
  for (const std::string& command : listed_commands()) {
    const Done done = latchkey_in(root, {command, "--help"});
    INFO(command);
    CHECK(done.status == 0);
    CHECK(contains(done.output, "Example: "));
  }
}

// The line behind `Example: ` in a command's --help, without a redirection.
std::string example_of(const std::string& command) {
  const std::string help = latchkey_in(Root(), {command, "--help"}).output;
  const std::string mark = "Example: ";
  const std::size_t at = help.find(mark);
  REQUIRE(at != std::string::npos);
  const std::string line = help.substr(at + mark.size(), help.find('\n', at) - at - mark.size());
  return std::string(trim(line.substr(0, line.find(" <"))));
}

TEST_CASE("the example of every command is a command line that it takes") {
  for (const std::string& command : listed_commands()) {
    Root root;  // with nothing configured in it, and no volume group of that name
    // What a terminal would be asked for.
    root.put(
        "authorized_keys",
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f a\n");
    std::vector<std::string> words;
    // Never one that the machine of whoever runs this may have.
    for (const auto& field : split_fields(example_of(command)))
      words.push_back(field.text == "vg0" ? "no-such-group" : field.text);
    if (words.front() == "latchkey") words.erase(words.begin());
    const Done done = latchkey_in(root, words);
    INFO(command << ": " << done.output);
    CHECK(done.status != exit_status(Code::usage));
  }
}

std::string source_file(const std::string& name) {
  std::ifstream file(LATCHKEY_SOURCE_DIR "/" + name);
  std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  // In a man page every hyphen is escaped.
  for (std::size_t at; (at = text.find("\\-")) != std::string::npos;) text.erase(at, 1);
  return text;
}

// A command's own words in the man page; empty when there are none.
std::string entry_of(const std::string& page, const std::string& command) {
  const std::size_t begin = page.find("\n\\fBlatchkey " + command + "\\fR");
  if (begin == std::string::npos) return {};
  const std::size_t end =
      std::min(page.find("\n\\fBlatchkey ", begin + 1), page.find("\n.S", begin + 1));
  return page.substr(begin, end == std::string::npos ? end : end - begin);
}

TEST_CASE("--help, the man page, the completion and the README know the same commands") {
  const auto names = listed_commands();
  CHECK(names.size() >= 8);
  const std::string page = source_file("src/man/latchkey.8");
  const std::string readme = source_file("README.md");
  std::string completion = source_file("src/completion/latchkey.bash");
  std::ranges::replace(completion, '\'', ' ');
  for (const std::string& name : names) {
    INFO(name);
    CHECK_FALSE(entry_of(page, name).empty());
    // One of them is called by its own name.
    CHECK((contains(readme, "`latchkey " + name) || contains(readme, "`" + name + "`")));
    CHECK(contains(completion, " " + name + " "));
  }
}

// From its heading to the next of the same kind.
std::string section_of(const std::string& page, const std::string& kind, const std::string& name) {
  const std::string heading = "\n" + kind + " " + name + "\n";
  const std::size_t begin = page.find(heading);
  REQUIRE(begin != std::string::npos);
  const std::size_t text = begin + heading.size();
  const std::size_t next = page.find("\n" + kind + " ", text);
  const std::size_t end = std::min(next, page.find("\n.SH ", text));
  return page.substr(text, end == std::string::npos ? end : end - text);
}

TEST_CASE("the first commands of the README are the examples of --help") {
  const std::string readme = source_file("README.md");
  const std::size_t begin = readme.find("```\n");
  REQUIRE(begin != std::string::npos);
  const std::string block = readme.substr(begin, readme.find("\n```", begin) - begin);
  for (const char* command : {"init", "create-volume", "hold"}) {
    INFO(example_of(command));
    CHECK(contains(block, "\n" + example_of(command) + " "));
  }
}

TEST_CASE("every option of every command is in the man page and in the completion") {
  const Root root;
  const std::string page = source_file("src/man/latchkey.8");
  const std::string completion = source_file("src/completion/latchkey.bash");
  for (const std::string& command : listed_commands()) {
    const std::string help = latchkey_in(root, {command, "--help"}).output;
    const std::size_t options = help.find("Options:");
    REQUIRE(options != std::string::npos);
    for (const std::string_view line : split_lines(std::string_view(help).substr(options))) {
      const auto fields = split_fields(line);
      if (fields.empty() || fields[0].column != 3 || !fields[0].text.starts_with("-")) continue;
      for (const std::string& option : split(fields[0].text, ',')) {
        INFO(command << " " << option);
        // These are told once for all.
        const bool common = option == "-h" || option == "--help" || option == "--passphrase-fd";
        CHECK(contains(common ? page : entry_of(page, command), option));
        if (option.starts_with("--")) CHECK(contains(completion, option));
      }
    }
  }
}

TEST_CASE("what is done once stands under Set-up in the man page") {
  const std::string setup = section_of(source_file("src/man/latchkey.8"), ".SS", "Set-up");
  for (const char* command : {"init", "import-legacy", "create-volume", "adopt", "restore"}) {
    INFO(command);
    CHECK(contains(setup, "\\fBlatchkey " + std::string(command) + "\\fR"));
  }
}

void add_names(std::set<std::string>& names, const nlohmann::json& json) {
  if (json.is_object())
    for (const auto& item : json.items()) names.insert(item.key());
  for (const auto& inner : json)
    if (inner.is_structured()) add_names(names, inner);
}

// Every name that stands in a source for a member of what is printed: `{"name", value}` and
// `json["name"] =`.
void add_names_in(std::set<std::string>& names, const std::string& source) {
  static const std::regex member("(?:[{][\"]([a-z_]+)[\"], |[\\[][\"]([a-z_]+)[\"][\\]] =)");
  const std::string text = source_file(source);
  const std::size_t before = names.size();
  for (std::sregex_iterator at(text.begin(), text.end(), member), end; at != end; ++at)
    names.insert((*at)[1].matched ? (*at)[1].str() : (*at)[2].str());
  INFO(source);
  CHECK(names.size() > before);
}

TEST_CASE("the man page names every member of what --json prints") {
  const std::string text = section_of(source_file("src/man/latchkey.8"), ".SH", "JSON");
  std::set<std::string> names;
  for (const char* source :
       {"src/core/unlock/report.cpp", "src/core/unlock/boot_log.cpp", "src/latchkey/cli/summary.cpp",
        "src/latchkey/cmd_check.cpp", "src/latchkey/cmd_status.cpp", "src/latchkey/cmd_release.cpp",
        "src/latchkey/cmd_log.cpp", "src/latchkey/cmd_hooks.cpp"})
    add_names_in(names, source);
  Root root;
  configure(root);
  for (const char* command : {"status", "plan", "check", "log"}) {
    const auto json = nlohmann::json::parse(
        run_program({LATCHKEY_PROGRAM, "--root", root.path(), command, "--json"}).output, nullptr,
        false);
    INFO(command);
    // Only root can check.
    CHECK((json.is_object() || (std::string(command) == "check" && ::geteuid() != 0)));
    add_names(names, json);
  }
  // Row's own words, which are no members.
  for (const char* word : {"volume", "unit"}) names.erase(word);
  names.insert("volume");
  std::set<std::string> told;
  for (const std::string_view line : split_lines(text))
    for (const auto& field : split_fields(line)) {
      std::string word = field.text;
      std::erase_if(word, [](char c) { return !(c >= 'a' && c <= 'z') && c != '_'; });
      told.insert(word);
    }
  for (const std::string& name : names) {
    INFO(name);
    CHECK(told.contains(name));
  }
}

TEST_CASE("the man page says what every exit status means") {
  const std::string text = section_of(source_file("src/man/latchkey.8"), ".SH", "EXIT STATUS");
  for (int status = 0; status <= exit_status(Code::refused); ++status) {
    INFO(status);
    CHECK((contains(text, "\n" + std::to_string(status) + "\n") ||
           contains(text, ".B " + std::to_string(status) + "\n")));
  }
}

TEST_CASE("without a configuration every command says which file is missing") {
  const Root root;
  for (const char* command : {"status", "plan", "unlock", "lock", "release-services"}) {
    const Done done = latchkey_in(root, {command});
    INFO(command << ": " << done.output);
    CHECK(done.status == exit_status(Code::missing));
    CHECK(contains(done.output, "cannot read '/etc/latchkey/latchkey.conf'"));
    CHECK(contains(done.output, "hint: run: latchkey init VG"));
  }
}

TEST_CASE("a mistake in a file is told with line, column and the nearest word") {
  Root root;
  configure(root);
  root.put("services", "mariadb dat\n");
  const Done done = latchkey_in(root, {"plan"});
  CHECK(done.status == exit_status(Code::config));
  CHECK(done.output ==
        "latchkey: error: /etc/latchkey/services:1:9: unknown volume 'dat'\n"
        "latchkey: hint: did you mean 'data'?\n");
}

TEST_CASE("the plan says what would be done, in order, and does nothing") {
  Root root;
  configure(root);
  const Done done = latchkey_in(root, {"plan"});
  CHECK(done.status == 0);
  CHECK(done.output ==
        "1  activate no-such-vg/encrypted-data, no-such-vg/encrypted-keys\n"
        "2  find the keys volume\n"
        "3  read the keys\n"
        "4  find 'data'\n"
        "5  open 'data'\n"
        "6  check 'data'\n"
        "7  mount 'data'\n");
}

TEST_CASE("an unlock without a passphrase or without its device says so, each in its own words") {
  Root root;
  root.put("latchkey.conf",
           "[keys]\ndevice = \"/dev/no-such-keys\"\n[boot]\ndevice_timeout = \"1s\"\n");
  root.put("volumes", "data /dev/no-such-data /srv/no-such-data ext4\n");
  const Done none = run_program({LATCHKEY_PROGRAM, "--root", root.path(), "unlock"}, "");
  INFO(none.output);
  CHECK(none.status == exit_status(Code::usage));
  CHECK(contains(none.output, "no passphrase came"));

  const Done missing = run_program({LATCHKEY_PROGRAM, "--root", root.path(), "unlock"}, "secret\n");
  INFO(missing.output);
  CHECK(missing.status == exit_status(Code::missing));
  CHECK(contains(missing.output, "/dev/no-such-keys did not appear within 1 s"));
  CHECK_FALSE(contains(missing.output, "secret"));
}

TEST_CASE("the unlocker is one static program that says what it is") {
  CHECK(run_program({LATCHKEY_UNLOCK_PROGRAM, "--version"}).output ==
        "latchkey-unlock " LATCHKEY_VERSION "\n");
  CHECK(run_program({LATCHKEY_UNLOCK_PROGRAM, "--help"}).status == 0);
  const Done ldd = run_program({"ldd", LATCHKEY_UNLOCK_PROGRAM});
  CHECK((contains(ldd.output, "statically linked") ||
         contains(ldd.output, "not a dynamic executable")));
}

TEST_CASE("case 60: as a login shell the unlocker runs its own words and nothing else") {
  for (const char* command : {"id", "/bin/sh", "sh -c id", "latchkey-unlock; id", "scp -t /"}) {
    const Done done = run_program({LATCHKEY_UNLOCK_PROGRAM, "-c", command});
    INFO(command << ": " << done.output);
    CHECK(done.status == exit_status(Code::usage));
    CHECK_FALSE(contains(done.output, "uid="));
  }
}

TEST_CASE("add-passphrase refuses the name of recovery keys before it does anything") {
  const Root root;
  const Done done = latchkey_in(root, {"add-passphrase", "recovery"});
  INFO(done.output);
  CHECK(done.status == exit_status(Code::usage));
  CHECK(contains(done.output, "recovery keys have this name"));
  CHECK(contains(done.output, "latchkey recovery-key keys"));
}

// As with a disk that hangs: the workers are still at it when the release has ended.
TEST_CASE("a worker of an unlock keeps no other release away") {
  if (!is_root()) return;
  Root root;
  root.put("latchkey.conf",
           "[keys]\ndevice = \"/dev/no-such-keys\"\n[boot]\ndevice_timeout = \"20s\"\n");
  root.put("volumes", "data /dev/no-such-data none ext4\n");
  {
    Child release({LATCHKEY_PROGRAM, "--root", root.path(), "release-services"});
    release.write("a passphrase\n");
    release.close_input();
    release.expect("waiting for devices");
  }
  const auto lock = LockFile::take(root.path() + "/run/latchkey/release.lock", "a release",
                                   std::chrono::seconds(5));
  CHECK(lock);
}
