#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Mapping memory costs a program neither calls to Linux nor mappings there.

. "$(dirname "$0")/lib.sh"

N=${CRTOS_MMAPS:-10000}

# cost ARGUMENTS: calls that the program makes
cost()
{
	_before=$(status calls)
	"$CRTOS" run ./mmaps $1 >"$TMP/mmaps" || {
		cat "$TMP/mmaps"
		return 1
	}
	_cost=$(($(status calls) - _before))
}

# As many lines in /proc/self/maps before and after
no_mappings()
{
	cost "$N" || return 1
	cat "$TMP/mmaps"
	sed 's/.*mappings, \([0-9]*\) .*, \([0-9]*\) after.*/\1 \2/' "$TMP/mmaps" >"$TMP/lines"
	read -r _lines _after <"$TMP/lines"
	equal "lines in maps" "$_after" "$_lines"
}

# One of a hundred pages is shown to Linux, which takes a few calls, see mmaps.c;
# then half of all are unmapped, which takes a call each, as Linux has looked.
few_calls()
{
	cost 100 || return 1
	_base=$_cost
	cost "$N" || return 1
	echo "$_base calls for 100 mappings, $_cost for $N"
	[ $((_cost - _base)) -le $((N / 2 + N / 10)) ]
}

# Linux has seen none of them.
no_calls()
{
	# The first one asks for the memory that the test before has left.
	cost "hidden 100" && cost "hidden 100" || return 1
	_base=$_cost
	cost "hidden $N" || return 1
	equal "calls for $N mappings instead of 100" $_cost $_base
}

begin 3
try "$N mappings are none on Linux" no_mappings
try "making and ending them is no call" no_calls
try "unless Linux has seen them" few_calls
finish
