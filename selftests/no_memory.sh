#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Without crtos_mem= on the kernel command line. Not for a machine that has it.

. "$(dirname "$0")/lib.sh"

ktap_print_header
need_crtos
! grep -q "CRTOS partition" /proc/iomem || skip_all "crtos_mem= is on the kernel command line"
CPU=$(last_cpu $CPUS/online)
trap stop_quietly EXIT

ktap_set_plan 6
try "start" says 1 "add crtos_mem=" start "$IMAGE" --cpu "$CPU"
try "the CPU stays online" equal "last CPU" "$(last_cpu $CPUS/online)" "$CPU"
try "run" says 125 "crtos start" run ./hello
try "status" says 1 "crtos start" status
try "log" says 1 "crtos start" log
try "stop" says 1 "crtos start" stop
finish
