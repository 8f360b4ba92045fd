// SPDX-License-Identifier: GPL-2.0
/*
 * The timer: who waits for a time; and the tick: heartbeat, time slices, and a look
 * whether Linux is still there.  It is set for whichever comes first.
 */
#include "process.h"

#define GUESSED_TSC_KHZ	1000000
#define CALIBRATE_US	10000

static u32 count_per_tick;	/* of the APIC timer */
static u64 tsc_per_tick;

static u64 tsc_khz(void)
{
	return header->tsc_khz ? header->tsc_khz : GUESSED_TSC_KHZ;
}

u64 timer_us_to_tsc(u64 us)
{
	return us * tsc_khz() / 1000;
}

/* The longest time is a tick. */
static void arm(struct cpu *cpu, u64 at)
{
	u64 now = rdtsc(), left = at > now ? min(at - now, tsc_per_tick) : 0;

	cpu->timer_at = at;
	apic_timer_arm(left * count_per_tick / tsc_per_tick + 1, false);
}

/* For one more who waits; interrupts are off. */
void timer_wake_at(u64 tsc)
{
	struct cpu *cpu = this_cpu();

	if (tsc < cpu->timer_at)
		arm(cpu, tsc);
}

/* Of up to some seconds; rounded up */
u64 timer_ns_to_tsc(u64 ns)
{
	return ns * tsc_khz() / 1000000 + 1;
}

static void tick(struct cpu *cpu, u64 now)
{
	cpu->next_tick = now + tsc_per_tick;
	if (!cpu->index && smp_attached())
		header->heartbeat++;
	cpu->slice_over = true;
	if (cpu->ready || !smp_attached())
		cpu->need_resched = true;
}

static void timer(unsigned int vector)
{
	struct cpu *cpu = this_cpu();
	u64 now = rdtsc(), next;

	if (now >= cpu->next_tick)
		tick(cpu, now);
	next = thread_timeouts(now);
	arm(cpu, min(cpu->next_tick, next));
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

	count_per_tick = max(hz / TIMER_HZ, 1ULL);
	tsc_per_tick = timer_us_to_tsc(1000000 / TIMER_HZ);
	trap_set_handler(VEC_TIMER, timer);
}

/* On each CPU */
void timer_start(void)
{
	struct cpu *cpu = this_cpu();

	cpu->next_tick = rdtsc() + tsc_per_tick;
	arm(cpu, cpu->next_tick);
}
