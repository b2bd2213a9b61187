// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/mount/gpt_auto.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>

#include "core/base/shell_word.hpp"
#include "core/base/systemd_words.hpp"
#include "core/base/text.hpp"

namespace latchkey {
namespace {

struct PlaceOfType {
  std::string_view type;
  std::string_view place;
};
constexpr PlaceOfType places[]{{"933ac7e1-2eb4-4f13-b844-0e14e2aef915", "/home"},
                               {"3b8f8425-20e0-4f3b-907f-1a25a76f98e8", "/srv"},
                               {"7ec6f557-3bc5-4aca-b293-16ef5df639d1", "/var/tmp"},
                               {"0657fd6d-a4ab-43c4-84e5-0933c84b4f4f", gpt_swap}};

// That of any Linux file system, which stands for no place.
constexpr std::string_view plain_type = "0FC63DAF-8483-4772-8E79-3D69D8477DE4";

constexpr std::uint64_t no_auto_flag = 1ULL << 63U;

bool has_no_auto(std::string_view flags) {
  if (flags.starts_with("0x")) flags.remove_prefix(2);
  std::uint64_t value = 0;
  const auto read = std::from_chars(flags.data(), flags.data() + flags.size(), value, 16);
  return read.ec == std::errc() && (value & no_auto_flag) != 0;
}

}  // namespace

std::optional<GptPartition> parse_gpt_partition(std::string_view record) {
  GptPartition out;
  bool gpt = false;
  for (const std::string_view line : split_lines(record)) {
    const std::size_t equals = line.find('=');
    if (equals == std::string_view::npos) continue;
    const std::string_view key = line.substr(0, equals);
    const std::string_view value = line.substr(equals + 1);
    if (key == "E:ID_PART_ENTRY_SCHEME") gpt = value == "gpt";
    if (key == "E:ID_PART_ENTRY_TYPE") out.type = lower(value);
    if (key == "E:ID_PART_ENTRY_DISK") out.disk = value;
    if (key == "E:ID_PART_ENTRY_NUMBER") out.number = parse_number(value, 1U << 20U).value_or(0);
    if (key == "E:ID_PART_ENTRY_FLAGS") out.no_auto = has_no_auto(value);
  }
  if (!gpt || out.type.empty() || out.disk.empty() || out.number == 0) return {};
  return out;
}

std::string gpt_auto_place(std::string_view type) {
  const auto* const found = std::ranges::find(places, type, &PlaceOfType::type);
  return found == std::ranges::end(places) ? std::string() : std::string(found->place);
}

bool gpt_auto_off(std::string_view command_line) {
  bool off = false;
  for (const std::string& word : command_line_words(command_line)) {
    // The kernel and systemd take `-` for `_`.
    const std::string text = replace_all(word, "-", "_");
    std::string_view rest = text;
    if (rest.starts_with("rd.")) rest.remove_prefix(3);
    constexpr std::string_view name = "systemd.gpt_auto";
    if (!rest.starts_with(name)) continue;
    rest.remove_prefix(name.size());
    if (!rest.empty() && !rest.starts_with('=')) continue;
    off = is_systemd_no(rest.substr(rest.empty() ? 0 : 1));
  }
  return off;
}

Error gpt_auto_conflict(const std::string& whose, const std::string& device,
                        const std::string& disk, const GptPartition& partition,
                        const std::string& place) {
  return {Code::busy, "systemd itself opens '" + printable(device) + "' at boot",
          "it is the device of " + whose + ", and the type of its partition says that it " +
              (place == gpt_swap ? "is swap, of which fstab names none"
                                 : "belongs on '" + place + "'") +
              ": the boot asks for a passphrase at the console alone, before sshd, also after "
              "an early unlock",
          "run: sfdisk --part-type " + shell_word(printable(disk)) + " " +
              std::to_string(partition.number) + " " + std::string(plain_type) +
              "; or start the kernel with systemd.gpt_auto=0"};
}

}  // namespace latchkey
