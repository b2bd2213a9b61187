// SPDX-License-Identifier: GPL-3.0-or-later
// latchkey-unlock: everything that runs inside the image, one static program.
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <new>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/message.hpp"
#include "core/base/text.hpp"
#include "sys/base/stdio.hpp"
#include "unlock/command.hpp"

namespace {

using namespace latchkey;

constexpr const char* help =
    "usage: latchkey-unlock [--key N] [unlock|status|log|continue|reboot|poweroff|shell]\n"
    "\n"
    "Unlocks the volumes of this machine in early boot. What early ssh runs, whatever\n"
    "the client asks for:\n"
    "  unlock     ask for the passphrase (the default); from a pipe: ssh HOST < file\n"
    "  status     say what waits\n"
    "  log        say what has happened\n"
    "  continue   boot on without the data; unlock later with release-services\n"
    "  reboot, poweroff, shell   where the configuration grants them\n"
    "Parts of early boot, started by its scripts: coordinate, door, farewell, console TTY\n"
    "\n"
    "Exit status: 0 when it is done, of an unlock when all volumes are open; else as in\n"
    "latchkey(8).\n";

int usage(const Error& error) {
  std::fputs(error_text("latchkey-unlock", error).c_str(), stderr);
  return exit_status(Code::usage);
}

std::string environment(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// The address is the first word of SSH_CONNECTION, which Dropbear sets.
std::string ssh_address() {
  const auto words = split(environment("SSH_CONNECTION"), ' ');
  return words.empty() ? "" : words[0];
}

// What ssh clients reach: the key's number from the forced command, and one
// word from the client. Nothing else of what the client says is looked at.
int session(const std::vector<std::string>& arguments) {
  Hello hello;
  hello.address = ssh_address();
  std::string request = environment("SSH_ORIGINAL_COMMAND");
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i] == "--key" && i + 1 < arguments.size())
      hello.key = static_cast<int>(parse_number(arguments[++i], 100000).value_or(0));
    else
      request = arguments[i];
  }
  const auto word = parse_request(request);
  if (!word) return usage(word.error());
  hello.word = *word;
  return client(Paths{}, hello);
}

int dispatch(const std::string& program, std::vector<std::string> arguments) {
  const Paths paths;
  if (program == "dhcp-event") return dhcp_event(paths, arguments.empty() ? "" : arguments[0].c_str());
  // As root's login shell in the image it is called with -c and the forced
  // command as one text. Its words are split at blanks and never evaluated.
  if (arguments.size() == 2 && arguments[0] == "-c") {
    std::vector<std::string> words;
    for (const Field& field : split_fields(arguments[1])) words.push_back(field.text);
    if (words.empty() || words[0] != "latchkey-unlock")
      return usage({Code::usage, "cannot run another command here", "",
                    "only latchkey-unlock is reached over early ssh"});
    words.erase(words.begin());
    return session(words);
  }
  if (arguments.size() == 1 && arguments[0] == "coordinate") return coordinate(paths);
  if (arguments.size() == 1 && arguments[0] == "door") return door(paths);
  if (arguments.size() == 1 && arguments[0] == "farewell") return farewell(paths);
  if (arguments.size() == 2 && arguments[0] == "console") return console(paths, arguments[1].c_str());
  if (arguments.size() == 1 && (arguments[0] == "--help" || arguments[0] == "-h")) {
    std::fputs(help, stdout);
    return 0;
  }
  if (arguments.size() == 1 && arguments[0] == "--version") {
    std::puts("latchkey-unlock " LATCHKEY_VERSION);
    return 0;
  }
  return session(arguments);
}

}  // namespace

int main(int argc, char* argv[]) {
  open_missing_stdio();
  try {
    std::string program = argc > 0 ? argv[0] : "latchkey-unlock";
    program = program.substr(program.rfind('/') + 1);
    return dispatch(program, std::vector<std::string>(argv + (argc > 0 ? 1 : 0), argv + argc));
  } catch (const std::bad_alloc&) {
    std::fputs("latchkey-unlock: error: not enough memory\n", stderr);
    return exit_status(Code::memory);
  } catch (const std::exception& error) {
    // A bug: told, never swallowed; the caller starts us again.
    std::fprintf(stderr, "latchkey-unlock: error: %s\n", error.what());
    return exit_status(Code::io);
  }
}
