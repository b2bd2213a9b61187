// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/image/image_room.hpp"
#include "support/catch.hpp"
#include "support/temp_folder.hpp"
#include "sys/base/fd.hpp"
#include "sys/base/memory.hpp"

using namespace latchkey;

TEST_CASE("an image is good for nothing where it does not fit into the machine's memory") {
  constexpr std::uint64_t mib = 1024UL * 1024;
  // As Debian's own on a machine with 512 MiB; the kernel counts what is left of it.
  CHECK(image_room(460 * mib, 35 * mib, 130 * mib) == ImageRoom::enough);
  CHECK(image_room(460 * mib, 80 * mib, 260 * mib) == ImageRoom::little);
  CHECK(image_room(460 * mib, 120 * mib, 400 * mib) == ImageRoom::none);
  CHECK(image_room(0, 120 * mib, 400 * mib) == ImageRoom::enough);
}

TEST_CASE("how much memory the machine has is what /proc/meminfo says") {
  const test::TempFolder folder;
  CHECK(machine_memory_kib(folder.path()) == 0);
  REQUIRE(make_directories(folder.file("proc"), 0755));
  REQUIRE(write_file(folder.file("proc/meminfo"),
                     "MemTotal:         471040 kB\nMemFree:           12345 kB\n", 0644));
  CHECK(machine_memory_kib(folder.path()) == 471040);
  CHECK(machine_memory_kib() > available_memory_kib());
  CHECK(available_memory_kib() > 0);
}
