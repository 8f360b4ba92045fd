# SPDX-License-Identifier: GPL-2.0
# What scripts/demo shows. crtos.cycles=N: write()s per sample of the latency
# program.

exec 2>&1
cd /root || exit 1
PROGRAMS=/selftests/crtos
CPU=$(sed 's/.*[-,]//' /sys/devices/system/cpu/online)
PATH=$PATH:$PROGRAMS

section() { printf '\n--- %s\n' "$*"; }

# What is shown is what is run.
show()
{
	printf '# %s\n' "$*"
	"$@"
}

value() { crtos status | sed -n "s/^$1: //p"; }

section "Linux $(uname -r) has CPUs $(cat /sys/devices/system/cpu/online) and lends CPU $CPU"
show grep CRTOS /proc/iomem
show crtos start /usr/lib/crtos/crtos-rtos.img --cpu "$CPU" || exit 1
show cat /sys/devices/system/cpu/online
show crtos status

section "An unmodified static program on the RTOS's CPU"
echo "made by Linux" >greeting
show crtos run hello greeting answer "two words"
status=$?
echo "# echo \$?"
echo $status
echo "(CPU $CPU has APIC id $(value apicids))"

section "The file it wrote, as Linux sees it"
show ls -l answer
show cat answer

section "What passed between the two"
show crtos status
show crtos log

section "20 samples of ${crtos_cycles:-1000} write()s"
show crtos run latency "${crtos_cycles:-1000}" /tmp/latency
latency=$?

section "A call on Linux, and the same call forwarded"
native=$(callcost 2000)
forwarded=$(crtos run callcost 2000)
echo "on Linux:    $native"
echo "on the RTOS: $forwarded"
echo "$native $forwarded" |
	awk '{ printf "a forwarded getppid() takes %.1f times as long (median)\n", $11 / $5 }'

section "The RTOS goes and Linux has its CPU again"
echo "calls forwarded: $(value calls)"
echo "doorbells in: $(value doorbells_in), out: $(value doorbells_out)"
show crtos stop || exit 1
show cat /sys/devices/system/cpu/online
[ $status = 42 ] && [ $latency = 0 ]
