#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# How long does a forwarded call take, woken and polled, rung in each way? Lines of
# "# bench VARIANT CALL MIN MEDIAN P99 COUNT", in cycles of the time stamp counter:
# to be compared with each other, and on a machine where time is no accident.

. "$(dirname "$0")/lib.sh"

ROUNDS=${1:-1000}
# Cycles between two calls: longer than it takes to go to sleep
PAUSE=30000

# variant NAME COMMAND...
variant()
{
	_variant=$1
	shift
	_figures=$("$@") && [ "$(echo "$_figures" | wc -w)" = 4 ] &&
		echo "# bench $_variant getppid $_figures" >&3
}

poll() { echo "$1" >/sys/class/crtos/partition0/poll_ns; }

# woken WAY, polled WAY
woken() { poll 0 && variant "woken-$1" run ./bench "$1" "$ROUNDS" $PAUSE; }
polled() { poll 1000000000 && variant "polled-$1" run ./bench "$1" "$ROUNDS"; }

exec 3>&1
begin 8
try "native" variant native ./bench native "$ROUNDS" $PAUSE
for way in ipi senduipi ring3 posted; do
	try "woken, $way" woken $way
done
for way in senduipi ring3 posted; do
	try "polled, $way" polled $way
done
poll 50000
finish
