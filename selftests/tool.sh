#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# What the tool says and how it ends, for every kind of mistake.

. "$(dirname "$0")/lib.sh"

# The image, but for version 99 of the ABI
wrong_version()
{
	head -c 8 "$IMAGE"
	printf '\143\0\0\0'
	tail -c +13 "$IMAGE"
}

ktap_print_header
need_partition
ktap_set_plan 26
wrong_version >"$TMP/version.img"
echo text >"$TMP/text"

try "no command" says 2 usage
try "unknown command" says 2 "no such command" frob
try "help" says 0 SYNOPSIS help
try "start without a CPU" says 2 "crtos help" start "$IMAGE"
try "start without an image" says 2 "crtos help" start --cpu "$CPU"
try "list that is none" says 2 "crtos help" start "$IMAGE" --cpu "$CPU,"
try "missing image" says 1 "No such file" start "$TMP/none" --cpu "$CPU"
try "image that is a directory" says 1 "directory" start "$TMP" --cpu "$CPU"
try "image that is none" says 1 "not an RTOS image" start "$TMP/text" --cpu "$CPU"
try "empty image" says 1 "not an RTOS image" start /dev/null --cpu "$CPU"
try "image for another version" \
	says 1 "version 99 .* version 1;" start "$TMP/version.img" --cpu "$CPU"
try "boot CPU" says 1 "boot CPU" start "$IMAGE" --cpu 0
try "no such CPU" says 1 "no such CPU" start "$IMAGE" --cpu 4095
try "same CPU twice" says 1 "each CPU once" start "$IMAGE" --cpu "$CPU,$CPU"
try "run without an RTOS" says 125 "crtos start" run ./hello
try "stop without an RTOS" says 1 "crtos start" stop
try "run without a program" says 125 "crtos help" run
try "mask that is none" says 125 "crtos help" run --blocked 2g ./hello
try "program that is not in PATH" says 127 "not found in PATH" run no-such-program
try "start" start
try "start again" says 1 "crtos stop" start "$IMAGE" --cpu "$CPU"
try "status" says 0 "^cpus: $CPU\$" status
try "log" says 0 "test RTOS" log
try "argument too many" says 2 "crtos help" status now
try "stop" stop
try "log afterwards" says 0 "test RTOS" log
finish
