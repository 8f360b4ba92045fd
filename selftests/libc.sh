#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# What a C library needs: programs/libc.c says the same on Linux and on the RTOS, built
# with musl and glibc, and at fixed and at any addresses.

. "$(dirname "$0")/lib.sh"

WAYS='libc libc-pie libc-glibc libc-glibc-pie'

# part NAME: what a check says on both sides
part()
{
	for _side in native forwarded; do
		grep "^$1: " "$TMP/$_way.$_side" >"$TMP/$_side.part"
	done
	[ -s "$TMP/native.part" ] && diff "$TMP/native.part" "$TMP/forwarded.part"
}

run_both()
{
	native "./$1" </dev/null
	forwarded "./$1" </dev/null
	for _side in native forwarded; do
		cp "$TMP/$_side" "$TMP/$1.$_side"
	done
}

last_line() { equal "$1, $2" "$(tail -n 1 "$TMP/$1.$2")" "status: 0"; }
ended() { last_line "$1" native && last_line "$1" forwarded; }

# How it was built, as the file says
is_built()
{
	_type=$(dd if="./$1" bs=1 skip=16 count=1 2>/dev/null | od -An -tu1)
	case $1 in
	*pie) equal "type" $((_type)) 3 ;;
	*) equal "type" $((_type)) 2 ;;
	esac
}

NAMES=$(./libc -l)
_plan=0
for _way in $WAYS; do
	_plan=$((_plan + 2 + $(echo "$NAMES" | wc -l)))
done
begin $_plan
for _way in $WAYS; do
	run_both "$_way"
	for _check in $NAMES; do
		try "$_way: $_check" part "$_check"
	done
	try "$_way: status" ended "$_way"
	try "$_way: file" is_built "$_way"
done
finish
