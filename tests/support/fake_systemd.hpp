// SPDX-License-Identifier: GPL-3.0-or-later
// A systemctl of a test's own, in whose mount namespace (see alone.hpp) it takes the place of the
// machine's: /mnt holds what it knows of each unit, and what it was called with.
#pragma once

#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "core/base/text.hpp"
#include "support/alone.hpp"
#include "sys/base/fd.hpp"
#include "sys/hold/unit_batch.hpp"

namespace latchkey::test {

// Each unit's state is what its file says; a start makes it active and a stop inactive,
// unless it is refused or hangs.
inline const std::string fake_script = R"(#!/bin/sh
echo "$*" >>/mnt/calls
word=$1
if [ "$word" = daemon-reload ]; then
	for late in /mnt/late-*; do [ ! -e "$late" ] || mv "$late" "/mnt/${late#/mnt/late-}"; done
	exit 0
fi
while [ $# -gt 0 ] && [ "$1" != -- ]; do shift; done
[ $# -eq 0 ] || shift
case $word in
list-units)
	cat /mnt/instances
	;;
is-system-running) cat /mnt/system ;;
list-dependencies) cat /mnt/tree ;;
show)
	for unit; do
		cat "/mnt/$unit"
		echo
	done
	;;
start)
	for unit; do [ ! -e "/mnt/refused-$unit" ] || exit 1; done
	for unit; do
		[ -e "/mnt/fails-$unit" ] && state=failed || state=active
		[ ! -e "/mnt/queued-$unit" ] || echo Job=7 >>"/mnt/$unit"
		[ ! -e "/mnt/queued-$unit" ] || continue
		[ -e "/mnt/simple-$unit" ] && type=simple || type=oneshot
		printf 'Id=%s\nLoadState=loaded\nActiveState=%s\nType=%s\n' "$unit" $state $type >"/mnt/$unit"
	done
	;;
stop)
	for unit; do [ ! -e "/mnt/refused-$unit" ] || exit 1; done
	for unit; do
		[ ! -e "/mnt/stays-$unit" ] || continue
		[ -e "/mnt/hangs-$unit" ] && state=deactivating || state=inactive
		sed -i "s/^ActiveState=.*/ActiveState=$state/" "/mnt/$unit"
	done
	;;
esac
)";

inline void put(const std::string& path, const std::string& text) { std::ofstream(path) << text; }

inline void fake_systemctl(int units) {
  // In the place of the machine's own, or where there is none, where it is looked for last.
  std::string place = "/usr/bin/systemctl";
  if (::access(place.c_str(), F_OK) != 0) {
    (void)::mount("tmpfs", "/usr/local/sbin", "tmpfs", 0, "mode=0755");
    place = "/usr/local/sbin/systemctl";
    put(place, "");
  }
  put("/mnt/systemctl", fake_script);
  (void)::chmod("/mnt/systemctl", 0755);
  (void)::mount("/mnt/systemctl", place.c_str(), nullptr, MS_BIND, nullptr);
  for (int i = 0; i < units; ++i)
    put("/mnt/u" + std::to_string(i) + ".service",
        "Id=u" + std::to_string(i) +
            ".service\nLoadState=loaded\nActiveState=inactive\nUnitFileState=enabled\n");
}

// Gives how each unit ended, by its number.
inline std::map<std::size_t, std::string> run_these(UnitBatch&& batch,
                                                    const std::vector<std::string>& units,
                                                    int most_looks = 20) {
  for (std::size_t i = 0; i < units.size(); ++i) batch.add(i, units[i]);
  std::map<std::size_t, std::string> how;
  for (int looks = 0; looks < most_looks && !batch.idle(); ++looks)
    for (const Ended& ended : batch.look())
      how[ended.step] = ended.result ? *ended.result : "error: " + ended.result.error().why;
  return how;
}

inline std::map<std::size_t, std::string> run_all(UnitBatch&& batch, int units) {
  std::vector<std::string> names;
  for (int i = 0; i < units; ++i) names.push_back("u" + std::to_string(i) + ".service");
  return run_these(std::move(batch), names);
}

inline std::vector<std::string> calls() {
  std::vector<std::string> out;
  const auto text = read_file("/mnt/calls");
  if (!text) return out;
  for (const std::string_view line : split_lines(*text)) out.emplace_back(line.substr(0, 60));
  return out;
}

}  // namespace latchkey::test
