#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# What an administrator sees: statistics, JSON, faults, memory of programs,
# partitions, sysfs and events.

. "$(dirname "$0")/lib.sh"

PARTITIONS="0 1"
SYSFS=/sys/class/crtos/partition0

# background: a program that waits in a forwarded read(); sets PID
background()
{
	: >"$TMP/life"
	"$CRTOS" run ./life read <"$TMP/fifo" >"$TMP/life" 9<&- &
	PID=$!
	wait_for grep -q reading "$TMP/life"
}

# prints PATTERN ARGUMENT...: the tool succeeds and a line matches
prints()
{
	_pattern=$1
	shift
	ends_with 0 "$CRTOS" "$@" >"$TMP/message" 2>&1 && grep -qe "$_pattern" "$TMP/message" &&
		return
	echo "no '$_pattern' in:"
	cat "$TMP/message"
	return 1
}

# json ARGUMENT...: what the tool prints is one JSON value. From the inside out,
# each array or object becomes a value.
json()
{
	"$CRTOS" "$@" >"$TMP/json" || return 1
	awk '{
		gsub(/"([^"\\]|\\["\\u])*"/, "s")
		gsub(/[0-9]+/, "n")
		while (gsub(/\[([snv](,[snv])*)?\]|\{(s:[snv](,s:[snv])*)?\}/, "v"))
			;
		if ($0 != "v") {
			print "left over: " $0
			bad = 1
		}
	} END { exit bad || NR != 1 }' "$TMP/json"
}

json_has() { json "$1" --json && grep -q "$2" "$TMP/json"; }

# Programs end, and another RTOS takes new ones.
restart()
{
	"$CRTOS" start --restart "$IMAGE" --cpu "$CPU" && ends_with 137 wait "$PID" &&
		equal processes "$(status processes)" 0 && ends_with 42 run ./life exit 42
}

# What is no image does not cost the RTOS that runs.
no_restart()
{
	says 1 "not an RTOS image" start --restart ./hello --cpu "$CPU" &&
		ends_with 42 run ./life exit 42
}

no_addresses()
{
	# shellcheck disable=SC3045
	(ulimit -v 1000000 && says 1 "missing  ulimit -v" check)
}

process_fault()
{
	ends_with 139 run ./crash jump && prints "^last fault: process, .*page fault" log &&
		grep -q "^  rip 0000000000001000 " "$TMP/message"
}

rtos_fault()
{
	_crashes=$(status crashes)
	stop && start "$HOSTILE" || return 1
	ends_with 137 run ./panic && wait_for is_dead &&
		prints "^last fault: RTOS, .*as the test asked" log &&
		equal crashes "$(status crashes)" $((_crashes + 1)) &&
		equal sysfs "$(cat $SYSFS/state)" crashed && stop &&
		prints "^last fault: RTOS, " log
}

is_dead() { [ "$(status rtos_state)" = dead ]; }

# Two dumps of four rows
dump_process()
{
	prints "^  rip 0000000000[4-9a-f]" dump "$PID" && grep -q "(life)" "$TMP/message" &&
		equal rows "$(grep -c "  |.*|$" "$TMP/message")" 8
}

dump_slot()
{
	"$CRTOS" dump "$PID" >"$TMP/by-pid" && "$CRTOS" dump 0 | diff "$TMP/by-pid" -
}

# The program starts with its ELF header.
dump_memory() { prints "^00400000  7f 45 4c 46 02 01 01 .*ELF" dump "$PID" 400000 16; }

# elf_bytes SKIP NUMBER
elf_bytes() { od -A n -t x1 -j "$1" -N "$2" "$TMP/core" | tr -d ' '; }

# ET_CORE, and strings of the program
dump_core()
{
	"$CRTOS" dump --core "$TMP/core" "$PID" || return 1
	equal magic "$(elf_bytes 0 4)" 7f454c46 && equal type "$(elf_bytes 16 2)" 0400 &&
		grep -q "usage: life" "$TMP/core"
}

# A file that somebody else has made, or has another name for, to read it
no_core_for_others()
{
	: >"$TMP/others" && chmod 666 "$TMP/others" && chown 1000 "$TMP/others" &&
		says 1 "File exists" dump --core "$TMP/others" "$PID" &&
		ln "$TMP/core" "$TMP/link" &&
		says 1 "File exists" dump --core "$TMP/core" "$PID" && rm "$TMP/link" &&
		[ -f "$TMP/others" ] && [ ! -s "$TMP/others" ] &&
		chmod 666 "$TMP/core" && "$CRTOS" dump --core "$TMP/core" "$PID" &&
		[ "$(stat -c %a "$TMP/core")" = 600 ]
}

# in_environment PARTITION COMMAND...
in_environment()
{
	(
		export CRTOS_PARTITION="$1"
		shift
		"$@"
	)
}

bad_partition()
{
	says 2 "no partition" -p 8 status && says 2 "no partition" status -p x &&
		says 2 "no partition" -p any stop &&
		says 125 "no partition" -p -1 run ./hello &&
		in_environment 99 says 2 "no partition" log
}

other_partition()
{
	says 1 "crtos start" -p 5 stop && says 125 "crtos start" run -p 5 ./hello &&
		in_environment 5 says 1 "crtos start" stop &&
		in_environment 5 ends_with 42 "$CRTOS" run -p 0 ./life exit 42
}

# number NAME: as sysfs has it
number() { equal "$1" "$(cat "$SYSFS/$1")" "$(status "$1")"; }

sysfs()
{
	# shellcheck disable=SC2046
	set -- $(cat $SYSFS/region)
	number state && number backend && number cpus && number processes && number crashes &&
		equal abi_version "$(cat $SYSFS/abi_version)" "$(status rtos_version)" &&
		equal region "$(($2 >> 20)) MiB at $1" "$(status memory)"
}

# event NAME: and behind it which partition
event() { grep -A 40 "^CRTOS_EVENT=$1" "$TMP/events" | grep -q "^CRTOS_PARTITION=0"; }

uevents()
{
	: >"$TMP/events"
	# shellcheck disable=SC2016
	EVENTS=$TMP/events uevent sh -c 'env | sort >>"$EVENTS"' &
	_listener=$!
	wait_for listening && stop && wait_for event stop && start "$HOSTILE" &&
		wait_for event start && ends_with 137 run ./panic && wait_for event crash &&
		stop && start
	_ret=$?
	kill $_listener
	wait $_listener
	return $_ret
}

# There may be more than the two.
none_is_free()
{
	[ "$(regions)" -gt 2 ] ||
		says 1 "no partition .* is free" -p any start "$IMAGE" \
			--cpu $((CPU - 1))
}

two_partitions()
{
	_out=$("$CRTOS" start -p any "$IMAGE" --cpu $((CPU - 1))) &&
		equal "it says" "$_out" "partition: 1" &&
		ends_with 42 run -p 0 ./life exit 42 && ends_with 42 run -p 1 ./life exit 42 &&
		json status --all --json && grep -q '"partition":0,.*"partition":1,' "$TMP/json" &&
		none_is_free && "$CRTOS" stop -p 1 && ends_with 42 run ./life exit 42
	_ret=$?
	"$CRTOS" -p 1 stop 2>/dev/null
	return $_ret
}

begin 28
mkfifo "$TMP/fifo"
exec 9<>"$TMP/fifo"
try "stats without a program" prints "^no processes$" stats
try "the same as JSON" json_has stats '^\[\]$'
try "program that waits" background
try "stats name the program" prints "pid $PID (life), CPU 0 of the partition" stats
try "stats name its calls" prints "^ *1 write  *[1-9]" stats
try "stats show how long they took" prints "^    <  .* [1-9][0-9]* #" stats
try "stats as JSON" json_has stats '"comm":"life".*"number":1,"name":"write","count":'
try "status as JSON" json_has status '"state":"running".*"processes":1,'
try "status of all as JSON" json status --all --json
if [ -d /sys/kernel/debug/crtos ]; then
	try "dump of a program" dump_process
	try "dump of a slot" dump_slot
	try "dump of memory" dump_memory
	try "dump of what is not the program's" says 1 "not an address" dump "$PID" 7ffff0000000
	try "core file" dump_core
	try "no core file for others" no_core_for_others
else
	skip "debugfs is not mounted" "dump of a program" "dump of a slot" "dump of memory" \
		"dump of what is not the program's" "core file" "no core file for others"
fi
try "dump of nothing" says 1 "neither a process" dump 4000000000
try "start says what replaces an RTOS" says 1 "--restart" start "$IMAGE" --cpu "$CPU"
try "restart" restart
try "restart with something else" no_restart
try "check" prints "^ok  *kernel" check
try "check without addresses" no_addresses
try "fault of a program" process_fault
try "bad partition" bad_partition
try "other partition" other_partition
try "sysfs" sysfs
if command -v uevent >/dev/null; then
	try "events" uevents
else
	skip "no command uevent" "events"
fi
if [ "$CPU" -ge 2 ] && [ "$(regions)" -ge 2 ]; then
	try "two partitions" two_partitions
else
	skip "needs two CPUs to lend and two regions" "two partitions"
fi
try "fault of the RTOS, also after the stop" rtos_fault
exec 9>&-
finish
