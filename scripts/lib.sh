# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# What all scripts share: where things are, progress and error messages, a git
# that does not depend on the user's settings. Source it, do not run it.

# set -e holds in command substitutions, too.
shopt -s inherit_errexit

# Everything that is made goes below BUILD: the kernel tree in linux, what is
# built from it in out-CONFIG beside it. CRTOS_BUILD chooses another place.
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck disable=SC2034 # used by the scripts
HERE=$ROOT/scripts
BUILD=${CRTOS_BUILD:-$ROOT/build}
TREE=$BUILD/linux
LOG=${CRTOS_LOG:-$BUILD/log}
# shellcheck disable=SC2034 # used by the scripts
TARBALL=/usr/src/linux-source-6.12.tar.xz
# What no kernel that is tested may say. A panic is one more, but where it is asked for. Of the
# last ones: that it does not check itself any more.
COMPLAINTS='BUG:|WARNING:|Oops|KASAN:|UBSAN:|INFO: task .* blocked|rcu: INFO:|kmemleak: leaked'
COMPLAINTS+='|nobody cared|INFO: trying to register non-static key|lockdep: off|ODEBUG disabled'
COMPLAINTS+='|kmemleak: .*disabled'
# How Linux ends in scripts/test-stop, each a row of scripts/test
# shellcheck disable=SC2034 # used by the scripts
STOP_WAYS=(panic notifiers reboot poweroff halt kexec kdump)
mkdir -p "$LOG"

say() { printf '%s\n' "$@"; }

die()
{
	printf '%s: %s\n' "$(basename "$0")" "$*" >&2
	exit 1
}

# step LOG TITLE COMMAND...: run a long command with its output in a log file,
# say every 30 s how far it is, at the end how long it took; on failure show
# the end of the log and fail. The command runs in the background, in a process
# group of its own: "set -e" stays in force in a function (it would not in
# "f || status=$?"), and an interrupt ends all of it.
step()
{
	local log=$LOG/$1.log title=$2 start=$SECONDS next=30 status=0 pid
	shift 2
	say "== $title ..."
	set -m
	"$@" </dev/null >"$log" 2>&1 &
	pid=$!
	set +m
	# shellcheck disable=SC2064 # this pid, not a later one
	trap "kill -- -$pid; exit 130" INT TERM
	while kill -0 "$pid" 2>/dev/null; do
		sleep 0.2
		[ $((SECONDS - start)) -ge "$next" ] || continue
		printf '   %4d s: %.90s\n' "$next" "$(tail -n 1 "$log")"
		next=$((next + 30))
	done
	wait "$pid" || status=$?
	trap - INT TERM
	if [ "$status" -ne 0 ]; then
		tail -n 30 "$log" >&2
		say "== $title: failed after $((SECONDS - start)) s, see $log" >&2
		return "$status"
	fi
	say "== $title: $((SECONDS - start)) s"
}

# The user's git settings must not change what a script produces.
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1
git_settings=(
	user.name='CRTOS for Linux' user.email=crtos@localhost
	core.abbrev=12 gc.auto=0 safe.directory='*' init.defaultBranch=master
	advice.detachedHead=false
)
export GIT_CONFIG_COUNT=${#git_settings[@]}
for i in "${!git_settings[@]}"; do
	export "GIT_CONFIG_KEY_$i=${git_settings[$i]%%=*}"
	export "GIT_CONFIG_VALUE_$i=${git_settings[$i]#*=}"
done

tree_git() { git -C "$TREE" "$@"; }

# The patches that git am takes, in order: all but the cover letter.
series() { find "$ROOT/patches" -name '[0-9]*.patch' ! -name '0000-*' | sort; }

# Compilers through ccache where there is one; fixed names and dates, and paths
# relative to BUILD, so that an object does not depend on when and where it was
# made: every tree finds what was built for another one.
CC=gcc
if command -v ccache >/dev/null; then
	CC='ccache gcc'
	export CCACHE_DIR=${CCACHE_DIR:-$BUILD/ccache} CCACHE_BASEDIR=$BUILD CCACHE_NOHASHDIR=1
	export CCACHE_MAXSIZE=${CCACHE_MAXSIZE:-5G}
fi
export KBUILD_BUILD_TIMESTAMP='Thu Jan  1 00:00:00 UTC 1970'
export KBUILD_BUILD_USER=crtos KBUILD_BUILD_HOST=localhost LOCALVERSION=

# mirror: the Debian mirror that the system uses for the release that it is itself,
# nothing if apt knows none
mirror()
{
	local codename
	codename=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
	# shellcheck disable=SC2016 # apt's variables
	apt-get indextargets --format '$(REPO_URI) $(RELEASE)' |
		awk -v codename="$codename" \
			'$2 == codename || $2 ~ /^(old)?stable$|^testing$/ { print $1 }' |
		while read -r uri; do
			case $uri in
			cdrom:*) continue ;;
			# A file with mirrors, one in a line
			mirror+file:*)
				uri=${uri#mirror+file:}
				uri=$(awk '/^[a-z]/ { print $1; exit }' "${uri%/}")
				;;
			esac
			echo "${uri%/}"
			break
		done
}

# tsc_khz: the frequency of the time stamp counter, which a guest of QEMU's TCG has, too
tsc_khz()
{
	local program=$BUILD/tsc-khz
	# Others may do the same at the same time.
	[ "$program" -nt "$ROOT/scripts/tsc-khz.c" ] || {
		gcc -O2 -Wall -Werror -o "$program.$$" "$ROOT/scripts/tsc-khz.c"
		mv "$program.$$" "$program"
	}
	"$program"
}

# own_functions CONFIG: functions of the series, as they are called in reports, and those of
# others that it changes
own_functions()
{
	git -C "$TREE" diff -U0 base -- '*.[ch]' ':!drivers' ':!tools' |
		sed -n 's/^\(@@.*@@\|+[a-z]\).*[ *]\([a-z_0-9]\+\)(.*/\2/p'
	find "$BUILD/out-$1"/{drivers/virt/crtos,arch/x86/kernel} -maxdepth 1 \
		\( -path '*/crtos/*.o' -o -name 'posted_receiver.o' -o -name 'cpu_lend.o' \) -exec nm {} + |
		sed -n 's/^[0-9a-f]* [tT] //p'
}

# by_breakpoint CONSOLE COMPLAINT CONFIG: is the kernel's first complaint that QEMU executed a
# breakpoint that Linux had taken out of its code again, as once in a hundred boots? In code
# that is not of the series, that says nothing of what is tested.
by_breakpoint()
{
	[[ $2 = *'Oops: int3'* ]] &&
		sed -n '/Oops: int3/,$s/.*RIP: 0010:\([a-zA-Z0-9_]*\).*/\1/p' "$1" | head -n 1 |
		grep -qvxFf <(own_functions "$3")
}

# kmake OUT ARGUMENT...: the kernel's make, objects go to OUT.
kmake()
{
	local out=$1
	shift
	make -C "$TREE" O="$out" -j"$(nproc)" CC="$CC" HOSTCC="$CC" "$@"
}

# export_series COMMIT DIR: base..COMMIT as patch files, in one way only, so
# that the same commits always give the same files.
export_series()
{
	tree_git format-patch -q --no-numbered --no-signature --zero-commit \
		--no-renames --abbrev=12 --stat=72 -o "$2" "base..$1"
}

# patches_commit: the commit that git am makes of patches/ on base. It is made
# in a work tree that holds no more than the files that the series changes, so
# that neither the branch nor the times of its files are touched, and kept
# under a name that says what it was made of.
patches_commit()
{
	local work=$BUILD/am patches key ref
	mapfile -t patches < <(series)
	[ ${#patches[@]} -ne 0 ] || die "there are no patches in patches/"
	key=$({ tree_git rev-parse base; cat "${patches[@]}"; } | sha256sum | cut -c 1-16)
	ref=refs/crtos/series-$key
	tree_git rev-parse -q --verify "$ref" && return

	rm -rf "$work"
	tree_git worktree prune
	tree_git worktree add -q --no-checkout --detach "$work" base
	(
		cd "$work"
		git reset -q
		sed -n -e 's,^--- a/,,p' -e 's,^rename from ,,p' "${patches[@]}" | sort -u |
			git checkout-index -q --stdin || true # files of the series itself
		git am -q --committer-date-is-author-date "${patches[@]}" || {
			git am --abort
			exit 1
		}
	) >&2 || die "git am failed, see above"
	tree_git update-ref "$ref" "$(git -C "$work" rev-parse HEAD)"
	tree_git worktree remove --force "$work"
	tree_git rev-parse "$ref"
}

# The commits of a series but for when they were committed.
series_id() { tree_git log --format='%T %an %ae %at%n%B' "base..$1"; }

# unexported: what is in the work tree and in no commit. New source files count
# although the tree's .gitignore hides them; what modpost writes does not.
unexported()
{
	tree_git status --porcelain --untracked-files=no
	tree_git ls-files --others -- '*.[chS]' '*.rst' '*.sh' '*/Kconfig' '*/Makefile' '*.1' '*.bash-completion' |
		sed -e '/\.mod\.c$/d' -e 's/^/?? /'
}
