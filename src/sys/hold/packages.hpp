// SPDX-License-Identifier: GPL-3.0-or-later
// What dpkg knows of packages, installed and not.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/hold/package_guard.hpp"

namespace latchkey {

/// The claims on installed packages. Fails with Code::missing (no dpkg-query),
/// Code::timeout, Code::io. A file that no package owns is no failure. `root` is a prefix for
/// tests.
[[nodiscard]] Result<std::vector<PackageClaim>> claims_on_installed(const Closed& closed,
                                                                    const std::string& root = {});

/// The services that an installed package brings, as units: an init script counts as one.
[[nodiscard]] std::vector<std::string> services_of(const std::string& package,
                                                   const std::string& root = {});

/// Adds the claim of an archive that is not installed yet, by the files in it. One
/// that cannot be read adds nothing: dpkg will refuse it itself. Fails with
/// Code::missing (no dpkg-deb), Code::timeout.
[[nodiscard]] Result<> claim_by_contents(std::vector<PackageClaim>& claims,
                                         const PackageChange& change, const Closed& closed);

/// What a dpkg process (`pid`) was asked to do; nothing when it cannot be read.
[[nodiscard]] std::optional<DpkgCall> call_of_dpkg(const std::string& pid);

/// What a dpkg process (`pid`) is about to do with its archives and packages; its
/// paths are those of this process's own directory. Nothing when that process cannot
/// be read or works on another root.
[[nodiscard]] std::vector<PackageChange> changes_of_dpkg(const std::string& pid, bool removal);

/// The process that installs or removes packages now; nothing where none does. `root` is a prefix
/// for tests.
[[nodiscard]] std::optional<int> package_manager(const std::string& root = {});

/// True when dpkg has unpacked this package, configured or not; false where there is no dpkg.
[[nodiscard]] bool is_unpacked(const std::string& package, const std::string& root = {});

/// The installed packages that are not completely configured, as dpkg names them.
/// None where there is no dpkg.
[[nodiscard]] std::vector<std::string> unfinished_packages();

/// The source versions of these packages as apt would install them now, or as they are
/// installed. Those that nobody knows are not among them; none where there is no apt.
[[nodiscard]] std::map<std::string, std::string> source_versions(
    const std::vector<std::string>& packages);

/// True when dpkg finds the first version newer than the second.
[[nodiscard]] bool is_newer(const std::string& version, const std::string& than);

}  // namespace latchkey
