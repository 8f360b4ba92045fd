// SPDX-License-Identifier: GPL-2.0
/*
 * How many cycles does getppid() take, here?
 *
 *	callcost [ROUNDS]
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <x86intrin.h>

#define MAX_ROUNDS	100000

static unsigned long long cycles[MAX_ROUNDS];

static unsigned long long one_call(void)
{
	unsigned long long start = __rdtsc();

	syscall(SYS_getppid);
	return __rdtsc() - start;
}

static int compare(const void *a, const void *b)
{
	unsigned long long x = *(unsigned long long *)a, y = *(unsigned long long *)b;

	return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
	int rounds = argc > 1 ? atoi(argv[1]) : 10000;
	int i;

	if (rounds < 1 || rounds > MAX_ROUNDS) {
		fprintf(stderr, "usage: callcost [ROUNDS], at most %d\n", MAX_ROUNDS);
		return 2;
	}
	for (i = 0; i < rounds; i++)
		cycles[i] = one_call();
	qsort(cycles, rounds, sizeof(cycles[0]), compare);
	printf("getppid: min %llu median %llu cycles\n", cycles[0], cycles[rounds / 2]);
	return 0;
}
