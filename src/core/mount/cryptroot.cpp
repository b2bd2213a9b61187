// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/mount/cryptroot.hpp"

#include <algorithm>

#include "core/base/text.hpp"

namespace latchkey {

namespace {

// crypttab(5): the key is a file's path, or none or -; with keyscript= it is what that is given.
bool asks_somebody(const std::vector<Field>& fields, const std::vector<std::string>& options) {
  for (const std::string& option : options) {
    if (!option.starts_with("keyscript=")) continue;
    const std::string script = option.substr(option.find_last_of("=/") + 1);
    return script.starts_with("decrypt_") || script == "askpass";
  }
  return fields.size() < 3 || !fields[2].text.starts_with('/');
}

}  // namespace

std::vector<std::string> foreign_openings(std::string_view crypttab,
                                          const std::vector<std::string>& ours,
                                          const std::set<std::string>& carrying,
                                          const OpenedEarly& early) {
  std::vector<std::string> out;
  for (const std::string_view line : split_lines(crypttab)) {
    const std::vector<Field> fields = split_fields(line);
    if (fields.size() < 2 || fields[0].text.starts_with('#')) continue;
    const std::string& mapping = fields[0].text;
    std::vector<std::string> options;
    if (fields.size() > 3) options = split(fields[3].text, ',');
    const bool marked = std::ranges::find(options, "initramfs") != options.end();
    const bool in_the_way = asks_somebody(fields, options) || carrying.contains(mapping);
    if (in_the_way && std::ranges::find(ours, mapping) == ours.end() && early(mapping, marked))
      out.push_back(mapping);
  }
  return out;
}

Error keys_lie_inside(const std::string& volume) {
  return {Code::refused, "the keys volume lies on '" + printable(volume) + "'",
          "the key that would open it is inside: early boot could never reach it",
          "take its line out of /etc/latchkey/volumes, and keep to what opens it now; to have it "
          "opened by Latchkey, make a keys volume outside of it"};
}

Error other_early_ssh() {
  return {Code::busy, "the package dropbear-initramfs is installed beside Latchkey",
          "both want the same port in early boot, and the one that comes first gets it",
          "run: apt remove dropbear-initramfs"};
}

Error keys_would_lie_inside(const std::string& vg, const std::string& mapping) {
  return {
      Code::refused, "will not make a keys volume in '" + printable(vg) + "'",
      "the group lies in '" + printable(mapping) +
          "', which is encrypted itself: early boot would need the key before it could reach it",
      "name a volume group outside of it; where there is none, keep to what opens it now"};
}

Error keys_were_put_inside(const std::string& lv, const std::string& mapping, bool removed) {
  return {Code::refused, "cannot use " + lv + " as the keys volume",
          "LVM put it on a disk that lies in '" + printable(mapping) +
              "', which is encrypted itself: early boot would need the key before it could reach "
              "it" +
              (removed ? "; it is removed again" : ""),
          (removed ? "" : "remove it, if nobody uses it: lvm lvremove " + lv + "; ") +
              std::string("keep LVM from that disk (lvm pvs; lvm pvchange --allocatable n DISK), "
                          "and run this again")};
}

Error foreign_opening(const std::string& mapping) {
  return {Code::refused, "cryptsetup-initramfs opens '" + printable(mapping) + "' in early boot",
          "it is no volume of Latchkey, and its turn comes after Latchkey's prompt: the boot would "
          "wait for it where nobody but the console is asked",
          "take it in with latchkey adopt, see latchkey(8); where the whole volume group lies in "
          "it, keep to the ssh server that you have"};
}

}  // namespace latchkey
