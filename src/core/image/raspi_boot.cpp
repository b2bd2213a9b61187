// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/image/raspi_boot.hpp"

#include <algorithm>

#include "core/base/text.hpp"

namespace latchkey {
namespace {

constexpr RaspiImage images[]{{"initramfs8", "-rpi-v8"},
                              {"initramfs_2712", "-rpi-2712"},
                              {"initramfs7", "-rpi-v7"},
                              {"initramfs7l", "-rpi-v7l"},
                              {"initramfs", "-rpi-v6"}};

}  // namespace

std::span<const RaspiImage> raspi_images() { return images; }

std::optional<std::string> newest_of_kind(const std::vector<BootKernel>& kernels,
                                          const RaspiImage& kind) {
  const auto found = std::ranges::find_if(kernels, [&](const BootKernel& kernel) {
    return kernel.has_image && kernel.version.ends_with(kind.kernels);
  });
  if (found == kernels.end()) return {};
  return found->version;
}

bool RaspiConfig::takes(std::string_view file) const {
  return by_kernel || std::ranges::find(named, file) != named.end();
}

RaspiConfig parse_raspi_config(std::string_view text) {
  RaspiConfig out;
  constexpr std::string_view file_key = "ramfsfile=";
  for (const std::string_view raw : split_lines(text)) {
    const std::string_view line = trim(raw.substr(0, raw.find('#')));
    const std::vector<Field> words = split_fields(line);
    if (words.empty()) continue;
    std::string files;
    if (line.starts_with("auto_initramfs=")) out.by_kernel = !line.ends_with("=0");
    if (words[0].text == "initramfs" && words.size() > 1) files = words[1].text;
    if (line.starts_with(file_key)) files = line.substr(file_key.size());
    for (const std::string& file : split(files, ',')) out.named.push_back(file);
  }
  return out;
}

}  // namespace latchkey
