#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Eight processes on the RTOS make calls and check each result, while stress-ng loads
# Linux: computing, memory, I/O, the scheduler. None is lost and none is made twice:
# each appends its numbers to a file, which must have all of them in order.
#
#	stress.sh [SECONDS]

. "$(dirname "$0")/lib.sh"

DURATION=${1:-${crtos_seconds:-60}}
PROCESSES=8

load()
{
	stress-ng --cpu 1 --vm 1 --vm-bytes 64M --io 1 --switch 1 --pipe 1 --temp-path "$TMP" \
		--timeout "$DURATION" --metrics-brief --yaml "$TMP/metrics" >"$TMP/stress" 2>&1
}

# Each kind of the load has done something.
was_loaded()
{
	echo "# $(sed -n 's/.*stressor: //p; s/.*bogo-ops: //p' "$TMP/metrics" |
		paste -sd ' ')" >&3
	equal "kinds of load" "$(grep -c 'bogo-ops: [1-9]' "$TMP/metrics")" 5
}

# worker N: programs of that number until the load has ended
worker()
{
	_rounds=0
	mkdir "$TMP/$1"
	while [ ! -e "$TMP/over" ]; do
		"$CRTOS" run ./many "$1" 20 "$TMP/$1" >"$TMP/$1.output" 2>&1 &&
			"$CRTOS" run ./append "$TMP/$1.numbers" 100 >>"$TMP/$1.output" 2>&1 || {
			echo "program $1, after $_rounds rounds: $(cat "$TMP/$1.output")"
			return 1
		}
		_rounds=$((_rounds + 1))
	done
	echo $_rounds >"$TMP/$1.rounds"
}

# All of what it wrote, once and in order
in_order()
{
	awk -v rounds="$(cat "$TMP/$1.rounds")" '
		$1 != (NR - 1) % 100 { bad++ }
		END { exit bad || NR != 100 * rounds || !rounds }' "$TMP/$1.numbers"
}

beside_the_load()
{
	_pids=
	for _n in $(seq $PROCESSES); do
		worker "$_n" &
		_pids="$_pids $!"
	done
	load
	_ret=$?
	touch "$TMP/over"
	[ $_ret = 0 ] || cat "$TMP/stress"
	for _pid in $_pids; do
		wait "$_pid" || _ret=1
	done
	return $_ret
}

all_in_order()
{
	_rounds=0
	for _n in $(seq $PROCESSES); do
		in_order "$_n" || return 1
		_rounds=$((_rounds + $(cat "$TMP/$_n.rounds")))
	done
	echo "# $PROCESSES processes, $DURATION s: $_rounds rounds" >&3
}

command -v stress-ng >/dev/null || {
	ktap_print_header
	skip_all "no stress-ng"
}
exec 3>&1
begin 5
try "$PROCESSES processes beside the load, for $DURATION s" beside_the_load
try "the load" was_loaded
try "nothing was lost, nothing came twice" all_in_order
try "no bad request" equal "bad requests" "$(status bad_requests)" 0
try "no process is left" wait_for no_processes
finish
