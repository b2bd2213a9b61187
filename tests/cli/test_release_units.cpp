// SPDX-License-Identifier: GPL-3.0-or-later
// What releases and their units owe systemd, with a systemctl of the test's own.
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <exception>
#include <filesystem>
#include <optional>

#include "cli/place.hpp"
#include "core/base/message.hpp"
#include "core/base/result.hpp"
#include "core/hold/hold.hpp"
#include "support/alone.hpp"
#include "support/child.hpp"
#include "sys/base/fd.hpp"
#include "sys/base/lock_file.hpp"
#include "sys/config/setup.hpp"

using namespace latchkey;
using namespace latchkey::test;
using namespace std::chrono_literals;

namespace {

// Each unit's state is what its file in /mnt says; a start makes it what /mnt/next-UNIT says,
// and active where there is none. The loaded units are what /mnt/units names.
const std::string fake = R"(#!/bin/sh
echo "$*" >>/mnt/calls
word=$1
while [ $# -gt 0 ] && [ "$1" != -- ]; do shift; done
[ $# -eq 0 ] || shift
case $word in
is-active) exit 3 ;;
list-units) cat /mnt/units ;;
show)
	for unit; do
		cat "/mnt/$unit" 2>/dev/null ||
			printf 'Id=%s\nLoadState=not-found\nActiveState=inactive\n' "$unit"
		echo
	done
	;;
start)
	for unit; do
		cat "/mnt/next-$unit" >"/mnt/$unit" 2>/dev/null ||
			printf 'Id=%s\nLoadState=loaded\nActiveState=active\nType=oneshot\n' "$unit" >"/mnt/$unit"
	done
	;;
esac
)";

bool put(const std::string& path, const std::string& text, mode_t mode = 0644) {
  return static_cast<bool>(write_file(path, text, mode));
}

bool folder(const std::string& path) { return static_cast<bool>(make_directories(path, 0755)); }

std::string state(const std::string& unit, const std::string& rest) {
  return "Id=" + unit + "\nLoadState=loaded\nUnitFileState=enabled\n" + rest;
}

// A machine where systemd seems to run and one service is held; gives why it cannot be made.
std::string with_systemd(const std::string& volumes) {
  for (const char* folder : {"/etc", "/run", "/var/lib"})
    if (::mount("tmpfs", folder, "tmpfs", 0, "mode=0755") != 0) return "no tmpfs here";
  const Paths paths;
  const std::string place = "/usr/bin/systemctl";
  if (::access(place.c_str(), F_OK) != 0) return "no systemctl here";
  const bool made = folder(paths.etc()) && folder(paths.run()) && folder("/run/systemd/system") &&
                    put("/mnt/systemctl", fake, 0755) &&
                    put(paths.etc("latchkey.conf"),
                        "[keys]\ndevice = \"vg/no-such-keys\"\n[boot]\ndevice_timeout = \"1s\"\n"
                        "[release]\nservice_timeout = \"1s\"\n",
                        0600) &&
                    put(paths.etc("volumes"), volumes) && put(paths.etc("services"), "svc\n") &&
                    put("/mnt/svc.service", state("svc.service", "ActiveState=inactive\n"));
  if (!made || ::mount("/mnt/systemctl", place.c_str(), nullptr, MS_BIND, nullptr) != 0)
    return "cannot make the machine";
  return {};
}

Done release(const std::string& how = "-q") {
  return run_program({LATCHKEY_PROGRAM, "release-services", how});
}

bool called(const std::string& call) {
  const auto text = read_file("/mnt/calls");
  return text && contains("\n" + *text, "\n" + call + "\n");
}

// The body's complaint in a namespace of its own, with what it throws.
std::string on_systemd(const std::string& volumes, const std::function<std::string()>& body) {
  return alone([&]() -> std::string {
    if (const auto fault = with_systemd(volumes); !fault.empty()) return fault;
    try {
      return body();
    } catch (const std::exception& error) {
      return error.what();
    }
  });
}

}  // namespace

TEST_CASE("case 45: what fails behind the boot leaves a failed unit, until it is repaired") {
  const std::string complaint = on_systemd("", []() -> std::string {
    const Paths paths;
    const std::string left = paths.run("release.partial");
    // As a check would that takes its time, and fails then.
    auto taken = LockFile::take(paths.run("release.lock"), "a release", 0s);
    if (!taken) return sentence(taken.error());
    std::optional<LockFile> other(std::move(*taken));
    if (!put(paths.run("released"), "")) return "cannot write";
    Child boot({LATCHKEY_PROGRAM, "release-services", "--boot"});
    boot.expect("this takes longer; the boot goes on");
    other.reset();
    if (boot.wait() != 0) return "the boot's unit fails";
    if (::access(left.c_str(), F_OK) != 0) return "it is not kept: " + boot.output();
    const Done failed = release("--start");
    if (failed.status != 1 || !contains(failed.output, "could be brought up behind the boot"))
      return "no unit fails: " + failed.output;

    std::filesystem::remove(paths.run("released"));
    if (!put("/mnt/latchkey-start.service",
             state("latchkey-start.service", "ActiveState=failed\n")))
      return "cannot write";
    const Done repaired = release();
    if (repaired.status != 0) return repaired.output;
    for (const std::string unit : {"release", "start"})
      if (!called("reset-failed -- latchkey-" + unit + ".service")) return unit + " stays failed";
    const Done after = release("--start");
    return after.status == 0 ? "" : "it fails for good: " + after.output;
  });
  CHECK(complaint == "");
}

TEST_CASE("a service that is still starting when its time is over fails no unit of the boot") {
  const std::string complaint = on_systemd("", []() -> std::string {
    const Paths paths;
    const auto start = [](const std::string& rest) {
      (void)put("/mnt/svc.service", state("svc.service", "ActiveState=inactive\n"));
      (void)put("/mnt/next-svc.service", state("svc.service", "ActiveState=activating\n" + rest));
      return release("--start");
    };
    if (!folder(paths.run("released")) || !put(paths.run("released/svc.service"), ""))
      return "cannot write";
    const Done slow = start("SubState=start\n");
    if (slow.status != 0 || !contains(slow.output, "it is still 'activating' after") ||
        !contains(slow.output, "'svc.service' goes on starting"))
      return slow.output;
    const Done again = start("SubState=start-pre\nNRestarts=2\n");
    if (again.status == 0) return "one that falls over again and again is no failure";
    const Done waits = start("SubState=auto-restart\n");
    return waits.status == 0 ? "one that is to be restarted is no failure" : "";
  });
  CHECK(complaint == "");
}

TEST_CASE("an instance with a line of its own does not excuse the failure of its template's") {
  const std::string complaint = on_systemd("", []() -> std::string {
    const Paths paths;
    const auto start = [&](const std::string& services) {
      (void)put(paths.etc("services"), services);
      (void)put("/mnt/s@a.service", state("s@a.service", "ActiveState=inactive\n"));
      return release("--start");
    };
    const std::string slow = state("s@own.service", "ActiveState=activating\nSubState=start\n");
    const bool made =
        folder(paths.run("released")) && put(paths.run("released/s@.service"), "") &&
        put("/mnt/units", "s@a.service loaded\ns@own.service loaded\n") &&
        put("/mnt/next-s@a.service",
            state("s@a.service", "ActiveState=activating\nSubState=auto-restart\n")) &&
        put("/mnt/s@own.service", slow) && put("/mnt/next-s@own.service", slow);
    if (!made) return "cannot write";
    // Both are the template's own: the one that starts is reason enough to wait.
    const Done both = start("s@\n");
    if (both.status != 0 || !contains(both.output, "'s@.service' goes on starting"))
      return both.output;
    const Done own = start("s@\ns@own\n");
    return own.status == 0 ? "it is excused: " + own.output : "";
  });
  CHECK(complaint == "");
}

TEST_CASE("a release loads what holds its services anew when a mount point was changed") {
  const std::string volumes = "data vg/no-such-data /mnt/new ext4\n";
  const std::string complaint = on_systemd(volumes, []() -> std::string {
    const Paths paths;
    const std::string place = "/run/systemd/generator.early/svc.service.d";
    const auto loaded = [&](const std::string& mount_point) {
      const HeldUnit unit{.unit = "svc.service", .mount_points = {mount_point}};
      return folder(place) &&
             put(place + "/" + std::string(drop_in_name), drop_ins(std::vector{unit}).front().text);
    };
    if (!loaded("/mnt/new")) return "cannot write";
    const Done same = release();
    if (called("daemon-reload")) return "systemd is reloaded for nothing: " + same.output;
    if (!loaded("/mnt/old")) return "cannot write";
    const Done changed = release();
    return called("daemon-reload") ? "" : "systemd is not reloaded: " + changed.output;
  });
  CHECK(complaint == "");
}
