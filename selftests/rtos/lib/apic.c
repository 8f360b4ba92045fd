// SPDX-License-Identifier: GPL-2.0
/* The local APIC, through memory (xAPIC) or MSRs (x2APIC). */
#include "cpu.h"
#include "mm.h"

#define APIC_ID		0x20
#define APIC_VERSION	0x30
#define APIC_TPR	0x80
#define APIC_EOI	0xb0
#define APIC_LDR	0xd0
#define APIC_DFR	0xe0
#define APIC_SVR	0xf0
#define APIC_ISR	0x100
#define APIC_ESR	0x280
#define APIC_LVT_CMCI	0x2f0
#define APIC_ICR	0x300
#define APIC_ICR2	0x310
#define APIC_LVT_TIMER	0x320
#define APIC_LVT_THERM	0x330
#define APIC_LVT_PERF	0x340
#define APIC_LVT_LINT0	0x350
#define APIC_LVT_LINT1	0x360
#define APIC_LVT_ERROR	0x370
#define APIC_INITIAL	0x380
#define APIC_CURRENT	0x390
#define APIC_DIVIDE	0x3e0

#define APIC_BASE_X2APIC	BIT(10)
#define SVR_ENABLE		BIT(8)
#define ICR_PENDING		BIT(12)
#define ICR_ASSERT		BIT(14)
#define LVT_MASKED		BIT(16)
#define LVT_PERIODIC		BIT(17)
#define DIVIDE_BY_16		3

static bool x2apic;

u64 apic_mmio(void)
{
	u64 base = rdmsr(MSR_APIC_BASE);

	return base & APIC_BASE_X2APIC ? 0 : base & PTE_ADDR;
}

static volatile u32 *mmio(u32 reg)
{
	static u8 *base;

	if (!base)
		base = phys_to_virt(apic_mmio());
	return (volatile u32 *)(base + reg);
}

static u32 apic_read(u32 reg)
{
	return x2apic ? rdmsr(MSR_X2APIC + (reg >> 4)) : *mmio(reg);
}

static void apic_write(u32 reg, u32 v)
{
	if (x2apic)
		wrmsr(MSR_X2APIC + (reg >> 4), v);
	else
		*mmio(reg) = v;
}

u32 apic_id(void)
{
	u32 id = apic_read(APIC_ID);

	return x2apic ? id : id >> 24;
}

u32 apic_ndst(void)
{
	return x2apic ? apic_id() : apic_id() << 8;
}

void apic_eoi(void)
{
	apic_write(APIC_EOI, 0);
}

bool apic_in_service(unsigned int vector)
{
	return apic_read(APIC_ISR + vector / 32 * 16) & BIT(vector % 32);
}

/* What Linux left in service would keep back everything of lower priority. */
static void apic_clear_isr(void)
{
	unsigned int vector;

	for (vector = 256; vector-- > 32; )
		if (apic_in_service(vector))
			apic_eoi();
}

/*
 * Start from the state after reset, not from what Linux set up: software
 * disabled, no logical address, all local sources masked.  Linux has to reach
 * this CPU by its physical address.
 */
void apic_init(void)
{
	u32 max_lvt;

	x2apic = !apic_mmio();
	apic_write(APIC_SVR, VEC_SPURIOUS);
	if (!x2apic) {		/* else read-only, or not there */
		apic_write(APIC_LDR, 0);
		apic_write(APIC_DFR, 0x0fffffff);
	}

	max_lvt = apic_read(APIC_VERSION) >> 16 & 0xff;
	apic_write(APIC_LVT_TIMER, LVT_MASKED);
	apic_write(APIC_LVT_LINT0, LVT_MASKED);
	apic_write(APIC_LVT_LINT1, LVT_MASKED);
	if (max_lvt >= 3)
		apic_write(APIC_LVT_ERROR, LVT_MASKED);
	if (max_lvt >= 4)
		apic_write(APIC_LVT_PERF, LVT_MASKED);
	if (max_lvt >= 5)
		apic_write(APIC_LVT_THERM, LVT_MASKED);
	if (max_lvt >= 6)
		apic_write(APIC_LVT_CMCI, LVT_MASKED);

	apic_write(APIC_TPR, 0);
	apic_write(APIC_ESR, 0);
	apic_write(APIC_SVR, SVR_ENABLE | VEC_SPURIOUS);
	apic_clear_isr();
	/* What was on its way when Linux gave the CPU up, a timer perhaps. */
	asm volatile("sti; nop; cli");
}

/* As an image finds it */
void apic_off(void)
{
	apic_timer_arm(0, false);
	apic_clear_isr();
	apic_write(APIC_SVR, VEC_SPURIOUS);
}

/* Interrupts are off, so nothing comes between the two halves of the ICR. */
void apic_send(u32 ndst, unsigned int vector)
{
	if (x2apic) {
		/* This WRMSR does not wait for earlier stores. */
		asm volatile("mfence; lfence" ::: "memory");
		wrmsr(MSR_X2APIC + (APIC_ICR >> 4),
		      (u64)ndst << 32 | ICR_ASSERT | vector);
		return;
	}
	while (apic_read(APIC_ICR) & ICR_PENDING)
		cpu_relax();
	apic_write(APIC_ICR2, ndst >> 8 << 24);
	apic_write(APIC_ICR, ICR_ASSERT | vector);
}

/* @count is in units of 16 ticks; 0 stops the timer. */
void apic_timer_arm(u32 count, bool periodic)
{
	apic_write(APIC_DIVIDE, DIVIDE_BY_16);
	apic_write(APIC_LVT_TIMER, VEC_TIMER | (count ? 0 : LVT_MASKED) |
				   (periodic ? LVT_PERIODIC : 0));
	apic_write(APIC_INITIAL, count);
}

u32 apic_timer_left(void)
{
	return apic_read(APIC_CURRENT);
}
