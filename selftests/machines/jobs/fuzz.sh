# SPDX-License-Identifier: GPL-2.0
# An RTOS that does things at random, in the place of the RTOS and as one. crtos.fuzz=N:
# how many entries; crtos.seed=N: which ones.

cd /selftests/crtos || exit 1
status=0
for test in ${crtos_tests:-loopback_fuzz fuzz.sh}; do
	"./$test" || status=1
done
exit $status
