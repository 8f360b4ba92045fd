// SPDX-License-Identifier: GPL-2.0
/*
 * What a thread is scheduled by.  The first one is what Linux has of the process, so
 * Linux decides about it, and executes the calls of all threads that have no priority
 * as it does the process's.  Of the others Linux does not know.
 */
#include "process.h"

#define SCHED_BATCH		3
#define SCHED_IDLE		5
#define SCHED_RESET_ON_FORK	0x40000000

static bool is_real_time(u32 policy)
{
	return policy == SCHED_FIFO || policy == SCHED_RR;
}

/* Also what the process was started with */
void sched_ask(struct process *p)
{
	s64 policy = forward(p, __NR_sched_getscheduler) & ~(s64)SCHED_RESET_ON_FORK;
	u32 priority;

	if (!is_real_time(policy))
		thread_set_priority(p->threads, SCHED_OTHER, 0);
	else if (!forward(p, __NR_sched_getparam, 0, p->mm.scratch) &&
		 !copy_from_user(&p->mm, &priority, p->mm.scratch, sizeof(priority)))
		thread_set_priority(p->threads, policy, priority);
}

s64 sys_sched_yield(struct process *p, const u64 *a)
{
	thread_yield();
	return 0;
}

/* NULL: none of this process */
static struct thread *find(struct process *p, u64 tid)
{
	return (u32)tid ? thread_find(p, tid) : current_thread();
}

static bool is_first(const struct thread *t)
{
	return t == t->process->threads;
}

static s64 check(u32 policy, u32 priority)
{
	if (is_real_time(policy))
		return priority >= 1 && priority <= MAX_PRIORITY ? 0 : -EINVAL;
	if (policy != SCHED_OTHER && policy != SCHED_BATCH && policy != SCHED_IDLE)
		return -EINVAL;
	return priority ? -EINVAL : 0;
}

/* @a has the thread, and the priority at a[at]. */
static s64 set(struct process *p, struct thread *t, u32 policy, const u64 *a, u32 at)
{
	u32 priority;
	s64 err;

	if (copy_from_user(&p->mm, &priority, a[at], sizeof(priority)))
		return -EFAULT;
	err = is_first(t) ? slot_forward(p, current_thread()->nr, a) : check(policy, priority);
	if (!err)
		thread_set_priority(t, is_real_time(policy) ? policy : SCHED_OTHER, priority);
	return err;
}

s64 sys_sched_setscheduler(struct process *p, const u64 *a)
{
	struct thread *t = find(p, a[0]);

	if (!t || !a[2])
		return slot_forward(p, __NR_sched_setscheduler, a);
	return set(p, t, a[1] & ~(u64)SCHED_RESET_ON_FORK, a, 2);
}

s64 sys_sched_setparam(struct process *p, const u64 *a)
{
	struct thread *t = find(p, a[0]);

	if (!t || !a[1])
		return slot_forward(p, __NR_sched_setparam, a);
	return set(p, t, t->policy, a, 1);
}

s64 sys_sched_getscheduler(struct process *p, const u64 *a)
{
	struct thread *t = find(p, a[0]);

	return t && !is_first(t) ? t->policy : slot_forward(p, __NR_sched_getscheduler, a);
}

s64 sys_sched_getparam(struct process *p, const u64 *a)
{
	struct thread *t = find(p, a[0]);
	u32 priority;

	if (!t || is_first(t) || !a[1])
		return slot_forward(p, __NR_sched_getparam, a);
	priority = t->own_priority;
	return copy_to_user(&p->mm, a[1], &priority, sizeof(priority));
}

s64 sys_sched_setattr(struct process *p, const u64 *a)
{
	s64 err = slot_forward(p, __NR_sched_setattr, a);

	if (!err)
		sched_ask(p);
	return err;
}
