# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What an update of kernels, images and boot menus must not do. Sourced by tests/image/inside.
# shellcheck disable=SC2154,SC2016,SC2034 # variables come from support.sh, and go there; scripts are quoted

# Makes a hook of the owner that runs after all others, with these commands.
owners_hook() {
	local hook=$tree/etc/initramfs-tools/hooks/zz-owner
	printf '#!/bin/sh\n[ "$1" = prereqs ] && { echo; exit 0; }\n[ -z "$LATCHKEY_BOOT_ON" ] || exit 0\n%s\n' "$1" >"$hook"
	chmod +x "$hook"
}

image_15_finished_image() {
	build
	local good file=$tree/boot/initrd.img-$kernel
	good=$(image_hash)
	check "a good image passes the last gate" [ "$built" -eq 0 ]
	try latchkey status
	check "... and status tells its port and keys" \
		said "early ssh listens on port 22 and knows 1 key, by the image of kernel $kernel"
	# Hooks in /etc run after the package's own: only the finished image shows what they did.
	owners_hook 'rm -f "$DESTDIR/usr/lib/latchkey/dropbear"'
	local flash=$tree/etc/initramfs/post-update.d/flash-kernel
	printf '#!/bin/sh\nsha256sum <"$2" | cut -d" " -f1 >/root/flash\n' >"$flash"
	chmod +x "$flash"
	build
	check "a hook that takes Dropbear away fails the build" [ "$built" -ne 0 ]
	check "... the image before it is back" same "$(image_hash)" "$good"
	check "... for root only" same "$(stat -c %a "$file")" 600
	check "... and is said to be" said "the one before it is back"
	check "... before a board's flash gets a bad one" same "$(cat "$tree/root/flash")" "$good"
	rm "$flash" "$tree/root/flash"
	check "... with the reason" said "the ssh server of early boot is missing"
	check "... and nothing is left over" same "$(find "$tree/boot" -name '*latchkey*' -o -name '*.dpkg-bak')" ""
	# By what a hook does, and what is said of it.
	local hook reason
	while IFS='|' read -r hook reason <&3; do
		owners_hook "$hook"
		build
		check "a hook with $hook fails the build" [ "$built" -ne 0 ]
		check "... with the reason" said "$reason"
		check "... the image before it is back" same "$(image_hash)" "$good"
	done 3<<-'HOOKS'
		rm "$DESTDIR"/etc/latchkey/hostkeys/*|the ssh server of early boot has no host key
		chmod 777 "$DESTDIR/etc/latchkey/root/.ssh"|the ssh server of early boot would refuse every key
		: >"$DESTDIR/etc/latchkey/root/.ssh/authorized_keys"|early boot lacks the authorized keys
		echo ssh-ed25519 AAAA >"$DESTDIR/etc/latchkey/root/.ssh/authorized_keys"|early boot lacks the authorized keys
		echo 'root:*:0:0::/root-x:/bin/sh' >"$DESTDIR/etc/passwd"|root's login in early boot is not the unlocker
		rm "$DESTDIR/etc/latchkey/volumes"|early boot lacks the list of volumes
		rm "$DESTDIR/scripts/init-premount/latchkey"|early boot would start no ssh server
		chmod 644 "$DESTDIR/usr/sbin/latchkey-unlock"|in the image cannot be run
	HOOKS
	# As the packages of microcode do it: what the kernel wants first is not compressed.
	local microcode='. /usr/share/initramfs-tools/hook-functions; cd "$(mktemp -d)" && mkdir -p kernel/x86/microcode &&
		echo code >kernel/x86/microcode/x && find . | cpio --quiet -o -H newc >/var/tmp/early.cpio &&
		prepend_earlyinitramfs /var/tmp/early.cpio'
	owners_hook "$microcode"
	build
	check "an image behind a part for microcode passes" [ "$built" -eq 0 ]
	check "... which is there" grep -aqs kernel/x86/microcode/x "$file"
	good=$(image_hash)
	owners_hook "$microcode"'; rm "$DESTDIR"/etc/latchkey/hostkeys/*'
	build
	check "... and one that lacks its host keys does not" [ "$built" -ne 0 ]
	check "... with the reason" said "the ssh server of early boot has no host key"
	check "... the image before it is back" same "$(image_hash)" "$good"
	owners_hook 'echo "# other" >>"$DESTDIR/etc/passwd"; rm "$DESTDIR/scripts/init-bottom/latchkey"'
	mount -t tmpfs -o noexec tmpfs "$tree/var/tmp"
	built=0
	in_tree env TMPDIR=/root update-initramfs -u -k "$kernel" >"$work/said" 2>&1 || built=$?
	umount "$tree/var/tmp"
	check "a hook that locks nobody out does not, also where images are looked into without execution" \
		[ "$built" -eq 0 ]
	check "... but what it spoils is told" said "early boot is ended too late"
	good=$(image_hash)
	owners_hook 'rm -f "$DESTDIR/usr/lib/latchkey/dropbear"'
	rm "$file"
	build_new
	check "without one before it, one that boots on is built" [ "$built" -eq 0 ]
	check "... loudly" said "boots on WITHOUT waiting for an unlock"
	look
	check "... and says so itself" grep -qx mode=boot-on "$image/etc/latchkey/image"
	check "... with the reason" grep -qF "the ssh server of early boot is missing" "$image/etc/latchkey/image"
	check "... for root only" same "$(stat -c %a "$file")" 600
	echo 'root system/encrypted-root / ext4 defaults' >>"$etc/volumes"
	rm "$tree/etc/initramfs-tools/hooks/zz-owner"
	build
	owners_hook 'rm -rf "$DESTDIR/etc/latchkey"'
	good=$(image_hash)
	build
	check "an encrypted root: an image without the unlocker gives way" same "$(image_hash)" "$good"
	rm "$file"
	build_new
	check "... the only image there is stays" [ -e "$file" ]
	check "... and the build fails" [ "$built" -ne 0 ]
	check "... saying not to reboot" said "DO NOT REBOOT"
	: >"$tree/boot/vmlinuz-1.0-old"
	: >"$tree/boot/initrd.img-1.0-old"
	rm "$file"
	build_new
	check "... also beside another kernel's, where nobody makes a menu for that" [ -e "$file" ]
	mkdir -p "$tree/boot/grub"
	echo "linux /boot/vmlinuz-$kernel" >"$tree/boot/grub/grub.cfg"
	rm "$file"
	build_new
	check "... and where the menu cannot be made again" [ -e "$file" ]
	# A file that comes behind ours may have the last word on what is started.
	local makes=$tree/usr/sbin/update-grub
	printf '#!/bin/sh\n' >"$makes"
	chmod +x "$makes"
	rm "$file"
	build_new
	check "... and where the menu that is made starts it all the same" [ -e "$file" ]
	check "... which is said" said "its menu starts kernel $kernel, which has no image"
	local other='menuentry old {\n\tlinux /vmlinuz-1.0-old ro\n\tinitrd /initrd.img-1.0-old\n}\n'
	printf '#!/bin/sh\nprintf "set superusers=root\\n%s" >/boot/grub/grub.cfg\n' "$other" >"$makes"
	rm "$file"
	build_new
	check "... and where GRUB would ask for a password first" [ -e "$file" ]
	check "... which is said, too" said "it would ask for a user's name first"
	printf '#!/bin/sh\nls /boot >/root/update-grub\nprintf "%s" >/boot/grub/grub.cfg\n' "$other" >"$makes"
	: >"$file.latchkey-new"
	: >"$file.latchkey-refused"
	build
	check "... with another kernel for GRUB to boot, it goes" [ ! -e "$file" ]
	check "... before the menu is made" not grep -q "^initrd.img-$kernel\$" "$tree/root/update-grub"
	check "... and that is said" said "another kernel is booted"
	check "... and nothing is left over, also of one that a power cut ended" \
		same "$(find "$tree/boot" -name '*latchkey*' -o -name '*.dpkg-bak')" ""
	# Root in the clear again; but what boots on cannot be built, as on a /boot that is too small.
	sed -i '$d' "$etc/volumes"
	owners_hook 'rm -f "$DESTDIR/usr/lib/latchkey/dropbear"'
	local fails=$tree/etc/initramfs-tools/hooks/zz-fails
	printf '#!/bin/sh\n[ "$1" = prereqs ] && { echo; exit 0; }\n[ -z "$LATCHKEY_BOOT_ON" ]\n' >"$fails"
	chmod +x "$fails"
	build_new
	check "without room for one that boots on the bad one goes, too" [ ! -e "$file" ]
	check "... since another kernel is booted" said "another kernel is booted"
	check "... and the build fails" [ "$built" -ne 0 ]
	rm "$fails"
	rm -r "$tree/boot/grub" "$tree/usr/sbin/update-grub" "$tree/root/update-grub"
	run_check ''
	check "check tells of the kernel without an image" said "the kernel $kernel has no image"
	rm "$tree/etc/initramfs-tools/hooks/zz-owner" "$tree"/boot/*-1.0-old
	fresh_configuration
	# What cannot be unpacked is not better than what it replaced.
	build_new
	good=$(image_hash)
	ln "$file" "$file.dpkg-bak"
	head -c 100000 "$file" >"$file.cut" && mv "$file.cut" "$file"
	try latchkey image gate "$kernel" "/boot/initrd.img-$kernel"
	check "an image that cannot be unpacked gives way" same "$(image_hash)" "$good"
	mv "$tree/usr/sbin/latchkey" "$work/latchkey"
	try /etc/initramfs/post-update.d/00latchkey "$kernel" "/boot/initrd.img-$kernel"
	mv "$work/latchkey" "$tree/usr/sbin/latchkey"
	check "without the program the gate stands open" [ "${ran%% *}" -eq 0 ]
}

# GRUB itself needs a disk; its menu is made by its own scripts.
image_16_boot_menu() {
	local newer=9.9.9-newer menu=$tree/boot/grub/grub.cfg
	mkdir -p "$tree/boot/grub"
	grub_says() { # the value of GRUB_DEFAULT after GRUB's settings were read
		in_tree sh -c 'grub_get_device_id() { echo ROOT; }; GRUB_DEVICE=/dev/vda1; '"${1-}"'
			. /etc/default/grub.d/zzz-latchkey.cfg; echo "$GRUB_DEFAULT"' 2>"$work/said"
	}
	build
	check "GRUB's default is not touched while all images are there" same "$(grub_says)" ""
	: >"$tree/boot/vmlinuz-$newer"
	check "a newer kernel without an image: the last good one is GRUB's default" \
		same "$(grub_says)" "gnulinux-$kernel-advanced-ROOT"
	check "... which is said" said "$kernel is booted by default"
	check "... and is no way through a submenu" same "$(in_tree sh -c 'grub_get_device_id() { echo ROOT; }
		GRUB_DEVICE=/dev/vda1; . /etc/default/grub.d/zzz-latchkey.cfg; echo "$GRUB_DISABLE_SUBMENU"' 2>/dev/null)" y
	check "... nor another's that is set behind it" same "$(in_tree sh -c 'cd /etc/default/grub.d && ls | tail -n 1')" zzz-latchkey.cfg
	check "... but for the owner's own default" same "$(grub_says 'GRUB_DEFAULT=2;')" 2
	local kept="gnulinux-$kernel-advanced-ROOT" saved
	for saved in '' 'saved_entry=' 'saved_entry=0' 'saved_entry=gnulinux-simple-ROOT'; do
		printf '# GRUB Environment Block\n%s\n####' "$saved" >"$tree/boot/grub/grubenv"
		check "... and a saved one, with '$saved' saved, is none" \
			same "$(grub_says 'set -e; GRUB_DEFAULT=saved;')" "$kept"
	done
	echo 'saved_entry=other' >"$tree/boot/grub/grubenv"
	check "... while another is saved it is the owner's" same "$(grub_says 'GRUB_DEFAULT=saved;')" saved
	# GRUB starts the first entry where there is none of that name.
	printf "menuentry 'first' --id a {\n\tlinux /vmlinuz-%s ro\n}\nmenuentry 'good' --id b {\n\tlinux /vmlinuz-%s ro\n}\n" \
		"$newer" "$kernel" >"$menu"
	check "... but not where that leads nowhere" same "$(grub_says 'GRUB_DEFAULT=saved;')" "$kept"
	for saved in first a gone; do
		check "... nor is '$saved' of a menu that has it first, or not" \
			same "$(grub_says "GRUB_DEFAULT=$saved;")" "$kept"
	done
	check "... and one whose kernel has its image is" same "$(grub_says 'GRUB_DEFAULT=good;')" good
	rm "$menu"
	rm "$tree/boot/grub/grubenv"
	check "... nor is it with nothing to save it in" same "$(grub_says 'set -e; GRUB_DEFAULT=saved;')" "$kept"
	printf 'linux /boot/vmlinuz-%s ro\n}\n' "$newer" >"$menu"
	run_check ''
	check "check says that the next boot may start it" said "the next boot may start kernel $newer, which has no image"
	echo 'GRUB_DEFAULT="2"' >"$tree/etc/default/grub"
	run_check ''
	check "... and that the owner's own default is why" said "GRUB_DEFAULT=2 is your own"
	echo "set default=\"gnulinux-$kernel-advanced-ROOT\"" >>"$menu"
	run_check ''
	check "... or that the last good one is started" said "the boot loader starts kernel $kernel"
	# A left-over file of another kernel is no reason to fail.
	: >"$tree/boot/vmlinuz-5.0-left-over"
	: >"$tree/boot/vmlinuz-99.dpkg-tmp"
	run_check ''
	check "a kernel without modules that nothing starts is not looked at" not said "5.0-left-over"
	check "... nor what dpkg put aside" not said "dpkg-tmp"
	mkdir "$tree/usr/lib/modules/5.0-left-over"
	run_check ''
	check "... with modules it is a warning" said "warning: the kernel 5.0-left-over has no image"
	rm -r "$tree/usr/lib/modules/5.0-left-over" "$tree/boot/vmlinuz-5.0-left-over" "$tree/boot/vmlinuz-99.dpkg-tmp"
	# A menu that was made while there was no image is made again with it.
	printf '#!/bin/sh\necho made >>/root/update-grub\n' >"$tree/usr/sbin/update-grub"
	chmod +x "$tree/usr/sbin/update-grub"
	rm "$tree/boot/vmlinuz-$newer"
	build
	check "the menu stays where it starts no kernel without its image" [ ! -e "$tree/root/update-grub" ]
	printf 'linux /boot/vmlinuz-%s ro\n}\n' "$kernel" >"$menu"
	run_check ''
	check "check tells of an entry without the image that there is" said "without its image"
	build
	check "an image for an entry that has none has the menu made again" [ -e "$tree/root/update-grub" ]
	rm -r "$tree/boot/grub" "$tree/usr/sbin/update-grub" "$tree/root/update-grub" "$tree/etc/default/grub"
}

# Root was put back to an earlier state (a snapshot), and /boot, which lies elsewhere, was not.
image_16_lost_modules() {
	local newer=9.9.9-newer good of
	for of in vmlinuz config; do cp "$tree/boot/$of-$kernel" "$tree/boot/$of-$newer"; done
	cp -a "$tree/usr/lib/modules/$kernel" "$tree/usr/lib/modules/$newer"
	try update-initramfs -c -k "$newer"
	check "an image of a newer kernel is built" [ "$ran" -eq 0 ]
	good=$(sha256sum <"$tree/boot/initrd.img-$newer")
	mv "$tree/usr/lib/modules/$newer" "$work/modules"
	run_check ''
	check "a kernel that a boot starts, and whose modules are gone: check says so" \
		said "error: the modules of kernel $newer are not on this root"
	try update-initramfs -u -k "$newer"
	check "... its image stays" same "$(sha256sum <"$tree/boot/initrd.img-$newer")" "$good"
	check "... which is said" said "the image of kernel $newer stays as it was"
	check "... with nothing beside it" [ ! -e "$tree/boot/initrd.img-$newer.dpkg-bak" ]
	rm -rf "${work:?}/modules" "$tree/boot/"*"-$newer" "$tree/var/lib/initramfs-tools/$newer"
}

# Case 54: in one run, in both orders. Debian 13's trigger skips images that look fresh.
image_17_kernel_and_package_at_once() {
	local newer=9.9.9-newer file=$tree/boot/initrd.img-9.9.9-newer
	local pool=$tree/root/kernel/DEBIAN order
	# A kernel's package without its megabytes: the files of the one that is there.
	mkdir -p "$pool" "$tree/root/kernel/boot" "$tree/root/kernel/usr/lib/modules"
	cp -al "$tree/usr/lib/modules/$kernel" "$tree/root/kernel/usr/lib/modules/$newer"
	cp "$tree/boot/config-$kernel" "$tree/root/kernel/boot/config-$newer"
	echo kernel >"$tree/root/kernel/boot/vmlinuz-$newer"
	printf 'Package: linux-image-newer\nVersion: 1\nArchitecture: all\nMaintainer: none <none@none.invalid>\nDescription: kernel\n' >"$pool/control"
	printf '#!/bin/sh\nset -e\ndepmod %s\nrun-parts --exit-on-error --arg=%s --arg=/boot/vmlinuz-%s /etc/kernel/postinst.d\n' \
		"$newer" "$newer" "$newer" >"$pool/postinst"
	chmod +x "$pool/postinst"
	in_tree dpkg-deb -b /root/kernel /root/kernel.deb >/dev/null
	rm -r "$tree/root/kernel"
	for order in 'kernel latchkey' 'latchkey kernel'; do
		in_tree dpkg -r latchkey >/dev/null 2>&1
		# shellcheck disable=SC2086 # two words
		set -- $order
		try dpkg -i "/root/$1.deb" "/root/$2.deb"
		check "case 54: $order in one run" [ "$ran" -eq 0 ]
		for version in "$kernel" "$newer"; do
			rm -rf "$tree/root/image"
			in_tree unmkinitramfs "/boot/initrd.img-$version" /root/image
			check "case 54: $order: the image of $version has the unlocker" \
				[ -n "$(find "$tree/root/image" -name latchkey-unlock)" ]
		done
		in_tree dpkg -P linux-image-newer >/dev/null 2>&1
		rm -rf "$file" "$tree/usr/lib/modules/$newer"
	done
}

# What fills /boot, or removes what images are made of, costs at most that update.
image_18_full_boot_and_lost_tools() {
	build
	local good
	good=$(image_hash)
	cp -a "$tree/boot" "$work/boot"
	mount -t tmpfs -o "size=$(($(du -sk "$tree/boot" | cut -f1) + 1024))k" tmpfs "$tree/boot"
	cp -a "$work/boot/." "$tree/boot/"
	build
	check "a full /boot fails the build" [ "$built" -ne 0 ]
	check "... the image stays" same "$(image_hash)" "$good"
	check "... and nothing half written" same "$(find "$tree/boot" -name '*.new' -o -name '*.dpkg-bak' -o -name '*latchkey*')" ""
	umount "$tree/boot"
	rm -r "${work:?}/boot"
	mv "$tree/usr/share/initramfs-tools/hooks/lvm2" "$work/lvm2"
	build
	check "no lvm2: the build says what to do" said "apt install lvm2"
	boots_on "no lvm2" "the program 'lvm' is missing"
	mv "$work/lvm2" "$tree/usr/share/initramfs-tools/hooks/lvm2"
	mv "$tree/usr/bin/ip" "$work/ip"
	run_check ''
	check "no ip: check is no judge of the network, and says so" \
		said "error: nobody can tell how this machine is reached: there is no program 'ip'"
	check "... and what to do" said "apt install iproute2"
	mv "$work/ip" "$tree/usr/bin/ip"
}

# A person presses Ctrl-C, or the connection is lost.
image_19_interrupted_check() {
	build
	keys_header
	try sh -c 'latchkey check >/dev/null & pid=$!
		for _ in $(seq 300); do
			ls -d /var/tmp/latchkey-unpacked-* >/dev/null 2>&1 && break
			sleep 0.1
		done
		kill -TERM $pid
		wait $pid'
	check "a check that is ended while it looks into an image ends" [ "$ran" -eq 143 ]
	check "... and leaves no unpacked image" same "$(find "$tree/var/tmp" -name '*latchkey*')" ""
}

# Case 57: another builder of images takes over.
image_19_dracut() {
	build
	mkdir -p "$tree/etc/kernel/postinst.d"
	: >"$tree/etc/kernel/postinst.d/dracut"
	mv "$tree/usr/sbin/update-initramfs" "$work/update-initramfs"
	run_check ''
	mv "$work/update-initramfs" "$tree/usr/sbin/update-initramfs"
	check "case 57: check tells that dracut builds the images" said "the next image will have no unlocker"
	rm "$tree/etc/kernel/postinst.d/dracut"
	try dpkg -r latchkey
	check "case 57: a removal says what the next boot is without it" said "the next boot asks nobody for the passphrase"
	check "case 57: ... and how it is taken back, by a file since no archive has it" said "apt install initramfs-tools ./latchkey_"
	try dpkg -i /root/latchkey.deb
	check "case 57: and can be taken back" [ "$ran" -eq 0 ]
}

# Must 13: what the programs of early boot are made of is mended by the distribution.
image_20_bundled_parts() {
	local list=$tree/usr/share/latchkey/bundled version
	check "Must 13: the package tells its parts" grep -Eq '^cryptsetup [^ ]+ libcryptsetup12$' "$list"
	cp "$list" "$work/bundled"
	version=$(in_tree dpkg-query -W -f '${source:Version}' libc6)
	echo "glibc $version libc6" >"$list"
	run_check --verbose
	check "Must 13: a part of today is fine" said "programs are made of is up to date"
	echo "glibc ${version%-*}-0 libc6" >"$list"
	run_check ''
	check "Must 13: an outdated part gives the warning" said "glibc ${version%-*}-0 (now $version"
	check "Must 13: with what to do" said "apt install --reinstall ./latchkey_"
	echo "glibc 0.1-1 libc6" >"$list"
	run_check --verbose
	check "Must 13: parts of another release are told to be of unknown state" said "nobody tells whether"
	check "... and not to be up to date" not said "is up to date"
	printf '%s\n' "glibc $version libc6" "cryptsetup 2:2.6.1-4 libcryptsetup0" >"$list"
	run_check ''
	check "Must 13: one part that apt does not know is told beside others" \
		said "apt knows no such package here: cryptsetup 2:2.6.1-4"
	cp "$work/bundled" "$list"
}

# What initramfs-tools leaves out itself must not come back in as what our hook waits for.
image_29_switched_off_hooks() {
	local hooks=$tree/usr/share/initramfs-tools/hooks name
	for name in off old~ zz-other; do
		printf '#!/bin/sh\n[ "$1" = prereqs ] && { echo; exit 0; }\necho %s >>/root/ran\n' "$name" >"$hooks/$name"
		chmod +x "$hooks/$name"
	done
	chmod -x "$hooks/off"
	printf '#!/usr/bin/python3\nif True: print("(")\nopen("/root/ran", "a")\n' >"$hooks/no-sh"
	chmod +x "$hooks/no-sh"
	# Ours runs after all others, also after those that sort behind it.
	mv "$tree/usr/sbin/latchkey" "$work/latchkey"
	printf '#!/bin/sh\ncase "$2" in judge) echo latchkey >>/root/ran ;; esac\n' >"$tree/usr/sbin/latchkey"
	chmod +x "$tree/usr/sbin/latchkey"
	build
	mv "$work/latchkey" "$tree/usr/sbin/latchkey"
	check "hooks that are switched off, no sh or a backup do not fail the build" [ "$built" -eq 0 ]
	check "... nor do they run, and ours runs last" same "$(cat "$tree/root/ran")" $'zz-other\nlatchkey'
	rm -f "$hooks/off" "$hooks/old~" "$hooks/no-sh" "$hooks/zz-other" "$tree/root/ran"
}

# Who reads an image has the host keys of early boot: nobody may, while it is made either.
image_30_modes_during_the_build() {
	# In /etc, where hooks run after ours: the host keys are in the build's folder by then.
	local hook=$tree/etc/initramfs-tools/hooks/modes file=/boot/initrd.img-$kernel
	local update=$tree/etc/initramfs/post-update.d/00-other modes=$tree/root/modes
	build # which is what the next one keeps until it is done
	cat >"$hook" <<-'HOOK'
		#!/bin/sh
		[ "$1" = prereqs ] && { echo; exit 0; }
		# The folder itself is the root of early boot, open to all there.
		find "${DESTDIR%/*}"/mkinitramfs* "$DESTDIR/etc/latchkey" -maxdepth 0 ! -path "$DESTDIR" -printf '%m %p\n' >>/root/modes
		stat -c '%a %n' /boot/initrd.img-* >>/root/modes
	HOOK
	printf '#!/bin/sh\nstat -c "%%a %%n" /boot/initrd.img-* >>/root/modes\n' >"$update" # before ours
	chmod +x "$hook" "$update"
	build
	check "hooks that look at modes fail no build" [ "$built" -eq 0 ]
	owners_hook 'rm -f "$DESTDIR/usr/lib/latchkey/dropbear"'
	rm "$tree$file"
	build_new
	check "... nor that of one that boots on" [ "$built" -eq 0 ]
	local seen
	for seen in "$file" "$file.new" "$file.dpkg-bak" "$file.latchkey-new" '/mkinitramfs-OL_[^/]*' /etc/latchkey; do
		check "... and they saw $seen" grep -q "$seen\$" "$modes"
	done
	check "Must 15: while an image is built, what holds it is root's alone" \
		same "$(grep -v '^[0-7]00 ' "$modes")" ""
	rm -f "$hook" "$update" "$modes" "$tree/etc/initramfs-tools/hooks/zz-owner"
}

# The keys volume's LV is active only while somebody unlocks.
image_22_ciphers_that_only_a_header_tells() {
	local mapper=$tree/dev/mapper lvm=$tree/usr/sbin/lvm
	make_header() { # a LUKS2 header with serpent as its cipher
		truncate -s 32M "$1"
		echo passphrase | in_tree cryptsetup -q luksFormat --type luks2 --cipher aes-xts-plain64 \
			--pbkdf pbkdf2 --pbkdf-force-iterations 1000 "${1#"$tree"}" - 2>/dev/null
		perl -0777 -pi -e 's/(("segments".*?)aes-(xts-plain64.*?)\0{4})/$2serpent-$3/s' "$1"
	}
	# With what its fast implementations lie on: any part of a cipher counts for the gates.
	local without='find "$DESTDIR" \( -name "*serpent*.ko*" -o -name "crypt[od]*.ko*" \) -delete'
	mkdir -p "$mapper"
	make_header "$tree/root/resting"
	mv "$lvm" "$work/lvm"
	# Stands in for LVM: the node comes when somebody wants it, as a plain file.
	printf '%s\n' '#!/bin/sh' 'case "$*" in' \
		'*"--activate y"*system/encrypted-keys*) cp /root/resting /dev/mapper/system-encrypted--keys ;;' \
		'esac' >"$lvm"
	chmod +x "$lvm"
	build_and_look
	check "a resting keys volume is woken for the image" \
		test -n "$(find "$image/usr/lib/modules" -name 'serpent*.ko*')"
	local good
	good=$(image_hash)
	owners_hook "$without"
	rm -f "$mapper/system-encrypted--keys"
	build
	check "a hook that takes its cipher away fails the build" [ "$built" -ne 0 ]
	check "... with the reason" said "the kernel could not open the keys volume: 'crypto-serpent' is missing"
	check "... and the image before it is back" same "$(image_hash)" "$good"
	rm -f "$tree/etc/initramfs-tools/hooks/zz-owner" "$mapper"/* "$lvm" "$tree/root/resting"
	mv "$work/lvm" "$lvm"

	echo 'root system/encrypted-root / ext4 defaults' >>"$etc/volumes"
	make_header "$mapper/system-encrypted--root"
	build
	good=$(image_hash)
	owners_hook "$without"
	build
	check "the same for the volume of /" said "the kernel could not open the volume of '/': 'crypto-serpent' is missing"
	check "... whose image before it stays" same "$(image_hash)" "$good"
	fresh_configuration
	echo 'usr system/encrypted-root /usr ext4 x-latchkey.header=/root/usr.header' >>"$etc/volumes"
	make_header "$tree/root/usr.header"
	build
	check "... and for a header apart from /usr" said "the kernel could not open the volume of '/usr'"
	rm -f "$tree/etc/initramfs-tools/hooks/zz-owner" "$tree/root/usr.header"
}
