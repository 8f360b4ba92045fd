# SPDX-License-Identifier: GPL-2.0
# For scripts/where: a call that wakes Linux, and one that Linux polls for.

cd /selftests/crtos || exit 1
poll() { echo "$1" >/sys/class/crtos/partition0/poll_ns; }

./crtos start ./crtos-rtos.img --cpu 1 || exit 1
poll 0
./crtos run ./where 30000 || exit 1
poll 1000000000
./crtos run ./where || exit 1
./crtos stop
