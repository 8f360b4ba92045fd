#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# An RTOS that something else started: here a monitor on a lent CPU, which
# leaves the CPU to an image of another partition.

. "$(dirname "$0")/lib.sh"

PARTITIONS="0 1"
PARK=${PARK:-./crtos-park.img}

second() { "$CRTOS" -p 1 "$@"; }
second_status() { status_of 1 "$1"; }
header() { second status | sed -n 's/^memory: .* at //p'; }

bad_arguments()
{
	says 1 "no such CPU" -p 1 start --backend external --no-wait --apicid 200 &&
		says 1 "online" -p 1 start --backend external --no-wait --apicid 0 &&
		says 1 "hypervisor" -p 1 start --backend external --no-wait --apicid "$APICID" \
			--hypervisor jailhouse --cell 1 &&
		says 2 "wrong arguments" -p 1 start --backend external "$IMAGE"
}

# Linux waits for it, and nobody has started it.
not_ready()
{
	second start --backend external --no-wait "$IMAGE" --apicid "$APICID" &&
		equal state "$(second_status state)" running &&
		equal rtos_state "$(second_status rtos_state)" booting &&
		says 125 "not ready" -p 1 run ./life exit 0
}

entered()
{
	run ./enter "$(printf '0x%x' $(($(header) + 0x200000 + ENTRY)))" "$(header)" || return 1
	wait_for second_is_ready
}

second_is_empty() { [ "$(second_status processes)" = 0 ]; }
second_is_ready() { [ "$(second_status rtos_state)" = ready ]; }

# Linux lets go of it and takes it in again; its monitor knows nothing of that.
again()
{
	second stop && equal state "$(second_status state)" stopped &&
		second start --backend external --apicid "$APICID" --vector 0x66 &&
		equal vector "$(second_status vector)" 102 && ends_with 42 second run ./life exit 42
}

runs()
{
	_i=0
	while [ $_i -lt 16 ]; do
		ends_with $_i second run ./life exit $_i || return 1
		_i=$((_i + 1))
	done
}

# The one that lent the CPU ends: Linux has it, and nobody else gets it.
nobody_else()
{
	stop && equal "online CPUs" "$(cat $CPUS/online)" "$BEFORE" &&
		says 1 "lent only once" start "$PARK" --cpu "$CPU" &&
		equal "online CPUs" "$(cat $CPUS/online)" "$BEFORE"
}

all_back()
{
	second stop && start "$PARK" && stop && equal "online CPUs" "$(cat $CPUS/online)" "$BEFORE"
}

# bring 0|1: the CPU offline or online
bring() { echo "$1" >"$CPUS/cpu$CPU/online"; }

# A CPU that nobody has lent: it is an external RTOS's as long as that is there.
kept_offline()
{
	bring 0 && second start --backend external --no-wait "$IMAGE" --apicid "$APICID" ||
		return 1
	if bring 1; then
		echo "it comes online"
		return 1
	fi
	equal online "$(cat "$CPUS/cpu$CPU/online")" 0 && second stop && bring 1 &&
		equal "online CPUs" "$(cat $CPUS/online)" "$BEFORE"
}

BEFORE=$(cat $CPUS/online)
# Offset of the entry point: fifth field of struct crtos_image
ENTRY=$(od -A n -t u4 -j 32 -N 4 "$IMAGE" | tr -d ' ')

if [ "$(regions)" -lt 2 ]; then
	ktap_print_header
	# Says what else there is not.
	need_partition
	skip_all "one crtos_mem= on the kernel command line"
fi
begin 11 "$PARK"
APICID=$(status apicids)
try "arguments" bad_arguments
try "nobody started it" not_ready
try "it is entered" entered
try "a program runs on it" ends_with 42 second run ./life exit 42
try "its calls are Linux's" second run ./calls
try "Linux lets go of it and comes back" again
try "16 runs" runs
try "no process is left" wait_for second_is_empty
try "nobody else is started there" nobody_else
try "the CPU comes back" all_back
try "a CPU is kept offline" kept_offline
finish
