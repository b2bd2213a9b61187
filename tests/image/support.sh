# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What the cases of the image tests stand on. Sourced by tests/image/inside.
# shellcheck disable=SC2154,SC2034 # top, deb, work, tree, release come from there; ran is for the cases

# Takes a sentence and a command; counts whether the command succeeds.
check() {
	local sentence=$1
	shift
	if "$@" >"$work/check.log" 2>&1; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		# In one write: the other release has its own to tell.
		printf '%s\n' "FAILED on $release: $sentence
$(tail -n 20 "$work/check.log" | sed 's/^/    /')"
	fi
}

not() { ! "$@"; }
# Takes a text; succeeds when the output of the last build or command has it.
said() { grep -qF -- "$1" "$work/said" || { cat "$work/said"; return 1; }; }
same() { [ "$1" = "$2" ] || { diff <(echo "$1") <(echo "$2"); return 1; }; }

# Takes a tree, prints the paths in it that name us.
of_ours() { (cd "$1" && find . -path '*latchkey*'); }

# A Debian tree with the package installed, as $tree; $kernel is its kernel.
make_tree() {
	local archive
	archive=$(cd "$top/tools/vm.d" && python3 -B -c '
import sys
from latchvm import build
# What the package needs beyond a base system.
extra = ["libzxcvbn0"] if sys.argv[1] == "bookworm" else ["libgcrypt20", "libzxcvbn0"]
with build.base(sys.argv[1], extra) as path:
    print(path + "/base.tar")' "$release")
	mount -t tmpfs -o mode=755,size=3G tmpfs "$tree"
	tar -C "$tree" -xf "$archive"
	mount -t proc proc "$tree/proc"
	mount -t sysfs -o ro sysfs "$tree/sys"
	mount -t tmpfs -o mode=755 tmpfs "$tree/run"
	mount -t tmpfs -o mode=755 tmpfs "$tree/dev"
	local name major minor
	for name in null:1:3 zero:1:5 full:1:7 random:1:8 urandom:1:9; do
		IFS=: read -r name major minor <<<"$name"
		mknod -m 666 "$tree/dev/$name" c "$major" "$minor"
	done
	ln -s /proc/self/fd "$tree/dev/fd"
	printf '#!/bin/sh\nexit 101\n' >"$tree/usr/sbin/policy-rc.d"
	chmod +x "$tree/usr/sbin/policy-rc.d"
	# Small, fast images; one case builds one as Debian would.
	printf 'MODULES=list\nCOMPRESS=zstd\nCOMPRESSLEVEL=1\nRESUME=none\n' \
		>"$tree/etc/initramfs-tools/conf.d/test"
	echo 0123456789abcdef0123456789abcdef >"$tree/etc/machine-id"
	kernel=$(basename "$tree"/usr/lib/modules/*)
	cp "$deb" "$tree/root/latchkey.deb"
	rm -f "$work/key"*
	ssh-keygen -q -t ed25519 -N '' -C alice@laptop -f "$work/key"
	check "the package installs on a machine that is not configured" \
		in_tree dpkg -i /root/latchkey.deb
	look
	check "an image without configuration has nothing of ours" \
		same "$(of_ours "$image")" ""
}

# Runs a command in the tree.
in_tree() {
	# Without the network of whoever runs the tests, which is no machine's of ours.
	unshare --net chroot "$tree" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 \
		DEBIAN_FRONTEND=noninteractive HOME=/root "$@"
}

# Runs a command in the tree; its output is for said(), its status for $ran.
try() {
	ran=0
	in_tree "$@" >"$work/said" 2>&1 </dev/null || ran=$?
}

# A configuration that is right, as a new owner would write it. Host keys stay.
fresh_configuration() {
	etc=$tree/etc/latchkey
	find "$etc" -mindepth 1 -maxdepth 1 ! -name hostkeys -exec rm -rf {} +
	mkdir -p "$etc"
	printf '[keys]\ndevice = "system/encrypted-keys"\n' >"$etc/latchkey.conf"
	printf 'mysql system/encrypted-mysql /srv/mysql ext4 defaults\n' >"$etc/volumes"
	cp "$work/key.pub" "$etc/authorized_keys"
	rm -rf "$tree/dev/mapper"
}

# Builds the kernel's image; its output is for said(), its status for $built.
build() {
	built=0
	in_tree update-initramfs -u -k "$kernel" >"$work/said" 2>&1 || built=$?
}

# The same for a kernel that has none yet.
build_new() {
	built=0
	in_tree update-initramfs -c -k "$kernel" >"$work/said" 2>&1 || built=$?
}

# Unpacks the kernel's image to $image.
look() {
	rm -rf "$tree/root/image"
	in_tree unmkinitramfs "/boot/initrd.img-$kernel" /root/image
	image=$tree/root/image
	[ ! -d "$image/main" ] || image=$image/main
}

build_and_look() {
	build
	look
}

# A header where the keys volume would be: without its device every check finds an error.
keys_header() {
	local header=/dev/mapper/system-encrypted--keys
	[ ! -e "$tree$header" ] || return 0
	mkdir -p "$tree/dev/mapper"
	truncate -s 32M "$tree$header"
	echo passphrase | in_tree cryptsetup -q luksFormat --type luks2 --cipher aes-xts-plain64 \
		--pbkdf pbkdf2 --pbkdf-force-iterations 1000 "$header" - 2>/dev/null
}

# Runs `latchkey check` and an option; its output is for said(), its status for $checked.
run_check() {
	keys_header
	checked=0
	in_tree latchkey check ${1:+"$1"} >"$work/said" 2>&1 || checked=$?
}

# The image boots on, for a reason that holds the text; nothing opens a door.
boots_on() {
	check "$1: the build succeeds" [ "$built" -eq 0 ]
	check "$1: it is said loudly" said "boots on WITHOUT waiting for an unlock"
	check "$1: the reason is told" said "$2"
	look
	check "$1: the image boots on" grep -qx mode=boot-on "$image/etc/latchkey/image"
	check "$1: the image knows the reason" grep -qF "$2" "$image/etc/latchkey/image"
	check "$1: no half door" same "$(cd "$image" && find . -path './etc/latchkey*' -o -path './usr/lib/latchkey*')" \
		$'./etc/latchkey\n./etc/latchkey/image'
	run_check ''
	check "$1: check says so and fails" [ "$checked" -eq 1 ]
	check "$1: check names the image" said "boots on without waiting for an unlock"
}

image_hash() { sha256sum "$tree/boot/initrd.img-$kernel" | cut -d' ' -f1; }
