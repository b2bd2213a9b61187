// SPDX-License-Identifier: GPL-3.0-or-later
// Everything that reads text from outside, in one program: the first byte says
// which reader gets the rest. A finding is a crash, a sanitizer's report, or a
// message that could forge a line.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "core/backup_format.hpp"
#include "core/config.hpp"
#include "core/device_ref.hpp"
#include "core/door_keys.hpp"
#include "core/message.hpp"
#include "core/network.hpp"
#include "core/report.hpp"
#include "core/text.hpp"
#include "core/volume.hpp"
#include "core/wire.hpp"

using namespace latchkey;

namespace {

// What is shown to people is one line whatever the input was.
template <class T>
void judge(const Result<T>& result) {
  if (result) return;
  for (const std::string& text : {result.error().what, result.error().why, result.error().hint})
    if (text.find('\n') != std::string::npos || text.find('\x1b') != std::string::npos) std::abort();
}

void volumes_and_services(std::string_view text) {
  const auto volumes = parse_volumes(text, "volumes");
  judge(volumes);
  if (!volumes) return;
  judge(parse_services(text, "services", *volumes));
  for (const Volume& volume : *volumes) {
    if (!valid_mapping_name(volume.mapping)) std::abort();
    if (volume.key_file.find('/') != std::string::npos) std::abort();
  }
}

// The input is head and manifest at once, in a file as large as its head says.
void backup(std::string_view text) {
  judge(parse_backup_head(text, text.size()));
  const BackupHead head{1UL << 20U, text.size(), ""};
  const auto manifest = parse_backup_manifest(text, head);
  judge(manifest);
  if (!manifest) return;
  for (const BackupPart& part : manifest->parts)
    if (part.offset + part.size > head.manifest_offset || part.offset < backup_head_size)
      std::abort();
  if (manifest->keys().size == 0) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 9) {
    case 0: judge(parse_config(text, "latchkey.conf")); break;
    case 1: volumes_and_services(text); break;
    case 2: judge(parse_device_ref(text)); break;
    case 3: judge(parse_hello(text)); break;
    case 4: judge(parse_request(text)); break;
    case 5: judge(parse_report(text)); break;
    case 6: (void)parse_door_keys(text); break;
    case 7: backup(text); break;
    default:
      (void)network_plan(std::string(text), NetworkConfig{});
      if (printable(text).find('\n') != std::string::npos) std::abort();
  }
  return 0;
}
