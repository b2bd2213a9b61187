# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Packages that apt and dpkg install while volumes are closed, and our own when it goes.
# Sourced by tests/image/inside.
# shellcheck disable=SC2154,SC2016 # variables come from support.sh; scripts are quoted

# Makes a package in the tree's pool: name, version, files, each of which holds the version.
toy() {
	local name=$1 version=$2 root=$work/toy file
	shift 2
	rm -rf "$root"
	mkdir -p "$root/DEBIAN" "$tree/root/pool"
	for file; do
		mkdir -p "$root/${file%/*}"
		echo "$version" >"$root/$file"
	done
	printf '%s\n' "Package: $name" "Version: $version" 'Architecture: all' 'Description: toy' \
		'Maintainer: Nobody <nobody@example.invalid>' >"$root/DEBIAN/control"
	file=$tree/root/pool/${name}_$version.deb
	dpkg-deb --root-owner-group -b "$root" "$file" >"$work/check.log"
	dpkg-deb -f "$file"
	printf 'Filename: ./%s\nSize: %s\nSHA256: %s\n\n' "${file##*/}" "$(stat -c %s "$file")" \
		"$(sha256sum "$file" | cut -d' ' -f1)"
}

# The state and version of an installed package.
state_of() { in_tree dpkg-query -Wf '${db:Status-Status} ${Version}' "$1"; }

# apt with the pool and nothing else, whatever the tree has.
apt_get() {
	try apt-get -y -o Dir::Etc::SourceList=/root/pool/sources -o Dir::Etc::SourceParts=/none \
		-o APT::Sandbox::User=root "$@"
}

toy_pool() {
	local unit=usr/lib/systemd/system/held-db.service
	{ toy held-db 1:1 "$unit" && toy other 1 usr/share/other; } >/dev/null
	try env LATCHKEY_ALLOW_HELD=1 dpkg -i /root/pool/held-db_1:1.deb /root/pool/other_1.deb
	{
		toy held-db 1:2 "$unit"
		toy other 2 usr/share/other
		toy pages 1 srv/mysql/page
	} >"$tree/root/pool/Packages"
	echo 'deb [trusted=yes] file:/root/pool ./' >"$tree/root/pool/sources"
	echo 'held-db mysql' >"$etc/services"
}

image_13_packages_while_volumes_are_closed() {
	echo 'held-db mysql' >"$etc/services"
	toy_pool
	check "LATCHKEY_ALLOW_HELD lets dpkg go on" same "$ran $(state_of held-db)" '0 installed 1:1'
	check "... and it is told" said "'held-db' is changed while volumes are closed"
	# An interrupted run left it unpacked.
	try env LATCHKEY_ALLOW_HELD=1 dpkg --unpack /root/pool/held-db_1:1.deb
	try dpkg --configure -a
	check "dpkg does not configure what was left unpacked" \
		same "$((ran != 0)) $(state_of held-db)" '1 unpacked 1:1'
	check "... and names unit and volume" said "the held unit 'held-db.service', whose volume 'mysql' is closed"
	try dpkg --configure other
	check "... but another package" not said "held-db"
	try /usr/lib/latchkey/latchkey-guard apt-guard --keep-back
	check "... nor is unattended-upgrades to do so" \
		grep -q '^Unattended-Upgrade::AutoFixInterruptedDpkg "false";$' "$tree/run/latchkey/apt.conf"
	try env LATCHKEY_ALLOW_HELD=1 dpkg --configure -a
	check "... unless it is allowed" same "$ran $(state_of held-db)" '0 installed 1:1'
	apt_get update
	apt_get upgrade
	check "apt refuses the upgrade of a held unit's package" [ "$ran" -ne 0 ]
	check "... with unit and volume" \
		said "'held-db' must not be changed now: it has the held unit 'held-db.service', whose volume 'mysql' is closed"
	check "... before anything is unpacked" \
		same "$(state_of held-db), $(state_of other)" 'installed 1:1, installed 1'
	check "... and says what to do" said "release-services"
	try /usr/lib/latchkey/latchkey-guard apt-guard --keep-back
	check "unattended-upgrades is told to leave it alone, and nothing else" same \
		"$ran $(grep -v '^//' "$tree/run/latchkey/apt.conf")" \
		'0 Unattended-Upgrade::Package-Blacklist:: "^held-db$";'
	check "... in words that apt reads" in_tree env APT_CONFIG=/run/latchkey/apt.conf apt-config dump
	rm -r "$tree/run/latchkey"
	try apt-mark hold held-db
	apt_get upgrade
	check "with apt-mark hold, as it says, the others go on" \
		same "$ran $(state_of held-db), $(state_of other)" '0 installed 1:1, installed 2'
	try apt-mark unhold held-db
	apt_get remove held-db
	check "apt refuses its removal" same "$((ran != 0)) $(state_of held-db)" '1 installed 1:1'
	apt_get install pages
	check "apt refuses a new package with files below a closed mount point" [ "$ran" -ne 0 ]
	check "... and says why" said "it has files below '/srv/mysql', whose volume 'mysql' is closed"
	check "... before any is unpacked" [ ! -e "$tree/srv/mysql" ]
	try dpkg -i /root/pool/other_2.deb /root/pool/held-db_1:2.deb
	check "dpkg refuses it too" same "$((ran != 0)) $(state_of held-db)" '1 installed 1:1'
	check "... and says so" said "whose volume 'mysql' is closed"
	try dpkg -iR /root/pool
	check "... below a directory" same "$((ran != 0)) $(state_of held-db)" '1 installed 1:1'
	try dpkg -P held-db
	check "... and its purge" same "$((ran != 0)) $(state_of held-db)" '1 installed 1:1'
	try dpkg -i /root/pool/other_2.deb
	check "dpkg goes on with others" [ "$ran" -eq 0 ]

	echo 'nonsense' >"$etc/volumes"
	apt_get install --reinstall other
	check "a broken configuration stops no other package" [ "$ran" -eq 0 ]
	check "... and is told" said "/etc/latchkey/volumes:1:"
	apt_get install held-db
	check "... but one of a held unit" same "$((ran != 0)) $(state_of held-db)" '1 installed 1:1'
	fresh_configuration
	echo 'held-db mysql' >"$etc/services"
	apt_get -o Latchkey::Allow-Held=true install held-db
	check "apt's option lets it go on" same "$ran $(state_of held-db)" '0 installed 1:2'
	# In the midst of an upgrade latchkey itself may lack its libraries.
	mv "$tree/usr/sbin/latchkey" "$work/latchkey"
	apt_get install --reinstall held-db
	check "while latchkey cannot run a package of a held unit is refused as ever" \
		same "$((ran != 0)) $(state_of held-db)" '1 installed 1:2'
	mv "$work/latchkey" "$tree/usr/sbin/latchkey"
	local guard=$tree/usr/lib/latchkey/latchkey-guard
	mv "$guard" "$work/guard"
	apt_get install --reinstall held-db other
	check "without our guard apt goes on" [ "$ran" -eq 0 ]
	printf '#!/bin/sh\nkill -SEGV $$\n' >"$guard"
	chmod +x "$guard"
	apt_get install --reinstall held-db
	check "with a guard that crashes, too" [ "$ran" -eq 0 ]
	mv "$work/guard" "$guard"
	rm "$etc/services" "$etc/volumes"
	try /usr/lib/latchkey/latchkey-guard apt-guard --keep-back
	check "with nothing closed unattended-upgrades is told nothing" same \
		"$ran $(grep -v '^//' "$tree/run/latchkey/apt.conf")" '0 '
	apt_get install --reinstall held-db
	check "what is not held is not refused" [ "$ran" -eq 0 ]
}

image_98_purged() {
	local gates=$tree/etc/initramfs/post-update.d images=$tree/usr/sbin/update-initramfs
	mv "$images" "$work/update-initramfs" # takes its time, and has nothing to do with it
	ln -s /bin/true "$images"
	in_tree dpkg -P latchkey >"$work/check.log" 2>&1
	try dpkg -i /root/latchkey.deb
	mkdir -p "$tree/var/lib/latchkey"
	: >"$tree/var/lib/latchkey/boots.jsonl"
	check "each package has the time of its making in its version, for apt to take it" \
		grep -Eqx '[0-9.]+\+[0-9]{8}\.[0-9]{6}' <(dpkg-deb -f "$deb" Version)
	check "installed after a purge, the gate is there" same "$ran $(ls "$gates")" '0 00latchkey'

	in_tree dpkg -P latchkey >"$work/check.log" 2>&1
	check "a purge leaves no host keys, and no log" \
		same "$(find "$tree/etc/latchkey" "$tree/var/lib" -name hostkeys -o -name latchkey -type d)" "$tree/etc/latchkey"
	check "a purge leaves no gate" same "$(find "$tree/etc" -path '*initramfs*latchkey*')" ""
	try dpkg -i /root/latchkey.deb
	check "and the package can be installed again" [ "$ran" -eq 0 ]

	# An owner of a machine with systemd may have tidied.
	rm "$gates/00latchkey" "$tree"/etc/init.d/latchkey-* "$tree"/etc/rc?.d/*latchkey*
	run_check ''
	check "check tells of a gate that a purge of configuration took away" \
		said "error: '/etc/initramfs/post-update.d/00latchkey' of the package is not there any more"
	try dpkg -i /root/latchkey.deb
	check "... which dpkg does not put back by itself" [ ! -e "$gates/00latchkey" ]
	check "the package is configured without its init scripts" \
		same "$ran $(state_of latchkey | cut -d' ' -f1)" '0 installed'
	try dpkg --force-confmiss -i /root/latchkey.deb
	check "... but as check says" [ -x "$gates/00latchkey" ]
	check "... and the init scripts start again with it" same \
		"$(find "$tree"/etc/rc[2S].d -name '*latchkey*' | wc -l)" 2
	mv "$work/update-initramfs" "$images"
}

# sysvinit is a program that is there: none runs in this tree.
image_97_disabled_script() {
	local rc=$tree/etc/init.d/rc images=$tree/usr/sbin/update-initramfs
	mv "$images" "$work/update-initramfs"
	ln -s /bin/true "$images"
	printf '#!/bin/sh\n' | tee "$rc" >"$tree/etc/init.d/plain"
	chmod +x "$rc" "$tree/etc/init.d/plain"
	mkdir -p "$tree/etc/rc2.d"
	ln -s ../init.d/plain "$tree/etc/rc2.d/S03plain"
	echo 'plain mysql' >"$etc/services"
	try dpkg -i /root/latchkey.deb
	check "an installed package holds what its owner's file says" [ -L "$tree/etc/rc2.d/K97plain" ]
	try dpkg -r latchkey
	check "a removal gives a disabled script back" [ -L "$tree/etc/rc2.d/S03plain" ]
	try dpkg -i /root/latchkey.deb
	check "the package that comes back holds it again" [ ! -e "$tree/etc/rc2.d/S03plain" ]
	check "... which is told" said "'plain.service' is kept from starting at boot"
	try latchkey unguard # as prerm does
	check "a removal has begun" [ -L "$tree/etc/rc2.d/S03plain" ]
	try env DPKG_MAINTSCRIPT_NAME=postinst DPKG_MAINTSCRIPT_PACKAGE=latchkey \
		/var/lib/dpkg/info/latchkey.postinst abort-remove
	check "... and is called off: the script is held again" \
		same "$ran $(cd "$tree/etc/rc2.d" && echo *plain)" '0 K97plain'
	rm "$etc/latchkey.conf"
	try dpkg -r latchkey
	check "it is given back, too, where the owner has begun anew without a configuration" \
		same "$ran $(cd "$tree/etc/rc2.d" && echo *plain)" '0 S03plain'
	check "... and nobody complains of that" not said "latchkey.conf"
	try dpkg -i /root/latchkey.deb
	rm -f "$rc" "$tree/etc/init.d/plain" "$tree"/etc/rc2.d/*plain
	mv "$work/update-initramfs" "$images"
}

image_99_removal() {
	echo 'held-db mysql' >"$etc/services"
	toy_pool
	build
	check "the package is installed over itself" in_tree dpkg -i /root/latchkey.deb
	local place
	for place in / /usr; do
		echo "system system/encrypted-system $place ext4" >>"$etc/volumes"
		try dpkg -r latchkey
		check "what opens $place is not removed" [ "$ran" -ne 0 ]
		check "... and says why" said "error: latchkey is not removed: '$place' is a volume"
		check "... and stays whole" same "$(state_of latchkey | cut -d' ' -f1)" installed
		# dpkg's guard takes the volume of this tree's /usr for closed, which it is.
		check "... and can be installed over itself" \
			in_tree env LATCHKEY_ALLOW_HELD=1 dpkg -i /root/latchkey.deb
		sed -i '$d' "$etc/volumes"
	done
	echo "sda3 UUID=12ab none auto noatime,x-latchkey.boot" >>"$etc/volumes"
	try dpkg -r latchkey
	check "what the system lies on is not left alone either" \
		said "error: latchkey is not removed: 'sda3' is a volume"
	check "... and the package stays" in_tree env LATCHKEY_ALLOW_HELD=1 dpkg -i /root/latchkey.deb
	sed -i '$d' "$etc/volumes"
	echo "usr system/encrypted-usr /usr ext4" >>"$etc/volumes"
	mkdir -p "$etc/unfinished"
	echo '{}' >"$etc/unfinished/mail.json"
	mkdir -p "$tree/run/latchkey/released" "$tree/run/latchkey/early"
	: >"$tree/run/latchkey/released/held-db.service"
	local newer=9.9.9-newer # its image was refused, and GRUB's menu starts the one that has one
	cp -al "$tree/usr/lib/modules/$kernel" "$tree/usr/lib/modules/$newer"
	cp "$tree/boot/config-$kernel" "$tree/boot/config-$newer"
	: >"$tree/boot/vmlinuz-$newer"
	try env LATCHKEY_ALLOW_REMOVAL=1 dpkg -r latchkey
	check "the package is removed" [ "$ran" -eq 0 ]
	check "... and unfinished work named" \
		said "warning: unfinished work stays in '/etc/latchkey/unfinished/mail.json'"
	rm -r "$etc/unfinished"
	check "a newer kernel that had no image has one, since nothing keeps it from being started" \
		[ -s "$tree/boot/initrd.img-$newer" ]
	rm -rf "$tree"/boot/*-"$newer" "$tree/usr/lib/modules/$newer" "$tree/var/lib/initramfs-tools/$newer"
	check "what was released stays so, should the package come back" same \
		"$(find "$tree/run/latchkey" -mindepth 1 -printf '%P ')" 'released released/held-db.service '
	apt_get update
	apt_get install --reinstall held-db
	check "apt goes on after the removal" same "$ran $(state_of held-db)" '0 installed 1:2'
	try dpkg -i /root/pool/held-db_1:1.deb
	check "... and dpkg" same "$ran $(state_of held-db)" '0 installed 1:1'
	look
	check "an image after the removal has nothing of ours" same "$(of_ours "$image")" ""
	check "the owner's files stay" [ -s "$etc/authorized_keys" ]
	check "the host keys stay" [ -s "$etc/hostkeys/ed25519.dropbear" ]
	local log=$tree/var/lib/latchkey
	mkdir -p "$log"
	touch "$log/boots.jsonl" "$log/mail.header" "$etc/hostkeys/their-own"
	# Owners keep the directory elsewhere.
	mv "$etc" "$tree/root/config"
	ln -s ../root/config "$etc"
	rmdir "$etc/hooks.d/failed"
	ln -s /root "$etc/hooks.d/failed"
	check "the package is purged" in_tree dpkg -P latchkey
	check "... and a link to where the configuration is stays" [ -L "$etc" ]
	check "... and one in it" [ -L "$etc/hooks.d/failed" ]
	check "the host keys go with a purge, and the log" \
		same "$(ls "$etc/hostkeys" "$log")" "$(printf '%s\n' "$etc/hostkeys:" their-own '' "$log:" mail.header)"
	check "what was released stays so, also after a purge" \
		same "$(find "$tree/run/latchkey" -type f -printf '%P ')" 'released/held-db.service '
	rm -r "$log" "$tree/run/latchkey"
	check "the owner's files stay after a purge" [ -s "$etc/volumes" ]
	check "nothing of the package is left" same \
		"$(find "$tree/usr" "$tree/etc/apt" "$tree/etc/dpkg" "$tree/lib/systemd" "$tree/run" -name '*latchkey*' 2>/dev/null)" ""
}
