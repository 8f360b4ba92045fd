#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# What nothing costs: a partition without a process causes no wakeup, one with a process
# that does nothing only those of the watchdog, every 0.9 seconds. Lines of
# "# idle WHAT SECONDS WATCHDOG WAKEUPS SWITCHES DOORBELLS": how often the watchdog ran,
# the threads of the process were woken, and gave up the CPU, and doorbells both ways.
#
#	idle.sh [SECONDS]

. "$(dirname "$0")/lib.sh"

DURATION=${1:-5}
TRACING=/sys/kernel/tracing
# A buffer for each: wakeups can fill one in less than a second.
WORK=$TRACING/instances/crtos-work
WAKEUP=$TRACING/instances/crtos-wakeup
EXECUTE_START=$WORK/events/workqueue/workqueue_execute_start
SCHED_WAKEUP=$WAKEUP/events/sched/sched_wakeup
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

# The events stay on: Linux is not patched while it works.
open_traces()
{
	mkdir $WORK $WAKEUP 2>/dev/null
	[ -e $EXECUTE_START/enable ] && [ -e $SCHED_WAKEUP/enable ] || return 1
	trace 0
	echo 1 >$EXECUTE_START/enable
	echo 1 >$SCHED_WAKEUP/enable
}

# trace 0|1: stop or go on
trace() { echo "$1" | tee $WORK/tracing_on >$WAKEUP/tracing_on; }

close_traces()
{
	rmdir $WORK $WAKEUP 2>/dev/null
}

# How many wakeups there were, with those that are overwritten
wakeups() { sed -nE 's/^(entries|overrun): //p' $WAKEUP/per_cpu/cpu*/stats | sum; }

seconds() { cut -d . -f 1 /proc/uptime; }

# watch NAME SECONDS: sets WATCHDOG, WAKEUPS, SWITCHES and DOORBELLS, to what happened,
# and TOOK, to the seconds that it took: a host with much to do makes them more.
watch()
{
	SWITCHES=$(switches | sum) DOORBELLS=$(doorbells)
	echo >$WORK/trace
	echo >$WAKEUP/trace
	# In one write()
	echo "$(filter)" >$SCHED_WAKEUP/filter
	TOOK=$(seconds)
	trace 1
	sleep "$2"
	trace 0
	TOOK=$(($(seconds) - TOOK))
	SWITCHES=$(($(switches | sum) - SWITCHES)) DOORBELLS=$(($(doorbells) - DOORBELLS))
	WATCHDOG=$(grep -c "function crtos_partition_watchdog" $WORK/trace) WAKEUPS=$(wakeups)
	echo "# idle $1 $2 $WATCHDOG $WAKEUPS $SWITCHES $DOORBELLS" >&3
}

# quiet NAME PROCESSES: the watchdog ran every 0.9 seconds if there is a process, and
# nothing else happened
quiet()
{
	watch "$1" "$DURATION"
	[ "$WATCHDOG" -le $(($2 * (TOOK * 10 / 9 + 1))) ] && equal wakeups "$WAKEUPS" 0 &&
		equal switches "$SWITCHES" 0 && equal doorbells "$DOORBELLS" 0
}

# What would be seen if there was something. In one second the watchdog need not run.
busy()
{
	watch "$1" 3
	[ "$WATCHDOG" -gt 0 ] && [ "$WAKEUPS" -gt 0 ] && [ "$SWITCHES" -gt 0 ] &&
		[ "$DOORBELLS" -gt 0 ]
}

# The watchdog of an earlier start has found out that there is nobody.
none() { sleep 2 && quiet none 0; }

# with COMMAND NAME INPUT SAYS PROGRAM...: while there is a process
with()
{
	_command=$1 _what=$2 _input=$3 _says=$4 _ret=0
	shift 4
	"$CRTOS" run "$@" <>"$_input" >"$TMP/said" &
	PID=$!
	# Until it waits; the watchdog looks more often if it finds an entry.
	wait_for one_process && sleep 2 && equal "what it says" "$(cat "$TMP/said")" "$_says" &&
		$_command "$_what" 1 || _ret=1
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
if ! open_traces; then
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
close_traces
try "no doorbell was lost" equal "lost doorbells" "$(status lost_doorbells)" 0
finish
