// SPDX-License-Identifier: GPL-2.0
/* Maps the time page, and behind it what reads it, into every process. */
#include "process.h"

extern u8 vdso_start[], vdso_end[];

static void map_page(struct mm *mm, u64 va, u64 pa, u64 bits)
{
	*table_walk(mm->root, va, 12, PTE_P | PTE_RW | PTE_US) = pa | PTE_P | PTE_US | bits;
	/* Freed with the tables, once for each process */
	page_share(pa);
}

/* Where it is, or 0: the window of the process is there, or there is no time page. */
u64 vdso_address(const struct mm *mm)
{
	if (!slot_feature(CRTOS_F_TIME) || mm->end > TIME_VA)
		return 0;
	return VDSO_VA;
}

void vdso_map(struct mm *mm)
{
	u64 va = vdso_address(mm);
	u8 *page;

	if (!va)
		return;
	map_page(mm, TIME_VA, virt_to_phys(region_ptr(header->time_off)), PTE_NX);
	for (page = vdso_start; page < vdso_end; page += PAGE_SIZE, va += PAGE_SIZE)
		map_page(mm, va, image_to_phys(page), 0);
}
