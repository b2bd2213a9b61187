// SPDX-License-Identifier: GPL-3.0-or-later
// Case 52: which packages wait while volumes are closed.
#include "core/hold/package_guard.hpp"
#include "support/catch.hpp"

using namespace latchkey;

namespace {

using Changes = std::vector<PackageChange>;
using Names = std::vector<std::string>;

Closed closed() {
  return {{{"mariadb.service", {"mysql"}}, {"postgresql@15-main.service", {"pg"}}},
          {{"/var/lib/mysql", "mysql"}, {"/srv/www", "www"}}};
}

std::vector<PackageClaim> claims_of(const Names& files) {
  std::vector<PackageClaim> out;
  for (const std::string& file : files) claim_by_file(out, "package", file, closed());
  return out;
}

}  // namespace

TEST_CASE("apt's protocol 3 tells archives, removals, and the option that overrides") {
  const AptRun run = parse_apt_run(
      "VERSION 3\nAPT::Architecture=amd64\nlatchkey::allow-held=Yes\n\n"
      "mariadb-server 1:10.11.4-1~deb12u1 all none < 1:10.11.6-0+deb12u1 all none "
      "/var/cache/apt/archives/mariadb-server_1%3a10.11.6_all.deb\n"
      "libfoo:i386 - - none < 2 i386 same /tmp/with a blank/libfoo.deb\n"
      "old 1 all none > - - none **REMOVE**\n"
      "mariadb-server 1 all none < 2 all none **CONFIGURE**\n");
  CHECK(run.allowed);
  CHECK(run.changes ==
        Changes{{"mariadb-server", "/var/cache/apt/archives/mariadb-server_1%3a10.11.6_all.deb"},
                {"libfoo", "/tmp/with a blank/libfoo.deb"},
                {"old", ""}});
}

TEST_CASE("apt's protocol 2 has fewer words, protocol 1 only paths") {
  CHECK(parse_apt_run("VERSION 2\n\na 1:1 < 2 /x/a_2_all.deb\nb 1 > - **REMOVE**\n").changes ==
        Changes{{"a", "/x/a_2_all.deb"}, {"b", ""}});
  CHECK(
      parse_apt_run("/x/mariadb-server_1%3a10_amd64.deb\n/x/odd.deb\n").changes ==
      Changes{{"mariadb-server", "/x/mariadb-server_1%3a10_amd64.deb"}, {"odd.deb", "/x/odd.deb"}});
}

TEST_CASE("only a yes overrides, and only in apt's configuration") {
  const auto allowed = [](const std::string& line) {
    return parse_apt_run("VERSION 3\n" + line + "\n\n").allowed;
  };
  CHECK(allowed("Latchkey::Allow-Held=1"));
  CHECK_FALSE(allowed("Latchkey::Allow-Held=false"));
  CHECK_FALSE(allowed("Latchkey::Allow-Held="));
  CHECK_FALSE(allowed("CommandLine::AsString=-o%20Latchkey::Allow-Held=true"));
  CHECK_FALSE(parse_apt_run("VERSION 3\n\nLatchkey::Allow-Held=true\n").allowed);
}

TEST_CASE("what is no protocol of apt gives no change, whatever it is") {
  for (const std::string text :
       {"", "\n", "VERSION 3", "VERSION 3\n\n", "VERSION\n\n\n", "VERSION 3\n\nname\n",
        "VERSION 3\n\na b c d e f g h relative.deb\n", "VERSION 3\n\n a b c d e f g /x.deb\n",
        "VERSION 3\nno blank line\na 1 all none < 2 all none /x.deb\n"}) {
    INFO(text);
    CHECK(parse_apt_run(text).changes.empty());
  }
  CHECK(parse_apt_run(std::string("VERSION 3\n\n\0\xff a\x1b b\n", 19)).changes.empty());
}

TEST_CASE("dpkg's arguments: operands behind options, archives below directories, other roots") {
  const auto call = [](const std::string& words) {
    std::string text = words;
    for (char& c : text)
      if (c == ' ') c = '\0';
    return parse_dpkg_call(text + '\0');
  };
  CHECK(call("dpkg -i a.deb ./b.deb").operands == Names{"a.deb", "./b.deb"});
  CHECK(call("dpkg --unpack -- -odd.deb").operands == Names{"-odd.deb"});
  CHECK(call("dpkg -iR pool").recursive);
  CHECK(call("dpkg --install --recursive pool").recursive);
  CHECK_FALSE(call("dpkg -i pool").recursive);
  CHECK(call("dpkg --root=/tree -i a.deb").elsewhere);
  CHECK(parse_dpkg_call("").operands.empty());
}

TEST_CASE("a package with the held unit, its template or its init script waits") {
  const PackageClaim mariadb{"package", "mariadb.service", "", {"mysql"}};
  CHECK(claims_of({"./lib/systemd/system/mariadb.service"}) == std::vector{mariadb});
  CHECK(claims_of({"/usr/lib/systemd/system/mariadb.service"}) == std::vector{mariadb});
  CHECK(claims_of({"/etc/init.d/mariadb"}) == std::vector{mariadb});
  CHECK(claims_of({"/usr/lib/systemd/system/postgresql@.service"}).size() == 1);
  CHECK(claims_of({"/etc/init.d/postgresql"}).size() == 1);
  CHECK(claims_of({"/usr/lib/systemd/system/mariadb@.service", "/usr/sbin/mariadb",
                   "/usr/lib/systemd/system/xmariadb.service", "/etc/init.d/mariadb-x",
                   "/usr/lib/systemd/user/mariadb.service", "", "."})
            .empty());
}

TEST_CASE("files below a closed mount point make a package wait, the directory itself does not") {
  CHECK(claims_of({"./srv/", "./srv/www/", "./srv/www2/x"}).empty());
  CHECK(claims_of({"./srv/www/html/"}) ==
        std::vector{PackageClaim{"package", "", "/srv/www", {"www"}}});
  // The unit is the better reason, and counts for removals too.
  const auto both = claims_of({"/srv/www/x", "/etc/init.d/mariadb"});
  REQUIRE(both.size() == 1);
  CHECK(both[0].unit == "mariadb.service");
}

// As mariadb-server: no file of the package lies there, its data are made when it is configured.
TEST_CASE("a package whose configuring script names a closed place of one program waits") {
  const Closed database{.places = {{"/var/lib/mysql", "mysql"}, {"/srv/www", "www"}}};
  const auto claimed = [&](const std::string& script) {
    std::vector<PackageClaim> claims;
    claim_by_script(claims, "db", script, database);
    return !claims.empty() && claims.front().place == "/var/lib/mysql" &&
           claims.front().volumes == std::vector<std::string>{"mysql"};
  };
  for (const char* line : {"mysql_datadir=/var/lib/mysql", "chown x: \"/var/lib/mysql/a\"",
                           "[ -d /var/lib/mysql ] && true", "/var/lib/mysql/tool"})
    CHECK(claimed(std::string("#!/bin/sh\n") + line + "\n"));
  for (const char* line : {"# /var/lib/mysql", "rm /var/lib/mysql-files", "x /var/lib/mysql.d",
                           "rm -r /old/var/lib/mysql", "install -d /srv/www", ""})
    CHECK_FALSE(claimed(std::string("#!/bin/sh\n") + line + "\n"));
}

TEST_CASE("a package with files on two volumes waits for both") {
  const auto claims = claims_of({"/srv/www/x", "/var/lib/mysql/y", "/srv/www/z"});
  REQUIRE(claims.size() == 1);
  CHECK(claims[0].volumes == Names{"www", "mysql"});
}

TEST_CASE("dpkg's search lines: several packages, architectures, diversions") {
  std::vector<PackageClaim> claims;
  claim_by_search_line(claims, "a:amd64, b: /srv/www/index.html", closed());
  claim_by_search_line(claims, "diversion by c from: /srv/www/index.html", closed());
  claim_by_search_line(claims, "dpkg-query: no path found", closed());
  REQUIRE(claims.size() == 2);
  CHECK(claims[0].package == "a");
  CHECK(claims[1].package == "b");
}

TEST_CASE("the patterns for dpkg are literal but for the place of units") {
  Closed odd;
  odd.units.push_back({"a\\x2db.service", {}});
  odd.places.push_back({"/srv/[1]", "one"});
  CHECK(claim_patterns(odd) ==
        Names{"*/systemd/system/a\\\\x2db.service", "/etc/init.d/a\\\\x2db", "/srv/\\[1]/*"});
}

TEST_CASE("the contents of an archive: links and blanks in names") {
  CHECK(path_of_contents_line("-rw-r--r-- root/root 12 2024-01-01 00:00 ./a b/c") == "./a b/c");
  CHECK(path_of_contents_line("lrwxrwxrwx root/root 0 2024-01-01 00:00 ./a -> ./b") == "./a");
  CHECK(path_of_contents_line("hrw-r--r-- root/root 0 2024-01-01 00:00 ./a link to ./b") == "./a");
  CHECK(path_of_contents_line("nonsense").empty());
}

TEST_CASE("a removal waits for its unit's volumes, not for files that are not there") {
  const std::vector<PackageClaim> claims{{"db", "db.service", "", {}},
                                         {"www", "", "/srv/www", {"www"}}};
  CHECK(claim_on({"db", ""}, claims) != nullptr);
  CHECK(claim_on({"db", "/db.deb"}, claims) != nullptr);
  CHECK(claim_on({"www", "/www.deb"}, claims) != nullptr);
  CHECK(claim_on({"www", ""}, claims) == nullptr);
  CHECK(claim_on({"other", "/o.deb"}, claims) == nullptr);
}

TEST_CASE("a refusal names package, unit, volume, the command, the others and the override") {
  const std::vector<PackageClaim> claims{
      {"mariadb-server", "mariadb.service", "", {"mysql", "logs"}},
      {"pages\x1b[2J", "", "/srv/www", {"www"}}};
  CHECK(refusal_text(claims, PackageTool::apt) ==
        "latchkey: error: 'mariadb-server' must not be changed now: it has the held unit "
        "'mariadb.service', whose volumes 'mysql', 'logs' are closed\n"
        "latchkey: error: 'pages?[2J' must not be changed now: it has files below '/srv/www', "
        "whose volume 'www' is closed\n"
        "latchkey: hint: nothing was unpacked, configured or removed; open the volumes with "
        "'release-services', then run apt again\n"
        "latchkey: hint: to go on with the other packages before that: apt-mark hold "
        "mariadb-server pages?[2J (and after the release: apt-mark unhold mariadb-server "
        "pages?[2J)\n"
        "latchkey: hint: to do it all the same, at the risk of packages left half-configured: "
        "add -o Latchkey::Allow-Held=true\n");
  const std::string dpkg = refusal_text(claims, PackageTool::dpkg);
  // Before sudo it would not reach dpkg.
  CHECK(dpkg.find(": sudo LATCHKEY_ALLOW_HELD=1 dpkg") != std::string::npos);
  CHECK(dpkg.find("apt") == std::string::npos);
}

TEST_CASE("unattended-upgrades is told exact names, and nothing that is no name") {
  const std::vector<PackageClaim> claims{{"libstdc++6", "a.service", "", {}},
                                         {"x\"; Evil \"", "b.service", "", {}}};
  const std::string text = kept_back_text(claims);
  CHECK(text.find("Unattended-Upgrade::Package-Blacklist:: \"^libstdc[+][+]6$\";\n") !=
        std::string::npos);
  CHECK(text.find("Evil") == std::string::npos);
  CHECK(kept_back_text({}).find("Unattended-Upgrade") == std::string::npos);
  const std::string alone = "Unattended-Upgrade::AutoFixInterruptedDpkg \"false\";\n";
  CHECK(text.find(alone) == std::string::npos);
  CHECK(kept_back_text(claims, std::vector<std::string>{"libstdc++6"}).find(alone) !=
        std::string::npos);
  CHECK(kept_back_text(claims, std::vector<std::string>{"other"}).find(alone) == std::string::npos);
}
