// SPDX-License-Identifier: GPL-3.0-or-later
#include "latchkey/setup/init_keys.hpp"

#include <pwd.h>
#include <unistd.h>

#include <utility>
#include <vector>

#include "core/base/text.hpp"
#include "core/ssh/authorized_keys.hpp"
#include "latchkey/cli/asker.hpp"
#include "latchkey/cli/terminal.hpp"
#include "sys/base/digest.hpp"
#include "sys/base/fd.hpp"
#include "sys/base/untrusted_file.hpp"
#include "sys/unlock/person.hpp"

namespace latchkey {
namespace {

constexpr const char* name_a_file =
    "name a file with the public keys of those who may unlock, one a line: --authorized-keys FILE";

// The text of a file of which every line counts.
Result<std::string> judged(const std::string& file) {
  const auto text = read_file(file);
  if (!text) return text;
  const AuthorizedKeys parsed = parse_authorized_keys(*text, file);
  for (const Error& error : parsed.errors) (void)report_error(error);
  if (!parsed.errors.empty())
    return Error{Code::config, "'" + file + "' cannot be used as it is",
                 "early boot cannot honour the lines above",
                 "correct them or take them out; nothing was made"};
  if (parsed.keys.empty())
    return Error{Code::config, "nobody could unlock", "'" + file + "' holds no key",
                 "put public keys into it, one a line, as from ~/.ssh/id_ed25519.pub"};
  return text;
}

struct OwnKeys {
  std::string text{};  // the usable lines as they are
  std::vector<AuthorizedKey> keys{};
};

OwnKeys own_keys(const char* user) {
  OwnKeys out;
  const passwd* const entry = ::getpwnam(user);
  if (entry == nullptr || entry->pw_dir == nullptr) return out;
  constexpr const char* name = ".ssh/authorized_keys";
  const std::string file = std::string(entry->pw_dir) + "/" + name;
  const auto text = read_foreign_file(entry->pw_dir, name);
  if (!text) {
    Error left_out = text.error();
    if (left_out.hint.empty()) left_out.hint = name_a_file;
    if (left_out.code != Code::missing) report_warning(left_out);
    return out;
  }
  const AuthorizedKeys parsed = parse_authorized_keys(*text, file);
  // It was not written for early boot: what that cannot honour stays out.
  for (const Error& error : parsed.errors) {
    Error left_out = error;
    left_out.hint = "this key is left out";
    report_warning(left_out);
  }
  const auto lines = split_lines(*text);
  for (const AuthorizedKey& key : parsed.keys) {
    if (key.line == 0 || key.line > lines.size()) continue;
    out.text += std::string(lines[key.line - 1]) + "\n";
    out.keys.push_back(key);
  }
  if (!out.text.empty()) out.text = "# from " + file + "\n" + out.text;
  return out;
}

Result<std::string> ask_for_own() {
  OwnKeys all;
  const std::vector<std::string> users = accounts_here();
  std::string list = "these ssh keys log in to this machine now:\n";
  for (const std::string& user : users) {
    const OwnKeys own = own_keys(user.c_str());
    all.text += own.text;
    all.keys.insert(all.keys.end(), own.keys.begin(), own.keys.end());
    for (const AuthorizedKey& key : own.keys)
      list += "  " + (key.comment.empty() ? "(no comment)" : key.comment) + "  " +
              fingerprint_text(sha256(key.blob)) + "  (" + printable(user) + "'s)\n";
    // Whoever logged in as this one may have no other key than those of somebody else's list.
    if (own.keys.empty() && user == users.front())
      list += "  none of '" + printable(user) + "', who is logged in here\n";
  }
  if (all.keys.empty())
    return Error{
        Code::usage, "nobody could unlock",
        "there is no usable key in ~/.ssh/authorized_keys of '" + join(users, "' or '") + "'",
        name_a_file};
  (void)write_all(STDERR_FILENO, list);
  const std::string answer = Asker().question("may all of them unlock it in early boot? [y/n] ");
  if (answer == "y" || answer == "Y" || answer == "yes")
    return "# Who may unlock this machine in early boot, one key a line.\n" + all.text;
  return Error{Code::refused, "nothing was made", "these keys are not wanted", name_a_file};
}

}  // namespace

WhoMayUnlock::WhoMayUnlock(const Globals& globals, std::string file, std::string known)
    : globals_(globals), file_(std::move(file)), text_(file_.empty() ? std::move(known) : "") {}

Result<> WhoMayUnlock::find() {
  if (!text_.empty()) return Ok{};
  const std::string place = globals_.paths.etc("authorized_keys");
  if (file_.empty() && ::access(place.c_str(), F_OK) != 0) {
    if (::isatty(STDIN_FILENO) != 0) return Ok{};
    return Error{Code::usage, "who may unlock?", "no public keys were named", name_a_file};
  }
  auto text = judged(file_.empty() ? place : file_);
  if (!text) return text.error();
  const auto there = read_file(place);
  if (!file_.empty() && there && *there != *text)
    return Error{Code::refused, "'" + place + "' is there already and is not overwritten",
                 "'" + printable(file_) + "' says something else",
                 "edit it, and leave --authorized-keys out"};
  text_ = std::move(*text);
  return Ok{};
}

Result<> WhoMayUnlock::ask() {
  if (!text_.empty()) return Ok{};
  auto own = ask_for_own();
  if (!own) return own.error();
  text_ = std::move(*own);
  return Ok{};
}

}  // namespace latchkey
