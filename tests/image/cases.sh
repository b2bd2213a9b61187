# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The cases of the image tests, each from a fresh, right configuration.
# shellcheck disable=SC2154,SC2016 # variables come from support.sh; scripts are quoted

image_01_valid_as_debian_builds_it() {
	local settings=$tree/etc/initramfs-tools/conf.d/test
	mv "$settings" "$work/settings"
	echo marker-of-a-key >"$etc/system-mysql.key"
	printf '# the name\n\nweb1.example\n' >"$tree/etc/hostname"
	build_and_look
	mv "$work/settings" "$settings"
	check "the build succeeds" [ "$built" -eq 0 ]
	check "the image waits" grep -qx mode=wait "$image/etc/latchkey/image"
	check "files and modes are as promised" same \
		"$(cd "$image" && find etc/latchkey usr/lib/latchkey usr/sbin/latchkey-unlock scripts/*/latchkey \
			-printf '%M %p%l\n' | sort -k2)" \
		"$(sed 's/^\t*//' <<-'LIST'
			drwx------ etc/latchkey
			drwx------ etc/latchkey/hostkeys
			-rw------- etc/latchkey/hostkeys/ecdsa.dropbear
			-rw------- etc/latchkey/hostkeys/ed25519.dropbear
			-rw------- etc/latchkey/image
			-rw------- etc/latchkey/keys
			-rw------- etc/latchkey/latchkey.conf
			drwx------ etc/latchkey/root
			drwx------ etc/latchkey/root/.ssh
			-rw------- etc/latchkey/root/.ssh/authorized_keys
			-rw------- etc/latchkey/volumes
			-rwxr-xr-x scripts/init-bottom/latchkey
			-rwxr-xr-x scripts/init-premount/latchkey
			-rwxr-xr-x scripts/local-bottom/latchkey
			-rwxr-xr-x scripts/local-top/latchkey
			drwxr-xr-x usr/lib/latchkey
			lrwxrwxrwx usr/lib/latchkey/dhcp-event/usr/sbin/latchkey-unlock
			-rwxr-xr-x usr/lib/latchkey/dropbear
			-rwxr-xr-x usr/sbin/latchkey-unlock
		LIST
		)"
	check "root's login is the unlocker" same "$(grep ^root: "$image/etc/passwd")" \
		"root:x:0:0:root:/etc/latchkey/root:/usr/sbin/latchkey-unlock"
	check "the DHCP server is told the host's name" same "$(cat "$image/etc/hostname")" web1.example
	check "Dropbear gets the forced command" same "$(cat "$image/etc/latchkey/root/.ssh/authorized_keys")" \
		"command=\"latchkey-unlock --key 1\",no-port-forwarding,no-agent-forwarding,no-X11-forwarding $(cat "$work/key.pub")"
	check "the unlocker knows the key" same "$(cat "$image/etc/latchkey/keys")" \
		"$(printf '1\t%s\talice@laptop\tunlock,status,log,continue' "$(ssh-keygen -lf "$work/key.pub" | cut -d' ' -f2)")"
	check "the unlocker runs without any library" \
		same "$(ldd "$image/usr/sbin/latchkey-unlock" | tr -d '\t')" "statically linked"
	local tool
	for tool in sbin/udhcpc sbin/lvm bin/sh sbin/ip; do
		check "the image has $tool" [ -e "$image/$tool" ]
	done
	check "udev's rules of device-mapper are there" \
		[ -e "$image/usr/lib/udev/rules.d/60-persistent-storage-dm.rules" ]
	check "init passes on the IP= of initramfs.conf" grep -qx 'export IP=' "$image/init"
	check "early boot ends before udev does" same \
		"$(grep -o 'init-bottom/[a-z]*' "$image/scripts/init-bottom/ORDER" | head -n 1)" init-bottom/latchkey
	local module
	for module in dm-crypt xts essiv; do
		check "the module $module is there" \
			test -n "$(find "$image/usr/lib/modules" -name "$module.ko*")"
	done
	check "only root reads the image" same "$(stat -c '%a %U' "$tree/boot/initrd.img-$kernel")" "600 root"
	check "nobody cannot read it" \
		not chroot --userspec=nobody "$tree" cat "/boot/initrd.img-$kernel"
	check "no other file of /etc/latchkey is in it" not grep -rqa marker-of-a-key "$image"
	check "no host key of the real sshd is in it" not grep -rqa 'OPENSSH PRIVATE' "$image"
	local real=$tree/etc/ssh/ssh_host_ed25519_key
	mkdir -p "$tree/etc/ssh"
	[ -e "$real" ] || ssh-keygen -q -t ed25519 -N '' -f "$real"
	rm -r "$etc/hostkeys"
	build_and_look
	check "... nor one that was made of it" not same "$(cut -d' ' -f2 "$real.pub")" "$("$tree/usr/lib/latchkey/dropbearkey" \
		-y -f "$image/etc/latchkey/hostkeys/ed25519.dropbear" | grep ^ssh- | cut -d' ' -f2)"
	local owners=$tree/usr/share/initramfs-tools/conf-hooks.d/zz-owner
	echo 'UMASK=0027' >"$owners"
	build
	check "... also where another package wants it to be read by a group" same \
		"$(stat -c '%a %U' "$tree/boot/initrd.img-$kernel")" "600 root"
	rm "$owners"
	run_check --verbose
	check "check finds no error" [ "$checked" -eq 0 ]
	check "check says that the image is good" said "can be unlocked over ssh"
	check "absent devices are warned of" said "system/encrypted-mysql"
	cp -p "$tree/boot/initrd.img-$kernel" "$tree/boot/test.img"
	keys_header
	checked=0
	in_tree latchkey check --verbose --image /boot/test.img >"$work/said" 2>&1 || checked=$?
	check "a copy by another name is as good" [ "$checked" -eq 0 ]
	check "... and told so" said "the image '/boot/test.img' can be unlocked over ssh"
	rm "$tree/boot/test.img"
}

image_02_host_keys_are_stable_and_private() {
	build
	local before
	before=$(cat "$etc"/hostkeys/* | sha256sum)
	check "private keys are private" same \
		"$(cd "$etc/hostkeys" && stat -c '%a %n' . -- *)" \
		$'700 .\n600 ecdsa.dropbear\n644 ecdsa.pub\n600 ed25519.dropbear\n644 ed25519.pub\n600 machine-id'
	build
	check "a rebuild keeps them" same "$(cat "$etc"/hostkeys/* | sha256sum)" "$before"
	mkdir "$work/aside" && mv "$etc"/hostkeys/ecdsa.* "$work/aside"
	build
	check "a kind that its owner has removed fails no build" [ "$built" -eq 0 ]
	check "... and stays away" [ ! -e "$etc/hostkeys/ecdsa.dropbear" ]
	mv "$work"/aside/* "$etc/hostkeys" && rmdir "$work/aside"
	check "... with the others as they were" same "$(cat "$etc"/hostkeys/* | sha256sum)" "$before"
	check "OpenSSH reads the public ones" ssh-keygen -lf "$etc/hostkeys/ed25519.pub"
	echo ffffffffffffffffffffffffffffffff >"$tree/etc/machine-id"
	build
	check "a clone is warned of" said "were made on another machine"
	check "a clone still gets its image" [ "$built" -eq 0 ]
	echo 0123456789abcdef0123456789abcdef >"$tree/etc/machine-id"
	chown nobody "$etc/hostkeys/ed25519.dropbear"
	chmod 666 "$etc/volumes"
	build_and_look
	check "another's host key is warned of" said "/etc/latchkey/hostkeys/ed25519.dropbear' belongs to user 65534"
	check "... and what others can change" said "warning: others than root can change '/etc/latchkey/volumes'"
	check "... which is no reason to boot on" grep -qx mode=wait "$image/etc/latchkey/image"
	run_check ''
	check "check calls it an error" said "error: others than root can change '/etc/latchkey/volumes'"
	chmod 644 "$etc/volumes"
	rm -rf "$etc/hostkeys"
	: >"$tree/etc/machine-id"
	build
	check "host keys are made in a tree that has no id yet" [ -s "$etc/hostkeys/ed25519.dropbear" ]
	check "... of which there is nothing to tell" not said "the same host keys"
	echo 0123456789abcdef0123456789abcdef >"$tree/etc/machine-id"
	build
	check "a machine made of that tree is told that others may have its keys" \
		said "warning: other machines may have the same host keys of early boot"
	build
	check "... each time" said "other machines may have the same host keys"
	run_check ''
	check "... and by check" said "other machines may have the same host keys"
	rm "$etc/hostkeys/machine-id"
	build
	check "... until its owner says that it is the only one" not said "the same host keys"
	rm -rf "$etc/hostkeys"
	build_and_look
	check "missing keys are made by the hook" [ -s "$image/etc/latchkey/hostkeys/ed25519.dropbear" ]
}

image_03_damaged_host_key() {
	build
	cp "$etc/hostkeys/ecdsa.dropbear" "$work/ecdsa"
	echo junk >"$etc/hostkeys/ecdsa.dropbear"
	build_and_look
	check "one damaged host key: the build succeeds" [ "$built" -eq 0 ]
	check "one damaged host key is warned of" said "ecdsa.dropbear"
	check "the other one is in the image" same "$(ls "$image/etc/latchkey/hostkeys")" ed25519.dropbear
	cp "$etc/hostkeys/ed25519.dropbear" "$work/ed25519"
	echo junk >"$etc/hostkeys/ed25519.dropbear"
	build
	boots_on "no host key" "early boot has no host key"
	rm -rf "$etc/hostkeys"
}

image_03_second_host_key_of_a_kind() {
	build
	"$tree/usr/lib/latchkey/dropbearkey" -t ed25519 -f "$etc/hostkeys/another.dropbear" >/dev/null
	build_and_look
	check "two host keys of a kind: the build succeeds" [ "$built" -eq 0 ]
	check "the second of a kind is warned of" said "hostkeys/another.dropbear' is not used"
	check "one of each kind is in the image" same "$(ls "$image/etc/latchkey/hostkeys")" \
		$'ecdsa.dropbear\ned25519.dropbear'
	check "it is the one that clients know" \
		cmp "$image/etc/latchkey/hostkeys/ed25519.dropbear" "$etc/hostkeys/ed25519.dropbear"
	# An administrator's own, in place of ours.
	mv "$etc/hostkeys/another.dropbear" "$etc/hostkeys/ed25519.dropbear"
	build
	check "a key put in place of ours shows itself" same \
		"$(cut -d' ' -f2 "$etc/hostkeys/ed25519.pub")" \
		"$("$tree/usr/lib/latchkey/dropbearkey" -y -f "$etc/hostkeys/ed25519.dropbear" | grep ^ssh- | cut -d' ' -f2)"
	rm -rf "$etc/hostkeys"
}

image_04_authorized_keys_that_nobody_could_use() {
	rm "$etc/authorized_keys"
	build
	boots_on "no authorized_keys" "authorized_keys': No such file"
	echo '# nobody' >"$etc/authorized_keys"
	build
	boots_on "no key" "holds no key"
	{ cat "$work/key.pub"; echo "from=\"10.0.0.1\" $(cat "$work/key.pub")"; } >"$etc/authorized_keys"
	build
	boots_on "a line that cannot be honoured" "/etc/latchkey/authorized_keys:2:1: option 'from'"
	rm "$etc/authorized_keys"
	mkdir "$etc/authorized_keys"
	build
	boots_on "unreadable authorized_keys" "Is a directory"
	rmdir "$etc/authorized_keys"
}

image_05_broken_configuration() {
	echo 'nonsense = [' >>"$etc/latchkey.conf"
	build
	boots_on "a configuration with an error" "/etc/latchkey/latchkey.conf:3:"
	fresh_configuration
	rm "$etc/volumes"
	build
	boots_on "no volumes file" "/etc/latchkey/volumes"
	fresh_configuration
	echo 'nginx nowhere' >"$etc/services"
	build_and_look
	check "an error in services does not matter to early boot" \
		grep -qx mode=wait "$image/etc/latchkey/image"
	run_check ''
	check "check finds the error in services" said "/etc/latchkey/services:1:"
}

image_06_missing_parts() {
	mv "$tree/usr/sbin/lvm" "$work/lvm"
	build
	boots_on "no lvm" "the program 'lvm' is missing"
	mv "$work/lvm" "$tree/usr/sbin/lvm"
	mv "$tree/usr/share/initramfs-tools/hooks/zz-busybox" "$work/zz-busybox"
	build
	boots_on "no busybox" "'ip' is missing"
	mv "$work/zz-busybox" "$tree/usr/share/initramfs-tools/hooks/zz-busybox"
	local module
	module=$(find "$tree/usr/lib/modules" -name 'dm-crypt.ko*')
	mv "$module" "$work/"
	in_tree depmod "$kernel"
	build
	boots_on "no dm-crypt" "dm-crypt is missing"
	mv "$work/${module##*/}" "$module"
	in_tree depmod "$kernel"
}

image_07_root_is_encrypted() {
	build
	local before
	before=$(image_hash)
	echo 'root system/encrypted-root / ext4 defaults' >>"$etc/volumes"
	: >"$etc/authorized_keys"
	build
	check "with an encrypted root a useless image is refused" [ "$built" -ne 0 ]
	check "... and says why" said "could not be unlocked over ssh, so it is not built"
	check "... and the old image stays" same "$(image_hash)" "$before"
}

image_08_latchkey_itself_fails() {
	mv "$tree/usr/sbin/latchkey" "$work/latchkey"
	printf '#!/bin/sh\necho broken >&2\nexit 127\n' >"$tree/usr/sbin/latchkey"
	chmod +x "$tree/usr/sbin/latchkey"
	build_and_look
	check "a broken latchkey fails no package operation" [ "$built" -eq 0 ]
	check "... its image boots on" grep -qx mode=boot-on "$image/etc/latchkey/image"
	check "... and that is said" said "boots on WITHOUT waiting"
	echo 'root system/encrypted-root / ext4 defaults' >>"$etc/volumes"
	build
	check "... but not with an encrypted root" [ "$built" -ne 0 ]
	sed -i 's|^root .*|usr system/encrypted-usr /usr ext4 defaults|' "$etc/volumes"
	build
	check "... nor with an encrypted /usr" [ "$built" -ne 0 ]
	mv "$work/latchkey" "$tree/usr/sbin/latchkey"
}

image_09_ciphers_of_the_headers() {
	local keys=$tree/dev/mapper/system-encrypted--keys data=$tree/dev/mapper/system-encrypted--mysql
	keys_header
	truncate -s 32M "$data"
	# Without device-mapper cryptsetup itself makes no headers for other ciphers.
	perl -0777 -pi -e 's/(("segments".*?)aes-(xts-plain64.*?)\0{4})/$2serpent-$3/s' "$keys"
	echo passphrase | in_tree cryptsetup -q luksFormat --type luks1 --cipher aes-xts-plain64 \
		--pbkdf-force-iterations 1000 /dev/mapper/system-encrypted--mysql - 2>/dev/null
	printf 'cbc-essiv:sha512' | dd of="$data" bs=1 seek=40 conv=notrunc status=none
	# A damaged second copy of the header is what libcryptsetup would repair.
	printf 'damage' | dd of="$keys" bs=1 seek=$((16384 + 4200)) conv=notrunc status=none
	local before
	before=$(sha256sum "$keys" "$data")
	build_and_look
	local module
	for module in serpent_generic xts "sha512*" essiv; do
		check "the header's module $module is there" \
			test -n "$(find "$image/usr/lib/modules" -name "$module.ko*")"
	done
	check "headers that are there are not warned of" not said "LUKS header"
	run_check ''
	check "check is content with them" [ "$checked" -eq 0 ]
	check "neither hook nor check wrote to a device" same "$(sha256sum "$keys" "$data")" "$before"
}

image_10_out_of_date_and_foreign() {
	build
	ssh-keygen -q -t ed25519 -N '' -C bob -f "$work/key2" <<<y >/dev/null
	cat "$work/key2.pub" >>"$etc/authorized_keys"
	run_check ''
	check "check sees an image with yesterday's keys" said "is out of date"
	check "... and fails" [ "$checked" -eq 1 ]
	run_check --json
	check "check --json can be read" python3 -c '
import json, sys
found = json.load(open(sys.argv[1]))
sys.exit(found["ok"] or not [f for f in found["findings"] if f["level"] == "error"])' "$work/said"
	fresh_configuration
	printf 'web1.example\n' >"$tree/etc/hostname"
	build
	run_check ''
	check "the image's host name is this machine's" not said "would ask DHCP"
	printf 'web2.example\n' >"$tree/etc/hostname"
	run_check ''
	check "check warns of a host name that is another by now" \
		said "warning: early boot would ask DHCP for an address as 'web1.example': this machine is called 'web2.example' now"
	check "... which is no error" [ "$checked" -eq 0 ]
	build
	run_check ''
	check "... until an image is built" not said "would ask DHCP"
	chmod 644 "$tree/boot/initrd.img-$kernel"
	run_check ''
	check "check sees an image that others can read" said "can be read by others than root"
	mkdir -p "$tree/usr/share/initramfs-tools/scripts/init-premount"
	: >"$tree/usr/share/initramfs-tools/scripts/init-premount/dropbear"
	build
	check "the hook warns of dropbear-initramfs" said "dropbear-initramfs is installed beside"
	: >"$tree/etc/kernel/postinst.d/dracut"
	run_check ''
	check "check sees dropbear-initramfs" said "dropbear-initramfs is installed beside"
	check "a hook that a removed dracut left is none" not said "dracut builds this machine's images"
	mv "$tree/usr/sbin/update-initramfs" "$work/update-initramfs"
	run_check ''
	mv "$work/update-initramfs" "$tree/usr/sbin/update-initramfs"
	check "check sees dracut" said "dracut builds this machine's images"
	rm "$tree/usr/share/initramfs-tools/scripts/init-premount/dropbear" \
		"$tree/etc/kernel/postinst.d/dracut"
	rm "$tree/boot/initrd.img-$kernel"
	run_check ''
	check "check sees a kernel without an image" said "has no image"
	in_tree update-initramfs -c -k "$kernel" >/dev/null 2>&1
}

image_11_other_hooks_and_places() {
	local hook=$tree/usr/share/initramfs-tools/hooks/zzz-other
	cat >"$hook" <<-'HOOK'
		#!/bin/sh
		[ "$1" = prereqs ] && { echo; exit 0; }
		echo 'root:*:0:0::/root-x:/bin/sh' >"$DESTDIR/etc/passwd"
	HOOK
	chmod +x "$hook"
	build_and_look
	check "another hook's passwd does not give a shell" same "$(grep -c ^root: "$image/etc/passwd")" 1
	check "... root's login is the unlocker" grep -q '^root:.*latchkey-unlock$' "$image/etc/passwd"
	rm "$hook"
	umount "$tree/sys"
	build
	check "a tree without /sys gets its image" [ "$built" -eq 0 ]
	mount -t sysfs -o ro sysfs "$tree/sys"
	cp -a "$tree/etc/initramfs-tools" "$tree/root/others"
	in_tree mkinitramfs -d /root/others -o /root/other "$kernel" 2>"$work/said"
	check "an image for other machines is said to be without early boot" said "made with /root/others"
	check "... and has neither host keys nor configuration" \
		same "$(in_tree lsinitramfs /root/other | grep -c 'etc/latchkey\|usr/lib/latchkey')" 0
	rm -r "$tree/root/others" "$tree/root/other"
	mkdir -p "$tree/var/lib/kdump"
	cp -a "$tree/etc/initramfs-tools" "$tree/var/lib/kdump/"
	in_tree mkinitramfs -d /var/lib/kdump/initramfs-tools -o /root/kdump "$kernel" 2>/dev/null
	rm -rf "$tree/root/image"
	in_tree unmkinitramfs /root/kdump /root/image
	check "the crash kernel's image has nothing of ours" \
		same "$(of_ours "$tree/root/image")" ""
}

# Runs a boot script of the package in the tree; $1 is what stands for the
# unlocker, and what it writes to the kernel's log is for said().
boot_script() {
	local script=$1 unlocker=$2
	mkdir -p "$tree/root/bin"
	printf '#!/bin/sh\n%s\n' "$unlocker" >"$tree/root/bin/latchkey-unlock"
	printf '#!/bin/sh\n:\n' >"$tree/root/bin/sleep"
	chmod +x "$tree/root/bin/"*
	ln -sf /proc/self/fd/2 "$tree/dev/kmsg"
	ran=0
	# A pipe, so that each line written to the "kernel's log" is added to the others.
	in_tree env PATH=/root/bin:/usr/bin:/bin IP="${exported_ip-}" timeout 60 \
		"/usr/share/initramfs-tools/scripts/$script/latchkey" 2>&1 | cat >"$work/said" || ran=$?
}

image_12_boot_scripts() {
	printf 'mode=wait\n' >"$etc/image"
	mkdir -p "$tree/run/latchkey/early" "$tree/conf"
	local before
	before=$(sed 's/[.].*//' /proc/uptime)
	boot_script local-top 'echo x >>/root/runs; [ ! -e /run/latchkey/early/over ] || exit 0
		[ "$(wc -l </root/runs)" -ge 3 ]'
	check "the coordinator is started again until it succeeds" same "$(wc -l <"$tree/root/runs")" 3
	check "... and only then sessions are told that none will come" [ -e "$tree/run/latchkey/early/over" ]
	check "... and init's patience for root begins then, not at the kernel's start" \
		[ "$(sed -n 's/^starttime=//p' "$tree/conf/param.conf")" -ge "$before" ]
	rm -r "$tree/run/latchkey"
	check "... and each end is told" said "ended with status 1 and is started again"
	: >"$tree/root/runs"
	boot_script local-top 'echo x >>/root/runs; kill -9 $$'
	check "20 deaths at once end the waiting" same "$(wc -l <"$tree/root/runs")" 20
	check "... loudly" said "<3>latchkey: error: the unlocker dies at once"
	check "... and the boot goes on" [ "$ran" -eq 0 ]
	printf 'mode=boot-on\nreason=the cat ate it\n' >"$etc/image"
	: >"$tree/root/runs"
	boot_script local-top 'echo x >>/root/runs'
	check "an image that boots on does not wait" same "$(wc -l <"$tree/root/runs")" 0
	check "... and says why" said "boots on without an unlock: the cat ate it"
	boot_script init-premount 'echo x >>/root/runs'
	check "... nor does it open a door" same "$(wc -l <"$tree/root/runs")" 0
	check "... nor touch /run" [ ! -e "$tree/run/latchkey" ]

	printf 'mode=wait\n' >"$etc/image"
	rm "$tree/conf/param.conf"
	cp "$tree/usr/share/initramfs-tools/init" "$tree/init"
	exported_ip=192.0.2.5 boot_script init-premount 'echo "$IP" >>/root/runs; rm -f /run/latchkey/early/door'
	local deadline=$((SECONDS + 10))
	until { [ -s "$tree/root/runs" ] && [ ! -e "$tree/run/latchkey/early/door" ]; } ||
		[ $SECONDS -gt $deadline ]; do sleep 0.1; done
	check "the door is opened in the background" [ -s "$tree/root/runs" ]
	check "... with the IP= that init exports" grep -qx 192.0.2.5 "$tree/root/runs"
	check "... in a private directory, in one that everybody can look into" \
		same "$(stat -c %a "$tree/run/latchkey" "$tree/run/latchkey/early")" $'755\n700'
	check "... and every script of a root on the network still reads ip=" \
		[ ! -e "$tree/conf/param.conf" ]
	boot_script local-bottom :
	local expected=''
	[ "$release" = bookworm ] || expected='IP=none'
	check "only an init that would configure the network is told not to" \
		same "$(cat "$tree/conf/param.conf" 2>/dev/null)" "$expected"
	: >"$tree/run/latchkey/early/door"
	# The loop of before may look at the mark once more.
	boot_script init-bottom '[ "$1" = door ] || echo "$1" >/root/farewell'
	check "early boot is ended" same "$(cat "$tree/root/farewell")" farewell
	check "... and the door is not started again" [ ! -e "$tree/run/latchkey/early/door" ]
	rm -rf "$tree/run/latchkey" "$tree/conf" "$tree/init" "$tree/root/bin" "$tree/root/runs" "$tree/dev/kmsg"
}
