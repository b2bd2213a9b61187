// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/network/ip_option.hpp"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "core/base/text.hpp"
#include "core/network/client_id.hpp"

namespace latchkey {
namespace {

using Method = IpOption::Method;

// bootp and rarp are asked for by DHCP: nothing that still answers speaks only
// those. What an iBFT holds is not read, and its server mostly answers DHCP too.
// Addresses by DHCPv6 alone are not supported, router announcements are.
constexpr std::array<std::pair<std::string_view, Method>, 17> methods{{
    {"dhcp", Method::dhcp},
    {"on", Method::dhcp},
    {"any", Method::dhcp},
    {"both", Method::dhcp},
    {"bootp", Method::dhcp},
    {"rarp", Method::dhcp},
    {"dhcp4", Method::dhcp},
    {"single-dhcp", Method::dhcp},
    {"ibft", Method::dhcp},
    {"off", Method::off},
    {"none", Method::off},
    {"static", Method::off},
    {"auto6", Method::announced},
    {"dhcp6", Method::announced},
    {"either6", Method::announced},
    {"link6", Method::announced},
    {"link-local", Method::announced},
}};

std::vector<std::string> method_names() {
  std::vector<std::string> out;
  for (const auto& entry : methods) out.emplace_back(entry.first);
  return out;
}

std::optional<Method> parse_method(std::string_view text) {
  for (const auto& [name, method] : methods)
    if (name == lower(text)) return method;
  return {};
}

struct Part {
  std::string text;
  std::size_t column;  // from 1, in the text behind `ip=`
  bool bracketed = false;
};

// How a field is written that means nothing.
bool says_nothing(const Part& part) {
  const auto address = parse_address(part.text);
  return lower(part.text) == "none" || (address && *address == Address{.v6 = address->v6});
}

// A netmask, or the length of a prefix as IPv6 has only that.
std::optional<unsigned> read_mask(const std::string& text, const Address& address) {
  if (const auto length = parse_number(text, address.bits())) return static_cast<unsigned>(*length);
  if (address.v6) return {};
  return parse_netmask(text);
}

class Reader {
 public:
  Reader(std::string_view text, std::string_view source, std::vector<Error>& problems)
      : text_(text), source_(source), problems_(problems) {}

  Result<IpOption> read() {
    // The identifier may hold colons here, as for the kernel.
    if (names_client(text_)) {
      IpOption out;
      (void)take_method(out, Part{std::string(text_), 1});
      return out;
    }
    if (parse_address(text_.substr(0, text_.find('/'))).value_or(Address{}).v6)
      return fail(Part{std::string(text_), 1}, "address", "an IPv6 address is to stand in brackets",
                  "write ip=[" + printable(text_) + "]");
    if (auto error = split_parts()) return *error;
    if (parts_.size() == 1 && parts_[0].text.empty()) return IpOption{};
    if (parts_.size() == 1 && !parts_[0].bracketed) {
      IpOption out;
      if (take_method(out, parts_[0])) return out;
      if (!address_like(parts_[0])) return device_alone(parts_[0]);
    }
    if (says_nothing(parts_[0])) parts_[0].text.clear();
    if (parts_.size() >= 2 && !parts_[0].text.empty() && !address_like(parts_[0]))
      return device_first();
    return full();
  }

 private:
  std::optional<Error> split_parts() {
    Part part{"", 1};
    bool inside = false;
    for (std::size_t i = 0; i < text_.size(); ++i) {
      const char c = text_[i];
      if (c == '[' && !inside) {
        inside = part.bracketed = true;
      } else if (c == ']' && inside) {
        inside = false;
      } else if (c == ':' && !inside) {
        parts_.push_back(std::exchange(part, Part{"", i + 2}));
      } else {
        part.text += c;
      }
    }
    if (inside) return fail(part, "address", "its bracket is not closed", "add the ']'");
    parts_.push_back(part);
    return {};
  }

  static bool address_like(const Part& part) {
    return part.bracketed || part.text.find_first_not_of("0123456789./") == std::string::npos;
  }

  [[nodiscard]] Error fail(const Part& part, std::string_view field, std::string why,
                           std::string hint) const {
    return Error{Code::config,
                 std::string(source_) + printable(text_) + ": " + std::string(field) + " '" +
                     printable(part.text) + "' (column " + std::to_string(part.column) + ")",
                 std::move(why), std::move(hint)};
  }

  // A mistake that costs only what it is about.
  void tell(Error error, std::string_view instead) const {
    error.why += "; " + std::string(instead);
    problems_.push_back(std::move(error));
  }

  static bool names_client(std::string_view text) { return lower(text).starts_with("dhcp,"); }

  // The method that a field names, and what else it says; false when there is no such method.
  bool take_method(IpOption& out, const Part& part) const {
    if (names_client(part.text)) {
      take_client(out, part);
      return true;
    }
    const auto method = parse_method(part.text);
    if (!method) return false;
    out.method = *method;
    if (lower(part.text) == "dhcp6" && !out.address)
      tell(fail(part, "method", "early boot asks no DHCPv6 server",
                "write the address that it gives: ip=[2001:db8::2]:::64::eth0:none"),
           "it has the addresses that routers announce, and no other");
    return true;
  }

  // TYPE,VALUE behind `dhcp,`. Without a value it says nothing, as for the kernel.
  void take_client(IpOption& out, const Part& part) const {
    const std::string both = part.text.substr(std::string_view("dhcp,").size());
    const std::size_t comma = both.find(',');
    if (comma == std::string::npos || comma + 1 == both.size()) return;
    const auto id = kernel_client_id(both.substr(0, comma), both.substr(comma + 1));
    if (id)
      out.client_id = *id;
    else
      tell(fail(part, "client identifier", "its type is to be a number from 0 to 255", ""),
           "the server is asked without it");
  }

  [[nodiscard]] Error no_method(const Part& part) const {
    const auto names = method_names();
    const auto near = nearest(part.text, names);
    return fail(part, "method", "there is no such method",
                near ? "did you mean '" + *near + "'?" : "methods are " + join(names, " "));
  }

  Result<IpOption> device_alone(const Part& part) const {
    const auto names = method_names();
    // Names of links carry a digit; without one it rather is a mistyped method.
    const bool digit = part.text.find_first_of("0123456789") != std::string::npos;
    if (!digit && nearest(part.text, names)) return no_method(part);
    return with_device(IpOption{}, part);
  }

  Result<IpOption> with_device(IpOption out, const Part& part) const {
    if (!valid_link_name(part.text)) return fail(part, "device", "no link can have this name", "");
    out.link.name = part.text;
    return out;
  }

  Result<IpOption> device_first() const {
    IpOption out;
    if (!take_method(out, parts_[1])) return no_method(parts_[1]);
    read_tail(out, 2);
    return with_device(out, parts_[0]);
  }

  [[nodiscard]] Part field(std::size_t i) const {
    return i < parts_.size() ? parts_[i] : Part{"", 0};
  }

  Result<IpOption> full() {
    for (std::size_t i = 0; i < std::min<std::size_t>(parts_.size(), 4); ++i)
      if (says_nothing(parts_[i])) parts_[i].text.clear();
    IpOption out;
    if (!field(0).text.empty())
      if (auto error = read_client(out)) return *error;
    read_gateway(out);
    if (const Part hostname = field(4); valid_hostname(hostname.text))
      out.hostname = hostname.text;
    else if (!hostname.text.empty())
      tell(fail(hostname, "host name", "it is to be letters, digits, '-', '_' and '.'", ""),
           "it is left out");
    if (const Part device = field(5); !device.text.empty()) {
      auto named = with_device(out, device);
      if (named)
        out = *named;
      else if (!out.address)
        return named;
      else
        tell(named.error(), "every wired link is used");
    }
    const Part word = field(6);
    const bool known = word.text.empty() || take_method(out, word);
    if (!known && !out.address) return no_method(word);
    if (!known) tell(no_method(word), "the address is used all the same");
    if (out.address) out.method = Method::fixed;
    read_tail(out, 7);
    return out;
  }

  std::optional<Error> read_client(IpOption& out) const {
    const Part client = field(0);
    const std::size_t slash = client.text.find('/');
    const auto address = parse_address(client.text.substr(0, slash));
    if (!address || !address->host() || (address->v6 && !client.bracketed))
      return fail(client, "client", "it is not the address of a host", "");
    Subnet subnet{*address, default_prefix(*address)};
    if (slash != std::string::npos) {
      const auto both = parse_subnet(client.text);
      if (both && both->prefix > 0)
        subnet = *both;
      else
        tell(fail(client, "client", "its prefix is wrong", ""), usual(subnet));
    }
    if (const Part mask = field(3); !mask.text.empty()) {
      const auto prefix = read_mask(mask.text, *address);
      if (prefix && *prefix > 0)
        subnet.prefix = *prefix;
      else if (prefix)
        tell(fail(mask, "netmask", "it covers every address", ""), usual(subnet));
      else
        tell(fail(mask, "netmask", "it is neither a netmask nor the length of a prefix",
                  address->v6 ? "write it as 64" : "write it as 255.255.255.0 or 24"),
             usual(subnet));
    }
    out.address = subnet;
    return {};
  }

  static std::string usual(const Subnet& subnet) {
    return "/" + std::to_string(subnet.prefix) + " is taken";
  }

  void read_gateway(IpOption& out) const {
    const Part gateway = field(2);
    if (gateway.text.empty()) return;
    const auto address = parse_address(gateway.text);
    if (!address || !address->host())
      tell(fail(gateway, "gateway", "it is not the address of a host", ""), "it is left out");
    else if (out.address && out.address->address.v6 != address->v6)
      tell(fail(gateway, "gateway", "it is of another family than the client's address",
                "give each family an ip= of its own"),
           "it is left out");
    else
      out.gateway = address;
  }

  // What stands behind the method: name and time servers, or, elsewhere, an MTU
  // and a hardware address to set. Of these only the MTU matters here.
  void read_tail(IpOption& out, std::size_t at) const {
    if (at >= parts_.size()) return;
    if (const auto mtu = parse_number(parts_[at].text, 65535)) {
      if (*mtu < 576)
        tell(fail(parts_[at], "MTU", "it is to be from 576 to 65535", ""), "it is left out");
      else
        out.mtu = static_cast<unsigned>(*mtu);
      at += 1 + 6;
    } else {
      at += 3;
    }
    for (; at < parts_.size(); ++at)
      if (!parts_[at].text.empty())
        return tell(fail(parts_[at], "field", "there are more fields than ip= has", ""),
                    "it is not looked at");
  }

  std::string_view text_;
  std::string_view source_;
  std::vector<Error>& problems_;
  std::vector<Part> parts_{};
};

}  // namespace

Result<IpOption> parse_ip_option(std::string_view text, std::vector<Error>& problems,
                                 std::string_view source) {
  return Reader(text, source, problems).read();
}

}  // namespace latchkey
