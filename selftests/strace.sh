#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# strace of a program on the RTOS: from outside it is a process like any other.

. "$(dirname "$0")/lib.sh"

OUT=$TMP/strace
TESTS='the program is traced and ends as it does
from its first call on
names, arguments and results
paths and structures
the ioctl of the tool has ended
an exec is a call, and the new program is traced
a child is traced
a result that the tracer makes
a call that the tracer delays goes on after it
attached, and detached while a call blocks'

# follow OPTION... -- PROGRAM...: strace of a program on the RTOS. Each thread has a
# file of its own, so that no line of another one comes between a call and its result.
follow()
{
	_options=
	while [ "$1" != -- ]; do
		_options="$_options $1"
		shift
	done
	shift
	rm -f "$OUT".*
	_ret=0
	# shellcheck disable=SC2086 # options have no spaces
	strace -ff -o "$OUT" $_options "$CRTOS" run "$@" || _ret=$?
	cat "$OUT".* >"$OUT"
	return $_ret
}

shows()
{
	grep -Eq "$1" "$OUT" && return
	echo "no line like: $1"
	tail -n 30 "$OUT"
	return 1
}

hello()
{
	ends_with 42 follow -- ./hello "$TMP/in" "$TMP/out" >"$TMP/said" &&
		grep -q something "$TMP/said"
}

# The RTOS opens the program to load it.
first() { shows '^openat\(AT_FDCWD, "./hello", O_RDONLY.*\) = [0-9]'; }

replaced()
{
	ends_with 0 follow -- /bin/busybox sh -c 'exec /bin/busybox echo new program' &&
		shows '^execve\("/bin/busybox", \["/bin/busybox", "echo"' &&
		shows '^(write|writev)\(1, .*new program'
}

child()
{
	ends_with 0 follow -- /bin/busybox sh -c '(echo from the child); exit 0' &&
		shows '^(write|writev)\(1, .*from the child' &&
		shows '^(fork|vfork|clone)\(.*= [1-9]' &&
		_child=$(sed -nE 's/^(fork|vfork|clone)\(.* = ([0-9]+)$/\2/p' "$OUT") &&
		grep -q '^+++ exited with 0' "$OUT.$_child"
}

injected()
{
	_ret=0
	follow -e trace=getdents64 -e inject=getdents64:error=EIO -- /bin/busybox ls /proc \
		>"$TMP/said" 2>&1 || _ret=$?
	[ $_ret -ne 0 ] || [ ! -s "$TMP/said" ] && shows '^getdents64\(.*\(INJECTED\)'
}

delayed()
{
	ends_with 0 follow -e inject=write:delay_enter=200000 -- /bin/busybox echo text &&
		shows '^write\(1, .*\(DELAYED\)'
}

# Calls that wait when a tracer comes and goes must not notice.
attached()
{
	mkfifo "$TMP/fifo"
	"$CRTOS" run /bin/busybox cat <>"$TMP/fifo" >"$TMP/said" &
	_pid=$!
	wait_for reads_something
	: >"$OUT"
	strace -f -o "$OUT" -p $_pid 2>"$TMP/message" &
	_tracer=$!
	wait_for grep -q attached "$TMP/message"
	kill -INT $_tracer
	wait $_tracer
	echo "a line" >"$TMP/fifo"
	wait_for grep -q "a line" "$TMP/said"
	_ret=$?
	kill -TERM $_pid
	ends_with 143 wait $_pid && return $_ret
}

reads_something() { grep -q '^0 ' /proc/"$_pid"/task/*/syscall; }

echo something >"$TMP/in"
begin_with strace
try "the program is traced and ends as it does" hello
try "from its first call on" first
try "names, arguments and results" shows '^writev\(1, \[\{.*\}\], [0-9]+\) = [1-9]'
try "paths and structures" shows '^(fstat|newfstatat|statx)\(.*st_mode=|stx_mode='
try "the ioctl of the tool has ended" shows '^ioctl\(.*0xc7, 0x4, .*\) += 0'
try "an exec is a call, and the new program is traced" replaced
try "a child is traced" child
try "a result that the tracer makes" injected
try "a call that the tracer delays goes on after it" delayed
try "attached, and detached while a call blocks" attached
finish
