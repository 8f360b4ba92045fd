# SPDX-License-Identifier: GPL-2.0
# Sourced by the tests, which are for root, on any machine: without CRTOS,
# reserved memory or a CPU to lend they skip.
# shellcheck shell=sh

DIR=$(dirname "$(readlink -f "$0")")
cd "$DIR" || exit 1
. ../kselftest/ktap_helpers.sh

CRTOS=${CRTOS:-./crtos}
IMAGE=${IMAGE:-./crtos-rtos.img}
HOSTILE=${HOSTILE:-./crtos-hostile.img}
CPUS=/sys/devices/system/cpu
# Those that a test uses: they must be free before it, and are free after it.
PARTITIONS=${CRTOS_PARTITION:-0}
# Seconds for a program that is run twice
LIMIT=${CRTOS_LIMIT:-200}
TMP=$(mktemp -d)
trap 'rm -rf "$TMP"' EXIT

skip_all()
{
	ktap_skip_all "$*"
	exit "$KSFT_SKIP"
}

# The last number of a list of CPUs such as 0-2,4
last_cpu()
{
	sed 's/.*[-,]//' "$1"
}

need_crtos()
{
	[ "$(id -u)" = 0 ] || skip_all "must be run as root"
	[ -e /dev/crtos ] || skip_all "no CONFIG_CRTOS"
}

need_partition()
{
	need_crtos
	grep -q "CRTOS partition" /proc/iomem || skip_all "no crtos_mem= on the kernel command line"
	CPU=${CPU:-$(last_cpu $CPUS/online)}
	[ "$CPU" != 0 ] || skip_all "no CPU to lend"
	for _partition in $PARTITIONS; do
		[ "$(status_of "$_partition" state)" != running ] || skip_all "an RTOS is running"
	done
	trap stop_quietly EXIT
}

stop_quietly()
{
	for _partition in $PARTITIONS; do
		"$CRTOS" -p "$_partition" stop 2>/dev/null
	done
	rm -rf "$TMP"
}

start() { "$CRTOS" start "${1:-$IMAGE}" --cpu "$CPU"; }
stop() { "$CRTOS" stop; }
run() { "$CRTOS" run "$@"; }

# status NAME: one of the values
status()
{
	"$CRTOS" status 2>/dev/null | sed -n "s/^$1: //p"
}

# status_of PARTITION NAME: the same for one that is not the default
status_of()
{
	"$CRTOS" -p "$1" status 2>/dev/null | sed -n "s/^$2: //p"
}

# How many partitions have memory?
regions() { grep -c "CRTOS partition" /proc/iomem; }

# wait_for COMMAND...: until it succeeds, for a minute
wait_for()
{
	_tries=600
	until "$@"; do
		_tries=$((_tries - 1))
		if [ $_tries = 0 ]; then
			echo "timed out: $*"
			return 1
		fi
		sleep 0.1
	done
}

# Whether somebody writes events to that file is seen by one that was asked for.
listening()
{
	echo change >/sys/class/crtos/partition0/uevent
	[ -s "$TMP/events" ]
}

# Events are recorded without the names of tasks, for which the scheduler would be traced,
# too: in its code other CPUs always are, and QEMU is not up to that, see testing.rst.
cold_tracing()
{
	[ ! -e /sys/kernel/tracing/options/record-cmd ] ||
		echo 0 >/sys/kernel/tracing/options/record-cmd
}

# Does the kernel check itself? Then all takes longer, interrupts above all.
is_slow()
{
	zcat /proc/config.gz 2>/dev/null | grep -qE '^CONFIG_(KASAN|KCSAN|PROVE_LOCKING)=y'
}

# still_there PID: a process on the RTOS, the only one, which is killed then
still_there()
{
	equal processes "$(status processes)" 1 || return 1
	kill -KILL "$1" || return 1
	ends_with 137 wait "$1"
}

no_processes() { [ "$(status processes)" = 0 ]; }
one_process() { [ "$(status processes)" = 1 ]; }

# row NAME: of /proc/interrupts, a number for each CPU
row()
{
	awk -v row="$1:" '$1 == row { for (i = 2; $i ~ /^[0-9]+$/; i++) print $i }' /proc/interrupts
}

sum() { awk '{ sum += $1 } END { print sum + 0 }'; }

# "TICKS SECONDS" so far, on the CPU that takes the doorbells
ticks()
{
	echo "$(row LOC | sed -n "$((DOORBELL_CPU + 1))p")" "$(cut -d ' ' -f 1 /proc/uptime)"
}

# ticks_lost_by COMMAND...: sets LOST. The CPU is kept busy, so that it needs the
# tick, and the second before the command says how many there are.
ticks_lost_by()
{
	DOORBELL_CPU=$(status doorbell_cpu)
	taskset $((1 << DOORBELL_CPU)) sh -c 'while :; do :; done' &
	_busy=$!
	_before=$(ticks)
	sleep 1
	_between=$(ticks)
	_ret=0
	"$@" || _ret=$?
	_after=$(ticks)
	kill $_busy
	wait $_busy
	# shellcheck disable=SC2034 # for the caller
	LOST=$(echo "$_before $_between $_after" | awk '{
		rate = ($3 - $1) / ($4 - $2)
		lost = ($6 - $4) * rate - ($5 - $3)
		printf "%d", (lost > 0 ? lost : 0)
	}')
	return $_ret
}

# equal WHAT GOT EXPECTED
equal()
{
	[ "$2" = "$3" ] || {
		echo "$1: $2, not $3"
		return 1
	}
}

# ends_with STATUS COMMAND...
ends_with()
{
	_expected=$1
	shift
	_got=0
	"$@" || _got=$?
	equal "status of $*" "$_got" "$_expected"
}

# says STATUS TEXT ARGUMENT...: the tool ends with STATUS and TEXT is in its message
says()
{
	_status=$1 _text=$2
	shift 2
	ends_with "$_status" "$CRTOS" "$@" >"$TMP/message" 2>&1 &&
		grep -qe "$_text" "$TMP/message" && return
	echo "no '$_text' in:"
	cat "$TMP/message"
	return 1
}

# native COMMAND..., forwarded COMMAND...: output and status to $TMP
native()
{
	timeout -s KILL "$LIMIT" "$@" >"$TMP/native" 2>&1
	echo "status: $?" >>"$TMP/native"
}

forwarded()
{
	timeout -s KILL "$LIMIT" "$CRTOS" run "$@" >"$TMP/forwarded" 2>&1
	echo "status: $?" >>"$TMP/forwarded"
}

# in_directory native|forwarded COMMAND...: in a directory with the same name for both,
# which is empty at first
in_directory()
{
	_how=$1
	shift
	mkdir "$TMP/work" && cd "$TMP/work" || return
	$_how "$@" </dev/null
	cd "$DIR" && rm -rf "$TMP/work"
}

# same COMMAND...: on Linux and on the RTOS
same()
{
	native "$@"
	forwarded "$@"
	diff "$TMP/native" "$TMP/forwarded"
}

# try NAME COMMAND...: a result; the output is shown if it is bad
try()
{
	_name=$1
	shift
	if "$@" >"$TMP/output" 2>&1; then
		ktap_test_pass "$_name"
	else
		sed 's/^/# /' "$TMP/output"
		ktap_test_fail "$_name"
	fi
}

# skip WHY NAME...: results that this machine cannot give. Each that may be skipped
# there is in reviewed-skips.
skip()
{
	ktap_print_msg "$1"
	shift
	for _name in "$@"; do
		ktap_test_skip "$_name"
	done
}

# begin PLAN: with an RTOS that runs, or not at all
begin()
{
	ktap_print_header
	need_partition
	ktap_set_plan "$1"
	start "${2:-}" >"$TMP/output" 2>&1 || {
		sed 's/^/# /' "$TMP/output"
		ktap_exit_fail_msg "the RTOS does not start"
	}
}

# begin_with COMMAND: a result for each line of $TESTS, all skipped if there is no such
begin_with()
{
	begin "$(echo "$TESTS" | wc -l)"
	command -v "$1" >/dev/null && return
	echo "$TESTS" >"$TMP/tests"
	while read -r _test; do
		skip "no $1" "$_test"
	done <"$TMP/tests"
	finish
}

finish()
{
	trap - EXIT
	stop_quietly
	ktap_finished
}
