#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# A debugger attaches to the process of a program that waits in a call on the RTOS, looks
# at it, lets it go on, stops it again, and detaches. gdbserver is the part of gdb that
# does these things; what gdb would tell it comes from here.

. "$(dirname "$0")/lib.sh"

PORT=2345
TESTS='attached: all threads are stopped
registers of the thread that waits
it goes on, and the program with it
stopped again, and detached
the program does not notice'

# told TEXT: has gdbserver answered so? Each answer is acknowledged by what comes next.
told() { wait_for grep -aq -e "$1" "$TMP/answers"; }

# ask PACKET: of the remote protocol of gdb, with its checksum
ask()
{
	: >"$TMP/answers"
	printf '+$%s' "$1" >&5
}

waits_in_read() { grep -q '^0 ' /proc/"$PID"/task/*/syscall; }
said() { grep -q "$1" "$TMP/said"; }
stopped() { ! grep -q '^State:[[:space:]]*[^t[:space:]]' /proc/"$PID"/task/*/status; }

# The line is read by the program, which prints it.
reads()
{
	echo "$1" >"$TMP/fifo"
	wait_for said "$1"
}

attach()
{
	mkfifo "$TMP/fifo" "$TMP/questions"
	# gdbserver interrupts a process group.
	setsid "$CRTOS" run /bin/busybox cat <>"$TMP/fifo" >"$TMP/said" &
	PID=$!
	wait_for waits_in_read || return
	gdbserver --once --attach 127.0.0.1:$PORT "$PID" >"$TMP/gdbserver" 2>&1 &
	wait_for grep -q "Listening on port" "$TMP/gdbserver" || {
		cat "$TMP/gdbserver"
		return 1
	}
	nc 127.0.0.1 $PORT <"$TMP/questions" >"$TMP/answers" &
	exec 5>"$TMP/questions"
	ask '?#3f' && told '\$[TS]' && wait_for stopped
}

registers()
{
	# One for the anchor, and at least one that makes calls
	ask 'qfThreadInfo#bb' && told '\$m' && ask 'qsThreadInfo#c8' && told '\$m' &&
		ask 'g#67' && told '\$[0-9a-f][^#]\{63,\}#'
}

continues() { ask 'c#63' && wait_for waits_in_read && reads "while it is debugged"; }

detach()
{
	: >"$TMP/answers"
	printf '\003' >&5
	told '\$[TS]' && wait_for stopped && ask 'D#44' && told '\$OK#'
}

unnoticed()
{
	exec 5>&-
	wait_for waits_in_read && reads "after that" && kill -TERM "$PID" &&
		ends_with 143 wait "$PID"
}

begin_with gdbserver
try "attached: all threads are stopped" attach
try "registers of the thread that waits" registers
try "it goes on, and the program with it" continues
try "stopped again, and detached" detach
try "the program does not notice" unnoticed
finish
