#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# An RTOS on a CPU of its own that makes random entries, page tables and descriptors,
# see rtos/hostile.c. Linux kills its
# processes, or answers, and stays as it is.
#
#	fuzz.sh [ROUNDS [SEED]]

. "$(dirname "$0")/lib.sh"

ROUNDS=${1:-${crtos_rounds:-20}}
SEED=${2:-${crtos_seed:-1}}

floods() { dmesg | grep -c "crtos: partition .*: the RTOS floods Linux"; }

# A kernel that checks itself takes long for an interrupt
is_slow() { zcat /proc/config.gz | grep -qE '^CONFIG_(KASAN|KCSAN|PROVE_LOCKING)=y'; }

# It rings at random, too: a slow Linux may stop it for that.
stopped_for_flooding()
{
	is_slow && [ "$(floods)" -gt "$_floods" ] || return 1
	_floods=$(floods)
	ends_with 137 wait "$PID"
	stop && start "$HOSTILE" || return 1
	"$CRTOS" run ./stay &
	PID=$!
	wait_for one_process
}

# Its end is its own affair: it may be killed for what it did.
rounds()
{
	_i=0 _floods=$(floods)
	while [ $_i -lt "$ROUNDS" ]; do
		# It writes to any descriptor that it has: not to those of who runs this test.
		timeout -s KILL 60 "$CRTOS" run ./fuzz $((SEED + _i)) \
			3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-
		_status=$?
		case $_status in
		0 | 137) ;;
		125)
			stopped_for_flooding || return 1
			continue
			;;
		*)
			echo "seed $((SEED + _i)): status $_status"
			return 1
			;;
		esac
		[ "$(status state)" = running ] || return 1
		_i=$((_i + 1))
	done
	# Also if it was the last one
	"$CRTOS" run ./well || stopped_for_flooding
}

begin 6 "$HOSTILE"
"$CRTOS" run ./stay &
PID=$!
try "neighbour" wait_for one_process
try "$ROUNDS programs from seed $SEED" rounds
try "a process that behaves" ends_with 0 run ./well
try "the neighbour is still there" still_there "$PID"
try "stop" stop
try "the CPU is back" equal "CPU $CPU online" "$(cat "$CPUS/cpu$CPU/online")" 1
finish
