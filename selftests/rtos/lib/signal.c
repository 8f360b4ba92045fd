// SPDX-License-Identifier: GPL-2.0
/*
 * Signals a process sends to itself.  Actions and masks are kept; what ends the
 * process ends it (abort()).  Handlers are not run.
 */
#include "process.h"

#define SIG_BLOCK	0
#define SIG_UNBLOCK	1
#define SIG_SETMASK	2

#define SIGBIT(sig)	BIT((sig) - 1)
#define UNBLOCKABLE	(SIGBIT(SIGKILL) | SIGBIT(SIGSTOP))
#define STOPPING	(SIGBIT(SIGSTOP) | SIGBIT(SIGTSTP) | SIGBIT(SIGTTIN) | \
			 SIGBIT(SIGTTOU))
#define HARMLESS	(SIGBIT(SIGCHLD) | SIGBIT(SIGCONT) | SIGBIT(SIGURG) | \
			 SIGBIT(SIGWINCH) | STOPPING)

s64 signal_send(struct process *p, u32 sig)
{
	if (sig > NR_SIGNALS)
		return -EINVAL;
	if (sig) {
		p->sig_pending |= SIGBIT(sig);
		signal_check(p);
	}
	return 0;
}

/* Acts on the signals that are pending and not blocked. */
void signal_check(struct process *p)
{
	u64 now = p->sig_pending & ~p->sig_blocked;

	p->sig_pending &= ~now;
	for (; now; now &= now - 1) {
		u32 sig = __builtin_ctzll(now) + 1;
		u64 handler = p->sigaction[sig - 1].handler;

		if (handler == SIG_DFL && !(SIGBIT(sig) & HARMLESS))
			process_exit(p, sig);
		if (handler != SIG_DFL && handler != SIG_IGN)
			printf("slot %u: pid %u: no handlers yet, signal %u dropped\n",
			       p->index, p->pid, sig);
	}
}

s64 sys_rt_sigaction(struct process *p, const u64 *a)
{
	struct sigaction *sa, new;

	if (a[3] != sizeof(u64) || a[0] < 1 || a[0] > NR_SIGNALS ||
	    (a[1] && (SIGBIT(a[0]) & UNBLOCKABLE)))
		return -EINVAL;
	sa = &p->sigaction[a[0] - 1];
	if (a[1] && copy_from_user(&p->mm, &new, a[1], sizeof(new)))
		return -EFAULT;
	if (a[2] && copy_to_user(&p->mm, a[2], sa, sizeof(*sa)))
		return -EFAULT;
	if (a[1])
		*sa = new;
	return 0;
}

s64 sys_rt_sigprocmask(struct process *p, const u64 *a)
{
	u64 old = p->sig_blocked, set;

	if (a[3] != sizeof(u64))
		return -EINVAL;
	if (a[1]) {
		if (copy_from_user(&p->mm, &set, a[1], sizeof(set)))
			return -EFAULT;
		switch ((u32)a[0]) {
		case SIG_BLOCK:
			set |= old;
			break;
		case SIG_UNBLOCK:
			set = old & ~set;
			break;
		case SIG_SETMASK:
			break;
		default:
			return -EINVAL;
		}
		p->sig_blocked = set & ~UNBLOCKABLE;
	}
	if (a[2] && copy_to_user(&p->mm, a[2], &old, sizeof(old)))
		return -EFAULT;
	signal_check(p);
	return 0;
}

s64 sys_sigaltstack(struct process *p, const u64 *a)
{
	struct sigaltstack new;

	if (a[0] && copy_from_user(&p->mm, &new, a[0], sizeof(new)))
		return -EFAULT;
	if (a[1] && copy_to_user(&p->mm, a[1], &p->sigaltstack, sizeof(new)))
		return -EFAULT;
	if (a[0])
		p->sigaltstack = new;
	return 0;
}
