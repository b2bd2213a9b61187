// SPDX-License-Identifier: GPL-3.0-or-later
// The fault matrix: what one fault at one moment costs. Each cell begins from a
// snapshot of the same machine and ends with the same questions: is it reachable, what
// does the next command say, and is everything there that was there before?
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "support/machine.hpp"

namespace latchkey::test {

/// Where a cell begins.
enum class From {
  early,   ///< it waits in early boot
  up,      ///< all volumes are mounted, their services run
  closed,  ///< it has booted without its data
};

/// One cell. `strikes` brings the fault about, and gives what the next command said of
/// it; `mends` is what a person does before the volumes are looked at, often nothing.
struct Cell {
  std::string fault{};
  std::string moment{};
  From from = From::early;
  std::function<std::string(Machine&)> strikes{};
  std::function<void(Machine&)> mends{};
};

/// The machine: volumes `a` and `b` in the volume group `system`, `e` on a disk of its
/// own; a service for each; each holds files whose digests are known.
[[nodiscard]] Machine& faulty();

/// Its volumes.
inline const std::vector<std::string> faulty_volumes{"a", "b", "e"};

/// The passphrase of its keys volume, in a file on it, for commands there.
inline const std::string passphrase_file = "/root/p";

/// Waits until the machine is up, by way of early boot where it waits there. Gives the door
/// that answered first.
std::string reach(Machine& m);

/// Has release-services make up for what is missing, and checks that all is as it was:
/// services, files, keys, the keys volume closed, no work begun and not finished. Gives what is
/// gone, or "nothing".
std::string whole_again(Machine& m);

/// Runs the cells and writes the line of each into tests/faults.md. Fails as Catch2 tests
/// do when a cell lost something or left the machine out of reach.
void prove(const std::vector<Cell>& cells);

}  // namespace latchkey::test
