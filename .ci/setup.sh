# Sourced by ./quickstart and ./runtests: installs the Debian packages of .ci/packages that are
# missing. With nothing missing it takes well under a second and asks for no rights.

say() { printf '\033[1m==>\033[0m %s\n' "$*" >&2; }
fail() { printf '%s\n' "$*" >&2; exit 1; }

# install_packages GROUP…: the groups of .ci/packages that are wanted
install_packages() {
	command -v dpkg-query >/dev/null 2>&1 ||
		fail "This is not a Debian system: install by hand what .ci/packages lists, then run meson yourself (README, \"Building by hand\")."
	wanted= missing=
	for group; do
		wanted="$wanted $(sed -n "s/^$group //p" .ci/packages)"
	done
	have=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' 2>/dev/null | sed -n 's/^installed //p')
	for package in $wanted; do
		# A pattern, not a pipe into grep -q: under pipefail that fails when grep ends first.
		case "
$have
" in
		*"
$package
"*) ;;
		*) missing="$missing $package" ;;
		esac
	done
	[ -n "$missing" ] || return 0
	if [ "$(id -u)" = 0 ]; then
		root=
	elif command -v sudo >/dev/null 2>&1; then
		root=sudo
	else
		fail "These packages are missing and neither root nor sudo is at hand; as root, run:
    apt-get install$missing"
	fi
	say "installing$missing"
	log=$(mktemp)
	$root apt-get update -qq >"$log" 2>&1 || true
	# A server package must not start a system-wide server: vigie runs its own.
	if ! $root env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y -qq --no-install-recommends $missing >>"$log" 2>&1; then
		tail -n 20 "$log" >&2
		fail "apt-get could not install them (its whole output: $log): mend that, then run this again."
	fi
	rm -f "$log"
}

# configure_build FOLDER OPTION…: set up once, reconfigured by ninja itself when needed
configure_build() {
	folder=$1
	shift
	if [ ! -f "$folder/build.ninja" ]; then
		log=$(mktemp)
		meson setup "$folder" "$@" >"$log" 2>&1 || { cat "$log" >&2; fail "meson could not set up $folder."; }
		rm -f "$log"
	fi
}

# build_all FOLDER [TARGET…]
build_all() {
	folder=$1
	shift
	log=$(mktemp)
	if [ -t 2 ]; then
		ninja -C "$folder" "$@" >&2 || fail "The build in $folder failed."
	elif ! ninja -C "$folder" "$@" >"$log" 2>&1; then
		tail -n 60 "$log" >&2
		fail "The build in $folder failed."
	fi
	rm -f "$log"
}
