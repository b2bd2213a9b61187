# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# What an image takes from the machine it is for: links, cards, LVM's name for it, what else opens
# volumes, the keyboard.
# shellcheck disable=SC2154,SC2016 # variables come from support.sh; scripts are quoted

# True when each of the modules is in the image.
has_modules() {
	local module
	for module; do
		[ -n "$(find "$image/usr/lib/modules" -name "$module.ko*")" ] || return 1
	done
}

image_14_vlan_bond_bridge() {
	build_and_look
	local module
	for module in 8021q bonding bridge; do
		check "the module $module is not in an image that needs none" not has_modules "$module"
	done
	printf '[network]\nbond = ["eth0", "eth1"]\nvlan = 43\n' >>"$etc/latchkey.conf"
	build_and_look
	check "a VLAN on a bond brings its modules" has_modules 8021q bonding
	check "... and no other" not has_modules bridge
	check "... and the image waits" grep -qx mode=wait "$image/etc/latchkey/image"
	fresh_configuration
	mkdir -p "$tree/etc/default/grub.d"
	echo 'GRUB_CMDLINE_LINUX="quiet bridge=br0:eth0 ip=dhcp"' >"$tree/etc/default/grub.d/test.cfg"
	mkdir -p "$tree/boot/firmware"
	echo 'quiet vlan=vlan43:eth0 ip=:::::vlan43:dhcp' >"$tree/boot/firmware/cmdline.txt"
	build_and_look
	check "what grub will say brings its modules too" has_modules bridge stp llc
	check "... and what the firmware of a Raspberry Pi will say" has_modules 8021q
	rm "$tree/etc/default/grub.d/test.cfg"
	rm -r "$tree/boot/firmware"
	printf '[network]\ninterface = "eth0"\nvlan = 43\n' >>"$etc/latchkey.conf"
	module=$(find "$tree/usr/lib/modules" -name '8021q.ko*')
	mv "$module" "$work/"
	in_tree depmod "$kernel"
	build
	boots_on "no VLAN module" "early boot could not reach its network: '8021q' is missing"
	mv "$work/${module##*/}" "$module"
	in_tree depmod "$kernel"
}

# Case 12: kernels, as Raspberry Pi's, may have IPv6 as a module.
image_12_ipv6_module() {
	local builtin=$tree/usr/lib/modules/$kernel/modules.builtin module file
	cp "$builtin" "$work/builtin"
	sed -i '/\/ipv6\.ko$/d' "$builtin"
	module=$(find "$tree/usr/lib/modules/$kernel" -name 'gve.ko*')
	file=${module%/*}/ipv6.ko${module##*gve.ko}
	cp "$module" "$file"
	in_tree depmod "$kernel"
	build_and_look
	check "IPv6 as a module is in the image" has_modules ipv6
	owners_hook 'find "$DESTDIR" -name "ipv6.ko*" -delete'
	build
	check "an image without it waits all the same" [ "$built" -eq 0 ]
	run_check ''
	check "... and check tells of it" said "early boot could not be reached over IPv6: 'ipv6' is missing"
	# A fault gives way to the image before it, which has to be without it.
	rm "$tree/etc/initramfs-tools/hooks/zz-owner"
	printf '[network]\nmethod = "static"\naddress = "2001:db8::2/64"\n' >>"$etc/latchkey.conf"
	build
	owners_hook 'find "$DESTDIR" -name "ipv6.ko*" -delete'
	build
	check "where its address is IPv6 the build fails" [ "$built" -ne 0 ]
	check "... with the reason" said "early boot could not be reached over IPv6: 'ipv6' is missing"
	rm "$file" "$tree/etc/initramfs-tools/hooks/zz-owner"
	cp "$work/builtin" "$builtin"
	in_tree depmod "$kernel"
}

# Case 43: a volume group may belong to one machine, whose name early boot does not have.
image_21_lvm_system_id() {
	local said
	sed -i 's/# system_id_source = "none"/system_id_source = "uname"/' "$tree/etc/lvm/lvm.conf"
	build_and_look
	said=$(in_tree unshare --uts sh -c "hostname early; LVM_SYSTEM_DIR=${image#"$tree"}/etc/lvm lvm systemid" 2>"$work/check.log")
	check "case 43: early boot has the machine's LVM system ID" same "$said" "  system ID: $(hostname)"
	sed -i 's/system_id_source = "uname"/# system_id_source = "none"/' "$tree/etc/lvm/lvm.conf"
	build_and_look
	check "... and none where there is none" same "$(diff -r "$tree/etc/lvm" "$image/etc/lvm")" ""
}

# Takes a link, the module of its driver (empty: part of the running kernel), its modalias and,
# for another one, its number.
fake_card() {
	local number=${4:-3}
	local device=$tree/sys/devices/pci0/0000:00:0$number.0
	mkdir -p "$device/net/$1" "$tree/sys/class/net"
	echo "$3" >"$device/modalias"
	echo 1 >"$device/net/$1/type"
	echo "$number" >"$device/net/$1/ifindex"
	echo "52:54:00:00:00:0$number" >"$device/net/$1/address"
	ln -s ../.. "$device/net/$1/device"
	ln -s "../../devices/pci0/0000:00:0$number.0/net/$1" "$tree/sys/class/net/$1"
	[ -z "$2" ] || fake_driver "$device" "$2"
}

# Takes a device's directory and the module of its driver.
fake_driver() {
	mkdir -p "$1/driver" "$tree/sys/module/$2"
	ln -s "/sys/module/$2" "$1/driver/module"
}

fake_sys() {
	umount "$tree/sys"
	mount -t tmpfs -o mode=755 tmpfs "$tree/sys"
}

# Runs the hook's judgement on the unpacked image.
judge() { try latchkey image judge "${image#"$tree"}" --kernel "$kernel"; }

# Case 5. Which driver is which does not matter here: the tree's kernel has no others.
image_22_network_cards() {
	local firmware vf=pci:v00008086d000010EDsv00008086sd00000000bc02sc00i00 card module
	fake_sys
	fake_card eth0 '' "$vf"
	card=$tree/sys/devices/pci0/0000:00:03.0
	build_and_look
	check "a card whose driver is part of the running kernel gets the module of this one" has_modules ixgbevf
	check "... and the image waits" grep -qx mode=wait "$image/etc/latchkey/image"
	fake_driver "$card" vmxnet3
	fake_driver "$card/net/eth0/phydev" gve
	mkdir -p "$tree/sys/devices/platform/dog" "$tree/sys/class/watchdog/watchdog0"
	fake_driver "$tree/sys/devices/platform/dog" ni_pcidio
	ln -s ../../../devices/platform/dog "$tree/sys/class/watchdog/watchdog0/device"
	build_and_look
	check "the card's driver and the one behind its cable are there" has_modules vmxnet3 gve
	check "... and the one of the machine's watchdog" has_modules ni_pcidio
	for module in vmxnet3 gve; do
		look
		rm "$(find "$image/usr/lib/modules" -name "$module.ko*")"
		judge
		check "an image without $module boots on" grep -qx mode=boot-on "$image/etc/latchkey/image"
		check "... and says why" said "could not reach its network by 'eth0': '$module' is missing"
	done
	printf '[network]\ninterface = "eth7"\nfallback = false\n' >>"$etc/latchkey.conf"
	look
	rm "$(find "$image/usr/lib/modules" -name "vmxnet3.ko*")"
	judge
	check "a card that early boot does not use matters to nobody" \
		grep -qx mode=wait "$image/etc/latchkey/image"

	fresh_configuration
	fake_sys
	fake_card eth0 no_such_driver pci:v0000FFFFd0000FFFFsv00000000sd00000000bc00sc00i00
	build_and_look
	check "a card for which the kernel has nothing is no fault" grep -qx mode=wait "$image/etc/latchkey/image"
	run_check ''
	check "... and check warns" said "warning: early boot may not reach its network by 'eth0'"

	fake_sys
	fake_card eth0 ni_pcidio ''
	firmware=$(in_tree modinfo -k "$kernel" -F firmware ni_pcidio | head -n 1)
	build_and_look
	check "a driver whose firmware is not on the machine works without" \
		grep -qx mode=wait "$image/etc/latchkey/image"
	mkdir -p "$tree/usr/lib/firmware"
	echo code >"$tree/usr/lib/firmware/$firmware"
	build_and_look
	check "firmware comes with its driver" [ -e "$image/usr/lib/firmware/$firmware" ]
	rm "$image/usr/lib/firmware/$firmware"
	judge
	check "an image without it boots on" grep -qx mode=boot-on "$image/etc/latchkey/image"
	check "... and says why" said "the firmware for 'ni_pcidio' is missing"
	rm "$tree/usr/lib/firmware/$firmware"
	umount "$tree/sys"
	mount -t sysfs -o ro sysfs "$tree/sys"
}

image_26_disks_are_looked_for_otherwise() {
	local settings=$tree/etc/lvm lvm=$tree/usr/sbin/lvm
	# Stands in for LVM, which takes a devices file away that names no disk of this machine.
	mv "$lvm" "$work/lvm"
	printf '%s\n' '#!/bin/sh' 'case "$*" in *systemid*) echo "  system ID: web7" ;; esac' >"$lvm"
	chmod +x "$lvm"
	mkdir -p "$settings/devices"
	echo 'IDTYPE=sys_wwid IDNAME=naa.1 DEVNAME=/dev/sda PVID=a' >"$settings/devices/system.devices"
	build_and_look
	check "our hook adds the system ID to the image's lvmlocal.conf" grep -q web7 "$image/etc/lvm/lvmlocal.conf"
	run_check ''
	check "an image with today's settings of LVM is fine" not said "may not find every disk"
	sed -i 's/DEVNAME=[^ ]*/DEVNAME=/; 1i # Created by LVM' "$settings/devices/system.devices"
	run_check ''
	check "... also when LVM marks its devices anew" not said "may not find every disk"
	echo 'IDTYPE=sys_wwid IDNAME=naa.2 DEVNAME=/dev/sdb PVID=b' >>"$settings/devices/system.devices"
	run_check ''
	check "check tells of a disk that LVM knows since" \
		said "early boot may not find every disk: '/etc/lvm/devices/system.devices' in the image"
	check "... with what to do" said "run: update-initramfs -u -k $kernel"
	echo 'devices { filter = [ "a/.*/" ] }' >>"$settings/lvm.conf"
	echo 'local { extra_system_ids = [ "other" ] }' >>"$settings/lvmlocal.conf"
	run_check ''
	check "... of another filter" said "'/etc/lvm/lvm.conf' in the image"
	check "... and of what is set for this machine alone" said "'/etc/lvm/lvmlocal.conf' in the image"
	build
	run_check ''
	check "... until the next image" not said "may not find every disk"
	sed -i '$d' "$settings/lvm.conf" "$settings/lvmlocal.conf"
	rm -r "$settings/devices" "$lvm"
	mv "$work/lvm" "$lvm"
}

# Takes the name of an LV's node, a number and the module of the driver of the disk below.
fake_disk() {
	local device=$tree/sys/devices/pci0/disk$2
	mkdir -p "$device/block/fake$2" "$tree/sys/dev/block" "$tree/sys/class/block" "$tree/dev/mapper"
	ln -s ../.. "$device/block/fake$2/device"
	ln -s "../../devices/pci0/disk$2/block/fake$2" "$tree/sys/dev/block/240:$2"
	ln -s "../../devices/pci0/disk$2/block/fake$2" "$tree/sys/class/block/fake$2"
	fake_driver "$device" "$3"
	rm -f "$tree/dev/mapper/$1" # a header for a check before
	mknod "$tree/dev/mapper/$1" b 240 "$2"
}

image_25_storage_that_changed() {
	fake_sys
	build
	fake_disk system-encrypted--keys 7 vmxnet3
	fake_disk system-encrypted--mysql 8 gve
	run_check ''
	check "check sees that the keys volume moved to other disks" \
		said "cannot be unlocked: early boot could not find the keys volume: 'vmxnet3' is missing"
	check "... and fails" [ "$checked" -eq 1 ]
	check "check warns of a volume that moved" \
		said "warning: early boot could not find 'mysql': 'gve' is missing"
	build_and_look
	check "the next image has their drivers" has_modules vmxnet3 gve
	run_check ''
	check "... and check says so" not said "early boot could not find"
	check "... and nothing of storage that comes late" not said "early boot may not have"
	ln -s "../../devices/pci0/disk8/block/fake8" "$tree/sys/class/block/loop3"
	mkdir "$tree/sys/devices/pci0/disk8/block/fake8/slaves"
	ln -s loop3 "$tree/sys/devices/pci0/disk8/block/fake8/slaves/loop3"
	local at=$tree/sys/devices/platform/host3/session1/block/sdz
	mkdir -p "$at" "$tree/sys/devices/pci0/disk7/block/fake7/slaves"
	ln -s "${at/#$tree/}" "$tree/sys/class/block/sdz"
	ln -s sdz "$tree/sys/devices/pci0/disk7/block/fake7/slaves/sdz"
	run_check ''
	check "a volume on what nothing brings up is a warning" \
		said "warning: early boot may not have the volume 'mysql': it lies on a loop device, which nothing brings up there"
	check "the keys volume on a LUN that iscsid finds later is an error" \
		said "error: early boot may not have the keys volume: it lies on a LUN over iSCSI, and the image has no '/sbin/iscsistart'"
	check "... with the package that would find it" said "run: apt install open-iscsi"
	local hook=$tree/usr/share/initramfs-tools/hooks/iscsi # as open-iscsi's, with less
	printf '#!/bin/sh\n[ "$1" = prereqs ] && { echo; exit 0; }\n: >"$DESTDIR/sbin/iscsistart"\n' >"$hook"
	chmod +x "$hook"
	build
	check "... the build says so too" said "and the image has no '/etc/iscsi.initramfs', which names it"
	# shellcheck disable=SC2016 # the hook's own
	echo ': >"$DESTDIR/etc/iscsi.initramfs"' >>"$hook"
	build
	run_check ''
	check "... and nothing is said once its scripts connect in early boot" not said "over iSCSI"
	mkdir -p "$tree/sys/devices/virtual/block/nbd0"
	ln -s ../../devices/virtual/block/nbd0 "$tree/sys/class/block/nbd0"
	ln -s nbd0 "$tree/sys/devices/pci0/disk7/block/fake7/slaves/nbd0"
	# shellcheck disable=SC2016 # the hook's own
	echo ': >"$DESTDIR/sbin/nbd-client"' >>"$hook"
	build
	run_check ''
	check "a network block device that no command line names is told, though its program is there" \
		said "error: early boot may not have the keys volume: it lies on a network block device, and the kernel's command line has no 'nbdroot='"
	rm "$hook" "$tree/dev/mapper/system-encrypted--keys" "$tree/dev/mapper/system-encrypted--mysql"
	umount "$tree/sys"
	mount -t sysfs -o ro sysfs "$tree/sys"
}

# Case 5: a kernel that has no driver for what another drives, as one of DKMS that was not built.
image_28_kernel_without_a_driver() {
	local newer=9.9.9-newer file=$tree/boot/initrd.img-9.9.9-newer
	local modules=$tree/usr/lib/modules menu=$tree/boot/grub
	build_newer() {
		built=0
		rm -f "$file"
		in_tree update-initramfs -c -k "$newer" >"$work/said" 2>&1 || built=$?
	}
	fake_sys
	fake_card eth0 vmxnet3 pci:v000015ADd000007B0sv000015ADsd000007B0bc02sc00i00
	build
	cp -al "$modules/$kernel" "$modules/$newer"
	cp "$tree/boot/config-$kernel" "$tree/boot/config-$newer"
	: >"$tree/boot/vmlinuz-$newer"
	find "$modules/$newer" \( -name 'vmxnet3.ko*' -o -name 'gve.ko*' \) -delete
	in_tree depmod "$newer"
	mkdir -p "$menu"
	echo "linux /boot/vmlinuz-$kernel" >"$menu/grub.cfg"
	printf '#!/bin/sh\n:\n' >"$tree/usr/sbin/update-grub"
	chmod +x "$tree/usr/sbin/update-grub"
	local reason="nobody could reach this machine with kernel $newer: it has no driver for 'eth0'"
	build_newer
	check "case 5: a kernel without a driver for the only card is not booted" [ ! -e "$file" ]
	check "... which fails its installation" [ "$built" -ne 0 ]
	check "... saying what is booted" said "another kernel is booted"
	check "... and why" said "$reason"
	run_check ''
	check "... and check warns while another kernel is started" said "warning: $reason"
	mv "$menu" "$work/grub"
	build_newer
	check "... where nobody makes a menu for that it stays" [ -e "$file" ]
	check "... and fails nothing" [ "$built" -eq 0 ]
	check "... but is warned of" said "warning: $reason"
	run_check ''
	check "... and is an error once it is started" said "error: $reason"
	check "... with what to do" said "install the package that has it; then run: update-initramfs -u -k $newer"
	mv "$work/grub" "$menu"
	fake_card eth1 '' '' 4
	build_newer
	check "one card of several is a warning" said "early boot may not reach its network by 'eth0'"
	check "... and no more" [ "$built" -eq 0 ]

	# Another system's kernel between the two, of which nothing is known: GRUB would start it.
	fake_sys
	fake_card eth0 vmxnet3 pci:v000015ADd000007B0sv000015ADsd000007B0bc02sc00i00
	: >"$tree/boot/vmlinuz-9.9.8-other"
	: >"$tree/boot/initrd.img-9.9.8-other"
	build_newer
	check "it gives way to no kernel that nothing is known of" [ -e "$file" ]
	check "... which fails nothing" [ "$built" -eq 0 ]
	rm "$tree/boot/vmlinuz-9.9.8-other" "$tree/boot/initrd.img-9.9.8-other"
	# One with all that it needs built in, which has no directory of modules.
	mv "$modules/$newer" "$work/modules"
	build_newer
	check "a kernel without modules is not said to lack any" not said "could reach this machine"
	check "... and stays" [ -e "$file" ]
	check "... and boots on, since that cannot be known" said "boots on WITHOUT waiting"
	mv "$work/modules" "$modules/$newer"

	fake_sys
	fake_disk system-encrypted--keys 7 gve
	echo pci:v00001AE0d00000042sv00001AE0sd00000058bc02sc00i00 >"$tree/sys/devices/pci0/disk7/modalias"
	reason="early boot could not find the keys volume with kernel $newer: it has no 'gve'"
	build_newer
	check "a kernel without a driver for the keys volume's disk is not booted" [ ! -e "$file" ]
	check "... and that is said" said "$reason"
	local module
	module=$(find "$modules/$kernel" -name 'gve.ko*')
	mv "$module" "$work/"
	in_tree depmod "$kernel"
	build_newer
	check "... unless the other kernel has none either" [ -e "$file" ]
	echo "kernel/${module##*/kernel/}" | sed 's/\.ko.*/.ko/' >>"$modules/$kernel/modules.builtin"
	in_tree depmod "$kernel"
	build_newer
	check "... or has it built in, which the list of a newer one may leave out" [ -e "$file" ]
	sed -i '$d' "$modules/$kernel/modules.builtin"
	mv "$work/${module##*/}" "$module"
	in_tree depmod "$kernel"
	rm -r "$menu" "$tree/usr/sbin/update-grub" "$tree/dev/mapper/system-encrypted--keys"
	rm -r "${modules:?}/$newer" "$tree/boot/config-$newer" "$tree/boot/vmlinuz-$newer" "$file"
	umount "$tree/sys"
	mount -t sysfs -o ro sysfs "$tree/sys"
}

# Root is opened by cryptsetup-initramfs, whose hooks these stand for, over dropbear-initramfs.
image_23_cryptroot() {
	local hook=$tree/usr/share/initramfs-tools/hooks/cryptroot
	cat >"$hook" <<-'HOOK'
		#!/bin/sh
		[ "$1" = prereqs ] && { echo; exit 0; }
		mkdir -p "$DESTDIR/cryptroot" "$DESTDIR/root-x/.ssh"
		cat /etc/crypttab >"$DESTDIR/cryptroot/crypttab"
		echo 'ssh-ed25519 old' >"$DESTDIR/root-x/.ssh/authorized_keys"
		echo 'root:*:0:0::/root-x:/bin/sh' >"$DESTDIR/etc/passwd"
	HOOK
	chmod +x "$hook"
	: >"$tree/etc/crypttab"
	build_and_look
	check "an image that opens nothing by crypttab waits" grep -qx mode=wait "$image/etc/latchkey/image"
	echo 'sda5_crypt UUID=1234 none luks,initramfs' >"$tree/etc/crypttab"
	run_check ''
	check "check names what the next image will open" said "error: cryptsetup-initramfs opens 'sda5_crypt'"
	build
	boots_on "root opened by crypttab" "cryptsetup-initramfs opens 'sda5_crypt' in early boot"
	check "its login and its keys are as they were" same "$(cat "$image/etc/passwd" "$image/root-x/.ssh/authorized_keys")" \
		$'root:*:0:0::/root-x:/bin/sh\nssh-ed25519 old'
	echo 'cleartext-mysql UUID=1234 none luks,initramfs' >"$tree/etc/crypttab"
	build_and_look
	check "a volume that was taken in keeps nobody out" grep -qx mode=wait "$image/etc/latchkey/image"
	echo 'sda5_crypt UUID=1234 none luks' >"$image/cryptroot/crypttab"
	judge
	check "the last look sees it too" grep -qx mode=boot-on "$image/etc/latchkey/image"
	rm "$hook" "$tree/etc/crypttab"
}

image_24_keyboard_layout() {
	printf 'XKBLAYOUT="de"\n' >"$tree/etc/default/keyboard"
	build
	check "without setupcon the image is built" [ "$built" -eq 0 ]
	run_check ''
	check "... and check tells of the layout" said "the keyboard layout us, not 'de' as in '/etc/default/keyboard'"
	# As that of console-setup, with less.
	printf '%s\n' '#!/bin/sh' '[ "$1" = --setup-dir ] || exit 1' ': >"$2/morefiles"' \
		'mkdir -p "$2/etc/console-setup" && echo de >"$2/etc/console-setup/layout"' >"$tree/bin/setupcon"
	chmod +x "$tree/bin/setupcon"
	build_and_look
	check "a console in early boot has the layout" grep -qx de "$image/etc/console-setup/layout"
	run_check ''
	check "... and check has no word about it" not said keyboard
	check "... and the image is up to date" not said "is out of date"
	printf 'XKBLAYOUT="fr"\n' >"$tree/etc/default/keyboard"
	run_check ''
	check "another layout is not yet in the image" said "is out of date"
	printf 'XKBLAYOUT="de"\n' >"$tree/etc/default/keyboard"
	mkdir -p "$tree/etc/initramfs-tools/conf.d"
	echo 'IP=192.0.2.9::192.0.2.1:255.255.255.0::eth0:off' >"$tree/etc/initramfs-tools/conf.d/ip"
	run_check ''
	check "nor is another address" said "is out of date"
	rm "$tree/etc/initramfs-tools/conf.d/ip"
	rm "$tree/bin/setupcon" "$tree/etc/default/keyboard"
}
