# SPDX-License-Identifier: GPL-2.0
# An RTOS that does things at random, as a process and on a CPU of its own, and random
# requests of /dev/crtos. crtos.fuzz=N: how many entries, each; crtos.requests=N: how many
# requests; crtos.seed=N: which ones. crtos.tests=NAME,NAME...: only these.

cd /selftests/crtos || exit 1
status=0
IFS=,
for test in ${crtos_tests:-loopback_fuzz,loopback_requests,fuzz.sh}; do
	"./$test" || status=1
done
exit $status
