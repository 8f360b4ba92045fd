/* SPDX-License-Identifier: GPL-2.0 */
/* The CPU: descriptor tables, traps, APIC, timer. */
#ifndef RTOS_CPU_H
#define RTOS_CPU_H

#include "x86.h"

struct process;

/* What the entry code leaves on the stack, in this order. */
struct regs {
	u64 r15, r14, r13, r12, rbp, rbx;
	u64 r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi;
	u64 vector, error;
	u64 rip, cs, rflags, rsp, ss;
};

/**
 * struct cpu - the running CPU; GS points here while the kernel runs
 * @user_rsp: CPU_USER_RSP: for the system call entry to put RSP aside
 * @kstack: CPU_KSTACK: kernel stack of @current
 * @current: the process that runs, NULL in the scheduler
 * @loaded: whose address space and FPU and segment registers are in the CPU
 * @need_resched: go through the scheduler before returning to ring 3
 */
struct cpu {
	u64 user_rsp;
	u64 kstack;
	struct process *current;
	struct process *loaded;
	bool need_resched;
};

extern struct cpu cpu0;
extern u64 xfeatures;	/* XCR0; 0: FXSAVE only */

#define current		(cpu0.current)

void cpu_init(void);
void cpu_set_kstack(u64 top);

/* Handlers of interrupts run with interrupts off and need not send the EOI. */
typedef void (*vector_fn)(unsigned int vector);
void trap_set_handler(unsigned int vector, vector_fn fn);
void __noreturn panic(const struct regs *r, const char *why);

/* Physical destination, as it stands in UPID.NDST. */
void apic_init(void);
void apic_send(u32 ndst, unsigned int vector);
void apic_eoi(void);
bool apic_in_service(unsigned int vector);
u32 apic_ndst(void);
u32 apic_id(void);
void apic_timer_arm(u32 count, bool periodic);
u32 apic_timer_left(void);
u64 apic_mmio(void);	/* 0 in x2APIC mode */

#define TIMER_HZ	100

void timer_init(void);
void timer_start(void);
void timer_stop(void);
u64 timer_us_to_tsc(u64 us);

/* start.S, and what it calls */
extern u8 trap_stubs[];
void syscall_entry(void);
void switch_stack(u64 *save, u64 load);
void __noreturn enter_user(struct regs *r);
void __noreturn boot_main(u64 region_addr);
void trap(struct regs *r);
void syscall(struct regs *r);

#endif
