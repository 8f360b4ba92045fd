/* SPDX-License-Identifier: GPL-2.0 */
/* Physical pages, page tables, and the address space of a process. */
#ifndef RTOS_MM_H
#define RTOS_MM_H

#include "x86.h"

struct process;

#define PTE_P		BIT(0)
#define PTE_RW		BIT(1)
#define PTE_US		BIT(2)
#define PTE_UC		(BIT(3) | BIT(4))
#define PTE_PS		BIT(7)
#define PTE_NX		BIT(63)
#define PTE_ADDR	0x000ffffffffff000ULL

#define PROT_READ	1
#define PROT_WRITE	2
#define PROT_EXEC	4

static inline void *phys_to_virt(u64 pa)
{
	return (void *)(pa + DIRECT_VA);
}

static inline u64 virt_to_phys(const void *p)
{
	return (u64)p - DIRECT_VA;
}

void page_init(u64 image_pa);
void paging_init(void);
u64 image_to_phys(const void *p);
u64 page_alloc(void);
u64 page_try_alloc(void);
void page_free(u64 pa);
void page_share(u64 pa);
void page_retire(u64 pa);
bool page_should_ask(void);
bool page_find_retired(u64 *pa, u64 *end, u32 *last);
void page_released(u64 pa, u64 end, u32 last);
void page_asked(void);
bool page_reserve(u64 pages);
bool page_reserve_first(u64 pages);
void page_unreserve(void);
void map_direct(u64 start, u64 end, u64 bits);
u64 *table_walk(u64 *root, u64 va, unsigned int shift, u64 table_bits);

/* Of the image, from the linker script */
extern u8 _start[], _rodata[], _data[], _end[];

extern u64 *kernel_root;	/* level 4 */
extern u64 kernel_cr3;
extern bool la57;

/* vma.flags */
#define VMA_STACK	1	/* pages appear when they are touched */
#define VMA_SHARED	2	/* a child has the same pages */

/**
 * struct vma - pages with the same rights
 * @start: first address
 * @end: first address behind it
 * @prot: PROT_*
 * @flags: VMA_*
 * @lookups: what it was in the slot before this was made
 * @fresh: is that known, and did Linux not look at the table then?
 * @next: the one above
 */
struct vma {
	u64 start, end;
	u32 prot, flags;
	u32 lookups;
	bool fresh;
	struct vma *next;
};

/**
 * struct mm - address space of a process
 * @root: level 4 table of the low half: what Linux walks
 * @cr3: @root, or with five levels a table that points to it
 * @vmas: by rising address, without overlap
 * @start: lowest address of the window
 * @end: end of the window
 * @mmap_top: mappings without an address go below
 * @lookups: where Linux counts when it looks at the table
 * @scratch: where the kernel puts what Linux shall read or write, SCRATCH_LEN bytes
 *	that the process does not use
 * @stack_start: of the stack's reserve
 * @stack_low: pages of the stack above this one were touched
 * @stacks: there are others, of threads
 * @lent: Linux looks at the table for another slot, too, or did
 * @nr_kept: pages at KEPT_VA, which the process does not see: it could make the kernel
 *	believe that Linux has forgotten them, so they are there until Linux has done with
 *	the process
 * @brk_start: end of the program
 * @brk: end of its data
 *
 * An entry of a leaf table is 0 (no page), present, or *held*: the address of
 * a page without any other bit.  Pages of PROT_NONE are held, and so are pages
 * that Linux still may use because it was not yet told that they are gone.
 * The tables thus name every page of a process at all times, and it can be
 * ended at any point at which it waits.
 */
struct mm {
	u64 *root;
	u64 cr3;
	struct vma *vmas;
	u64 start, end;
	u64 mmap_top;
	u64 stack_start, stack_low;
	bool stacks, lent;
	u64 nr_kept;
	u64 brk_start, brk;
	const u32 *lookups;
	u64 scratch;
};

#define SCRATCH_LEN	32

bool mm_init(struct mm *mm);
u64 mm_pages(const struct mm *mm);
bool mm_copy(struct mm *mm, const struct mm *from, const u32 *lookups);
void mm_forget_lookups(struct mm *mm);
void mm_free(struct mm *mm);
struct vma *mm_find(struct mm *mm, u64 addr);
bool mm_is_free(struct mm *mm, u64 start, u64 end);
u64 mm_hole(struct mm *mm, u64 start, u64 end);
bool mm_in_window(struct mm *mm, u64 start, u64 len);
u64 mm_find_gap(struct mm *mm, u64 len);
bool mm_stack_grow(struct mm *mm, u64 addr);
void mm_zero(struct mm *mm, u64 start, u64 end);

/* Gives a stack its pages from @addr up; false: nothing was missing there. */
static inline bool mm_stack_touch(struct mm *mm, u64 addr)
{
	bool in_first = addr >= mm->stack_start && addr < mm->stack_low;

	return (in_first || (mm->stacks && addr < mm->stack_start)) &&
	       mm_stack_grow(mm, addr);
}

/* These may wait for Linux and then not return; all of [start, end) is in the
 * window and aligned.
 */
int mm_map(struct process *p, u64 start, u64 end, u32 prot, u32 flags);
int mm_unmap(struct process *p, u64 start, u64 end);
int mm_protect(struct process *p, u64 start, u64 end, u32 prot);
int mm_move(struct process *p, u64 from, u64 to, u64 len);
void mm_make_room(struct process *p, u64 pages);

/* Through the direct map, with the rights the process has: no kernel fault. */
int copy_to_user(struct mm *mm, u64 to, const void *from, u64 len);
int copy_from_user(struct mm *mm, void *to, u64 from, u64 len);
s64 user_strlen(struct mm *mm, u64 addr, u64 limit);
u8 *user_ptr(struct mm *mm, u64 va, u64 rights);

#endif
