// SPDX-License-Identifier: GPL-2.0
/*
 * Cycles of the time stamp counter for a getppid(), one after the other.
 *
 *	bench native|ipi|senduipi|ring3|posted ROUNDS [PAUSE]
 *
 * native: as it is, for Linux; ipi, senduipi: through the kernel of the test RTOS,
 * which rings in one way or the other; ring3: not through it, the completion is
 * polled for; posted: nor that, the completion is a user interrupt. PAUSE: cycles
 * between two of them, so that what they need goes to sleep.
 */
#include "slot.h"

#define MAX_ROUNDS	100000
#define WARM_UP		100

static unsigned long long cycles[MAX_ROUNDS];

static long by_kernel(unsigned int index)
{
	return syscall(SYS_getppid);
}

static long by_ring3(unsigned int index)
{
	struct crtos_entry *e = slot_publish(index, SYS_getppid, NULL, 0);

	slot_ring();
	return slot_poll(e);
}

static long by_interrupt(unsigned int index)
{
	struct crtos_entry *e = slot_publish(index, SYS_getppid, NULL, CRTOS_ENTRY_NOTIFY);

	slot_ring();
	return slot_wait(e);
}

static const struct variant {
	const char *name;
	long (*call)(unsigned int index);
	bool rtos;
	bool software;
} variants[] = {
	{ "native", by_kernel, false, false },
	{ "ipi", by_kernel, true, true },
	{ "senduipi", by_kernel, true, false },
	{ "ring3", by_ring3, true, false },
	{ "posted", by_interrupt, true, false },
	{}
};

static const struct variant *find(const char *name)
{
	const struct variant *v;

	for (v = variants; v->name; v++)
		if (!strcmp(v->name, name))
			return v;
	return NULL;
}

static void wait_cycles(unsigned long long n)
{
	unsigned long long end = __rdtsc() + n;

	while (__rdtsc() < end)
		_mm_pause();
}

static int compare(const void *a, const void *b)
{
	unsigned long long x = *(unsigned long long *)a, y = *(unsigned long long *)b;

	return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
	const struct variant *v = argc > 2 ? find(argv[1]) : NULL;
	int rounds = v ? atoi(argv[2]) : 0, i;
	unsigned long long pause = argc > 3 ? strtoull(argv[3], NULL, 0) : 0, start;
	long expected = getppid();

	if (rounds < 1 || rounds > MAX_ROUNDS) {
		fprintf(stderr, "usage: bench native|ipi|senduipi|ring3|posted ROUNDS [PAUSE]\n");
		return 2;
	}
	if (v->rtos && (!slot_open() || syscall(SYS_arch_prctl, ARCH_CRTOS_SOFTWARE, v->software)))
		slot_die("this is not the test RTOS, or it has no user interrupts");

	for (i = -WARM_UP; i < rounds; i++) {
		wait_cycles(pause);
		start = __rdtsc();
		if (v->call((unsigned int)i % SLOT_ENTRIES) != expected)
			slot_die("wrong answer");
		if (i >= 0)
			cycles[i] = __rdtsc() - start;
	}
	qsort(cycles, rounds, sizeof(cycles[0]), compare);
	printf("%llu %llu %llu %d\n", cycles[0], cycles[rounds / 2], cycles[rounds * 99 / 100],
	       rounds);
	return 0;
}
