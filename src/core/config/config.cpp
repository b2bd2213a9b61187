// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/config/config.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <initializer_list>
#include <utility>

#include "core/base/text.hpp"
#include "core/config/toml.hpp"
#include "core/network/address.hpp"
#include "core/network/client_id.hpp"
#include "core/network/virtual_link.hpp"

namespace latchkey {
namespace {

constexpr std::array<std::pair<std::string_view, Word>, 7> words{{{"unlock", Word::unlock},
                                                                  {"status", Word::status},
                                                                  {"log", Word::log},
                                                                  {"continue", Word::carry_on},
                                                                  {"reboot", Word::reboot},
                                                                  {"poweroff", Word::poweroff},
                                                                  {"shell", Word::shell}}};

std::string or_words(std::span<const std::string> options) {
  std::string out;
  for (std::size_t i = 0; i < options.size(); ++i) {
    if (i > 0) out += i + 1 == options.size() ? " or " : ", ";
    out += "'" + options[i] + "'";
  }
  return out;
}

// Reads one table. Each reader says what it wants; the first error is kept,
// and finish() reports a key that nobody asked for.
class Table {
 public:
  Table(const toml::table* table, std::string name, std::string_view file)
      : table_(table), name_(std::move(name)), file_(file) {}

  void text(const char* key, const std::function<std::string(const std::string&)>& take) {
    with<std::string>(key, "a text in quotes", [&](const std::string& value, const toml::node& at) {
      if (const std::string why = take(value); !why.empty()) fail(at, key, value, why);
    });
  }

  void number(const char* key, std::int64_t least, std::int64_t most,
              const std::function<void(std::int64_t)>& take) {
    with<std::int64_t>(key, "a number", [&](std::int64_t value, const toml::node& at) {
      if (value < least || value > most)
        fail(at, key, std::to_string(value),
             "it is to be from " + std::to_string(least) + " to " + std::to_string(most));
      else
        take(value);
    });
  }

  void flag(const char* key, bool& out) {
    with<bool>(key, "true or false", [&](bool value, const toml::node&) { out = value; });
  }

  void duration(const char* key, const std::function<void(std::chrono::seconds)>& take) {
    text(key, [&](const std::string& value) -> std::string {
      const auto parsed = parse_duration(value);
      if (!parsed) return "it is to be a duration such as \"90s\", \"10min\", \"2h\"";
      take(*parsed);
      return {};
    });
  }

  // One that nothing could be done in when it is 0.
  void timeout(const char* key, std::chrono::seconds& out) {
    duration(key, [&](std::chrono::seconds value) { out = value; });
    if (out.count() == 0)
      wrong(key, "it is 0, in which nothing can come about",
            "write at least \"1s\", or leave the line out");
  }

  // A list of texts; a single text counts as a list of one.
  void list(const char* key, const std::function<std::string(const std::string&)>& take) {
    known_.emplace_back(key);
    const toml::node* node = find(key);
    if (node == nullptr || error_) return;
    const auto one = [&](const toml::node& item) {
      const auto value = item.value_exact<std::string>();
      if (!value) return wrong_type(item, key, "a list of texts in quotes");
      if (const std::string why = take(*value); !why.empty()) fail(item, key, *value, why);
    };
    if (const toml::array* array = node->as_array()) {
      for (const toml::node& item : *array)
        if (!error_) one(item);
    } else {
      one(*node);
    }
  }

  // A table below this one, given entry by entry as lists.
  void each_list(const char* key,
                 const std::function<std::string(const std::string&, const std::string&)>& take) {
    known_.emplace_back(key);
    const toml::node* node = find(key);
    if (node == nullptr || error_) return;
    const toml::table* below = node->as_table();
    if (below == nullptr) return wrong_type(*node, key, "a table of lists");
    for (const auto& [name, ignored] : *below) {
      if (error_) return;
      Table inner(below, name_ + "." + key, file_);
      const std::string entry(name.str());
      inner.list(entry.c_str(), [&](const std::string& value) { return take(entry, value); });
      error_ = inner.error_;
    }
  }

  [[nodiscard]] std::optional<Error> finish() {
    if (error_ || table_ == nullptr) return error_;
    for (const auto& [key, node] : *table_) {
      const std::string name(key.str());
      if (std::ranges::find(known_, name) != known_.end()) continue;
      const auto near = nearest(name, known_);
      error_ = Error{Code::config,
                     at(node) + ": unknown key '" + printable(name) + "' in [" + name_ + "]", "",
                     near ? "did you mean '" + *near + "'?" : "known keys are " + or_words(known_)};
      break;
    }
    return error_;
  }

  // A key whose value is right by itself, and contradicts another.
  void wrong(const char* key, const std::string& why, std::string hint = "correct the line") {
    if (const toml::node* node = find(key); node != nullptr && !error_)
      error_ = Error{Code::config, at(*node) + ": [" + name_ + "] " + key, why, std::move(hint)};
  }

  void missing(const char* key, std::string hint) {
    if (!error_ && find(key) == nullptr)
      error_ = Error{Code::config, std::string(file_) + ": [" + name_ + "] has no '" + key + "'", "",
                     std::move(hint)};
  }

 private:
  [[nodiscard]] const toml::node* find(std::string_view key) const {
    return table_ == nullptr ? nullptr : table_->get(key);
  }

  [[nodiscard]] std::string at(const toml::node& node) const {
    return position(file_, node.source().begin.line, node.source().begin.column);
  }

  void fail(const toml::node& node, const char* key, const std::string& value,
            const std::string& why) {
    if (!error_)
      error_ = Error{Code::config,
                     at(node) + ": [" + name_ + "] " + key + " = '" + printable(value) + "'", why,
                     "correct the line"};
  }

  void wrong_type(const toml::node& node, const char* key, const char* wanted) {
    if (!error_)
      error_ = Error{Code::config, at(node) + ": [" + name_ + "] " + key + " is of the wrong type",
                     std::string("it is to be ") + wanted, "correct the line"};
  }

  template <class T, class Take>
  void with(const char* key, const char* wanted, const Take& take) {
    known_.emplace_back(key);
    const toml::node* node = find(key);
    if (node == nullptr || error_) return;
    const auto value = node->value_exact<T>();
    if (value)
      take(*value, *node);
    else
      wrong_type(*node, key, wanted);
  }

  const toml::table* table_;
  std::string name_;
  std::string_view file_;
  std::vector<std::string> known_{};
  std::optional<Error> error_{};
};

std::string one_of(const std::string& value, const std::vector<std::string>& options) {
  const auto near = nearest(value, options);
  return "it is to be " + or_words(options) +
         (near ? "; did you mean '" + *near + "'?" : std::string());
}

std::string take_word(const std::string& value, std::set<Word>& out) {
  if (const auto word = parse_word(value)) {
    out.insert(*word);
    return {};
  }
  std::vector<std::string> names;
  for (const auto& entry : words) names.emplace_back(entry.first);
  return one_of(value, names);
}

void read_keys(Table& table, KeysVolume& out) {
  table.missing("device", "name the keys volume, as in: device = \"VG/encrypted-keys\"");
  table.text("device", [&](const std::string& value) {
    auto parsed = parse_device_ref(value);
    if (!parsed) return parsed.error().why;
    out.device = *parsed;
    return std::string();
  });
  table.text("mapping", [&](const std::string& value) {
    out.mapping = value;
    return valid_mapping_name(value) ? "" : "it is not a valid device-mapper name";
  });
  table.text("uuid", [&](const std::string& value) {
    out.uuid = value;
    return std::string();
  });
}

// A machine that starts again before anybody can have logged in does so for ever, and its
// configuration can be mended only from elsewhere.
constexpr std::chrono::minutes least_wait{5};

void read_boot(Table& table, BootConfig& out) {
  table.text("wait", [&](const std::string& value) -> std::string {
    if (value == "forever") return {};
    out.wait = parse_duration(value);
    return out.wait ? "" : "it is to be \"forever\" or a duration such as \"10min\"";
  });
  table.text("then", [&](const std::string& value) -> std::string {
    if (value == "continue") out.then = Then::carry_on;
    else if (value == "poweroff") out.then = Then::poweroff;
    else if (value == "reboot") out.then = Then::reboot;
    else return one_of(value, {"continue", "poweroff", "reboot"});
    return {};
  });
  if (out.wait && out.wait->count() == 0)
    table.wrong("wait", "it is 0, in which nobody can answer",
                "write \"forever\" to wait without an end, or a duration such as \"10min\"");
  if (out.wait && *out.wait < least_wait && out.then != Then::carry_on)
    table.wrong("wait", "it is too short: the machine would be gone before anybody can log in",
                "write at least \"5min\", or: then = \"continue\"");
  table.timeout("device_timeout", out.device_timeout);
  table.timeout("open_timeout", out.open_timeout);
}

void read_ssh(Table& table, SshConfig& out) {
  table.number("port", 1, 65535,
               [&](std::int64_t value) { out.port = static_cast<std::uint16_t>(value); });
  table.list("grant", [&](const std::string& value) { return take_word(value, out.grant); });
  table.each_list("grants", [&](const std::string& key, const std::string& value) {
    return take_word(value, out.grants[key]);
  });
}

// What early boot is to make over other links.
void read_made_links(Table& table, NetworkConfig& out) {
  const auto link = [](const std::string& value, std::vector<std::string>& to) {
    to.push_back(value);
    const bool right = parse_mac(value) || valid_link_name(value);
    return std::string(right ? "" : "it is to be a link's name or MAC address");
  };
  table.number("vlan", 1, 4094,
               [&](std::int64_t value) { out.vlan = static_cast<unsigned>(value); });
  table.list("bond", [&](const std::string& value) { return link(value, out.bond); });
  table.text("bond_mode", [&](const std::string& value) {
    out.bond_mode = value;
    return valid_bond_mode(value) ? std::string() : one_of(value, bond_modes());
  });
  table.list("bridge", [&](const std::string& value) { return link(value, out.bridge); });
  table.text("mac", [&](const std::string& value) {
    const std::string mac = parse_mac(value).value_or("");
    // A group's address, with the lowest bit of its first byte set, is none of a link.
    const bool one = mac.size() > 1 && std::string_view("02468ace").find(mac[1]) != mac.npos;
    if (one && mac != "00:00:00:00:00:00") out.mac = mac;
    return std::string(out.mac.empty() && !value.empty()
                           ? "it is to be a link's MAC address, as in 52:54:00:12:34:56"
                           : "");
  });
  if (const auto made = configured_links(out); !made)
    table.wrong(made.error().what.c_str(), made.error().why);
}

void read_network(Table& table, NetworkConfig& out) {
  table.text("method", [&](const std::string& value) -> std::string {
    out.method_said = true;
    if (value == "dhcp")
      out.method = NetworkConfig::Method::dhcp;
    else if (value == "static")
      out.method = NetworkConfig::Method::fixed;
    else if (value == "none")
      out.method = NetworkConfig::Method::none;
    else
      return one_of(value, {"dhcp", "static", "none"});
    return {};
  });
  const auto checked = [](const std::string& value, bool right, const char* why, auto take) {
    if (right) take(value);
    return std::string(right ? "" : why);
  };
  table.text("interface", [&](const std::string& value) {
    return checked(value, parse_mac(value) || valid_link_name(value),
                   "it is to be a link's name or MAC address",
                   [&](const std::string& text) { out.interface = text; });
  });
  table.list("address", [&](const std::string& value) {
    const auto subnet = parse_subnet(value);
    return checked(value, subnet && subnet->address.host() && subnet->prefix > 0,
                   "it is to be an address with its prefix, as in 192.0.2.10/24",
                   [&](const std::string& text) { out.address.push_back(text); });
  });
  table.list("gateway", [&](const std::string& value) {
    const auto gateway = parse_address(value);
    return checked(value, gateway && gateway->host(), "it is to be the address of a host",
                   [&](const std::string& text) { out.gateway.push_back(text); });
  });
  table.text("hostname", [&](const std::string& value) {
    return checked(value, valid_hostname(value), "it is to be letters, digits, '-', '_' and '.'",
                   [&](const std::string& text) { out.hostname = text; });
  });
  table.text("client_id", [&](const std::string& value) {
    const auto id = parse_client_id(value);
    if (id) out.client_id = *id;
    return std::string(id ? "" : "it is to be 2 to 255 bytes in hexadecimal, as in \"01:52:54\"");
  });
  table.number("mtu", 576, 65535,
               [&](std::int64_t value) { out.mtu = static_cast<unsigned>(value); });
  table.flag("fallback", out.fallback);
  read_made_links(table, out);
  if (out.method == NetworkConfig::Method::fixed && out.address.empty())
    table.missing("address", "a static network needs one: address = \"192.0.2.10/24\"");
}

void read_release(Table& table, ReleaseConfig& out) {
  table.flag("fsck", out.fsck);
  constexpr std::chrono::hours no_bound(24);  // "0", as systemd's own settings mean it
  table.duration("service_timeout", [&](auto value) {
    out.service_timeout = value.count() == 0 ? std::chrono::seconds(no_bound) : value;
  });
}

}  // namespace

const std::set<Word>& default_words() {
  static const std::set<Word> set{Word::unlock, Word::status, Word::log, Word::carry_on};
  return set;
}

std::string_view word_text(Word word) {
  for (const auto& [text, value] : words)
    if (value == word) return text;
  return "?";
}

std::optional<Word> parse_word(std::string_view text) {
  for (const auto& [name, value] : words)
    if (name == text) return value;
  return {};
}

Result<Config> parse_config(std::string_view text, std::string_view file) {
  const toml::parse_result parsed = toml::parse(text, file);
  if (!parsed) {
    const toml::source_position at = parsed.error().source().begin;
    return Error{Code::config, position(file, at.line, at.column) + ": not valid TOML",
                 printable(parsed.error().description()), "correct the line"};
  }
  const toml::table& root = parsed.table();

  Config config;
  const std::vector<std::pair<std::string, std::function<void(Table&)>>> sections{
      {"keys", [&](Table& t) { read_keys(t, config.keys); }},
      {"boot", [&](Table& t) { read_boot(t, config.boot); }},
      {"ssh", [&](Table& t) { read_ssh(t, config.ssh); }},
      {"network", [&](Table& t) { read_network(t, config.network); }},
      {"release", [&](Table& t) { read_release(t, config.release); }},
  };
  for (const auto& [key, node] : root) {
    const std::string name(key.str());
    std::vector<std::string> names;
    for (const auto& section : sections) names.push_back(section.first);
    const std::string at = position(file, node.source().begin.line, node.source().begin.column);
    if (std::ranges::find(names, name) == names.end()) {
      const auto near = nearest(name, names);
      return Error{Code::config, at + ": unknown section [" + printable(name) + "]", "",
                   near ? "did you mean [" + *near + "]?"
                        : "known sections are [" + join(names, "], [") + "]"};
    }
    if (!node.is_table())
      return Error{Code::config, at + ": '" + name + "' is to be a section", "",
                   "write it as a line [" + name + "] with its keys below"};
  }
  for (const auto& [name, read] : sections) {
    Table table(root[name].as_table(), name, file);
    read(table);
    if (auto error = table.finish()) return *error;
  }
  return config;
}

}  // namespace latchkey
