// SPDX-License-Identifier: GPL-3.0-or-later
// Where lines of scripts and tables call what lies in a directory.
#include "core/units/named_paths.hpp"

#include <algorithm>
#include <utility>

#include "core/base/text.hpp"

namespace latchkey {
namespace {

// So many places that a script may be in are followed; a made-up file ends somewhere.
constexpr std::size_t most_places = 16;

bool part_of_a_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '.' || c == '-';
}

bool names(std::string_view line, std::string_view directory) {
  for (std::size_t at = line.find(directory); at != std::string_view::npos;
       at = line.find(directory, at + 1)) {
    const std::size_t end = at + directory.size();
    const bool begins = at == 0 || (!part_of_a_name(line[at - 1]) && line[at - 1] != '/');
    if (begins && (end == line.size() || !part_of_a_name(line[end]))) return true;
  }
  return false;
}

bool within(std::string_view path, std::string_view directory) {
  return path == directory ||
         (path.starts_with(directory) && path.substr(directory.size()).starts_with('/'));
}

// Without `.`, `..` and doubled slashes, by the names alone.
std::string plain(const std::string& path) {
  std::vector<std::string> kept;
  for (const std::string& part : split(path, '/')) {
    if (part.empty() || part == ".") continue;
    if (part != "..")
      kept.push_back(part);
    else if (!kept.empty())
      kept.pop_back();
  }
  return "/" + join(kept, "/");
}

std::string from(const std::string& place, const std::string& word) {
  return plain(word.starts_with('/') ? word : place + "/" + word);
}

std::string with_home(std::string line, const std::string& home) {
  for (const std::string_view sign : {"${HOME}", "$HOME", "~root", "~"})
    for (std::size_t at = line.find(sign); at != std::string::npos;
         at = line.find(sign, at + home.size())) {
      const std::size_t end = at + sign.size();
      const bool whole = end == line.size() || !part_of_a_name(line[end]);
      if (whole) line.replace(at, sign.size(), home);
    }
  return line;
}

std::vector<std::string> words_of(std::string_view line) {
  constexpr std::string_view between = " \t;&|()`\"'<>=,";
  std::vector<std::string> words;
  std::string word;
  for (const char c : line) {
    if (between.find(c) == std::string_view::npos) {
      word += c;
    } else if (!word.empty()) {
      words.push_back(std::move(word));
      word.clear();
    }
  }
  if (!word.empty()) words.push_back(std::move(word));
  return words;
}

bool changes_directory(const std::string& word) {
  return word == "cd" || word == "pushd" || word == "chdir" || word == "--chdir" ||
         word == "WorkingDirectory";
}

// The places that lines may be carried out in, as they come up: those of a file in an order that
// is not known, or a single command, which leaves a place when it changes to another.
class Places {
 public:
  enum class Of { file, command };

  Places(Of what, std::vector<std::string> homes) : what_(what), places_(std::move(homes)) {}

  // True when a word of the line is a relative path into the directory.
  bool lead_into(std::string_view line, std::string_view directory) {
    bool found = false;
    bool goes = false;
    for (const std::string& word : words_of(line)) {
      if (goes && word.starts_with('-')) continue;
      const bool path = goes || word.find('/') != std::string::npos;
      std::vector<std::string> reached;
      if (path && word.find('$') == std::string::npos) {
        for (const std::string& place : places_)
          if (goes || says_much(word, place, directory)) reached.push_back(from(place, word));
        if (word.starts_with('/')) reached = {plain(word)};
      }
      found = found || std::ranges::any_of(
                           reached, [&](const std::string& one) { return within(one, directory); });
      if (goes) change_to(std::move(reached));
      goes = changes_directory(word);
    }
    return found;
  }

 private:
  // In a command that is carried out within the directory, any word with a slash would lead
  // into it, and most of these are no paths.
  bool says_much(std::string_view word, std::string_view place, std::string_view directory) const {
    return what_ == Of::file || !within(place, directory) || word.starts_with("./") ||
           word.starts_with("../");
  }

  void change_to(std::vector<std::string> reached) {
    if (what_ == Of::command) places_.clear();
    for (std::string& place : reached)
      if (places_.size() < most_places && std::ranges::find(places_, place) == places_.end())
        places_.push_back(std::move(place));
  }

  Of what_;
  std::vector<std::string> places_;
};

}  // namespace

std::vector<std::size_t> lines_naming(std::string_view text, std::string_view directory,
                                      const std::vector<std::string>& homes) {
  std::vector<std::size_t> out;
  if (directory.empty()) return out;
  Places places(Places::Of::file, homes);
  std::size_t number = 0;
  for (const std::string_view line : split_lines(text)) {
    ++number;
    if (trim(line).starts_with('#')) continue;
    bool found = names(line, directory) || places.lead_into(line, directory);
    for (const std::string& home : homes) {
      const std::string full = with_home(std::string(line), home);
      if (full == line) continue;
      found = names(full, directory) || places.lead_into(full, directory) || found;
    }
    if (found) out.push_back(number);
  }
  return out;
}

bool command_names(std::string_view command, std::string_view directory,
                   const std::vector<std::string>& homes) {
  const auto found = [&](const std::string& line, const std::vector<std::string>& begins_in) {
    return names(line, directory) ||
           Places(Places::Of::command, begins_in).lead_into(line, directory);
  };
  if (directory.empty()) return false;
  if (homes.empty()) return found(std::string(command), {});
  return std::ranges::any_of(homes, [&](const std::string& home) {
    return found(with_home(std::string(command), home), {home});
  });
}

bool leads_into(std::string_view target, std::string_view link, std::string_view directory) {
  if (directory.empty() || target.empty()) return false;
  const std::string folder(link.substr(0, link.rfind('/') + 1));
  return within(from(folder, std::string(target)), directory);
}

}  // namespace latchkey
