// SPDX-License-Identifier: GPL-2.0
/*
 * Rings Linux from ring 3, without a request; or reads the page of the slot that is
 * not for it.
 *
 *	uipi TIMES [INDEX]	INDEX other than 0 is not this process's
 *	uipi TIMES call		with one request, which stays unanswered if that
 *				keeps Linux from its work
 *	uipi page
 */
#include "slot.h"

int main(int argc, char **argv)
{
	bool call = argc > 2 && !strcmp(argv[2], "call");
	unsigned long index = argc > 2 && !call ? strtoul(argv[2], NULL, 0) : 0;
	struct crtos_entry *e = NULL;
	int i, times = argc > 1 ? atoi(argv[1]) : 1;

	if (argc > 1 && !strcmp(argv[1], "page"))
		return slot_open() ? *(volatile int *)slot : 1;

	if (call && !slot_open())
		return 1;
	if (call)
		e = slot_publish(0, SYS_getppid, NULL, 0);
	for (i = 0; i < times; i++)
		asm volatile("senduipi %0" : : "r" (index) : "memory");
	printf("%d times\n", times);
	return call && slot_poll(e) != getppid();
}
