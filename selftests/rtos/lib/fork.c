// SPDX-License-Identifier: GPL-2.0
/*
 * New processes from old ones, and new threads.
 *
 * Linux makes the child's shadow and attaches a slot before the call of the parent is
 * complete.  The parent copies itself then, on its own CPU, and hands the child over to
 * the CPU that owns the slot.  Meanwhile that one might find the slot GONE, so whoever
 * begins with a slot that has no process claims it.
 *
 * After vfork() the child has the parent's memory, and all threads of the parent wait.
 * When the child ends, it gives the memory back, or frees it if the parent has ended
 * before.
 *
 * Of threads Linux learns nothing.
 */
#include "process.h"

#define CLONE_VM		0x100
#define CLONE_FS		0x200
#define CLONE_FILES		0x400
#define CLONE_SIGHAND		0x800
#define CLONE_PIDFD		0x1000
#define CLONE_VFORK		0x4000
#define CLONE_THREAD		0x10000
#define CLONE_SETTLS		0x80000
#define CLONE_PARENT_SETTID	0x100000
#define CLONE_CHILD_CLEARTID	0x200000
#define CLONE_CHILD_SETTID	0x1000000

/* What threads have in common: Linux has one process for all of them. */
#define COMMON_FLAGS	(CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD)

/* What is done here: Linux knows nothing of threads and memory. */
#define OUR_FLAGS	(CLONE_VM | CLONE_VFORK | CLONE_SETTLS | CLONE_CHILD_CLEARTID | \
			 CLONE_CHILD_SETTID)

#define SPIN_US		20
#define LOOK_US		10000

static u64 claimed;	/* slots, one bit each */
static u32 lock;	/* of fork.child, fork.parent and fork.borrowed of all processes */

bool fork_claim(u32 index)
{
	return !test_and_set_bit(&claimed, index);
}

void fork_unclaim(u32 index)
{
	test_and_clear_bit(&claimed, index);
}

/* Where the memory is, Linux may have looked at it in another slot. */
static void lend_memory(struct process *to, struct process *from)
{
	to->mm = from->mm;
	to->mm.lookups = &to->slot->lookups;
	to->mm.lent = to->fork.borrowed;
	mm_forget_lookups(&to->mm);
}

/* False: there is not enough memory. */
static bool copy_memory(struct process *c, struct process *p)
{
	bool share = p->fork.args.flags & CLONE_VM && !p->uintr.shared && !uintr_added(p) &&
		     !p->fork.borrowed;

	if (p->fork.args.flags & CLONE_VFORK) {
		c->fork.parent = p;
		c->fork.borrowed = share;
		p->fork.child = c;
	}
	if (!c->fork.borrowed)
		return mm_copy(&c->mm, &p->mm, &c->slot->lookups);
	lend_memory(c, p);
	return true;
}

/* @from is in the call, or was when it ended. */
static void copy_thread(struct thread *to, struct thread *from, const struct child_args *args)
{
	struct crtos_regs *r = thread_regs(to);

	*r = *thread_regs(from);
	r->rax = 0;
	if (args->stack)
		r->rsp = args->stack;
	to->forked = true;
	to->fs_base = args->flags & CLONE_SETTLS ? args->tls : from->fs_base;
	to->gs_base = from->gs_base;
	if (args->flags & CLONE_CHILD_CLEARTID)
		to->clear_tid = args->tid;
	if (this_cpu()->loaded == from)
		fpu_save(from);
	memcpy(to->fpu, from->fpu, sizeof(to->fpu));
	to->policy = from->policy;
	to->own_priority = from->own_priority;
	to->priority = from->own_priority;
	to->call_priority = from->call_priority;
	to->timeout = from->timeout;
	to->sig.blocked = from->sig.blocked;
}

/* The child has a copy of the thread that has made it. */
static bool copy_process(struct process *c, struct process *p)
{
	struct thread *from = p->fork.thread;

	/* A call that the process made in ring 3: nobody knows what with. */
	if (!from || from->entry != c->slot->parent_entry)
		return false;
	copy_thread(c->threads, from, &p->fork.args);
	c->threads->sig = from->sig;
	memcpy(c->name, p->name, sizeof(c->name));
	c->sig = p->sig;
	c->sig.queued = 0;
	if (!copy_memory(c, p))
		return false;
	if (p->fork.args.flags & CLONE_CHILD_SETTID)
		copy_to_user(&c->mm, p->fork.args.tid, &c->pid, sizeof(c->pid));
	return true;
}

static void make_child(struct process *p, u32 index)
{
	struct process *c = process_at(index);

	process_prepare(c, index);
	if (!copy_process(c, p))
		mm_free(&c->mm);
	slot_attach(c);
	/* The CPU that owns it looks at it from here on. */
	store_release(&c->state, PROCESS_NEW);
}

static bool is_child(struct process *p, u32 index)
{
	return slot_state(index) == CRTOS_SLOT_ATTACHED &&
	       READ_ONCE(slot_ptr(index)->parent) == p->index;
}

/* On the CPU of @p, which does not run: makes the children that Linux has attached. */
void fork_children(struct process *p)
{
	u32 i;

	for (i = 0; i < CRTOS_MAX_SLOTS; i++) {
		if (!is_child(p, i) || !fork_claim(i))
			continue;
		if (is_child(p, i))
			make_child(p, i);
		else
			fork_unclaim(i);
		/* It may have changed while its CPU left it to us. */
		slot_distribute(BIT(i));
	}
}

/* On the CPU of @p, which has ended and is not loaded. */
void fork_end(struct process *p)
{
	struct process *child, *parent;

	spin_lock(&lock);
	child = p->fork.child;
	parent = p->fork.parent;
	if (child) {
		if (child->fork.borrowed)
			p->mm.root = NULL;
		child->fork.borrowed = false;
		WRITE_ONCE(child->fork.parent, NULL);
	}
	if (parent) {
		if (p->fork.borrowed) {
			lend_memory(parent, p);
			p->mm.root = NULL;
		}
		store_release(&parent->fork.child, NULL);
	}
	spin_unlock(&lock);
	if (parent)
		slot_distribute(BIT(parent->index));
}

/*
 * Linux may have looked at memory in the slot of the process that has lent it. That
 * process publishes nothing meanwhile, so this one does it in its name. False: it must
 * be done again.
 */
static bool lender_unmaps(struct process *p, u64 start, u64 len)
{
	u64 end = rdtsc() + timer_us_to_tsc(SPIN_US);
	struct crtos_entry *e = NULL;
	struct process *lender;
	bool done = true;

	spin_lock(&lock);
	lender = p->fork.borrowed ? p->fork.parent : NULL;
	if (lender)
		e = slot_publish(lender, CRTOS_OP_UNMAP, 0, (const u64[6]) { start, len });
	spin_unlock(&lock);
	/* Its slot may be another process's as soon as it is not our lender. */
	while (e && READ_ONCE(p->fork.parent) == lender && !entry_done(e)) {
		if (rdtsc() < end)
			cpu_relax();
		else
			thread_wait_until(current_thread(), rdtsc() + timer_us_to_tsc(LOOK_US));
	}
	spin_lock(&lock);
	if (e && p->fork.parent == lender) {
		done = !slot_must_retry(e->result);
		lender->free_entries |= BIT(e - lender->slot->entries);
	}
	spin_unlock(&lock);
	return done;
}

void fork_unmap(struct process *p, u64 start, u64 len)
{
	while (!lender_unmaps(p, start, len))
		thread_wait_until(current_thread(), rdtsc() + timer_us_to_tsc(LOOK_US));
}

/* What the child shall be; @args are those of Linux's call. */
static s64 do_fork(struct process *p, const struct child_args *child, const u64 *args)
{
	struct thread *t = current_thread();
	s64 pid;

	p->alone = t;
	p->fork.args = *child;
	p->fork.thread = t;
	signal_tell_mask(p);
	if (!(child->flags & CLONE_VM))
		mm_make_room(p, mm_pages(&p->mm));
	pid = slot_call(p, CRTOS_OP_SYSCALL, t->nr, args);
	if (pid >= 0)
		fork_children(p);
	while (load_acquire(&p->fork.child))
		thread_wait(t);
	/* A child that had our memory has changed what this names. */
	write_cr3(p->mm.cr3);
	p->alone = NULL;
	return pid;
}

s64 sys_fork(struct process *p, const u64 *a)
{
	struct child_args child = {
		.flags = current_thread()->nr == __NR_vfork ? CLONE_VM | CLONE_VFORK : 0,
	};

	return do_fork(p, &child, (const u64[6]) {});
}

/* A process that works with its slot itself has one thread: they would share the ring. */
static s64 make_thread(struct process *p, const struct child_args *child, u64 parent_tid)
{
	struct thread *t;

	if ((child->flags & COMMON_FLAGS) != COMMON_FLAGS || p->uintr.shared)
		return -ENOSYS;
	t = thread_clone(p);
	if (!t)
		return -EAGAIN;
	copy_thread(t, current_thread(), child);
	if (child->flags & CLONE_PARENT_SETTID)
		copy_to_user(&p->mm, parent_tid, &t->tid, sizeof(t->tid));
	if (child->flags & CLONE_CHILD_SETTID)
		copy_to_user(&p->mm, child->tid, &t->tid, sizeof(t->tid));
	thread_start(t);
	return t->tid;
}

/* Two processes have memory in common only while one waits for the other. */
s64 sys_clone(struct process *p, const u64 *a)
{
	struct child_args child = { .flags = a[0], .stack = a[1], .tid = a[3], .tls = a[4] };
	u64 flags = a[0], args[6] = { flags & ~OUR_FLAGS };

	if ((flags & (CLONE_THREAD | CLONE_SIGHAND)) == CLONE_THREAD ||
	    (flags & (CLONE_SIGHAND | CLONE_VM)) == CLONE_SIGHAND)
		return -EINVAL;
	if (flags & CLONE_SETTLS && a[4] >= USER_LIMIT)
		return -EPERM;
	if (flags & CLONE_THREAD)
		return make_thread(p, &child, a[2]);
	if (flags & CLONE_SIGHAND || (flags & (CLONE_VM | CLONE_VFORK)) == CLONE_VM)
		return -ENOSYS;
	if (flags & (CLONE_PARENT_SETTID | CLONE_PIDFD))
		args[2] = a[2];
	return do_fork(p, &child, args);
}
