# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Source packages from the machine's own archive, through a private apt state:
# the machine's source lists stay as they are and no root is needed. apt checks
# the archive's signature with the keyring that the machine's entry names.
# Sourced by tools/deps, which sets: cache, versions, sources, linked, work.
# shellcheck disable=SC2154,SC2016

apt=$cache/apt

# Takes nothing, writes $apt: the machine's Debian entries as deb-src entries.
private_apt() {
	local file name
	local -a files
	rm -rf "$apt/sources.d"
	mkdir -p "$apt/state/lists/partial" "$apt/cache/archives/partial" "$apt/sources.d"
	# Files with entries of the Debian archive; third parties often offer no
	# sources. Before the first "apt-get update" apt cannot tell: then all.
	mapfile -t files < <(apt-get indextargets --format '$(ORIGIN)|$(SOURCESENTRY)' \
		'Created-By: Packages' | sed -n 's/^Debian|\(.*\):[0-9]*$/\1/p' | sort -u)
	[ ${#files[@]} -gt 0 ] || files=(/etc/apt/sources.list /etc/apt/sources.list.d/*)
	for file in "${files[@]}"; do
		name=$apt/sources.d/$(basename "$file")
		# Without backports: their versions are higher, but not this release's.
		case $file in
		*.sources)
			perl -00 -ne 's/^Types:.*$/Types: deb-src/mi;
				s/^(Suites:.*)$/$1 =~ s{\s[^\s]*-backports\S*}{}gr/mie;
				print if /^Suites:[ \t]*\S/mi' "$file" >"$name"
			;;
		*.list)
			[ -f "$file" ] || continue
			sed -nE '/-backports/d; s/^[[:space:]]*deb(-src)?[[:space:]]/deb-src /p' \
				"$file" | sort -u >"$name"
			;;
		esac
	done
	# The machine's update hooks are for root and for its own lists. The cache
	# is in a home directory, which apt's own sandbox user cannot read.
	cat >"$apt/apt.conf" <<-CONF
		Dir::State "$apt/state";
		Dir::State::status "/var/lib/dpkg/status";
		Dir::Cache "$apt/cache";
		Dir::Etc::sourcelist "/dev/null";
		Dir::Etc::sourceparts "$apt/sources.d";
		APT::Sandbox::User "root";
		APT::Get::Only-Source "true";
		#clear APT::Update::Pre-Invoke;
		#clear APT::Update::Post-Invoke;
		#clear APT::Update::Post-Invoke-Success;
	CONF
}

# Takes a source package, prints its highest version in the private lists.
newest_version() {
	local best='' version
	while read -r version; do
		if dpkg --compare-versions "$version" gt "$best"; then best=$version; fi
	done < <(apt-cache -c "$apt/apt.conf" showsrc --only-source "$1" | sed -n 's/^Version: //p')
	echo "$best"
}

# Writes $versions: a line "package version" for each source.
resolve() {
	local package version
	say "asking the archive for source versions"
	private_apt
	if ! apt-get -c "$apt/apt.conf" -qq update >&2; then
		[ ! -s "$versions" ] || { say "warning: no answer; keeping the known versions"; return; }
		say "warning: the archive did not answer for all entries"
	fi
	for package in "${sources[@]}"; do
		version=$(newest_version "$package")
		[ -n "$version" ] || die "no source package '$package' in this machine's apt sources"
		echo "$package $version"
	done >"$versions.new"
	mv "$versions.new" "$versions"
}

# Downloads what $versions names; files already there are only checked.
fetch() {
	local -a wanted
	mapfile -t wanted < <(sed 's/ /=/' "$versions")
	mkdir -p "$cache/sources"
	[ -f "$apt/apt.conf" ] || resolve
	(cd "$cache/sources" && apt-get -c "$apt/apt.conf" -qq source --download-only "${wanted[@]}" >/dev/null 2>"$work/log/fetch.log") || {
		tail -n 5 "$work/log/fetch.log" >&2
		die "cannot download the sources; if the archive has moved on: tools/deps --refresh"
	}
}

# Takes a source package, unpacks it with the distribution's patches to ./src.
unpack() {
	local version
	version=$(sed -n "s/^$1 //p" "$versions")
	dpkg-source -x "$cache/sources/$1_${version#*:}.dsc" src
}

# Static code is not replaced by a later upgrade: say so while it can be helped.
warn_outdated() {
	local package installed candidate
	for package in "${linked[@]}"; do
		installed=$(dpkg-query -W -f '${Version}' "$package")
		candidate=$(apt-cache policy "$package" | sed -n 's/^  Candidate: //p')
		if dpkg --compare-versions "${candidate:-0}" gt "$installed"; then
			say "warning: $package $installed is linked, but $candidate is available: apt-get install $package"
		fi
	done
}
