# SPDX-License-Identifier: GPL-2.0
# The results of the unit tests that ran while the kernel started.

for results in /sys/kernel/debug/kunit/*/results; do
	if [ ! -e "$results" ]; then
		echo "Bail out! no unit tests in this kernel"
		exit 1
	fi
	cat "$results"
done
