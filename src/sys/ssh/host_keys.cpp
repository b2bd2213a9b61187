// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/ssh/host_keys.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <utility>

#include "core/base/shell_word.hpp"
#include "core/base/text.hpp"
#include "core/ssh/host_key_choice.hpp"
#include "core/ssh/ssh_key.hpp"
#include "sys/base/fd.hpp"
#include "sys/process/process.hpp"

namespace latchkey {
namespace {

namespace fs = std::filesystem;

constexpr const char* suffix = ".dropbear";
// In the place of the id, beside keys that were made before there was one.
const std::string no_id = "none";

std::string directory(const Paths& paths) { return paths.etc("hostkeys"); }
std::string program(const Paths& paths) { return paths.root + "/usr/lib/latchkey/dropbearkey"; }

std::vector<std::string> key_files(const Paths& paths) {
  std::vector<std::string> out;
  std::error_code failed;
  for (fs::directory_iterator at(directory(paths), failed), end; !failed && at != end;
       at.increment(failed)) {
    const std::string name = at->path().filename();
    if (name.ends_with(suffix)) out.push_back(name);
  }
  // The same order in every image and every message.
  std::ranges::sort(out);
  return out;
}

// Made under another name and then linked: whoever made the same key at the same
// time, and a power cut, leave one whole key.
Result<> make_key(const Paths& paths, const std::string& type) {
  const std::string final = directory(paths) + "/" + type + suffix;
  const std::string draft = final + ".new-" + std::to_string(::getpid());
  const std::string what = "cannot make the host key '" + final + "'";
  ::unlink(draft.c_str());
  const auto made = run_ok({program(paths), "-t", type, "-f", draft}, what,
                           {.timeout = std::chrono::seconds(120)});
  if (!made) return made.error();
  const int linked = ::link(draft.c_str(), final.c_str());
  const int error = errno;
  ::unlink(draft.c_str());
  if (linked != 0 && error != EEXIST) return system_error(error, what);
  return Ok{};
}

// This machine's id; empty when it has none yet (a tree that is still being built).
std::string machine_id(const Paths& paths) {
  const auto text = read_file(paths.root + "/etc/machine-id");
  const std::string id = text ? std::string(trim(*text)) : std::string();
  const bool good = id.size() == 32 && std::ranges::all_of(id, [](char c) {
                      return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
                    });
  return good ? id : std::string();
}

// Without a reason: such a key is used all the same, so that nobody is locked out.
std::optional<Error> wrong_mode(const std::string& path) {
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0) return {};
  if (!S_ISREG(info.st_mode))
    return Error{Code::refused, "the host key '" + path + "' is not used", "it is no regular file",
                 "remove it, then run: update-initramfs -u -k all"};
  if (info.st_uid != 0)
    return Error{Code::refused,
                 "the host key '" + path + "' belongs to user " + std::to_string(info.st_uid) +
                     ", who can pretend to be this machine's early boot",
                 "", "run: chown root: " + path + "; chmod 600 " + path};
  if ((info.st_mode & 077U) == 0) return {};
  return Error{Code::refused, "the host key '" + path + "' can be read by others than root", "",
               "run: chmod 600 " + path};
}

// How a file becomes a host key. Under the name of its kind, in place of the one that is there:
// of two of a kind one would lie unused.
std::string way_in(const Paths& paths, const std::string& file) {
  const auto own_form = public_line(paths, file);
  const std::string kind =
      own_form ? host_key_name(own_form->substr(0, own_form->find(' '))) : named_key_kind(file);
  const std::string target =
      shell_word(printable(directory(paths)) + "/" + (kind.empty() ? "KIND" : kind) + suffix);
  const std::string shown = shell_word(printable(file));
  const std::string last = kind.empty() ? "; KIND is ed25519, ecdsa or rsa" : "";
  const std::string commands = own_form
                                   ? "mv " + shown + " " + target
                                   : "apt install dropbear-bin; dropbearconvert openssh dropbear " +
                                         shown + " " + target + "; rm " + shown;
  return "remove it, or, to have it as " + (kind.empty() ? "the" : "the " + kind) +
         " host key, run: " + commands + "; then: update-initramfs -u -k all" + last;
}

// What lies beside the keys and is none to Dropbear; drafts of our own are left alone.
std::vector<Error> other_files(const Paths& paths) {
  std::vector<Error> out;
  const std::string place = directory(paths) + "/";
  for (const std::string& name : names_in(directory(paths))) {
    if (name.ends_with(suffix) || name.ends_with(".pub") || name == "machine-id" ||
        name.find(".new-") != std::string::npos)
      continue;
    out.push_back({Code::config, "'" + printable(place + name) + "' is no host key of early boot",
                   std::string("only files that end in ") + suffix + " are, in Dropbear's own form",
                   way_in(paths, place + name)});
  }
  return out;
}

// Dropbear ends where it is given two of a kind, or more than it has place for.
void leave_out(const Paths& paths, HostKeys& out) {
  std::vector<HostKeyKind> kinds;
  for (const HostKey& key : out.keys)
    kinds.push_back({key.file, key.public_line.substr(0, key.public_line.find(' '))});
  const HostKeyChoice choice = choose_host_keys(std::move(kinds));
  for (const LeftHostKey& left : choice.left) {
    std::erase_if(out.keys, [&](const HostKey& key) { return key.file == left.file; });
    const std::string why =
        left.rival.empty()
            ? "early boot has " + std::to_string(most_host_keys) + " host keys at most"
            : "early boot has one host key of each kind, and '" + printable(left.rival) +
                  "' is one of this kind already";
    out.warnings.push_back(
        {Code::config,
         "the host key '" + printable(directory(paths) + "/" + left.file) + "' is not used", why,
         left.rival.empty() ? "remove one of them, then run: update-initramfs -u -k all"
                            : "remove the one that clients do not know, then run: "
                              "update-initramfs -u -k all"});
  }
}

// Keys of which another machine has the same, or may have.
std::optional<Error> of_another_machine(const Paths& paths) {
  const std::string place = directory(paths);
  const auto remembered = read_file(place + "/machine-id");
  const std::string id = machine_id(paths);
  if (!remembered || id.empty() || trim(*remembered) == id) return {};
  if (trim(*remembered) == no_id)
    return Error{Code::refused, "other machines may have the same host keys of early boot",
                 "they were made before this machine had an id of its own: every machine that was "
                 "made of the same image has them",
                 "remove '" + place +
                     "', then run: update-initramfs -u -k all; where this is the only such "
                     "machine, remove '" +
                     place + "/machine-id' instead"};
  return Error{Code::refused, "the host keys of early boot were made on another machine",
               "this one is a clone of it: both have the same host keys and the same volume keys",
               "remove '" + place +
                   "', then run: latchkey rekey; whoever has the other machine's headers and keys "
                   "can open these volumes until they are encrypted anew (cryptsetup reencrypt)"};
}

bool has_line(const std::string& pub, const std::string& line) {
  const auto text = read_file(pub);
  return text && text->starts_with(line) &&
         (text->size() == line.size() || (*text)[line.size()] == ' ' ||
          (*text)[line.size()] == '\n');
}

}  // namespace

Result<std::string> public_line(const Paths& paths, const std::string& file) {
  const auto said =
      run_ok({program(paths), "-y", "-f", file}, "cannot read the host key '" + file + "'",
             {.timeout = std::chrono::seconds(20)});
  if (!said) return said.error();
  for (const std::string_view line : split_lines(*said)) {
    const std::vector<std::string> words = split(line, ' ');
    if (words.size() >= 2 && supported_key_type(words[0])) return words[0] + " " + words[1];
  }
  return Error{Code::damaged, "cannot read the host key '" + file + "'",
               "dropbearkey shows no public key for it", ""};
}

Result<> make_host_keys(const Paths& paths) {
  const std::string place = directory(paths);
  if (auto made = make_directories(paths.etc(), 0755); !made) return made.error();
  if (::mkdir(place.c_str(), 0700) != 0 && errno != EEXIST)
    return system_error(errno, "cannot create the directory '" + place + "'");
  const std::string id = machine_id(paths);
  const std::string remembered = place + "/machine-id";
  if (key_files(paths).empty()) {
    // First of all: keys without it would pass for those of whoever builds an image next.
    if (auto noted = write_file(remembered, (id.empty() ? no_id : id) + "\n", 0600); !noted)
      return noted.error();
    for (const char* type : {"ed25519", "ecdsa"})
      if (auto made = make_key(paths, type); !made) return made.error();
  }
  for (const std::string& name : key_files(paths)) {
    std::string pub = place + "/" + name;
    pub.replace(pub.size() - std::string_view(suffix).size(), std::string::npos, ".pub");
    const auto line = public_line(paths, place + "/" + name);
    // What cannot be read is told by read_host_keys. A key may have been put in place of ours.
    if (!line || has_line(pub, *line)) continue;
    if (auto written = write_file(pub, *line + " latchkey-early-boot\n", 0644); !written)
      return written.error();
  }
  if (!id.empty() && ::access(remembered.c_str(), F_OK) != 0)
    return write_file(remembered, id + "\n", 0600);
  return Ok{};
}

HostKeys read_host_keys(const Paths& paths) {
  HostKeys out{.warnings = other_files(paths)};
  for (const std::string& name : key_files(paths)) {
    HostKey key{directory(paths) + "/" + name, name, {}};
    const auto mode = wrong_mode(key.path);
    if (mode) out.warnings.push_back(*mode);
    if (mode && !mode->why.empty()) continue;
    const auto line = public_line(paths, key.path);
    if (!line) {
      Error error = line.error();
      error.hint = "remove it, then run: update-initramfs -u -k all";
      out.warnings.push_back(std::move(error));
      continue;
    }
    key.public_line = *line;
    out.keys.push_back(std::move(key));
  }
  leave_out(paths, out);
  if (auto shared = of_another_machine(paths)) out.warnings.push_back(std::move(*shared));
  return out;
}

}  // namespace latchkey
