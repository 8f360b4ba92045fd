#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# What tracing shows of a forwarded call.

. "$(dirname "$0")/lib.sh"

TRACING=/sys/kernel/tracing

record()
{
	echo >$TRACING/trace
	echo 1 >$TRACING/events/crtos/enable
	ends_with 42 run ./hello "$TMP/in" "$TMP/out" >/dev/null
	_ret=$?
	echo 0 >$TRACING/events/crtos/enable
	cp $TRACING/trace "$TMP/trace"
	return $_ret
}

shows()
{
	grep -q "$1" "$TMP/trace" || {
		echo "no '$1' in the trace"
		return 1
	}
}

# As many results as calls but for those that never return
pairs()
{
	_calls=$(grep -c crtos_call: "$TMP/trace") _results=$(grep -c crtos_result: "$TMP/trace")
	equal results "$_results" "$_calls"
}

# The ordinary system call tracepoints see forwarded calls too.
ordinary()
{
	echo >$TRACING/trace
	echo 1 >$TRACING/events/raw_syscalls/sys_enter/enable
	run ./hello "$TMP/in" "$TMP/out" >/dev/null
	echo 0 >$TRACING/events/raw_syscalls/sys_enter/enable
	cp $TRACING/trace "$TMP/trace"
	shows "hello.*sys_enter: NR 20 (1, "
}

echo something >"$TMP/in"
begin 9
if [ ! -d $TRACING/events/crtos ]; then
	for _i in 1 2 3 4 5 6 7 8 9; do
		ktap_test_skip "trace $_i: no tracefs"
	done
	finish
fi
try "a program is traced" record
try "attaching" shows "crtos_attach: partition=0 slot=0 pid=[1-9]"
try "a call by number and name" shows "crtos_call: .* nr=20 name=writev args=0x1,0x"
try "its result" shows "crtos_result: .* nr=20 name=writev result=[1-9]"
try "each call has a result" pairs
try "doorbells in" shows "crtos_doorbell: partition=0 slots=0x"
try "doorbells out" shows "crtos_notify: partition=0 apicid=[0-9]* vector=0x[0-9a-f]* error=0"
try "the end" shows "crtos_gone: partition=0 slot=0"
try "raw_syscalls as well" ordinary
finish
