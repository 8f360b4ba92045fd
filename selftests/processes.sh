#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Signals, processes and shells: programs/signals.c, programs/forks.c and scripts for
# busybox say the same on Linux and on the RTOS, and end in the same way.

. "$(dirname "$0")/lib.sh"

CRTOS=$(readlink -f "$CRTOS")

same_script()
{
	_script=$(cat "$TMP/scripts/$1")
	in_directory native busybox sh -c "$_script"
	in_directory forwarded busybox sh -c "$_script"
	diff "$TMP/native" "$TMP/forwarded"
}

same_check() { same "./$1" "$2" </dev/null; }

# Of both programs, and of the scripts
enough()
{
	for _list in signals:25 forks:20 scripts:35; do
		_count=$(wc -l <"$TMP/${_list%:*}.names")
		echo "${_list%:*}: $_count"
		[ "$_count" -ge "${_list#*:}" ] || return 1
	done
}

# Each begins with its name.
write_scripts()
{
	mkdir "$TMP/scripts"
	awk -v dir="$TMP/scripts/" '/^--- / { file = dir $2; print $2; next }
		{ print >file }' >"$TMP/scripts.names" <<'EOT'
--- pipe
seq 1 100 | grep 7 | sort -rn | head -n 5 | tr '\n' ' '
echo $?
--- pipe_status
false | true; echo $?
true | false; echo $?
set -o pipefail
false | true; echo $?
(exit 3) | (exit 4) | true; echo $?
--- pipe_long
seq 1 20000 | cat | cat | cat | cat | cat | cat | md5sum
--- pipe_broken
yes | head -n 3
seq 1 100000 | head -n 1
(trap '' PIPE; seq 1 100000 2>/dev/null; echo "status $?" >&2) | true
--- background
(exit 3) & a=$!
(exit 4) & b=$!
wait $a; echo $?
wait $b; echo $?
wait; echo $?
--- background_many
i=0
while [ $i -lt 20 ]; do
	(echo "job $i" >job$i; exit $i) &
	pids="$pids $!" i=$((i + 1))
done
for pid in $pids; do wait $pid; echo $?; done
cat job*
--- background_input
cat & wait; echo $?
echo text | { cat & wait; }
--- wait_unknown
wait 99999999; echo $?
--- wait_twice
sh -c 'exit 9' &
wait $!; echo $?
wait $!; echo $?
--- trap_exit
trap 'echo bye $?' EXIT
(echo in a subshell)
exit 3
--- trap_term
trap 'echo TERM' TERM
kill $$; echo after
trap - TERM
kill $$; echo never
--- trap_ignored
trap '' TERM
sh -c 'kill $$; echo still here'
(kill $$; echo and here)
trap
--- trap_from_child
trap 'seen=$((seen + 1))' USR1
(kill -USR1 $$) &
until [ "$seen" ]; do :; done
wait; echo "seen $seen"
--- trap_while_waiting
exec 2>/dev/null # who waits first may say something
trap 'echo USR1; kill $sleep' USR1
sleep 1000 & sleep=$!
(sleep 1; kill -USR1 $$) &
until wait $sleep; s=$?; [ $s = 143 ]; do :; done
echo $s
--- trap_nested
trap 'echo outer; kill -USR2 $$; echo end' USR1
trap 'echo inner' USR2
kill -USR1 $$
echo last
--- subshell
x=1
(x=2; echo $x; exit 5); echo $? $x
{ x=3; echo $x; }; echo $x
(echo a; (echo b; (echo c; exit 3); echo $?); cd /; pwd); [ "$PWD" = / ]; echo $?
--- recursion
f() { [ $1 = 0 ] && exit 7; (f $(($1 - 1))); exit $(($? + 1)); }
(f 10); echo $?
--- here_document
x=value
cat <<END
x is $x, $(echo command), $((1 + 2))
END
cat <<'END'
x is $x
END
cat <<-END | tr a-z A-Z
	without tabs
	END
--- here_document_large
text=$(seq 1 20000)
cat <<END | md5sum
$text
END
md5sum <<END
$text
END
--- substitution
echo "$(echo a; echo b) $(seq 1 3 | tr '\n' -)"
x=$(exit 7); echo $?
echo $(echo $(echo $(echo deep)))
echo `echo old`
x=$(sh -c 'echo out; echo err >&2; exit 4' 2>/dev/null); echo "$x $?"
--- substitution_often
i=0
while [ $i -lt 60 ]; do x=$(echo $i); i=$((x + 1)); done
echo $x
--- statuses
sh -c 'exit 42'; echo $?
nosuchcommand; echo $?
touch plain; ./plain; echo $?
mkdir dir; ./dir; echo $?
! true; echo $?
exit 300
--- statuses_signals
for s in HUP INT QUIT ILL ABRT FPE KILL SEGV PIPE ALRM TERM USR1; do
	sh -c "ulimit -c 0; kill -$s \$\$"; echo $?
done 2>&1
--- killed
ulimit -c 0
kill -KILL $$
--- kill_children
exec 2>/dev/null # who waits first may say something
for s in TERM KILL HUP USR2; do
	sleep 1000 & kill -$s $!
	wait $!; echo $?
	kill -0 $!; echo $?
done
sleep 1000 & kill -STOP $!; kill -TERM $!; kill -CONT $!
wait $!; echo $?
--- kill_errors
kill -0 99999999; echo $?
kill -NOSUCH $$; echo $?
kill -l 15
--- exec_program
exec sh -c 'echo "$0 $*"; exit 9' name a "b c"
echo never
--- exec_missing
(exec nosuchcommand); echo $?
exec /bin/nosuchcommand
echo never
--- exec_descriptors
exec 3>file 4<&0
echo text >&3
exec 3>&-
echo more >&3; echo $?
cat file
exec 5<file; read -r x <&5; echo "$x"
exec 6>&1 >out 2>&1; echo hidden; cat nosuchfile
exec >&6
cat out
--- exec_script
printf '#!/bin/sh\necho "script $1 $#"\nexit 6\n' >s
chmod +x s
./s argument; echo $?
echo 'echo no interpreter; exit 5' >t
chmod +x t
./t; echo $?
printf '#!/no/such/interpreter\n' >u
chmod +x u
./u; echo $?
PATH=$PWD:$PATH; s; echo $?
--- redirections
{ echo out; echo err >&2; } 2>&1 >file | sed 's/^/piped: /'
cat file
echo more >>file
wc -l <file
cat <file >copy; cmp file copy; echo $?
cat nosuchfile 2>errors; echo $?; cat errors
echo both >both 2>&1; cat both
: >file; wc -c <file
echo x >/no/such/file; echo $?
set -C; echo y >both; echo $?
--- redirections_order
echo one 3>&1 >&2 2>&3 3>&-
sh -c 'echo 2 >&2; echo 1' 2>file | cat; cat file
<nosuchfile cat; echo $?
--- find_xargs
mkdir -p a/b/c; echo 1 >a/1; echo 2 >a/b/2; echo 34 >"a/b/c/3 4"
find a -type f -print0 | sort -z | xargs -0 -n 1 echo
find a -type f -name '[12]' | sort | xargs cat
find a -type f -exec cat {} \; | sort
find a -type f -exec cat {} + | sort
seq 1 100 | xargs -n 7 echo | tail -n 1
seq 1 10 | xargs -n 1 sh -c 'exit $(($0 % 2))'; echo $?
echo x | xargs nosuchcommand; echo $?
--- tar_gzip
mkdir d out; seq 1 5000 >d/numbers; ln -s numbers d/link; ln d/numbers d/second
tar cf - d | gzip | gunzip | tar tf - | sort
tar czf a.tgz d && tar xzf a.tgz -C out; echo $?
cmp d/numbers out/d/numbers; echo $?
readlink out/d/link; stat -c %h out/d/second
find d | sort | cpio -o -H newc 2>/dev/null | cpio -t 2>/dev/null
--- compression
seq 1 20000 >file; md5sum <file
gzip -9 <file | gunzip | md5sum
bzip2 -1 <file | bunzip2 | md5sum
gzip file; ls; zcat file.gz | wc -l; gunzip file.gz; ls
gunzip </dev/null; echo $?
--- fifo
mkfifo there back
while read -r x; do echo $((x * 2)); done <there >back &
exec 3>there 4<back
for i in 1 2 3 4 5; do echo $i >&3; read -r x <&4; echo $x; done
exec 3>&-
wait $!; echo $?
--- awk
awk 'BEGIN { system("echo from awk"); "echo read" | getline x; print x
	print "b\na" | "sort"; close("sort"); print system("exit 3") }'
seq 1 1000 | awk '{ s += $1 } END { print s }'
--- text
seq 1 20000 | sort -r | sort -n | md5sum
printf 'b 2\na 1\nc 3\n' | sort | sed 's/ /=/; 2d' | cut -d = -f 2 | paste -s -d +
printf 'one two\nthree\n' | wc
seq 1 30 | split -l 10 - part; ls; tail -n 1 part*
--- environment
A=1 B='two words' sh -c 'echo $A $B'; echo "$A"
export C=3; env | grep ^C=
env -i D=4 sh -c 'echo $C $D'
unset C; sh -c 'echo ${C-unset}'
--- process_attributes
umask 027; touch f; stat -c %a f; (umask 0; touch g); stat -c %a g
sh -c umask
ulimit -n 50; sh -c 'ulimit -n'
(cd /; sh -c pwd)
nice -n 5 nice
setsid sh -c 'echo session'
--- errexit
set -e
(exit 0)
false || echo fine
x=$(false)
echo never
--- read_loop
printf '1 2\n3 4\n' | while read -r a b; do echo $((a + b)); done
echo "${a-unset}"
while read -r x; do echo "$x"; done <<END
line 1
line 2
END
--- timeout
timeout 1 sleep 1000; echo $?
timeout 100 sh -c 'exit 8'; echo $?
--- applets
dd if=/dev/zero bs=1000 count=100 2>/dev/null | tr '\0' x | sha1sum
mkdir d; cp -r /dev/null d/null 2>/dev/null; touch d/a; mv d/a d/b; ln -s b d/c; ls -l d/c |
	sed 's/.* d/d/'
rm -r d; ls
expr 6 \* 7; seq 1 5 | od -An -c; date -u -d @0 +%F
--- file_descriptors
ls /proc/self/fd | wc -l
sh -c 'exec 9</dev/null; sh -c "read -r x <&9; echo \$?"'
EOT
}

write_scripts
_plan=1
for _program in signals forks; do
	./$_program -l >"$TMP/$_program.names"
done
_plan=$((_plan + $(cat "$TMP"/*.names | wc -l)))
CPU=${CPU:-$(last_cpu $CPUS/online)}
# Processes that are on another CPU than their parents
[ "${CPU#*,}" != "$CPU" ] || [ "$CPU" -lt 2 ] || CPU=$((CPU - 1)),$CPU
begin $_plan
try "enough checks" enough
for _program in signals forks; do
	while read -r _check; do
		try "$_program: $_check" same_check $_program "$_check"
	done <"$TMP/$_program.names"
done
while read -r _script; do
	if command -v busybox >/dev/null; then
		try "shell: $_script" same_script "$_script"
	else
		skip "there is no busybox" "shell: $_script"
	fi
done <"$TMP/scripts.names"
finish
