// SPDX-License-Identifier: GPL-3.0-or-later
// What the tests say of themselves: what an ordinary run of them leaves out is told. And what
// the sources may know of each other.
#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/base/text.hpp"
#include "support/catch.hpp"

using namespace latchkey;
using namespace latchkey::test;
namespace fs = std::filesystem;

namespace {

const fs::path tests = LATCHKEY_SOURCE_DIR "/tests";

std::string text_of(const fs::path& file) {
  std::ifstream stream(file);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

std::vector<fs::path> sources(const char* layer) {
  std::vector<fs::path> out;
  for (const auto& entry : fs::recursive_directory_iterator(tests / layer))
    if (entry.path().extension() == ".cpp") out.push_back(entry.path());
  REQUIRE(out.size() > 10);
  return out;
}

struct StoryTitle {
  std::string file{};
  std::string title{};
  bool slow = false;
};

std::vector<StoryTitle> all_stories() {
  const std::regex story(R"re(TEST_CASE\(\s*((?:"(?:[^"\\]|\\.)*"\s*)+)(?:,\s*"([^"]*)"\s*)?\))re");
  const std::regex between(R"("\s*")");
  std::vector<StoryTitle> out;
  for (const fs::path& file : sources("vm")) {
    const std::string text = text_of(file);
    for (std::sregex_iterator at(text.begin(), text.end(), story), end; at != end; ++at)
      out.push_back({file.filename().string(), std::regex_replace(at->str(1), between, ""),
                     at->str(2).find("[.slow]") != std::string::npos});
  }
  return out;
}

// The parts of a text between `separator`s that are not in parentheses.
std::vector<std::string> parts_of(const std::string& text, char separator) {
  std::vector<std::string> out(1);
  int depth = 0;
  for (const char c : text) {
    depth += c == '(' ? 1 : c == ')' ? -1 : 0;
    if (c == separator && depth == 0)
      out.emplace_back();
    else
      out.back() += c;
  }
  return out;
}

// True when `title` has `words`, as words of their own: "case 2" is not in "case 22". Where
// they end with "…" the last one may go on.
bool names(std::string words, const std::string& title) {
  const std::string more = "…";
  const bool open = words.ends_with(more);
  if (open) words.resize(words.size() - more.size());
  words = std::string(trim(words));
  const auto in_a_word = [&](std::size_t at) {
    return at < title.size() && std::isalnum(static_cast<unsigned char>(title[at])) != 0;
  };
  for (std::size_t at = title.find(words); at != std::string::npos; at = title.find(words, at + 1))
    if ((at == 0 || !in_a_word(at - 1)) && (open || !in_a_word(at + words.size()))) return true;
  return false;
}

// The stories that a row's last cell names: behind "vm:", by words of their titles between
// stars or by their file. Fails for a name that no story has.
std::vector<StoryTitle> stories_of(const std::string& cell, const std::vector<StoryTitle>& all) {
  static const std::regex vm(R"(\bvm\b)");
  static const std::regex in_parentheses(R"(\([^)]*\))");
  static const std::regex name(R"(\*([^*]+)\*|`(test_\w+\.cpp)`)");
  std::vector<StoryTitle> out;
  for (const std::string& part : parts_of(cell, ';')) {
    const std::string layers = parts_of(part, ':').front();
    if (layers == part || !std::regex_search(std::regex_replace(layers, in_parentheses, ""), vm))
      continue;
    const std::string named = part.substr(layers.size());
    for (std::sregex_iterator at(named.begin(), named.end(), name), end; at != end; ++at) {
      const std::size_t before = out.size();
      std::copy_if(all.begin(), all.end(), std::back_inserter(out), [&](const StoryTitle& story) {
        return at->str(1).empty() ? story.file == at->str(2) : names(at->str(1), story.title);
      });
      INFO(at->str());
      CHECK(out.size() > before);
    }
  }
  return out;
}

// The rows of the tables which say what proves what, as their two cells.
std::vector<std::pair<std::string, std::string>> rows() {
  std::string page = text_of(tests / "README.md");
  page.resize(page.find("\n## Commands that were killed"));
  std::vector<std::pair<std::string, std::string>> out;
  const std::string border = " | ";
  for (const std::string_view line : split_lines(page)) {
    const std::string row(line);
    const std::size_t at = row.find(border);
    if (row.starts_with("| ") && at != std::string::npos)
      out.emplace_back(row.substr(2, at - 2), row.substr(at + border.size()));
  }
  return out;
}

}  // namespace

TEST_CASE("tests/README.md marks what only slow stories prove, and names stories that there are") {
  const std::vector<StoryTitle> all = all_stories();
  std::size_t slow = 0;
  for (const auto& [proved, by] : rows()) {
    const std::vector<StoryTitle> stories = stories_of(by, all);
    INFO(proved << ": " << by);
    if (stories.empty() || !std::all_of(stories.begin(), stories.end(),
                                        [](const StoryTitle& story) { return story.slow; }))
      continue;
    CHECK(by.find("(slow") != std::string::npos);
    ++slow;
  }
  CHECK(slow > 20);
}

// One that returned without a word would be counted as passed.
TEST_CASE("a test that can prove nothing here says so before it returns") {
  const std::regex leaves(R"(\n  if \(([^;{]*)\) return;)");
  const std::regex says(
      R"((is_root|as_root|possible|bridges|usable_here|may_give_away|ext4_can_be_made|skip)\()");
  for (const char* layer : {"unit", "cli"})
    for (const fs::path& file : sources(layer)) {
      const std::string text = text_of(file);
      for (std::sregex_iterator at(text.begin(), text.end(), leaves), end; at != end; ++at) {
        INFO(file.filename().string() << ": " << at->str());
        CHECK(std::regex_search(at->str(1), says));
      }
    }
}

namespace {

using Groups = std::map<std::string, std::set<std::string>>;

// Which groups of a part of the sources the files of each include.
Groups included_groups(const std::string& part) {
  const fs::path folder = fs::path(LATCHKEY_SOURCE_DIR) / "src" / part;
  const std::regex include("#include \"" + part + "/([^/\"]+)/");
  Groups out;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    const std::string group = fs::relative(entry.path().parent_path(), folder).string();
    if (!entry.is_regular_file() || group == ".") continue;
    const std::string text = text_of(entry.path());
    for (std::sregex_iterator at(text.begin(), text.end(), include), end; at != end; ++at)
      if (at->str(1) != group) out[group].insert(at->str(1));
  }
  return out;
}

std::set<std::string> all_below(const Groups& groups, const std::string& group) {
  std::set<std::string> out;
  std::vector<std::string> left{group};
  while (!left.empty()) {
    const auto found = groups.find(left.back());
    left.pop_back();
    if (found == groups.end()) continue;
    for (const std::string& one : found->second)
      if (out.insert(one).second) left.push_back(one);
  }
  return out;
}

}  // namespace

TEST_CASE("no group of sources includes, over others, itself") {
  for (const char* part : {"core", "sys", "latchkey"}) {
    const Groups groups = included_groups(part);
    CHECK(groups.size() > 4);
    for (const auto& [group, included] : groups) {
      INFO(part << "/" << group);
      CHECK_FALSE(all_below(groups, group).contains(group));
    }
  }
}

TEST_CASE("core knows nothing of sys, and neither of them of a program") {
  const std::regex above("#include \"(sys|latchkey|unlock|guard)/");
  const std::regex program("#include \"(latchkey|unlock|guard)/");
  for (const char* part : {"core", "sys"})
    for (const auto& entry :
         fs::recursive_directory_iterator(fs::path(LATCHKEY_SOURCE_DIR) / "src" / part)) {
      if (!entry.is_regular_file()) continue;
      INFO(entry.path().string());
      CHECK_FALSE(
          std::regex_search(text_of(entry.path()), part == std::string("core") ? above : program));
    }
}
