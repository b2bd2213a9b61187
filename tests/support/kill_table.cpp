// SPDX-License-Identifier: GPL-3.0-or-later
#include "support/kill_table.hpp"

#include <map>
#include <regex>
#include <sstream>
#include <stdexcept>

namespace latchkey::test {
namespace {

const std::string begin_mark = "<!-- kill table: begin -->\n";
const std::string end_mark = "<!-- kill table: end -->\n";
const std::string heading = "### ";

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

// The parts between the markers: heading → text below it.
std::map<std::string, std::string> parts_of(const std::string& region) {
  std::map<std::string, std::string> parts;
  std::string* part = nullptr;
  for (const std::string& line : lines_of(region)) {
    if (line.starts_with(heading))
      part = &parts[line.substr(heading.size())];
    else if (part != nullptr && !(line.empty() && part->empty()))
      *part += line + "\n";
  }
  return parts;
}

}  // namespace

std::string table_cell(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') out += '\\';
    out += c == '\n' ? ' ' : c;
  }
  return out;
}

std::string kill_table(const std::vector<KillRow>& rows) {
  std::string out =
      "| step | killed | any other command says | the same command again |\n"
      "| --- | --- | --- | --- |\n";
  for (const KillRow& row : rows)
    out += "| " + table_cell(row.step) + " | " + table_cell(row.moment) + " | " +
           table_cell(row.said) + " | " + table_cell(row.did) + " |\n";
  return out;
}

std::string with_kill_table(const std::string& readme, const std::string& command,
                            const std::string& table) {
  const std::size_t begin = readme.find(begin_mark);
  const std::size_t end = readme.find(end_mark);
  if (begin == std::string::npos || end == std::string::npos || end < begin)
    throw std::runtime_error("the README lacks the two comments between which the tables go");
  const std::size_t inside = begin + begin_mark.size();
  std::map<std::string, std::string> parts = parts_of(readme.substr(inside, end - inside));
  parts[command] = table;
  std::string region;
  for (const auto& part : parts) {
    const std::size_t last = part.second.find_last_not_of('\n');
    region += "\n" + heading + part.first + "\n\n" + part.second.substr(0, last + 1) + "\n";
  }
  return readme.substr(0, inside) + region + "\n" + readme.substr(end);
}

std::string without_chance(const std::string& text) {
  std::string out =
      std::regex_replace(text, std::regex(R"( ?\([0-9]+(\.[0-9]+)? (ms|s|min)\))"), "");
  out = std::regex_replace(out, std::regex(R"(\b[0-9]+(\.[0-9]+)? (ms|s|min)\b)"), "… s");
  out = std::regex_replace(out, std::regex(R"(\(pid [0-9]+\))"), "(pid …)");
  out = std::regex_replace(out, std::regex(R"(SHA256:[A-Za-z0-9+/=]+)"), "SHA256:…");
  out = std::regex_replace(
      out, std::regex(R"([0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9:]{5,8}(Z|[+-][0-9:]{4,5})?)"), "…");
  return std::regex_replace(out, std::regex(R"([ \t\r]+(\n|$))"), "$1");
}

std::string line_with(const std::string& text, const std::string& part) {
  for (const std::string& line : lines_of(text))
    if (line.find(part) != std::string::npos) return without_chance(line);
  return {};
}

}  // namespace latchkey::test
