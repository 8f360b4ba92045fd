#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# A kernel that is locked down: no RTOS can be started, and nobody can become one, but
# with crtos_lockdown=ignore on the kernel command line. The machine stays locked down,
# so this is not part of run_tests.

. "$(dirname "$0")/lib.sh"

LOCKDOWN=/sys/kernel/security/lockdown
MEMORY=/sys/kernel/debug/crtos/partition0/memory
PARTITION=/sys/class/crtos/partition0

magic() { head -c 8 $MEMORY | od -A n -t x1; }

level() { grep -q "\[$1\]" $LOCKDOWN; }
lock_down() { echo "$1" >$LOCKDOWN && level "$1"; }

# Whoever tries, as in the table of security.rst: this locks the kernel down, with a
# process in the place of an RTOS that is there already.
cells()
{
	crtos_lock_down=integrity ./loopback_rights -t locked_down >"$TMP/rights" &&
		grep -q "^ok .*rights.locked_down$" "$TMP/rights"
}

complaints() { dmesg | grep -c "Lockdown: .*: /dev/mem"; }

# With a line in the log that says why
refused()
{
	_complaints=$(complaints)
	says 1 "not permitted" start "$IMAGE" --cpu "$CPU" &&
		[ "$(complaints)" -gt "$_complaints" ] && [ "$(status state)" != running ]
}

# Linux gives up no CPU for it: one that is offline.
external_refused()
{
	echo 0 >"$CPUS/cpu$CPU/online"
	says 1 "not permitted" start --backend external --no-wait "$IMAGE" --apicid "$APICID"
	_status=$?
	echo 1 >"$CPUS/cpu$CPU/online"
	[ $_status -eq 0 ] && comes_back
}

external_starts()
{
	echo 0 >"$CPUS/cpu$CPU/online"
	"$CRTOS" start --backend external --no-wait "$IMAGE" --apicid "$APICID" && stop
	_status=$?
	echo 1 >"$CPUS/cpu$CPU/online"
	[ $_status -eq 0 ] && comes_back
}

works() { ends_with 3 run ./life exit 3; }

# What can be set still can.
can_be_set()
{
	for _name in doorbell_cpu poll_ns; do
		_value=$(cat "$PARTITION/$_name") && echo "$_value" >"$PARTITION/$_name" || return 1
	done
}

# What was started before goes on, and can be stopped.
goes_on() { equal state "$(status state)" running && works && can_be_set; }

comes_back() { equal "CPU $CPU online" "$(cat "$CPUS/cpu$CPU/online")" 1; }

# Root may look at the region of what was started, and not write to it.
memory()
{
	[ -n "$MAGIC" ] && equal magic "$(magic)" "$MAGIC" && ! (: >>$MEMORY) 2>/dev/null
}

try_memory()
{
	if [ -e $MEMORY ]; then
		try "$1" memory
	else
		skip "debugfs is not mounted" "$1"
	fi
}

told() { "$CRTOS" check | grep -q "lockdown.*$1"; }

# The test's own descriptors and not the peer's
loopback()
{
	./loopback_ioctl >"$TMP/loopback" 2>&1
	grep -q "^ok .*loopback.status" "$TMP/loopback"
}

ktap_print_header
need_partition
[ -e $LOCKDOWN ] || skip_all "no CONFIG_SECURITY_LOCKDOWN_LSM"
if grep -q crtos_lockdown=ignore /proc/cmdline; then
	ignored=y
	ktap_set_plan 12
else
	ignored=''
	ktap_set_plan 14
fi
try "not locked down: started" start
MAGIC=$(magic) APICID=$(status apicids)
if [ -n "$ignored" ]; then
	try "locked down: for confidentiality" lock_down confidentiality
	try "what was started goes on" goes_on
	try_memory "its memory can be read, and only read"
	try "it can be stopped" stop
	try "its CPU comes back" comes_back
	try "it can be started: lockdown is ignored" start
	try "it runs programs" works
	try "it can be stopped again" stop
	try "and one on a CPU that is offline started" external_starts
	try "a process can be an RTOS" loopback
	try "crtos check says that it is ignored" told ignored
else
	try "locked down: nobody can start or be an RTOS" cells
	try "for integrity" level integrity
	try "what was started goes on" goes_on
	try_memory "its memory can be read, and only read"
	try "it can be stopped" stop
	try "its CPU comes back" comes_back
	try "it cannot be started" refused
	try "not a second time either" refused
	try "nor on a CPU that is offline" external_refused
	try "for confidentiality" lock_down confidentiality
	try "then it cannot be started" refused
	try "then not on that CPU either" external_refused
	try "crtos check says that it is missing" told "no RTOS can be started"
fi
finish
