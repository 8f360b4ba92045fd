// SPDX-License-Identifier: GPL-2.0
/*
 * One forwarded getppid(), between two marks for an emulator that writes down what
 * Linux executes meanwhile, see scripts/where.
 *
 *	where [PAUSE]		PAUSE: cycles before it, so that Linux goes to sleep
 */
#include "slot.h"

#define WARM_UP	60

static void call(unsigned int index, unsigned long long pause)
{
	unsigned long long end = __rdtsc() + pause;

	while (__rdtsc() < end)
		_mm_pause();
	if (index == WARM_UP)
		asm volatile("xchg %rdi, %rdi");
	slot_publish(index % SLOT_ENTRIES, SYS_getppid, NULL, 0);
	slot_ring();
	slot_poll(&slot->entries[index % SLOT_ENTRIES]);
	if (index == WARM_UP)
		asm volatile("xchg %rdi, %rdi");
}

int main(int argc, char **argv)
{
	unsigned long long pause = argc > 1 ? strtoull(argv[1], NULL, 0) : 0;
	unsigned int i;

	if (!slot_open())
		slot_die("this is not the test RTOS, or it has no user interrupts");
	for (i = 0; i <= WARM_UP; i++)
		call(i, pause);
	return 0;
}
