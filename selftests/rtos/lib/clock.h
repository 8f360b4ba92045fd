/* SPDX-License-Identifier: GPL-2.0 */
/* The time page, read as Linux's own clocks are: by the kernel, and in ring 3. */
#ifndef RTOS_CLOCK_H
#define RTOS_CLOCK_H

#include "x86.h"

#define CLOCK_REALTIME	0
#define CLOCK_MONOTONIC	1
#define NSEC_PER_SEC	1000000000ULL

/* A writer that is stopped halfway must not hold up this CPU. */
#define CLOCK_TRIES	1000

/* False: try again.  All that is used was read between two looks at seq. */
static inline bool clock_try(const struct crtos_time *t, u64 clock, u32 *mode, u64 *ns)
{
	u64 tsc, mult, frac, mono, offset, now, delta;
	u32 seq = load_acquire(&t->seq), shift;

	*mode = READ_ONCE(t->mode);
	tsc = READ_ONCE(t->tsc);
	mult = READ_ONCE(t->mult);
	shift = READ_ONCE(t->shift);
	frac = READ_ONCE(t->frac);
	mono = READ_ONCE(t->mono_ns);
	offset = READ_ONCE(t->real_offset_ns);
	now = rdtsc_ordered();
	barrier();
	if (seq & 1 || READ_ONCE(t->seq) != seq)
		return false;
	delta = now > tsc ? now - tsc : 0;
	*ns = mono + (u64)(((u128)delta * mult + frac) >> (shift & 63));
	if (clock == CLOCK_REALTIME)
		*ns += offset;
	return true;
}

/* False: Linux has to be asked. */
static inline bool clock_read(const struct crtos_time *t, u64 clock, u64 *ns)
{
	u32 mode, i;

	if (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC)
		return false;
	for (i = 0; !clock_try(t, clock, &mode, ns); i++) {
		if (i == CLOCK_TRIES)
			return false;
		cpu_relax();
	}
	return mode == CRTOS_TIME_TSC;
}

#endif
