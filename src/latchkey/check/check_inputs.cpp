// SPDX-License-Identifier: GPL-3.0-or-later
#include <unistd.h>

#include <algorithm>
#include <iterator>
#include <set>
#include <string>
#include <vector>

#include "core/base/base64.hpp"
#include "core/base/message.hpp"
#include "core/base/text.hpp"
#include "core/config/keys_apart.hpp"
#include "core/mount/cryptroot.hpp"
#include "latchkey/check/check.hpp"
#include "sys/base/digest.hpp"
#include "sys/base/fd.hpp"
#include "sys/config/lasting.hpp"
#include "sys/config/writable_by_others.hpp"
#include "sys/hold/init_system.hpp"
#include "sys/hold/late_config.hpp"
#include "sys/hold/packages.hpp"
#include "sys/image/cryptroot.hpp"
#include "sys/image/zfs_root.hpp"
#include "sys/luks/header_modules.hpp"
#include "sys/luks/luks_copies.hpp"
#include "sys/storage/device.hpp"
#include "sys/storage/disk_health.hpp"
#include "sys/storage/pv_copies.hpp"

namespace latchkey {
namespace {

std::string count(std::size_t number, const std::string& thing) {
  return std::to_string(number) + " " + thing + (number == 1 ? "" : "s");
}

struct Device {
  DeviceRef ref;
  std::string of{};      ///< what lies on it
  std::string header{};  ///< path of the LUKS header, if not on the device itself
  bool has_keys = false;
};

std::string words_for(const Device& device) {
  return "the device of " + device.of + ", '" + device.ref.text() + "'";
}

Finding judge_name(const Device& device) {
  return doubtful({Code::config, words_for(device) + ", is named as the kernel finds it",
                   "after a reboot another disk may have that name",
                   "write UUID=… instead; run: lsblk -o NAME,UUID " + device.ref.text()});
}

Finding judge(const Paths& paths, const Device& device, const Result<>& answer) {
  const std::string path = paths.root + device.ref.path();
  const std::string what = words_for(device);
  if (::access(path.c_str(), F_OK) != 0) {
    const Error missing{Code::missing, what + ", is not there now", "there is no '" + path + "'",
                        "see that its disk is attached and its name is right"};
    // Without it nothing at all can be opened.
    return device.has_keys ? bad(missing) : doubtful(missing);
  }
  if (!answer)
    return bad(
        {answer.error().code, what + ", cannot be read", answer.error().why, failing_disk_hint()});
  const std::string header = device.header.empty() ? path : paths.root + device.header;
  const auto modules = header_modules(header);
  if (!modules && modules.error().code == Code::timeout)
    return bad({Code::timeout, what + ", cannot be opened: " + modules.error().what,
                modules.error().why, modules.error().hint});
  if (!modules)
    return bad({modules.error().code, what + ", cannot be opened", modules.error().why,
                "see that the name is right; if it had a header: latchkey restore FILE, with a "
                "backup"});
  return good(what + ", has a LUKS header");
}

// A host key as ssh shows it to whoever connects: type and fingerprint.
std::string shown(const HostKey& key) {
  const std::vector<std::string> words = split(key.public_line, ' ');
  const auto blob = base64_decode(words.at(1));
  return words[0] + " " + (blob ? fingerprint_text(sha256(*blob)) : words[1]);
}

// The keyboard layout of the console that is not that of an image without setupcon.
std::string other_layout(const Paths& paths) {
  const auto text = read_file(paths.root + "/etc/default/keyboard");
  if (!text) return "";
  const std::string layout = assigned(*text, "XKBLAYOUT").value_or("");
  const std::string variant = assigned(*text, "XKBVARIANT").value_or("");
  if (layout.empty() || (layout == "us" && variant.empty())) return "";
  return layout + (variant.empty() ? "" : " " + variant);
}

bool installed(const Paths& paths, const std::string& file) {
  return ::access((paths.root + file).c_str(), F_OK) == 0;
}

// dracut's own package takes over the kernels' hooks; mere tools of it do not, and the hook
// stays as a conffile when that package is removed. Only one of the two can be installed:
// whose update-initramfs it is tells.
bool initramfs_tools_build(const Paths& paths) {
  if (!installed(paths, "/usr/sbin/mkinitramfs")) return false;
  if (!installed(paths, "/etc/kernel/postinst.d/dracut")) return true;
  const auto script = read_file(paths.root + "/usr/sbin/update-initramfs");
  return script && script->find("mkinitramfs") != std::string::npos;
}

// What the package has in /etc, and what is lost with it.
struct Conffile {
  const char* file;
  const char* lost;
  bool program = false;  ///< an error where it cannot be run
};
constexpr Conffile conffiles[]{
    {"/etc/initramfs/post-update.d/00latchkey",
     "an image that cannot be unlocked would stay, in place of the good one before it", true},
    {"/etc/default/grub.d/zzz-latchkey.cfg", "GRUB may start a kernel that has no image"},
    {"/etc/apt/apt.conf.d/05latchkey",
     "packages are configured while the volume with their data is closed"},
    {"/etc/dpkg/dpkg.cfg.d/latchkey",
     "packages are configured while the volume with their data is closed"}};
constexpr Conffile scripts_of_sysvinit[]{
    {"/etc/init.d/latchkey-release", "no boot mounts the volumes and starts the held services",
     true},
    {"/etc/init.d/latchkey-farewell", "what early boot left running is not ended", true}};

// dpkg never puts a deleted one back by itself; whoever runs without the package has none.
void judge_conffiles(Findings& out, const Paths& paths) {
  if (!is_unpacked("latchkey", paths.root)) return;
  std::vector<Conffile> wanted(std::begin(conffiles), std::end(conffiles));
  if (paths.root.empty() && init_system() == InitSystem::sysvinit)
    wanted.insert(wanted.end(), std::begin(scripts_of_sysvinit), std::end(scripts_of_sysvinit));
  for (const Conffile& one : wanted) {
    const std::string path = paths.root + one.file;
    if (::access(path.c_str(), one.program ? X_OK : F_OK) == 0) continue;
    const bool there = installed(paths, one.file);
    const Error text{
        Code::missing,
        "'" + path + "' of the package " + (there ? "cannot be run" : "is not there any more"),
        one.lost,
        there ? "run: chmod 755 " + path
              : "run: apt install --reinstall -o Dpkg::Options::=--force-confmiss "
                "./latchkey_*.deb"};
    out.push_back(one.program ? bad(text) : doubtful(text));
  }
}

}  // namespace

Findings check_inputs(const Paths& paths, const EarlyInputs& inputs) {
  Findings out;
  for (const Error& fault : inputs.faults) out.push_back(bad(fault));
  for (const Error& warning : inputs.warnings) out.push_back(doubtful(warning));
  for (Error& reach : files_of_others(paths, inputs.volumes)) out.push_back(bad(std::move(reach)));
  if (auto lost = settings_are_lost(paths)) out.push_back(doubtful(std::move(*lost)));
  for (Error& late : late_config(paths)) out.push_back(bad(std::move(late)));
  if (inputs.config) out.push_back(good("'" + paths.etc("latchkey.conf") + "' is right"));
  if (inputs.volumes)
    out.push_back(
        good("'" + paths.etc("volumes") + "' names " + count(inputs.volumes->size(), "volume")));
  if (!inputs.keys.empty())
    out.push_back(good(count(inputs.keys.size(), "ssh key") + " may unlock"));
  for (const HostKey& key : inputs.host_keys)
    out.push_back(good("early boot has the host key " + shown(key)));
  const auto services = read_file(paths.etc("services"));
  if (!services && services.error().code != Code::missing) {
    Error unread = services.error();
    unread.hint =
        "while it cannot be read, no boot holds any service: mend it, then run: "
        "systemctl daemon-reload";
    out.push_back(bad(unread));
  }
  if (services && inputs.volumes) {
    const auto parsed = parse_services(*services, paths.etc("services"), *inputs.volumes);
    if (!parsed) out.push_back(bad(parsed.error()));
  }
  return out;
}

Findings check_devices(const Paths& paths, const EarlyInputs& inputs) {
  std::vector<Device> devices;
  if (inputs.config) devices.push_back({inputs.config->keys.device, "the keys volume", "", true});
  if (inputs.volumes)
    for (const Volume& volume : *inputs.volumes)
      devices.push_back({volume.device, "'" + volume.name + "'", volume.header});
  std::vector<std::string> asked;
  for (const Device& device : devices) asked.push_back(paths.root + device.ref.path());
  // Behind them, so that all are waited for together: what is read next.
  for (const Device& device : devices)
    if (!device.header.empty()) asked.push_back(paths.root + device.header);
  const auto answers = ask_disks(asked);
  Findings out;
  for (std::size_t i = 0; i < devices.size(); ++i) {
    out.push_back(judge(paths, devices[i], answers[i]));
    if (devices[i].ref.may_change()) out.push_back(judge_name(devices[i]));
  }
  if (paths.root.empty() &&
      std::ranges::any_of(devices, [](const Device& one) { return one.ref.may_be_lv(); }))
    for (const auto& [one, other] : pv_copies(""))
      out.push_back(doubtful(
          {Code::refused, "'" + one + "' and '" + other + "' are the same physical volume of LVM",
           "one is a copy of the other, and each boot may use either: what is written then is on "
           "that alone",
           "see: lvm pvs -a; detach the copy, or have it get names of its own: vgimportclone "
           "DEVICE"}));
  if (!paths.root.empty() || std::ranges::none_of(devices, [](const Device& device) {
        return goes_by_uuid_or_label(device.ref);
      }))
    return out;
  const LuksDisks all = luks_disks();
  for (const Device& device : devices) {
    const std::string file = paths.etc(device.has_keys ? "latchkey.conf" : "volumes");
    if (auto twice = shown_twice(device.ref, all, device.of, file))
      out.push_back(doubtful(std::move(*twice)));
  }
  return out;
}

Findings check_surroundings(const Paths& paths, const EarlyInputs& inputs) {
  Findings out;
  for (const std::string& mapping : opened_early(paths, inputs))
    out.push_back(bad(foreign_opening(mapping)));
  if (auto zfs = asked_by_zfs(paths)) out.push_back(doubtful(std::move(*zfs)));
  if (inputs.config && inputs.volumes) {
    const DeviceRef& keys = inputs.config->keys.device;
    for (Error& fault : keys_inside(keys, *inputs.volumes)) out.push_back(bad(std::move(fault)));
    const auto under = paths.root.empty() ? mappings_under_system() : std::set<std::string>{};
    for (const Volume& volume : *inputs.volumes)
      if (volume.mount_point.empty() && !volume.boot && under.contains(volume.mapping))
        out.push_back(bad(
            {Code::config, "the running system lies on '" + volume.name + "', and no boot knows it",
             "an image that cannot unlock would boot on, and wait for a root that nothing opens",
             "add x-latchkey.boot to the options of its line in /etc/latchkey/volumes, and run: "
             "update-initramfs -u -k all"}));
    // By the same name it is a fault of the file already.
    for (const Volume& volume : *inputs.volumes)
      if (volume.device.path() != keys.path() && is_same_device(volume.device, keys))
        out.push_back(bad(is_the_keys_volume(volume)));
  }
  // While it is root's only remote prompt, nobody is told to remove it.
  if (out.empty() && installed(paths, other_early_ssh_script))
    out.push_back(doubtful(other_early_ssh()));
  if (const std::string layout = other_layout(paths);
      !layout.empty() && !installed(paths, "/bin/setupcon"))
    out.push_back(
        doubtful({Code::missing,
                  "a console in early boot has the keyboard layout us, not '" + printable(layout) +
                      "' as in '" + paths.root + "/etc/default/keyboard'",
                  "there is no /bin/setupcon, which brings it into images",
                  "run: apt install console-setup; then: update-initramfs -u -k all"}));
  if (!initramfs_tools_build(paths))
    out.push_back(bad({Code::refused, "the next image will have no unlocker",
                       "dracut builds this machine's images, or initramfs-tools is gone",
                       "run: apt install initramfs-tools; then: update-initramfs -u -k all"}));
  else
    out.push_back(good("initramfs-tools builds the images"));
  judge_conffiles(out, paths);
  return out;
}

}  // namespace latchkey
