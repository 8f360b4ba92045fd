// SPDX-License-Identifier: GPL-2.0
/*
 * Futexes between threads of a process, and what the end of a thread does to them.
 * Who waits for a mutex that inherits priority has an owner, and gets the mutex with
 * its wake-up.
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
#define FUTEX_LOCK_PI		6
#define FUTEX_UNLOCK_PI		7
#define FUTEX_TRYLOCK_PI	8
#define FUTEX_WAIT_BITSET	9
#define FUTEX_WAKE_BITSET	10
#define FUTEX_LOCK_PI2		13
#define FUTEX_PRIVATE		128
#define FUTEX_CLOCK_REALTIME	256
#define ANY_BIT			0xffffffff
#define PI_BIT			BIT(32)	/* waits for a mutex that inherits priority */

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
static struct thread *first_waiter(struct process *p, u64 addr, u64 bits)
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

u32 futex_wake(struct process *p, u64 addr, u32 count, u64 bits)
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

static u32 clock_of(const u64 *a)
{
	return a[1] & FUTEX_CLOCK_REALTIME ? CLOCK_REALTIME : CLOCK_MONOTONIC;
}

static void begin_to_wait(struct thread *t, u64 addr, u64 bits)
{
	t->futex = addr;
	t->futex_bits = bits;
	t->futex_turn = t->process->futex_turns++;
}

static s64 futex_wait(struct process *p, const u64 *a, bool bitset)
{
	u32 clock = clock_of(a);
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
	begin_to_wait(t, a[0], bits);
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

/* The first who waits has it then, and the others wait for that one. */
static s64 pi_give(struct thread *from, u64 addr, u32 flags)
{
	struct process *p = from->process;
	struct thread *to = first_waiter(p, addr, PI_BIT), *t;
	u32 value = flags;

	if (to) {
		to->futex = 0;
		to->owner = NULL;
		value |= to->tid;
		for (t = p->threads; t; t = t->next) {
			if (t->futex != addr || t->owner != from)
				continue;
			t->owner = to;
			value |= FUTEX_WAITERS;
		}
		thread_inherit(to);
		thread_wake(to);
	}
	thread_inherit(from);
	return copy_to_user(&p->mm, addr, &value, sizeof(value));
}

/* What is at @addr.  -EDEADLK: the caller has it. */
static s64 pi_look(struct process *p, u64 addr, u32 *value)
{
	if (addr % sizeof(*value))
		return -EINVAL;
	if (copy_from_user(&p->mm, value, addr, sizeof(*value)))
		return -EFAULT;
	return (*value & FUTEX_TID_MASK) == current_thread()->tid ? -EDEADLK : 0;
}

/* -EAGAIN: it is another's. */
static s64 pi_try(struct process *p, u64 addr, u32 *value)
{
	s64 err = pi_look(p, addr, value);
	u32 taken = (*value & FUTEX_OWNER_DIED) | current_thread()->tid;

	if (!err && *value & FUTEX_TID_MASK)
		err = -EAGAIN;
	return err ?: copy_to_user(&p->mm, addr, &taken, sizeof(taken));
}

/* Whoever has it inherits the priority, unless he waits for the caller. */
static s64 pi_begin_to_wait(struct thread *t, u64 addr, u32 value)
{
	struct process *p = t->process;
	struct thread *owner = thread_find(p, value & FUTEX_TID_MASK), *o;

	if (!owner)
		return -ESRCH;
	for (o = owner; o; o = o->owner)
		if (o == t)
			return -EDEADLK;
	value |= FUTEX_WAITERS;
	if (copy_to_user(&p->mm, addr, &value, sizeof(value)))
		return -EFAULT;
	begin_to_wait(t, addr, PI_BIT);
	t->owner = owner;
	thread_inherit(owner);
	return 0;
}

static s64 futex_lock_pi(struct process *p, const u64 *a, u32 clock)
{
	struct thread *t = current_thread(), *owner;
	u32 value = 0;
	u64 end = 0;
	s64 err;

	err = get_end(p, a, true, clock, &end);
	signal_tell_mask(p);
	err = err ?: pi_try(p, a[0], &value);
	if (err == -EAGAIN)
		err = pi_begin_to_wait(t, a[0], value) ?: wait_here(t, clock, end);
	owner = t->owner;
	t->futex = 0;
	t->owner = NULL;
	thread_inherit(owner);
	if (err == -EINTR)
		t->restart = CRTOS_ENTRY_RESTART_ALWAYS;
	return err;
}

static s64 futex_unlock_pi(struct process *p, const u64 *a)
{
	u32 value;
	s64 err = pi_look(p, a[0], &value);

	if (!err)
		return -EPERM;
	return err == -EDEADLK ? pi_give(current_thread(), a[0], 0) : err;
}

static void pi_owner_ends(struct thread *t)
{
	struct thread *w;

	for (w = t->process->threads; w; w = w->next)
		if (w->owner == t)
			pi_give(t, w->futex, FUTEX_OWNER_DIED);
}

s64 sys_futex(struct process *p, const u64 *a)
{
	u32 value = 0;

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
	case FUTEX_LOCK_PI:
		return futex_lock_pi(p, a, CLOCK_REALTIME);
	case FUTEX_LOCK_PI2:
		return futex_lock_pi(p, a, clock_of(a));
	case FUTEX_TRYLOCK_PI:
		return pi_try(p, a[0], &value);
	case FUTEX_UNLOCK_PI:
		return futex_unlock_pi(p, a);
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

static void walk_robust_list(struct thread *t, u64 head)
{
	struct mm *mm = &t->process->mm;
	u64 list[ROBUST_LEN / sizeof(u64)], entry, next, pending;
	u32 i;

	if (copy_from_user(mm, list, head, sizeof(list)))
		return;
	entry = list[0];
	pending = list[2] & ~ROBUST_PI;
	for (i = 0; (entry & ~ROBUST_PI) != head && i < ROBUST_LIMIT; i++) {
		/* Before it is given away, and may be gone */
		if (copy_from_user(mm, &next, entry & ~ROBUST_PI, sizeof(next)))
			return;
		entry &= ~ROBUST_PI;
		if (entry != pending)
			owner_dies(t, entry + list[1], false);
		entry = next;
	}
	if (pending)
		owner_dies(t, pending + list[1], true);
}

/* Once for each thread: its mutexes are free, and who joins it is woken. */
void futex_thread_ends(struct thread *t)
{
	struct process *p = t->process;
	u64 robust = t->robust, clear_tid = t->clear_tid;
	u32 zero = 0;

	t->robust = 0;
	t->clear_tid = 0;
	pi_owner_ends(t);
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
