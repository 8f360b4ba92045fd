// SPDX-License-Identifier: GPL-2.0
/*
 * A thread that runs once in each period, and what disturbed it.
 *
 *	cyclic PERIOD_US PERIODS [calls]
 *
 * With "calls", another thread makes calls that Linux executes meanwhile. A third
 * one computes, so that the CPU never idles. Prints how long the periods were, how
 * late the thread was, and on an RTOS that tells, which interrupts the CPU took.
 */
#include <err.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include <x86intrin.h>

#define ARCH_CRTOS_VECTORS	0x43520009
#define VECTORS			256
#define MAX_PERIODS		100000
#define WARM_UP			5
#define NSEC			1000000000LL

static atomic_bool over;
static unsigned long long woken[MAX_PERIODS];
static long long late[MAX_PERIODS];
static unsigned long before[VECTORS], after[VECTORS];

static void set_priority(pthread_t thread, int priority)
{
	struct sched_param param = { .sched_priority = priority };
	int err = pthread_setschedparam(thread, SCHED_FIFO, &param);

	if (err)
		errx(1, "priority %d: %s", priority, strerror(err));
}

static void *make_calls(void *arg)
{
	long calls = 0;

	set_priority(pthread_self(), 10);
	while (!over) {
		syscall(SYS_getppid);
		calls++;
		usleep(100);
	}
	return (void *)calls;
}

static void *compute(void *arg)
{
	while (!over)
		;
	return NULL;
}

static long long now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * NSEC + ts.tv_nsec;
}

static void cycle(long long period, int periods)
{
	long long next = now() + period;
	int i;

	for (i = 0; i < periods; i++, next += period) {
		struct timespec ts = { next / NSEC, next % NSEC };

		if (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL))
			errx(1, "clock_nanosleep");
		woken[i] = __rdtsc();
		late[i] = now() - next;
	}
}

static int compare(const void *a, const void *b)
{
	long long x = *(const long long *)a, y = *(const long long *)b;

	return x < y ? -1 : x > y;
}

/* The first ones find caches and page tables as others have left them. */
static void report(int periods)
{
	int n = periods - WARM_UP, i;
	double mean = (double)(woken[periods - 1] - woken[WARM_UP - 1]) / n, worst = 0;

	for (i = WARM_UP; i < periods; i++) {
		double off = (woken[i] - woken[i - 1]) / mean - 1;

		if (off < 0)
			off = -off;
		if (off > worst)
			worst = off;
	}
	qsort(late + WARM_UP, n, sizeof(late[0]), compare);
	printf("periods: %d of %.0f ticks\n", n, mean);
	printf("deviation: %.3f %%\n", worst * 100);
	printf("late: min %lld median %lld max %lld ns\n", late[WARM_UP],
	       late[WARM_UP + n / 2], late[periods - 1]);
}

int main(int argc, char **argv)
{
	long long period = argc > 1 ? atoll(argv[1]) * 1000 : 0;
	int periods = argc > 2 ? atoi(argv[2]) : 0, i;
	pthread_t spinner, caller;
	void *calls = NULL;
	bool told;

	if (period <= 0 || periods <= WARM_UP || periods > MAX_PERIODS)
		errx(2, "usage: cyclic PERIOD_US PERIODS [calls]");
	pthread_create(&spinner, NULL, compute, NULL);
	if (argc > 3)
		pthread_create(&caller, NULL, make_calls, NULL);
	set_priority(pthread_self(), 80);
	told = !syscall(SYS_arch_prctl, ARCH_CRTOS_VECTORS, before);
	cycle(period, periods);
	told = told && !syscall(SYS_arch_prctl, ARCH_CRTOS_VECTORS, after);
	over = true;
	if (argc > 3)
		pthread_join(caller, &calls);
	pthread_join(spinner, NULL);
	report(periods);
	printf("calls: %ld\n", (long)calls);
	for (i = 0; told && i < VECTORS; i++)
		if (after[i] != before[i])
			printf("vector %d: %lu\n", i, after[i] - before[i]);
	return 0;
}
