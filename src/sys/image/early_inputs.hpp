// SPDX-License-Identifier: GPL-3.0-or-later
// Everything that early ssh is made of, read and judged in one place: the hook
// builds an image from it, and `check` compares images with it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/config/config.hpp"
#include "core/config/volume.hpp"
#include "core/ssh/authorized_keys.hpp"
#include "sys/config/setup.hpp"
#include "sys/ssh/host_keys.hpp"

namespace latchkey {

struct EarlyInputs {
  bool configured = false;  ///< latchkey.conf is there
  bool root_is_a_volume = false;
  std::string config_text{};   ///< latchkey.conf, as the digest has it
  std::string volumes_text{};  ///< the volumes file, likewise
  std::optional<Config> config{};
  std::optional<std::vector<Volume>> volumes{};
  std::vector<AuthorizedKey> keys{};
  std::vector<std::string> fingerprints{};  ///< of `keys`, in their order
  std::vector<HostKey> host_keys{};
  std::vector<Error> faults{};  ///< each makes early ssh unusable
  std::vector<Error> warnings{};
  /// Modules for the VLANs, bonds and bridges that [network] or a command line of the
  /// kernel (see known_command_lines) asks for.
  std::vector<std::string> link_modules{};
  std::string keys_type{};  ///< the keys volume's file system, when it has been opened
  std::string digest{};  ///< of all files that go into an image, programs included
};

/// A file of an image, made of the inputs alone, that early ssh cannot do without.
struct ImageFile {
  std::string path{};  ///< from the image's root
  std::string text{};
  std::string holds{};  ///< in words
};

/// Takes inputs without faults; gives the files that only root may read.
[[nodiscard]] std::vector<ImageFile> image_files(const EarlyInputs& inputs);

/// Reads them, changing nothing. Never fails: what is wrong is in `faults`.
[[nodiscard]] EarlyInputs read_early_inputs(const Paths& paths);

}  // namespace latchkey
