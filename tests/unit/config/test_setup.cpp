// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <filesystem>
#include <fstream>

#include "core/base/message.hpp"
#include "support/catch.hpp"
#include "support/temp_folder.hpp"
#include "sys/config/setup.hpp"
#include "sys/image/early_inputs.hpp"

using namespace latchkey;

namespace {

// What reading the configuration with these lines of `volumes` complains of.
std::string complaint(const std::string& volumes) {
  const test::TempFolder folder;
  const Paths paths{folder.path()};
  std::filesystem::create_directories(paths.etc());
  std::ofstream(paths.etc("latchkey.conf")) << "[keys]\ndevice = \"vg0/encrypted-keys\"\n";
  std::ofstream(paths.etc("volumes")) << volumes;
  const auto setup = load_setup(paths);
  const std::string said = setup ? "" : sentence(setup.error());
  // An image is judged by the same.
  const EarlyInputs inputs = read_early_inputs(paths);
  const bool faulty = std::any_of(inputs.faults.begin(), inputs.faults.end(),
                                  [&](const Error& fault) { return sentence(fault) == said; });
  CHECK(faulty == !setup);
  return said;
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("no volume has the keys volume's mapping, which every unlock closes, or its device") {
  const std::string mapping =
      "volumes:1:1: the volume 'keys' has the mapping of the keys volume, 'cleartext-keys'";
  CHECK(contains(complaint("keys vg0/other /srv/k ext4\n"), mapping));
  CHECK(contains(complaint("a vg0/a /srv/a ext4 x-latchkey.mapping=cleartext-keys\n"),
                 "the volume 'a' has the mapping of the keys volume"));
  for (const char* device : {"vg0/encrypted-keys", "/dev/mapper/vg0-encrypted--keys"})
    CHECK(contains(complaint("a vg0/a /srv/a ext4\nb " + std::string(device) + " none ext4\n"),
                   "volumes:2:1: the volume 'b' is the keys volume itself"));
  CHECK(complaint("keys vg0/other /srv/k ext4 x-latchkey.mapping=data\n") == "");
}
