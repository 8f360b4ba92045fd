// SPDX-License-Identifier: GPL-2.0
/*
 * Signals.  Linux knows the actions and the mask, and does by itself all that needs
 * no handler.  A signal with a handler comes through the slot, and the handler runs
 * when a thread that does not block it is on its way to ring 3.  What a process sends
 * to its threads does not go by way of Linux, which has other ones.
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
		if (s->queue[i].signo == info->signo && s->queue[i].tid == info->tid)
			return true;
	return false;
}

/* What all threads block, or the one that the signal is for */
static u64 blocked_by(struct process *p, u32 tid)
{
	u64 mask = ~0ULL;
	struct thread *t;

	for (t = p->threads; t; t = t->next)
		if (t->state != THREAD_ENDED && (!tid || t->tid == tid))
			mask &= t->sig.blocked;
	return mask;
}

/*
 * False: no room.  What is pending, and will be for a while, is not queued twice, but
 * for real-time signals.
 */
static bool enqueue(struct process *p, const struct siginfo *info)
{
	struct signals *s = &p->sig;

	if (info->signo < SIGRTMIN && blocked_by(p, info->tid) & SIGBIT(info->signo) &&
	    is_queued(s, info))
		return true;
	if (s->queued == NR_PENDING)
		return false;
	s->queue[s->queued++] = *info;
	return true;
}

/* Whose call a signal belongs to; one that was made in ring 3 is of the only thread. */
static u32 thread_of_entry(struct process *p, u32 entry)
{
	struct thread *t;

	for (t = p->threads; t; t = t->next)
		if (t->entry == entry && t->state != THREAD_ENDED)
			return t->tid;
	return p->pid;
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
		info.tid = 0;
		if (signal->entry != CRTOS_NO_ENTRY)
			info.tid = thread_of_entry(p, signal->entry);
		slot_cancel_execve(p);
		if (!enqueue(p, &info))
			break;
		/* From here on Linux may use its place again, and begin an execve(). */
		store_release(&slot->signal_head, ++head);
	}
}

/* The first of the lowest number in @set that @t may take, or NULL */
static struct siginfo *find(struct thread *t, u64 set)
{
	struct signals *s = &t->process->sig;
	struct siginfo *q, *found = NULL;

	for (q = s->queue; q < s->queue + s->queued; q++)
		if (SIGBIT(q->signo) & set && (!q->tid || q->tid == t->tid) &&
		    (!found || q->signo < found->signo))
			found = q;
	return found;
}

static void drop(struct signals *s, struct siginfo *q)
{
	struct siginfo *end = &s->queue[--s->queued];

	memmove(q, q + 1, (u8 *)end - (u8 *)q);
}

bool signal_wanted(struct thread *t)
{
	take_from_linux(t->process);
	return find(t, ~t->sig.blocked | t->sig.awaited);
}

/* False: there is none in @set. */
bool signal_dequeue(struct thread *t, u64 set, struct siginfo *info)
{
	struct siginfo *q;

	take_from_linux(t->process);
	q = find(t, set);
	if (!q)
		return false;
	*info = *q;
	info->tid = 0;
	drop(&t->process->sig, q);
	return true;
}

/* What is here, and blocked */
u64 signal_pending(struct thread *t)
{
	struct signals *s = &t->process->sig;
	u64 set = 0;
	u32 i;

	take_from_linux(t->process);
	for (i = 0; i < s->queued; i++)
		if (!s->queue[i].tid || s->queue[i].tid == t->tid)
			set |= SIGBIT(s->queue[i].signo);
	return set & t->sig.blocked;
}

/* What the thread leaves behind: those for it are nobody's, others may be for all. */
void signal_forget(struct thread *t)
{
	struct signals *s = &t->process->sig;
	u32 i = 0;

	while (i < s->queued)
		if (s->queue[i].tid == t->tid)
			drop(s, &s->queue[i]);
		else
			i++;
	thread_wake_all(t->process);
}

/* What a process inherits through execve() */
void signal_start(struct process *p)
{
	u64 *blocked = &p->threads->sig.blocked;

	if (forward(p, __NR_rt_sigprocmask, SIG_BLOCK, 0, p->mm.scratch, sizeof(u64)) ||
	    copy_from_user(&p->mm, blocked, p->mm.scratch, sizeof(u64)))
		*blocked = 0;
	p->sig.linux_blocked = *blocked;
}

static bool tell_mask(struct process *p, u64 blocked)
{
	if (p->sig.linux_blocked == blocked ||
	    copy_to_user(&p->mm, p->mm.scratch, &blocked, sizeof(u64)) ||
	    forward(p, __NR_rt_sigprocmask, SIG_SETMASK, p->mm.scratch, 0, sizeof(u64)))
		return false;
	p->sig.linux_blocked = blocked;
	return true;
}

/*
 * What is blocked has to stay in Linux instead of ending the process.  True: the
 * mask was another one, and there may be new signals.
 */
bool signal_tell_mask(struct process *p)
{
	return tell_mask(p, blocked_by(p, 0));
}

/*
 * Before execve(): the new program inherits the mask of the thread, and what that blocks.
 * False: a handler is to run before.
 */
bool signal_give_back(struct thread *t)
{
	struct process *p = t->process;
	struct siginfo info;

	tell_mask(p, t->sig.blocked);
	while (signal_dequeue(t, t->sig.blocked, &info))
		forward(p, __NR_kill, p->pid, info.signo);
	return !signal_wanted(t);
}

/* SA_RESETHAND.  Linux has done so only if the signal came from there. */
static void reset_action(struct process *p, int sig)
{
	struct sigaction *sa = &p->sig.action[sig - 1];

	sa->handler = SIG_DFL;
	if (!copy_to_user(&p->mm, p->mm.scratch, sa, sizeof(*sa)))
		forward(p, __NR_rt_sigaction, sig, p->mm.scratch, 0, sizeof(u64));
}

static void make_call_again(struct thread *t, struct crtos_regs *r)
{
	r->rip -= SYSCALL_LEN;
	r->rax = t->nr;
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
static bool act(struct thread *t, struct crtos_regs *r, const struct siginfo *info)
{
	struct process *p = t->process;
	struct sigaction sa = p->sig.action[info->signo - 1];

	if (sa.handler == SIG_DFL)
		act_by_default(p, info->signo);
	if (sa.handler == SIG_DFL || sa.handler == SIG_IGN)
		return false;

	if (t->restart == CRTOS_ENTRY_RESTART_ALWAYS ||
	    (t->restart == CRTOS_ENTRY_RESTART && sa.flags & SA_RESTART))
		make_call_again(t, r);
	t->restart = 0;
	if (!sigframe_push(t, r, info, &sa))
		process_exit(p, SIGSEGV);
	t->sig.blocked |= sa.mask;
	if (!(sa.flags & SA_NODEFER))
		t->sig.blocked |= SIGBIT(info->signo);
	if (sa.flags & SA_RESETHAND)
		reset_action(p, info->signo);
	return true;
}

/* False: the process dies of it. */
bool signal_fault(struct thread *t, struct crtos_regs *r, const struct siginfo *info)
{
	u64 handler = t->process->sig.action[info->signo - 1].handler;

	if (handler == SIG_DFL || handler == SIG_IGN ||
	    t->sig.blocked & SIGBIT(info->signo))
		return false;
	return act(t, r, info);
}

/*
 * On the way to ring 3.  Linux is not told what is blocked while a handler runs until
 * that makes a call: most do not, or it is their last one.
 */
void signal_return(struct thread *t, struct crtos_regs *r)
{
	struct thread_signals *s = &t->sig;
	struct siginfo info;
	bool handler = false;

	if (READ_ONCE(t->process->slot->paused))
		thread_yield();
	do {
		while (signal_dequeue(t, ~s->blocked, &info))
			handler |= act(t, r, &info);
		if (s->restore)
			s->blocked = s->saved;
		s->restore = false;
	} while (!handler && signal_tell_mask(t->process));
	if (t->restart)
		make_call_again(t, r);
	t->restart = 0;
}

/* Whichever thread they are for */
static void drop_all(struct process *p, u64 set)
{
	struct signals *s = &p->sig;
	u32 i = 0;

	take_from_linux(p);
	while (i < s->queued)
		if (SIGBIT(s->queue[i].signo) & set)
			drop(s, &s->queue[i]);
		else
			i++;
}

s64 sys_rt_sigaction(struct process *p, const u64 *a)
{
	struct sigaction new;
	s64 err;

	if (a[1] && copy_from_user(&p->mm, &new, a[1], sizeof(new)))
		return -EFAULT;
	err = forward(p, __NR_rt_sigaction, a[0], a[1], a[2], a[3]);
	if (err || !a[1])
		return err;
	new.mask &= ~UNBLOCKABLE;
	p->sig.action[(u32)a[0] - 1] = new;
	if (new.handler == SIG_IGN || (new.handler == SIG_DFL && SIGBIT(a[0]) & HARMLESS))
		drop_all(p, SIGBIT(a[0]));
	return 0;
}

/* Threads of Linux are not the program's. */
static s64 send_to_own(struct process *p, u32 tid, struct siginfo *info)
{
	struct thread *t = thread_find(p, tid);
	u32 sig = info->signo;

	if ((int)tid <= 0 || sig > NR_SIGNALS)
		return -EINVAL;
	if (!t)
		return -ESRCH;
	if (!sig || (p->sig.action[sig - 1].handler == SIG_IGN &&
		     !(t->sig.blocked & SIGBIT(sig))))
		return 0;
	info->tid = tid;
	if (!enqueue(p, info))
		return -EAGAIN;
	thread_wake(t);
	return 0;
}

static s64 kill_own(struct process *p, u32 tid, u64 sig)
{
	struct siginfo info = {
		.signo = sig,
		.code = SI_TKILL,
		.pid = p->pid,
		.uid = forward(p, __NR_getuid),
	};

	return send_to_own(p, tid, &info);
}

s64 sys_tgkill(struct process *p, const u64 *a)
{
	if ((u32)a[0] == p->pid)
		return kill_own(p, a[1], a[2]);
	return forward_user(p, __NR_tgkill, a[0], a[1], a[2]);
}

/* Other processes have at least the thread with their number. */
s64 sys_tkill(struct process *p, const u64 *a)
{
	if (thread_find(p, a[0]))
		return kill_own(p, a[0], a[1]);
	return forward_user(p, __NR_tgkill, a[0], a[0], a[1]);
}

s64 sys_rt_tgsigqueueinfo(struct process *p, const u64 *a)
{
	struct siginfo info;

	if ((u32)a[0] != p->pid)
		return forward_user(p, __NR_rt_tgsigqueueinfo, a[0], a[1], a[2], a[3]);
	if (copy_from_user(&p->mm, &info, a[3], sizeof(info)))
		return -EFAULT;
	info.signo = a[2];
	return send_to_own(p, a[1], &info);
}
