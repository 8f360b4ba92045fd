#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Many processes at once: all slots, all CPUs that can be lent, two partitions.

. "$(dirname "$0")/lib.sh"

ROUNDS=${CRTOS_ROUNDS:-20}
SLOTS=64

# many PARTITION FIRST LAST: start programs with these numbers, each checks its calls
many()
{
	_i=$2
	while [ "$_i" -le "$3" ]; do
		"$CRTOS" -p "$1" run ./many "$1.$_i" "$ROUNDS" "$TMP" >"$TMP/out.$1.$_i" 2>&1 &
		echo $! >"$TMP/pid.$1.$_i"
		_i=$((_i + 1))
	done
}

# done_well PARTITION FIRST LAST: wait for them
done_well()
{
	_i=$2 _bad=0
	while [ "$_i" -le "$3" ]; do
		wait "$(cat "$TMP/pid.$1.$_i")" && grep -q "^many: $1.$_i ok" "$TMP/out.$1.$_i" || {
			echo "program $1.$_i:"
			cat "$TMP/out.$1.$_i"
			_bad=1
		}
		_i=$((_i + 1))
	done
	return $_bad
}

at_once() { many 0 1 "$1" && done_well 0 1 "$1"; }

all_attached() { equal processes "$(status processes)" $SLOTS; }

# Programs that wait take all slots, one more is refused, then each ends.
full_house()
{
	_i=0
	while [ $_i -lt $SLOTS ]; do
		"$CRTOS" run ./life read <"$TMP/fifo" >/dev/null 9<&- &
		_i=$((_i + 1))
	done
	wait_for all_attached && says 125 "no room" run ./life exit 0
	_ret=$?
	exec 9>&-
	wait_for no_processes || _ret=1
	# Unblocks the next reader
	exec 9<>"$TMP/fifo"
	return $_ret
}

# Half of the slots come and go while the other half works.
come_and_go()
{
	many 0 1 8
	_i=0
	while [ $_i -lt 24 ]; do
		ends_with $_i run ./life exit $_i || return 1
		_i=$((_i + 1))
	done
	done_well 0 1 8
}

# Programs that wait, and the CPUs they are on, as the RTOS says
on_two_cpus()
{
	"$CRTOS" stats | sed -n 's/.*), CPU \([0-9]*\) of the partition/\1/p' | sort -u >"$TMP/cpus"
	[ "$(wc -l <"$TMP/cpus")" = 2 ]
}

cpus_used()
{
	_i=0
	while [ $_i -lt 4 ]; do
		"$CRTOS" run ./life read <"$TMP/fifo" >/dev/null 9<&- &
		_i=$((_i + 1))
	done
	wait_for on_two_cpus
	_ret=$?
	exec 9>&-
	wait_for no_processes || _ret=1
	exec 9<>"$TMP/fifo"
	return $_ret
}

several_cpus()
{
	stop
	"$CRTOS" start "$IMAGE" --cpu "$LENT" && equal cpus "$(status cpus)" "$LENT" && cpus_used &&
		at_once $SLOTS
}

two_partitions()
{
	stop
	"$CRTOS" -p 0 start "$IMAGE" --cpu "${LENT%,*}" &&
		"$CRTOS" -p 1 start "$IMAGE" --cpu "${LENT#*,}" || return 1
	many 0 1 16
	many 1 1 16
	done_well 0 1 16 && done_well 1 1 16
}

# One is stopped while the other works.
one_stops()
{
	many 1 1 8
	many 0 1 4
	"$CRTOS" -p 0 stop
	done_well 1 1 8 && equal state "$("$CRTOS" -p 1 status | sed -n 's/^state: //p')" running
}

both_stop()
{
	"$CRTOS" -p 0 start "$IMAGE" --cpu "${LENT%,*}" && "$CRTOS" -p 0 stop &&
		"$CRTOS" -p 1 stop && equal "online CPUs" "$(cat $CPUS/online)" "$BEFORE"
}

BEFORE=$(cat $CPUS/online)
NTESTS=4
mkfifo "$TMP/fifo"
exec 9<>"$TMP/fifo"

_last=$(last_cpu $CPUS/online)
LENT=$((_last - 1)),$_last
[ "$_last" -lt 2 ] || NTESTS=$((NTESTS + 1))
_regions=$(grep -c "CRTOS partition" /proc/iomem)
[ "$_last" -lt 2 ] || [ "$_regions" -lt 2 ] || NTESTS=$((NTESTS + 3))

begin $NTESTS
try "16 processes at once" at_once 16
try "$SLOTS processes at once" at_once $SLOTS
try "one more has no room" full_house
try "slots come and go while others work" come_and_go
[ "$_last" -lt 2 ] || try "two CPUs run processes" several_cpus
if [ "$_last" -ge 2 ] && [ "$_regions" -ge 2 ]; then
	try "two partitions with a CPU each" two_partitions
	try "one stops while the other works" one_stops
	try "both stop" both_stop
fi
finish
