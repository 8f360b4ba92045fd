// SPDX-License-Identifier: GPL-2.0
/*
 * SENDUIPI, the instruction with which a process rings Linux from ring 3.
 *
 * The table that it takes the receiver from has an entry for each slot: the UPID
 * of Linux, the number of the slot as the request. While a process is loaded,
 * its CPU has a table of one entry, which is that of the slot: SENDUIPI of 0 is
 * all that it can do. The kernel shares that table.
 */
#include "process.h"

struct uitt_entry {
	u64 control;
	u64 upid;
};

#define UITT_VALID		BIT(0)
#define UITT_VECTOR_SHIFT	8
#define TT_ENABLE		BIT(0)

static struct uitt_entry uitt[CRTOS_MAX_SLOTS] __aligned(16);
static u64 posts;
static bool ready;

/* All CPUs of the machine are taken to be alike. */
bool uintr_present(void)
{
	return cpuid(0, 0).eax >= 7 && cpuid(7, 0).edx & BIT(5);
}

/* On each CPU, with CR4.UINTR set.  Nothing is received: no vector, no UPID. */
void uintr_init_cpu(void)
{
	if (!(read_cr4() & CR4_UINTR))
		return;
	wrmsr(MSR_UINTR_TT, 0);
	wrmsr(MSR_UINTR_MISC, 0);	/* index 0 is the highest, UINV 0 */
	wrmsr(MSR_UINTR_PD, 0);
	wrmsr(MSR_UINTR_HANDLER, 0);
	wrmsr(MSR_UINTR_STACKADJUST, 0);
	wrmsr(MSR_UINTR_RR, 0);
}

bool uintr_ready(void)
{
	return ready;
}

/* Once the header is there */
void uintr_init(void)
{
	u32 i;

	ready = uintr_present();
	for (i = 0; i < CRTOS_MAX_SLOTS; i++)
		uitt[i] = (struct uitt_entry) {
			.control = UITT_VALID | i << UITT_VECTOR_SHIFT,
			.upid = (u64)&header->linux_upid,
		};
}

/* SENDUIPI is an invalid instruction without the feature. */
void uintr_load(u32 slot)
{
	if (ready && read_cr4() & CR4_UINTR)
		wrmsr(MSR_UINTR_TT, slot_feature(CRTOS_F_SENDUIPI) ?
				    (u64)&uitt[slot] | TT_ENABLE : 0);
}

/*
 * Posts for @slot, which may be that of no process, or not of the one that is
 * loaded.  SENDUIPI is a locked instruction: Linux sees what was stored before.
 * False: this CPU cannot.
 */
bool uintr_post(u32 slot)
{
	struct process *loaded = cpu_from_gdt()->loaded;

	if (!(read_cr4() & CR4_UINTR))
		return false;
	if (!loaded || loaded->index != slot)
		uintr_load(slot);
	asm volatile("senduipi %0" : : "r" (0ULL) : "memory");
	if (loaded && loaded->index != slot)
		uintr_load(loaded->index);
	atomic_inc(&posts);
	return true;
}

u64 uintr_posts(void)
{
	return READ_ONCE(posts);
}
