// SPDX-License-Identifier: GPL-3.0-or-later
// Hooks of every bad kind; they may harm nothing and hold nobody up.
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <vector>

#include "core/base/message.hpp"
#include "core/base/text.hpp"
#include "core/hold/event_hooks.hpp"
#include "support/catch.hpp"
#include "support/temp_folder.hpp"
#include "sys/base/fd.hpp"
#include "sys/hold/event_hooks.hpp"

using namespace latchkey;
namespace fs = std::filesystem;

namespace {

class Hooks {
 public:
  Hooks() { REQUIRE(::mkdir(folder_.file("failed").c_str(), 0755) == 0); }
  void put(const std::string& name, const std::string& body, mode_t mode = 0755) const {
    REQUIRE(write_file(path(name), "#!/bin/sh\n" + body + "\n", mode));
  }
  [[nodiscard]] std::string path(const std::string& name) const {
    return folder_.file("failed/" + name);
  }
  [[nodiscard]] std::string place(const std::string& name = {}) const { return folder_.file(name); }

  std::chrono::duration<double> run(std::chrono::seconds bound = std::chrono::seconds(20)) {
    lines.clear();
    warnings.clear();
    const auto begun = std::chrono::steady_clock::now();
    run_hooks({.directory = folder_.path(),
               .event = "failed",
               .document = document,
               .bound = bound,
               .tell = [&](const std::string& line) { lines.push_back(line); },
               .warn = [&](const Error& error) { warnings.push_back(sentence(error)); }});
    return std::chrono::steady_clock::now() - begun;
  }

  std::string document = "{\"event\":\"failed\"}\n";
  std::vector<std::string> lines{};
  std::vector<std::string> warnings{};

 private:
  test::TempFolder folder_{};
};

// Hooks are root's, so without root there is none to run.
bool as_root() {
  if (::geteuid() == 0) return true;
  return test::skip("needs root");
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("only files that root alone can change, with names of run-parts, are hooks") {
  const HookFile good{"10-mail_me", true, true, 0755};
  CHECK_FALSE(hook_refusal(good));
  CHECK_FALSE(hook_refusal({"mail", true, true, 0700}));
  for (const char* name :
       {"mail.sh", "mail~", "mail.dpkg-old", "a b", "", "../mail", "m\xc3\xa4il"})
    CHECK(hook_refusal({name, true, true, 0755}));
  CHECK(hook_refusal({"mail", false, true, 0755}));
  CHECK(hook_refusal({"mail", true, false, 0755}));
  for (const unsigned mode : {0775U, 0757U, 0777U, 0644U, 0600U})
    CHECK(hook_refusal({"mail", true, true, mode}));
  CHECK(hook_directory_refusal({"", false, true, 0775}));
  CHECK(hook_directory_refusal({"", false, false, 0755}));
  CHECK_FALSE(hook_directory_refusal({"", false, true, 0755}));
}

TEST_CASE(
    "hooks run in the order of their names, with the report, a bare environment and no "
    "descriptor") {
  if (!as_root()) return;
  Hooks hooks;
  ::setenv("LATCHKEY_TEST_LEAK", "yes", 1);
  hooks.put("20-second", "echo second");
  hooks.put("10-first", "cat; env | sort | tr '\\n' ' '; echo; ls /proc/self/fd | tr '\\n' ' '");
  hooks.run();
  ::unsetenv("LATCHKEY_TEST_LEAK");
  REQUIRE(hooks.lines.size() == 4);
  CHECK(hooks.lines[0] == "10-first: {\"event\":\"failed\"}");
  CHECK(has(hooks.lines[1], "LATCHKEY_EVENT=failed"));
  CHECK_FALSE(has(hooks.lines[1], "LEAK"));
  CHECK(hooks.lines[2] == "10-first: 0 1 2 3 ");  // 3 is that of ls
  CHECK(hooks.lines[3] == "20-second: second");
  CHECK(hooks.warnings.empty());
}

TEST_CASE("a hook that is refused is named with the reason, and the others run") {
  if (!as_root()) return;
  Hooks hooks;
  hooks.put("10-open", "echo ran", 0777);
  hooks.put("20-plain", "echo ran", 0644);
  hooks.put("30.sh", "echo ran");
  hooks.put("40-theirs", "echo ran");
  REQUIRE(::chown(hooks.path("40-theirs").c_str(), 1, 1) == 0);
  fs::create_symlink("/bin/true", hooks.path("50-link"));
  fs::create_directory(hooks.path("60-directory"));
  REQUIRE(::mkfifo(hooks.path("70-fifo").c_str(), 0755) == 0);
  hooks.put("90-good", "echo good");
  hooks.run();
  CHECK(hooks.lines == std::vector<std::string>{"90-good: good"});
  REQUIRE(hooks.warnings.size() == 7);
  CHECK(has(hooks.warnings[0], "10-open' is not run: not only root can write to it"));
  CHECK(has(hooks.warnings[1], "it is not executable"));
  CHECK(has(hooks.warnings[2], "its name holds more than"));
  CHECK(has(hooks.warnings[3], "it does not belong to root"));
  for (std::size_t i = 4; i < 7; ++i) CHECK(has(hooks.warnings[i], "it is no regular file"));

  REQUIRE(::chmod(hooks.place().c_str(), 0777) == 0);
  hooks.run();
  CHECK(hooks.lines.empty());
  REQUIRE(hooks.warnings.size() == 1);
  CHECK(has(hooks.warnings[0], "is not safe"));
}

TEST_CASE("a hook that fails, hangs or cannot be executed is a warning") {
  if (!as_root()) return;
  Hooks hooks;
  hooks.put("10-fails", "echo why >&2; exit 3");
  hooks.put("20-killed", "kill -TERM $$");
  hooks.put("30-hangs", "trap '' TERM; sleep 300 & echo $! $$; wait");
  REQUIRE(write_file(hooks.path("40-nonsense"),
                     "\x7f"
                     "ELF",
                     0755));
  hooks.put("50-silent-and-hangs", "exec >&- 2>&-; sleep 300");
  hooks.put("90-good", "echo good");
  CHECK(hooks.run(std::chrono::seconds(2)).count() < 30);
  REQUIRE(hooks.lines.size() == 3);
  CHECK(hooks.lines[0] == "10-fails: why");
  CHECK(hooks.lines[2] == "90-good: good");
  REQUIRE(hooks.warnings.size() == 5);
  CHECK(has(hooks.warnings[0], "10-fails' failed: it ended with status 3"));
  CHECK(has(hooks.warnings[1], "it ended with status 143"));
  CHECK(has(hooks.warnings[2], "it did not end within 2 s"));
  CHECK(has(hooks.warnings[3], "40-nonsense' failed"));
  CHECK(has(hooks.warnings[4], "it did not end within 2 s"));
  // Its child went with it; a killed one may be a zombie for a moment.
  const auto words = split_fields(hooks.lines[1]);
  REQUIRE(words.size() == 3);
  const auto stat = read_file("/proc/" + words[1].text + "/stat");
  CHECK((!stat || has(*stat, ") Z ")));
}

TEST_CASE("a hook that ignores its input, writes megabytes or leaves a daemon holds nobody up") {
  if (!as_root()) return;
  Hooks hooks;
  hooks.document.assign(1 << 20, 'x');
  hooks.put("10-closes", "exec <&-; echo done");
  hooks.put("20-megabytes", "head -c 2000000 /dev/zero | tr '\\0' '\\n'; echo end");
  hooks.put("30-one-line", "head -c 3000000 /dev/zero | tr '\\0' a");
  hooks.put("40-daemon", "sleep 300 & echo left");
  hooks.put("50-session", "setsid sh -c 'echo $$; exec sleep 300' & sleep 0.3; echo left");
  hooks.put("60-reads", "wc -c");
  CHECK(hooks.run(std::chrono::seconds(60)).count() < 50);
  CHECK(hooks.warnings.empty());
  const auto count = [&](const std::string& head) {
    return std::count_if(hooks.lines.begin(), hooks.lines.end(),
                         [&](const std::string& line) { return line.starts_with(head); });
  };
  CHECK(count("10-closes: done") == 1);
  CHECK(count("20-megabytes: ") == 201);
  CHECK(count("20-megabytes: and more, which is left out") == 1);
  CHECK(count("30-one-line: ") == 201);
  CHECK(count("40-daemon: left") == 1);
  CHECK(count("50-session: left") == 1);
  CHECK(hooks.lines.back() == "60-reads: 1048576");
  for (const std::string& line : hooks.lines) CHECK(line.size() < 1100);
  for (const std::string& line : hooks.lines) {
    const auto pid =
        line.starts_with("50-session: ") ? parse_number(line.substr(12), 1 << 22) : std::nullopt;
    if (pid) ::kill(static_cast<pid_t>(*pid), SIGKILL);  // left to the control group in real life
  }
}

TEST_CASE("Must 12: what a hook prints forges no line") {
  if (!as_root()) return;
  Hooks hooks;
  hooks.put("10-hostile", "printf 'a\\033[2Jb\\r\\377\\n'");
  hooks.run();
  REQUIRE(hooks.lines.size() == 1);
  CHECK(hooks.lines[0] == "10-hostile: a?[2Jb??");
}

TEST_CASE("without a hook directory nothing is run and nothing said") {
  Hooks hooks;
  fs::remove_all(hooks.place("failed"));
  hooks.run();
  CHECK(hooks.lines.empty());
  CHECK(hooks.warnings.empty());
  CHECK_FALSE(any_hook(hooks.place(), "failed"));
}
