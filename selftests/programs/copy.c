// SPDX-License-Identifier: GPL-2.0
/*
 * Cycles of the time stamp counter for a write() and a read() of 1 MiB, of memory that
 * was used before: the medians. What is read must be what was written.
 *
 *	copy FILE ROUNDS
 */
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <x86intrin.h>

#define LEN		(256 * 4096)
#define WARM_UP		2
#define MAX_ROUNDS	1000

static unsigned char out[LEN] __attribute__((aligned(4096)));
static unsigned char in[LEN] __attribute__((aligned(4096)));
static unsigned long long written[WARM_UP + MAX_ROUNDS], was_read[WARM_UP + MAX_ROUNDS];

/* Another text in each round */
static void fill(int round)
{
	unsigned long long *words = (unsigned long long *)out;
	unsigned int i;

	for (i = 0; i < LEN / sizeof(*words); i++)
		words[i] = (i + 1ULL) * 0x9e3779b97f4a7c15ULL + round;
}

static unsigned long long timed_write(int fd)
{
	unsigned long long start;
	ssize_t n;

	if (lseek(fd, 0, SEEK_SET))
		err(1, "lseek");
	start = __rdtsc();
	n = write(fd, out, LEN);
	start = __rdtsc() - start;
	if (n != LEN)
		err(1, "write");
	return start;
}

static unsigned long long timed_read(int fd)
{
	unsigned long long start;
	ssize_t n;

	if (lseek(fd, 0, SEEK_SET))
		err(1, "lseek");
	start = __rdtsc();
	n = read(fd, in, LEN);
	start = __rdtsc() - start;
	if (n != LEN)
		err(1, "read");
	return start;
}

static int compare(const void *a, const void *b)
{
	unsigned long long x = *(unsigned long long *)a, y = *(unsigned long long *)b;

	return (x > y) - (x < y);
}

static unsigned long long median(unsigned long long *cycles, int rounds)
{
	qsort(cycles, rounds, sizeof(*cycles), compare);
	return cycles[rounds / 2];
}

int main(int argc, char **argv)
{
	int rounds = argc == 3 ? atoi(argv[2]) : 0, fd, i;

	if (rounds < 1 || rounds > MAX_ROUNDS) {
		fprintf(stderr, "usage: copy FILE ROUNDS\n");
		return 2;
	}
	fd = open(argv[1], O_RDWR | O_CREAT, 0600);
	if (fd < 0)
		err(1, "%s", argv[1]);
	memset(in, 0xff, LEN);
	for (i = 0; i < WARM_UP + rounds; i++) {
		fill(i);
		written[i] = timed_write(fd);
		was_read[i] = timed_read(fd);
		if (memcmp(in, out, LEN))
			errx(1, "what was read is not what was written");
	}
	printf("%llu %llu\n", median(written + WARM_UP, rounds),
	       median(was_read + WARM_UP, rounds));
	return 0;
}
