// SPDX-License-Identifier: GPL-3.0-or-later
// `latchkey-guard apt-guard` and `latchkey-guard dpkg-guard`: what apt and dpkg ask before they
// unpack, configure or remove anything (hooks/packages/). While volumes are closed, a package of a
// held unit would write into an empty directory or be left half-configured. Only a
// refusal ends with Code::refused; every fault of ours lets the packages go on.
#include <sys/types.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <memory>

#include "guard/closed_holds.hpp"
#include "latchkey/cli/say.hpp"
#include "sys/base/fd.hpp"
#include "sys/hold/packages.hpp"

namespace latchkey {
namespace {

// apt waits for its reader, so all is read, whatever it is for.
std::string read_stdin() {
  std::string out;
  char bytes[16384];
  while (true) {
    const ssize_t got = ::read(STDIN_FILENO, bytes, sizeof bytes);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return out;
    out.append(bytes, static_cast<std::size_t>(got));
  }
}

// Set by who knows better; the same rights as running apt are needed to do so.
bool allowed_by_environment() {
  const char* value = std::getenv("LATCHKEY_ALLOW_HELD");
  return value != nullptr && std::string_view(value) == "1";
}

std::vector<PackageClaim> refused_claims(const std::vector<PackageChange>& changes,
                                         const Closed& closed) {
  std::vector<PackageClaim> claims;
  if (auto installed = claims_on_installed(closed))
    claims = std::move(*installed);
  else
    report_warning(installed.error());
  std::vector<PackageClaim> refused;
  for (const PackageChange& change : changes) {
    if (claim_on(change, claims) == nullptr && !change.archive.empty())
      if (auto read = claim_by_contents(claims, change, closed); !read)
        report_warning(read.error());
    const PackageClaim* claim = claim_on(change, claims);
    if (claim != nullptr && std::ranges::find(refused, *claim) == refused.end())
      refused.push_back(*claim);
  }
  return refused;
}

int decide(const std::vector<PackageClaim>& refused, bool allowed, PackageTool tool) {
  if (refused.empty()) return 0;
  if (allowed) {
    for (const PackageClaim& claim : refused)
      report_warning({Code::refused, "'" + claim.package + "' is changed while volumes are closed",
                      "that was asked for", "after release-services: dpkg --configure -a"});
    return 0;
  }
  std::fputs(refusal_text(refused, tool).c_str(), stderr);
  return exit_status(Code::refused);
}

int judge(const Globals& globals, const std::vector<PackageChange>& changes, bool allowed,
          PackageTool tool) {
  if (changes.empty()) return 0;
  const Closed closed = find_closed(globals);
  if (closed.empty()) return 0;
  return decide(refused_claims(changes, closed), allowed, tool);
}

std::vector<std::string> unfinished_names() {
  std::vector<std::string> out = unfinished_packages();
  for (std::string& name : out) name = package_name(name);
  return out;
}

// What an interrupted run left unpacked: its scripts would make their data on empty mount points.
// `named` are those that dpkg was told; none of them: all.
int judge_unfinished(const Globals& globals, std::vector<std::string> named) {
  const Closed closed = find_closed(globals);
  if (closed.empty()) return 0;
  const auto claims = claims_on_installed(closed);
  if (!claims) {
    report_warning(claims.error());
    return 0;
  }
  for (std::string& name : named) name = package_name(name);
  const std::vector<std::string> unfinished = unfinished_names();
  const auto among = [](const std::vector<std::string>& names, const std::string& name) {
    return std::ranges::find(names, name) != names.end();
  };
  std::vector<PackageClaim> refused;
  for (const PackageClaim& claim : *claims)
    if (among(unfinished, claim.package) && (named.empty() || among(named, claim.package)))
      refused.push_back(claim);
  return decide(refused, allowed_by_environment(), PackageTool::dpkg);
}

// Written anew before each run, so that nothing of it can grow old.
int keep_back(const Globals& globals) {
  const Closed closed = find_closed(globals);
  Result<std::vector<PackageClaim>> claims = std::vector<PackageClaim>{};
  if (!closed.empty()) claims = claims_on_installed(closed);
  if (!claims) return report_error(claims.error());
  if (auto made = make_directories(globals.paths.run(), 0755); !made)
    return report_error(made.error());
  const std::vector<std::string> unfinished =
      claims->empty() ? std::vector<std::string>{} : unfinished_names();
  const auto written =
      write_file(globals.paths.run("apt.conf"), kept_back_text(*claims, unfinished), 0644);
  return written ? 0 : report_error(written.error());
}

int guard_dpkg(const Globals& globals, const std::string& pid) {
  // apt has asked already, and what it was allowed is allowed.
  if (std::getenv("DPKG_FRONTEND_LOCKED") != nullptr) return 0;
  const char* word = std::getenv("DPKG_HOOK_ACTION");
  const std::string_view action = word == nullptr ? "" : word;
  const bool removal = action == "remove" || action == "purge";
  if (action == "configure") {
    const auto call = call_of_dpkg(pid);
    return call && !call->elsewhere ? judge_unfinished(globals, call->operands) : 0;
  }
  if (!removal && action != "install" && action != "unpack") return 0;
  return judge(globals, changes_of_dpkg(pid, removal), allowed_by_environment(), PackageTool::dpkg);
}

}  // namespace

Run declare_apt_guard(CLI::App& app, const Globals& globals) {
  const auto before = std::make_shared<bool>(false);
  app.add_flag("--keep-back", *before, "write what unattended-upgrades is to leave alone");
  return [before, &globals] {
    if (*before) return keep_back(globals);
    const AptRun run = parse_apt_run(read_stdin());
    return judge(globals, run.changes, run.allowed || allowed_by_environment(), PackageTool::apt);
  };
}

Run declare_dpkg_guard(CLI::App& app, const Globals& globals) {
  const auto pid = std::make_shared<unsigned>();
  app.add_option("pid", *pid, "the process of dpkg")->required();
  return [pid, &globals] { return guard_dpkg(globals, std::to_string(*pid)); };
}

}  // namespace latchkey
