#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# What tracing shows of a forwarded call.

. "$(dirname "$0")/lib.sh"

TRACING=/sys/kernel/tracing

# record STATUS PROGRAM...: how it ends, and what it leaves in the trace
record()
{
	echo >$TRACING/trace
	echo 1 >$TRACING/events/crtos/enable
	_expected=$1
	shift
	ends_with "$_expected" run "$@" >/dev/null
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

# As many results as calls: the end of a program is not traced as a call.
pairs()
{
	_calls=$(grep -c crtos_call: "$TMP/trace") _results=$(grep -c crtos_result: "$TMP/trace")
	[ "$_calls" -gt 0 ] && equal results "$_results" "$_calls"
}

# The worker sleeps when it has nothing to do, and the program says nothing while it
# writes to its memory: its end rings. Should that come while the worker looks, the
# next one rings.
rings()
{
	record 3 ./life touch 8 && shows "crtos_doorbell: partition=0 slots=0x"
}

# The ordinary system call tracepoints see forwarded calls too.
ordinary()
{
	echo >$TRACING/trace
	echo 1 >$TRACING/options/record-cmd
	echo 1 >$TRACING/events/raw_syscalls/sys_enter/enable
	run ./hello "$TMP/in" "$TMP/out" >/dev/null
	echo 0 >$TRACING/events/raw_syscalls/sys_enter/enable
	cold_tracing
	cp $TRACING/trace "$TMP/trace"
	shows "hello.*sys_enter: NR 20 (1, "
}

echo something >"$TMP/in"
begin 9
cold_tracing
if [ ! -d $TRACING/events/crtos ]; then
	skip "no tracefs" "a program is traced" "attaching" "a call by number and name" \
		"its result" "each call has a result" "doorbells out" "the end" "doorbells in" \
		"raw_syscalls as well"
	finish
fi
try "a program is traced" record 42 ./hello "$TMP/in" "$TMP/out"
try "attaching" shows "crtos_attach: partition=0 slot=0 pid=[1-9]"
try "a call by number and name" shows "crtos_call: .* nr=20 name=writev args=0x1,0x"
try "its result" shows "crtos_result: .* nr=20 name=writev result=[1-9]"
try "each call has a result" pairs
try "doorbells out" shows "crtos_notify: partition=0 apicid=[0-9]* vector=0x[0-9a-f]* error=0"
try "the end" shows "crtos_gone: partition=0 slot=0"
try "doorbells in" wait_for rings
if [ -d $TRACING/events/raw_syscalls ]; then
	try "raw_syscalls as well" ordinary
else
	skip "no CONFIG_FTRACE_SYSCALLS" "raw_syscalls as well"
fi
finish
