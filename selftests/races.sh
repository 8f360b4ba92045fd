#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# No request is lost, whatever the worker does when it is rung for: it polls, falls
# asleep, sleeps, goes to another CPU; and whatever happens to the CPU that takes
# the doorbells: another one is chosen, it goes offline. Two processes make
# requests at random moments all the time. Needs two CPUs beside the RTOS's.
#
#	races.sh [REQUESTS [SEED]]

. "$(dirname "$0")/lib.sh"

REQUESTS=${1:-10000}
SEED=${2:-$(date +%s)}
SYSFS=/sys/class/crtos/partition0

# While the requests are made; what was done is counted in $TMP/NAME.
disturb()
{
	_name=$1
	shift
	_n=0
	while [ ! -e "$TMP/done" ]; do
		! "$@" $_n 2>/dev/null || _done=$((${_done:-0} + 1))
		_n=$((_n + 1))
		echo "${_done:-0}" >"$TMP/$_name"
		sleep 0.02
	done
}

# Not at all, hardly, for as long as requests come, as usual
change_polling()
{
	# shellcheck disable=SC2046
	set -- $(($1 % 4 + 1)) 0 3000 1000000000 50000
	shift "$1"
	echo "$1" >$SYSFS/poll_ns
}

change_target() { echo $(($1 % 2)) >$SYSFS/doorbell_cpu; }

migrate()
{
	for _task in $(pgrep -f 'run ./races '); do
		for _thread in /proc/"$_task"/task/*; do
			taskset -p $(($1 % 2 + 1)) "${_thread##*/}" >/dev/null || return 1
		done
	done
}

# The one that takes the doorbells, which then takes them again
unplug()
{
	echo 1 >$SYSFS/doorbell_cpu && echo 0 >$CPUS/cpu1/online || return 1
	sleep 0.1
	echo 1 >$CPUS/cpu1/online
}

requests()
{
	"$CRTOS" run ./races $(($2 / 2)) $((SEED + $1)) "$TMP/file$1" >"$TMP/races$1" 2>&1
	echo "status: $?" >>"$TMP/races$1"
}

# make COUNT NAME COMMAND...: the requests, while each command is repeated
make()
{
	rm -f "$TMP/done"
	_count=$1
	shift
	_helpers=
	for _disturber; do
		disturb "$_disturber" "$_disturber" &
		_helpers="$_helpers $!"
	done
	requests 1 "$_count" &
	requests 2 "$_count"
	wait $!
	: >"$TMP/done"
	# shellcheck disable=SC2086
	wait $_helpers
	for _disturber; do
		echo "# $_disturber: $(cat "$TMP/$_disturber") times" >&3
	done
	sed 's/^/# /' "$TMP/races2" >&3
}

all_answered()
{
	make "$@"
	shift
	for _i in 1 2; do
		grep -qx "status: 0" "$TMP/races$_i" && grep -qx "missed: 0" "$TMP/races$_i" || {
			cat "$TMP/races$_i"
			return 1
		}
	done
	for _disturber; do
		[ "$(cat "$TMP/$_disturber")" -ge 2 ] || {
			echo "$_disturber: not often enough"
			return 1
		}
	done
}

# The watchdog would have found it.
none_lost() { equal "lost doorbells" "$(status lost_doorbells)" 0; }

if [ "$(cat $CPUS/online)" = 0-1 ]; then
	ktap_print_header
	# Says what else there is not.
	need_partition
	skip_all "two CPUs"
fi
exec 3>&1
begin 9
echo "# seed $SEED, $REQUESTS requests"
N=$((REQUESTS / 5))
echo 0 >$SYSFS/poll_ns
try "a worker that sleeps" all_answered $N
echo 1000000000 >$SYSFS/poll_ns
try "a worker that polls" all_answered $N
try "a worker that does now this, now that" all_answered $N change_polling
try "a worker that moves" all_answered $N change_polling migrate change_target
try "the CPU goes away" all_answered $N change_polling unplug
try "no doorbell was lost" none_lost
try "Linux was rung" test "$(status doorbells_in)" -gt 0
try "Linux was not rung for what it polled for" test "$(status rtos_suppressed_doorbells)" -gt 0
try "no doorbell was for nothing" equal throttled "$(status throttled)" 0
finish
