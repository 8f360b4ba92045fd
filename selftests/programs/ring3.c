// SPDX-License-Identifier: GPL-2.0
/*
 * getppid() from ring 3 of the test RTOS, see slot.h. Whatever it does, the kernel
 * of the RTOS is not entered but by interrupts that have nothing to do with it.
 *
 *	ring3 polled|interrupted [ROUNDS]
 */
#include "slot.h"

static long polled(unsigned int index)
{
	struct crtos_entry *e = slot_publish(index, SYS_getppid, NULL, 0);

	slot_ring();
	return slot_poll(e);
}

static long interrupted(unsigned int index)
{
	struct crtos_entry *e = slot_publish(index, SYS_getppid, NULL, CRTOS_ENTRY_NOTIFY);

	slot_ring();
	return slot_wait(e);
}

int main(int argc, char **argv)
{
	bool by_interrupt = argc > 1 && !strcmp(argv[1], "interrupted");
	int rounds = argc > 2 ? atoi(argv[2]) : 1000;
	unsigned long long before[2], after[2];
	long expected = getppid();
	int i, wrong = 0;

	if (!slot_open())
		slot_die("this is not the test RTOS, or it has no user interrupts");
	syscall(SYS_arch_prctl, ARCH_CRTOS_ENTRIES, before);
	for (i = 0; i < rounds; i++)
		wrong += (by_interrupt ? interrupted : polled)(i % SLOT_ENTRIES) != expected;
	syscall(SYS_arch_prctl, ARCH_CRTOS_ENTRIES, after);

	/* But for the system call that asks */
	after[0] -= before[0] + 1;
	after[1] -= before[1];
	printf("calls: %d\nwrong: %d\nsenduipis: %lu\nuser_interrupts: %lu\n"
	       "system_calls: %llu\nkernel_interrupts: %llu\n",
	       rounds, wrong, rung, slot_interrupts, after[0] - after[1], after[1]);
	return wrong || after[0] != after[1];
}
