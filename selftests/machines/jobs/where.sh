# SPDX-License-Identifier: GPL-2.0
# For scripts/where: the floor of being woken, a call that wakes Linux, and one that
# Linux polls for.

cd /selftests/crtos || exit 1
poll() { echo "$1" >/sys/class/crtos/partition0/poll_ns; }
address() { sed -n "s/ [Tt] $1\$//p" /proc/kallsyms; }

insmod ./test_modules/crtos_test_floor.ko cpu=1 getppid="0x$(address __x64_sys_getppid)" \
	write="0x$(address __x64_sys_write)" || exit 1
./crtos start ./crtos-rtos.img --cpu 1 || exit 1
# As bench.sh does: nobody looks for another CPU
taskset -p 1 $$ >/dev/null
./crtos run ./where floor 30000 || exit 1
poll 0
./crtos run ./where call 30000 || exit 1
poll 1000000000
./crtos run ./where call || exit 1
./crtos stop
rmmod crtos_test_floor
