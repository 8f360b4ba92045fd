#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Programs that nobody here wrote, as Debian has them: busybox, bash, mksh, e2fsck and
# ldconfig, all static, give the same on Linux and on the RTOS. The shells start them
# on the RTOS.

. "$(dirname "$0")/lib.sh"

# It takes long there, and would say what it says elsewhere.
! grep -q crtos.machine=bochs /proc/cmdline || skip_all "Bochs is slow"

CRTOS=$(readlink -f "$CRTOS")
PROGRAMS='busybox bash-static mksh-static e2fsck ldconfig'
PORT=7007

# same_script SHELL NAME
same_script()
{
	_script=$(cat "$TMP/scripts/$1.$2")
	_shell=$1
	[ "$_shell" != busybox ] || _shell='busybox sh'
	# shellcheck disable=SC2086 # a command and its first argument
	in_directory native $_shell -c "$_script" name argument
	# shellcheck disable=SC2086
	in_directory forwarded $_shell -c "$_script" name argument
	! grep -v nosuch "$TMP/native" | grep 'not found' || return
	diff "$TMP/native" "$TMP/forwarded"
}

# through_nc LISTENING SENDING: nothing, or "run". nc ends when the other end does, so
# the one that listens has an input that does not.
through_nc()
{
	$1 busybox nc -l -p $PORT >"$TMP/got" <&9 &
	_listener=$!
	sleep 1
	seq 1 20000 | $2 busybox nc 127.0.0.1 $PORT
	wait $_listener
	equal sum "$(md5sum <"$TMP/got")" "$(seq 1 20000 | md5sum)"
}

# One end is on the RTOS, the other one on Linux.
nc_to_linux() { through_nc "" run; }
nc_from_linux() { through_nc run ""; }

there()
{
	for _program in $PROGRAMS; do
		command -v "$_program" || return 1
	done
}

enough()
{
	_count=$(wc -l <"$TMP/names")
	echo "$_count scripts"
	[ "$_count" -ge 60 ]
}

write_scripts()
{
	mkdir "$TMP/scripts"
	awk -v dir="$TMP/scripts/" '/^--- / { file = dir $2 "." $3; print $2, $3; next }
		file { print >file }' debian_scripts >"$TMP/names"
}

write_scripts
begin $((4 + $(wc -l <"$TMP/names")))
try "enough scripts" enough
if there >/dev/null; then
	try "the programs" there
	while read -r _shell _script; do
		try "$_shell: $_script" same_script "$_shell" "$_script"
	done <"$TMP/names"
	ifconfig lo up
	mkfifo "$TMP/open"
	exec 9<>"$TMP/open"
	try "nc: to Linux" nc_to_linux
	try "nc: from Linux" nc_from_linux
else
	skip "programs are missing" "the programs" "nc: to Linux" "nc: from Linux"
	while read -r _shell _script; do
		skip "the same" "$_shell: $_script"
	done <"$TMP/names"
fi
finish
