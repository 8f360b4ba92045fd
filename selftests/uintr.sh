#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# User interrupts: a process of the RTOS rings Linux with SENDUIPI and is notified of
# completions in ring 3, without the kernel of the RTOS. For CPUs that have them; Linux
# does not use them itself.

. "$(dirname "$0")/lib.sh"

# value NAME: of the output of the last ring3
value() { sed -n "s/^$1: //p" "$TMP/ring3"; }

# ring3 COUNT MODE: calls made without the kernel of the RTOS
ring3()
{
	"$CRTOS" run ./ring3 "$2" "$1" >"$TMP/ring3" || {
		cat "$TMP/ring3"
		return 1
	}
	equal calls "$(value calls)" "$1" && equal wrong "$(value wrong)" 0 &&
		equal "system calls" "$(value system_calls)" 0
}

# doorbells_out_by COUNT MODE: sets OUT, to what the whole program needs
doorbells_out_by()
{
	OUT=$(status doorbells_out)
	ring3 "$@" || return 1
	OUT=$(($(status doorbells_out) - OUT))
}

# What is polled for needs no notification, also from a worker that slept.
polled()
{
	doorbells_out_by 10 polled || return 1
	_few=$OUT
	doorbells_out_by 1000 polled || return 1
	echo "# notifications: $_few of a program with 10 calls, $OUT with 1000" >&3
	equal "user interrupts" "$(value user_interrupts)" 0 && [ "$OUT" -lt $((_few + 50)) ]
}

interrupted()
{
	doorbells_out_by 1000 interrupted &&
		equal "user interrupts" "$(value user_interrupts)" 1000 && [ "$OUT" -ge 1000 ]
}

# One runs, and the completions of the others are for the kernel of the RTOS, all
# with doorbells, which the worker of each sleeps for.
together()
{
	_pids=
	for _i in 1 2 3; do
		"$CRTOS" run ./races 300 $_i "$TMP/file$_i" >"$TMP/races$_i" &
		_pids="$_pids $!"
	done
	ends_with 42 run ./hello /proc/sys/kernel/ostype "$TMP/made" >"$TMP/hello"
	_ret=$?
	for _pid in $_pids; do
		wait "$_pid" || _ret=1
	done
	cat "$TMP"/races?
	return $_ret
}

# Nothing rings for what Linux polls for, as both say.
suppressed()
{
	echo 1000000000 >/sys/class/crtos/partition0/poll_ns
	_in=$(status doorbells_in)
	ring3 1000 polled
	_ret=$?
	echo 0 >/sys/class/crtos/partition0/poll_ns
	_in=$(($(status doorbells_in) - _in))
	echo "# 1000 calls: $(value senduipis) SENDUIPI, $_in doorbells" >&3
	# Linux has counted those of the rest of the program, too.
	[ $_ret = 0 ] && [ "$(value senduipis)" -lt 100 ] && [ $_in -lt 200 ]
}

took_it()
{
	_before=$(row PRN | sum)
	ends_with 0 run ./uipi 100 && [ "$(row PRN | sum)" -gt "$_before" ]
}

# The kernel of the RTOS, for comparison or because there is no SENDUIPI. On a slow kernel a
# worker finds the next call before it sleeps.
software()
{
	_ipis=$(status rtos_ipis)
	ends_with 0 run ./bench ipi getppid 100 0 0 || return 1
	_ipis=$(($(status rtos_ipis) - _ipis))
	echo "# IPIs for 100 calls: $_ipis" >&3
	[ $_ipis -ge 100 ] || { is_slow && [ $_ipis -gt 0 ]; }
}

no_ipis()
{
	equal "IPIs of the RTOS" "$(status rtos_ipis)" 0 && [ "$(status rtos_senduipis)" -gt 0 ]
}

calls_of_life()
{
	"$CRTOS" stats | sed -n '/(life)/,/^pid/s/^ *[0-9]* getppid  *\([0-9]*\).*/\1/p'
}

called() { [ "0$(calls_of_life)" -gt "0$_calls" ]; }

# flood [call]: a process may ring as often as it likes, also if there is something to
# do for the first one; another one, which makes calls, goes on with that.
flood()
{
	_throttled=$(status throttled) _calls=0
	"$CRTOS" run ./life calls >/dev/null &
	_pid=$!
	wait_for called
	ticks_lost_by "$CRTOS" run ./uipi 1000000 "$@"
	_calls=$(calls_of_life)
	wait_for called || _ret=1
	kill -KILL $_pid
	wait $_pid
	_throttled=$(($(status throttled) - _throttled))
	echo "# $LOST timer ticks lost, doorbells suppressed $_throttled times" >&3
	equal "state of the RTOS" "$(status rtos_state)" ready || return 1
	# Where time is no accident: two ticks for 10,000
	[ $_ret = 0 ] && { [ "${crtos_machine:-}" != bochs ] || [ "$LOST" -le 200 ]; }
}

exec 3>&1
ktap_print_header
need_partition
start >"$TMP/output" 2>&1
if ! status rtos_features | grep -q senduipi; then
	stop
	skip_all "no user interrupts"
fi
ktap_set_plan 14
echo 0 >/sys/class/crtos/partition0/poll_ns
try "programs run" ends_with 42 run ./hello /proc/sys/kernel/ostype "$TMP/made"
try "SENDUIPI in ring 3" took_it
try "SENDUIPI for another slot" ends_with 139 run ./uipi 1 1
try "the first page of the slot" ends_with 139 run ./uipi page
try "completions that are polled for" polled
try "completions as user interrupts" interrupted
try "several processes" together
try "no interrupt while Linux polls" suppressed
try "all that was SENDUIPI" no_ipis
try "flood" flood
try "flood with a call" flood call
try "a process after that" ends_with 42 run ./hello /proc/sys/kernel/ostype "$TMP/made"
try "without SENDUIPI" software
try "no doorbell was lost" equal "lost doorbells" "$(status lost_doorbells)" 0
echo 50000 >/sys/class/crtos/partition0/poll_ns
finish
