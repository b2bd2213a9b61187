// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/hold/packages.hpp"

#include <fcntl.h>

#include <algorithm>
#include <filesystem>

#include "core/base/text.hpp"
#include "core/image/bundled.hpp"
#include "sys/base/fd.hpp"
#include "sys/process/process.hpp"

namespace latchkey {
namespace {

namespace fs = std::filesystem;

// Gives each line to `take` and keeps none: a search can find all of /var.
template <class Take>
RunOptions each_line(const Take& take) {
  RunOptions options;
  options.timeout = std::chrono::minutes(2);
  options.merge_stderr = false;
  options.on_line = [take](std::string_view line) {
    take(line);
    return true;
  };
  return options;
}

std::string name_of_archive(const std::string& archive) {
  RunOptions options;
  options.timeout = std::chrono::minutes(1);
  options.merge_stderr = false;
  const auto told = run({"dpkg-deb", "--field", archive, "Package"}, options);
  return told && told->status == 0 ? std::string(trim(told->output)) : std::string();
}

// The archive itself, or those in a directory that dpkg was told to look through.
std::vector<std::string> archives_at(const std::string& operand, bool recursive) {
  std::error_code error;
  const std::string path = fs::absolute(operand, error).string();
  if (!fs::is_directory(path, error)) return {path};
  std::vector<std::string> out;
  if (!recursive) return out;
  for (fs::recursive_directory_iterator entry(path, error), end; !error && entry != end;
       entry.increment(error))
    if (entry->path().extension() == ".deb") out.push_back(entry->path().string());
  return out;
}

std::vector<std::string> dpkg_query(const std::string& root, const std::string& action) {
  if (root.empty()) return {"dpkg-query", action};
  return {"dpkg-query", "--root=" + root, action};
}

}  // namespace

Result<std::vector<PackageClaim>> claims_on_installed(const Closed& closed,
                                                      const std::string& root) {
  std::vector<PackageClaim> claims;
  std::vector<std::string> argv = dpkg_query(root, "--search");
  for (const std::string& pattern : claim_patterns(closed)) argv.push_back(pattern);
  const auto told = run(
      argv, each_line([&](std::string_view line) { claim_by_search_line(claims, line, closed); }));
  if (!told) return told.error();
  // 1: a pattern was not found. 2: the database could not be read.
  if (told->status > 1)
    return Error{Code::io, "cannot tell which packages have a held unit",
                 "dpkg-query failed with status " + std::to_string(told->status), ""};
  const std::string scripts = root + "/var/lib/dpkg/info/";
  constexpr std::string_view configures = ".postinst";
  for (const std::string& name : names_in(scripts)) {
    if (!name.ends_with(configures)) continue;
    if (const auto text = read_file(scripts + name))
      claim_by_script(claims, package_name(name.substr(0, name.size() - configures.size())), *text,
                      closed);
  }
  return claims;
}

std::vector<std::string> services_of(const std::string& package, const std::string& root) {
  std::vector<std::string> out;
  std::vector<std::string> argv = dpkg_query(root, "--listfiles");
  argv.push_back(package);
  (void)run(argv, each_line([&](std::string_view file) {
              std::string name(file.substr(file.rfind('/') + 1));
              if (file == "/etc/init.d/" + name)
                name += ".service";
              else if (!name.ends_with(".service") || !file.ends_with("/systemd/system/" + name))
                return;
              if (std::ranges::find(out, name) == out.end()) out.push_back(std::move(name));
            }));
  return out;
}

Result<> claim_by_contents(std::vector<PackageClaim>& claims, const PackageChange& change,
                           const Closed& closed) {
  const auto told =
      run({"dpkg-deb", "--contents", change.archive}, each_line([&](std::string_view line) {
            claim_by_file(claims, change.name, path_of_contents_line(line), closed);
          }));
  return told ? Result<>(Ok{}) : Result<>(told.error());
}

std::optional<DpkgCall> call_of_dpkg(const std::string& pid) {
  const auto arguments = read_file("/proc/" + pid + "/cmdline", std::size_t{8} << 20);
  if (!arguments) return {};
  return parse_dpkg_call(*arguments);
}

std::vector<PackageChange> changes_of_dpkg(const std::string& pid, bool removal) {
  std::vector<PackageChange> out;
  const auto call = call_of_dpkg(pid);
  if (!call || call->elsewhere) return out;
  for (const std::string& operand : call->operands) {
    if (removal) {
      out.push_back({package_name(operand), ""});
      continue;
    }
    for (const std::string& archive : archives_at(operand, call->recursive))
      if (const std::string name = name_of_archive(archive); !name.empty())
        out.push_back({name, archive});
  }
  return out;
}

std::optional<int> package_manager(const std::string& root) {
  // The first is that of apt and dpkg alike, the second that of dpkg itself.
  for (const char* lock : {"/var/lib/dpkg/lock-frontend", "/var/lib/dpkg/lock"}) {
    const Fd file(::open((root + lock).c_str(), O_RDWR | O_CLOEXEC));
    struct flock held {};
    held.l_type = F_WRLCK;
    held.l_whence = SEEK_SET;
    if (file && ::fcntl(file.get(), F_GETLK, &held) == 0 && held.l_type != F_UNLCK)
      return held.l_pid;
  }
  return {};
}

bool is_unpacked(const std::string& package, const std::string& root) {
  bool found = false;
  std::vector<std::string> argv = dpkg_query(root, "--show");
  argv.insert(argv.end(), {"--showformat=${db:Status-Status}\\n", package});
  (void)run(argv, each_line([&](std::string_view state) {
              found = found || state == "installed" || state == "unpacked" ||
                      state == "half-configured" || state.starts_with("triggers-");
            }));
  return found;
}

std::vector<std::string> unfinished_packages() {
  std::vector<std::string> out;
  const auto take = [&](std::string_view line) {
    const std::vector<Field> fields = split_fields(line);
    if (fields.size() != 2) return;
    const std::string& state = fields[0].text;
    if (state == "half-configured" || state == "half-installed" || state == "unpacked")
      out.push_back(fields[1].text);
  };
  const std::string format = "${db:Status-Status} ${binary:Package}\\n";
  (void)run({"dpkg-query", "--show", "--showformat=" + format}, each_line(take));
  return out;
}

std::map<std::string, std::string> source_versions(const std::vector<std::string>& packages) {
  std::vector<std::string> argv{"apt-cache", "--quiet=2", "show", "--no-all-versions", "--"};
  argv.insert(argv.end(), packages.begin(), packages.end());
  // Its status tells of packages that it does not know, too.
  RunOptions options;
  options.timeout = std::chrono::minutes(1);
  options.merge_stderr = false;
  const auto shown = run(argv, options);
  return shown ? parse_source_versions(shown->output) : std::map<std::string, std::string>();
}

bool is_newer(const std::string& version, const std::string& than) {
  const auto compared = run({"dpkg", "--compare-versions", version, "gt", than},
                            {.timeout = std::chrono::seconds(10)});
  return compared && compared->status == 0;
}

}  // namespace latchkey
