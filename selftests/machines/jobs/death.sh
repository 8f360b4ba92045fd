# SPDX-License-Identifier: GPL-2.0
# Death at random moments. crtos.deaths=N: how many of each kind; crtos.kinds=NAME,...:
# only these, for instance of_rtos; crtos.seed=N: when; crtos.many=N: how many processes
# the partition has when it is stopped.

cd /selftests/crtos || exit 1
IFS=,
for kind in ${crtos_kinds-}; do
	set -- "$@" -t "$kind"
done
exec ./death "$@"
