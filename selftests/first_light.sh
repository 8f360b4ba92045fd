#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Unmodified programs behave on the RTOS as they do on Linux.

. "$(dirname "$0")/lib.sh"

hello_args() { echo "/proc/sys/kernel/ostype $TMP/made argument"; }

# All but where it runs
hello_same()
{
	# shellcheck disable=SC2046
	native ./hello $(hello_args)
	mv "$TMP/made" "$TMP/made-native"
	# shellcheck disable=SC2046
	forwarded ./hello $(hello_args)
	grep -v '^APIC id' "$TMP/native" >"$TMP/expected"
	grep -v '^APIC id' "$TMP/forwarded" | diff "$TMP/expected" -
}

hello_there()
{
	equal "APIC id" "$(sed -n 's/^APIC id: //p' "$TMP/forwarded")" "$(status apicids)" &&
		ends_with 1 grep -q "^APIC id: $(status apicids)\$" "$TMP/native"
}

hello_status() { equal "last line" "$(tail -n 1 "$TMP/forwarded")" "status: 42"; }
hello_file() { cmp "$TMP/made-native" "$TMP/made"; }

# Whoever runs the tests has descriptors of its own.
first_open()
{
	equal fd "$(run ./files first "$TMP/x" 3<&- 4<&- 5<&- 6<&- 7<&- 8<&- 9<&-)" 3
}

close_all()
{
	ends_with 7 run ./files close "$TMP/closed" &&
		equal "the file" "$(cat "$TMP/closed")" closed
}

# in_env COMMAND...: with this environment, which has a variable of 100 KB
in_env() { env -i A=1 B="two words" C= L="$LONG" "$@"; }

# same_args PROGRAM ARGUMENT...: also if a program on the RTOS executes it
same_args()
{
	in_env "$@" >"$TMP/native"
	in_env "$CRTOS" run "$@" >"$TMP/forwarded"
	same_output || return
	in_env "$CRTOS" run "$1" -e "$@" >"$TMP/forwarded"
	same_output
}

same_output()
{
	diff "$TMP/native" "$TMP/forwarded" >"$TMP/diff" || {
		head -n 5 "$TMP/diff" | cut -c 1-200
		return 1
	}
}

# 100 KB in small ones, and in one
# shellcheck disable=SC2046
many_args() { same_args "$1" $(seq 10001 30000); }
long_arg() { same_args "$1" "$LONG"; }

statuses()
{
	for status in 0 1 42 125 255; do
		ends_with $status run ./life exit $status || return 1
	done
}

in_path() { PATH=$DIR ends_with 42 "$CRTOS" run life exit 42; }

standard_input()
{
	equal "output" "$(printf 'one\ntwo\n' | run ./life read)" "$(printf 'reading\none\ntwo')"
}

two_at_once()
{
	mkfifo "$TMP/fifo"
	exec 9<>"$TMP/fifo"
	"$CRTOS" run ./life read <"$TMP/fifo" >"$TMP/reader" 9<&- &
	_pid=$!
	wait_for grep -q reading "$TMP/reader" &&
		ends_with 3 run ./life exit 3 &&
		equal processes "$(status processes)" 1 &&
		echo later >&9 &&
		wait_for grep -q later "$TMP/reader"
	_ret=$?
	exec 9>&-
	ends_with 0 wait $_pid && return $_ret
}

# refused STATUS FILE: and nothing of it has run
refused() { ends_with "$1" run "$2" && wait_for no_processes; }

# gains FILE RIGHTS: on Linux, when nobody executes it
gains()
{
	native ./rights -u "$TMP/open/$1"
	[ "$(head -n 1 "$TMP/native")" = "$2" ]
}

gains_nothing()
{
	forwarded ./rights -u "$TMP/open/$1"
	equal "rights" "$(head -n 1 "$TMP/forwarded")" "uid 65534, gid 65534, capabilities none"
}

# rights_of_file TITLE FILE RIGHTS
rights_of_file()
{
	if gains "$2" "$3"; then
		try "$1" gains_nothing "$2"
	else
		skip "$TMP is mounted so that a file gives no rights" "$1"
	fi
}

# with_tool MODE STATUS: nobody replaces the program, and with it the tool, which has this
# mode and is in a directory that nobody may search
with_tool()
{
	cp "$CRTOS" "$TMP/hidden/crtos" && chmod "$1" "$TMP/hidden/crtos" &&
		ends_with "$2" "$TMP/hidden/crtos" run ./rights -u "$TMP/open/rights" \
			>"$TMP/forwarded" 2>"$TMP/message"
}

tool_without_way()
{
	with_tool 711 0 && equal "rights" "$(head -n 1 "$TMP/forwarded")" \
		"uid 65534, gid 65534, capabilities none"
}

tool_without_x() { with_tool 700 1 && grep -q 'open/rights: Permission denied' "$TMP/message"; }

# By the loader that it names, which nobody looks for
dynamic()
{
	# A first program header of type PT_INTERP
	{ head -c 64 hello; printf '\003'; tail -c +66 hello; } >"$TMP/dynamic"
	chmod +x "$TMP/dynamic"
	refused 126 "$TMP/dynamic" 2>"$TMP/message" && grep -q 'dynamically linked' "$TMP/message"
}

prepare_files()
{
	cp hello "$TMP/plain"
	chmod 644 "$TMP/plain"
	printf '#!/bin/sh\nexit 0\n' >"$TMP/script"
	# e_machine is AArch64
	{ head -c 18 hello; printf '\267\0'; tail -c +21 hello; } >"$TMP/foreign"
	head -c 100 hello >"$TMP/short"
	: >"$TMP/empty"
	echo text >"$TMP/text"
	mkdir "$TMP/noexec" "$TMP/open" "$TMP/hidden"
	chmod 711 "$TMP" "$TMP/open"
	chmod 700 "$TMP/hidden"
	cp rights "$TMP/open/rights"
	cp rights "$TMP/open/setuid" && chmod 6755 "$TMP/open/setuid"
	cp rights "$TMP/open/capable" && ./rights -c "$TMP/open/capable"
	mount -t tmpfs -o noexec none "$TMP/noexec" && cp hello "$TMP/noexec/hello"
	chmod +x "$TMP/script" "$TMP/foreign" "$TMP/short" "$TMP/empty" "$TMP/text"
}

LONG=$(head -c 100000 /dev/zero | tr '\0' x)
begin 39
prepare_files
try "hello prints what it prints on Linux" hello_same
try "hello runs on the lent CPU" hello_there
try "hello ends with its status" hello_status
try "hello wrote what it writes on Linux" hello_file
try "hello again" hello_same
try "first open gives 3" first_open
try "program without descriptors" close_all
for _way in ./args ./args-pie ./args-glibc ./args-glibc-pie; do
	try "${_way#./}: arguments and environment" same_args $_way a "b c" ""
	try "${_way#./}: many arguments" many_args $_way
	try "${_way#./}: long argument" long_arg $_way
done
rights_of_file "bits for root give nobody nothing" setuid "uid 0, gid 0, capabilities some"
rights_of_file "nor do capabilities of the file" capable "uid 65534, gid 65534, capabilities some"
try "execve() without the right to search for the tool" tool_without_way
try "no execve() without the right to execute the tool" tool_without_x
try "bad pointers and numbers on Linux" ends_with 0 ./calls
try "bad pointers and numbers" ends_with 0 run ./calls
try "exit statuses" statuses
try "program in PATH" in_path
try "standard input" standard_input
try "two programs at once" two_at_once
try "no such program" refused 127 "$TMP/none"
try "program without x bit" refused 126 "$TMP/plain"
try "program on a noexec mount" refused 126 "$TMP/noexec/hello"
try "script" refused 126 "$TMP/script"
try "program for another machine" refused 126 "$TMP/foreign"
try "dynamically linked program" dynamic
try "truncated program" refused 126 "$TMP/short"
try "empty program" refused 126 "$TMP/empty"
try "directory" refused 126 "$TMP"
try "program after all that" ends_with 5 run ./life exit 5
umount "$TMP/noexec"
finish
