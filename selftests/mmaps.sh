#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Mapping memory costs a program neither calls to Linux nor mappings there.

. "$(dirname "$0")/lib.sh"

N=${CRTOS_MMAPS:-10000}

# cost N: calls that the program makes
cost()
{
	_before=$(status calls)
	"$CRTOS" run ./mmaps "$1" >"$TMP/mmaps" || {
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
	sed -n 's/.* \([0-9]*\) maps lines before, \([0-9]*\) after.*/\1 \2/p' "$TMP/mmaps" >"$TMP/lines"
	read -r _lines _after <"$TMP/lines"
	equal "lines in maps" "$_after" "$_lines"
}

# One call for each hundredth page that Linux shall see, see mmaps.c, and one for
# each of those that is unmapped.
few_calls()
{
	cost 100 || return 1
	_base=$_cost
	cost "$N" || return 1
	echo "$_base calls for 100 mappings, $_cost for $N"
	[ $((_cost - _base)) -le $((N / 2 + N / 100 + 100)) ]
}

begin 2
try "$N mappings are none on Linux" no_mappings
try "and cost few calls" few_calls
finish
