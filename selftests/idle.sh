#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# What nothing costs: a partition without a process causes no wakeup, one with a process
# that does nothing only those of the watchdog, once a second. Lines of
# "# idle WHAT SECONDS WATCHDOG WAKEUPS SWITCHES DOORBELLS": how often the watchdog ran,
# the threads of the process were woken, and gave up the CPU, and doorbells both ways.
#
#	idle.sh [SECONDS]

. "$(dirname "$0")/lib.sh"

DURATION=${1:-5}
TRACING=/sys/kernel/tracing
WORK=$TRACING/events/workqueue/workqueue_execute_start
WAKEUP=$TRACING/events/sched/sched_wakeup
PID=

# Of all threads of the process
switches()
{
	[ -z "$PID" ] ||
		sed -n 's/^voluntary_ctxt_switches:[[:space:]]*//p' /proc/"$PID"/task/*/status
}

# Those events that are about its threads; none has the number -1.
filter()
{
	[ -z "$PID" ] || ls -1 /proc/"$PID"/task | sed 's/.*/pid == & || /' | tr -d '\n'
	echo "pid == -1"
}

doorbells() { echo $(($(status doorbells_in) + $(status doorbells_out))); }

# How often the trace has the pattern
traced() { grep -c "$1" "$TMP/trace"; }

# watch NAME SECONDS: sets WATCHDOG, WAKEUPS, SWITCHES and DOORBELLS, to what happened
watch()
{
	SWITCHES=$(switches | sum) DOORBELLS=$(doorbells)
	echo >$TRACING/trace
	# In one write()
	echo "$(filter)" >$WAKEUP/filter
	echo 1 >$WORK/enable
	echo 1 >$WAKEUP/enable
	sleep "$2"
	echo 0 >$WAKEUP/enable
	echo 0 >$WORK/enable
	cat $TRACING/trace >"$TMP/trace"
	echo 0 >$WAKEUP/filter
	SWITCHES=$(($(switches | sum) - SWITCHES)) DOORBELLS=$(($(doorbells) - DOORBELLS))
	WATCHDOG=$(traced "function crtos_partition_watchdog") WAKEUPS=$(traced sched_wakeup:)
	echo "# idle $1 $2 $WATCHDOG $WAKEUPS $SWITCHES $DOORBELLS" >&3
}

# quiet NAME MOST: the watchdog ran so often at most, and nothing else happened
quiet()
{
	watch "$1" "$DURATION"
	[ "$WATCHDOG" -le "$2" ] && equal wakeups "$WAKEUPS" 0 && equal switches "$SWITCHES" 0 &&
		equal doorbells "$DOORBELLS" 0
}

# What would be seen if there was something
busy()
{
	watch "$1" 1
	[ "$WATCHDOG" -gt 0 ] && [ "$WAKEUPS" -gt 0 ] && [ "$SWITCHES" -gt 0 ] &&
		[ "$DOORBELLS" -gt 0 ]
}

# The watchdog of an earlier start has found out that there is nobody.
none() { sleep 2 && quiet none 0; }

one_process() { [ "$(status processes)" = 1 ]; }

# with COMMAND NAME INPUT SAYS PROGRAM...: while there is a process
with()
{
	_command=$1 _what=$2 _input=$3 _says=$4 _ret=0
	shift 4
	"$CRTOS" run "$@" <>"$_input" >"$TMP/said" &
	PID=$!
	# Until it waits; the watchdog looks more often if it finds an entry.
	wait_for one_process && sleep 2 && equal "what it says" "$(cat "$TMP/said")" "$_says" &&
		$_command "$_what" $((DURATION + 1)) || _ret=1
	kill -KILL $PID
	ends_with 137 wait $PID || _ret=1
	PID=
	return $_ret
}

# Its worker has taken all that there is.
asleep() { with quiet asleep /dev/null idle ./idle; }

reading() { with quiet reading "$TMP/fifo" "" ./idle; }

working()
{
	echo 0 >/sys/class/crtos/partition0/poll_ns
	with busy working /dev/null calling ./life calls
	_ret=$?
	echo 50000 >/sys/class/crtos/partition0/poll_ns
	return $_ret
}

left() { wait_for no_processes && sleep 2 && quiet left 0; }

mkfifo "$TMP/fifo"
exec 3>&1
begin 6
if [ ! -e $WORK/enable ] || [ ! -e $WAKEUP/enable ]; then
	skip "no tracefs" "a partition without a process" "a process that is asleep" \
		"a process that waits in a call" "a process that works" \
		"a partition without a process again"
else
	try "a partition without a process" none
	try "a process that is asleep" asleep
	try "a process that waits in a call" reading
	try "a process that works" working
	try "a partition without a process again" left
fi
try "no doorbell was lost" equal "lost doorbells" "$(status lost_doorbells)" 0
finish
