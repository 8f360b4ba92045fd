#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# How long did forwarded calls take, as a trace of the events of the group crtos says?
# By name, in microseconds, what took most in all first:
#
#	call_latency.sh [FILE]		else standard input
#
# FILE: /sys/kernel/tracing/trace, with what events/crtos/enable brings; what trace-cmd
# report and perf script print is read, too.
#
# A call begins with the doorbell for it, or, if it needed none, when Linux takes it. It
# ends with the notification of its result, or, if none was asked for, with the result.
# "rung" says how many had a doorbell. The last three are shares of all that time: from
# the doorbell to the call, from there to the result, from there to the notification. A
# doorbell for something that is no system call cannot be told from another one.

LC_ALL=C
export LC_ALL

# A line for each call: name, microseconds, how many of them before it was taken and
# after the result, and 1 if it was rung for
calls()
{
	awk '
	function set_fields(    i, n) {
		split("", field)
		for (i = event + 1; i <= NF; i++) {
			n = index($i, "=")
			field[substr($i, 1, n - 1)] = substr($i, n + 1)
		}
	}

	# An event of a worker after a result tells when its call ended.
	function finish(notified,    slot, end) {
		if (!(task in last))
			return
		slot = last[task]
		end = notified ? now : done[slot]
		delete last[task]
		printf "%s %.0f %.0f %.0f %d\n", name[slot], (end - begun[slot]) * 1e6,
			(taken[slot] - begun[slot]) * 1e6, (end - done[slot]) * 1e6, rung[slot]
	}

	# Each digit is for four slots, each of which has a bit.
	function doorbell(    hex, i, k, digit, slot) {
		hex = field["slots"]
		sub(/^0x/, "", hex)
		for (i = 0; i < length(hex); i++) {
			digit = index("0123456789abcdef", substr(hex, length(hex) - i, 1)) - 1
			for (k = 0; k < 4; k++) {
				slot = field["partition"] " " i * 4 + k
				# While a call is made, it is too late for that one.
				if (digit % 2 && !(slot in busy))
					rang[slot] = now
				digit = int(digit / 2)
			}
		}
	}

	function call(slot) {
		name[slot] = field["name"]
		gsub(/"/, "", name[slot])
		busy[slot] = 1
		taken[slot] = now
		rung[slot] = slot in rang
		begun[slot] = rung[slot] ? rang[slot] : now
		delete rang[slot]
	}

	function result(slot) {
		if (!(slot in busy))
			return
		delete busy[slot]
		done[slot] = now
		last[task] = slot
	}

	{
		for (event = 2; event <= NF && $event !~ /^(crtos:)?crtos_[a-z]+:$/; event++)
			;
		if (event > NF || $1 ~ /^#/)
			next
		what = $event
		sub(/^crtos:/, "", what)
		now = $(event - 1)
		sub(/:$/, "", now)
		now += 0
		task = substr($0, 1, index($0, " ["))
		set_fields()
		slot = field["partition"] " " field["slot"]

		if (what == "crtos_doorbell:") {
			doorbell()
		} else {
			finish(what == "crtos_notify:")
			if (what == "crtos_call:")
				call(slot)
			else if (what == "crtos_result:")
				result(slot)
		}
	}

	END {
		for (task in last)
			finish(0)
	}' "$@"
}

# From lines that are sorted by name and time
table()
{
	awk '
	function part(time) { return sprintf("%.1f%%", all ? 100 * time / all : 0) }

	function show() {
		if (n)
			printf "%.0f %-20s %8d %8d %8.0f %8.0f %8.0f %8.0f %8s %8s %8s\n",
				all, name, n, rung, time[0], time[int(n / 2)],
				time[int(n * 99 / 100)], time[n - 1], part(before),
				part(all - before - after), part(after)
		n = all = before = after = rung = 0
	}

	$1 != name {
		show()
		name = $1
	}

	{
		time[n++] = $2
		all += $2
		before += $3
		after += $4
		rung += $5
	}

	END { show() }'
}

printf "%-20s %8s %8s %8s %8s %8s %8s %8s %8s %8s\n" call count rung min median p99 max \
	"to call" result notify
calls "$@" | sort -k 1,1 -k 2,2n | table | sort -k 1,1nr -k 2,2 | cut -d ' ' -f 2-
