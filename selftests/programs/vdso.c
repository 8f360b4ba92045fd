// SPDX-License-Identifier: GPL-2.0
/*
 * The C library reads the clocks without entering the kernel, and they are those
 * that the kernel tells:
 *
 *	vdso [READINGS]
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define ARCH_CRTOS_ENTRIES	0x43520003
#define NSEC			1000000000LL

static long long by_library(clockid_t clock)
{
	struct timespec ts;

	if (clock_gettime(clock, &ts))
		err(1, "clock_gettime");
	return ts.tv_sec * NSEC + ts.tv_nsec;
}

static long long by_kernel(clockid_t clock)
{
	struct timespec ts;

	if (syscall(SYS_clock_gettime, clock, &ts))
		err(1, "SYS_clock_gettime");
	return ts.tv_sec * NSEC + ts.tv_nsec;
}

/* How often it has left ring 3, but for interrupts */
static unsigned long entries(void)
{
	unsigned long count[2];

	if (syscall(SYS_arch_prctl, ARCH_CRTOS_ENTRIES, count))
		err(1, "arch_prctl");
	return count[0] - count[1];
}

static void check_order(clockid_t clock)
{
	long long before = by_kernel(clock), between = by_library(clock);
	long long after = by_kernel(clock);

	if (between < before || between > after)
		errx(1, "clock %d: %lld is not between %lld and %lld", clock, between, before,
		     after);
}

int main(int argc, char **argv)
{
	long readings = argc > 1 ? atol(argv[1]) : 10000, i;
	long long last = 0, next;
	unsigned long before;

	for (i = 0; i < 100; i++) {
		check_order(CLOCK_MONOTONIC);
		check_order(CLOCK_REALTIME);
	}
	before = entries();
	for (i = 0; i < readings; i++, last = next) {
		next = by_library(CLOCK_MONOTONIC);
		if (next < last)
			errx(1, "the clock goes backwards");
	}
	printf("%lu entries for %ld readings\n", entries() - before - 1, readings);
	return entries() - before > 20;
}
