// SPDX-License-Identifier: GPL-2.0
/*
 * The CPUs of the partition together.
 *
 * A process runs on one CPU from beginning to end, which alone looks at its
 * slot, so they share little: memory, the console, the doorbell of the header,
 * which CPU 0 takes.
 */
#include "process.h"

#define ARRIVAL_US	5000000
#define STOP_US		20000

static_assert(MAX_CPUS == CRTOS_MAX_CPUS);

struct cpu cpus[MAX_CPUS];

static struct cpu *online[MAX_CPUS];
static u32 nr_online;

/* One bit for each CPU: has arrived, shall run, runs, waits, is stopped */
static u64 here, chosen, up, waiting, stopped;

static bool detached = true;	/* Linux has let go of the RTOS, or not yet begun */
static u32 generation;		/* how often it began */

static struct cpu *dead;	/* which one found the RTOS's end */

static void stop_if_dead(struct cpu *cpu)
{
	if (!READ_ONCE(dead) || dead == cpu)
		return;
	test_and_set_bit(&stopped, cpu->index);
	cpu_halt();
}

/* The end of the RTOS does not wait for who holds the lock. */
void spin_lock(u32 *lock)
{
	u32 taken = 1;

	for (;;) {
		asm volatile("xchg %0, %1" : "+r" (taken), "+m" (*lock) : : "memory");
		if (!taken || dead == cpu_from_gdt())
			return;
		stop_if_dead(cpu_from_gdt());
		cpu_relax();
	}
}

void spin_unlock(u32 *lock)
{
	store_release(lock, 0);
}

/* From another CPU: a slot has changed, or something is over. */
static void kicked(unsigned int vector)
{
	stop_if_dead(this_cpu());
	this_cpu()->need_resched = true;
}

void smp_kick(u64 mask)
{
	for (; mask; mask &= mask - 1)
		apic_send(cpus[__builtin_ctzll(mask)].ndst, VEC_KICK);
}

/* They come one after the other, as Linux gives them up. */
static u64 wait_for_arrival(void)
{
	u64 all = BIT(header->nr_cpus) - 1, seen = 0, now, end = 0;

	do {
		now = READ_ONCE(here);
		if (now != seen)
			end = rdtsc() + timer_us_to_tsc(ARRIVAL_US);
		seen = now;
		cpu_relax();
	} while (seen != all && rdtsc() < end);
	return seen;
}

/* On CPU 0: how many CPUs run? */
u32 smp_start(void)
{
	u64 mask;

	trap_set_handler(VEC_KICK, kicked);
	test_and_set_bit(&here, 0);
	mask = wait_for_arrival();
	WRITE_ONCE(up, 1);
	store_release(&chosen, mask);
	while (READ_ONCE(up) != mask) {
		stop_if_dead(&cpus[0]);
		cpu_relax();
	}
	for (; mask; mask &= mask - 1)
		online[nr_online++] = &cpus[__builtin_ctzll(mask)];
	return nr_online;
}

/* On the others.  Who comes too late stays here. */
void smp_join(u32 index)
{
	struct cpu *cpu = &cpus[index];

	test_and_set_bit(&here, index);
	while (!load_acquire(&chosen))
		cpu_relax();
	if (!(chosen & BIT(index)))
		cpu_halt();
	write_cr3(kernel_cr3);
	cpu->index = index;
	cpu_init(cpu);
	test_and_set_bit(&up, index);
	rtos_other_cpu();
}

struct cpu *smp_owner(u32 slot)
{
	return online[slot % nr_online];
}

/* Also false when Linux was gone so shortly that nobody saw magic change. */
bool smp_attached(void)
{
	return !READ_ONCE(detached) && header_ready() &&
	       READ_ONCE(header->rtos_state) == CRTOS_RTOS_READY;
}

/* On CPU 0, when the RTOS is READY */
void smp_resume(void)
{
	WRITE_ONCE(detached, false);
	store_release(&generation, generation + 1);
}

/* On the others, until CPU 0 is there for the first time */
void smp_wait(void)
{
	while (!load_acquire(&generation))
		cpu_idle();
}

/*
 * On every CPU, when it runs nothing any more.  CPU 0 returns when Linux has filled
 * in the header again, and the others after that.
 */
void smp_detach(void)
{
	u32 index = this_cpu()->index, old = generation;

	WRITE_ONCE(detached, true);
	test_and_set_bit(&waiting, index);
	if (index) {
		while (load_acquire(&generation) == old)
			cpu_idle();
		return;
	}
	smp_kick(up & ~BIT(0));
	while (READ_ONCE(waiting) != up)
		cpu_idle();
	waiting = 0;
	store_release(&header->rtos_state, CRTOS_RTOS_BOOTING);
	while (!header_ready())
		cpu_idle();
	header_check();
	process_free_all();
	slot_ready();
}

/* For panic(): returns on one CPU only. */
void smp_stop_others(void)
{
	struct cpu *cpu = cpu_from_gdt(), *first = NULL;
	u64 others = up & ~BIT(cpu->index), end;

	asm volatile("lock cmpxchgq %2, %1" : "+a" (first), "+m" (dead)
		     : "r" (cpu) : "memory");
	stop_if_dead(cpu);
	if (first)		/* it is us again */
		return;
	smp_kick(others);
	end = rdtsc() + timer_us_to_tsc(STOP_US);
	while ((READ_ONCE(stopped) & others) != others && rdtsc() < end)
		cpu_relax();
}
