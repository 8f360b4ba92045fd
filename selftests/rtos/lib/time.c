// SPDX-License-Identifier: GPL-2.0
/* Linux's clocks, computed from the time stamp counter as Linux does it, and sleeping. */
#include "clock.h"
#include "process.h"

#define TIMER_ABSTIME	1
#define MAX_SEC		8000000000LL	/* more is for ever */

/* False: Linux has to be asked. */
static bool local_time(u64 clock, u64 *ns)
{
	return slot_feature(CRTOS_F_TIME) &&
	       clock_read(region_ptr(header->time_off), clock, ns);
}

bool time_is_local(u32 clock)
{
	return clock == CLOCK_REALTIME || clock == CLOCK_MONOTONIC;
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

/* Of a clock that may be local; 0 if there is no way to know. */
static u64 time_now(struct process *p, u32 clock)
{
	struct timespec ts;
	u64 ns;

	if (local_time(clock, &ns))
		return ns;
	if (forward(p, __NR_clock_gettime, clock, p->mm.scratch) ||
	    copy_from_user(&p->mm, &ts, p->mm.scratch, sizeof(ts)))
		return 0;
	return ts.sec * NSEC_PER_SEC + ts.nsec;
}

/* When @ts is over, in ns of the clock.  False: no such time */
bool time_end(struct process *p, u32 clock, const struct timespec *ts, bool absolute, u64 *end)
{
	if (ts->sec < 0 || (u64)ts->nsec >= NSEC_PER_SEC)
		return false;
	*end = min(ts->sec, MAX_SEC) * NSEC_PER_SEC + ts->nsec;
	if (!absolute)
		*end += time_now(p, clock);
	return true;
}

/*
 * Waits until then, or until something else wakes the thread.  False: it is over.
 * Not longer than a second, in which somebody may set the clock.
 */
bool time_wait(struct thread *t, u32 clock, u64 end)
{
	u64 now = time_now(t->process, clock), left;

	if (now >= end)
		return false;
	left = min(end - now, NSEC_PER_SEC);
	thread_wait_until(t, rdtsc() + timer_ns_to_tsc(left));
	return true;
}

static s64 copy_left(struct process *p, u32 clock, u64 end, u64 to)
{
	u64 now = time_now(p, clock), left = end > now ? end - now : 0;
	struct timespec ts = { left / NSEC_PER_SEC, left % NSEC_PER_SEC };

	return copy_to_user(&p->mm, to, &ts, sizeof(ts)) ?: -EINTR;
}

static s64 sleep(struct process *p, u32 clock, bool absolute, u64 from, u64 to)
{
	struct thread *t = current_thread();
	struct timespec ts;
	u64 end;

	if (copy_from_user(&p->mm, &ts, from, sizeof(ts)))
		return -EFAULT;
	if (!time_end(p, clock, &ts, absolute, &end))
		return -EINVAL;
	signal_tell_mask(p);
	do {
		if (signal_wanted(t))
			return absolute || !to ? -EINTR : copy_left(p, clock, end, to);
	} while (time_wait(t, clock, end));
	return 0;
}

s64 sys_nanosleep(struct process *p, const u64 *a)
{
	return sleep(p, CLOCK_MONOTONIC, false, a[0], a[1]);
}

s64 sys_clock_nanosleep(struct process *p, const u64 *a)
{
	if (!time_is_local(a[0]))
		return slot_forward(p, __NR_clock_nanosleep, a);
	return sleep(p, a[0], a[1] & TIMER_ABSTIME, a[2], a[3]);
}
