// SPDX-License-Identifier: GPL-3.0-or-later
// Files of the machine that are only looked at: the menus of boot loaders and the kernel's list of
// swap, kdump's settings, accounts, sshd's and dhcpcd's, crypttab, init scripts, users' tables of
// cron, fsck's lines, apt's, LVM's filters, records of early boot and of udev, containers and
// virtual machines, a Raspberry Pi's firmware.
#include "core/base/text.hpp"
#include "core/hold/cron_lines.hpp"
#include "core/hold/guest_uses.hpp"
#include "core/hold/hold.hpp"
#include "core/hold/init_script.hpp"
#include "core/hold/quadlet.hpp"
#include "core/image/boot_menu.hpp"
#include "core/image/bundled.hpp"
#include "core/image/grub_menu.hpp"
#include "core/image/loader_entry.hpp"
#include "core/image/raspi_boot.hpp"
#include "core/mount/cryptroot.hpp"
#include "core/mount/fsck.hpp"
#include "core/mount/gpt_auto.hpp"
#include "core/network/client_id.hpp"
#include "core/network/ledger.hpp"
#include "core/ssh/logins.hpp"
#include "core/storage/lvm_filter.hpp"
#include "core/storage/storage_confs.hpp"
#include "core/storage/traces.hpp"
#include "fuzz/judge.hpp"

using namespace latchkey;
using namespace latchkey::fuzz;

LATCHKEY_FUZZ(text) {
  (void)starts_without_image(text, "6.1.0-1-amd64");
  (void)default_is(text, "6.1.0-1-amd64");
  (void)in_menu_order({{"6.2", true}, {"6.1.0-1-amd64", false}}, text);
  const std::vector<MenuEntry> entries_of_menu = menu_entries(text);
  (void)kernel_of_entry(entries_of_menu, "1>0");
  (void)asks_before_boot(text, {.saved = "a>b", .next = "1"});
  (void)parse_loader_entry(text);
  (void)extlinux_lines(text);
  for (const CronLine& line : unguarded_cron_lines(text, "/srv", {"/home/alice"}))
    must(line.number > 0);
  if (const auto line = unguarded_script_line(text, "/srv")) must(*line > 0);
  const std::vector<std::string> disk{"/dev/sdb"};
  for (const std::string& word : lvm_without(text, disk, false)) must_be_line(word);
  (void)containerd_data_root(text);
  (void)gpt_auto_off(text);
  if (const auto partition = parse_gpt_partition(text)) must(partition->number > 0);
  (void)docker_data_root(text);
  (void)parse_docker_use(text);
  (void)docker_name(text);
  (void)docker_volume_device(text);
  (void)podman_names(text);
  (void)podman_started(unit_settings(text));
  (void)podman_data_root(text);
  for (const std::string& path : podman_sources(text)) must(path.starts_with('/'));
  for (const std::string& path : parse_lxc_use(text).paths) must(path.starts_with('/'));
  for (const std::string& path : nspawn_paths(unit_settings(text))) must(path.starts_with('/'));
  for (const std::string& path : libvirt_paths(text)) must(path.starts_with('/'));
  const Quadlet quadlets[]{{"a.container", "", unit_settings(text)},
                           {"b.volume", "", unit_settings(text)}};
  (void)quadlet_uses(quadlets[0], quadlets, "/srv");
  (void)quadlet_starts(quadlets[1], quadlets);
  const RaspiConfig raspi = parse_raspi_config(text);
  must(raspi.any() || !raspi.takes("initramfs8"));
  (void)swap_areas(text);
  (void)crash_directory(text);
  (void)reads_init_functions(text);
  (void)tells_status(text);
  (void)words_of_line(text, "a.service");
  (void)read_holds(text, text, {});
  for (const std::string_view line : split_lines(text))
    if (const auto progress = parse_check_progress(line))
      must(progress->percent >= 0 && progress->percent <= 100 && progress->pass >= 1);
  std::string lines;
  const auto entries = parse_ledger(text);
  for (const LinkEntry& entry : entries)
    for (const std::string& line : ledger_lines(entry)) lines += line + "\n";
  must(parse_ledger(lines).size() <= entries.size());
  (void)parse_made(text);
  const auto two = parts(text, 2);
  must(same_settings(text, text));
  (void)same_settings(two[0], two[1]);
  must(same_lvm_devices(text, text));
  (void)same_lvm_devices(two[0], two[1]);
  (void)same_arrays(two[0], two[1]);
  (void)foreign_openings(text, {"a"}, {"b"},
                         [](const std::string&, bool marked) { return marked; });
  for (const Account& account : logins_of(text)) must(!account.user.empty());
  (void)sshd_ways(text, {});
  (void)dhcpcd_by_duid(text);
  (void)parse_bundled(text);
  (void)parse_source_versions(text);
}
