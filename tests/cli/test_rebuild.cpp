// SPDX-License-Identifier: GPL-3.0-or-later
// Commands that have images rebuilt, where update-initramfs is made up.
#include <filesystem>

#include "cli/place.hpp"
#include "core/base/result.hpp"
#include "support/child.hpp"

using namespace latchkey;
using namespace latchkey::test;

namespace {

/// Forgets `data`, where `body` is what update-initramfs does.
Done forget_data(const Place& place, const std::string& body) {
  place.put("etc/latchkey/latchkey.conf", "[keys]\ndevice = \"no-such-vg/encrypted-keys\"\n");
  place.put("etc/latchkey/volumes", "data no-such-vg/encrypted-data /srv/no-such-data ext4\n");
  std::filesystem::create_directories(place.path("run"));
  const std::string program = place.put("update-initramfs", "#!/bin/sh\n" + body + "\n");
  const std::string script =
      "mount -t tmpfs none /usr/local/sbin && cp '" + program +
      "' /usr/local/sbin && chmod 755 /usr/local/sbin/update-initramfs && exec \"$@\"";
  return run_program({"unshare", "--mount", "sh", "-c", script, "sh", LATCHKEY_PROGRAM, "--root",
                      place.path(), "remove-volume", "data"});
}

}  // namespace

TEST_CASE("a build of images that failed or was cut off is remembered until one ends well") {
  if (!is_root()) return;
  const Place place;
  const std::string mark = place.path("etc/latchkey/unfinished/images");
  const std::string seen = place.path("seen");
  const Done failed = forget_data(place, "cp '" + mark + "' '" + seen + "'; exit 1");
  INFO(failed.output);
  CHECK(failed.status == exit_status(Code::io));
  CHECK(contains(failed.output, "cannot rebuild the images"));
  CHECK(std::filesystem::exists(seen));  // before it began
  CHECK(std::filesystem::exists(mark));
  const Done done = forget_data(place, "echo built > '" + place.path("built") + "'");
  INFO(done.output);
  CHECK(done.status == 0);
  CHECK(std::filesystem::exists(place.path("built")));
  CHECK_FALSE(std::filesystem::exists(mark));
}

TEST_CASE("a copy that the next boot starts and no build renews is told to who had it built") {
  if (!is_root()) return;
  const Place place;
  const auto put = [&](const std::string& version, const std::string& copy) {
    place.put("boot/vmlinuz-" + version, "");
    place.put("boot/initrd.img-" + version, "new");
    place.put("boot/efi/loader/entries/" + version + ".conf",
              "version " + version + "\ninitrd /" + version + "\n");
    place.put("boot/efi/" + version, copy);
  };
  const auto said = [&] {
    // In this made-up /boot no image can be unlocked, so that the volume is never forgotten.
    const Done done = forget_data(place, "exit 0");
    CHECK(done.status == exit_status(Code::refused));
    return done.output;
  };
  const std::string stale =
      "warning: the firmware starts another image than '" + place.path("boot/initrd.img-") + "6.";
  put("6.1.0", "old");
  put("6.12.0", "old");
  // What systemd-boot has left behind on a machine that went back to GRUB is not started.
  CHECK_FALSE(contains(said(), stale));
  // Its own partition is not mounted, and this boot came by it.
  std::string variable("\x06\0\0\0", 4);
  for (const char c : std::string("systemd-boot 252.39")) variable += {c, '\0'};
  const std::string info =
      "sys/firmware/efi/efivars/LoaderInfo-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f";
  place.put(info, variable);
  CHECK(contains(said(), stale + "12.0': "));
  std::filesystem::remove(place.path(info));
  place.put("boot/efi/EFI/systemd/systemd-bootx64.efi", "");
  CHECK(contains(said(), stale + "12.0': "));
  CHECK_FALSE(contains(said(), stale + "1.0': "));
  // An entry of its owner's beside it is none of ours.
  place.put("boot/efi/loader/entries/rescue.conf", "version 6.12.0\ninitrd /rescue\n");
  place.put("boot/efi/6.12.0", "new");
  CHECK_FALSE(contains(said(), stale));
  // raspi-firmware copies the newest alone.
  std::filesystem::remove_all(place.path("boot/efi"));
  for (const char* version : {"6.1.0", "6.12.0"})
    place.put("boot/firmware/initrd.img-" + std::string(version), "old");
  CHECK(contains(said(), stale + "12.0': "));
  CHECK_FALSE(contains(said(), stale + "1.0': "));
  place.put("boot/firmware/config.txt", "initramfs initrd.img-6.1.0 followkernel\n");
  CHECK(contains(said(), stale + "1.0': "));
  CHECK_FALSE(contains(said(), stale + "12.0': "));
}
