#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# An RTOS on a CPU of its own, or on two, that does at random what it may do and what it
# must not, see rtos/hostile/fuzz.c: it checks what Linux answers, also in the slot of a
# process that waits in a call. What Linux must have counted is checked here.
#
#	fuzz.sh [ENTRIES [SEED [CYCLE]]]
#
# The entries are made by programs of up to EACH, which say where they began. To see one
# again, begin with its cycle, or with the one that failed.

. "$(dirname "$0")/lib.sh"

ENTRIES=${1:-${crtos_fuzz:-10000}}
SEED=${2:-${crtos_seed:-1}}
CYCLE=${3:-${crtos_cycle:-0}}
EACH=10000
# In seconds: the RTOS gives up long before, if Linux does not answer.
HANGS=300
# With so many, each kind comes at least ENOUGH times.
ALL_ENTRIES=200000
ENOUGH=100
FEW=200

floods() { dmesg | grep -c "crtos: partition .*: the RTOS floods Linux"; }

start_all() { "$CRTOS" start "$HOSTILE" --cpu "$LENT"; }

neighbour()
{
	"$CRTOS" run ./stay &
	PID=$!
	wait_for one_process
}

# It rings at random, too: a slow Linux may stop it for that.
stopped_for_flooding()
{
	is_slow && [ "$(floods)" -gt "$_floods" ] || return 1
	_floods=$(floods)
	ends_with 137 wait "$PID"
	stop && start_all && neighbour
}

# of_last WHAT: from the last line of the program, which counts
of_last() { sed -n "\$s/.*[ :]\([0-9]*\) $1.*/\1/p" "$TMP/log"; }

# program ENTRIES: it was not killed, and did not hang.
program()
{
	_bad=$(status bad_requests)
	_status=0
	timeout -s KILL $HANGS "$CRTOS" run ./fuzz "$SEED" "$CYCLE" "$1" || _status=$?
	"$CRTOS" log | sed -n "/^fuzz: seed $SEED, from cycle $CYCLE\$/,/ next cycle /p" >"$TMP/log"
	if [ $_status != 0 ]; then
		grep -v " times " "$TMP/log"
		echo "status $_status; again: fuzz.sh $1 $SEED $CYCLE"
		return $_status
	fi
	[ $(($(status bad_requests) - _bad)) -ge "$(of_last "bad requests")" ] || {
		echo "bad requests were not counted: $(tail -n 1 "$TMP/log")"
		return 1
	}
	cat "$TMP/log" >>"$TMP/logs"
	CYCLE=$(sed -n '$s/.*next cycle //p' "$TMP/log")
}

programs()
{
	_left=$ENTRIES _floods=$(floods)
	while [ "$_left" -gt 0 ]; do
		_each=$((_left < EACH ? _left : EACH))
		_left=$((_left - _each))
		program $_each && continue
		[ $_status -ge 125 ] && stopped_for_flooding || return 1
		CYCLE=$((CYCLE + 1))
	done
	# Also if it was the last one
	"$CRTOS" run ./well || stopped_for_flooding
}

# How often each was done. What a flood has ended is not counted.
counted()
{
	sed -n 's/^fuzz: \([0-9]*\) times /\1 /p' "$TMP/logs" | awk '
		{ n = $1; $1 = ""; sum[$0] += n }
		END { for (name in sum) printf "%d%s\n", sum[name], name }' | sort -n >"$TMP/counts"
	sed 's/^/# /' "$TMP/counts" >&3
	[ -s "$TMP/counts" ] || return 1
	[ "$ENTRIES" -lt $ALL_ENTRIES ] || is_slow ||
		[ "$(sed -n '1s/ .*//p' "$TMP/counts")" -ge $ENOUGH ]
}

# Where there are two CPUs, both have raced with Linux; and races ended in both ways.
raced()
{
	sed -n 's/^fuzz: races: //p' "$TMP/logs" | awk '
		{ other += ($1 > 0); held += $6; broke += $8 }
		END { print other, held, broke }' >"$TMP/races"
	read -r _other _held _broke <"$TMP/races"
	echo "# races: $_other programs on the other CPU, too; $_held held, $_broke broke" >&3
	[ "$LENT" = "$CPU" ] || [ "$_other" -gt 0 ] || return 1
	[ "$ENTRIES" -lt $ALL_ENTRIES ] || { [ "$_held" -gt 0 ] && [ "$_broke" -gt 0 ]; }
}

# The same cycles twice: what the program decides is the same.
decisions()
{
	"$CRTOS" run ./fuzz "$SEED" 0 $FEW || return 1
	"$CRTOS" log | sed -n "s/^fuzz: races: .*; decisions //p" | tail -n 1
}

decided() { _decisions=$(decisions) || { stopped_for_flooding && _decisions=$(decisions); }; }

repeats()
{
	decided || return 1
	_first=$_decisions
	decided && [ -n "$_first" ] && equal "decisions" "$_decisions" "$_first"
}

exec 3>&1
: >"$TMP/logs"
BEFORE=$(cat "$CPUS/online")
begin 9 "$HOSTILE"
LENT=$CPU
if [ "$CPU" -ge 2 ]; then
	LENT=$((CPU - 1)),$CPU
	stop && start_all
fi
try "neighbour" neighbour
try "$ENTRIES entries from seed $SEED" programs
try "each kind was there" counted
try "races" raced
try "the same again" repeats
try "a process that behaves" ends_with 0 timeout -s KILL "$LIMIT" "$CRTOS" run ./well
try "the neighbour is still there" still_there "$PID"
try "stop" stop
try "the CPUs are back" equal "online CPUs" "$(cat "$CPUS/online")" "$BEFORE"
finish
