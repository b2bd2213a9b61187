// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/config/device_ref.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "core/base/text.hpp"

namespace latchkey {
namespace {

using Kind = DeviceRef::Kind;
constexpr std::array<std::pair<std::string_view, Kind>, 4> tags{{{"UUID=", Kind::uuid},
                                                                 {"PARTUUID=", Kind::partuuid},
                                                                 {"LABEL=", Kind::label},
                                                                 {"PARTLABEL=", Kind::partlabel}}};

Error bad(std::string_view text, std::string why) {
  return Error{Code::config, "'" + printable(text) + "' does not name a device", std::move(why),
               "write VG/LV, a path below /dev, or UUID=, PARTUUID=, LABEL="};
}

std::string doubled(std::string_view name) {
  std::string out;
  for (const char c : name) out += c == '-' ? std::string("--") : std::string(1, c);
  return out;
}

// udev escapes what is not safe in a link's name as \xHH; the same set here.
std::string udev_escaped(std::string_view label) {
  constexpr std::string_view hex = "0123456789abcdef";
  std::string out;
  for (const char c : label) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       byte >= 0x80 ||
                       std::string_view("#+-.:=@_").find(c) != std::string_view::npos;
    if (plain)
      out += c;
    else
      out += std::string("\\x") + hex[byte >> 4U] + hex[byte & 15U];
  }
  return out;
}

}  // namespace

std::string dm_lv_name(std::string_view vg, std::string_view lv) {
  return doubled(vg) + "-" + doubled(lv);
}

std::optional<DeviceRef> lv_of_dm_name(std::string_view dm_name) {
  DeviceRef out{.kind = Kind::lv};
  bool group = true;
  for (std::size_t i = 0; i < dm_name.size(); ++i) {
    const bool twice = dm_name[i] == '-' && dm_name.substr(i + 1).starts_with('-');
    if (dm_name[i] == '-' && !twice) {
      if (!group) return {};  // a single hyphen ends the group
      group = false;
      continue;
    }
    (group ? out.vg : out.lv) += dm_name[i];
    if (twice) ++i;
  }
  if (!valid_lvm_name(out.vg) || !valid_lvm_name(out.lv)) return {};
  return out;
}

bool valid_mapping_name(std::string_view name) {
  return valid_lvm_name(name) && name.front() != '.';
}

std::string DeviceRef::text() const {
  if (kind == Kind::lv) return vg + "/" + lv;
  for (const auto& [tag, tagged] : tags)
    if (kind == tagged) return std::string(tag) + value;
  return value;
}

std::string DeviceRef::path() const {
  switch (kind) {
    case Kind::lv:
      return "/dev/mapper/" + dm_lv_name(vg, lv);
    case Kind::uuid:
      return "/dev/disk/by-uuid/" + value;
    case Kind::partuuid:
      return "/dev/disk/by-partuuid/" + value;
    case Kind::label:
      return "/dev/disk/by-label/" + udev_escaped(value);
    case Kind::partlabel:
      return "/dev/disk/by-partlabel/" + udev_escaped(value);
    case Kind::path:
      break;
  }
  return value;
}

bool DeviceRef::may_be_lv() const {
  if (kind != Kind::path) return kind == Kind::lv;
  const auto parts = split(value, '/');  // "", "dev", VG, LV
  return parts.size() == 4 && valid_lvm_name(parts[2]) && valid_lvm_name(parts[3]) &&
         parts[2] != "disk" && parts[2] != "block" && parts[2] != "md";
}

bool DeviceRef::may_change() const {
  constexpr std::string_view directory = "/dev/";
  constexpr std::array<std::string_view, 9> drivers{"sd",     "hd",  "vd",  "xvd", "nvme",
                                                    "mmcblk", "dm-", "nbd", "loop"};
  // Behind these comes a number, or a letter of a disk: other names begin so too.
  constexpr std::array<std::string_view, 8> numbered{"md",   "bcache", "zd",    "rbd",
                                                     "pmem", "dasd",   "ublkb", "mtdblock"};
  if (kind != Kind::path || !value.starts_with(directory)) return false;
  // Numbered anew at each boot, both of them.
  if (value.starts_with("/dev/block/") || value.starts_with("/dev/disk/by-diskseq/")) return true;
  const std::string_view name = std::string_view(value).substr(directory.size());
  if (name.find('/') != std::string_view::npos) return false;
  // An array that its configuration does not name gets /dev/md127 and down.
  for (const std::string_view driver : numbered)
    if (name.starts_with(driver) && name.size() > driver.size()) {
      const char next = name[driver.size()];
      return (next >= '0' && next <= '9') || (driver == "dasd" && next >= 'a' && next <= 'z');
    }
  return std::ranges::any_of(drivers,
                             [&](std::string_view driver) { return name.starts_with(driver); });
}

Result<DeviceRef> parse_device_ref(std::string_view text) {
  for (const auto& [tag, kind] : tags) {
    if (!text.starts_with(tag)) continue;
    std::string_view value = text.substr(tag.size());
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"')
      value = value.substr(1, value.size() - 2);
    if (value.empty()) return bad(text, "nothing follows " + std::string(tag));
    if (value.find('/') != std::string_view::npos || value == "." || value == "..")
      return bad(text, "the value has a '/'");
    if (printable(value, 4096) != value) return bad(text, "it has unprintable characters");
    const bool is_id = kind == Kind::uuid || kind == Kind::partuuid;
    const bool hex = std::ranges::all_of(value, [](char c) {
      return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || c == '-';
    });
    if (is_id && !hex) return bad(text, "a UUID has hexadecimal digits and hyphens only");
    DeviceRef out{.kind = kind, .value = std::string(value)};
    // udev's links have small letters for them, but not for the short ids of FAT and NTFS.
    constexpr std::size_t whole = 36;
    if (kind == Kind::partuuid || (kind == Kind::uuid && value.size() == whole))
      for (char& c : out.value)
        if (c >= 'A' && c <= 'F') c = static_cast<char>(c - 'A' + 'a');
    return out;
  }
  if (text.starts_with('/')) {
    if (!text.starts_with("/dev/")) return bad(text, "it is not below /dev");
    for (const std::string& part : split(text.substr(1), '/'))
      if (part.empty() || part == "." || part == "..") return bad(text, "the path is not plain");
    if (printable(text, 4096) != text) return bad(text, "it has unprintable characters");
    return DeviceRef{.kind = Kind::path, .value = std::string(text)};
  }
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return bad(text, "it has no '/'");
  const std::string_view vg = text.substr(0, slash);
  const std::string_view lv = text.substr(slash + 1);
  if (!valid_lvm_name(vg) || !valid_lvm_name(lv))
    return bad(text, "LVM names have letters, digits and + _ . - only");
  return DeviceRef{.kind = Kind::lv, .vg = std::string(vg), .lv = std::string(lv)};
}

}  // namespace latchkey
