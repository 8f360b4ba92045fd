#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Shells at a terminal: what somebody types at one on the RTOS has the effect that it
# has on Linux.

. "$(dirname "$0")/lib.sh"

# It takes long there, and would say what it says elsewhere.
! grep -q crtos.machine=bochs /proc/cmdline || skip_all "Bochs is slow"

CRTOS=$(readlink -f "$CRTOS")
export PS1='ready> ' ENV=/dev/null HISTFILE=/dev/null TERM=linux

# dialogue NAME: on standard output. busybox sh loses a line that SIGCHLD interrupts, as that
# of a job that goes on may: hence the sleep.
dialogue()
{
	case $1 in
	commands)
		cat <<-'END'
			wait ready>
			type echo sum $((40 + 2))\r
			wait sum 42
			wait ready>
			type tty >/dev/null && echo on a terminal\r
			wait on a terminal
			wait ready>
			type exit 5\r
			status 5
		END
		;;
	editing)
		cat <<-'END'
			wait ready>
			type echo wronf\bg | tr a-z A-Z\r
			wait WRONG
			wait ready>
			type cho x$((1 + 1))x^Ae\r
			wait x2x
			wait ready>
			type ^P\r
			wait x2x
			wait ready>
			type nonsense^Uexit\r
			status 0
		END
		;;
	interrupt)
		cat <<-'END'
			wait ready>
			type sh -c 'echo be""gun; exec sleep 1000'\r
			wait begun
			type ^C
			wait ready>
			type echo status $?\r
			wait status 130
			wait ready>
			type busybox sh -c 'echo ag""ain; while :; do :; done'\r
			wait again
			type ^C
			wait ready>
			type half a line
			pause 300
			type ^C
			wait ready>
			type exit 3\r
			status 3
		END
		;;
	loop)
		cat <<-'END'
			wait ready>
			type echo be""gun; while :; do :; done\r
			wait begun
			type ^C
			wait ready>
			type exit 6\r
			status 6
		END
		;;
	stop)
		cat <<-'END'
			wait ready>
			type sh -c 'echo be""gun; exec sleep 1000'\r
			wait begun
			type ^Z
			wait Stopped
			wait ready>
			type bg >/dev/null; sleep 0.1; jobs\r
			wait unning
			wait ready>
			type fg\r
			wait sleep 1000
			pause 500
			type ^Z
			wait Stopped
			wait ready>
			type bg >/dev/null; sleep 0.1; kill %1; wait %1; echo ended $?\r
			wait ended 143
			wait ready>
			type exit 4\r
			status 4
		END
		;;
	end)
		cat <<-'END'
			wait ready>
			type cat\r
			pause 300
			type line\r
			wait line
			wait line
			type ^D
			wait ready>
			type ^D
			status 0
		END
		;;
	esac
}

# WHAT COMMAND, of which the last one is split into words
# shellcheck disable=SC2086
native_dialogue() { dialogue "$1" | timeout -s KILL 100 ./terminal $2; }
# shellcheck disable=SC2086
rtos_dialogue() { dialogue "$1" | timeout -s KILL 100 ./terminal "$CRTOS" run $2; }

there() { command -v "$1" >/dev/null; }

BASH_STATIC='bash-static --norc --noprofile'
DIALOGUES='commands editing interrupt stop end'
begin 22
for _dialogue in $DIALOGUES; do
	try "busybox sh, $_dialogue, on Linux" native_dialogue "$_dialogue" "busybox sh"
	try "busybox sh, $_dialogue" rtos_dialogue "$_dialogue" "busybox sh"
done
# busybox sh leaves a loop of its own from the signal handler, with whatever lock it has, and
# hangs natively, too, when it wants that again.
for _dialogue in $DIALOGUES loop; do
	if there bash-static; then
		try "bash, $_dialogue, on Linux" native_dialogue "$_dialogue" "$BASH_STATIC"
		try "bash, $_dialogue" rtos_dialogue "$_dialogue" "$BASH_STATIC"
	else
		skip "there is no bash-static" "bash, $_dialogue, on Linux" "bash, $_dialogue"
	fi
done
finish
