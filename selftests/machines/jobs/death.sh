# SPDX-License-Identifier: GPL-2.0
# Death at random moments. crtos.deaths=N: how many of each kind; crtos.kinds=NAME,...:
# only these, for instance of_shadows; crtos.seed=N: when; crtos.many=N: how many processes
# the partition has when it is stopped; crtos.starts=N: after how many deaths it is started
# anew.

# CPUs go offline a thousand times. Linux 6.12 counts the fair server as a running task, and
# warns when its timer expires at the wrong moment of that: testing.rst, "Dying CPU".
for runtime in /sys/kernel/debug/sched/fair_server/cpu*/runtime; do
	[ ! -e "$runtime" ] || echo 0 >"$runtime"
done

cd /selftests/crtos || exit 1
IFS=,
for kind in ${crtos_kinds-}; do
	set -- "$@" -t "$kind"
done
exec ./death "$@"
