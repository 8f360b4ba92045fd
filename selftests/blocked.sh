#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Does it matter to a thread that 63 others of its process are blocked in Linux, in
# read(), poll() and futex()? Lines of "# blocked woken|polled COUNT MIN MEDIAN P99
# ROUNDS": a getppid(), in cycles of the time stamp counter, the best of five runs. Needs
# user interrupts: one thread publishes all the calls.
#
#	blocked.sh [ROUNDS]

. "$(dirname "$0")/lib.sh"

ROUNDS=${1:-100}
MANY=63
SYSFS=/sys/class/crtos/partition0

# cost woken|polled COUNT
cost()
{
	case $1 in
	# Cycles between two calls: longer than it takes to go to sleep
	woken) _poll=0 _least=30000 _most=31000 ;;
	# At random, or the two that poll get into step.
	polled) _poll=1000000000 _least=0 _most=1000 ;;
	esac
	echo "$_poll" >$SYSFS/poll_ns
	: >"$TMP/runs"
	for _i in 1 2 3 4 5; do
		run ./blocked "$2" "$ROUNDS" "$_least" "$_most" >>"$TMP/runs" || return 1
	done
	echo "$1 $2 $(sort -k 2n "$TMP/runs" | head -n 1)" >>"$TMP/costs"
	sed -n '$s/^/# blocked /p' "$TMP/costs" >&3
}

median() { awk -v how="$1" -v n="$2" '$1 == how && $2 == n { print $4 }' "$TMP/costs"; }

# as_alone woken|polled: at most a tenth more, where time is no accident
as_alone()
{
	cost "$1" $MANY || return 1
	_alone=$(median "$1" 0) _many=$(median "$1" $MANY)
	[ "${crtos_machine:-}" != bochs ] || [ $((_many * 100)) -le $((_alone * 110)) ] || {
		echo "$_many cycles, $_alone alone"
		return 1
	}
}

exec 3>&1
# The workers are where their processes were started.
taskset -p 1 $$ >/dev/null
begin 5
if status rtos_features | grep -q senduipi; then
	try "woken, no other call" cost woken 0
	try "polled, no other call" cost polled 0
	try "woken, the others blocked" as_alone woken
	try "polled, the others blocked" as_alone polled
	echo 50000 >$SYSFS/poll_ns
else
	skip "no user interrupts" "woken, no other call" "polled, no other call" \
		"woken, the others blocked" "polled, the others blocked"
fi
try "no doorbell was lost" equal "lost doorbells" "$(status lost_doorbells)" 0
finish
