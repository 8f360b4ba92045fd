#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Death at random moments: of shadows, of who started them, of the RTOS, and of the
# partition with calls of all its processes in flight; CPUs that go offline under it.
# After each nothing is left, and it works again without a reboot.
#
#	death.sh [TIMES [SEED]]

. "$(dirname "$0")/lib.sh"

TIMES=${1:-${crtos_deaths:-5}}
SEED=${2:-${crtos_seed:-1}}
LEAKS=/sys/kernel/debug/kmemleak
MANY=${crtos_many:-64}
# The counters of the kernel are exact only to a few for each CPU.
SLACK=128

# A number below N, which depends on the seed only
random()
{
	SEED=$(((SEED * 1103515245 + 12345) % 2147483648))
	RANDOM_NR=$((SEED / 65536 % $1))
}

# For up to so many milliseconds
random_sleep()
{
	random "$1"
	sleep "$(printf '0.%03d' "$RANDOM_NR")"
}

random_way()
{
	random 3
	case $RANDOM_NR in
	0) WAY=spin ;;
	1) WAY=calls ;;
	2) WAY="read" ;;
	esac
}

tasks() { grep -lx life /proc/[0-9]*/task/*/comm 2>/dev/null; }

no_tasks() { [ -z "$(tasks)" ]; }

# No shadow, no slot, and the RTOS takes programs
clean() { wait_for no_processes && wait_for no_tasks && ends_with 3 run ./life exit 3; }

# repeated COMMAND: as often as asked for, each time from where all is well
repeated()
{
	_time=0
	while [ $_time -lt "$TIMES" ]; do
		"$@" && clean || {
			echo "number $_time"
			return 1
		}
		_time=$((_time + 1))
	done
}

shadow()
{
	random_way
	"$CRTOS" run ./life $WAY <"$TMP/fifo" >/dev/null 9<&- &
	random_sleep 400
	kill -KILL $!
	ends_with 137 wait $!
}

# Who started it is killed; it goes on, and is killed then.
parent()
{
	random_way
	: >"$TMP/pid"
	# shellcheck disable=SC2016
	sh -c '"$0" run ./life "$1" <"$2" >/dev/null 9<&- & echo $! >"$3"; sleep 100' \
		"$CRTOS" $WAY "$TMP/fifo" "$TMP/pid" &
	wait_for test -s "$TMP/pid" && wait_for one_process || return 1
	random_sleep 300
	kill -KILL $!
	wait $!
	random_sleep 100
	equal processes "$(status processes)" 1 || return 1
	kill -KILL "$(cat "$TMP/pid")"
}

# The RTOS ends, one way or the other, beside a program that waits in a call.
rtos()
{
	stop && start "$HOSTILE" || return 1
	"$CRTOS" run ./stay &
	_stay=$!
	wait_for one_process || return 1
	random 2
	[ "$RANDOM_NR" = 0 ] && _way=loop || _way=halt
	ends_with 137 run ./$_way && ends_with 137 wait $_stay || return 1
	says 125 "stopped itself" run ./well || return 1
	random_sleep 200
	stop && start
}

many_processes() { [ "$(status processes)" -ge "$MANY" ]; }

# Stopped while all slots make calls
stopped()
{
	_pids=
	_i=0
	while [ $_i -lt "$MANY" ]; do
		"$CRTOS" run ./life calls >/dev/null 9<&- &
		_pids="$_pids $!"
		_i=$((_i + 1))
	done
	wait_for many_processes || return 1
	random_sleep 500
	stop || return 1
	for _pid in $_pids; do
		ends_with 137 wait "$_pid" || return 1
	done
	start
}

# A CPU of Linux goes and comes back while a program makes calls.
unplugged()
{
	"$CRTOS" run ./life calls >/dev/null 9<&- &
	wait_for one_process || return 1
	random_sleep 200
	echo 0 >"$CPUS/cpu1/online" || return 1
	random_sleep 200
	echo 1 >"$CPUS/cpu1/online" || return 1
	_calls=$(status calls)
	wait_for more_calls || return 1
	kill -KILL $!
	ends_with 137 wait $!
}

more_calls() { [ "$(status calls)" -gt "$_calls" ]; }

# Allocated files, in the whole system
files() { cut -f 1 /proc/sys/fs/file-nr; }

free_kib() { sed -n 's/^MemFree: *\([0-9]*\) .*/\1/p' /proc/meminfo; }

# What is lost of each death shows after so many of them.
nothing_lost()
{
	_files=$(($(files) - FILES)) _kib=$((KIB - $(free_kib)))
	echo "# $_files more files, $_kib KiB less free, $DEATHS deaths" >&3
	[ $_files -lt $SLACK ]
}

# Also what is only referred to by something that is lost
no_leaks()
{
	echo scan >$LEAKS && sleep 6 && echo scan >$LEAKS
	[ -z "$(cat $LEAKS)" ] || {
		cat $LEAKS
		return 1
	}
}

exec 3>&1
begin 8
mkfifo "$TMP/fifo"
exec 9<>"$TMP/fifo"
ends_with 3 run ./life exit 3
FILES=$(files) KIB=$(free_kib)
DEATHS=$((TIMES * 5))
try "shadows" repeated shadow
try "who started them" repeated parent
try "the RTOS" repeated rtos
try "the partition, with $MANY processes" repeated stopped
if [ -e "$CPUS/cpu1/online" ] && [ "$CPU" != 1 ]; then
	try "a CPU of Linux" repeated unplugged
else
	skip "no CPU that can go offline" "a CPU of Linux"
fi
try "no descriptor is lost" nothing_lost
if [ -e $LEAKS ]; then
	try "no memory is lost" no_leaks
else
	skip "no CONFIG_DEBUG_KMEMLEAK" "no memory is lost"
fi
exec 9>&-
try "stop, and the CPU is back" sh -c "'$CRTOS' stop && grep -q 1 $CPUS/cpu$CPU/online"
finish
