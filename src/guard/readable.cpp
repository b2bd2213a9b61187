// SPDX-License-Identifier: GPL-3.0-or-later
#include "guard/readable.hpp"

#include <filesystem>
#include <utility>

#include "sys/base/fd.hpp"

namespace latchkey {

std::string text_of(const std::string& path, const Complain& complain) {
  auto text = read_file(path);
  if (text) return std::move(*text);
  // A link that leads nowhere is no file that its owner left out.
  std::error_code failed;
  if (text.error().code != Code::missing || std::filesystem::is_symlink(path, failed))
    complain(text.error());
  return {};
}

std::vector<Volume> readable_volumes(const Paths& paths, const Complain& complain) {
  const std::string file = paths.etc("volumes");
  const auto text = read_file(file);
  if (!text) {
    complain(text.error());
    return {};
  }
  const auto volumes = parse_volumes(*text, file);
  if (volumes) return *volumes;
  complain(volumes.error());
  return {};
}

}  // namespace latchkey
