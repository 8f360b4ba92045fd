#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# An RTOS that breaks the rules: Linux refuses, or kills that process and no
# other, and nothing else happens. rtos/hostile.c has the ways to break them.

. "$(dirname "$0")/lib.sh"

FLOOD=${FLOOD:-./crtos-flood.img}

# The log may be full: what is in it is counted from a line of our own on.
mark()
{
	MARK="hostile.sh $$ at $(cut -d ' ' -f 1 /proc/uptime)"
	echo "$MARK" >/dev/kmsg
}

lines() { dmesg | sed "1,/$MARK/d" | grep -c "crtos: $1"; }

bad_requests_grew() { [ "$(status bad_requests)" -gt "$1" ]; }

# killed WAY: with a word about it
killed()
{
	mark
	_bad=$(status bad_requests)
	ends_with 137 run "./$1" || return 1
	[ "$(lines "slot .*: broken ring")" -gt 0 ] || {
		echo "the kernel does not say so"
		return 1
	}
	wait_for bad_requests_grew "$_bad"
}

# refused WAY: the RTOS has checked the answers
refused()
{
	ends_with 0 run "./$1" || {
		"$CRTOS" log | tail -n 5
		return 1
	}
}

# counted WAY NUMBER: of requests that are bad
counted()
{
	_bad=$(status bad_requests)
	refused "$1" && equal "bad requests" $(($(status bad_requests) - _bad)) "$2"
}

keep_all()
{
	_i=0
	while [ $_i -lt 64 ]; do
		ends_with 0 run ./keep || return 1
		_i=$((_i + 1))
	done
	says 125 "no room" run ./keep
}

# One that Linux must find itself
lost_one()
{
	_lost=$(status lost_doorbells)
	refused stuck && equal "lost doorbells" "$(status lost_doorbells)" $((_lost + 1))
}

# 100,000 doorbells for nothing: suppressed, as often as it takes
flooded()
{
	_throttled=$(status throttled)
	ticks_lost_by "$CRTOS" run ./flood || return 1
	_throttled=$(($(status throttled) - _throttled))
	echo "# $LOST timer ticks lost, doorbells suppressed $_throttled times" >&3
	# Where time is no accident: two ticks for 10,000
	[ "${crtos_machine:-}" != bochs ] || { [ "$LOST" -le 20 ] && [ $_throttled -gt 0 ]; }
}

# Either it does no harm, as where interrupts are slow, or the RTOS is stopped.
deaf()
{
	ticks_lost_by "$CRTOS" run ./flood-deaf
	_ret=$?
	echo "# $LOST timer ticks lost, status $_ret" >&3
	if [ $_ret = 0 ]; then
		[ "${crtos_machine:-}" != bochs ]
	else
		[ $_ret = 137 ] && says 125 "stopped itself" run ./well && stop &&
			start "$HOSTILE" && refused well
	fi
}

# Before it is READY
flood_at_start()
{
	says 1 "did not get ready" start "$FLOOD" --cpu "$CPU" && start "$HOSTILE" && refused well
}

# Somebody takes its doorbells until it is stopped.
impatient()
{
	"$CRTOS" run ./impatient &
	_other=$!
	wait_for one_process && stop && ends_with 137 wait "$_other"
}

# broken WAY TEXT: the whole RTOS, which must be started anew
broken()
{
	refused "$1" && says 125 "$2" run ./well && stop && start "$HOSTILE" && refused well
}

BURIED="partition .*: the RTOS .*, its processes are killed"

# Hundredths of a second
now() { sed 's/\.\(..\).*/\1/' /proc/uptime; }

# in_time SINCE: no more than two seconds beside what a program takes that behaves, on the
# machine where time is no accident
in_time()
{
	_took=$(($(now) - $1))
	echo "after $_took hundredths of a second"
	[ "${crtos_machine:-}" != bochs ] || [ $_took -le $((200 + WELL)) ]
}

# An RTOS that says so, or whose death Linux finds out within two seconds: its processes are
# killed, with one word about it.
died()
{
	"$CRTOS" run ./stay &
	_other=$!
	wait_for one_process || return 1
	mark
	_since=$(now)
	ends_with 137 run "./$1" && in_time "$_since" && ends_with 137 wait "$_other" &&
		says 125 "stopped itself" run ./well &&
		equal "lines about it" "$(lines "$BURIED")" 1 &&
		equal "lines in the log" "$(lines)" 1 &&
		"$CRTOS" start --restart "$HOSTILE" --cpu "$CPU" && refused well
}

# Who hears that it crashed starts it again, as the rule of observing.rst has it.
restarted_by_rule()
{
	: >"$TMP/events"
	# shellcheck disable=SC2016
	EVENTS=$TMP/events TOOL=$CRTOS IMAGE=$HOSTILE LENT=$CPU uevent sh -c '
		echo "$CRTOS_EVENT" >>"$EVENTS"
		[ "$CRTOS_EVENT" != crash ] ||
			exec "$TOOL" start --restart "$IMAGE" --cpu "$LENT"' &
	_listener=$!
	wait_for listening && ends_with 137 run ./loop && wait_for refused well &&
		equal crashes "$(grep -c crash "$TMP/events")" 1
	_ret=$?
	kill $_listener
	wait $_listener
	return $_ret
}

exec 3>&1
begin 33 "$HOSTILE"
"$CRTOS" run ./stay &
PID=$!
try "neighbour" wait_for one_process
for way in bad-index last-index far-tail tail-back; do
	try "$way" killed $way
done
for way in twice full bad-args bad-unmap bad-released bad-nr bad-root bad-table scribble; do
	try "$way" refused $way
done
try "bad-entry" counted bad-entry 4
try "bad-upid" counted bad-upid 6
try "bad-doorbell" refused bad-doorbell
try "stuck" lost_one
try "flood" flooded
SINCE=$(now)
try "a process that behaves" refused well
WELL=$(($(now) - SINCE))
try "the neighbour is still there" still_there "$PID"
try "bad-version" broken bad-version "version of the ABI"
try "dead" died dead
try "dead, without a word" died dead-quiet
try "an endless loop" died loop
try "a CPU that is halted" died halt
if command -v uevent >/dev/null; then
	try "a rule that restarts it" restarted_by_rule
else
	skip "no command uevent" "a rule that restarts it"
fi
try "flood-deaf" deaf
try "slots that are never given back" keep_all
try "stop" stop
try "a flood while it starts" flood_at_start
try "a stop while it rings until it is heard" impatient
try "the CPU is back" equal "CPU $CPU online" "$(cat "$CPUS/cpu$CPU/online")" 1
finish
