// SPDX-License-Identifier: GPL-3.0-or-later
#include "support/machine.hpp"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include "core/base/text.hpp"

namespace latchkey::test {
namespace {

using Clock = std::chrono::steady_clock;
const std::string tool = LATCHKEY_SOURCE_DIR "/tools/vm";

// Beside the logs that tools/test keeps.
std::string kept_log(const std::string& name) {
  return LATCHKEY_SOURCE_DIR "/build/test-logs/" + name + ".serial.log";
}

std::string release() {
  const char* const chosen = std::getenv("LATCHKEY_TEST_RELEASE");
  return chosen == nullptr ? "bookworm" : chosen;
}

}  // namespace

std::string text_of(const std::string& file) {
  std::ostringstream out;
  out << std::ifstream(file).rdbuf();
  return out.str();
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

void wait_until(const std::function<bool()>& ready, const std::string& what,
                std::chrono::seconds deadline) {
  const auto until = Clock::now() + deadline;
  while (!ready()) {
    if (Clock::now() > until) throw std::runtime_error("waited in vain: " + what);
    ::usleep(100'000);  // between two looks at a condition
  }
}

Machine::Machine(const std::string& name, const std::vector<std::string>& options, At at)
    : name_(name) {
  vm({"down", name_});
  std::vector<std::string> up{"up", name_, "--release", release()};
  if (at == At::early) up.emplace_back("--stay-early");
  up.insert(up.end(), options.begin(), options.end());
  vm(up);
  if (at == At::login)
    until("[ ! -d /run/systemd/system ] || systemctl is-system-running --wait | grep -qx running",
          std::chrono::seconds(300));
}

Machine::~Machine() {
  try {
    hang_up();
    const std::string log = console();
    if (std::FILE* const file = std::fopen(kept_log(name_).c_str(), "w")) {
      std::fwrite(log.data(), 1, log.size(), file);
      std::fclose(file);
    }
    vm({"down", name_});
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
  }
}

std::string Machine::vm(const std::vector<std::string>& arguments) {
  std::vector<std::string> argv{tool};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  const Done done = run_program(argv, {}, std::chrono::seconds(1200));
  if (done.status != 0)
    throw std::runtime_error("tools/vm " + join(arguments, " ") + " ended with status " +
                             std::to_string(done.status) + ":\n" + done.output);
  return done.output;
}

Done Machine::early(const std::string& word, std::string_view input) {
  std::vector<std::string> argv{tool, "ssh", name_, "--early"};
  if (!word.empty()) argv.insert(argv.end(), {"--", word});
  return run_program(argv, input);
}

Child Machine::early_with(const std::vector<std::string>& words, const std::string& word) {
  std::vector<std::string> argv{tool, "ssh", name_, "--early"};
  for (const std::string& more : words) argv.push_back("--with=" + more);
  if (!word.empty()) argv.insert(argv.end(), {"--", word});
  return Child(argv);
}

Child Machine::early_terminal(const std::string& word) {
  std::vector<std::string> argv{tool, "ssh", name_, "--early", "--tty"};
  if (!word.empty()) argv.insert(argv.end(), {"--", word});
  return Child(argv);
}

Done Machine::inside(const std::string& line) {
  return run_program({tool, "inside", name_, "--", line});
}

Child Machine::inside_later(const std::string& line) {
  return Child({tool, "inside", name_, "--", line});
}

std::vector<std::string> Machine::login() {
  if (login_.empty()) {
    // A path of its own, since a socket's has room for 107 characters only.
    line_ = (std::filesystem::temp_directory_path() /
             ("latchkey-test-" + std::to_string(::getpid()) + "-" + name_))
                .string();
    const std::string words = vm({"ssh", name_, "--print", "--with=-oControlMaster=auto",
                                  "--with=-oControlPath=" + line_, "--with=-oControlPersist=60"});
    for (const std::string_view word : split_lines(trim(words))) login_.emplace_back(word);
  }
  return login_;
}

void Machine::hang_up() {
  if (::access(line_.c_str(), F_OK) != 0) return;
  (void)run_program(
      {"ssh", "-F", "/dev/null", "-O", "exit", "-o", "ControlPath=" + line_, "guest"});
  std::filesystem::remove(line_);
}

Done Machine::sh(const std::string& command, std::string_view input) {
  std::vector<std::string> argv = login();
  argv.insert(argv.end(), {"--", command});
  // Building images may take minutes where processors are emulated.
  return run_program(argv, input, std::chrono::seconds(900));
}

Child Machine::terminal(const std::string& command) {
  return Child({tool, "ssh", name_, "--tty", "--", command});
}

std::string Machine::must(const std::string& command, std::string_view input) {
  const Done done = sh(command, input);
  if (done.status != 0)
    throw std::runtime_error("'" + command + "' ended with status " + std::to_string(done.status) +
                             ":\n" + done.output);
  return std::string(trim(done.output));
}

std::size_t Machine::count(const std::string& command, const std::string& part) {
  std::size_t count = 0;
  for (const std::string& line : split(must(command), '\n')) count += has(line, part) ? 1 : 0;
  return count;
}

std::vector<std::string> Machine::mappings() {
  std::vector<std::string> names;
  for (const std::string& line : split(must("dmsetup ls"), '\n'))
    if (line.starts_with("cleartext-")) names.push_back(line.substr(0, line.find('\t')));
  std::sort(names.begin(), names.end());
  return names;
}

void Machine::until(const std::string& command, std::chrono::seconds deadline) {
  std::string said;
  try {
    wait_until(
        [&] {
          const Done done = sh(command);
          said = done.output;
          return done.status == 0;
        },
        command, deadline);
  } catch (const std::exception& error) {
    throw std::runtime_error(error.what() + ("; it said: " + said));
  }
}

std::string Machine::console() { return vm({"console", name_}); }

void Machine::type(const std::string& text) { vm({"console", name_, "--type", text}); }

std::size_t Machine::snapshot(const std::string& action, const std::string& tag) {
  return std::stoul(interrupt({"snapshot", name_, action, tag, "--log-size"}));
}

void Machine::save(const std::string& tag) {
  const std::size_t end = snapshot("save", tag);
  saved_[tag] = past_ + console().substr(since_, end - since_);
}

void Machine::load(const std::string& tag) {
  since_ = snapshot("load", tag);
  past_ = saved_.at(tag);
}

int Machine::shown(const std::string& text) {
  const std::string log = past_ + console().substr(since_);
  int seen = 0;
  for (std::size_t at = log.find(text); at != std::string::npos; at = log.find(text, at + 1))
    ++seen;
  return seen;
}

void Machine::until_console(const std::string& text, int count, std::chrono::seconds deadline) {
  wait_until([&] { return shown(text) >= count; }, "the console shows '" + text + "'", deadline);
}

std::string Machine::passphrase() {
  if (passphrase_.empty()) passphrase_ = vm({"passphrase", name_});
  return passphrase_;
}

std::string Machine::wait_up() { return std::string(trim(vm({"wait", name_, "up"}))); }

void Machine::come_up() {
  if (wait_up() != "early") return;
  // A machine that has no data volume yet shows the door and boots on by itself.
  (void)early("", passphrase());
  wait_login();
}

void Machine::unlock_and_boot() {
  const Done done = early("", passphrase());
  if (done.status != 0)
    throw std::runtime_error("the unlock ended with status " + std::to_string(done.status) + ":\n" +
                             done.output);
  wait_login();
}

}  // namespace latchkey::test
