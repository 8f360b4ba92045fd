// SPDX-License-Identifier: GPL-2.0
/*
 * Rings Linux from ring 3, without a request: its worker looks and sleeps again.
 *
 *	uipi [TIMES [INDEX]]	INDEX other than 0 is not this process's
 */
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
	int i, times = argc > 1 ? atoi(argv[1]) : 1;
	unsigned long index = argc > 2 ? strtoul(argv[2], NULL, 0) : 0;

	for (i = 0; i < times; i++)
		asm volatile("senduipi %0" : : "r" (index) : "memory");
	printf("%d times\n", times);
	return 0;
}
