// SPDX-License-Identifier: GPL-2.0
/*
 * The tick: heartbeat, time slices, calls that take too long, and a look whether Linux
 * is still there.
 */
#include "process.h"

#define GUESSED_TSC_KHZ	1000000
#define CALIBRATE_US	10000

static u32 ticks_per_period;

static u64 tsc_khz(void)
{
	return header->tsc_khz ? header->tsc_khz : GUESSED_TSC_KHZ;
}

u64 timer_us_to_tsc(u64 us)
{
	return us * tsc_khz() / 1000;
}

static void tick(unsigned int vector)
{
	struct cpu *cpu = this_cpu();

	if (!smp_attached()) {
		cpu->need_resched = true;
		return;
	}
	if (!cpu->index)
		header->heartbeat++;
	process_tick();
	if (cpu->ready)
		cpu->need_resched = true;
}

/* Ticks of the APIC timer, divided by 16, in one second */
static u64 calibrate(void)
{
	u64 end = rdtsc() + timer_us_to_tsc(CALIBRATE_US);
	u32 ticks;

	apic_timer_arm(~0U, false);
	while (rdtsc() < end)
		cpu_relax();
	ticks = ~0U - apic_timer_left();
	apic_timer_arm(0, false);
	return ticks * (1000000ULL / CALIBRATE_US);
}

void timer_init(void)
{
	u64 hz = header->apic_khz ? header->apic_khz * 1000ULL / 16 : calibrate();

	ticks_per_period = max(hz / TIMER_HZ, 1ULL);
	trap_set_handler(VEC_TIMER, tick);
}

/* On each CPU */
void timer_start(void)
{
	apic_timer_arm(ticks_per_period, true);
}
