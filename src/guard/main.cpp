// SPDX-License-Identifier: GPL-3.0-or-later
// latchkey-guard: keeps what is held from being started or changed while volumes are
// closed. A static program, since systemd, apt and dpkg ask it also in the midst of an
// upgrade, while the libraries that latchkey needs are being replaced or half gone.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string_view>
#include <vector>

#include "core/message.hpp"
#include "core/text.hpp"
#include "guard/command.hpp"

namespace latchkey {
namespace {

struct Question {
  const char* name;
  const char* summary;
  Run (*declare)(CLI::App& app, const Globals& globals);
};

constexpr Question questions[] = {
    {"generator", "for systemd: write the conditions of held units", declare_generator},
    {"may-start", "for init scripts: whether a held one may be started", declare_may_start},
    {"apt-guard", "for apt: refuse packages whose volumes are closed", declare_apt_guard},
    {"dpkg-guard", "for dpkg: the same", declare_dpkg_guard},
};

// systemd calls its generators by a name of their own, with directories only.
bool is_generator(std::string_view program) { return program.ends_with("/latchkey-generator"); }

int answer(int argc, char** argv) {
  Globals globals;
  // For tests only; a privileged program must not follow its caller's environment.
  if (const char* root = ::secure_getenv("LATCHKEY_ROOT"); root != nullptr)
    globals.paths.root = root;
  CLI::App app{"Answers systemd, init scripts, apt and dpkg for Latchkey.", "latchkey-guard"};
  app.add_option("--root", globals.paths.root)->group("");
  app.require_subcommand(1);
  std::vector<std::pair<CLI::App*, Run>> declared;
  for (const Question& question : questions) {
    CLI::App* sub = app.add_subcommand(question.name, question.summary);
    declared.emplace_back(sub, question.declare(*sub, globals));
  }
  std::vector<std::string> words(argv + (argc > 0 ? 1 : 0), argv + argc);
  if (argc > 0 && is_generator(argv[0])) words.insert(words.begin(), "generator");
  // CLI11 wants the words in reverse.
  std::vector<std::string> reversed(words.rbegin(), words.rend());
  try {
    app.parse(reversed);
  } catch (const CLI::ParseError& error) {
    // Its own codes start at 100; --help ends here with 0.
    return app.exit(error) == 0 ? 0 : exit_status(Code::usage);
  }
  for (const auto& [sub, run] : declared)
    if (sub->parsed()) return run();
  return exit_status(Code::usage);
}

}  // namespace
}  // namespace latchkey

int main(int argc, char** argv) {
  // Only a bug or a lack of memory comes here as an exception.
  try {
    return latchkey::answer(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "latchkey-guard: error: this is a bug: %s\n", error.what());
    return latchkey::exit_status(latchkey::Code::io);
  }
}
