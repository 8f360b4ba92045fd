#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Interrupts reach whom they are for, and nobody else. The test RTOS resets its
# APIC when it starts: all of this is after that.

. "$(dirname "$0")/lib.sh"

# row NAME: a row of /proc/interrupts, summed over the CPUs
row()
{
	awk -v row="$1:" '$1 == row { for (i = 2; $i ~ /^[0-9]+$/; i++) sum += $i } END { print sum + 0 }' \
		/proc/interrupts
}

# columns NAME: on how many CPUs it is not 0
columns()
{
	awk -v row="$1:" '$1 == row { for (i = 2; $i ~ /^[0-9]+$/; i++) n += $i > 0 } END { print n + 0 }' \
		/proc/interrupts
}

apic_was_reset() { "$CRTOS" log | grep "APIC $(status apicids) ("; }

some_work()
{
	run ./hello /proc/sys/kernel/ostype "$TMP/made" >/dev/null
	ends_with 0 run ./latency 50 "$TMP/latency" >/dev/null
}

doorbells_rang()
{
	[ "$(status doorbells_in)" -gt 0 ] && [ "$(status doorbells_out)" -gt 0 ]
}

# The last one may still be on its way.
taken_by_rtos() { [ "$(status doorbells_out)" = "$(status rtos_doorbells_in)" ]; }
taken_by_linux() { [ "$(status rtos_doorbells_out)" = $(($(row PRN) - PRN)) ]; }

# equal_row NAME BEFORE
equal_row() { equal "row $1" "$(row "$1")" "$2"; }

no_complaints() { ! dmesg | grep -i -e "No irq handler" -e "spurious.*vector" -e "notifies no CPU"; }

PRN=$(row PRN)
SPU=$(row SPU)
ERR=$(row ERR)
dmesg -c >/dev/null 2>&1
begin 10
try "the RTOS has reset its APIC" apic_was_reset
try "programs run" some_work
try "both sides rang" doorbells_rang
try "the RTOS took what Linux sent" wait_for taken_by_rtos
try "Linux took what the RTOS sent" wait_for taken_by_linux
try "on one CPU" equal CPUs "$(columns PRN)" 1
try "the RTOS took nothing else" equal "stray vectors" "$(status rtos_stray_vectors)" 0
try "no spurious interrupts" equal_row SPU "$SPU"
try "no APIC errors" equal_row ERR "$ERR"
try "no interrupt that nobody expects" no_complaints
finish
