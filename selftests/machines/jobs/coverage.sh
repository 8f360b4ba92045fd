# SPDX-License-Identifier: GPL-2.0
# The fuzzers, and then what of the driver they have executed, on the console: for
# scripts/coverage.

sh /jobs/fuzz.sh
status=$?
dmesg -n 1 # nothing of the kernel in between
find /sys/kernel/debug/gcov -path '*/drivers/virt/crtos/*.gcda' | while read -r file; do
	echo "gcda ${file##*/}"
	base64 <"$file"
	echo "gcda end"
done >/dev/console
exit $status
