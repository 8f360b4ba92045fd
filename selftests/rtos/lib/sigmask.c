// SPDX-License-Identifier: GPL-2.0
/* The signal mask, and what waits with one of its own. */
#include "process.h"

#define SIG_BLOCK	0
#define SIG_UNBLOCK	1
#define SIG_SETMASK	2

static s64 new_mask(u64 how, u64 old, u64 set, u64 *new)
{
	switch ((u32)how) {
	case SIG_BLOCK:
		*new = old | set;
		break;
	case SIG_UNBLOCK:
		*new = old & ~set;
		break;
	case SIG_SETMASK:
		*new = set;
		break;
	default:
		return -EINVAL;
	}
	*new &= ~UNBLOCKABLE;
	return 0;
}

static s64 change_mask(struct process *p, struct thread *t, const u64 *a)
{
	u64 set, new;
	s64 err;

	if (copy_from_user(&p->mm, &set, a[1], sizeof(set)))
		return -EFAULT;
	err = new_mask(a[0], t->sig.blocked, set, &new);
	if (err || new == t->sig.blocked)
		return err;
	/* With one thread Linux gets its own arguments: the mask is the same. */
	if (p->nr_threads == 1) {
		signal_tell_mask(p);
		err = forward(p, __NR_rt_sigprocmask, a[0], a[1], 0, a[3]);
		if (err)
			return err;
		p->sig.linux_blocked = new;
	}
	t->sig.blocked = new;
	return 0;
}

s64 sys_rt_sigprocmask(struct process *p, const u64 *a)
{
	struct thread *t = current_thread();
	u64 old = t->sig.blocked;
	s64 err = 0;

	if (a[3] != sizeof(u64))
		return -EINVAL;
	if (a[1])
		err = change_mask(p, t, a);
	if (!err && a[2])
		err = copy_to_user(&p->mm, a[2], &old, sizeof(old));
	return err;
}

/* Most of it is in Linux. */
s64 sys_rt_sigpending(struct process *p, const u64 *a)
{
	u64 set;
	s64 err = forward_user(p, __NR_rt_sigpending, a[0], a[1]);

	if (err || a[1] != sizeof(set))
		return err;
	if (copy_from_user(&p->mm, &set, a[0], sizeof(set)))
		return -EFAULT;
	set |= signal_pending(current_thread());
	return copy_to_user(&p->mm, a[0], &set, sizeof(set));
}

static s64 wait_for_signal(void)
{
	struct thread *t = current_thread();

	while (!signal_wanted(t))
		thread_wait(t);
	return -EINTR;
}

s64 sys_pause(struct process *p, const u64 *a)
{
	signal_tell_mask(p);
	return wait_for_signal();
}

/* signal_return() goes back to the old mask, after the handler if there is one. */
static s64 set_mask(struct process *p, u64 addr, u64 len)
{
	struct thread_signals *s = &current_thread()->sig;
	u64 mask;

	if (len != sizeof(mask))
		return -EINVAL;
	if (copy_from_user(&p->mm, &mask, addr, sizeof(mask)))
		return -EFAULT;
	s->saved = s->blocked;
	s->restore = true;
	s->blocked = mask & ~UNBLOCKABLE;
	signal_tell_mask(p);
	return 0;
}

s64 sys_rt_sigsuspend(struct process *p, const u64 *a)
{
	return set_mask(p, a[0], a[1]) ?: wait_for_signal();
}

/*
 * What is blocked is in Linux, but for what came here before it was blocked, and what
 * other threads send to this one.
 */
s64 sys_rt_sigtimedwait(struct process *p, const u64 *a)
{
	struct { struct siginfo info; u8 rest[SIGINFO_LEN - sizeof(struct siginfo)]; } full = {};
	struct thread *t = current_thread();
	s64 result;
	u64 set;

	if (a[3] != sizeof(set))
		return -EINVAL;
	if (copy_from_user(&p->mm, &set, a[0], sizeof(set)))
		return -EFAULT;
	set &= ~UNBLOCKABLE;
	if (!signal_dequeue(t, set, &full.info)) {
		t->sig.awaited = set;
		result = slot_forward(p, __NR_rt_sigtimedwait, a);
		t->sig.awaited = 0;
		if (result >= 0 || !signal_dequeue(t, set, &full.info))
			return result;
		t->restart = 0;
	}
	if (a[1] && copy_to_user(&p->mm, a[1], &full, sizeof(full)))
		return -EFAULT;
	return full.info.signo;
}

/* Where a call has the address of a mask, and then its length */
static unsigned int mask_position(u32 nr)
{
	return nr == __NR_ppoll ? 3 : nr == __NR_pselect6 ? 5 : 4;
}

/* Calls that wait with a mask: Linux gets that mask, and then the call without. */
s64 sys_masked(struct process *p, const u64 *a)
{
	struct thread *t = current_thread();
	unsigned int pos = mask_position(t->nr);
	u64 args[6], mask[2] = { a[pos] };
	s64 result;

	memcpy(args, a, sizeof(args));
	args[pos] = 0;
	if (t->nr != __NR_pselect6)
		mask[1] = a[pos + 1];
	else if (a[pos] && copy_from_user(&p->mm, mask, a[pos], sizeof(mask)))
		return -EFAULT;
	if (mask[0]) {
		result = set_mask(p, mask[0], mask[1]);
		if (result)
			return result;
	}
	result = slot_forward(p, t->nr, args);
	/* Without this mask, a signal that came before the call would still be there. */
	if (t->sig.restore)
		t->restart = 0;
	/* A signal that does not interrupt the call finds the old mask. */
	if (result != -EINTR && t->sig.restore) {
		t->sig.blocked = t->sig.saved;
		t->sig.restore = false;
	}
	return result;
}
