// SPDX-License-Identifier: GPL-3.0-or-later
// `latchkey status`: what is so now.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "core/base/message.hpp"
#include "core/base/text.hpp"
#include "core/unlock/report.hpp"
#include "latchkey/check/check.hpp"
#include "latchkey/cli/command.hpp"
#include "latchkey/cli/summary.hpp"
#include "latchkey/cli/terminal.hpp"
#include "sys/config/state.hpp"
#include "sys/config/unfinished.hpp"
#include "sys/hold/packages.hpp"
#include "sys/image/boot_menu.hpp"
#include "sys/image/finished_image.hpp"
#include "sys/image/image_door.hpp"
#include "sys/keys/keeper.hpp"
#include "sys/storage/disk_health.hpp"
#include "sys/storage/lvm.hpp"

namespace latchkey {
namespace {

// An open keys volume is what lies bare longest, so it is told in red.
std::string open_keys_text(const Globals& globals) {
  const auto keeper = find_keeper(globals.paths);
  const std::string until = keeper ? " until " + keeper->until : "";
  const std::string text = "the keys volume is open" + until;
  return (colour_wanted() ? "\033[31m" + text + "\033[0m" : text) + ": run: latchkey umount-keys";
}

// Nobody but root can find a resting LV.
bool keys_are_lost(const Facts& facts) {
  return !is_live(facts.keys) && !facts.keys.device && ::geteuid() == 0;
}

// What dpkg could not configure, perhaps because volumes were closed.
std::vector<std::string> packages_to_tell(const Globals& globals, const Setup& setup) {
  if (setup.services.empty() || !globals.paths.root.empty()) return {};
  return unfinished_packages();
}

// Early ssh of the next boot, as the image of the kernel that it starts has it.
struct NextDoor {
  std::string kernel{};
  ImageDoor door{};
};

std::optional<NextDoor> next_door(const Paths& paths) {
  const auto kernel =
      started_kernel(boot_kernels(paths), read_boot_menu(paths), saved_entries(paths));
  const auto door = kernel ? remembered_door(paths, image_path(paths, *kernel)) : std::nullopt;
  if (!door) return {};
  return NextDoor{*kernel, *door};
}

std::string door_text(const NextDoor& next) {
  return "early ssh listens on port " + std::to_string(next.door.port) + " and knows " +
         std::to_string(next.door.keys) + (next.door.keys == 1 ? " key" : " keys") +
         ", by the image of kernel " + printable(next.kernel);
}

nlohmann::json door_json(const std::optional<NextDoor>& next) {
  if (!next) return {};
  return {{"kernel", next->kernel}, {"port", next->door.port}, {"keys", next->door.keys}};
}

// What status tells in words as well; null: there is nothing to tell.
nlohmann::json remark_json(const std::optional<Error>& remark) {
  if (!remark) return {};
  return {{"what", remark->what}, {"why", remark->why}, {"hint", remark->hint}};
}

nlohmann::json unfinished_json(const Paths& paths) {
  nlohmann::json out = nlohmann::json::array();
  for (const Unfinished& work : list_unfinished(paths))
    out.push_back(remark_json(describe_unfinished(work)));
  return out;
}

// What the volumes' table does not say: the keys volume, packages, and early boot.
std::string tail_text(const Globals& globals, const Facts& facts, const Setup& setup,
                      const std::optional<BootReport>& report,
                      const std::vector<std::string>& packages) {
  std::string out;
  if (report)
    if (const auto lines = report_lines(*report); !lines.empty()) out += lines.front() + "\n";
  if (is_live(facts.keys))
    out += open_keys_text(globals) + "\n";
  else if (keys_are_lost(facts))
    out += "the keys volume " + setup.config.keys.device.text() + " is not there\n";
  if (!packages.empty())
    out += "not completely configured: " + printable(join(packages, ", ")) +
           "; once the volumes are mounted, run: dpkg --configure -a\n";
  if (const auto next = next_door(globals.paths)) out += door_text(*next) + "\n";
  for (const Finding& finding : check_boot_menu(globals.paths))
    out += sentence(finding.text) + "; " + finding.text.hint + "\n";
  if (const auto overdue = backup_age(globals.paths))
    out += sentence(*overdue) + "; " + overdue->hint + "\n";
  return out;
}

int show_status(const Globals& globals, bool json) {
  const auto setup = load_setup(globals.paths);
  if (!setup) return report_error(setup.error());
  Facts facts = probe_all(*setup, globals.paths);
  // Put to rest after each unlock, its LV has no node.
  if (!facts.keys.device) facts.keys.device = lv_exists(setup->config.keys.device);
  probe_disks(facts, *setup);
  const auto report = read_boot_report(globals.paths);
  const std::vector<Row> rows = make_rows(*setup, facts, report ? reasons_of(*report) : Reasons{});
  const std::vector<std::string> packages = packages_to_tell(globals, *setup);
  const bool complete = all_up(rows) && !keys_are_lost(facts);
  if (json) {
    nlohmann::json out = summary_json(*setup, facts, rows);
    out["complete"] = complete;
    const auto keeper = is_live(facts.keys) ? find_keeper(globals.paths) : std::nullopt;
    out["keys"]["until"] = keeper ? nlohmann::json(keeper->until) : nlohmann::json();
    out["backup"] = remark_json(backup_age(globals.paths));
    out["unfinished"] = unfinished_json(globals.paths);
    out["disks_asked"] = ::geteuid() == 0;
    out["early_boot"] =
        report ? nlohmann::json::parse(to_json(*report), nullptr, false) : nlohmann::json();
    out["early_ssh"] = door_json(next_door(globals.paths));
    out["unconfigured_packages"] = packages;
    out["boot_menu"] = findings_json(check_boot_menu(globals.paths));
    print(dump(out));
  } else {
    print(table_text(rows, colour_wanted()));
    if (!globals.quiet) print(tail_text(globals, facts, *setup, report, packages));
  }
  // Like systemctl is-active: the status answers "is everything up?".
  return complete ? 0 : exit_status(Code::partial);
}

}  // namespace

Run declare_status(CLI::App& app, const Globals& globals) {
  const auto json = std::make_shared<bool>(false);
  app.add_flag("--json", *json, "as JSON");
  return [json, &globals] { return show_status(globals, *json); };
}

}  // namespace latchkey
