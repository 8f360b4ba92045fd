#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# How many calls are made by 1 to 64 processes at once, by one RTOS CPU and more, and
# served by one Linux CPU and two? Lines of
# "# scale RTOS-CPUS LINUX-CPUS PROCESSES CALLS CYCLES DOORBELLS INTERRUPTS": getppid()
# calls of all processes together; cycles of the time stamp counter for one of them;
# calls for one doorbell, and for one interrupt to the RTOS, "-" if there was none.
#
#	scale.sh [CALLS]

. "$(dirname "$0")/lib.sh"

CALLS=${1:-8192}
PROCESSES="1 2 4 8 16 32 64"
BATCHES="one doorbell for several calls"
COALESCED="one interrupt for several completions"

# machines: how many CPUs the RTOS and Linux can have, a pair in each line
machines()
{
	for _rtos in 1 2 3; do
		for _linux in 1 2; do
			[ $((_rtos + _linux)) -gt $((CPU + 1)) ] || echo $_rtos $_linux
		done
	done
}

# figures RTOS-CPUS LINUX-CPUS PROCESSES, from what the leader says
figures()
{
	awk -v who="$1 $2 $3" 'function per(n) { return n ? sprintf("%.1f", $1 / n) : "-" }
		{ print "# scale", who, $1, int($2 / $1 + 0.5), per($3), per($4) }' "$TMP/led"
}

# play RTOS-CPUS LINUX-CPUS PROCESSES
play()
{
	_pids=
	for _i in $(seq "$3"); do
		"$CRTOS" run ./scale play $((CALLS / $3)) <>"$TMP/starts" 1<>"$TMP/results" &
		_pids="$_pids $!"
	done
	_ret=0
	./scale lead "$3" "$TMP/results" "$TMP/starts" >"$TMP/led" || {
		_ret=1
		# shellcheck disable=SC2086
		kill -KILL $_pids
	}
	for _pid in $_pids; do
		wait "$_pid" || _ret=1
	done
	[ $_ret = 0 ] && figures "$@" | tee -a "$TMP/figures" >&3 && wait_for no_processes
}

# all_answered RTOS-CPUS LINUX-CPUS
all_answered()
{
	# All that is started from here, and with it the workers
	taskset -p $(((1 << $2) - 1)) $$ >/dev/null || return 1
	"$CRTOS" start "$IMAGE" --cpu "$(seq -s , $((CPU - $1 + 1)) "$CPU")" || return 1
	_all=0
	for _n in $PROCESSES; do
		play "$1" "$2" "$_n" || _all=1
	done
	LOST=$((LOST + $(status lost_doorbells)))
	! status rtos_features | grep -q senduipi || UINTR=y
	stop && return $_all
}

# more_than_one COLUMN: in each line
more_than_one()
{
	awk -v column="$1" '$column != "-" && $column <= 1 { print; bad = 1 }
		END { exit bad || !NR }' "$TMP/figures"
}

mkfifo "$TMP/starts" "$TMP/results"
LOST=0 UINTR=
exec 3>&1
ktap_print_header
need_partition
ktap_set_plan $(($(machines | wc -l) + 3))
machines >"$TMP/machines"
while read -r rtos linux <&4; do
	try "RTOS CPUs: $rtos, Linux CPUs: $linux: all calls are answered" \
		all_answered "$rtos" "$linux"
done 4<"$TMP/machines"
if [ -n "$UINTR" ]; then
	try "$BATCHES" more_than_one 8
	try "$COALESCED" more_than_one 9
else
	skip "no user interrupts: one call at a time" "$BATCHES" "$COALESCED"
fi
try "no doorbell was lost" equal "lost doorbells" "$LOST" 0
finish
