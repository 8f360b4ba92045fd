#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Many processes at once: all slots, all CPUs that can be lent, two partitions.

. "$(dirname "$0")/lib.sh"

PARTITIONS="0 1"
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
		if ! wait "$(cat "$TMP/pid.$1.$_i")" ||
			! grep -q "^many: $1.$_i ok" "$TMP/out.$1.$_i"; then
			echo "program $1.$_i:"
			cat "$TMP/out.$1.$_i"
			_bad=1
		fi
		_i=$((_i + 1))
	done
	return $_bad
}

at_once() { many 0 1 "$1" && done_well 0 1 "$1"; }

processes_are() { equal "processes of partition $1" "$(status_of "$1" processes)" "$2"; }

# waiting PARTITION NUMBER: programs that wait until they are released
waiting()
{
	_i=1
	while [ "$_i" -le "$2" ]; do
		"$CRTOS" -p "$1" run ./life read <"$TMP/fifo" >/dev/null 9<&- &
		echo $! >"$TMP/waiting.$1.$_i"
		_i=$((_i + 1))
	done
	wait_for processes_are "$1" "$2"
}

# ended STATUS PARTITION NUMBER: is that how each of them ended?
ended()
{
	_i=1 _bad=0
	while [ "$_i" -le "$3" ]; do
		ends_with "$1" wait "$(cat "$TMP/waiting.$2.$_i")" || _bad=1
		_i=$((_i + 1))
	done
	return $_bad
}

# released PARTITION NUMBER: the fifo has no writer, all of them end well
released()
{
	_left=0
	exec 9>&-
	wait_for processes_are "$1" 0 || _left=1
	# Unblocks the next reader
	exec 9<>"$TMP/fifo"
	[ $_left = 0 ] && ended 0 "$1" "$2"
}

# Programs that wait take all slots, one more is refused, then each ends.
full_house()
{
	waiting 0 $SLOTS && says 125 "no room" run ./life exit 0
	_ret=$?
	released 0 $SLOTS && return $_ret
}

# Half of the slots are taken all the time, and eight programs work. In what is left
# others come and go.
come_and_go()
{
	waiting 0 $((SLOTS / 2))
	_ret=$?
	many 0 1 8
	_n=0
	while [ $_n -lt 24 ] && [ $_ret = 0 ]; do
		ends_with $_n run ./life exit $_n || _ret=1
		_n=$((_n + 1))
	done
	if ! done_well 0 1 8 || ! wait_for processes_are 0 $((SLOTS / 2)); then
		_ret=1
	fi
	released 0 $((SLOTS / 2)) && return $_ret
}

# Programs that wait, and the CPUs they are on, as the RTOS says
on_two_cpus()
{
	"$CRTOS" stats | sed -n 's/.*), CPU \([0-9]*\) of the partition/\1/p' | sort -u >"$TMP/cpus"
	[ "$(wc -l <"$TMP/cpus")" = 2 ]
}

cpus_used()
{
	waiting 0 4 && wait_for on_two_cpus
	_ret=$?
	released 0 4 && return $_ret
}

several_cpus()
{
	stop
	"$CRTOS" start "$IMAGE" --cpu "$LENT" && equal cpus "$(status cpus)" "$LENT" && cpus_used &&
		at_once $SLOTS
}

# Of vectors that Linux knows nothing of
strays() { dmesg | grep -c "No irq handler for"; }

kicking() { "$CRTOS" log | grep -q "^kicking"; }

# One CPU sends interrupts to the other all the time, which is Linux's again after the stop.
stops_cleanly()
{
	_strays=$(strays) _ret=0
	stop
	"$CRTOS" start "$HOSTILE" --cpu "$LENT" || return 1
	"$CRTOS" run ./kick &
	_kick=$!
	wait_for kicking || _ret=1
	stop && ends_with 137 wait $_kick && equal "stray interrupts" "$(strays)" "$_strays" &&
		"$CRTOS" start "$IMAGE" --cpu "$LENT" && return $_ret
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

# One is stopped while the other works: the programs of the one are killed, and those
# of the other do not notice.
one_stops()
{
	waiting 1 8 && waiting 0 8 && many 1 1 8 && "$CRTOS" -p 0 stop && ended 137 0 8 &&
		done_well 1 1 8 && wait_for processes_are 1 8
	_ret=$?
	released 1 8 && equal state "$(status_of 1 state)" running && return $_ret
}

both_stop()
{
	"$CRTOS" -p 0 start "$IMAGE" --cpu "${LENT%,*}" && "$CRTOS" -p 0 stop &&
		"$CRTOS" -p 1 stop && equal "online CPUs" "$(cat $CPUS/online)" "$BEFORE"
}

BEFORE=$(cat $CPUS/online)
mkfifo "$TMP/fifo"
exec 9<>"$TMP/fifo"

begin 9
LENT=$((CPU - 1)),$CPU
try "16 processes at once" at_once 16
try "$SLOTS processes at once" at_once $SLOTS
try "one more has no room" full_house
try "slots come and go while others work" come_and_go
if [ "$CPU" -ge 2 ]; then
	try "two CPUs run processes" several_cpus
	try "two CPUs that send interrupts to each other are stopped" stops_cleanly
else
	skip "needs two CPUs to lend" "two CPUs run processes" \
		"two CPUs that send interrupts to each other are stopped"
fi
if [ "$CPU" -ge 2 ] && [ "$(regions)" -ge 2 ]; then
	try "two partitions with a CPU each" two_partitions
	try "one stops while the other works" one_stops
	try "both stop" both_stop
else
	skip "needs two CPUs to lend and two regions" "two partitions with a CPU each" \
		"one stops while the other works" "both stop"
fi
finish
