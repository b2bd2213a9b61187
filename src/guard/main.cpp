// SPDX-License-Identifier: GPL-3.0-or-later
// latchkey-guard: keeps what is held from being started or changed while volumes are
// closed. A static program, since systemd, apt and dpkg ask it also in the midst of an
// upgrade, while the libraries that latchkey needs are being replaced or half gone.
#include <CLI/CLI.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "guard/command.hpp"
#include "sys/base/stdio.hpp"

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
  CLI::App app{"Answers systemd, init scripts, apt and dpkg for Latchkey.", "latchkey-guard"};
  declare_root(app, globals);
  app.require_subcommand(1);
  std::vector<std::pair<CLI::App*, Run>> declared;
  for (const Question& question : questions) {
    CLI::App* sub = app.add_subcommand(question.name, question.summary);
    declared.emplace_back(sub, question.declare(*sub, globals));
  }
  std::vector<std::string> words(argv + (argc > 0 ? 1 : 0), argv + argc);
  if (argc > 0 && is_generator(argv[0])) words.insert(words.begin(), "generator");
  if (const auto ended = parse_words(app, words)) return *ended;
  for (const auto& [sub, run] : declared)
    if (sub->parsed()) return run();
  return exit_status(Code::usage);
}

}  // namespace
}  // namespace latchkey

int main(int argc, char** argv) {
  latchkey::open_missing_stdio();
  return latchkey::run_main("latchkey-guard", [&] { return latchkey::answer(argc, argv); });
}
