#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# A program that crashes ends as it would on Linux; the RTOS goes on and says so.

. "$(dirname "$0")/lib.sh"

crashes()
{
	_status=0
	./crash "$1" || _status=$?
	[ $_status -gt 128 ] && ends_with $_status run ./crash "$1"
}

logged() { "$CRTOS" log | grep "(crash) dies by signal $1"; }

begin 14
while read -r way signal; do
	try "$way" crashes "$way"
	try "$way is in the log" logged "$signal"
done <<EOT
null 11
jump 11
ud2 4
divide 8
abort 6
kill 9
EOT
try "another program runs" ends_with 42 run ./life exit 42
try "no process is left" wait_for no_processes
finish
