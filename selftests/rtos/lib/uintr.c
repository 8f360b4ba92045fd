// SPDX-License-Identifier: GPL-2.0
/*
 * SENDUIPI, the instruction with which a process rings Linux from ring 3.
 *
 * The table that it takes the receiver from has two entries for each slot. One has
 * the UPID of Linux, and the number of the slot as the request; the other is empty,
 * or has a UPID in memory of the process. While a process is loaded, its CPU has a
 * table of those two: SENDUIPI of 0 and 1 are all that it can do. The kernel shares
 * that table.
 */
#include "process.h"

struct uitt_entry {
	u64 control;
	u64 upid;
};

#define UITT_VALID		BIT(0)
#define UITT_VECTOR_SHIFT	8
#define TT_ENABLE		BIT(0)
#define MISC_LAST_ENTRY		1ULL	/* of the table */
#define MISC_UINV_SHIFT		32
#define PRIVATE_PART		offsetof(struct crtos_slot, sq_tail)

static_assert(PRIVATE_PART == PAGE_SIZE);

static struct uitt_entry uitt[CRTOS_MAX_SLOTS][2] __aligned(16);
static bool ready;
static bool software;	/* for comparison */

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
	wrmsr(MSR_UINTR_MISC, MISC_LAST_ENTRY);	/* UINV 0 */
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
		uitt[i][0] = (struct uitt_entry) {
			.control = UITT_VALID | i << UITT_VECTOR_SHIFT,
			.upid = (u64)&header->linux_upid,
		};
}

/* SENDUIPI is an invalid instruction without the feature. */
void uintr_load(u32 slot)
{
	if (ready && (read_cr4() & CR4_UINTR))
		wrmsr(MSR_UINTR_TT, slot_feature(CRTOS_F_SENDUIPI) ?
				    (u64)uitt[slot] | TT_ENABLE : 0);
}

/*
 * Posts for @slot, which may be that of no process, or not of the one that is
 * loaded.  SENDUIPI is a locked instruction: Linux sees what was stored before.
 * False: this CPU cannot.
 */
bool uintr_post(u32 slot)
{
	struct thread *loaded = cpu_from_gdt()->loaded;

	if (!slot_feature(CRTOS_F_SENDUIPI) || software || !(read_cr4() & CR4_UINTR))
		return false;
	if (!loaded || loaded->process->index != slot)
		uintr_load(slot);
	asm volatile("senduipi %0" : : "r" (0ULL) : "memory");
	if (loaded && loaded->process->index != slot)
		uintr_load(loaded->process->index);
	return true;
}

/*
 * A UPID of the process's own, alone on its page, so that nobody else's memory can
 * be taken for one.
 */
bool uintr_add(struct process *p, u64 va)
{
	u8 *upid = user_ptr(&p->mm, va, PTE_P | PTE_US | PTE_RW);

	if (!upid || va % PAGE_SIZE)
		return false;
	uitt[p->index][1] = (struct uitt_entry) {
		.control = UITT_VALID,
		.upid = (u64)upid,
	};
	return true;
}

/* When the process loses the page at @pa, and at its end with @pa 0 */
void uintr_remove(struct process *p, u64 pa)
{
	struct uitt_entry *entry = &uitt[p->index][1];

	if (!pa || entry->upid == (u64)phys_to_virt(pa))
		*entry = (struct uitt_entry) {};
}

/* A page of its own is one: nobody else may have it. */
bool uintr_added(const struct process *p)
{
	return uitt[p->index][1].control;
}

/* What SENDUIPI of 1 does, without it */
bool uintr_post_added(struct process *p)
{
	struct uitt_entry *entry = &uitt[p->index][1];

	if (!entry->control)
		return false;
	upid_post((struct crtos_upid *)entry->upid, 0);
	return true;
}

void uintr_set_software(bool on)
{
	WRITE_ONCE(software, on);
}

/*
 * Receiving.  While a process with a handler runs, the vector of its slot's UPID
 * is that of user interrupts, and the CPU delivers completions to ring 3 without
 * the kernel.  At all other times it is an ordinary vector, see completion().
 */
void uintr_resume(struct process *p)
{
	struct uintr_state *u = &p->uintr;

	if (!u->handler)
		return;
	wrmsr(MSR_UINTR_HANDLER, u->handler);
	wrmsr(MSR_UINTR_STACKADJUST, RED_ZONE);
	wrmsr(MSR_UINTR_PD, (u64)&p->slot->upid);
	wrmsr(MSR_UINTR_RR, u->pending);
	u->pending = 0;
	if (u->enabled)
		asm volatile("stui");
	else
		asm volatile("clui");
	wrmsr(MSR_UINTR_MISC,
	      (u64)(VEC_COMPLETION + p->index) << MISC_UINV_SHIFT | MISC_LAST_ENTRY);
}

void uintr_suspend(struct process *p)
{
	struct uintr_state *u = &p->uintr;

	if (!u->handler)
		return;
	wrmsr(MSR_UINTR_MISC, MISC_LAST_ENTRY);
	u->pending |= rdmsr(MSR_UINTR_RR) & USER_ENTRIES;
	wrmsr(MSR_UINTR_RR, 0);
	asm volatile("testui" : "=@ccc" (u->enabled));
	asm volatile("clui");
}

void uintr_set_handler(struct process *p, u64 handler)
{
	uintr_suspend(p);
	p->uintr.handler = handler;
	p->uintr.enabled = true;
	uintr_resume(p);
}

static void set_slot_pages(struct process *p, u64 bits)
{
	u64 pa = virt_to_phys(p->slot), off;

	for (off = PRIVATE_PART; off < sizeof(*p->slot); off += PAGE_SIZE)
		*table_walk(p->mm.root, SLOT_VA + off, 12, PTE_P | PTE_RW | PTE_US) =
			bits ? (pa + off) | bits : 0;
}

/*
 * A process that has its ring and its entries can make Linux do what it likes in
 * its name, which it can anyway.  The first page names its page table and whom
 * Linux interrupts, and stays the kernel's.
 */
bool uintr_share(struct process *p)
{
	if (!slot_feature(CRTOS_F_SENDUIPI) || only_vector || p->nr_threads > 1)
		return false;
	/* Calls must not reach it. */
	if (p->mm.end > SLOT_VA)
		return false;
	if (p->uintr.shared)
		return true;
	if (!page_reserve((sizeof(*p->slot) - PRIVATE_PART) / PAGE_SIZE))
		return false;
	set_slot_pages(p, PTE_P | PTE_RW | PTE_US | PTE_NX);
	p->free_entries &= ~USER_ENTRIES;
	p->uintr.shared = true;
	return true;
}

/* Before its tables are freed, with the pages that they name */
void uintr_unshare(struct process *p)
{
	uintr_remove(p, 0);
	if (!p->uintr.shared)
		return;
	set_slot_pages(p, 0);
	p->uintr.shared = false;
}
