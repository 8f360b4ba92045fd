// SPDX-License-Identifier: GPL-2.0
/*
 * Processes and the schedulers, one on each CPU, which have nothing in common:
 * a process belongs to one of them, by the number of its slot.
 *
 * The scheduler runs on the stack that the CPU started on.  A process that gives
 * up the CPU switches to it, and only there do slots change state: no process
 * runs then, and a process that is killed is simply never run again, wherever it
 * was.
 */
#include "process.h"

#define KSTACK_SIZE	16384

static struct process processes[CRTOS_MAX_SLOTS];
static u8 kstacks[CRTOS_MAX_SLOTS][KSTACK_SIZE] __aligned(16);
static program_fn start_program;

static u64 kstack_top(struct process *p)
{
	return (u64)kstacks[p->index] + KSTACK_SIZE;
}

void fpu_save(struct process *p)
{
	if (xfeatures)
		asm volatile("xsave64 (%0)" : : "r" (p->fpu), "a" ((u32)xfeatures),
			     "d" (0) : "memory");
	else
		asm volatile("fxsave64 (%0)" : : "r" (p->fpu) : "memory");
}

void fpu_restore(struct process *p)
{
	if (xfeatures)
		asm volatile("xrstor64 (%0)" : : "r" (p->fpu), "a" ((u32)xfeatures),
			     "d" (0) : "memory");
	else
		asm volatile("fxrstor64 (%0)" : : "r" (p->fpu) : "memory");
}

/* Where the entry code puts the registers when the process leaves ring 3 */
struct crtos_regs *process_regs(struct process *p)
{
	return (struct crtos_regs *)kstack_top(p) - 1;
}

/* The kernel uses no FPU: what is in the CPU stays until another one needs it. */
static void load(struct process *p)
{
	struct cpu *cpu = this_cpu();

	if (cpu->loaded)
		fpu_save(cpu->loaded);
	fpu_restore(p);
	wrmsr(MSR_FS_BASE, p->fs_base);
	wrmsr(MSR_KERNEL_GS_BASE, p->gs_base);
	write_cr3(p->mm.cr3);
	cpu_set_kstack(kstack_top(p));
	uintr_load(p->index);
	cpu->loaded = p;
}

static void unload(struct process *p)
{
	if (this_cpu()->loaded != p)
		return;
	write_cr3(kernel_cr3);
	this_cpu()->loaded = NULL;
}

static void set_ready(struct process *p)
{
	p->state = PROCESS_READY;
	this_cpu()->ready |= BIT(p->index);
}

static void leave(struct process *p)
{
	switch_stack(&p->sp, this_cpu()->scheduler_sp);
}

void process_yield(void)
{
	struct process *p = this_cpu()->current;

	set_ready(p);
	leave(p);
}

void process_wait(struct process *p)
{
	p->state = PROCESS_WAITING;
	leave(p);
}

/* From interrupts */
void process_wake(u32 index)
{
	struct process *p = &processes[index];

	if (p->state != PROCESS_WAITING)
		return;
	set_ready(p);
	this_cpu()->need_resched = true;
}

/* The process may be one that takes completions itself when it runs again. */
void process_completion(u32 index, u64 requests)
{
	struct process *p = &processes[index];

	if (p->uintr.handler)
		p->uintr.pending |= requests & USER_ENTRIES;
	process_wake(index);
}

/* From the timer */
void process_tick(void)
{
	u32 i;

	for (i = 0; i < CRTOS_MAX_SLOTS; i++)
		if (processes[i].ticks && smp_owner(i) == this_cpu())
			process_wake(i);
}

bool process_exists(u32 index)
{
	return processes[index].state != PROCESS_FREE;
}

struct process *process_at(u32 index)
{
	return &processes[index];
}

static void process_kill(struct process *p)
{
	if (p->state == PROCESS_FREE || p->state == PROCESS_ENDED)
		return;
	printf("slot %u: pid %u (%s) killed\n", p->index, p->pid, p->name);
	this_cpu()->ready &= ~BIT(p->index);
	p->state = PROCESS_ENDED;
}

/* The shadow process is ending, and the caller is @p. */
void process_end(struct process *p)
{
	process_kill(p);
	leave(p);
	__builtin_unreachable();
}

/* @status is a wait status. */
void process_exit(struct process *p, u32 status)
{
	if (status & 0x7f)
		printf("slot %u: pid %u (%s) dies by signal %u\n", p->index,
		       p->pid, p->name, status & 0x7f);
	else
		printf("slot %u: pid %u (%s) exits with %u\n", p->index, p->pid,
		       p->name, status >> 8);
	slot_send_exit(p, status);
	p->state = PROCESS_ENDED;
	leave(p);
	__builtin_unreachable();
}

/* Where a new process comes from switch_stack(), on its own kernel stack */
static void process_main(void)
{
	struct process *p = this_cpu()->current;

	if (!p->forked)
		start_program(p, process_regs(p));
	signal_return(p, process_regs(p));
	enter_user(process_regs(p));
}

static void prepare_kstack(struct process *p)
{
	u64 *sp = (u64 *)process_regs(p);

	memset(sp, 0, sizeof(struct crtos_regs));
	*--sp = 0;			/* as if process_main was called */
	*--sp = (u64)process_main;
	sp -= 6;			/* what switch_stack() pops */
	memset(sp, 0, 6 * sizeof(*sp));
	p->sp = (u64)sp;
}

void prepare_fpu(struct process *p)
{
	*(u16 *)&p->fpu[0] = 0x37f;	/* FCW */
	*(u32 *)&p->fpu[24] = 0x1f80;	/* MXCSR */
}

/* For a slot that is ATTACHED: all but the memory.  To others it is FREE. */
void process_prepare(struct process *p, u32 index)
{
	memset(p, 0, sizeof(*p));
	p->index = index;
	p->slot = slot_ptr(index);
	p->pid = p->slot->pid;
	prepare_kstack(p);
	prepare_fpu(p);
}

/* @status: how it ends if there is no memory for it */
static void process_begin(struct process *p, u32 status)
{
	if (p->mm.root) {
		set_ready(p);
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
	unload(p);
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
	case PROCESS_WAITING:
		set_ready(p);
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

/* On each CPU, when Linux has let go of the RTOS: nothing runs any more. */
static void forget_all(void)
{
	struct cpu *cpu = this_cpu();

	unload(cpu->loaded);
	cpu->ready = 0;
	cpu->changed = 0;
}

/* On CPU 0, when that is done and Linux is back, which used their memory so long */
void process_free_all(void)
{
	u32 i;

	for (i = 0; i < CRTOS_MAX_SLOTS; i++)
		if (process_exists(i))
			process_free(&processes[i]);
}

/* Ready, and not stopped in Linux */
static u64 may_run(struct cpu *cpu)
{
	u64 may = cpu->ready, left;

	for (left = may; left; left &= left - 1) {
		u32 i = __builtin_ctzll(left);

		/* Pairs with the release of paused in Linux. */
		if (load_acquire(&processes[i].slot->paused))
			may &= ~BIT(i);
	}
	return may;
}

/* Round robin: the first after the last one */
static struct process *next_ready(struct cpu *cpu)
{
	u64 may = may_run(cpu), above = may & ~1ULL << cpu->last;

	if (!may)
		return NULL;
	return &processes[__builtin_ctzll(above ? above : may)];
}

static void run(struct cpu *cpu, struct process *p)
{
	cpu->ready &= ~BIT(p->index);
	cpu->last = p->index;
	p->state = PROCESS_RUNNING;
	if (cpu->loaded != p)
		load(p);
	cpu->need_resched = false;
	cpu->current = p;
	uintr_resume(p);
	switch_stack(&cpu->scheduler_sp, p->sp);
	uintr_suspend(p);
	cpu->current = NULL;
}

/* @start: what a new process does first, before it goes to ring 3 */
void process_init(program_fn start)
{
	if (xfeatures && cpuid(0xd, 0).ebx > sizeof(processes[0].fpu))
		panic(NULL, "FPU state too large");
	start_program = start;
	slot_init();
}

/* One turn: what Linux wants, and then a process or nothing until an interrupt */
void process_step(void)
{
	struct cpu *cpu = this_cpu();
	struct process *p;

	if (!smp_attached()) {
		forget_all();
		smp_detach();
	}
	poll_slots();
	p = next_ready(cpu);
	if (p)
		run(cpu, p);
	else
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
