// SPDX-License-Identifier: GPL-2.0
/* Linux's clocks, computed from the time stamp counter as Linux does it. */
#include "process.h"

#define CLOCK_REALTIME	0
#define CLOCK_MONOTONIC	1
#define NSEC_PER_SEC	1000000000ULL

/* A writer that is stopped halfway must not hold up this CPU. */
#define TRIES		1000

/* False: try again.  All that is used was read between two looks at seq. */
static bool read_time(const struct crtos_time *t, struct crtos_time *copy, u64 *now)
{
	u32 seq = load_acquire(&t->seq);

	*copy = READ_ONCE(*t);
	*now = rdtsc_ordered();
	barrier();
	return !(seq & 1) && READ_ONCE(t->seq) == seq;
}

static u64 monotonic(const struct crtos_time *t, u64 now)
{
	u64 delta = now > t->tsc ? now - t->tsc : 0;

	return t->mono_ns + (u64)(((u128)delta * t->mult + t->frac) >> t->shift);
}

/* False: Linux has to be asked. */
static bool local_time(u64 clock, u64 *ns)
{
	const struct crtos_time *t = region_ptr(header->time_off);
	struct crtos_time copy;
	u64 now;
	u32 i;

	if (!slot_feature(CRTOS_F_TIME) ||
	    (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC))
		return false;
	for (i = 0; !read_time(t, &copy, &now); i++) {
		if (i == TRIES)
			return false;
		cpu_relax();
	}
	if (copy.mode != CRTOS_TIME_TSC)
		return false;
	*ns = monotonic(&copy, now);
	if (clock == CLOCK_REALTIME)
		*ns += copy.real_offset_ns;
	return true;
}

s64 sys_clock_gettime(struct process *p, const u64 *a)
{
	u64 ns, time[2];

	if (!local_time((u32)a[0], &ns))
		return forward(p, __NR_clock_gettime, a[0], a[1]);
	time[0] = ns / NSEC_PER_SEC;
	time[1] = ns % NSEC_PER_SEC;
	return copy_to_user(&p->mm, a[1], time, sizeof(time));
}
