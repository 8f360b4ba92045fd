// SPDX-License-Identifier: GPL-2.0
/*
 * Signals.  Linux knows the actions and the mask, and does by itself all that needs
 * no handler.  A signal with a handler comes through the slot, and the handler runs
 * when the process is on its way to ring 3.  What a process sends to its thread does
 * not go by way of Linux, which has other threads.
 */
#include "process.h"

#define SIG_BLOCK	0
#define SIG_SETMASK	2

#define SIGRTMIN	32
#define STOPPING	(SIGBIT(SIGSTOP) | SIGBIT(SIGTSTP) | SIGBIT(SIGTTIN) | \
			 SIGBIT(SIGTTOU))
#define HARMLESS	(SIGBIT(SIGCHLD) | SIGBIT(SIGCONT) | SIGBIT(SIGURG) | \
			 SIGBIT(SIGWINCH))

#define SYSCALL_LEN	2	/* of the instruction */

static bool is_queued(struct signals *s, const struct siginfo *info)
{
	u32 i;

	for (i = 0; i < s->queued; i++)
		if (s->queue[i].signo == info->signo && s->queue[i].thread == info->thread)
			return true;
	return false;
}

/*
 * False: no room.  What is pending, and will be for a while, is not queued twice, but
 * for real-time signals.
 */
static bool enqueue(struct process *p, const struct siginfo *info)
{
	struct signals *s = &p->sig;

	if (info->signo < SIGRTMIN && s->blocked & SIGBIT(info->signo) && is_queued(s, info))
		return true;
	if (s->queued == NR_PENDING)
		return false;
	s->queue[s->queued++] = *info;
	s->pending |= SIGBIT(info->signo);
	return true;
}

/* What finds no room here stays in the slot, and then in Linux. */
static void take_from_linux(struct process *p)
{
	struct crtos_slot *slot = p->slot;
	u32 head = slot->signal_head;

	/* Pairs with the release of signal_tail in Linux: the signal is there. */
	while (head != load_acquire(&slot->signal_tail)) {
		const struct crtos_signal *signal = &slot->signals[head % CRTOS_NR_SIGNALS];
		struct siginfo info;

		memcpy(&info, signal->info, sizeof(info));
		info.thread = signal->entry != CRTOS_NO_ENTRY;
		if (!enqueue(p, &info))
			break;
		/* From here on Linux may use its place again. */
		store_release(&slot->signal_head, ++head);
	}
}

bool signal_wanted(struct process *p)
{
	take_from_linux(p);
	return p->sig.pending & ~p->sig.blocked;
}

/* The first of the lowest number in @set.  False: there is none. */
bool signal_dequeue(struct process *p, u64 set, struct siginfo *info)
{
	struct signals *s = &p->sig;
	struct siginfo *q = s->queue, *end;
	int sig;

	take_from_linux(p);
	if (!(s->pending & set))
		return false;
	sig = __builtin_ctzll(s->pending & set) + 1;
	while (q->signo != sig)
		q++;
	*info = *q;
	info->thread = false;
	end = &s->queue[--s->queued];
	memmove(q, q + 1, (u8 *)end - (u8 *)q);
	while (q < end && q->signo != sig)
		q++;
	if (q == end)
		s->pending &= ~SIGBIT(sig);
	return true;
}

/* What a process inherits through execve() */
void signal_start(struct process *p)
{
	struct signals *s = &p->sig;

	if (forward(p, __NR_rt_sigprocmask, SIG_BLOCK, 0, p->mm.scratch, sizeof(u64)) ||
	    copy_from_user(&p->mm, &s->blocked, p->mm.scratch, sizeof(u64)))
		s->blocked = 0;
	s->linux_blocked = s->blocked;
}

/*
 * What is blocked has to stay in Linux instead of ending the process.  True: the
 * mask was another one, and there may be new signals.
 */
bool signal_tell_mask(struct process *p)
{
	struct signals *s = &p->sig;

	if (s->linux_blocked == s->blocked ||
	    copy_to_user(&p->mm, p->mm.scratch, &s->blocked, sizeof(u64)) ||
	    forward(p, __NR_rt_sigprocmask, SIG_SETMASK, p->mm.scratch, 0, sizeof(u64)))
		return false;
	s->linux_blocked = s->blocked;
	return true;
}

/* SA_RESETHAND.  Linux has done so only if the signal came from there. */
static void reset_action(struct process *p, int sig)
{
	struct sigaction *sa = &p->sig.action[sig - 1];

	sa->handler = SIG_DFL;
	if (!copy_to_user(&p->mm, p->mm.scratch, sa, sizeof(*sa)))
		forward(p, __NR_rt_sigaction, sig, p->mm.scratch, 0, sizeof(u64));
}

static void make_call_again(struct process *p, struct crtos_regs *r)
{
	r->rip -= SYSCALL_LEN;
	r->rax = p->nr;
}

/* One that this program has not set may be another one's from before execve(). */
static bool is_ignored(struct process *p, int sig)
{
	u64 handler = SIG_DFL;

	if (!forward(p, __NR_rt_sigaction, sig, 0, p->mm.scratch, sizeof(u64)))
		copy_from_user(&p->mm, &handler, p->mm.scratch, sizeof(handler));
	return handler == SIG_IGN;
}

/* The signal never was in Linux, or the action has changed since it was sent. */
static void act_by_default(struct process *p, int sig)
{
	if (SIGBIT(sig) & STOPPING)
		forward(p, __NR_kill, p->pid, sig);
	else if (!(SIGBIT(sig) & HARMLESS) && !is_ignored(p, sig))
		process_exit(p, sig);
}

/* True: a handler runs next. */
static bool act(struct process *p, struct crtos_regs *r, const struct siginfo *info)
{
	struct sigaction sa = p->sig.action[info->signo - 1];

	if (sa.handler == SIG_DFL)
		act_by_default(p, info->signo);
	if (sa.handler == SIG_DFL || sa.handler == SIG_IGN)
		return false;

	if (p->restart == CRTOS_ENTRY_RESTART_ALWAYS ||
	    (p->restart == CRTOS_ENTRY_RESTART && sa.flags & SA_RESTART))
		make_call_again(p, r);
	p->restart = 0;
	if (!sigframe_push(p, r, info, &sa))
		process_exit(p, SIGSEGV);
	p->sig.blocked |= sa.mask;
	if (!(sa.flags & SA_NODEFER))
		p->sig.blocked |= SIGBIT(info->signo);
	if (sa.flags & SA_RESETHAND)
		reset_action(p, info->signo);
	return true;
}

/* False: the process dies of it. */
bool signal_fault(struct process *p, struct crtos_regs *r, const struct siginfo *info)
{
	u64 handler = p->sig.action[info->signo - 1].handler;

	if (handler == SIG_DFL || handler == SIG_IGN ||
	    p->sig.blocked & SIGBIT(info->signo))
		return false;
	return act(p, r, info);
}

/*
 * On the way to ring 3.  Linux is not told what is blocked while a handler runs until
 * that makes a call: most do not, or it is their last one.
 */
void signal_return(struct process *p, struct crtos_regs *r)
{
	struct signals *s = &p->sig;
	struct siginfo info;
	bool handler = false;

	if (READ_ONCE(p->slot->paused))
		process_yield();
	do {
		while (signal_dequeue(p, ~s->blocked, &info))
			handler |= act(p, r, &info);
		if (s->restore)
			s->blocked = s->saved;
		s->restore = false;
	} while (!handler && signal_tell_mask(p));
	if (p->restart)
		make_call_again(p, r);
	p->restart = 0;
}

s64 sys_rt_sigaction(struct process *p, const u64 *a)
{
	struct sigaction new;
	struct siginfo info;
	s64 err;

	if (a[1] && copy_from_user(&p->mm, &new, a[1], sizeof(new)))
		return -EFAULT;
	err = forward(p, __NR_rt_sigaction, a[0], a[1], a[2], a[3]);
	if (err || !a[1])
		return err;
	new.mask &= ~UNBLOCKABLE;
	p->sig.action[(u32)a[0] - 1] = new;
	if (new.handler == SIG_IGN || (new.handler == SIG_DFL && SIGBIT(a[0]) & HARMLESS))
		while (signal_dequeue(p, SIGBIT(a[0]), &info))
			;
	return 0;
}

/* Threads of Linux are not the program's, which has one. */
static s64 send_to_self(struct process *p, u32 tid, const struct siginfo *info)
{
	u32 sig = info->signo;

	if ((int)tid <= 0 || sig > NR_SIGNALS)
		return -EINVAL;
	if (tid != p->pid)
		return -ESRCH;
	return !sig || enqueue(p, info) ? 0 : -EAGAIN;
}

s64 sys_tgkill(struct process *p, const u64 *a)
{
	struct siginfo info = {
		.signo = a[2],
		.code = SI_TKILL,
		.thread = true,
		.pid = p->pid,
	};

	if ((u32)a[0] != p->pid)
		return forward_user(p, __NR_tgkill, a[0], a[1], a[2]);
	info.uid = forward(p, __NR_getuid);
	return send_to_self(p, a[1], &info);
}

/* Other processes have at least the thread with their number. */
s64 sys_tkill(struct process *p, const u64 *a)
{
	return sys_tgkill(p, (const u64[3]) { a[0], a[0], a[1] });
}

s64 sys_rt_tgsigqueueinfo(struct process *p, const u64 *a)
{
	struct siginfo info;

	if ((u32)a[0] != p->pid)
		return forward_user(p, __NR_rt_tgsigqueueinfo, a[0], a[1], a[2], a[3]);
	if (copy_from_user(&p->mm, &info, a[3], sizeof(info)))
		return -EFAULT;
	info.signo = a[2];
	info.thread = true;
	return send_to_self(p, a[1], &info);
}
