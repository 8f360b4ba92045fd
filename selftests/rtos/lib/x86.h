/* SPDX-License-Identifier: GPL-2.0 */
/* Instructions and registers of the CPU, and memory ordering. */
#ifndef RTOS_X86_H
#define RTOS_X86_H

#include "rtos.h"

#define CR4_OSFXSR		BIT(9)
#define CR4_OSXMMEXCPT		BIT(10)
#define CR4_UMIP		BIT(11)
#define CR4_OSXSAVE		BIT(18)
#define CR4_SMEP		BIT(20)
#define CR4_SMAP		BIT(21)
#define CR4_UINTR		BIT(25)

#define MSR_APIC_BASE		0x1b
#define MSR_SYSENTER_CS		0x174
#define MSR_X2APIC		0x800
#define MSR_UINTR_RR		0x985
#define MSR_UINTR_HANDLER	0x986
#define MSR_UINTR_STACKADJUST	0x987
#define MSR_UINTR_MISC		0x988
#define MSR_UINTR_PD		0x989
#define MSR_UINTR_TT		0x98a
#define MSR_EFER		0xc0000080
#define MSR_STAR		0xc0000081
#define MSR_LSTAR		0xc0000082
#define MSR_CSTAR		0xc0000083
#define MSR_SYSCALL_MASK	0xc0000084
#define MSR_FS_BASE		0xc0000100
#define MSR_GS_BASE		0xc0000101
#define MSR_KERNEL_GS_BASE	0xc0000102

#define EFER_SCE		BIT(0)
#define EFER_NXE		BIT(11)

#define FLAG_RESERVED		BIT(1)
#define FLAG_TF			BIT(8)
#define FLAG_IF			BIT(9)
#define FLAG_DF			BIT(10)
#define FLAG_IOPL		(3ULL << 12)
#define FLAG_NT			BIT(14)
#define FLAG_RF			BIT(16)
#define FLAG_AC			BIT(18)

#define READ_ONCE(x)		(*(const volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, v)	(*(volatile __typeof__(x) *)&(x) = (v))

/* x86 keeps loads and stores in these orders; the compiler must, too. */
#define load_acquire(p)							\
({									\
	__typeof__(p) p_ = (p);						\
	__typeof__(*p_) value_ = READ_ONCE(*p_);			\
	barrier();							\
	value_;								\
})

#define store_release(p, v)						\
do {									\
	barrier();							\
	WRITE_ONCE(*(p), v);						\
} while (0)

static inline void barrier(void)
{
	asm volatile("" ::: "memory");
}

/* A full barrier: who calls it names its pair. */
static inline void mb(void)
{
	asm volatile("mfence" ::: "memory");
}

struct cpuid {
	u32 eax, ebx, ecx, edx;
};

static inline struct cpuid cpuid(u32 leaf, u32 sub)
{
	struct cpuid c;

	asm volatile("cpuid" : "=a" (c.eax), "=b" (c.ebx), "=c" (c.ecx),
		     "=d" (c.edx) : "a" (leaf), "c" (sub));
	return c;
}

static inline u64 rdmsr(u32 msr)
{
	u32 lo, hi;

	asm volatile("rdmsr" : "=a" (lo), "=d" (hi) : "c" (msr));
	return lo | (u64)hi << 32;
}

static inline void wrmsr(u32 msr, u64 v)
{
	asm volatile("wrmsr" : : "c" (msr), "a" ((u32)v), "d" ((u32)(v >> 32))
		     : "memory");
}

static inline u64 rdtsc(void)
{
	u32 lo, hi;

	asm volatile("rdtsc" : "=a" (lo), "=d" (hi));
	return lo | (u64)hi << 32;
}

/* Not before what comes earlier in the program */
static inline u64 rdtsc_ordered(void)
{
	asm volatile("lfence" ::: "memory");
	return rdtsc();
}

static inline void cpu_relax(void)
{
	asm volatile("pause" ::: "memory");
}

static inline u64 read_cr2(void)
{
	u64 v;

	asm volatile("mov %%cr2, %0" : "=r" (v));
	return v;
}

static inline u64 read_cr3(void)
{
	u64 v;

	asm volatile("mov %%cr3, %0" : "=r" (v));
	return v;
}

static inline void write_cr3(u64 v)
{
	asm volatile("mov %0, %%cr3" : : "r" (v) : "memory");
}

static inline u64 read_cr4(void)
{
	u64 v;

	asm volatile("mov %%cr4, %0" : "=r" (v));
	return v;
}

static inline void write_cr4(u64 v)
{
	asm volatile("mov %0, %%cr4" : : "r" (v) : "memory");
}

static inline void xsetbv(u64 v)
{
	asm volatile("xsetbv" : : "c" (0), "a" ((u32)v), "d" ((u32)(v >> 32)));
}

static inline u64 xchg64(u64 *p, u64 v)
{
	asm volatile("xchg %0, %1" : "+r" (v), "+m" (*p) : : "memory");
	return v;
}

/* Locked: for counters that several CPUs write */
static inline void atomic_inc(u64 *p)
{
	asm volatile("lock incq %0" : "+m" (*p) : : "memory");
}

/* Locked, so full barriers: set or clear a bit and return what it was. */
static inline bool test_and_set_bit(u64 *p, u64 bit)
{
	bool old;

	asm volatile("lock btsq %2, %0" : "+m" (*p), "=@ccc" (old)
		     : "r" (bit & 63) : "memory");
	return old;
}

static inline bool test_and_clear_bit(u64 *p, u64 bit)
{
	bool old;

	asm volatile("lock btrq %2, %0" : "+m" (*p), "=@ccc" (old)
		     : "r" (bit & 63) : "memory");
	return old;
}

#endif
