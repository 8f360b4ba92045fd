# SPDX-License-Identifier: GPL-2.0
# For scripts/test-stop: an RTOS with a busy program, and then the end of Linux.

cd /selftests/crtos || exit 1
./crtos start ./crtos-rtos.img --cpu 1 || exit 1
./crtos run ./life spin >/dev/null &
# The next kernel leaves the other CPUs as they are.
load()
{
	kexec -c "$1" /boot/bzImage --initrd=/boot/next.cpio.gz \
		--append='console=ttyS0 panic=-1 maxcpus=1'
}

case ${crtos_way:?} in
kexec) load -l || exit 1 ;;
kdump) load -p || exit 1 ;;
esac
sleep 1
echo "running"
# The host looks at the CPU meanwhile.
sleep 5
case $crtos_way in
panic | kdump) echo c >/proc/sysrq-trigger ;;
kexec) kexec -e ;;
reboot) reboot -f ;;
poweroff) poweroff -f ;;
esac
