// SPDX-License-Identifier: GPL-2.0
/*
 * What every process has mapped, so that its C library reads the clocks in ring 3: a
 * shared object with the names that those of Linux have.
 */
#include "../clock.h"

struct timespec {
	s64 sec, nsec;
};

#define NR_CLOCK_GETTIME	228

static int ask_kernel(s64 clock, struct timespec *ts)
{
	s64 result;

	asm volatile("syscall" : "=a" (result) : "0" (NR_CLOCK_GETTIME), "D" (clock), "S" (ts)
		     : "rcx", "r11", "memory");
	return result;
}

int __vdso_clock_gettime(int clock, struct timespec *ts)
{
	u64 ns;

	if (!clock_read((const struct crtos_time *)TIME_VA, (u32)clock, &ns))
		return ask_kernel(clock, ts);
	ts->sec = ns / NSEC_PER_SEC;
	ts->nsec = ns % NSEC_PER_SEC;
	return 0;
}

int clock_gettime(int clock, struct timespec *ts)
	__attribute__((weak, alias("__vdso_clock_gettime")));
