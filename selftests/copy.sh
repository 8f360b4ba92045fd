#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Is there a copy more than for a process of Linux when a process of the RTOS reads and
# writes? 1 MiB at a time, a file in tmpfs. Lines of "# copy write|read NATIVE RTOS RATIO":
# medians, in cycles of the time stamp counter.
#
#	copy.sh [ROUNDS]

. "$(dirname "$0")/lib.sh"

ROUNDS=${1:-9}

both()
{
	./copy "$TMP/file" "$ROUNDS" >"$TMP/native" && run ./copy "$TMP/file" "$ROUNDS" >"$TMP/rtos"
}

# ratio COLUMN NAME: at most 1.05, where time is no accident
ratio()
{
	_native=$(cut -d ' ' -f "$1" "$TMP/native") _rtos=$(cut -d ' ' -f "$1" "$TMP/rtos")
	[ -n "$_native" ] && [ -n "$_rtos" ] || return 1
	echo "$2 $_native $_rtos" |
		awk '{ printf "# copy %s %d %d %.3f\n", $1, $2, $3, $3 / $2 }' >&3
	[ "${crtos_machine:-}" != bochs ] || [ $((_rtos * 100)) -le $((_native * 105)) ] || {
		echo "$_rtos cycles, natively $_native"
		return 1
	}
}

# Where the worker is, the process of Linux is, too.
taskset -p 1 $$ >/dev/null
exec 3>&1
begin 3
try "what was written is read" both
try "write" ratio 1 write
try "read" ratio 2 read
finish
