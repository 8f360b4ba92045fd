/* SPDX-License-Identifier: GPL-2.0 */
/* The CPUs: descriptor tables, traps, APIC, timer, and how they go together. */
#ifndef RTOS_CPU_H
#define RTOS_CPU_H

#include "x86.h"

struct process;
struct thread;

struct tss {
	u32 reserved0;
	u64 rsp[3];
	u64 reserved1;
	u64 ist[7];
	u64 reserved2;
	u16 reserved3;
	u16 iomap;
} __packed;

#define NR_ISTS		3

/**
 * struct cpu - a CPU of the partition; GS points here while its kernel runs
 * @user_rsp: CPU_USER_RSP: for the system call entry to put RSP aside
 * @kstack: CPU_KSTACK: kernel stack of @current
 * @self: CPU_SELF: where this is
 * @current: the thread that runs, NULL in the scheduler
 * @loaded: whose address space and FPU and segment registers are in the CPU
 * @scheduler_sp: stack pointer of the scheduler while a thread runs
 * @ready: threads that may run, by falling priority
 * @changed: slots that Linux changed; set by CPU 0
 * @reserved: pages that are free, but for this CPU only
 * @index: its number in the partition
 * @ndst: its APIC id as it stands in UPID.NDST
 * @need_resched: go through the scheduler before returning to ring 3
 * @slice_over: and others of the same priority come first
 * @next_tick: when the next tick is due, in cycles
 * @timer_at: when the timer comes, a tick or who waits for a time
 * @vectors: how often each came
 *
 * But for @changed, all of it belongs to the CPU.
 */
struct cpu {
	u64 user_rsp;
	u64 kstack;
	struct cpu *self;
	struct thread *current;
	struct thread *loaded;
	u64 scheduler_sp;
	struct thread *ready;
	u64 changed;
	u64 reserved;
	u32 index;
	u32 ndst;
	bool need_resched, slice_over;
	u64 next_tick, timer_at;
	u64 vectors[256];
	struct tss tss;
	u64 gdt[10];
	u8 ist_stack[NR_ISTS][4096] __aligned(16);
} __aligned(64);

extern u64 xfeatures;	/* XCR0; 0: FXSAVE only */

static inline struct cpu *this_cpu(void)
{
	struct cpu *cpu;

	/* Nothing ever moves from one CPU to another. */
	asm("mov %%gs:%c1, %0" : "=r" (cpu) : "i" (CPU_SELF));
	return cpu;
}

void cpu_init(struct cpu *cpu);
struct cpu *cpu_from_gdt(void);
void cpu_set_kstack(u64 top);
void cpu_idle(void);
void __noreturn cpu_halt(void);

/* smp.c */
extern struct cpu cpus[MAX_CPUS];

u32 smp_start(void);
void __noreturn smp_join(u32 index);
struct cpu *smp_owner(u32 slot);
void smp_kick(u64 mask);
bool smp_attached(void);
void smp_resume(void);
void smp_wait(void);
void smp_detach(void);
void smp_stop_others(void);

/* For a few instructions, with interrupts off */
void spin_lock(u32 *lock);
void spin_unlock(u32 *lock);

/* Handlers of interrupts run with interrupts off and need not send the EOI. */
typedef void (*vector_fn)(unsigned int vector);
void trap_set_handler(unsigned int vector, vector_fn fn);
void __noreturn panic(const struct crtos_regs *r, const char *why);

/* crash.c: @p may be NULL. */
void crash_record(u32 kind, const struct cpu *cpu, const struct crtos_regs *r,
		  const char *reason);

/* Physical destination, as it stands in UPID.NDST. */
void apic_init(void);
void apic_off(void);
void apic_send(u32 ndst, unsigned int vector);
void apic_eoi(void);
bool apic_in_service(unsigned int vector);
u32 apic_ndst(void);
u32 apic_id(void);
void apic_timer_arm(u32 count, bool periodic);
u32 apic_timer_left(void);
u64 apic_mmio(void);	/* 0 in x2APIC mode */

/* uintr.c */
bool uintr_present(void);
void uintr_init_cpu(void);
void uintr_init(void);
bool uintr_ready(void);
void uintr_load(u32 slot);
bool uintr_post(u32 slot);
void uintr_set_software(bool on);

#define TIMER_HZ	100

void timer_init(void);
void timer_start(void);
void timer_wake_at(u64 tsc);
u64 timer_us_to_tsc(u64 us);
u64 timer_ns_to_tsc(u64 ns);

/* start.S, and what it calls */
extern u8 trap_stubs[];
void syscall_entry(void);
void switch_stack(u64 *save, u64 load);
void __noreturn enter_user(struct crtos_regs *r);
void __noreturn enter_image(u64 cr3, u64 entry, u64 header);
void __noreturn boot_main(u64 region_addr, u64 index, u64 image);
void trap(struct crtos_regs *r);
void syscall(struct crtos_regs *r);

#endif
