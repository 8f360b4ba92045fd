#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Fixed priorities, and periods that nothing disturbs: while Linux is busy on its
# CPUs, the RTOS's takes its own timer and the doorbells that it asked for, and no
# other interrupt.

. "$(dirname "$0")/lib.sh"

PERIOD=${CRTOS_PERIOD:-20000}
PERIODS=${CRTOS_PERIODS:-100}
BOCHS=$(grep -c crtos.machine=bochs /proc/cmdline)
# As the test RTOS numbers them
TIMER=48 DOORBELL=49 FIRST_COMPLETION=64 LAST_COMPLETION=127

stress()
{
	for _i in 1 2; do
		sh -c 'while :; do :; done' &
		STRESS="$STRESS $!"
	done
	# Bochs executes an instruction that repeats in one go, while no other CPU has its
	# turn: so not in large blocks.
	sh -c 'while :; do dd if=/dev/zero of=/dev/null bs=512 count=5000; done' 2>/dev/null &
	STRESS="$STRESS $!"
	sh -c 'while :; do (true); cat /proc/interrupts | tail -n 1; done' >/dev/null &
	STRESS="$STRESS $!"
}

relax()
{
	# shellcheck disable=SC2086 # a list
	kill $STRESS
	wait
	STRESS=
}

# cyclic NAME [calls]
cyclic()
{
	_out=$TMP/$1
	shift
	"$CRTOS" run ./cyclic "$PERIOD" "$PERIODS" "$@" >"$_out" 2>&1 || {
		cat "$_out"
		return 1
	}
	sed 's/^/# /' "$_out"
}

# The counts are there, and the timer's has grown. A thread that is late, as on an
# emulator that had no turn, goes on without the timer.
counted()
{
	_ticks=$(sed -n "s/^vector $TIMER: //p" "$1")
	[ "${_ticks:-0}" -ge $((BOCHS ? PERIODS / 2 : 1)) ]
}

# Exceptions are the program's own, but for NMIs and machine checks.
undisturbed()
{
	counted "$1" || return 1
	sed -n 's/^vector \([0-9]*\): .*/\1/p' "$1" | while read -r _vector; do
		case $_vector in
		"$TIMER" | "$DOORBELL") continue ;;
		2 | 18) ;;
		*)
			[ "$_vector" -ge 32 ] || continue
			[ "$_vector" -lt $FIRST_COMPLETION ] ||
				[ "$_vector" -gt $LAST_COMPLETION ] || continue
			;;
		esac
		echo "vector $_vector came"
	done >"$TMP/disturbances"
	cat "$TMP/disturbances"
	[ ! -s "$TMP/disturbances" ]
}

made_calls() { [ "$(sed -n 's/^calls: //p' "$1")" -gt 0 ]; }

# Only where time is counted in instructions
regular()
{
	[ "$BOCHS" = 0 ] || awk '/^deviation:/ { found = 1; bad = $2 >= 1; print }
		END { exit !found || bad }' "$1"
}

# priorities [started]: which the program has from the beginning
priorities()
{
	${1:+chrt -f 50} "$CRTOS" run ./priority "$@" >"$TMP/priority" 2>&1
	cat "$TMP/priority"
	equal "good" "$(grep -c ': yes$' "$TMP/priority")" 8
}

# What Linux does with one CPU
inherited()
{
	native chrt -f 50 taskset 1 ./priority inherit
	chrt -f 50 "$CRTOS" run ./priority inherit >"$TMP/forwarded" 2>&1
	echo "status: $?" >>"$TMP/forwarded"
	equal "orders" "$(sed 's/.*: //' "$TMP/native" | tr '\n' ' ')" "MLHl LHMl LKHMkl 0 " &&
		diff "$TMP/native" "$TMP/forwarded"
}

# One that spins with 50 does not keep one with 60 from starting, and going first.
preempts()
{
	chrt -f 50 "$CRTOS" run ./life spin >"$TMP/spins" &
	_pid=$!
	wait_for grep -q spinning "$TMP/spins" &&
		ends_with 5 timeout -s KILL "$LIMIT" chrt -f 60 "$CRTOS" run ./life exit 5
	_ret=$?
	kill $_pid
	ends_with 143 wait $_pid && return $_ret
}

begin 12
STRESS=
try "priorities" priorities
try "priorities that it is started with" priorities started
try "a program that starts with a higher one" preempts
try "priorities that a mutex's owner inherits" inherited
stress
for _kind in alone calls; do
	# shellcheck disable=SC2046 # no argument or one
	try "$_kind: periods" cyclic $_kind $([ $_kind = alone ] || echo calls)
	grep '^#' "$TMP/output"
	try "$_kind: no interrupt but its own" undisturbed "$TMP/$_kind"
	try "$_kind: periods of the same length (Bochs)" regular "$TMP/$_kind"
done
try "calls were made meanwhile" made_calls "$TMP/calls"
relax
try "no stray interrupts" equal strays "$(status rtos_stray_vectors)" 0
finish
