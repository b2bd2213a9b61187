// SPDX-License-Identifier: GPL-3.0-or-later
// Must 13: parts that the distribution has mended are known.
#include "core/image/bundled.hpp"
#include "support/catch.hpp"

using namespace latchkey;

TEST_CASE("Must 13: what is bundled is read by its lines") {
  CHECK(parse_bundled("libgcrypt20 1.10.1-3 libgcrypt20\n\nodd line\ncryptsetup 2:2.6.1-4 "
                      "libcryptsetup12\n") ==
        std::vector<BundledPart>{{"libgcrypt20", "1.10.1-3", "libgcrypt20"},
                                 {"cryptsetup", "2:2.6.1-4", "libcryptsetup12"}});
}

TEST_CASE("Must 13: apt's words give the versions of sources") {
  const auto versions = parse_source_versions(
      "Package: libmount1\nSource: util-linux\nVersion: 2.38.1-5+deb12u3\nDepends: x (= 1)\n\n"
      "Package: libc6\nSource: glibc (2.36-9)\nVersion: 2.36-9+b3\n\n"
      "Package: musl\nVersion: 1.2.3-1+b1\n\n"
      "Package: libgcc-s1\nVersion: 12.2.0-14\nSource: gcc-12 (12.2.0-13)\n");
  CHECK(versions == std::map<std::string, std::string>{{"libmount1", "2.38.1-5+deb12u3"},
                                                       {"libc6", "2.36-9"},
                                                       {"musl", "1.2.3-1"},
                                                       {"libgcc-s1", "12.2.0-13"}});
  CHECK(parse_source_versions("Version: 1\nSource: a (2)\n").empty());
}

TEST_CASE("Must 13: only revisions of one upstream version are compared") {
  CHECK(same_upstream("1.10.1-3", "1.10.1-3+deb12u1"));
  CHECK(same_upstream("2:2.6.1-4~deb12u2", "2:2.6.1-4"));
  CHECK_FALSE(same_upstream("1.10.1-3", "1.11.0-7"));
  CHECK_FALSE(same_upstream("2.8.0", "2.8.0-1"));
}
