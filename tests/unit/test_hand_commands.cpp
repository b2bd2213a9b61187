// SPDX-License-Identifier: GPL-3.0-or-later
// Command lines for people, as they are typed.
#include "core/hand_commands.hpp"
#include "support/catch.hpp"

using namespace latchkey;

TEST_CASE("promise 6: who has no room is told of another disk, and to shrink no LV alone") {
  CHECK(room_hint("vg0", (60ULL << 20U) + 1) ==
        "add an empty disk to the group: lvm vgextend vg0 DISK; or make another logical volume of "
        "it smaller together with its file system, which ext4 can while it is not mounted, and "
        "xfs never: lvm lvreduce --resizefs --size -61M vg0/LV");
}
