// SPDX-License-Identifier: GPL-2.0
/*
 * Processes, from the slot that Linux attaches to the one that it has again.
 *
 * A process belongs to one CPU, by the number of its slot, and so do its threads.
 */
#include "process.h"

static struct process processes[CRTOS_MAX_SLOTS];
static program_fn start_program;

/* The process may be one that takes completions itself when it runs again. */
void process_completion(u32 index, u64 requests)
{
	struct process *p = &processes[index];
	struct thread *t;

	if (p->state != PROCESS_LIVE)
		return;
	if (p->uintr.handler)
		p->uintr.pending |= requests & USER_ENTRIES;
	for (t = p->threads; t; t = t->next)
		if (requests & BIT(t->entry))
			thread_wake(t);
}

bool process_exists(u32 index)
{
	return processes[index].state != PROCESS_FREE;
}

struct process *process_at(u32 index)
{
	return &processes[index];
}

static void end_threads(struct process *p)
{
	struct thread *t;

	for (t = p->threads; t; t = t->next)
		thread_kill(t);
	p->state = PROCESS_ENDED;
}

static void process_kill(struct process *p)
{
	if (p->state == PROCESS_FREE || p->state == PROCESS_ENDED)
		return;
	printf("slot %u: pid %u (%s) killed\n", p->index, p->pid, p->name);
	end_threads(p);
}

/* The shadow process is ending, and the caller is one of @p. */
void process_end(struct process *p)
{
	process_kill(p);
	thread_gone(current_thread());
}

/* @status is a wait status. */
void process_exit(struct process *p, u32 status)
{
	struct thread *t;

	p->alone = current_thread();
	for (t = p->threads; t; t = t->next)
		if (t->state != THREAD_ENDED)
			futex_thread_ends(t);
	if (status & 0x7f)
		printf("slot %u: pid %u (%s) dies by signal %u\n", p->index,
		       p->pid, p->name, status & 0x7f);
	else
		printf("slot %u: pid %u (%s) exits with %u\n", p->index, p->pid,
		       p->name, status >> 8);
	slot_cancel_all(p);
	slot_send_exit(p, status);
	end_threads(p);
	thread_gone(current_thread());
}

/* On the kernel stack of the first thread */
void process_main(struct process *p, struct crtos_regs *r)
{
	start_program(p, r);
}

/* For a slot that is ATTACHED: all but the memory.  To others it is FREE. */
void process_prepare(struct process *p, u32 index)
{
	memset(p, 0, sizeof(*p));
	p->index = index;
	p->slot = slot_ptr(index);
	p->pid = p->slot->pid;
	thread_first(p);
}

/* @status: how it ends if there is no memory for it */
static void process_begin(struct process *p, u32 status)
{
	if (p->mm.root) {
		p->state = PROCESS_LIVE;
		thread_start(p->threads);
		return;
	}
	printf("slot %u: out of memory\n", p->index);
	p->state = PROCESS_ENDED;
	slot_send_exit(p, status);
}

static void process_create(u32 index)
{
	struct process *p = &processes[index];

	process_prepare(p, index);
	/* Until the program's is known: it may be higher than that of who runs now. */
	p->threads->priority = MAX_PRIORITY;
	p->mm.lookups = &p->slot->lookups;
	p->mm.start = align_up(max(p->slot->window_addr, PAGE_SIZE), PAGE_SIZE);
	p->mm.end = align_down(p->slot->window_addr + p->slot->window_len, PAGE_SIZE);
	p->mm.end = min(p->mm.end, USER_LIMIT);
	mm_init(&p->mm);
	slot_attach(p);
	process_begin(p, 126 << 8);
}

static void process_free(struct process *p)
{
	thread_free_all(p);
	uintr_unshare(p);
	fork_end(p);
	mm_free(&p->mm);
	p->state = PROCESS_FREE;
	fork_unclaim(p->index);
}

/* Something is new for a process, or there is a new one. */
static void slot_attached(struct process *p, u32 index)
{
	switch (p->state) {
	case PROCESS_FREE:
		/* The parent makes its children. */
		if (slot_ptr(index)->parent == CRTOS_NO_SLOT)
			process_create(index);
		break;
	case PROCESS_NEW:
		process_begin(p, SIGKILL);
		break;
	case PROCESS_LIVE:
		thread_wake_all(p);
		break;
	default:
		break;
	}
}

/* Also if it never was ATTACHED */
static void slot_gone(struct process *p, u32 index)
{
	if (p->state != PROCESS_FREE) {
		process_kill(p);
		fork_children(p);
		process_free(p);
	} else if (fork_claim(index)) {
		fork_unclaim(index);
	} else {
		return;		/* its parent says when it has done with it */
	}
	slot_release(index);
}

static void slot_changed(u32 index)
{
	struct process *p = &processes[index];

	switch (slot_state(index)) {
	case CRTOS_SLOT_ATTACHED:
		slot_attached(p, index);
		break;
	case CRTOS_SLOT_KILLED:
		process_kill(p);
		break;
	case CRTOS_SLOT_GONE:
		slot_gone(p, index);
		break;
	}
}

static void poll_slots(void)
{
	u64 changed = xchg64(&this_cpu()->changed, 0);

	for (; changed; changed &= changed - 1)
		slot_changed(__builtin_ctzll(changed));
}

/* On CPU 0, when all have stopped and Linux is back, which used their memory so long */
void process_free_all(void)
{
	u32 i;

	for (i = 0; i < CRTOS_MAX_SLOTS; i++)
		if (process_exists(i))
			process_free(&processes[i]);
}

/* @start: what a new process does first, before it goes to ring 3 */
void process_init(program_fn start)
{
	if (xfeatures && cpuid(0xd, 0).ebx > sizeof(((struct thread *)NULL)->fpu))
		panic(NULL, "FPU state too large");
	start_program = start;
	slot_init();
}

/* One turn: what Linux wants, and then a thread or nothing until an interrupt */
void process_step(void)
{
	if (!smp_attached()) {
		thread_forget_all();
		this_cpu()->changed = 0;
		smp_detach();
	}
	poll_slots();
	if (!thread_run_next())
		cpu_idle();
}

/* The caller's stack becomes the scheduler's.  Interrupts are off but in HLT. */
void process_schedule(void)
{
	timer_start();
	smp_wait();
	for (;;)
		process_step();
}
