#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Killing the Linux process ends the RTOS process, whatever it does, and leaves
# nothing behind.

. "$(dirname "$0")/lib.sh"

# More than there are slots
RUNS=${CRTOS_RUNS:-70}

# background WAY: a program that lives; sets PID when it does
background()
{
	: >"$TMP/life"
	"$CRTOS" run ./life "$1" <"$TMP/fifo" >"$TMP/life" 9<&- &
	PID=$!
	wait_for test -s "$TMP/life"
}

no_threads()
{
	# The shell may expand processes that are gone by now.
	! grep -lx life /proc/[0-9]*/task/*/comm 2>/dev/null
}

# killed SIGNAL NUMBER WAY
killed()
{
	background "$3" || return 1
	kill -"$1" "$PID"
	ends_with $((128 + $2)) wait "$PID" && wait_for no_processes
}

# A shell ignores SIGINT for what it starts in the background.
interrupted()
{
	# shellcheck disable=SC2016
	ends_with 130 sh -c '(sleep 1; kill -INT $$) & exec "$0" run ./life spin' "$CRTOS"
}

is_stopped() { grep -q '^State:.T' "/proc/$PID/status"; }

stopped_and_continued()
{
	background read || return 1
	kill -STOP "$PID"
	wait_for is_stopped || return 1
	echo "while stopped" >&9
	kill -CONT "$PID"
	wait_for grep -q "while stopped" "$TMP/life" || return 1
	kill -KILL "$PID"
	ends_with 137 wait "$PID"
}

# It belongs to itself, not to who started it.
orphan()
{
	: >"$TMP/life"
	# shellcheck disable=SC2016
	sh -c '"$0" run ./life spin >"$1" & echo $! >"$2"; sleep 100' \
		"$CRTOS" "$TMP/life" "$TMP/pid" &
	_parent=$!
	wait_for grep -q spinning "$TMP/life" || return 1
	kill -KILL $_parent
	wait $_parent
	equal processes "$(status processes)" 1 || return 1
	kill -TERM "$(cat "$TMP/pid")"
	wait_for no_processes
}

# In sum more memory than there is
many_runs()
{
	_i=0
	while [ $_i -lt "$RUNS" ]; do
		ends_with 3 run ./life touch 8 || return 1
		_i=$((_i + 1))
	done
}

many_kills()
{
	_i=0
	while [ $_i -lt "$RUNS" ]; do
		killed KILL 9 spin || return 1
		_i=$((_i + 1))
	done
}

stopped_rtos()
{
	background read || return 1
	stop && ends_with 137 wait "$PID" && start && ends_with 3 run ./life exit 3
}

begin 16
mkfifo "$TMP/fifo"
exec 9<>"$TMP/fifo"
for way in read spin calls; do
	try "SIGKILL, $way" killed KILL 9 $way
	try "SIGTERM, $way" killed TERM 15 $way
	try "SIGHUP, $way" killed HUP 1 $way
done
try "SIGINT" interrupted
try "SIGSTOP and SIGCONT" stopped_and_continued
try "program whose parent is killed" orphan
try "$RUNS programs, one after the other" many_runs
try "$RUNS programs, each killed" many_kills
try "stop of the RTOS ends a program" stopped_rtos
try "no thread is left" wait_for no_threads
exec 9>&-
finish
