// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/storage/lvm_filter.hpp"

#include <cctype>
#include <optional>

#include "core/base/text.hpp"

namespace latchkey {
namespace {

constexpr std::string_view devices_file = "use_devicesfile";
constexpr const char* filters[]{"filter", "global_filter"};

std::optional<std::string_view> value_in(std::string_view answer, std::string_view name) {
  for (std::string_view line : split_lines(answer)) {
    line = trim(line);
    if (line.starts_with(name) && line.substr(name.size()).starts_with('='))
      return line.substr(name.size() + 1);
  }
  return {};
}

// LVM's own, which lets everything pass.
bool is_default(std::string_view filter) {
  return filter == "[\"a|.*|\"]" || filter == "\"a|.*|\"" || filter == "[]";
}

// A pattern for this path. In place of what may mean something in it stands a dot, which any
// character fits.
std::string rejecting(std::string path) {
  for (char& c : path)
    if (std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '/' && c != '_' && c != '-')
      c = '.';
  return "\"r|^" + path + "$|\"";
}

}  // namespace

std::vector<std::string> lvm_filter_question() {
  std::vector<std::string> out{"config", "--typeconfig", "full",
                               "devices/" + std::string(devices_file)};
  for (const char* filter : filters) out.push_back("devices/" + std::string(filter));
  return out;
}

std::vector<std::string> lvm_without(std::string_view answer, std::span<const std::string> devices,
                                     bool has_devices_file) {
  const auto by_file = value_in(answer, devices_file);
  if (devices.empty() || !by_file || (by_file != "0" && has_devices_file)) return {};
  for (const char* filter : filters) {
    const auto value = value_in(answer, filter);
    if (!value || !is_default(*value)) continue;
    std::vector<std::string> patterns;
    patterns.reserve(devices.size());
    for (const std::string& device : devices) patterns.push_back(rejecting(device));
    return {"--config", "devices{" + std::string(filter) + "=[" + join(patterns, ",") + "]}"};
  }
  return {};
}

}  // namespace latchkey
