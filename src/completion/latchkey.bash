# SPDX-License-Identifier: GPL-3.0-or-later
# Completion of latchkey and release-services for bash.

# Takes the name of a file in /etc/latchkey, prints the first word of its lines.
_latchkey_first_words() {
	sed -n 's/^[[:blank:]]*\([^#[:blank:]][^[:blank:]]*\).*/\1/p' "/etc/latchkey/$1" 2>/dev/null
}

# Prints the volume groups; only root is told.
_latchkey_groups() {
	[[ $EUID -eq 0 ]] && vgs --noheadings --options vg_name 2>/dev/null
}

# Prints the services that systemd knows, or the scripts of sysvinit.
_latchkey_units() {
	[[ -d /run/systemd/system ]] || { compgen -G '/etc/init.d/*' | sed 's,.*/,,'; return; }
	systemctl list-unit-files --no-legend --no-pager --type=service 2>/dev/null |
		while read -r unit _; do printf '%s\n' "$unit"; done
}

_latchkey() {
	local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} command='' words='' at
	if [[ ${COMP_WORDS[0]##*/} == release-services ]]; then
		command=release-services
	else
		for ((at = 1; at < COMP_CWORD; at++)); do
			[[ ${COMP_WORDS[at]} == -* ]] && continue
			command=${COMP_WORDS[at]}
			break
		done
	fi
	case $before in
	--needs | --confirm) words=$(_latchkey_first_words volumes) ;;
	--overwrite) words="keys $(_latchkey_first_words volumes)" ;;
	--only) words=$(_latchkey_first_words volumes; _latchkey_first_words services) ;;
	--hold) words=$(_latchkey_units) ;;
	--image | --authorized-keys | --key-file | --header | --device)
		if [[ $command$before == restore--device ]]; then # NAME=DEVICE
			compopt -o nospace 2>/dev/null
			mapfile -t COMPREPLY < <(compgen -S = -W "keys $(_latchkey_first_words volumes)" -- "$word")
			return
		fi
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -f -- "$word")
		return
		;;
	*)
		case $command in
		'') words='init import-legacy create-volume adopt resize-volume remove-volume status log release-services unlock lock hold unhold plan check change-passphrase add-passphrase remove-passphrase rotate-key rekey recovery-key mount-keys umount-keys backup restore --help --version --quiet --verbose' ;;
		create-volume) words='--hold --options --discard --cipher --key-size --sector-size --passphrase-fd --help'" $(_latchkey_groups)" ;;
		import-legacy)
			compopt -o filenames 2>/dev/null
			mapfile -t COMPREPLY < <(compgen -d -- "$word"; compgen -W '--authorized-keys --passphrase-fd --give-up --help' -- "$word")
			return
			;;
		adopt) words='--device --header --key-file --options --passphrase-fd --help'" $(_latchkey_groups)" ;;
		resize-volume) words="--passphrase-fd --help $(_latchkey_first_words volumes)" ;;
		remove-volume) words="--wipe --confirm --passphrase-fd --help $(_latchkey_first_words volumes)" ;;
		init) words="--size --authorized-keys --passphrase-fd --accept-weak --keep-cryptroot --give-up --help $(_latchkey_groups)" ;;
		backup) words='--verify --passphrase-fd --help' ;;
		restore) words='--overwrite --device --passphrase-fd --help' ;;
		status | plan) words='--json --help' ;;
		log) words='--boots --json --help' ;;
		release-services) words='--only --dry-run --json --over-files --help' ;;
		lock) words='--dry-run --despite-packages --help' ;;
		hold) words="--needs --help $(_latchkey_units)" ;;
		unhold) words="--all --help $(_latchkey_first_words services)" ;;
		check) words='--image --with-keys --passphrase-fd --json --help' ;;
		change-passphrase) words='--accept-weak --passphrase-fd --help' ;;
		add-passphrase) words='--accept-weak --passphrase-fd --help' ;;
		remove-passphrase) words='--slot --passphrase-fd --help' ;;
		rekey) words='--accept-weak --passphrase-fd --help' ;;
		rotate-key) words="--passphrase-fd --help $(_latchkey_first_words volumes)" ;;
		recovery-key) words="keys --passphrase-fd --help $(_latchkey_first_words volumes)" ;;
		mount-keys) words='--write --for --passphrase-fd --help' ;;
		*) words='--help' ;;
		esac
		;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}

# With names of files where nothing else fits: backup FILE, restore FILE.
complete -o bashdefault -o default -F _latchkey latchkey release-services
