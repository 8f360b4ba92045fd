// SPDX-License-Identifier: GPL-2.0
/*
 * Futexes between threads of a process, and what the end of a thread does to them.
 *
 * In memory that processes share a futex is Linux's, which knows its page.  All
 * others are found by their address.  Threads of a process never run at the same
 * time, and not while one is in here: nothing comes between a look and what follows.
 */
#include "clock.h"
#include "process.h"

#define FUTEX_WAIT		0
#define FUTEX_WAKE		1
#define FUTEX_REQUEUE		3
#define FUTEX_CMP_REQUEUE	4
#define FUTEX_WAKE_OP		5
#define FUTEX_WAIT_BITSET	9
#define FUTEX_WAKE_BITSET	10
#define FUTEX_PRIVATE		128
#define FUTEX_CLOCK_REALTIME	256
#define ANY_BIT			0xffffffff

/* What FUTEX_WAKE_OP does, and compares the old value by */
#define OP_ARG_SHIFT		8

#define FUTEX_WAITERS		0x80000000
#define FUTEX_OWNER_DIED	0x40000000
#define FUTEX_TID_MASK		0x3fffffff

#define ROBUST_LEN	24	/* of the head: list, offset, pending */
#define ROBUST_LIMIT	2048
#define ROBUST_PI	1ULL	/* in a pointer */

static bool is_shared(struct process *p, u64 addr)
{
	struct vma *v = mm_find(&p->mm, addr);

	return v && v->start <= addr && v->flags & VMA_SHARED;
}

/* Who waits there with one of @bits: the highest priority, and then who came first */
static struct thread *first_waiter(struct process *p, u64 addr, u32 bits)
{
	struct thread *t, *first = NULL;

	for (t = p->threads; t; t = t->next) {
		if (t->futex != addr || !(t->futex_bits & bits))
			continue;
		if (!first || t->priority > first->priority ||
		    (t->priority == first->priority && t->futex_turn < first->futex_turn))
			first = t;
	}
	return first;
}

u32 futex_wake(struct process *p, u64 addr, u32 count, u32 bits)
{
	struct thread *t;
	u32 woken;

	for (woken = 0; woken < count && (t = first_waiter(p, addr, bits)); woken++) {
		t->futex = 0;
		thread_wake(t);
	}
	return woken;
}

static s64 get_end(struct process *p, const u64 *a, bool absolute, u32 clock, u64 *end)
{
	struct timespec ts;

	if (!a[3])
		return 0;
	if (copy_from_user(&p->mm, &ts, a[3], sizeof(ts)))
		return -EFAULT;
	return time_end(p, clock, &ts, absolute, end) ? 0 : -EINVAL;
}

static s64 check_value(struct process *p, u64 addr, u32 expected)
{
	u32 value;

	if (addr % sizeof(value))
		return -EINVAL;
	if (copy_from_user(&p->mm, &value, addr, sizeof(value)))
		return -EFAULT;
	return value == expected ? 0 : -EAGAIN;
}

/* Until it is woken, @end comes (0: never), or there is a signal */
static s64 wait_here(struct thread *t, u32 clock, u64 end)
{
	while (t->futex) {
		if (signal_wanted(t)) {
			t->restart = end ? 0 : CRTOS_ENTRY_RESTART;
			return -EINTR;
		}
		if (!end)
			thread_wait(t);
		else if (!time_wait(t, clock, end))
			return t->futex ? -ETIMEDOUT : 0;
	}
	return 0;
}

static s64 futex_wait(struct process *p, const u64 *a, bool bitset)
{
	u32 clock = a[1] & FUTEX_CLOCK_REALTIME ? CLOCK_REALTIME : CLOCK_MONOTONIC;
	u32 bits = bitset ? a[5] : ANY_BIT;
	struct thread *t = current_thread();
	u64 end = 0;
	s64 err;

	err = get_end(p, a, bitset, clock, &end);
	if (!err && !bits)
		err = -EINVAL;
	signal_tell_mask(p);
	if (!err)
		err = check_value(p, a[0], a[2]);
	if (err)
		return err;
	t->futex = a[0];
	t->futex_bits = bits;
	t->futex_turn = p->futex_turns++;
	err = wait_here(t, clock, end);
	t->futex = 0;
	return err;
}

/* a[2] are woken, and up to a[3] more wait at a[4] from now on. */
static s64 futex_requeue(struct process *p, const u64 *a, bool compare)
{
	struct thread *t;
	u32 count, moved;
	s64 err;

	if (a[0] % 4 || a[4] % 4 || (int)a[2] < 0 || (int)a[3] < 0)
		return -EINVAL;
	err = compare ? check_value(p, a[0], a[5]) : 0;
	if (err)
		return err;
	count = futex_wake(p, a[0], a[2], ANY_BIT);
	if (a[0] == a[4])
		return count;
	for (moved = 0; moved < (u32)a[3] && (t = first_waiter(p, a[0], ANY_BIT)); moved++)
		t->futex = a[4];
	return count + moved;
}

static s64 change(u32 op, u32 old, u32 arg)
{
	switch (op & 7) {
	case 0:
		return arg;
	case 1:
		return (u32)(old + arg);
	case 2:
		return old | arg;
	case 3:
		return old & ~arg;
	case 4:
		return old ^ arg;
	}
	return -ENOSYS;
}

static bool compare(u32 how, int old, int arg)
{
	switch (how) {
	case 0:
		return old == arg;
	case 1:
		return old != arg;
	case 2:
		return old < arg;
	case 3:
		return old <= arg;
	case 4:
		return old > arg;
	default:
		return old >= arg;
	}
}

static int sign_extend(u32 v)
{
	return (int)(v << 20) >> 20;
}

/* The bits of @how: operation, comparison, and 12 each for what with */
static s64 futex_wake_op(struct process *p, const u64 *a)
{
	u32 how = a[5], op = how >> 28, cmp = how >> 24 & 15, old, value;
	int arg = sign_extend(how >> 12 & 0xfff), cmp_arg = sign_extend(how & 0xfff);
	s64 new;

	if (a[0] % 4 || a[4] % 4)
		return -EINVAL;
	if (op & OP_ARG_SHIFT)
		arg = 1U << (arg & 31);
	if (copy_from_user(&p->mm, &old, a[4], sizeof(old)))
		return -EFAULT;
	new = change(op, old, arg);
	if (new < 0 || cmp > 5)
		return -ENOSYS;
	value = new;
	if (copy_to_user(&p->mm, a[4], &value, sizeof(value)))
		return -EFAULT;
	new = futex_wake(p, a[0], a[2], ANY_BIT);
	if (compare(cmp, old, cmp_arg))
		new += futex_wake(p, a[4], a[3], ANY_BIT);
	return new;
}

/* Not what was left over in registers, for Linux checks what may be an address. */
static s64 forward_shared(struct process *p, const u64 *a)
{
	u64 args[6];

	memcpy(args, a, sizeof(args));
	if ((a[1] & ~(u64)FUTEX_CLOCK_REALTIME) == FUTEX_WAKE)
		args[3] = 0;
	return slot_forward(p, __NR_futex, args);
}

s64 sys_futex(struct process *p, const u64 *a)
{
	if (!(a[1] & FUTEX_PRIVATE) && is_shared(p, a[0]))
		return forward_shared(p, a);
	switch ((u32)a[1] & ~(FUTEX_PRIVATE | FUTEX_CLOCK_REALTIME)) {
	case FUTEX_WAIT:
		return futex_wait(p, a, false);
	case FUTEX_WAIT_BITSET:
		return futex_wait(p, a, true);
	case FUTEX_WAKE:
		return a[0] % 4 ? -EINVAL : (s64)futex_wake(p, a[0], a[2], ANY_BIT);
	case FUTEX_WAKE_BITSET:
		return a[0] % 4 || !(u32)a[5] ? -EINVAL : (s64)futex_wake(p, a[0], a[2], a[5]);
	case FUTEX_REQUEUE:
		return futex_requeue(p, a, false);
	case FUTEX_CMP_REQUEUE:
		return futex_requeue(p, a, true);
	case FUTEX_WAKE_OP:
		return futex_wake_op(p, a);
	}
	return -ENOSYS;
}

static void wake_one(struct process *p, u64 addr)
{
	futex_wake(p, addr, 1, ANY_BIT);
	if (is_shared(p, addr))
		forward(p, __NR_futex, addr, FUTEX_WAKE, 1);
}

/* A mutex that the thread has not given back */
static void owner_dies(struct thread *t, u64 addr, bool pending)
{
	struct process *p = t->process;
	u32 value, new;

	if (addr % sizeof(value) || copy_from_user(&p->mm, &value, addr, sizeof(value)))
		return;
	/* It had given it back, and not yet woken anybody. */
	if (pending && !value)
		wake_one(p, addr);
	if ((value & FUTEX_TID_MASK) != t->tid)
		return;
	new = (value & FUTEX_WAITERS) | FUTEX_OWNER_DIED;
	if (!copy_to_user(&p->mm, addr, &new, sizeof(new)) && value & FUTEX_WAITERS)
		wake_one(p, addr);
}

/* Mutexes with priority inheritance are not there: what is marked so is left alone. */
static void walk_robust_list(struct thread *t, u64 head)
{
	struct mm *mm = &t->process->mm;
	u64 list[ROBUST_LEN / sizeof(u64)], entry, next;
	u32 i;

	if (copy_from_user(mm, list, head, sizeof(list)))
		return;
	entry = list[0];
	for (i = 0; (entry & ~ROBUST_PI) != head && i < ROBUST_LIMIT; i++) {
		/* Before it is given away, and may be gone */
		if (copy_from_user(mm, &next, entry & ~ROBUST_PI, sizeof(next)))
			return;
		if (entry != list[2] && !(entry & ROBUST_PI))
			owner_dies(t, entry + list[1], false);
		entry = next;
	}
	if (list[2] && !(list[2] & ROBUST_PI))
		owner_dies(t, list[2] + list[1], true);
}

/* Once for each thread: its mutexes are free, and who joins it is woken. */
void futex_thread_ends(struct thread *t)
{
	struct process *p = t->process;
	u64 robust = t->robust, clear_tid = t->clear_tid;
	u32 zero = 0;

	t->robust = 0;
	t->clear_tid = 0;
	if (robust)
		walk_robust_list(t, robust);
	if (clear_tid && !copy_to_user(&p->mm, clear_tid, &zero, sizeof(zero)))
		wake_one(p, clear_tid);
}

s64 sys_set_robust_list(struct process *p, const u64 *a)
{
	if (a[1] != ROBUST_LEN)
		return -EINVAL;
	current_thread()->robust = a[0];
	return 0;
}

s64 sys_get_robust_list(struct process *p, const u64 *a)
{
	struct thread *t = (u32)a[0] ? thread_find(p, a[0]) : current_thread();
	u64 len = ROBUST_LEN;

	if (!t)
		return -ESRCH;
	return copy_to_user(&p->mm, a[2], &len, sizeof(len)) ?:
	       copy_to_user(&p->mm, a[1], &t->robust, sizeof(t->robust));
}
