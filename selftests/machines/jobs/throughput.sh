# SPDX-License-Identifier: GPL-2.0
# The selftests that measure what many processes, and large transfers, cost.
# crtos.tests=NAME,NAME...: only these.

cd /selftests/crtos || exit 1
status=0
IFS=,
for test in ${crtos_tests:-scale.sh,crowd.sh,blocked.sh,copy.sh}; do
	"./$test" || status=1
done
exit $status
