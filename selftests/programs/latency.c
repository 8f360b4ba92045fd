// SPDX-License-Identifier: GPL-2.0
/*
 * How long does a write() take?
 *
 *	latency [WRITES-PER-SAMPLE [FILE]]
 */
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define TOTAL_SAMPLES		20
#define CYCLES_PER_SAMPLE	1000

static void do_write(int fd)
{
	if (write(fd, "x", 1) != 1)
		err(1, "write");
}

static long tsdelta(const struct timespec *end, const struct timespec *start)
{
	return (end->tv_sec - start->tv_sec) * 1000000L +
	       (end->tv_nsec - start->tv_nsec) / 1000;
}

static long sample(int fd, int cycles)
{
	struct timespec start, end;
	int i;

	clock_gettime(CLOCK_MONOTONIC, &start);
	for (i = 0; i < cycles; i++)
		do_write(fd);
	clock_gettime(CLOCK_MONOTONIC, &end);
	return tsdelta(&end, &start);
}

int main(int argc, char **argv)
{
	int cycles = argc > 1 ? atoi(argv[1]) : CYCLES_PER_SAMPLE;
	const char *path = argc > 2 ? argv[2] : "/dev/null";
	int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0644);
	long total = 0;
	int i;

	if (fd < 0)
		err(1, "%s", path);
	if (cycles < 1)
		errx(2, "usage: latency [WRITES-PER-SAMPLE [FILE]]");

	for (i = 0; i < TOTAL_SAMPLES; i++) {
		long interval = sample(fd, cycles);

		printf("Live: latency = %ld usec %d\n", interval / cycles, i);
		total += interval;
	}
	printf("Avg time delay per syscall: %ld usec\n", total / TOTAL_SAMPLES / cycles);
	printf("Total time delay for %d syscalls: %ld usec\n", TOTAL_SAMPLES * cycles, total);
	return 0;
}
