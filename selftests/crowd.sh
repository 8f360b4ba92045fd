#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Does it matter to a process that all other slots are taken, by processes that do
# nothing? One Linux CPU, 63 of them: first each waits in a read(), which its worker is
# in, then the rings are empty and the workers asleep. Lines of
# "# crowd woken|polled alone|reading|asleep MIN MEDIAN P99 COUNT": a getppid(), in
# cycles of the time stamp counter, the best of five runs. Runs differ by a tenth.
#
#	crowd.sh [ROUNDS]

. "$(dirname "$0")/lib.sh"

ROUNDS=${1:-100}
CROWD=63
SYSFS=/sys/class/crtos/partition0
SLOTS=/sys/kernel/debug/crtos/partition0/slots
PIDS=

# cost woken|polled alone|reading|asleep
cost()
{
	case $1 in
	# Cycles between two calls: longer than it takes to go to sleep
	woken) _poll=0 _least=30000 _most=31000 ;;
	# At random, or the two that poll get into step.
	polled) _poll=1000000000 _least=0 _most=1000 ;;
	esac
	echo $_poll >$SYSFS/poll_ns
	: >"$TMP/runs"
	for _i in 1 2 3 4 5; do
		run ./bench "$METHOD" getppid "$ROUNDS" $_least $_most >"$TMP/run" || return 1
		head -n 1 "$TMP/run" >>"$TMP/runs"
	done
	echo "$1 $2 $(sort -k 2n "$TMP/runs" | head -n 1)" >>"$TMP/costs"
	sed -n '$s/^/# crowd /p' "$TMP/costs" >&3
}

alone() { cost woken alone && cost polled alone; }

# median woken|polled alone|reading|asleep
median() { awk -v how="$1" -v who="$2" '$1 == how && $2 == who { print $4 }' "$TMP/costs"; }

# as_alone woken|polled reading|asleep: at most 5 % more, where time is no accident
as_alone()
{
	cost "$1" "$2" && equal "processes that are $2" "$(how_many "$2")" $CROWD || return 1
	_alone=$(median "$1" alone) _crowd=$(median "$1" "$2")
	[ "${crtos_machine:-}" != bochs ] || [ $((_crowd * 100)) -le $((_alone * 105)) ] || {
		echo "$_crowd cycles, $_alone alone"
		return 1
	}
}

# how_many reading|asleep: there is a call for a worker that reads; one that is asleep
# asks to be rung for, and has taken all there is
how_many()
{
	awk -v who="$1" '$1 ~ /^[0-9]+$/ && $2 {
		none = $9 ~ /^0+$/
		n += who == "reading" ? !none : none && $8 == 1 && $5 == $7
	} END { print n + 0 }' $SLOTS
}

crowd_is() { [ "$(how_many "$1")" = $CROWD ]; }

all_read()
{
	for _i in $(seq $CROWD); do
		"$CRTOS" run ./idle <>"$TMP/fifo" >>"$TMP/idle" &
		PIDS="$PIDS $!"
	done
	wait_for crowd_is reading
}

all_sleep()
{
	printf "%${CROWD}s" "" >"$TMP/fifo"
	wait_for crowd_is asleep
}

all_end()
{
	# shellcheck disable=SC2086
	kill -KILL $PIDS
	_ret=0
	for _pid in $PIDS; do
		ends_with 137 wait "$_pid" || _ret=1
	done
	wait_for no_processes && return $_ret
}

mkfifo "$TMP/fifo"
exec 3>&1
[ -d /sys/kernel/debug/crtos ] || {
	ktap_print_header
	skip_all "debugfs is not mounted, or there is no CONFIG_CRTOS"
}
# The workers are where their processes were started.
taskset -p 1 $$ >/dev/null
begin 9
# Without the kernel of the RTOS, if that can be: it has the crowd to schedule.
METHOD=ipi
! status rtos_features | grep -q senduipi || METHOD=ring3
try "a process alone" alone
try "$CROWD others wait in a call" all_read
try "woken, the others in a call" as_alone woken reading
try "polled, the others in a call" as_alone polled reading
try "the others have no more to do" all_sleep
try "woken, the others asleep" as_alone woken asleep
try "polled, the others asleep" as_alone polled asleep
try "the others end" all_end
try "no doorbell was lost" equal "lost doorbells" "$(status lost_doorbells)" 0
echo 50000 >$SYSFS/poll_ns
finish
