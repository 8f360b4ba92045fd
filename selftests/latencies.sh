#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# What call_latency.sh says of a trace that is known, and of that of a program.

. "$(dirname "$0")/lib.sh"

TRACING=/sys/kernel/tracing

# As tracefs, trace-cmd and perf show it: two slots at once, calls that needed no
# doorbell or no notification, and one of which the end is missing
known_trace()
{
	cat <<-END
		# tracer: nop
		   <idle>-0   [000] d.h1.  1.000000: crtos_doorbell: partition=0 slots=0x100000002
		     prog-10  [000] .....  1.000010: crtos_call: partition=0 slot=1 nr=1 name=write
		     prog-10  [000] .....  1.000040: crtos_result: partition=0 slot=1 nr=1 result=3
		other one-11  [001] .....  1.000050: crtos_call: partition=0 slot=32 name=read
		     prog-10  [000] .....  1.000060: crtos_notify: partition=0 apicid=1 error=0
		other one-11  [001] .....  1.000070: crtos_result: partition=0 slot=32 result=1
		other one-11  [001] .....  1.000090: crtos_call: partition=0 slot=32 name=read
		other one-11  [001] .....  1.000094: crtos_result: partition=0 slot=32 result=1
		  prog-20  [000]        1.100000: crtos_doorbell:     partition=1 slots=0x2
		  prog-20  [000]        1.100020: crtos_call:         partition=1 slot=1 name=write
		  prog-20  [000]        1.100040: crtos_result:       partition=1 slot=1 result=3
		  prog  30 [000]        1.200000: crtos:crtos_call: partition=2 slot=1 name="write"
		  prog  30 [000]        1.200007: crtos:crtos_result: partition=2 slot=1 result=3
		  prog  30 [000]        1.200010: crtos:crtos_notify: partition=2 apicid=1
		  prog  30 [000]        1.200020: crtos:crtos_call: partition=2 slot=1 name="poll"
	END
}

known()
{
	known_trace | ./call_latency.sh | sed 's/  */ /g' >"$TMP/known"
	cat >"$TMP/expected" <<-END
		call count rung min median p99 max to call result notify
		write 3 2 10 40 60 60 27.3% 51.8% 20.9%
		read 2 1 4 70 70 70 67.6% 32.4% 0.0%
	END
	diff "$TMP/known" "$TMP/expected"
}

nothing() { equal lines "$(./call_latency.sh /dev/null | wc -l)" 1; }

# of COLUMN: in the table, all calls together
of() { awk -v column="$1" 'NR > 1 { sum += $column } END { print sum + 0 }' "$TMP/table"; }

# All that are in the trace; some are rung for, as the worker does not poll.
recorded()
{
	echo 0 >/sys/class/crtos/partition0/poll_ns
	echo >$TRACING/trace
	cold_tracing
	echo 1 >$TRACING/events/crtos/enable
	ends_with 42 run ./hello /proc/sys/kernel/ostype "$TMP/made" >/dev/null
	_ret=$?
	echo 0 >$TRACING/events/crtos/enable
	echo 50000 >/sys/class/crtos/partition0/poll_ns
	./call_latency.sh $TRACING/trace >"$TMP/table"
	sed 's/^/# /' "$TMP/table" >&3
	[ $_ret = 0 ] && equal calls "$(of 2)" "$(grep -c crtos_result: $TRACING/trace)" &&
		grep -q "^openat " "$TMP/table" && [ "$(of 3)" -gt 0 ]
}

# The least is no more than the median, and so on.
ordered()
{
	awk 'NR > 1 && !($4 <= $5 && $5 <= $6 && $6 <= $7 && $3 <= $2) { print; bad = 1 }
		END { exit bad || NR < 2 }' "$TMP/table"
}

exec 3>&1
begin 4
try "a trace that is known" known
try "a trace of nothing" nothing
if [ -d $TRACING/events/crtos ]; then
	try "the calls of a program" recorded
	try "their times" ordered
else
	skip "no tracefs" "the calls of a program" "their times"
fi
finish
