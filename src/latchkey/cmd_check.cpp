// SPDX-License-Identifier: GPL-3.0-or-later
// latchkey check: everything that would lock its owner out at the next boot.
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>

#include "core/base/lists.hpp"
#include "core/base/message.hpp"
#include "latchkey/check/check.hpp"
#include "latchkey/cli/admin.hpp"
#include "latchkey/cli/command.hpp"
#include "latchkey/cli/summary.hpp"
#include "latchkey/cli/terminal.hpp"
#include "sys/base/secret.hpp"
#include "sys/storage/disk_health.hpp"
#include "sys/storage/lvm.hpp"

namespace latchkey {
namespace {

using Level = Finding::Level;

struct Options {
  std::string image;
  bool json = false;
  bool with_keys = false;
  std::shared_ptr<std::optional<int>> descriptor{};
};

long count(const Findings& findings, Level level) {
  return std::ranges::count(findings, level, &Finding::level);
}

void print_text(const Findings& findings, const Globals& globals) {
  for (const Finding& finding : findings) {
    if (finding.level == Level::ok && !globals.verbose) continue;
    std::printf("%s: %s\n", level_word(finding.level), sentence(finding.text).c_str());
    if (!finding.text.hint.empty()) std::printf("  hint: %s\n", finding.text.hint.c_str());
  }
  const long errors = count(findings, Level::error);
  const long warnings = count(findings, Level::warning);
  if (!globals.quiet)
    std::printf("%ld %s, %ld %s\n", errors, errors == 1 ? "error" : "errors", warnings,
                warnings == 1 ? "warning" : "warnings");
}

void print_json(const Findings& findings) {
  const nlohmann::json all{{"ok", count(findings, Level::error) == 0},
                           {"findings", findings_json(findings)}};
  std::puts(all.dump(2, ' ', false, nlohmann::json::error_handler_t::replace).c_str());
}

Findings find_all(const Paths& paths, const std::string& image, const std::string& keys_type) {
  EarlyInputs inputs = read_early_inputs(paths);
  inputs.keys_type = keys_type;
  if (!inputs.configured)
    return {bad({Code::config, "Latchkey is not configured",
                 "there is no '" + paths.etc("latchkey.conf") + "'", "run: latchkey init VG"})};
  if (!image.empty()) return check_image(paths, inputs, image);
  std::optional<WokenLv> woken;  // the keys volume's LV rests while nobody unlocks
  if (inputs.config && paths.root.empty()) woken.emplace(inputs.config->keys.device);
  Findings all;
  const auto add = [&](const Findings& part) { all.insert(all.end(), part.begin(), part.end()); };
  if (auto unmounted = unmounted_boot(paths)) all.push_back(bad(std::move(*unmounted)));
  for (const auto& part : {check_inputs, check_network, check_devices, check_slots})
    add(part(paths, inputs));
  const auto setup = load_setup(paths);
  const auto silent =
      setup && paths.root.empty() ? silent_volumes(setup->volumes) : std::vector<std::string>{};
  if (silent.empty()) {
    for (const auto& part : {check_fstab, check_mount_points, check_logins, check_cron})
      add(part(paths, inputs));
    if (setup)
      for (const auto& part : {check_holds, check_unheld}) add(part(paths, *setup));
  } else {
    all.push_back(doubtful(
        {Code::timeout, "logins, fstab, cron and services are not looked at",
         "files of theirs may lie on " + quoted_list(silent) + ", whose disk gives no answer",
         "see: dmesg; run this again once it does"}));
  }
  add(check_surroundings(paths, inputs));
  for (const auto& part : {check_hooks, check_restarts, check_bundled}) add(part(paths));
  for (const auto& part : {check_traces, check_images, check_drivers}) add(part(paths, inputs));
  for (const auto& part : {check_boot_menu, check_boot_copies}) add(part(paths));
  add(check_passphrases(paths, inputs));
  return all;
}

struct TriedKeys {
  Findings found{};
  std::string type{};  // of the keys volume's file system
};

// Empty for the usual ones, whose driver every image has.
std::string keys_type(const OpenKeys& keys) {
  struct statfs info {};
  if (::fstatfs(keys.directory(), &info) != 0) return {};
  if (info.f_type == XFS_SUPER_MAGIC) return "xfs";
  return info.f_type == BTRFS_SUPER_MAGIC ? "btrfs" : "";
}

// Before anything else, so that a person who types a wrong passphrase need not wait.
Result<TriedKeys> try_keys(const Globals& globals, std::optional<int> descriptor) {
  protect_process();
  const auto setup = load_setup(globals.paths);
  if (!setup) return setup.error();
  Asker asker(descriptor);
  auto session = KeysSession::open(globals, *setup, asker, KeysAccess::read);
  if (!session) return session.error();
  TriedKeys out{check_keys(*setup, session->keys()), keys_type(session->keys())};
  if (auto closed = session->close(); !closed) out.found.push_back(bad(closed.error()));
  return out;
}

int check(const Globals& globals, const Options& options) {
  // Host keys and images can be read by root only; half an answer would mislead.
  if (::geteuid() != 0)
    return report_error({Code::refused, "cannot check",
                         "only root can read the host keys and the images", "run it as root"});
  ::umask(077);
  TriedKeys of_keys;
  if (options.with_keys) {
    auto tried = try_keys(globals, *options.descriptor);
    if (!tried) return report_error(tried.error());
    of_keys = std::move(*tried);
  }
  Findings findings = find_all(globals.paths, options.image, of_keys.type);
  findings.insert(findings.end(), of_keys.found.begin(), of_keys.found.end());
  if (options.json)
    print_json(findings);
  else
    print_text(findings, globals);
  return count(findings, Level::error) == 0 ? 0 : exit_status(Code::partial);
}

}  // namespace

void tell_as_warnings(const Findings& findings) {
  for (const Finding& finding : findings)
    if (finding.level != Finding::Level::ok) report_warning(finding.text);
}

Run declare_check(CLI::App& app, const Globals& globals) {
  const auto options = std::make_shared<Options>();
  auto* image = app.add_option("--image", options->image, "look at this image only");
  app.add_flag("--with-keys", options->with_keys,
               "open the keys volume and try every volume's key; asks for the passphrase")
      ->excludes(image);
  options->descriptor = declare_passphrase_fd(app);
  app.add_flag("--json", options->json, "print the findings as JSON");
  return [options, &globals] { return check(globals, *options); };
}

}  // namespace latchkey
