// SPDX-License-Identifier: GPL-3.0-or-later
// /etc/latchkey/volumes and /etc/latchkey/services.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "core/base/text.hpp"
#include "core/config/device_ref.hpp"
#include "core/units/unit_name.hpp"

namespace latchkey {

/// One data volume: a line `name  device  mount-point  type  options`.
struct Volume {
  std::string name;
  DeviceRef device;
  std::string mount_point{};  ///< empty: opened, not mounted (written `none`)
  std::string fs_type{};
  std::string mount_options{};  ///< what is left for mount(8) after ours are taken out
  std::string mapping{};        ///< x-latchkey.mapping=, default cleartext-NAME
  std::string key_file{};       ///< x-latchkey.key=, default VG-NAME.key
  std::string uuid{};           ///< x-latchkey.uuid=: the LUKS UUID the header must have
  std::string cipher{};         ///< x-latchkey.cipher=: the cipher it must say (option_cipher)
  std::string header{};  ///< x-latchkey.header=: where the LUKS header is, if not on the device
  bool discard = false;  ///< x-latchkey.discard: pass TRIM through
  bool fsck = true;      ///< x-latchkey.nofsck turns it off
  std::size_t line = 0;  ///< where it stands in the file
  bool boot = false;     ///< x-latchkey.boot: `/` or `/usr` lies on it, through LVM or an array
};

/// The path of its mapping's node, which is there while the volume is open.
[[nodiscard]] inline std::string mapping_path(const Volume& volume) {
  return "/dev/mapper/" + volume.mapping;
}

/// True when a volume's header is kept in a file, which early boot needs a copy of.
[[nodiscard]] inline bool header_in_file(const Volume& volume) {
  return !volume.header.empty() && !volume.header.starts_with("/dev/");
}

/// True for the path of a header that lies on a device of its own.
[[nodiscard]] inline bool is_device_path(std::string_view header) {
  return header.starts_with("/dev/");
}

/// True for a volume that the system itself mounts before anything of ours runs: on `/`,
/// `/usr` or `/var`. Latchkey opens it in early boot and leaves the rest to the lines of
/// fstab: it is never guarded, mounted, unmounted or closed by us.
[[nodiscard]] bool mounted_by_system(const Volume& volume);

/// True for one that a release checks and mounts: it has a mount point, and not the system's.
[[nodiscard]] bool is_released(const Volume& volume);

/// True for those that early boot has no way on without: what it mounts as `/` and `/usr`, and
/// what these lie on.
[[nodiscard]] bool needed_by_boot(const Volume& volume);

/// Such a one, for people: `the volume of '/'`, or `the volume 'sda3' under the system`.
[[nodiscard]] std::string needed_volume_text(const Volume& volume);

/// One held service: a line `unit  [volume …]`.
struct Service {
  std::string unit;                    ///< with its suffix, `.service` by default
  std::vector<std::string> volumes{};  ///< empty: all volumes
  std::size_t line = 0;
};

/// Takes the text of the volumes file; gives its volumes in order. Fails with
/// Code::config (position, offending text, nearest word): wrong number of
/// fields, bad or repeated names, mappings, mount points, unknown options.
///
/// The columns are fstab's with a name before them. libmount's own parser
/// wants the source first and a number fifth and reports no column, so the
/// columns are split here and libmount gets the options.
[[nodiscard]] Result<std::vector<Volume>> parse_volumes(std::string_view text,
                                                        std::string_view file);

/// Takes the fields of one such line, where it stands, and the volumes before it;
/// adds its volume. Fails as parse_volumes, and then adds nothing.
[[nodiscard]] Result<> add_volume(std::vector<Volume>& volumes, const std::vector<Field>& fields,
                                  std::string_view file, std::size_t line);

/// Another volume that has the same key file (`x-latchkey.key=` can say so), or nullptr:
/// whoever writes a new key there, or removes it, would shut that one too.
[[nodiscard]] const Volume* shares_key_file(const std::vector<Volume>& volumes,
                                            const Volume& volume);

/// A header's cipher as the option x-latchkey.cipher= has it: commas separate options, so it
/// has `+` for them. Empty when a line cannot hold it.
[[nodiscard]] std::string option_cipher(const std::string& cipher);

/// True for a path as the option x-latchkey.header= takes it: absolute, plain (no
/// `.`, `..`, `//`), printable, without a comma, since commas separate options.
[[nodiscard]] bool valid_header_path(std::string_view path);

/// Takes the text of the services file and the known volumes; gives the
/// services in order. Fails with Code::config for a bad unit name, a repeated
/// unit, an unknown volume.
[[nodiscard]] Result<std::vector<Service>> parse_services(std::string_view text,
                                                          std::string_view file,
                                                          const std::vector<Volume>& volumes);

/// The volumes a service needs: the named ones, or all that have a mount point.
[[nodiscard]] std::vector<const Volume*> needed_volumes(const Service& service,
                                                        const std::vector<Volume>& volumes);

}  // namespace latchkey
