// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/image/image_door.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <exception>
#include <string_view>
#include <vector>

#include "core/base/text.hpp"
#include "core/config/config.hpp"
#include "core/image/image.hpp"
#include "sys/base/fd.hpp"

namespace latchkey {
namespace {

// More kernels than a machine has, so that old lines go by themselves.
constexpr std::size_t most_images = 20;

std::string list_of(const Paths& paths) { return paths.etc("images"); }

// By what a file is known again, whatever it is called by then; empty where it is not there.
std::string mark_of(const std::string& image) {
  struct stat is {};
  if (::stat(image.c_str(), &is) != 0) return "";
  return std::to_string(is.st_size) + " " + std::to_string(is.st_mtim.tv_sec) + "." +
         std::to_string(is.st_mtim.tv_nsec) + " ";
}

// The lines that are about other images, the newest first.
std::vector<std::string> lines_without(const Paths& paths, const std::string& mark) {
  std::vector<std::string> out;
  const auto text = read_file(list_of(paths));
  if (!text) return out;
  for (const std::string_view line : split_lines(*text))
    if (!line.starts_with(mark) && !trim(line).empty()) out.emplace_back(line);
  return out;
}

void remember(const Paths& paths, const std::string& mark, const ImageDoor& door) {
  std::vector<std::string> lines = lines_without(paths, mark);
  if (lines.size() >= most_images) lines.resize(most_images - 1);
  lines.insert(lines.begin(), mark + std::to_string(door.port) + " " + std::to_string(door.keys));
  // Only `status` misses it.
  static_cast<void>(write_file(list_of(paths), join(lines, "\n") + "\n", 0600));
}

}  // namespace

std::optional<ImageDoor> read_door(const std::string& tree) {
  const auto text = read_file(tree + "/etc/latchkey/image");
  const auto info = text ? parse_image_info(*text) : Result<ImageInfo>(text.error());
  if (!info || !info->wait) return {};
  ImageDoor out;
  const std::string conf = "/etc/latchkey/latchkey.conf";
  const auto conf_text = read_file(tree + conf);
  // As early boot does where it cannot read it, it is 22 then.
  if (const auto config = conf_text ? parse_config(*conf_text, conf) : conf_text.error(); config)
    out.port = config->ssh.port;
  if (const auto keys = read_file(tree + image_authorized_keys))
    out.keys = static_cast<std::size_t>(std::ranges::count_if(
        split_lines(*keys), [](std::string_view line) { return !trim(line).empty(); }));
  return out;
}

void remember_door(const Paths& paths, const std::string& image, const std::string& tree) noexcept {
  try {
    const std::string mark = mark_of(image);
    const auto door = mark.empty() ? std::nullopt : read_door(tree);
    if (door) remember(paths, mark, *door);
  } catch (const std::exception&) {
    // As if it could not be written.
  }
}

std::optional<ImageDoor> remembered_door(const Paths& paths, const std::string& image) {
  const std::string mark = mark_of(image);
  const auto text = read_file(list_of(paths));
  if (mark.empty() || !text) return {};
  for (const std::string_view line : split_lines(*text)) {
    if (!line.starts_with(mark)) continue;
    const std::vector<Field> words = split_fields(line);
    if (words.size() != 4) return {};
    const auto port = parse_number(words[2].text, 0xffff);
    const auto keys = parse_number(words[3].text, 1UL << 20U);
    if (!port || !keys) return {};
    return ImageDoor{static_cast<std::uint16_t>(*port), static_cast<std::size_t>(*keys)};
  }
  return {};
}

}  // namespace latchkey
