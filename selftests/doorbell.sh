#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Interrupts reach whom they are for, and nobody else. The test RTOS resets its
# APIC when it starts: all of this is after that.

. "$(dirname "$0")/lib.sh"

MCHECK=/sys/devices/system/machinecheck/machinecheck0

apic_was_reset() { "$CRTOS" log | grep "APIC $(status apicids) (.*, reset)"; }

# The machines of the tests say how their APICs are, others may be either way.
apic_mode()
{
	_mode=$("$CRTOS" log | sed -n 's/.*APIC [0-9]* (\(x2*APIC\), reset).*/\1/p' |
		tr "[:upper:]" "[:lower:]")
	echo "# $_mode" >&3
	[ -n "$_mode" ] && [ "${crtos_apic:-$_mode}" = "$_mode" ]
}

# And whether the RTOS has SENDUIPI. Then it sends nothing in another way.
posted()
{
	_senduipis=$(status rtos_senduipis) _ipis=$(status rtos_ipis)
	_way=ipi
	! status rtos_features | grep -q senduipi || _way=senduipi
	echo "# $_senduipis SENDUIPI, $_ipis IPIs" >&3
	equal post $_way "${crtos_post:-$_way}" || return 1
	if [ $_way = senduipi ]; then
		[ "$_senduipis" -gt 0 ] && [ "$_ipis" = 0 ]
	else
		[ "$_ipis" -gt 0 ] && [ "$_senduipis" = 0 ]
	fi
}

some_work()
{
	ends_with 42 run ./hello /proc/sys/kernel/ostype "$TMP/made" &&
		ends_with 0 run ./latency 50 "$TMP/latency"
}

# What Linux sends to all of its other CPUs, by shorthand if it may. Not by what patches
# code, as tracing does: QEMU is not up to that, see testing.rst.
broadcasts()
{
	row CAL >"$TMP/cal"
	_interval=$(cat $MCHECK/check_interval)
	_i=0
	while [ $_i -lt 50 ]; do
		echo $((_interval + 1)) >$MCHECK/check_interval
		echo "$_interval" >$MCHECK/check_interval
		_i=$((_i + 1))
	done
	_took=$(row CAL | paste "$TMP/cal" - | awk '$1 != $2' | wc -l)
	echo "# $_took CPUs were told" >&3
	[ "$_took" -ge $(($(nproc) - 1)) ]
}

doorbells_rang()
{
	[ "$(status doorbells_in)" -gt 0 ] && [ "$(status doorbells_out)" -gt 0 ]
}

# The last one may still be on its way.
taken_by_rtos() { equal taken "$(status rtos_doorbells_in)" "$(status doorbells_out)"; }
# Not every SENDUIPI notifies.
taken_by_linux()
{
	_taken=$(($(row PRN | sum) - PRN))
	equal taken $_taken "$(status rtos_doorbells_out)" ||
		{ [ $_taken -gt 0 ] && [ $_taken -lt "$(status rtos_senduipis)" ]; }
}

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

exec 3>&1
begin 13
MESSAGES=$(($(dmesg | wc -l) + 1))
row PRN >"$TMP/prn"
PRN=$(sum <"$TMP/prn")
SPU=$(row SPU)
ERR=$(row ERR)
try "the RTOS has reset its APIC" apic_was_reset
try "programs run" some_work
if [ -e $MCHECK/check_interval ]; then
	try "Linux interrupts all of its CPUs" broadcasts
else
	skip "no machine checks" "Linux interrupts all of its CPUs"
fi
try "APIC mode" apic_mode
try "both sides rang" doorbells_rang
try "the RTOS rang in one way" posted
try "the RTOS took what Linux sent" wait_for taken_by_rtos
try "Linux took what the RTOS sent" wait_for taken_by_linux
try "one CPU of Linux took it" equal CPUs "$(cpus_that_took)" 1
try "the RTOS took nothing else" equal "stray vectors" "$(status rtos_stray_vectors)" 0
try "no spurious interrupts" equal SPU "$(row SPU)" "$SPU"
try "no APIC errors" equal ERR "$(row ERR)" "$ERR"
try "no interrupt that nobody expects" no_complaints
finish
