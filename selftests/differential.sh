#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Scenarios of system calls (programs/differ_*.c) say the same and leave the same
# behind on Linux and on the RTOS, but for those that are listed in "differences".
#
#	differential.sh [WHAT...]	only those of differ_WHAT

. "$(dirname "$0")/lib.sh"

[ $# != 0 ] || set -- files tree memory ipc net process signals rights
CRTOS=$(readlink -f "$CRTOS")
SIDES='native forwarded'
# Seconds for all scenarios of a program
LIMIT=${CRTOS_DIFFER_LIMIT:-200}

documented() { sed -n "s/^\([a-z][^ ]*\) .*/\1/p" "$DIR/differences"; }
is_documented() { documented | grep -qx "$1"; }
names() { "./differ_$1" -l; }

# start_after OUTPUT LAST: the scenario to go on after, when one has ended the program
# or did not end. LAST was the one before; nothing new may have been said.
start_after()
{
	_seen=$(sed 's/: .*//' "$1" | grep -xF -f "$TMP/names" | tail -n 1)
	[ -z "$_seen" ] || [ "$_seen" = "$2" ] || {
		echo "$_seen"
		return
	}
	if [ -z "$2" ]; then head -n 1; else sed -n "/^$2\$/{n;p;q;}"; fi <"$TMP/names"
}

# run_all OUTPUT WHAT [COMMAND...]: and the statuses to OUTPUT.status
run_all()
{
	_output=$1 _what=$2 _last=
	shift 2
	: >"$_output"
	: >"$_output.status"
	while :; do
		# shellcheck disable=SC2086
		timeout -s KILL "$LIMIT" "$@" "$DIR/differ_$_what" ${_last:+-a $_last} \
			>>"$_output" 2>&1 </dev/null
		echo "status $?" >>"$_output.status"
		! tail -n 1 "$_output" | grep -q '^[0-9]* scenarios$' || return 0
		_last=$(start_after "$_output" "$_last")
		[ -n "$_last" ] || return 0
	done
}

# Everything but times, and of directories but the size; not of the documented scenarios
list_left()
{
	{
		find . -type d -exec stat -c '%n: %F %a %h %u:%g' {} +
		find . ! -type d -exec stat -c '%n: %F %a %h %u:%g %s %b %t:%T' {} +
		find . -type f -exec md5sum {} + | sed 's/^\([^ ]*\)  \(.*\)/\2: md5 \1/'
	} | sort >"$1.all"
	documented | sed 's,.*,^./&[:/],' >"$1.not"
	grep -v -f "$1.not" "$1.all" >"$1"
}

# run_side SIDE WHAT [COMMAND...]: in an empty directory, with the same name for all
run_side()
{
	_side=$1
	shift
	mkdir -p "$TMP/work"
	mount -t tmpfs none "$TMP/work" || return
	cd "$TMP/work" || return
	run_all "$TMP/$_side" "$@"
	list_left "$TMP/$_side.left"
	cd "$DIR" || return
	# A process that hangs may still be there, and that of "timeout" is.
	umount -l "$TMP/work"
}

# show_diff A B: a limited number of lines if they are not the same
show_diff()
{
	diff "$1" "$2" >"$TMP/diff" && return
	head -n 30 "$TMP/diff" | cut -c 1-200
	return 1
}

same_scenario()
{
	for _side in $SIDES; do
		grep "^$1: " "$TMP/$_side" >"$TMP/$_side.part"
	done
	if [ ! -s "$TMP/native.part" ]; then
		echo "nothing was said on Linux"
		return 1
	fi
	show_diff "$TMP/native.part" "$TMP/forwarded.part"
}

other_scenario()
{
	if same_scenario "$1" >"$TMP/same" || grep "^nothing" "$TMP/same"; then
		echo "is in differences, and is none"
		return 1
	fi
}

same_left() { show_diff "$TMP/native.left" "$TMP/forwarded.left"; }

# What no scenario says: messages of a shell, the number of scenarios
same_rest()
{
	for _side in $SIDES; do
		sed 's/.*/^&: /' "$TMP/names" | grep -v -f - "$TMP/$_side" >"$TMP/$_side.part"
	done
	show_diff "$TMP/native.part" "$TMP/forwarded.part"
}

same_status()
{
	equal "on Linux" "$(cat "$TMP/native.status")" "status 0" &&
		equal "on the RTOS" "$(cat "$TMP/forwarded.status")" "status 0"
}

compare()
{
	names "$1" >"$TMP/names"
	run_side native "$1"
	run_side forwarded "$1" "$CRTOS" run
	while read -r _scenario; do
		if is_documented "$_scenario"; then
			try "$_scenario (documented difference)" other_scenario "$_scenario"
		else
			try "$_scenario" same_scenario "$_scenario"
		fi
	done <"$TMP/names"
	try "$1: other output" same_rest
	try "$1: what is left behind" same_left
	try "$1: status" same_status
}

few_differences()
{
	documented >"$TMP/documented"
	_count=$(sort -u "$TMP/documented" | wc -l)
	echo "$_count differences are documented"
	[ "$_count" -le 10 ] && ! grep -vx -f "$TMP/scenarios" "$TMP/documented"
}

enough_scenarios()
{
	_count=$(sort -u "$TMP/scenarios" | wc -l)
	equal "scenarios with a name of their own" "$_count" "$(wc -l <"$TMP/scenarios")" &&
		[ "$_count" -ge 150 ]
}

for _what in files tree memory ipc net process signals rights; do
	names "$_what"
done >"$TMP/scenarios"
_plan=2
for _what; do
	_plan=$((_plan + $(names "$_what" | wc -l) + 3))
done
begin $_plan
try "at least 150 scenarios" enough_scenarios
try "at most 10 documented differences" few_differences
for _what; do
	compare "$_what"
done
finish
