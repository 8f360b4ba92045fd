# SPDX-License-Identifier: GPL-2.0
# The kernel gets to user space with all its CPUs.

echo "TAP version 13"
echo "1..1"
if [ "$(cat /sys/devices/system/cpu/online)" = "$(cat /sys/devices/system/cpu/possible)" ]; then
	echo "ok 1 boot"
else
	echo "not ok 1 boot"
fi
