#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Posted receivers without CRTOS: the threads of a module post requests on all
# CPUs, and each is answered, whatever becomes of the CPU that is notified.

. "$(dirname "$0")/lib.sh"

NAME=crtos_test_receiver
MODULE=./test_modules/$NAME.ko
RESULTS=/sys/kernel/debug/$NAME
POSTS=2000
TIMES=10
! is_slow || TIMES=3
UNTIL_TOLD=4294967295

value() { cat "$RESULTS/$1"; }
load() { insmod "$MODULE" "$@"; }
loaded() { [ -e "/sys/module/$NAME" ]; }
unload() { rmmod "$NAME"; }

# set_online CPU 0|1
set_online() { echo "$2" >"$CPUS/cpu$1/online"; }

# A line for each
online_cpus()
{
	for _cpu in "$CPUS"/cpu[0-9]*; do
		[ "$(cat "$_cpu/online" 2>/dev/null)" = 0 ] || echo "${_cpu##*/cpu}"
	done | sort -n
}

# The last one that can go offline
find_cpu()
{
	for _cpu in $(online_cpus); do
		[ ! -e "$CPUS/cpu$_cpu/online" ] || echo "$_cpu"
	done | tail -n 1
}

# Each CPU's number and how often it was notified
notifications()
{
	row PRN >"$TMP/row"
	online_cpus | paste - "$TMP/row"
}

# took FILE: the CPUs that were notified since FILE was made of notifications
took() { notifications | paste "$1" - | awk '$2 != $4 { print $1 }'; }

# wait_for_answers COMMAND...: with what there is to know if it is in vain
wait_for_answers()
{
	wait_for "$@" || {
		grep . "$RESULTS"/*
		return 1
	}
}

answered() { [ "$(value answered)" = "$1" ]; }
answered_up_to() { [ "$(value answered)" -ge "$1" ]; }
answered_posted() { answered "$(value posted)"; }
answers_go_on() { wait_for_answers answered_up_to $(($(value answered) + 100)); }
none_lost() { equal lost "$(value lost)" 0; }

# choose CPU: to be notified
choose() { echo "$1" >"$RESULTS/cpu" && equal "the CPU to notify" "$(value cpu)" "$1"; }

was_notified() { took "$TMP/before" | grep -qx "$1"; }

# Others may still take what was on its way to them.
moves_to()
{
	choose "$1" || return
	notifications >"$TMP/before"
	wait_for was_notified "$1" && answers_go_on
}

# moves TIMES: to each CPU
moves()
{
	for _round in $(seq "$1"); do
		for _to in $(online_cpus); do
			moves_to "$_to" || return
		done
	done
}

# while_offline COMMAND...: CPU is offline meanwhile
while_offline()
{
	set_online "$CPU" 0 || return
	_result=0
	"$@" || _result=$?
	set_online "$CPU" 1 && return $_result
}

moved_away() { online_cpus | grep -qx "$(value cpu)" && answers_go_on; }

# survives TIMES COMMAND: CPU is chosen by COMMAND and goes
survives()
{
	for _round in $(seq "$1"); do
		"$2" "$CPU" && while_offline moved_away && answers_go_on || return
	done
}

no_move() { ! choose "$CPU" && moved_away; }

# How insmod says EINVAL depends on whose it is.
no_load()
{
	! load "cpu=$CPU" 2>"$TMP/message" && ! loaded && grep -i "invalid" "$TMP/message"
}

was_throttled() { [ "$(value throttled)" -gt 0 ]; }
throttle() { echo Y >"$RESULTS/useless" && wait_for was_throttled && answers_go_on; }
end_throttle() { echo N >"$RESULTS/useless" && moves 1; }

stop_senders() { echo 0 >"$RESULTS/posts" && wait_for_answers answered_posted; }

no_complaints()
{
	! dmesg | tail -n "+$MESSAGES" | grep -i -e "$NAME: a request" -e "WARNING:" -e "BUG:" \
		-e "No irq handler" -e "spurious.*vector" -e "notifies no CPU"
}

clean_up()
{
	! loaded || unload
	[ -z "$CPU" ] || set_online "$CPU" 1
	rm -rf "$TMP"
}

# try_offline NAME COMMAND...: for which CPU goes offline
try_offline()
{
	if [ -n "$CPU" ]; then
		try "$@"
	else
		skip "no CPU can go offline" "$1"
	fi
}

ktap_print_header
[ "$(id -u)" = 0 ] || skip_all "must be run as root"
[ -e /proc/modules ] || skip_all "no CONFIG_MODULES"
grep -q "PRN:" /proc/interrupts || skip_all "no CONFIG_X86_POSTED_RECEIVER"
[ -e $MODULE ] || skip_all "no $MODULE: build the selftests with KDIR="
grep -q "^[^ ]* /sys/kernel/debug debugfs" /proc/mounts || skip_all "debugfs is not mounted"
! loaded || skip_all "$NAME is loaded"
CPU=$(find_cpu)
trap clean_up EXIT

ktap_set_plan 21
MESSAGES=$(($(dmesg | wc -l) + 1))
notifications >"$TMP/start"
try "a module registers a receiver" load posts=$POSTS
try "every request is answered" wait_for_answers answered $((POSTS * $(online_cpus | wc -l)))
try "none was lost" none_lost
try "CPU 0 is notified, no other" equal CPUs "$(took "$TMP/start")" 0
try "it is unloaded" unload

try "it registers again" load posts=$UNTIL_TOLD
try "requests go on" answers_go_on
try "the receiver moves" moves $TIMES
try_offline "it leaves a CPU that goes offline" survives $TIMES moves_to
try_offline "it does not move to one that is offline" while_offline no_move
try "it is throttled" throttle
try_offline "it leaves a CPU that goes offline while it is throttled" survives 3 choose
try "it is throttled no more" end_throttle
try "nobody is taken for a flood" equal floods "$(value floods)" 0
try "the last requests are answered" stop_senders
try "none of them was lost" none_lost
try "it is unloaded again" unload
try_offline "none registers on a CPU that is offline" while_offline no_load
try "another CPU is notified first" load posts=$POSTS cpu="${CPU:-0}"
try "it is unloaded while it sends" unload
try "nothing to complain about" no_complaints
trap - EXIT
clean_up
ktap_finished
