#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# A CPU goes to the RTOS and comes back, again and again.

. "$(dirname "$0")/lib.sh"

ROUNDS=${CRTOS_ROUNDS:-100}
BEFORE=$(cat $CPUS/online)

lent()
{
	equal "CPU $CPU online" "$(cat "$CPUS/cpu$CPU/online")" 0
}

no_online()
{
	! echo 1 2>/dev/null >"$CPUS/cpu$CPU/online" && lent
}

# The processor field of /proc/self/stat
on_cpu()
{
	taskset "$(printf %x $((1 << CPU)))" cat /proc/self/stat | sed 's/.*) //' | cut -d ' ' -f 37
}

back()
{
	equal "online CPUs" "$(cat $CPUS/online)" "$BEFORE" && equal CPU "$(on_cpu)" "$CPU"
}

rounds()
{
	_i=0
	while [ $_i -lt "$ROUNDS" ]; do
		echo "round $_i"
		start && ends_with 3 run ./life exit 3 && stop || return 1
		_i=$((_i + 1))
	done
}

offline_and_online()
{
	echo 0 >"$CPUS/cpu$CPU/online" && echo 1 >"$CPUS/cpu$CPU/online" && back
}

two_cpus()
{
	_first=$CPU
	CPU=$((CPU - 1)),$CPU
	start && equal cpus "$(status cpus)" "$CPU" && ends_with 3 run ./life exit 3 && stop
	_ret=$?
	CPU=$_first
	[ $_ret = 0 ] && back
}

begin 9
try "the lent CPU is offline" lent
try "it cannot be brought online" no_online
try "a program runs on it" ends_with 3 run ./life exit 3
try "stop" stop
try "the CPU is back" back
try "$ROUNDS rounds with a program in between" rounds
try "the CPU is back again" back
try "the CPU can be taken offline and online" offline_and_online
if [ "$CPU" -ge 2 ]; then
	try "two CPUs" two_cpus
else
	skip "needs two CPUs to lend" "two CPUs"
fi
finish
