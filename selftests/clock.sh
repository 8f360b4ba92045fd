#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The RTOS computes Linux's clocks itself, also when one is set.

. "$(dirname "$0")/lib.sh"

ROUNDS=${CRTOS_CLOCK_ROUNDS:-2000}

agree() { "$CRTOS" run ./clock "$ROUNDS"; }

# A program that reads the time often makes few calls.
computed()
{
	_before=$(status calls)
	"$CRTOS" run ./clock local "$ROUNDS" || return 1
	_calls=$(($(status calls) - _before))
	[ $_calls -lt 100 ] || {
		echo "$_calls calls for $ROUNDS readings of each clock"
		return 1
	}
}

clocksource() { cat /sys/devices/system/clocksource/clocksource0/current_clocksource; }

begin 8
try "the clocks are those of Linux" agree
if [ "$(clocksource)" = tsc ]; then
	try "reading them costs no call" computed
	for _way in vdso vdso-pie vdso-glibc vdso-glibc-pie; do
		try "$_way: the C library reads them in ring 3" "$CRTOS" run ./$_way
	done
else
	skip "the clock source is not tsc" "reading them costs no call"
	for _way in vdso vdso-pie vdso-glibc vdso-glibc-pie; do
		skip "the same" "$_way: the C library reads them in ring 3"
	done
fi
try "a step forth" "$CRTOS" run ./clock step 1000
try "a step back" "$CRTOS" run ./clock step -500
finish
