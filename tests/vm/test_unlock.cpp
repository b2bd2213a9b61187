// SPDX-License-Identifier: GPL-3.0-or-later
// Unlocking in early boot: every form of an answer, every prompt, every kill.
#include <cstdio>
#include <nlohmann/json.hpp>
#include <thread>

#include "core/base/result.hpp"
#include "core/unlock/seats.hpp"
#include "support/catch.hpp"
#include "support/guests.hpp"
#include "vm/early_left.hpp"

using namespace latchkey;
using namespace latchkey::test;
using namespace std::chrono_literals;

namespace {

void check_all_mounted(Machine& m) {
  m.until("systemctl is-active --quiet latchkey-release");
  for (const std::string volume : {"a", "b", "c", "d"})
    CHECK(m.must("cat /srv/" + volume + "/marker") == volume);
  CHECK(m.count("dmsetup ls", "cleartext-keys") == 0);
}

// Pulls the cable out; it is in again afterwards, for other stories too.
class NoCable {
 public:
  explicit NoCable(Machine& m) : m_(m) { m_.monitor("set_link nic0 off"); }
  NoCable(const NoCable&) = delete;
  NoCable& operator=(const NoCable&) = delete;
  ~NoCable() {
    try {
      m_.monitor("set_link nic0 on");
    } catch (const std::exception& error) {
      std::fprintf(stderr, "%s\n", error.what());
    }
  }

 private:
  Machine& m_;
};

// What a look at the console may take by itself, a program beside guests that keep all
// processors busy: it is not the unlocker's time.
constexpr auto looking = 3s;

// From the first process of a boot that begins now to the prompt on the console.
std::chrono::duration<double> time_to_prompt(Machine& m) {
  const std::string begins = "Run /init as init process";
  const std::string prompt = "passphrase of the keys volume";
  const int boots = m.shown(begins);
  m.reset();
  m.until_console(begins, boots + 1, 240s);  // not measured, and slow beside other guests
  const auto began = std::chrono::steady_clock::now();
  // Counted from here: the boot before may have drawn its prompt anew until the reset.
  const int prompts = m.shown(prompt);
  m.until_console(prompt, prompts + 1);
  return std::chrono::steady_clock::now() - began;
}

// From the unlock to the first process of the real system, by the guest's own clock.
double seconds_to_real_init(Machine& m) {
  const auto report = nlohmann::json::parse(m.must("cat /run/latchkey/boot.json"));
  return std::stod(m.must("systemctl show -P UserspaceTimestampMonotonic")) / 1e6 -
         report["uptime"].get<double>();
}

}  // namespace

TEST_CASE("case 22: a piped passphrase unlocks with and without an end of line") {
  Machine& m = guests().plain();
  for (const char* end : {"", "\n", "\r\n"}) {
    m.load("early");
    const Done done = m.early("", m.passphrase() + end);
    INFO(done.output);
    CHECK(done.status == 0);
    CHECK(has(done.output, "all 4 volumes are open; the boot goes on"));
  }
  m.wait_login();
  check_all_mounted(m);
}

TEST_CASE("case 22, 23: a passphrase typed on a terminal is not echoed, and the status is true",
          "[main]") {
  Machine& m = guests().plain();
  m.load("early");
  Child typed = m.early_terminal();
  typed.expect("passphrase of the keys volume");
  typed.write("wrong one\n");
  typed.expect("wrong passphrase");
  typed.expect("passphrase of the keys volume");
  typed.write(m.passphrase() + "\n");
  typed.expect("the boot goes on");
  CHECK(typed.wait() == 0);
  CHECK_FALSE(has(typed.output(), m.passphrase()));
  CHECK_FALSE(has(typed.output(), "wrong one"));
}

TEST_CASE("case 22: a passphrase that is piped into a terminal is not shown either") {
  Machine& m = guests().plain();
  m.load("early");
  // As `ssh -tt host < file`: it is there before any program of the guest has the terminal.
  Child piped = m.early_terminal();
  piped.write(m.passphrase() + "\n");
  piped.expect("the boot goes on");
  CHECK(piped.wait() == 0);
  CHECK_FALSE(has(piped.output(), m.passphrase()));
}

TEST_CASE("case 24: one answer ends two ssh sessions and the console, within two seconds",
          "[main]") {
  Machine& m = guests().plain();
  m.load("early");
  m.until_console("passphrase of the keys volume");
  Child first = m.early_terminal();
  Child second = m.early_terminal();
  first.expect("passphrase of the keys volume");
  second.expect("passphrase of the keys volume");
  first.write(m.passphrase() + "\n");
  first.expect("the boot goes on");
  const auto told = std::chrono::steady_clock::now();
  second.expect("unlocked by");
  CHECK(second.wait(10s) == 0);
  CHECK(std::chrono::steady_clock::now() - told < 2s);
  CHECK(first.wait(10s) == 0);
  m.until_console("unlocked by", 1, 10s);
  CHECK(std::chrono::steady_clock::now() - told < 2s + looking);
  m.wait_login();  // nobody has to press a key at the console
}

TEST_CASE("case 24: an answer at the console ends the ssh session") {
  Machine& m = guests().plain();
  m.load("early");
  Child session = m.early_terminal();
  session.expect("passphrase of the keys volume");
  m.type(m.passphrase() + "\\n");
  m.until_console("unlocked by the console");
  const auto told = std::chrono::steady_clock::now();
  session.expect("unlocked by the console", 10s);
  CHECK(session.wait(10s) == 0);
  CHECK(std::chrono::steady_clock::now() - told < 2s);
  m.wait_login();
  CHECK_FALSE(has(m.console(), m.passphrase()));
}

TEST_CASE("case 27: ten wrong answers, console and ssh in turn, and the right one still boots") {
  Machine& m = guests().plain();
  m.load("early");
  Child session = m.early_terminal();
  session.expect("passphrase of the keys volume");
  for (int i = 0; i < 5; ++i) {
    session.write("nonsense\n");
    session.expect("wrong passphrase");
    session.expect("passphrase of the keys volume");
    m.type("nonsense\\n");
  }
  m.until_console("wrong passphrase", 5, 180s);
  session.write(m.passphrase() + "\n");
  session.expect("the boot goes on", 120s);
  CHECK(session.wait(10s) == 0);
  m.wait_login();
}

TEST_CASE("Must 7: sessions that never end and wrong answers keep nobody from the console") {
  Machine& m = guests().plain();
  m.load("early");
  std::vector<Child> sessions;
  for (std::size_t i = 0; i < most_sessions_of_a_key + 1; ++i) {
    sessions.push_back(m.early_terminal());
    sessions.back().expect("passphrase of the keys volume");
  }
  sessions[0].expect("this session is over");
  CHECK(sessions[0].wait(10s) == exit_status(Code::busy));
  // Typed before, so that only its end has to come in time.
  m.type(m.passphrase());
  for (std::size_t i = 1; i <= 5; ++i) sessions[i].write("nonsense\nnonsense\nnonsense\n");
  sessions[1].expect("wrong passphrase");
  m.type("\\n");
  // Each wrong answer before it takes a derivation of the key.
  m.until_console("unlocked by the console", 1, 180s);
  CHECK(sessions.back().wait(10s) == 0);
  m.wait_login();
  // Fifteen came before the console's: it has its turn among them, not behind them. How many
  // are tried until its line end has been typed is a matter of the machine that types.
  const std::string wrong = m.must("grep -c 'a wrong passphrase from' /run/latchkey/early.log");
  CHECK(std::stoi(wrong) <= 9);
}

TEST_CASE("a session that is dropped in the middle stops nothing") {
  Machine& m = guests().plain();
  m.load("early");
  {
    Child session = m.early_terminal();
    session.expect("passphrase of the keys volume");
    session.write(m.passphrase() + "\n");
    session.expect("trying the passphrase");
  }  // the client is killed here
  m.wait_login();
  check_all_mounted(m);
}

TEST_CASE("case 28: after half an hour of silence the console and an open session still ask",
          "[.slow]") {
  Machine& m = guests().plain();
  m.load("early");
  Child session = m.early_terminal();
  session.expect("passphrase of the keys volume");
  // The silence is what is tested: there is nothing to wait for meanwhile.
  std::this_thread::sleep_for(31min);
  m.type("nonsense\\n");
  m.until_console("wrong passphrase");
  session.write(m.passphrase() + "\n");
  session.expect("the boot goes on", 120s);
  m.wait_login();
  check_all_mounted(m);
}

TEST_CASE("case 60: early ssh reaches the unlocker and nothing else", "[main]") {
  Machine& m = guests().plain();
  m.load("early");
  for (const char* command :
       {"id", "sh", "sh -c id", "/bin/sh", "unlock; id", "$(id)", "/usr/lib/openssh/sftp-server",
        "scp -t /", "coordinate", "farewell"}) {
    INFO(command);
    const Done done = m.early(command);
    INFO(done.output);
    CHECK(done.status == exit_status(Code::usage));
    CHECK_FALSE(has(done.output, "uid="));
  }
  for (const char* word : {"reboot", "poweroff", "shell"}) {
    const Done done = m.early(word);
    INFO(done.output);
    CHECK(done.status == exit_status(Code::refused));
    CHECK(has(done.output, "not granted"));
  }
  const Done status = m.early("status");
  INFO(status.output);
  CHECK(status.status == exit_status(Code::partial));
  CHECK(has(status.output, "0 of 4 volumes are open"));
  CHECK(m.early("log").status == 0);
  const Done empty = m.early("", "");
  CHECK(empty.status == exit_status(Code::usage));
}

TEST_CASE("promise 5: a volume whose disk space is gone costs only itself", "[.slow]") {
  Machine& m = guests().plain();
  m.load("early");
  m.unlock_and_boot();
  check_all_mounted(m);
  m.must("latchkey lock && lvremove -qy system/encrypted-b");
  m.reboot();
  m.wait_early();
  const Done done = m.early("", m.passphrase());
  INFO(done.output);
  CHECK(done.status == exit_status(Code::partial));
  CHECK(has(done.output, "'a' is open"));
  CHECK(has(done.output, "system/encrypted-b did not appear"));
  CHECK(has(done.output, "3 of 4 volumes are open"));
  m.wait_login();
  m.until("mountpoint -q /srv/a && mountpoint -q /srv/c && mountpoint -q /srv/d");
  CHECK(m.sh("mountpoint -q /srv/b").status != 0);
  CHECK(m.sh("latchkey status").status == 1);
}

TEST_CASE("an early boot that never came to its end keeps neither sshd's port nor its address",
          "[.slow]") {
  Machine m("test-left", {"--volumes", "a", "--memory", "768", "--script", no_farewell});
  m.wait_early();
  m.unlock_and_boot();
  INFO(m.must("journalctl -b --no-pager -o short-monotonic -u latchkey-farewell"));
  CHECK(has(m.must("journalctl -b --no-pager -o cat"), "Finished latchkey-farewell.service"));
  check_nothing_left(m, "systemd");
  m.must("systemctl is-active --quiet ssh || systemctl is-active --quiet ssh.socket");
  CHECK(m.must("systemctl show -p Result --value latchkey-farewell") == "success");
  // Nothing that is started later runs it again, which would take the real network down:
  // neither after this, nor when it failed.
  m.must("systemctl is-active --quiet latchkey-farewell");
  m.must(
      "systemctl stop latchkey-farewell && mkdir -p /run/latchkey/early"
      " /run/systemd/system/latchkey-farewell.service.d &&"
      " printf '[Service]\\nExecStart=\\nExecStart=/bin/false\\n'"
      " >/run/systemd/system/latchkey-farewell.service.d/fails.conf &&"
      " systemctl daemon-reload && ! systemctl start latchkey-farewell");
  CHECK(m.sh("test -e /run/latchkey/early").status == 1);
}

// Each beside the same with a cable, since emulated processors take their own time.
TEST_CASE("case 2: without a cable the console asks as soon, and the boot goes on as soon",
          "[.slow]") {
  Machine& m = guests().plain();
  m.load("early");
  m.unlock_and_boot();
  const double to_init = seconds_to_real_init(m);
  const auto to_prompt = time_to_prompt(m);
  m.wait_early();
  // As it is, and with an ip= that initramfs-tools itself would wait for, for minutes.
  for (const bool by_option : {false, true}) {
    INFO("ip=dhcp: " << by_option);
    if (by_option) {
      m.must("sed -i 's/\\$vm_cmdline/& ip=dhcp/' /boot/grub/grub.cfg && sync");
      m.reset();
      m.wait_early();
    }
    {
      const NoCable pulled(m);
      CHECK(time_to_prompt(m).count() < to_prompt.count() + 10);
      const int unlocked = m.shown("unlocked by the console");
      const int logins = m.shown("guest login:");
      m.type(m.passphrase() + "\\n");
      m.until_console("unlocked by the console", unlocked + 1, 120s);
      m.until_console("guest login:", logins + 1, 240s);
    }
    m.wait_login();
    CHECK((m.must("cat /proc/cmdline").find(" ip=dhcp") != std::string::npos) == by_option);
    check_all_mounted(m);
    CHECK(seconds_to_real_init(m) < to_init + 5);
  }
}
