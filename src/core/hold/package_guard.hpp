// SPDX-License-Identifier: GPL-3.0-or-later
// Which packages must wait while volumes are closed: what apt and dpkg say that they
// are about to do, and which of it touches a held unit or the place of a closed volume.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace latchkey {

/// A package that is about to be unpacked or removed.
struct PackageChange {
  std::string name;       ///< without its architecture
  std::string archive{};  ///< the .deb; empty: it is removed

  bool operator==(const PackageChange&) const = default;
};

/// What apt told its hook.
struct AptRun {
  std::vector<PackageChange> changes{};
  bool allowed = false;  ///< Latchkey::Allow-Held was set: its administrator knows better
};

/// Takes what apt writes to a hook of DPkg::Pre-Install-Pkgs (protocols 1 to 3; later
/// ones are read as 3). Lines that make no sense and mere configurations of packages
/// that are unpacked already are left out; never fails.
[[nodiscard]] AptRun parse_apt_run(std::string_view text);

/// What dpkg was asked to do.
struct DpkgCall {
  std::vector<std::string> operands{};  ///< archives, directories or names of packages
  bool recursive = false;               ///< directories are looked through for archives
  bool elsewhere = false;               ///< it works on another root
};

/// Takes the arguments of a dpkg process as /proc gives them, a NUL after each.
[[nodiscard]] DpkgCall parse_dpkg_call(std::string_view arguments);

/// The name of a package without `:architecture`.
[[nodiscard]] std::string package_name(std::string_view name);

/// A held unit that waits for volumes.
struct ClosedUnit {
  std::string unit;
  std::vector<std::string> volumes{};  ///< none: nobody knows which
};

/// The mount point of a closed volume.
struct ClosedPlace {
  std::string mount_point;
  std::string volume;
  bool itself = false;  ///< a package that brings the mount point itself counts, too
};

/// What is closed now. Empty: every package may go on.
struct Closed {
  std::vector<ClosedUnit> units{};
  std::vector<ClosedPlace> places{};

  [[nodiscard]] bool empty() const { return units.empty() && places.empty(); }
};

/// Why a package must wait.
struct PackageClaim {
  std::string package{};
  std::string unit{};                  ///< it brings this held unit, or its init script
  std::string place{};                 ///< else it brings files below this mount point first
  std::vector<std::string> volumes{};  ///< that are closed
  bool by_script = false;  ///< no file of it lies there: what configures it names the place

  bool operator==(const PackageClaim&) const = default;
};

/// Takes the path of a file of a package (`/x` or `./x`). Adds a claim of the package
/// when the file is a held unit, the template of one, or its init script, or lies below
/// the mount point of a closed volume; one that the package has already is not added
/// again, and a unit's takes the place of a mount point's.
void claim_by_file(std::vector<PackageClaim>& claims, const std::string& package,
                   std::string_view path, const Closed& closed);

/// Adds a claim when the script that configures the package names a closed mount point that
/// belongs to one program, such as /var/lib/mysql: many make their data only there, and own no
/// file of it. Shorter paths are named for many reasons.
void claim_by_script(std::vector<PackageClaim>& claims, const std::string& package,
                     std::string_view script, const Closed& closed);

/// The patterns by which dpkg-query finds every installed file that could be claimed.
[[nodiscard]] std::vector<std::string> claim_patterns(const Closed& closed);

/// Takes a line of `dpkg-query --search`; adds the claims of the packages in it.
void claim_by_search_line(std::vector<PackageClaim>& claims, std::string_view line,
                          const Closed& closed);

/// The path in a line of `dpkg-deb --contents`, empty when there is none.
[[nodiscard]] std::string_view path_of_contents_line(std::string_view line);

/// The claim that makes a change wait, or nullptr. A removal only waits for units:
/// dpkg goes on over files that are not there.
[[nodiscard]] const PackageClaim* claim_on(const PackageChange& change,
                                           std::span<const PackageClaim> claims);

/// Who asked, for the words that override.
enum class PackageTool { apt, dpkg };

/// What the person is told: an error for each claim, what to do, and how to go on
/// with the other packages.
[[nodiscard]] std::string refusal_text(std::span<const PackageClaim> claims, PackageTool tool);

/// A configuration of apt with which unattended-upgrades leaves these packages alone and
/// goes on with the others; a refusal would end its run. Names that are none of dpkg's
/// are left out. `unfinished` are the packages that an interrupted run left unconfigured: with one
/// of these among them it is told not to configure them by itself, as it does before all else.
[[nodiscard]] std::string kept_back_text(std::span<const PackageClaim> claims,
                                         std::span<const std::string> unfinished = {});

}  // namespace latchkey
