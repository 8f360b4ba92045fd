#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Interrupts reach whom they are for, and nobody else. The test RTOS resets its
# APIC when it starts: all of this is after that.

. "$(dirname "$0")/lib.sh"

# row NAME: of /proc/interrupts, a number for each CPU
row()
{
	awk -v row="$1:" '$1 == row { for (i = 2; $i ~ /^[0-9]+$/; i++) print $i }' /proc/interrupts
}

sum() { awk '{ sum += $1 } END { print sum + 0 }'; }

apic_was_reset() { "$CRTOS" log | grep "APIC $(status apicids) (.*, reset)"; }

some_work()
{
	ends_with 42 run ./hello /proc/sys/kernel/ostype "$TMP/made" &&
		ends_with 0 run ./latency 50 "$TMP/latency"
}

doorbells_rang()
{
	[ "$(status doorbells_in)" -gt 0 ] && [ "$(status doorbells_out)" -gt 0 ]
}

# The last one may still be on its way.
taken_by_rtos() { equal taken "$(status rtos_doorbells_in)" "$(status doorbells_out)"; }
taken_by_linux() { equal taken $(($(row PRN | sum) - PRN)) "$(status rtos_doorbells_out)"; }

# On how many CPUs did they arrive?
cpus_that_took()
{
	row PRN | paste "$TMP/prn" - | awk '$1 != $2' | wc -l
}

no_complaints()
{
	! dmesg | tail -n "+$MESSAGES" |
		grep -i -e "No irq handler" -e "spurious.*vector" -e "notifies no CPU"
}

begin 10
MESSAGES=$(($(dmesg | wc -l) + 1))
row PRN >"$TMP/prn"
PRN=$(sum <"$TMP/prn")
SPU=$(row SPU)
ERR=$(row ERR)
try "the RTOS has reset its APIC" apic_was_reset
try "programs run" some_work
try "both sides rang" doorbells_rang
try "the RTOS took what Linux sent" wait_for taken_by_rtos
try "Linux took what the RTOS sent" wait_for taken_by_linux
try "one CPU of Linux took it" equal CPUs "$(cpus_that_took)" 1
try "the RTOS took nothing else" equal "stray vectors" "$(status rtos_stray_vectors)" 0
try "no spurious interrupts" equal SPU "$(row SPU)" "$SPU"
try "no APIC errors" equal ERR "$(row ERR)" "$ERR"
try "no interrupt that nobody expects" no_complaints
finish
