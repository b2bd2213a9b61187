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

case_15_finished_image() {
	build
	local good file=$tree/boot/initrd.img-$kernel
	good=$(image_hash)
	check "a good image passes the last gate" [ "$built" -eq 0 ]
	# Hooks in /etc run after the package's own: only the finished image shows what they did.
	owners_hook 'rm -f "$DESTDIR/usr/lib/latchkey/dropbear"'
	build
	check "a hook that takes Dropbear away fails the build" [ "$built" -ne 0 ]
	check "... the image before it is back" same "$(image_hash)" "$good"
	check "... for root only" same "$(stat -c %a "$file")" 600
	check "... and is said to be" said "the one before it is back"
	check "... with the reason" said "the ssh server of early boot is missing"
	check "... and nothing is left over" same "$(find "$tree/boot" -name '*latchkey*' -o -name '*.dpkg-bak')" ""
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
	check "... with another kernel to boot, it goes" [ ! -e "$file" ]
	check "... and that is said" said "another kernel is booted"
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
	try /etc/initramfs/post-update.d/latchkey "$kernel" "/boot/initrd.img-$kernel"
	mv "$work/latchkey" "$tree/usr/sbin/latchkey"
	check "without the program the gate stands open" [ "${ran%% *}" -eq 0 ]
}

# GRUB itself needs a disk; its menu is made by its own scripts.
case_16_boot_menu() {
	local newer=9.9.9-newer menu=$tree/boot/grub/grub.cfg
	mkdir -p "$tree/boot/grub"
	grub_says() { # the value of GRUB_DEFAULT after GRUB's settings were read
		in_tree sh -c 'grub_get_device_id() { echo ROOT; }; GRUB_DEVICE=/dev/vda1; '"${1-}"'
			. /etc/default/grub.d/latchkey.cfg; echo "$GRUB_DEFAULT"' 2>"$work/said"
	}
	build
	check "GRUB's default is not touched while all images are there" same "$(grub_says)" ""
	: >"$tree/boot/vmlinuz-$newer"
	check "a newer kernel without an image: the last good one is GRUB's default" \
		same "$(grub_says)" "gnulinux-advanced-ROOT>gnulinux-$kernel-advanced-ROOT"
	check "... which is said" said "$kernel is booted by default"
	check "... without a submenu" same "$(grub_says 'GRUB_DISABLE_SUBMENU=y;')" "gnulinux-$kernel-advanced-ROOT"
	check "... but for the owner's own default" same "$(grub_says 'GRUB_DEFAULT=saved;')" saved
	printf 'linux /boot/vmlinuz-%s ro\n}\n' "$newer" >"$menu"
	run_check ''
	check "check says that the next boot may start it" said "the next boot may start kernel $newer, which has no image"
	echo 'GRUB_DEFAULT="2"' >"$tree/etc/default/grub"
	run_check ''
	check "... and that the owner's own default is why" said "GRUB_DEFAULT=2 is your own"
	echo "set default=\"gnulinux-$kernel-advanced-ROOT\"" >>"$menu"
	run_check ''
	check "... or that the last good one is started" said "the boot loader starts kernel $kernel"
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
