// SPDX-License-Identifier: GPL-3.0-or-later
// latchkey-generator: what systemd calls before it loads any unit (see
// systemd.generator(7)). It holds the units; it must be quick, may not ask
// systemd anything, and never fails the boot. A volume whose line it cannot read
// counts as not mounted; which units there are, the list of services alone tells.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "core/base/message.hpp"
#include "core/hold/hold.hpp"
#include "guard/command.hpp"
#include "guard/readable.hpp"
#include "sys/base/fd.hpp"
#include "sys/base/kmsg.hpp"

namespace latchkey {
namespace {

void complain(const Error& error) { kmsg("generator: " + sentence(error), Loudness::warning); }

// Plain files in a directory that is new with every reload: no care for power
// cuts is needed.
void write_drop_in(const std::string& directory, const DropIn& drop_in) {
  const std::string place = directory + "/" + drop_in.unit + ".d";
  if (auto made = make_directories(place, 0755); !made) return complain(made.error());
  const std::string path = place + "/" + std::string(drop_in_name);
  if (auto written = write_file(path, drop_in.text, 0644); !written) complain(written.error());
}

int generate(const Paths& paths, const std::vector<std::string>& directories) {
  // normal, early, late: only early is not shadowed by a file in /etc.
  const std::string& directory = directories.size() > 1 ? directories[1] : directories.at(0);
  std::vector<Error> unread;
  const std::vector<Volume> volumes =
      readable_volumes(paths, [&](const Error& error) { unread.push_back(error); });
  std::vector<Volume> open = volumes;
  std::erase_if(open, [&](const Volume& volume) {
    return ::access((paths.root + mapping_path(volume)).c_str(), F_OK) != 0;
  });
  for (const DropIn& drop_in : patience(open)) write_drop_in(directory, drop_in);
  const std::string services = text_of(paths.etc("services"), complain);
  if (services.empty()) return 0;
  for (const Error& error : unread) complain(error);
  const Holds holds = read_holds(services, text_of(paths.etc("triggers"), complain), volumes);
  for (const std::string& problem : holds.problems)
    kmsg("generator: " + problem, Loudness::warning);
  for (const DropIn& drop_in : drop_ins(holds.units, text_or_empty(paths.root + "/etc/fstab")))
    write_drop_in(directory, drop_in);
  return 0;
}

}  // namespace

Run declare_generator(CLI::App& app, const Globals& globals) {
  const auto directories = std::make_shared<std::vector<std::string>>();
  app.add_option("directories", *directories, "where systemd wants the units")->required();
  return [directories, &globals] { return generate(globals.paths, *directories); };
}

}  // namespace latchkey
