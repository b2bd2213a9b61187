// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/hold/copies_above.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "core/base/text.hpp"
#include "core/mount/fstab_line.hpp"
#include "core/units/command_words.hpp"

namespace latchkey {
namespace {

using Words = std::vector<std::string>;

// `verb`: the first word behind the program that is a copy, where it has others too.
struct Copier {
  std::string_view name;
  std::string_view verb;
  bool target_last;
};
constexpr Copier copiers[]{
    {"rsync", "", true},        {"cp", "", true},          {"tar", "", false},
    {"bsdtar", "", false},      {"borg", "create", false}, {"restic", "backup", false},
    {"rclone", "sync", true},   {"rclone", "copy", true},  {"duplicity", "", true},
    {"rdiff-backup", "", true}, {"lsyncd", "", true},      {"unison", "", false}};

std::string bare(std::string word) {
  std::erase_if(word,
                [](char c) { return std::string_view("\"'();").find(c) != std::string::npos; });
  const std::size_t begins = word.find_first_not_of("-@:+!|");
  if (begins != std::string::npos && begins > 0 && word[begins] == '/') word.erase(0, begins);
  return word;
}

std::string_view program(std::string_view word) { return word.substr(word.rfind('/') + 1); }

// Without `.`, `..` and doubled slashes. `/srv/*` is all of /srv.
std::string path_of(const std::string& from, const std::string& word) {
  std::vector<std::string> kept;
  for (const std::string& part : split(word.starts_with('/') ? word : from + "/" + word, '/')) {
    if (part.empty() || part == "." || part == "*" || part == "**") continue;
    if (part != "..")
      kept.push_back(part);
    else if (!kept.empty())
      kept.pop_back();
  }
  return "/" + join(kept, "/");
}

bool is_above(const std::string& path, std::string_view place) {
  return path != place && lies_on(place, path);
}

// A cluster of letters, as `-ax`; tar takes them without the sign too.
bool has_letter(const std::string& word, bool is_tar_mode, char letter) {
  const bool option = word.size() > 1 && word[0] == '-' && word[1] != '-';
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  const std::string_view letters = std::string_view(word).substr(option ? 1 : 0);
  return (option || is_tar_mode) && std::ranges::all_of(letters, is_letter) &&
         letters.find(letter) != std::string_view::npos;
}

// What an --exclude= names, also several in braces: by a whole path, or the end of one.
bool leaves_out(const std::string& value, const std::string& path, std::string_view place) {
  std::string names = value;
  for (char& c : names)
    if (c == '{' || c == '}' || c == ',') c = ' ';
  for (const Field& one : split_fields(names)) {
    if (one.text == "*" || one.text == "**") return true;  // all but what is included
    const std::string excluded = path_of("", one.text);
    if (excluded == "/") continue;
    for (std::size_t end = place.find('/', 1);; end = place.find('/', end + 1)) {
      const std::string_view way = place.substr(0, end);
      if (way.size() > path.size() && way.ends_with(excluded)) return true;
      if (end == std::string_view::npos) break;
    }
  }
  return false;
}

// What is copied, or left out, stands in a file or a pattern: nobody can tell here.
bool tells_elsewhere(std::string_view word, bool tar) {
  constexpr std::array<std::string_view, 9> options{
      "--exclude-from", "--exclude-file", "--iexclude", "--files-from",      "--from-file",
      "--filter",       "--include",      "--pattern",  "--exclude-globbing"};
  return (tar && (word == "-X" || word == "-T")) ||
         std::ranges::any_of(options, [&](std::string_view one) { return word.starts_with(one); });
}

// One command of a line.
class CopyCommand {
 public:
  CopyCommand(Words words, std::string_view place) : words_(std::move(words)), place_(place) {}

  // True when it copies such a directory; a `cd` changes `directory` for those after it.
  bool copies(std::string& directory) const {
    for (const Copier& copier : copiers) {
      const auto at = std::ranges::find_if(
          words_, [&](const std::string& word) { return program(word) == copier.name; });
      if (at == words_.end()) continue;
      const auto behind = static_cast<std::size_t>(at - words_.begin()) + 1;
      if ((copier.verb.empty() || has(behind, copier.verb)) && copies(copier, behind, directory))
        return true;
    }
    change(directory);
    return false;
  }

 private:
  // Behind the user, as in the tables of the system, or behind a shell.
  void change(std::string& directory) const {
    for (std::size_t i = 0; i + 1 < words_.size(); ++i)
      if (words_[i] == "cd" || words_[i] == "pushd") {
        const std::string& to = words_[i + 1];
        directory = to.starts_with('/') || !directory.empty() ? path_of(directory, to) : "";
      }
  }

  bool has(std::size_t behind, std::string_view word) const {
    return std::find(words_.begin() + static_cast<std::ptrdiff_t>(behind), words_.end(), word) !=
           words_.end();
  }

  // Behind an option: a number or a file of settings, and hardly what is copied.
  bool is_value(std::size_t i) const {
    const std::string& option = words_[i - 1];
    return option.starts_with("--") && option.find('=') == std::string::npos &&
           (option == "--config" ||
            (words_[i].find_first_of("0123456789") == 0 &&
             words_[i].find_first_not_of("0123456789kKmMgG.") == std::string::npos));
  }

  // Stays on one file system; for tar, unpacks or lists.
  bool spares(const Copier& copier, std::size_t behind) const {
    const bool tar = copier.name.ends_with("tar");
    for (std::size_t i = behind; i < words_.size(); ++i) {
      const std::string& word = words_[i];
      if (has_letter(word, tar && i == behind, 'x') || word == "--one-file-system") return true;
      if (tar && (has_letter(word, i == behind, 't') || word == "--extract" || word == "--list"))
        return true;
    }
    return false;
  }

  bool copies(const Copier& copier, std::size_t behind, std::string directory) const {
    if (spares(copier, behind)) return false;
    Words paths;
    Words excluded;
    for (std::size_t i = behind; i < words_.size(); ++i) {
      const std::string& word = words_[i];
      const bool more = i + 1 < words_.size();
      if (tells_elsewhere(word, copier.name.ends_with("tar"))) return false;
      if (word.starts_with("--exclude=")) {
        excluded.push_back(word.substr(word.find('=') + 1));
      } else if ((word == "--exclude" || word == "-e") && more) {
        excluded.push_back(words_[++i]);
      } else if (copier.name.ends_with("tar") && word.starts_with("--directory=")) {
        directory = path_of(directory, word.substr(word.find('=') + 1));
      } else if (copier.name.ends_with("tar") && (word == "-C" || word == "--directory") && more) {
        directory = path_of(directory, words_[++i]);
      } else if (is_value(i)) {
        continue;
      } else if (!word.starts_with('-') && word != copier.verb) {
        const bool known = word.starts_with('/') || !directory.empty();
        paths.push_back(is_remote(word) || !known || word.find('$') != std::string::npos
                            ? std::string()
                            : path_of(directory, word));
      }
    }
    if (copier.target_last && !paths.empty()) paths.pop_back();
    return std::ranges::any_of(paths, [&](const std::string& path) {
      return !path.empty() && is_above(path, place_) &&
             std::ranges::none_of(excluded, [&](const std::string& value) {
               return leaves_out(value, path, place_);
             });
    });
  }

  Words words_;
  std::string_view place_;
};

bool ends_command(std::string_view word) {
  return word == "&&" || word == "||" || word == "|" || word == "&" || word == ";";
}

// `>/dev/null`, `2>&1`; a sign alone has its file behind it.
bool redirects(std::string_view word) {
  const std::size_t sign = word.find_first_not_of("0123456789&");
  return sign != std::string_view::npos && (word[sign] == '>' || word[sign] == '<');
}

std::string at_home(const std::string& word, const std::string& home) {
  if (home.empty()) return word;
  for (const std::string_view sign : {"~", "$HOME", "${HOME}"})
    if (word == sign || word.starts_with(std::string(sign) + "/"))
      return home + word.substr(sign.size());
  return word;
}

}  // namespace

bool copies_above(const std::vector<std::string>& words, std::string_view place,
                  const std::string& home) {
  std::string directory = home;
  Words command;
  const auto over = [&] {
    return CopyCommand(std::exchange(command, {}), place).copies(directory);
  };
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i].starts_with('#')) break;  // a remark
    if (redirects(words[i])) {
      const char last = words[i].back();
      if (last == '>' || last == '<') ++i;
      if (last == ';' && over()) return true;
      continue;
    }
    const bool ends = ends_command(words[i]);
    if (std::string word = bare(words[i]); !ends && !word.empty() && word != "\\")
      command.push_back(at_home(word, home));
    if ((ends || words[i].ends_with(';')) && over()) return true;
  }
  return over();
}

bool service_copies_above(std::span<const UnitSetting> settings, std::string_view place) {
  const std::string begins_in = value_of(settings, "WorkingDirectory");
  const std::string directory = begins_in.starts_with('/') ? begins_in : std::string();
  for (const std::string_view key : {"ExecStartPre", "ExecStart", "ExecStartPost"})
    for (const std::string& value : values_of(settings, key))
      if (copies_above(split_words(value), place, directory)) return true;
  return false;
}

}  // namespace latchkey
