#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# How long does an operation take that is forwarded, in each of the ways to do that?
# And what can it be compared with? Two lines for each, in cycles of the time stamp
# counter: "# bench VARIANT OPERATION MIN MEDIAN P99 COUNT", "# dist VARIANT OPERATION"
# and 21 quantiles. They are worth something where time is no accident.

. "$(dirname "$0")/lib.sh"

ROUNDS=${1:-1000}
# Each of them waits for a timer.
READ_ROUNDS=$(((ROUNDS + 4) / 5))
NAME=crtos_test_floor
MODULE=./test_modules/$NAME.ko
# Cycles in a microsecond
MHZ=$(awk '/^cpu MHz/ { printf "%.0f", $4; exit }' /proc/cpuinfo)
PIDS=

# VARIANT NEEDS METHOD PROXY POLL_NS LEAST MOST OPERATION...
# METHOD, LEAST and MOST are those of bench, but in microseconds: 300 are longer than
# it takes to go to sleep. Polled: POLL_NS does not end.
cases()
{
	cat <<-END
		native               -      native         -      0          0   0   $ALL
		kernel               module kernel         -      0          0   0   $CALLS
		floor-woken-senduipi both   floor-senduipi -      0          300 300 none
		floor-woken-ipi      module floor-ipi      -      0          300 300 none
		floor-polled         module floor-polled   -      0          0   0   none
		woken-ipi            -      ipi            -      0          300 300 $ALL
		woken-senduipi       uintr  senduipi       -      0          300 300 $ALL
		woken-ring3          uintr  ring3          -      0          300 300 $ALL
		woken-posted         uintr  posted         -      0          300 300 $ALL
		polled               uintr  ring3          -      1000000000 0   0   $ALL
		polled-kernel        -      ipi            -      1000000000 0   0   $ALL
		adaptive             uintr  ring3          -      50000      0   200 $ALL
		proxy-signal         module proxy          signal 0          300 300 $ALL
		proxy-ioctl          module proxy          ioctl  0          300 300 $ALL
		proxy-polled         module proxy-polled   polled 0          0   0   $ALL
	END
}
CALLS='getppid write1 write4k'
ALL="$CALLS readblock"

# address FUNCTION: of the kernel
address() { sed -n "s/ [Tt] $1\$//p" /proc/kallsyms; }

load()
{
	[ -e $MODULE ] && insmod $MODULE cpu="$CPU" getppid="0x$(address __x64_sys_getppid)" \
		write="0x$(address __x64_sys_write)"
}

# Why not, if a variant that NEEDS that cannot be
missing()
{
	case $1 in
	uintr | both)
		status rtos_features | grep -q senduipi || echo "no user interrupts"
		;;
	esac
	case $1 in
	module | both)
		[ -e "/sys/module/$NAME" ] || echo "no $MODULE, or it does not load"
		;;
	esac
}

# here COMMAND...: beside what is measured
here()
{
	"$@" &
	PIDS="$PIDS $!"
}

end_here()
{
	for _pid in $PIDS; do
		kill "$_pid" 2>/dev/null
		wait "$_pid"
	done
	PIDS=
}

# bench METHOD ARGUMENT...: on the side where that is
bench()
{
	case $1 in
	native | kernel) ./bench "$@" ;;
	*) run ./bench "$@" ;;
	esac
}

# measure VARIANT METHOD PROXY POLL_NS LEAST MOST OPERATION
measure()
{
	_file=$TMP/file _rounds=$ROUNDS _ret=0
	rm -f "$_file"
	if [ "$7" = readblock ]; then
		_rounds=$READ_ROUNDS
		mkfifo "$_file" || return
		here ./proxy writer "$_file"
	fi
	[ "$3" = - ] || here ./proxy "$3" "$_file"
	echo "$4" >/sys/class/crtos/partition0/poll_ns
	bench "$2" "$7" "$_rounds" "$5" "$6" "$_file" >"$TMP/figures" || _ret=$?
	end_here
	[ $_ret = 0 ] || return
	sed -e "1s/^/# bench $1 $7 /" -e "2s/^/# dist $1 $7 /" "$TMP/figures" >&3
}

# variant VARIANT NEEDS METHOD PROXY POLL_NS LEAST MOST OPERATION...
variant()
{
	_variant=$1 _why=$(missing "$2") _method=$3 _proxy=$4 _poll=$5
	_least=$(($6 * MHZ)) _most=$(($7 * MHZ))
	shift 7
	for _operation in "$@"; do
		if [ -n "$_why" ]; then
			skip "$_why" "$_variant, $_operation"
		else
			try "$_variant, $_operation" measure "$_variant" "$_method" "$_proxy" \
				"$_poll" "$_least" "$_most" "$_operation"
		fi
	done
}

clean_up()
{
	end_here
	[ ! -e "/sys/module/$NAME" ] || rmmod "$NAME"
	stop_quietly
}

exec 3>&1
begin "$(cases | awk '{ n += NF - 7 } END { print n }')"
trap clean_up EXIT
# Where the worker runs the proxies run, and everything else.
taskset -p 1 $$ >/dev/null
load || ktap_print_msg "no $NAME"
cases >"$TMP/cases"
while read -r line <&4; do
	# shellcheck disable=SC2086 # words
	variant $line
done 4<"$TMP/cases"
echo 50000 >/sys/class/crtos/partition0/poll_ns
[ ! -e "/sys/module/$NAME" ] || rmmod "$NAME"
finish
