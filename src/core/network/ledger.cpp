// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/network/ledger.hpp"

#include <algorithm>

#include "core/base/text.hpp"

namespace latchkey {
namespace {

// Takes the words of one line; false when it is of another form.
bool read_line(const std::vector<Field>& words, LinkEntry& out) {
  const auto word = [&](std::size_t i) { return words[i].text; };
  if (words.size() < 3 || !valid_link_name(word(1))) return false;
  if (word(0) == "mtu" && words.size() == 3) {
    const auto mtu = parse_number(word(2), 65536);
    if (mtu) out.setup.mtu = static_cast<unsigned>(*mtu);
    return mtu.has_value();
  }
  if (word(0) == "address" && words.size() == 3) {
    const auto address = parse_subnet(word(2));
    if (address) out.setup.addresses.push_back(*address);
    return address.has_value();
  }
  if (word(0) == "rule" && words.size() == 4) {
    const auto metric = parse_number(word(2), 0xffffffffUL);
    const auto address = parse_address(word(3));
    if (!metric || !address) return false;
    out.ruled.push_back({*address, static_cast<unsigned>(*metric)});
    return true;
  }
  if (word(0) != "route" || words.size() != 5) return false;
  const auto metric = parse_number(word(2), 0xffffffffUL);
  const auto to = parse_subnet(word(3));
  const auto via = parse_address(word(4));
  if (!metric || !to || (!via && word(4) != "-")) return false;
  out.metric = static_cast<unsigned>(*metric);
  out.setup.routes.push_back({*to, via});
  return true;
}

}  // namespace

std::vector<std::string> ledger_lines(const LinkEntry& entry) {
  std::vector<std::string> out;
  if (entry.setup.mtu) out.push_back("mtu " + entry.link + " " + std::to_string(*entry.setup.mtu));
  for (const Subnet& address : entry.setup.addresses)
    out.push_back("address " + entry.link + " " + address.text());
  for (const Route& route : entry.setup.routes)
    out.push_back("route " + entry.link + " " + std::to_string(entry.metric) + " " +
                  route.to.text() + " " + (route.via ? route.via->text() : "-"));
  for (const RuledAddress& one : entry.ruled)
    out.push_back("rule " + entry.link + " " + std::to_string(one.metric) + " " +
                  one.address.text());
  return out;
}

std::string made_line(const std::string& link, bool ours) {
  return (ours ? "made " : "theirs ") + link;
}

std::vector<std::string> parse_made(std::string_view text) {
  std::vector<std::string> out;
  for (const std::string_view line : split_lines(text)) {
    const auto words = split_fields(line);
    if (words.size() != 2 || !valid_link_name(words[1].text)) continue;
    const std::string& link = words[1].text;
    if (words[0].text == "theirs") std::erase(out, link);
    if (words[0].text == "made" && std::ranges::find(out, link) == out.end()) out.push_back(link);
  }
  return out;
}

std::vector<LinkEntry> parse_ledger(std::string_view text) {
  std::vector<LinkEntry> out;
  for (const std::string_view line : split_lines(text)) {
    const auto words = split_fields(line);
    LinkEntry scratch;
    if (!read_line(words, scratch)) continue;
    auto at = std::ranges::find(out, words[1].text, &LinkEntry::link);
    if (at == out.end()) at = out.insert(at, LinkEntry{.link = words[1].text});
    read_line(words, *at);
  }
  return out;
}

}  // namespace latchkey
