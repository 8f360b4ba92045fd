# SPDX-License-Identifier: GPL-2.0
# Doorbells by SENDUIPI, from the kernel of the RTOS and from ring 3.

exec 2>&1
cd /selftests/crtos || exit 1
fails=0

check()
{
	if [ "$2" = "$3" ]; then
		echo "ok $1"
	else
		echo "not ok $1: $2, not $3"
		fails=$((fails + 1))
	fi
}

./crtos start ./crtos-rtos.img --cpu 1 || exit 1
./crtos status
./crtos run ./hello /proc/sys/kernel/ostype /tmp/made a
check hello $? 42
./crtos run ./uipi 100
check "SENDUIPI in ring 3" $? 0
./crtos run ./uipi 1 1
check "SENDUIPI for another slot" $? 139
./crtos run ./ring3 1000
check "calls from ring 3" $? 0
./crtos run ./ring3 100 & ./crtos run ./callcost 100 & ./crtos run ./ring3 100
check "two of them and another program" $? 0
wait
./crtos run ./callcost 1000
./crtos status
./crtos log
grep -i posted /proc/interrupts
./crtos stop
check stop $? 0
[ $fails = 0 ]
