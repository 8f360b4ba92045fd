# SPDX-License-Identifier: GPL-2.0
# For scripts/test-stop: an RTOS whose processes compute, make calls and wait in calls, and
# the end of Linux, in the way and at the moment that the host says.

cd /selftests/crtos || exit 1
./crtos start ./crtos-rtos.img --cpu 2,3 || exit 1
./crtos run ./life spin >/dev/null &
sleep 100000 | ./crtos run ./life crowd 8 >/dev/null &
until ./crtos status | grep -qx 'processes: 9'; do
	sleep 0.1
done

# What this one was told about the clocks
clocks=$(tr ' ' '\n' </proc/cmdline | grep -E '^(tsc|no_timer|lpj)' | tr '\n' ' ')

# The next kernel leaves the other CPUs as they are, until it is told to.
load()
{
	kexec -c "$1" /boot/bzImage --initrd=/boot/next.cpio.gz \
		--append="console=ttyS0 panic=-1 $clocks maxcpus=1 $2"
}

load -l crtos_mem=64M && load -p || exit 1
echo "running, memory $(sed -n 's/ *\(.*\) : CRTOS partition/\1/p' /proc/iomem)"
read -r way </dev/ttyS1
case $way in
panic) kexec -c -p -u && echo c >/proc/sysrq-trigger ;; # no crash kernel: it ends there
notifiers)
	kexec -c -p -u && echo Y >/sys/module/kernel/parameters/crash_kexec_post_notifiers &&
		echo c >/proc/sysrq-trigger
	;;
kdump) echo c >/proc/sysrq-trigger ;;
kexec) kexec -e ;;
reboot) reboot -f ;;
poweroff) poweroff -f ;;
halt) halt -f ;;
esac
