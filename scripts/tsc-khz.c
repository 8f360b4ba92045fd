// SPDX-License-Identifier: GPL-2.0
/*
 * Prints the frequency of the time stamp counter in kHz.
 *
 * A guest of QEMU's TCG has the counter of the host, and cannot tell its frequency well
 * where the host has much to do. Linux is told by tsc_early_khz.
 */
#include <limits.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>
#include <x86intrin.h>

#define LOOKS		100
#define INTERVAL_US	200000

struct look {
	long long ns;
	long long tsc;
};

/* At both clocks at once: the one that least came between */
static struct look look(void)
{
	long long best = LLONG_MAX;
	struct look result = { 0, 0 };
	int i;

	for (i = 0; i < LOOKS; i++) {
		long long tsc = __rdtsc(), took;
		struct timespec ts;

		clock_gettime(CLOCK_MONOTONIC, &ts);
		took = __rdtsc() - tsc;
		if (took >= best)
			continue;
		best = took;
		result.ns = ts.tv_sec * 1000000000LL + ts.tv_nsec;
		result.tsc = tsc + took / 2;
	}
	return result;
}

int main(void)
{
	struct look begin = look(), end;

	usleep(INTERVAL_US);
	end = look();
	printf("%lld\n", (end.tsc - begin.tsc) * 1000000 / (end.ns - begin.ns));
	return 0;
}
