// SPDX-License-Identifier: GPL-2.0
/*
 * Threads and the schedulers, one on each CPU, which have nothing in common: a thread
 * belongs to one of them with its process.
 *
 * The scheduler runs on the stack that the CPU started on.  A thread that gives up the
 * CPU switches to it, and only there do slots change state: no thread runs then, and
 * one that is killed is simply never run again, wherever it was.
 *
 * Priorities are fixed.  Of those with the highest one that may run, the first runs:
 * until it waits, until a higher one is woken, or to the end of its time slice.
 */
#include "process.h"

#define KSTACK_SIZE	16384
#define POOL		64	/* threads beside the first ones of the processes */
#define NR_THREADS	(CRTOS_MAX_SLOTS + POOL)

/* Above the numbers that Linux gives, and below the flags of a futex */
#define FIRST_TID	0x400000
#define LAST_TID	0x3fffffff

static struct thread threads[NR_THREADS];
static u8 kstacks[NR_THREADS][KSTACK_SIZE] __aligned(16);
static u64 pool;		/* in use, one bit each */
static u32 pool_uses[POOL];

static u64 kstack_top(struct thread *t)
{
	return (u64)kstacks[t->index] + KSTACK_SIZE;
}

void fpu_save(struct thread *t)
{
	if (xfeatures)
		asm volatile("xsave64 (%0)" : : "r" (t->fpu), "a" ((u32)xfeatures),
			     "d" (0) : "memory");
	else
		asm volatile("fxsave64 (%0)" : : "r" (t->fpu) : "memory");
}

void fpu_restore(struct thread *t)
{
	if (xfeatures)
		asm volatile("xrstor64 (%0)" : : "r" (t->fpu), "a" ((u32)xfeatures),
			     "d" (0) : "memory");
	else
		asm volatile("fxrstor64 (%0)" : : "r" (t->fpu) : "memory");
}

void fpu_prepare(struct thread *t)
{
	*(u16 *)&t->fpu[0] = 0x37f;	/* FCW */
	*(u32 *)&t->fpu[24] = 0x1f80;	/* MXCSR */
}

/* Where the entry code puts the registers when the thread leaves ring 3 */
struct crtos_regs *thread_regs(struct thread *t)
{
	return (struct crtos_regs *)kstack_top(t) - 1;
}

/* The kernel uses no FPU: what is in the CPU stays until another one needs it. */
static void load(struct thread *t)
{
	struct cpu *cpu = this_cpu();

	if (cpu->loaded)
		fpu_save(cpu->loaded);
	fpu_restore(t);
	wrmsr(MSR_FS_BASE, t->fs_base);
	wrmsr(MSR_KERNEL_GS_BASE, t->gs_base);
	write_cr3(t->process->mm.cr3);
	cpu_set_kstack(kstack_top(t));
	uintr_load(t->process->index);
	WRITE_ONCE(t->process->slot->regs, image_to_phys(thread_regs(t)));
	cpu->loaded = t;
}

static void unload(void)
{
	write_cr3(kernel_cr3);
	this_cpu()->loaded = NULL;
}

/* Behind those of the same priority, or before them */
static void set_ready(struct thread *t, bool first)
{
	struct thread **link = &this_cpu()->ready, *other;

	while ((other = *link) && (other->priority > t->priority ||
				   (!first && other->priority == t->priority)))
		link = &other->next_ready;
	t->state = THREAD_READY;
	t->next_ready = other;
	*link = t;
}

static void leave(struct thread *t)
{
	switch_stack(&t->sp, this_cpu()->scheduler_sp);
}

void thread_yield(void)
{
	struct thread *t = current_thread();

	set_ready(t, false);
	leave(t);
}

/*
 * For a higher one, or at the end of a time slice: who is SCHED_FIFO has none, nor has
 * one with a priority that is not its own.
 */
void thread_preempt(void)
{
	struct thread *t = current_thread();
	bool stays = t->policy == SCHED_FIFO || t->priority > t->own_priority;

	set_ready(t, stays || (t->policy == SCHED_RR && !this_cpu()->slice_over));
	leave(t);
}

void thread_wait(struct thread *t)
{
	t->state = THREAD_WAITING;
	leave(t);
}

/* The same, but no longer than until @tsc */
void thread_wait_until(struct thread *t, u64 tsc)
{
	t->wake_at = tsc;
	timer_wake_at(tsc);
	thread_wait(t);
	t->wake_at = 0;
}

/* Never to come back: the thread or its process has ended. */
void thread_gone(struct thread *t)
{
	t->state = THREAD_ENDED;
	leave(t);
	__builtin_unreachable();
}

static void make_ready(struct thread *t)
{
	struct cpu *cpu = this_cpu();

	set_ready(t, false);
	if (cpu->current && t->priority > cpu->current->priority)
		cpu->need_resched = true;
}

/* Also from interrupts */
void thread_wake(struct thread *t)
{
	if (t->state == THREAD_WAITING)
		make_ready(t);
}

void thread_start(struct thread *t)
{
	make_ready(t);
}

void thread_wake_all(struct process *p)
{
	struct thread *t;

	for (t = p->threads; t; t = t->next)
		thread_wake(t);
}

static void unlink_ready(struct thread *t)
{
	struct thread **link = &this_cpu()->ready;

	while (*link != t)
		link = &(*link)->next_ready;
	*link = t->next_ready;
}

/* Its own, or the highest of those that wait for it */
static u8 inherited(const struct thread *t)
{
	u8 priority = t->own_priority;
	struct thread *w;

	for (w = t->process->threads; w; w = w->next)
		if (w->owner == t)
			priority = max(priority, w->priority);
	return priority;
}

static void reschedule(struct thread *t)
{
	if (t->state == THREAD_READY) {
		unlink_ready(t);
		set_ready(t, false);
	}
	/* One that was ready before may come first now. */
	this_cpu()->need_resched = true;
}

/* Who waits for it, or their priorities, have changed.  Nobody waits in a circle. */
void thread_inherit(struct thread *t)
{
	for (; t && t->priority != inherited(t); t = t->owner) {
		t->priority = inherited(t);
		reschedule(t);
	}
}

void thread_set_priority(struct thread *t, u8 policy, u8 priority)
{
	t->policy = policy;
	t->own_priority = priority;
	thread_inherit(t);
	reschedule(t);
}

/* It does not run. */
void thread_kill(struct thread *t)
{
	if (t->state == THREAD_READY)
		unlink_ready(t);
	t->state = THREAD_ENDED;
}

/* Wakes whose time has come, and says when the next one's does. */
u64 thread_timeouts(u64 now)
{
	struct thread *t;
	u64 next = ~0ULL;
	u32 i;

	for (i = 0; i < CRTOS_MAX_SLOTS; i++) {
		struct process *p = process_at(i);

		if (p->state != PROCESS_LIVE || smp_owner(i) != this_cpu())
			continue;
		for (t = p->threads; t; t = t->next) {
			if (!t->wake_at || t->state != THREAD_WAITING)
				continue;
			if (t->wake_at <= now)
				thread_wake(t);
			else
				next = min(next, t->wake_at);
		}
	}
	return next;
}

/* Where a new thread comes from switch_stack(), on its own kernel stack */
static void thread_main(void)
{
	struct thread *t = current_thread();

	if (!t->forked)
		process_main(t->process, thread_regs(t));
	signal_return(t, thread_regs(t));
	enter_user(thread_regs(t));
}

static void prepare_kstack(struct thread *t)
{
	u64 *sp = (u64 *)thread_regs(t);

	memset(sp, 0, sizeof(struct crtos_regs));
	*--sp = 0;			/* as if thread_main was called */
	*--sp = (u64)thread_main;
	sp -= 6;			/* what switch_stack() pops */
	memset(sp, 0, 6 * sizeof(*sp));
	t->sp = (u64)sp;
}

static void prepare(struct thread *t, struct process *p, u32 index)
{
	memset(t, 0, sizeof(*t));
	t->index = index;
	t->process = p;
	t->state = THREAD_NEW;
	prepare_kstack(t);
	fpu_prepare(t);
}

/* What a process begins with */
struct thread *thread_first(struct process *p)
{
	struct thread *t = &threads[p->index];

	prepare(t, p, p->index);
	t->tid = p->pid;
	p->threads = t;
	p->nr_threads = 1;
	return t;
}

/* The same number comes again after millions of threads. */
static u32 new_tid(u32 i)
{
	return FIRST_TID + pool_uses[i]++ % ((LAST_TID - FIRST_TID) / POOL) * POOL + i;
}

/* One more.  NULL: there are too many. */
struct thread *thread_clone(struct process *p)
{
	struct thread *t;
	u32 i;

	if (p->nr_threads == MAX_THREADS)
		return NULL;
	for (i = 0; i < POOL && test_and_set_bit(&pool, i); i++)
		;
	if (i == POOL)
		return NULL;
	t = &threads[CRTOS_MAX_SLOTS + i];
	prepare(t, p, CRTOS_MAX_SLOTS + i);
	t->tid = new_tid(i);
	t->next = p->threads->next;
	p->threads->next = t;
	p->nr_threads++;
	return t;
}

struct thread *thread_find(struct process *p, u32 tid)
{
	struct thread *t;

	for (t = p->threads; t; t = t->next)
		if (t->tid == tid && t->state != THREAD_ENDED)
			return t;
	return NULL;
}

/* In the scheduler: nothing of it is in use but perhaps in the CPU. */
static void thread_free(struct thread *t)
{
	if (this_cpu()->loaded == t)
		unload();
	t->state = THREAD_FREE;
	if (t->index >= CRTOS_MAX_SLOTS)
		test_and_clear_bit(&pool, t->index - CRTOS_MAX_SLOTS);
}

void thread_free_all(struct process *p)
{
	struct thread *t, *next;

	for (t = p->threads; t; t = next) {
		next = t->next;
		thread_free(t);
	}
	p->threads = NULL;
}

/* The first one stays, as the process's number does. */
static void free_ended(struct thread *t)
{
	struct thread **link = &t->process->threads;

	if (t == *link)
		return;
	while (*link != t)
		link = &(*link)->next;
	*link = t->next;
	thread_free(t);
}

/* The last one ends the process. */
void thread_exit(struct thread *t, u32 status)
{
	struct process *p = t->process;

	if (p->alone == t)
		p->alone = NULL;
	futex_thread_ends(t);
	if (p->nr_threads == 1)
		process_exit(p, status);
	p->nr_threads--;
	signal_forget(t);
	thread_gone(t);
}

/* Neither stopped in Linux, nor is another one alone. */
static bool may_run(const struct thread *t)
{
	const struct process *p = t->process;

	/* Pairs with the release of paused in Linux. */
	return !load_acquire(&p->slot->paused) && (!p->alone || p->alone == t);
}

static struct thread *take_next(struct cpu *cpu)
{
	struct thread **link = &cpu->ready, *t;

	while ((t = *link) && !may_run(t))
		link = &t->next_ready;
	if (t)
		*link = t->next_ready;
	return t;
}

/* False: there is none. */
bool thread_run_next(void)
{
	struct cpu *cpu = this_cpu();
	struct thread *t = take_next(cpu);
	struct process *p;

	if (!t)
		return false;
	p = t->process;
	t->state = THREAD_RUNNING;
	if (cpu->loaded != t)
		load(t);
	cpu->need_resched = false;
	cpu->slice_over = false;
	cpu->current = t;
	uintr_resume(p);
	switch_stack(&cpu->scheduler_sp, t->sp);
	uintr_suspend(p);
	cpu->current = NULL;
	if (t->state == THREAD_ENDED)
		free_ended(t);
	return true;
}

/* On each CPU, when Linux has let go of the RTOS: nothing runs any more. */
void thread_forget_all(void)
{
	if (this_cpu()->loaded)
		unload();
	this_cpu()->ready = NULL;
}
