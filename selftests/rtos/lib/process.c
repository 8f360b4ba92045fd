// SPDX-License-Identifier: GPL-2.0
/*
 * Processes and the scheduler.
 *
 * The scheduler runs on the boot stack.  A process that gives up the CPU
 * switches to it, and only there do slots change state: no process runs then,
 * and a process that is killed is simply never run again, wherever it was.
 */
#include "process.h"

#define KSTACK_SIZE	16384
#define USER_END	0x7ffffffff000ULL	/* without the last page */

static struct process processes[CRTOS_MAX_SLOTS];
static u8 kstacks[CRTOS_MAX_SLOTS][KSTACK_SIZE] __aligned(16);
static u64 ready;		/* bit: index of the process */
static u32 nr_processes;
static u64 scheduler_sp;

static u64 kstack_top(struct process *p)
{
	return (u64)kstacks[p->index] + KSTACK_SIZE;
}

static void fpu_save(struct process *p)
{
	if (xfeatures)
		asm volatile("xsave64 (%0)" : : "r" (p->fpu), "a" ((u32)xfeatures),
			     "d" (0) : "memory");
	else
		asm volatile("fxsave64 (%0)" : : "r" (p->fpu) : "memory");
}

static void fpu_restore(struct process *p)
{
	if (xfeatures)
		asm volatile("xrstor64 (%0)" : : "r" (p->fpu), "a" ((u32)xfeatures),
			     "d" (0) : "memory");
	else
		asm volatile("fxrstor64 (%0)" : : "r" (p->fpu) : "memory");
}

/* The kernel uses no FPU: what is in the CPU stays until another one needs it. */
static void load(struct process *p)
{
	if (cpu0.loaded)
		fpu_save(cpu0.loaded);
	fpu_restore(p);
	wrmsr(MSR_FS_BASE, p->fs_base);
	wrmsr(MSR_KERNEL_GS_BASE, p->gs_base);
	write_cr3(p->mm.cr3);
	cpu_set_kstack(kstack_top(p));
	cpu0.loaded = p;
}

static void unload(struct process *p)
{
	if (cpu0.loaded != p)
		return;
	write_cr3(kernel_cr3);
	cpu0.loaded = NULL;
}

static void set_ready(struct process *p)
{
	p->state = PROCESS_READY;
	ready |= BIT(p->index);
}

static void leave(struct process *p)
{
	switch_stack(&p->sp, scheduler_sp);
}

void process_yield(void)
{
	struct process *p = current;

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
	cpu0.need_resched = true;
}

bool process_others_ready(void)
{
	return ready;
}

static void process_kill(struct process *p)
{
	if (p->state == PROCESS_FREE || p->state == PROCESS_ENDED)
		return;
	printf("slot %u: pid %u (%s) killed\n", p->index, p->pid, p->name);
	ready &= ~BIT(p->index);
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
	struct process *p = current;

	elf_start(p, (struct regs *)kstack_top(p) - 1);
}

static void prepare_kstack(struct process *p)
{
	u64 *sp = (u64 *)((struct regs *)kstack_top(p) - 1);

	*--sp = 0;			/* as if process_main was called */
	*--sp = (u64)process_main;
	sp -= 6;			/* what switch_stack() pops */
	memset(sp, 0, 6 * sizeof(*sp));
	p->sp = (u64)sp;
}

static void prepare_fpu(struct process *p)
{
	*(u16 *)&p->fpu[0] = 0x37f;	/* FCW */
	*(u32 *)&p->fpu[24] = 0x1f80;	/* MXCSR */
}

static void process_create(u32 index)
{
	struct process *p = &processes[index];
	bool ok;

	memset(p, 0, sizeof(*p));
	p->index = index;
	p->sigaltstack.flags = 2;	/* SS_DISABLE */
	ok = mm_init(&p->mm);
	slot_attach(p);
	p->pid = p->slot->pid;
	p->mm.start = align_up(max(p->slot->window_addr, PAGE_SIZE), PAGE_SIZE);
	p->mm.end = align_down(p->slot->window_addr + p->slot->window_len, PAGE_SIZE);
	p->mm.end = min(p->mm.end, USER_END);
	nr_processes++;
	if (!ok) {
		printf("slot %u: out of memory\n", index);
		p->state = PROCESS_ENDED;
		slot_send_exit(p, 126 << 8);
		return;
	}
	prepare_kstack(p);
	prepare_fpu(p);
	set_ready(p);
}

static void process_free(struct process *p)
{
	unload(p);
	mm_free(&p->mm);
	p->state = PROCESS_FREE;
	nr_processes--;
}

static void slot_changed(u32 index)
{
	struct process *p = &processes[index];

	switch (slot_state(index)) {
	case CRTOS_SLOT_ATTACHED:
		if (p->state == PROCESS_FREE)
			process_create(index);
		break;
	case CRTOS_SLOT_KILLED:
		process_kill(p);
		break;
	case CRTOS_SLOT_GONE:		/* also if it never was ATTACHED */
		process_kill(p);
		if (p->state != PROCESS_FREE)
			process_free(p);
		slot_release(index);
		break;
	}
}

static void poll_slots(void)
{
	u64 changed = slot_doorbells();

	for (; changed; changed &= changed - 1)
		slot_changed(__builtin_ctzll(changed));
	if (nr_processes)
		timer_start();
	else
		timer_stop();
}

/* Round robin: the first that is ready after @last */
static struct process *next_ready(u32 last)
{
	u64 above = last < 63 ? ready & ~0ULL << (last + 1) : 0;

	if (!ready)
		return NULL;
	return &processes[__builtin_ctzll(above ? above : ready)];
}

static void run(struct process *p)
{
	ready &= ~BIT(p->index);
	p->state = PROCESS_RUNNING;
	if (cpu0.loaded != p)
		load(p);
	cpu0.need_resched = false;
	current = p;
	switch_stack(&scheduler_sp, p->sp);
	current = NULL;
}

void process_init(void)
{
	if (xfeatures && cpuid(0xd, 0).ebx > sizeof(processes[0].fpu))
		panic(NULL, "FPU state too large");
	slot_init();
}

/* The caller's stack becomes the scheduler's.  Interrupts are off but in HLT. */
void process_schedule(void)
{
	struct process *p;
	u32 last = 63;

	for (;;) {
		poll_slots();
		p = next_ready(last);
		if (p) {
			last = p->index;
			run(p);
		} else {
			/* STI takes effect after HLT has begun: no lost wakeup */
			asm volatile("sti; hlt; cli" ::: "memory");
		}
	}
}
