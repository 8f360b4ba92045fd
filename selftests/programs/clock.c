// SPDX-License-Identifier: GPL-2.0
/*
 * Do the clocks that an RTOS computes by itself agree with those of Linux?
 *
 *	clock [ROUNDS]		compare them
 *	clock local [ROUNDS]	only read them, so that calls to Linux can be counted
 *	clock step SECONDS	set CLOCK_REALTIME by so much, compare, set it back
 *
 * CLOCK_BOOTTIME and CLOCK_TAI are asked of Linux, whatever the RTOS does. On a
 * machine that was not suspended the first one is CLOCK_MONOTONIC, and the second
 * one is some whole seconds from CLOCK_REALTIME. A time must lie between one that
 * Linux gave before and one that it gave after.
 */
#include <ctype.h>
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define NSEC	1000000000LL

/* No vDSO and no opinion of the C library */
static long long get(clockid_t clock)
{
	struct timespec ts;

	if (syscall(SYS_clock_gettime, clock, &ts))
		err(1, "clock %d", clock);
	return ts.tv_sec * NSEC + ts.tv_nsec;
}

/*
 * CLOCK_TAI - CLOCK_REALTIME, both as Linux says: whole seconds, which can be told
 * when little time passes between the calls.
 */
static long long tai_offset(void)
{
	long long before, after, offset;
	struct timeval tv;

	do {
		before = get(CLOCK_TAI);
		if (syscall(SYS_gettimeofday, &tv, NULL))
			err(1, "gettimeofday");
		after = get(CLOCK_TAI);
	} while (after - before > NSEC / 4);

	offset = before - tv.tv_sec * NSEC - tv.tv_usec * 1000LL;
	return (offset + (offset < 0 ? -1 : 1) * NSEC / 2) / NSEC * NSEC;
}

/* Prints what is wrong. */
static int between(const char *what, long long before, long long local, long long after)
{
	if (before <= local && local <= after)
		return 1;
	printf("clock: %s %lld is not from %lld to %lld\n", what, local, before, after);
	return 0;
}

static int check_monotonic(long long *last)
{
	long long before = get(CLOCK_BOOTTIME), local = get(CLOCK_MONOTONIC);
	long long after = get(CLOCK_BOOTTIME);

	if (local < *last) {
		printf("clock: monotonic went back from %lld to %lld\n", *last, local);
		return 0;
	}
	*last = local;
	return between("monotonic", before, local, after);
}

static int check_realtime(long long offset)
{
	long long before = get(CLOCK_TAI) - offset;
	long long local = get(CLOCK_REALTIME), after = get(CLOCK_TAI) - offset;

	return between("realtime", before, local, after);
}

static int compare(int rounds)
{
	int monotonic = 0, realtime = 0, i;
	long long offset = tai_offset(), last = 0;

	for (i = 0; i < rounds; i++) {
		monotonic += !check_monotonic(&last);
		realtime += !check_realtime(offset);
		if (monotonic + realtime > 10)
			break;
	}
	printf("clock: %d rounds, monotonic %s, realtime %s\n", rounds,
	       monotonic ? "wrong" : "ok", realtime ? "wrong" : "ok");
	return monotonic || realtime;
}

static int read_only(int rounds)
{
	long long monotonic = get(CLOCK_MONOTONIC), realtime = get(CLOCK_REALTIME), now;
	int bad = 0, i;

	for (i = 1; i < rounds; i++) {
		now = get(CLOCK_MONOTONIC);
		bad += now < monotonic;
		monotonic = now;
		now = get(CLOCK_REALTIME);
		bad += now < realtime;
		realtime = now;
	}
	printf("clock: %d readings, %d went back\n", rounds, bad);
	return !!bad;
}

/* CLOCK_REALTIME - CLOCK_BOOTTIME before the first step, both as Linux says */
static long long start_offset;
static int is_set;

static int set_clock(long long to)
{
	struct timespec ts = { to / NSEC, to % NSEC };

	return syscall(SYS_clock_settime, CLOCK_REALTIME, &ts);
}

/* When the program exits, however it went */
static void restore(void)
{
	struct timespec ts;

	if (is_set && (syscall(SYS_clock_gettime, CLOCK_BOOTTIME, &ts) ||
		       set_clock(ts.tv_sec * NSEC + ts.tv_nsec + start_offset)))
		perror("clock: CLOCK_REALTIME is not restored");
}

static void step(long long ns)
{
	if (set_clock(get(CLOCK_REALTIME) + ns))
		err(1, "clock_settime");
	is_set = 1;
}

/* CLOCK_REALTIME goes by as much, and CLOCK_MONOTONIC does not notice. */
static int check_step(long long ns, long long *last)
{
	long long start = get(CLOCK_MONOTONIC);
	long long before = get(CLOCK_REALTIME) - get(CLOCK_MONOTONIC), moved, passed;
	int bad;

	step(ns);
	bad = !check_realtime(tai_offset()) + !check_monotonic(last);
	moved = get(CLOCK_REALTIME) - get(CLOCK_MONOTONIC) - before;
	/* The calls take time, and what is between them. */
	passed = get(CLOCK_MONOTONIC) - start;
	if (moved > ns + passed || moved < ns - passed) {
		printf("clock: realtime went by %lld ns, not %lld in %lld\n", moved, ns, passed);
		bad++;
	}
	return bad;
}

static int check_steps(int seconds)
{
	long long last = get(CLOCK_MONOTONIC);
	int bad;

	start_offset = get(CLOCK_TAI) - tai_offset() - get(CLOCK_BOOTTIME);
	atexit(restore);
	bad = check_step(seconds * NSEC, &last);
	bad += check_step(-seconds * NSEC, &last);
	printf("clock: step of %d s %s\n", seconds, bad ? "wrong" : "ok");
	return !!bad;
}

static const struct {
	const char *name;
	int (*run)(int n);
} ways[] = {
	{ "compare", compare },
	{ "local", read_only },
	{ "step", check_steps },
	{}
};

int main(int argc, char **argv)
{
	const char *name = argc > 1 && !isdigit(*argv[1]) ? argv[1] : "compare";
	const char *number = argc > 1 ? argv[argc - 1] : "";
	int n = isdigit(*number) || *number == '-' ? atoi(number) : 1000, i;

	for (i = 0; argc < 4 && n && ways[i].name; i++)
		if (!strcmp(ways[i].name, name))
			return ways[i].run(n);
	fprintf(stderr, "usage: clock [ROUNDS] | clock local [ROUNDS] | clock step SECONDS\n");
	return 2;
}
