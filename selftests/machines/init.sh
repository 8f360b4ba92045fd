#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# First process of a test guest: runs /jobs/JOB.sh for crtos.job=JOB on the
# kernel command line and powers off. Other crtos.NAME=VALUE there are $crtos_NAME
# for the job. The verdict has the second serial port for itself, so that nothing
# on the console can be taken for it; the last line says how the job ended.

export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root

mount -t devtmpfs none /dev
mkdir -p /dev/pts
mount -t devpts none /dev/pts
mount -t proc none /proc
ln -s /proc/self/fd /dev/fd
ln -s /proc/self/fd/1 /dev/stdout
ln -s /proc/self/fd/2 /dev/stderr
mount -t sysfs none /sys
mount -t securityfs none /sys/kernel/security
mount -t debugfs none /sys/kernel/debug
mount -t tracefs none /sys/kernel/tracing
mount -t cgroup2 none /sys/fs/cgroup
mount -t tmpfs none /tmp
ip link set lo up

verdict=/dev/ttyS1
stty -F $verdict raw -echo

crtos_job=shell
read -r words </proc/cmdline
for word in $words; do
	case $word in
	crtos.*=*) export "crtos_${word#crtos.}" ;;
	esac
done
sh "/jobs/$crtos_job.sh" </dev/null >$verdict 2>/dev/console
status=$?

# What was allocated less than five seconds ago, or was looked at for the first time, is
# not reported.
leaks=/sys/kernel/debug/kmemleak
if [ -e $leaks ]; then
	{
		echo scan >$leaks && sleep 6 && echo scan >$leaks ||
			echo "kmemleak: leaked: unknown, it cannot scan"
		sed 's/^/kmemleak: leaked: /' $leaks
	} >/dev/console
fi
# It goes off by itself where it has no memory left, and checks nothing from there on.
[ ! -e /proc/lockdep_stats ] || grep -q 'debug_locks: *1$' /proc/lockdep_stats ||
	echo 'lockdep: off' >/dev/console
echo "# job $crtos_job ended: $status" >$verdict

# Setting a terminal waits until its output is out.
stty -F $verdict raw -echo
poweroff -f
