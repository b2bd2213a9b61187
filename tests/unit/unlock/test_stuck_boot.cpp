// SPDX-License-Identifier: GPL-3.0-or-later
// A boot that is stuck after the unlock: the sessions have no coordinator. Those tagged
// [netns] need root, unshare and the program door-host beside this one.
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/text.hpp"
#include "core/unlock/stuck_boot.hpp"
#include "support/catch.hpp"
#include "support/netns.hpp"

using namespace latchkey;
using namespace latchkey::test;

TEST_CASE("a session that is stuck is told what it may say") {
  const DoorKey shell{1, "f", "c", {Word::log, Word::shell}};
  CHECK(join(stuck_lines("all 2 volumes are open", shell), "\n") ==
        "all 2 volumes are open; the unlock is over, and the boot has not reached the machine's "
        "own sshd\n"
        "it checks or mounts the root file system now, or is stuck: root= names no device that is "
        "there, or its file system has errors that need a person\n"
        "this key may say: log, shell");
  const auto plain = join(stuck_lines("the 1 volume is open", door_key({}, 1)), "\n");
  CHECK(plain.find("this key may say: log\n") != std::string::npos);
  CHECK(plain.find("[ssh] grants in latchkey.conf(5)") != std::string::npos);
}

TEST_CASE("only what needs no volume and no passphrase is done without the coordinator") {
  for (const Word word : {Word::log, Word::shell, Word::reboot, Word::poweroff})
    CHECK(works_alone(word));
  for (const Word word : {Word::unlock, Word::status, Word::carry_on})
    CHECK_FALSE(works_alone(word));
}

namespace {

// The image's root while the boot is stuck: key 1 has no grant, key 2 has all.
class Stuck {
 public:
  Stuck() {
    std::string name = (fs::temp_directory_path() / "latchkey-stuck-XXXXXX").string();
    root = ::mkdtemp(name.data());
    for (const char* folder : {"/etc/latchkey", "/usr/sbin", "/run/latchkey/early"})
      fs::create_directories(root + folder);
    fs::copy_file(fs::read_symlink("/proc/self/exe").parent_path() / "door-host",
                  root + "/usr/sbin/latchkey-unlock");
    file("/etc/latchkey/latchkey.conf", "[keys]\ndevice = \"vg/encrypted-keys\"\n");
    file("/etc/latchkey/volumes", "mail vg/no-such-lv /srv/mail ext4 defaults\n");
    std::set<Word> all = default_words();
    all.insert({Word::shell, Word::reboot, Word::poweroff});
    file("/etc/latchkey/keys",
         encode_door_keys({{1, "f", "alice", default_words()}, {2, "g", "bob", all}}));
    file("/run/latchkey/early/door", "");
    file("/run/latchkey/early/over", "");
    file("/run/latchkey/early.log", "[1 s] unlocked by 'alice'\n");
  }
  Stuck(const Stuck&) = delete;
  Stuck& operator=(const Stuck&) = delete;
  ~Stuck() {
    std::error_code ignored;
    fs::remove_all(root, ignored);
  }

  void file(const std::string& path, const std::string& text) const {
    REQUIRE(write_file(root + path, text, 0600));
  }
  // In a machine of its own as far as restarting goes: that ends its first process.
  [[nodiscard]] RunResult says(int key, const std::string& word, RunOptions options = {}) const {
    const auto result =
        run({find_program("unshare"), "--user", "--map-root-user", "--pid", "--fork",
             "--kill-child", root + "/usr/sbin/latchkey-unlock", "session", std::to_string(key),
             word},
            options);
    return result ? *result : RunResult{255, result.error().why};
  }

  std::string root{};
};

}  // namespace

TEST_CASE("without a coordinator a session does what its key was granted", "[.netns]") {
  if (!possible()) return;
  const Stuck boot;
  const auto began = Clock::now();
  const RunResult log = boot.says(1, "log");
  CHECK(seconds_since(began) < 10);
  CHECK(log.status == 0);
  CHECK(log.output.find("[1 s] unlocked by 'alice'\n") != std::string::npos);

  for (const char* word : {"shell", "reboot", "poweroff"}) {
    const RunResult refused = boot.says(1, word);
    CHECK(refused.status == 12);
    CHECK(refused.output.find("is not granted to this key") != std::string::npos);
  }
  const RunResult shell = boot.says(2, "shell", {.input = "echo it is $((6 * 7))\nexit 9\n"});
  CHECK(shell.output.find("it is 42") != std::string::npos);
  CHECK(shell.status == 9);
  // The door's children are spared by the OOM killer, and sessions ignore a broken pipe.
  const auto odd = run({"/bin/sh", "-c",
                        "echo 300 >/proc/self/oom_score_adj; exec unshare --user --map-root-user "
                        "\"$1\"/usr/sbin/latchkey-unlock session 2 shell",
                        "sh", boot.root},
                       {.input = "cat /proc/$$/oom_score_adj\ngrep SigIgn /proc/$$/status\n"});
  REQUIRE(odd);
  INFO(odd->output);
  CHECK(odd->output.find("\n0\nSigIgn:\t") != std::string::npos);
  CHECK(odd->output.ends_with("0000\n"));  // SIGPIPE is number 13
  // The namespace's end by reboot(2) is what its parent sees as a signal.
  const RunResult off = boot.says(2, "poweroff");
  CHECK(off.output.find("powering off\n") != std::string::npos);
  CHECK(off.status >= 128);
  const RunResult again = boot.says(2, "reboot");
  CHECK(again.output.find("rebooting\n") != std::string::npos);
  CHECK(again.status >= 128);
  CHECK(again.status != off.status);

  // On a terminal the word is asked for: a phone's client says none when it logs in.
  const auto typed = run({find_program("script"), "-qec",
                          "unshare --user --map-root-user --pid --fork --kill-child " + boot.root +
                              "/usr/sbin/latchkey-unlock session 2 unlock",
                          "/dev/null"},
                         {.timeout = 20s, .input = "reboot\n"});
  REQUIRE(typed);
  INFO(typed->output);
  CHECK(typed->output.find("type log or reboot or poweroff, or Enter") != std::string::npos);
  CHECK(typed->output.find("rebooting\r\n") != std::string::npos);

  const RunResult other = boot.says(2, "unlock");
  CHECK(other.status == 1);
  CHECK(other.output.find("0 of 1 volume is open; the unlock is over") != std::string::npos);
  CHECK(other.output.find("this key may say: log, reboot, poweroff, shell\n") != std::string::npos);
  CHECK(boot.says(2, "continue").status == 12);
}

TEST_CASE("a session that comes before the coordinator, or after early boot, waits for it",
          "[.netns]") {
  if (!possible()) return;
  const Stuck boot;
  for (const char* mark : {"/run/latchkey/early/over", "/run/latchkey/early/door"}) {
    fs::remove(boot.root + mark);
    const RunResult waits = boot.says(2, "log", {.timeout = 6s});
    CHECK(waits.status != 0);
    CHECK(waits.output.find("unlocked by") == std::string::npos);
    boot.file(mark, "");
  }
}

TEST_CASE("an answer that breaks off is told as broken off, and not begun anew for ever",
          "[.netns]") {
  if (!possible()) return;
  const Stuck boot;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = boot.root + "/run/latchkey/early/socket";
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  const Fd listener(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
  REQUIRE(::bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  REQUIRE(::listen(listener.get(), 5) == 0);
  const pid_t unlocker = ::fork();
  if (unlocker == 0) {
    while (true) {
      const Fd session(::accept(listener.get(), nullptr, nullptr));
      char hello[512];
      (void)!::recv(session.get(), hello, sizeof hello, 0);
      (void)::send(session.get(), "Sthe oldest line", 16, MSG_NOSIGNAL);
    }
  }
  const RunResult log = boot.says(1, "log", {.timeout = 10s});
  ::kill(unlocker, SIGKILL);
  ::waitpid(unlocker, nullptr, 0);
  INFO(log.output);
  CHECK(log.status == exit_status(Code::io));
  CHECK(log.output.starts_with("the oldest line\n"));
  CHECK(log.output.rfind("the oldest line") == 0);
  CHECK(log.output.find("cannot show the whole answer") != std::string::npos);
}
