// SPDX-License-Identifier: GPL-2.0
/*
 * One forwarded getppid(), or one request for the kernel thread of crtos_test_floor,
 * between two marks for an emulator that writes down what Linux executes meanwhile, see
 * scripts/where.
 *
 *	where call|floor [PAUSE]	PAUSE: cycles before it, so that Linux goes to sleep
 */
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "slot.h"
#include "../test_modules/crtos_test_floor.h"

#define WARM_UP	60

static struct floor_control *const control = (struct floor_control *)FLOOR_ADDR;

static void by_call(unsigned int index)
{
	slot_publish(index % SLOT_ENTRIES, SYS_getppid, NULL, 0);
	slot_ring();
	slot_poll(&slot->entries[index % SLOT_ENTRIES]);
}

static void open_floor(void)
{
	const struct floor_share share = { .addr = FLOOR_ADDR, .who = FLOOR_SLEEPER };
	int device = open("/dev/" FLOOR_DEVICE, O_RDWR);

	if (mmap(control, FLOOR_PAGES * 4096, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != control)
		slot_die("no memory");
	memset(control, 0, FLOOR_PAGES * 4096);
	if (syscall(SYS_arch_prctl, ARCH_CRTOS_UITT, FLOOR_ADDR) ||
	    ioctl(device, FLOOR_SHARE, &share))
		slot_die("no floor");
}

static void by_floor(unsigned int index)
{
	__atomic_store_n(&control->request.seq, index + 1, __ATOMIC_SEQ_CST);
	asm volatile("senduipi %0" : : "r" (1ULL) : "memory");
	while (__atomic_load_n(&control->answer.seq, __ATOMIC_ACQUIRE) != index + 1)
		_mm_pause();
}

static void measure(unsigned int index, void (*request)(unsigned int index),
		    unsigned long long pause)
{
	wait_cycles(pause);
	if (index == WARM_UP)
		asm volatile("xchg %rdi, %rdi");
	request(index);
	if (index == WARM_UP)
		asm volatile("xchg %rdi, %rdi");
}

int main(int argc, char **argv)
{
	bool floor = argc > 1 && !strcmp(argv[1], "floor");
	unsigned long long pause = argc > 2 ? strtoull(argv[2], NULL, 0) : 0;
	unsigned int i;

	if (!slot_open())
		slot_die("this is not the test RTOS, or it has no user interrupts");
	if (floor)
		open_floor();
	for (i = 0; i <= WARM_UP; i++)
		measure(i, floor ? by_floor : by_call, pause);
	return 0;
}
