// SPDX-License-Identifier: GPL-2.0
/* Exceptions and interrupts. */
#include "process.h"

struct exception {
	const char *name;
	u8 signal;
};

static const struct exception exceptions[32] = {
	[0] = { "divide error", SIGFPE },
	[1] = { "debug", SIGTRAP },
	[3] = { "breakpoint", SIGTRAP },
	[4] = { "overflow", SIGSEGV },
	[5] = { "bound range", SIGSEGV },
	[6] = { "invalid opcode", SIGILL },
	[8] = { "double fault", 0 },
	[10] = { "invalid TSS", SIGSEGV },
	[11] = { "segment not present", SIGBUS },
	[12] = { "stack segment", SIGBUS },
	[13] = { "general protection", SIGSEGV },
	[14] = { "page fault", SIGSEGV },
	[16] = { "x87 error", SIGFPE },
	[17] = { "alignment check", SIGBUS },
	[18] = { "machine check", 0 },
	[19] = { "SIMD error", SIGFPE },
};

/* siginfo.code */
#define ILL_ILLOPN	2
#define FPE_INTDIV	1
#define FPE_FLTDIV	3
#define FPE_FLTOVF	4
#define FPE_FLTUND	5
#define FPE_FLTRES	6
#define FPE_FLTINV	7
#define SEGV_MAPERR	1
#define SEGV_ACCERR	2
#define BUS_ADRALN	1
#define TRAP_TRACE	2

static vector_fn handlers[256];

/* What the entry code pushes, and takes from its place. */
static_assert(offsetof(struct crtos_regs, r15) == 0);
static_assert(offsetof(struct crtos_regs, rdi) == REGS_RDI);
static_assert(offsetof(struct crtos_regs, vector) == REGS_VECTOR);
static_assert(offsetof(struct crtos_regs, rip) == REGS_RIP);
static_assert(offsetof(struct crtos_regs, cs) == REGS_CS);
static_assert(offsetof(struct crtos_regs, rflags) == REGS_RFLAGS);
static_assert(offsetof(struct crtos_regs, rsp) == REGS_RSP);

void trap_set_handler(unsigned int vector, vector_fn fn)
{
	handlers[vector] = fn;
}

static void print_regs(const struct crtos_regs *r)
{
	printf("  rip %016llx rsp %016llx rflags %08llx cs %02llx cr2 %016llx\n",
	       r->rip, r->rsp, r->rflags, r->cs, read_cr2());
	printf("  rax %016llx rbx %016llx rcx %016llx rdx %016llx\n",
	       r->rax, r->rbx, r->rcx, r->rdx);
	printf("  rsi %016llx rdi %016llx rbp %016llx r8  %016llx\n",
	       r->rsi, r->rdi, r->rbp, r->r8);
	printf("  r9  %016llx r10 %016llx r11 %016llx r12 %016llx\n",
	       r->r9, r->r10, r->r11, r->r12);
	printf("  r13 %016llx r14 %016llx r15 %016llx cr3 %016llx\n",
	       r->r13, r->r14, r->r15, read_cr3());
}

/* The end of the RTOS: @r may be NULL. */
void panic(const struct crtos_regs *r, const char *why)
{
	static bool again;
	struct crtos_regs here = {
		.rip = (u64)__builtin_return_address(0),
		.rsp = (u64)__builtin_frame_address(0),
	};

	smp_stop_others();
	if (!again) {
		again = true;
		printf("crtos: dead: %s\n", why);
		if (r) {
			printf("  vector %llu error 0x%llx\n", r->vector, r->error);
			print_regs(r);
		}
		crash_record(CRTOS_CRASH_RTOS, cpu_from_gdt(), r ? r : &here, why);
	}
	store_release(&header->rtos_state, CRTOS_RTOS_DEAD);
	/* Most likely that of no process: Linux looks at the state at once. */
	slot_notify(CRTOS_MAX_SLOTS - 1);
	cpu_halt();
}

static void stray(unsigned int vector)
{
	static u64 seen[4];

	/* Linux's, see apic_init(). */
	if (header->rtos_state == CRTOS_RTOS_BOOTING)
		return;

	atomic_inc(&header->stray_vectors);
	if (!test_and_set_bit(&seen[vector / 64], vector % 64))
		printf("crtos: unexpected vector 0x%x\n", vector);
}

static void interrupt(unsigned int vector)
{
	bool served = apic_in_service(vector);

	/* May be one that the RTOS uses itself. */
	if (only_vector && vector == only_vector)
		slot_interrupt();
	else if (!handlers[vector])
		stray(vector);
	if (handlers[vector])
		handlers[vector](vector);
	/* The APIC's own spurious interrupt is not in service. */
	if (served)
		apic_eoi();
}

/* What the bits of MXCSR, or of the x87 status word, mean to siginfo_t */
static int math_code(u64 vector)
{
	u32 mxcsr, errors;
	u16 cw, sw;

	if (vector == VEC_XM) {
		asm volatile("stmxcsr %0" : "=m" (mxcsr));
		errors = mxcsr & ~(mxcsr >> 7);
	} else {
		asm volatile("fnstcw %0; fnstsw %1" : "=m" (cw), "=m" (sw));
		errors = sw & ~cw;
	}
	return errors & 0x01 ? FPE_FLTINV : errors & 0x04 ? FPE_FLTDIV :
	       errors & 0x08 ? FPE_FLTOVF : errors & 0x12 ? FPE_FLTUND :
	       errors & 0x20 ? FPE_FLTRES : 0;
}

/* As Linux describes it */
static struct siginfo fault_info(struct process *p, const struct crtos_regs *r, u32 signal)
{
	struct siginfo info = { .signo = signal, .code = SI_KERNEL, .addr = r->rip };
	struct vma *v;

	switch (r->vector) {
	case VEC_DE:
		info.code = FPE_INTDIV;
		break;
	case VEC_DB:
		info.code = TRAP_TRACE;
		break;
	case VEC_UD:
		info.code = ILL_ILLOPN;
		break;
	case VEC_PF:
		info.addr = read_cr2();
		v = mm_find(&p->mm, info.addr);
		info.code = v && v->start <= info.addr ? SEGV_ACCERR : SEGV_MAPERR;
		break;
	case VEC_MF:
	case VEC_XM:
		info.code = math_code(r->vector);
		break;
	case VEC_AC:
		info.code = BUS_ADRALN;
		info.addr = 0;
		break;
	default:
		info.addr = 0;
	}
	return info;
}

static void exception(struct crtos_regs *r)
{
	const struct exception *e = &exceptions[r->vector];
	const char *name = e->name ? e->name : "exception";
	struct siginfo info;
	struct process *p;

	if (!(r->cs & 3) || r->vector == VEC_DF || r->vector == VEC_MC)
		panic(r, name);
	p = current_thread()->process;
	if (r->vector == VEC_PF && !(r->error & 1) &&
	    mm_stack_touch(&p->mm, read_cr2()))
		return;
	info = fault_info(p, r, e->signal ? e->signal : SIGSEGV);
	if (signal_fault(current_thread(), r, &info))
		return;

	printf("slot %u: pid %u (%s): %s, vector %llu error 0x%llx\n",
	       p->index, p->pid, p->name, name, r->vector, r->error);
	print_regs(r);
	crash_record(CRTOS_CRASH_PROCESS, this_cpu(), r, name);
	process_exit(p, info.signo);
}

/* Those without a priority take turns with whatever an interrupt has made ready. */
static bool should_preempt(const struct crtos_regs *r)
{
	struct cpu *cpu = this_cpu();

	return cpu->need_resched || (r->vector >= 32 && cpu->ready && !cpu->current->priority);
}

/*
 * Interrupts are off.  They come from ring 3 or from the halted scheduler only,
 * so the kernel itself is never preempted.
 */
void trap(struct crtos_regs *r)
{
	cpu_from_gdt()->vectors[r->vector]++;
	/* At any point, so it takes no lock, and not through the scheduler. */
	if (r->vector == VEC_NMI) {
		atomic_inc(&header->stray_vectors);
		return;
	}
	if (r->cs & 3) {
		struct process *p = current_thread()->process;

		p->entries++;
		p->interrupts += r->vector >= 32;
	}
	if (r->vector < 32)
		exception(r);
	else
		interrupt(r->vector);
	if (!(r->cs & 3))
		return;
	if (should_preempt(r))
		thread_preempt();
	signal_return(current_thread(), r);
}
