#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The machine does not suspend while an RTOS runs. When it is stopped it does, as far as
# the kernel's own test of suspending goes, and the RTOS can be started after that.

. "$(dirname "$0")/lib.sh"

POWER=/sys/power
DELAY=/sys/module/suspend/parameters/pm_test_delay

refusals() { dmesg | grep -c "stop what runs on lent CPUs before suspending"; }

# Devices only, for a second: one that is not refused must not take the machine away.
fall_asleep()
{
	echo platform >$POWER/pm_test && echo 1 >$DELAY || return
	_slept=0
	echo freeze >$POWER/state || _slept=1
	echo none >$POWER/pm_test
	echo "$OLD_DELAY" >$DELAY
	return $_slept
}

refused()
{
	_refusals=$(refusals)
	! fall_asleep 2>"$TMP/why" && grep -q "busy" "$TMP/why" &&
		[ "$(refusals)" -gt "$_refusals" ]
}

works() { ends_with 3 run ./life exit 3; }

# It has a process, which must not have been frozen for good.
beside_a_process()
{
	"$CRTOS" run ./life spin &
	wait_for one_process && refused || return 1
	kill -KILL $!
	ends_with 137 wait $! && wait_for no_processes
}

begin 7
_missing=$(grep -qw freeze $POWER/state 2>/dev/null && [ -e $POWER/pm_test ] || echo y)
if [ -n "$_missing" ]; then
	skip "no CONFIG_SUSPEND and CONFIG_PM_DEBUG" "refused" "the RTOS runs on" \
		"refused beside a process" "stop" "suspends" "starts again" "runs programs"
	finish
fi
OLD_DELAY=$(cat $DELAY)
try "refused" refused
try "the RTOS runs on" works
try "refused beside a process" beside_a_process
try "stop" stop
try "suspends" fall_asleep
try "starts again" start
try "runs programs" works
finish
