// SPDX-License-Identifier: GPL-2.0
/*
 * Rings Linux from ring 3, without a request; or reads the page of the slot that is
 * not for it.
 *
 *	uipi TIMES [INDEX]	INDEX other than 0 is not this process's
 *	uipi page
 */
#include "slot.h"

int main(int argc, char **argv)
{
	unsigned long index = argc > 2 ? strtoul(argv[2], NULL, 0) : 0;
	int i, times = argc > 1 ? atoi(argv[1]) : 1;

	if (argc > 1 && !strcmp(argv[1], "page"))
		return slot_open() ? *(volatile int *)slot : 1;

	for (i = 0; i < times; i++)
		asm volatile("senduipi %0" : : "r" (index) : "memory");
	printf("%d times\n", times);
	return 0;
}
