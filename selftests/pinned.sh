#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Memory that Linux still refers to is given to nobody else on the RTOS, and comes back.

. "$(dirname "$0")/lib.sh"

PAGES=16	# as many as a pipe takes

# How many pages can a process have? It has written to all of them.
fill() { run ./pinned fill >"$TMP/$1"; }

# The first time, the RTOS takes some that it does not give back.
all_memory()
{
	fill first && fill all && fill again || return 1
	echo "$(cat "$TMP/all") pages"
	equal "pages" "$(cat "$TMP/again")" "$(cat "$TMP/all")"
}

# nobody_has WAY: what is in the pipe when another process had all memory
nobody_has()
{
	timeout "$LIMIT" "$CRTOS" run ./pinned "$1" $PAGES >&4 || return 1
	fill less
	_status=$?
	dd bs=4096 count=$PAGES iflag=fullblock <&4 >"$TMP/pipe" 2>/dev/null
	tr -d A <"$TMP/pipe" >"$TMP/wrong"
	equal "status" $_status 0 && equal "bytes" "$(stat -c %s "$TMP/pipe")" $((PAGES * 4096)) &&
		equal "bytes of others" "$(stat -c %s "$TMP/wrong")" 0 &&
		equal "pages" $(($(cat "$TMP/all") - $(cat "$TMP/less"))) $PAGES
}

comes_back()
{
	fill more && equal "pages" "$(cat "$TMP/more")" "$(cat "$TMP/all")"
}

mkfifo "$TMP/fifo"
exec 4<>"$TMP/fifo"
begin 5
try "a process has all memory, and the next one has it again" all_memory
try "but for pages that were unmapped while a pipe has them" nobody_has munmap
try "and these when it is empty" comes_back
try "but for those of a process that has ended" nobody_has exit
try "and these when it is empty" comes_back
finish
