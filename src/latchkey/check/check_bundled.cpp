// SPDX-License-Identifier: GPL-3.0-or-later
// Whether the archive has mended what early boot's programs are made of.
#include "core/base/text.hpp"
#include "core/image/bundled.hpp"
#include "latchkey/check/check.hpp"
#include "sys/base/fd.hpp"
#include "sys/hold/packages.hpp"

namespace latchkey {

Findings check_bundled(const Paths& paths) {
  if (!paths.root.empty()) return {};  // apt answers for this machine only
  const auto text = read_file("/usr/share/latchkey/bundled");
  if (!text) return {};
  const std::vector<BundledPart> parts = parse_bundled(*text);
  std::vector<std::string> packages;
  for (const BundledPart& part : parts) packages.push_back(part.package);
  const auto archive = source_versions(packages);
  std::vector<std::string> mended;
  std::vector<std::string> unknown;
  for (const BundledPart& part : parts) {
    const auto now = archive.find(part.package);
    if (now == archive.end() || !same_upstream(part.version, now->second))
      unknown.push_back(printable(part.source) + " " + printable(part.version));
    else if (now->second != part.version && is_newer(now->second, part.version))
      mended.push_back(printable(part.source) + " " + printable(part.version) + " (now " +
                       printable(now->second) + ")");
  }
  Findings out;
  if (!unknown.empty())
    out.push_back(doubtful(
        {Code::missing,
         "nobody tells whether what early boot's programs are made of has been mended",
         "the package was built on another release than this machine has, or apt knows no such "
         "package here: " +
             join(unknown, ", "),
         "run: apt update; if this is told again, build the package on this release "
         "(tools/package), then: apt install --reinstall ./latchkey_*.deb"}));
  if (!mended.empty())
    out.push_back(doubtful(
        {Code::refused, "early boot's programs hold parts that the distribution has mended since",
         join(mended, ", "),
         "build the package again where these updates are installed (tools/package), "
         "then: apt install --reinstall ./latchkey_*.deb"}));
  if (out.empty()) out.push_back(good("what early boot's programs are made of is up to date"));
  return out;
}

}  // namespace latchkey
