// SPDX-License-Identifier: GPL-2.0
/*
 * The address space of a process.
 *
 * Linux reads these tables when a system call touches memory of the process, so
 * memory has its pages from the start; only the stack grows, and it does so
 * before a call is forwarded.
 */
#include "process.h"

#define RETRY_US	10000

static struct vma *free_vmas;
static u32 vma_lock;

static void vma_free(struct vma *v)
{
	spin_lock(&vma_lock);
	v->next = free_vmas;
	free_vmas = v;
	spin_unlock(&vma_lock);
}

static struct vma *vma_alloc(void)
{
	struct vma *v;
	size_t i;
	u64 page;

	spin_lock(&vma_lock);
	v = free_vmas;
	if (v)
		free_vmas = v->next;
	spin_unlock(&vma_lock);
	if (v)
		return v;

	page = page_try_alloc();
	if (!page)
		return NULL;
	v = phys_to_virt(page);
	for (i = 1; i < PAGE_SIZE / sizeof(*v); i++)
		vma_free(&v[i]);
	return v;
}

static u64 prot_bits(u32 prot)
{
	if (!prot)
		return 0;
	return PTE_P | PTE_US | (prot & PROT_WRITE ? PTE_RW : 0) |
	       (prot & PROT_EXEC ? 0 : PTE_NX);
}

static u64 *pte_get(struct mm *mm, u64 va)
{
	return table_walk(mm->root, va, 12, PTE_P | PTE_RW | PTE_US);
}

/* The entry of the first page that exists in [*va, end); *va is moved there. */
static u64 *pte_next(const struct mm *mm, u64 *va, u64 end)
{
	while (*va < end) {
		u64 *table = mm->root;
		unsigned int shift;

		for (shift = 39; ; shift -= 9) {
			u64 *entry = &table[*va >> shift & 511];

			if (!*entry)
				break;
			if (shift == 12)
				return entry;
			table = phys_to_virt(*entry & PTE_ADDR);
		}
		*va = align_down(*va, 1ULL << shift) + (1ULL << shift);
	}
	return NULL;
}

bool mm_init(struct mm *mm)
{
	if (!page_reserve_first(2))
		return false;
	mm->root = phys_to_virt(page_alloc());
	mm->cr3 = virt_to_phys(mm->root);
	if (la57) {
		u64 *top = phys_to_virt(page_alloc());

		/* The high half as it is: one table of level 4 */
		memcpy(top, phys_to_virt(kernel_cr3), PAGE_SIZE);
		top[0] = mm->cr3 | PTE_P | PTE_RW | PTE_US;
		mm->cr3 = virt_to_phys(top);
	} else {
		memcpy(&mm->root[256], &kernel_root[256], PAGE_SIZE / 2);
	}
	vdso_map(mm);
	return true;
}

static void table_free(u64 *table, unsigned int entries, unsigned int level)
{
	unsigned int i;

	for (i = 0; i < entries; i++) {
		if (!table[i])
			continue;
		if (level > 1)
			table_free(phys_to_virt(table[i] & PTE_ADDR), 512, level - 1);
		else
			page_retire(table[i] & PTE_ADDR);	/* what was kept */
	}
	page_free(virt_to_phys(table));
}

static u64 table_count(const u64 *table, unsigned int entries, unsigned int level)
{
	u64 count = 1;
	unsigned int i;

	for (i = 0; i < entries; i++) {
		if (!table[i])
			continue;
		count += level > 1 ? table_count(phys_to_virt(table[i] & PTE_ADDR), 512, level - 1)
				   : 1;
	}
	return count;
}

/* As many as a copy needs */
u64 mm_pages(const struct mm *mm)
{
	return table_count(mm->root, 256, 4);
}

static u64 page_copy(u64 from)
{
	u64 page = page_alloc();

	memcpy(phys_to_virt(page), phys_to_virt(from), PAGE_SIZE);
	return page;
}

/* Before there is anything to see. Odd: Linux looks, and may see what comes. */
static void vma_keep_lookups(const struct mm *mm, struct vma *v)
{
	v->lookups = load_acquire(mm->lookups);
	v->fresh = !mm->lent && v->lookups % 2 == 0;
}

static bool vma_copy(struct mm *mm, const struct vma *from, const struct mm *from_mm)
{
	struct vma **link = &mm->vmas, *v = vma_alloc();
	u64 va, *pte;

	if (!v)
		return false;
	while (*link)
		link = &(*link)->next;
	*link = v;
	*v = *from;
	vma_keep_lookups(mm, v);
	v->next = NULL;
	for (va = v->start; (pte = pte_next(from_mm, &va, v->end)); va += PAGE_SIZE) {
		u64 page = *pte & PTE_ADDR;

		if (v->flags & VMA_SHARED)
			page_share(page);
		else
			page = page_copy(page);
		*pte_get(mm, va) = page | (*pte & ~PTE_ADDR);
	}
	return true;
}

/* All that @from has, in a table of its own.  False: too little memory; some is there. */
bool mm_copy(struct mm *mm, const struct mm *from, const u32 *lookups)
{
	const struct vma *v;
	struct mm new = *from;

	new.root = NULL;
	new.vmas = NULL;
	new.lookups = lookups;
	new.lent = false;
	new.nr_kept = 0;
	*mm = new;
	if (!mm_init(mm) || !page_reserve(mm_pages(from)))
		return false;
	for (v = from->vmas; v; v = v->next)
		if (!vma_copy(mm, v, from))
			return false;
	return true;
}

/* What is known is about another slot. */
void mm_forget_lookups(struct mm *mm)
{
	struct vma *v;

	for (v = mm->vmas; v; v = v->next)
		v->fresh = false;
}

/* Can Linux have seen a page of it? */
static bool vma_was_seen(const struct mm *mm, const struct vma *v)
{
	/* Pairs with the barrier between lookups and the table in Linux. */
	mb();
	return !v->fresh || v->lookups != READ_ONCE(*mm->lookups);
}

/* Gives up pages that are mapped no more, neither here nor in Linux. */
static void vma_drop(struct mm *mm, const struct vma *v, bool keep)
{
	/* Of what is shared, Linux may have seen more through another process. */
	bool seen = v->flags & VMA_SHARED || vma_was_seen(mm, v);
	u64 va, *pte;

	for (va = v->start; (pte = pte_next(mm, &va, v->end)); va += PAGE_SIZE) {
		if (keep)
			*pte_get(mm, KEPT_VA + mm->nr_kept++ * PAGE_SIZE) = *pte & PTE_ADDR;
		else if (seen)
			page_retire(*pte & PTE_ADDR);
		else
			page_free(*pte & PTE_ADDR);
		*pte = 0;
	}
}

/* The address space must not be in use, here or in Linux. */
void mm_free(struct mm *mm)
{
	struct vma *v;

	if (!mm->root)
		return;
	for (v = mm->vmas; v; v = v->next)
		vma_drop(mm, v, false);
	table_free(mm->root, 256, 4);
	if (la57)
		page_free(mm->cr3);
	while ((v = mm->vmas)) {
		mm->vmas = v->next;
		vma_free(v);
	}
	mm->root = NULL;
}

/* The first one that ends above @addr */
struct vma *mm_find(struct mm *mm, u64 addr)
{
	struct vma *v;

	for (v = mm->vmas; v && v->end <= addr; v = v->next)
		;
	return v;
}

bool mm_is_free(struct mm *mm, u64 start, u64 end)
{
	struct vma *v = mm_find(mm, start);

	return !v || v->start >= end;
}

bool mm_in_window(struct mm *mm, u64 start, u64 len)
{
	return start >= mm->start && start <= mm->end && len <= mm->end - start;
}

/* Highest gap below mmap_top, or 0 */
u64 mm_find_gap(struct mm *mm, u64 len)
{
	u64 low = mm->start, best = 0;
	struct vma *v = mm->vmas;

	for (;;) {
		u64 high = v ? min(v->start, mm->mmap_top) : mm->mmap_top;

		if (high >= low && high - low >= len)
			best = high - len;
		if (!v)
			return best;
		low = max(low, v->end);
		v = v->next;
	}
}

/* The first address in [start, end) that is not mapped, or @end */
u64 mm_hole(struct mm *mm, u64 start, u64 end)
{
	struct vma *v = mm_find(mm, start);

	for (; v && v->start <= start && start < end; v = v->next)
		start = v->end;
	return min(start, end);
}

/* Makes @addr a border. */
static int mm_split(struct mm *mm, u64 addr)
{
	struct vma *v = mm_find(mm, addr), *tail;

	if (!v || v->start >= addr)
		return 0;
	tail = vma_alloc();
	if (!tail)
		return -ENOMEM;
	*tail = *v;
	tail->start = addr;
	v->end = addr;
	v->next = tail;
	return 0;
}

static int mm_split_range(struct mm *mm, u64 start, u64 end)
{
	return mm_split(mm, start) ?: mm_split(mm, end);
}

/* Adds a range that is free. */
static int mm_insert(struct mm *mm, u64 start, u64 end, u32 prot, u32 flags)
{
	struct vma **link = &mm->vmas, *v;

	while (*link && (*link)->end <= start)
		link = &(*link)->next;
	v = vma_alloc();
	if (!v)
		return -ENOMEM;
	*v = (struct vma) {
		.start = start,
		.end = end,
		.prot = prot,
		.flags = flags,
		.next = *link,
	};
	vma_keep_lookups(mm, v);
	*link = v;
	return 0;
}

static void mm_remove(struct mm *mm, u64 start, u64 end)
{
	struct vma **link = &mm->vmas, *v;

	while ((v = *link) && v->start < end) {
		if (v->start < start) {
			link = &v->next;
			continue;
		}
		*link = v->next;
		vma_free(v);
	}
}

/* As in Linux, where mremap() depends on it: like neighbours become one. */
static void mm_merge(struct mm *mm)
{
	struct vma *v = mm->vmas, *next;

	while (v && (next = v->next)) {
		if (v->end == next->start && v->prot == next->prot &&
		    v->flags == next->flags) {
			v->end = next->end;
			v->fresh = v->fresh && next->fresh && v->lookups == next->lookups;
			v->next = next->next;
			vma_free(next);
		} else {
			v = next;
		}
	}
}

/* Every page of the range gets @bits, and those that are missing are made. */
static void mm_fill(struct mm *mm, u64 start, u64 end, u64 bits)
{
	for (; start < end; start += PAGE_SIZE) {
		u64 *pte = pte_get(mm, start);

		*pte = (*pte ? *pte & PTE_ADDR : page_alloc()) | bits;
	}
}

static u64 count_missing(struct mm *mm, u64 start, u64 end)
{
	u64 missing = (end - start) / PAGE_SIZE, va;

	for (va = start; pte_next(mm, &va, end); va += PAGE_SIZE)
		missing--;
	return missing;
}

static bool mm_was_seen(struct mm *mm, u64 start, u64 end)
{
	struct vma *v;

	for (v = mm_find(mm, start); v && v->start < end; v = v->next)
		if (vma_was_seen(mm, v))
			return true;
	return false;
}

/* Linux may find no worker for it. Calls of other threads are to end first then. */
static void tell_linux(struct process *p, u64 start, u64 end)
{
	struct thread *t = current_thread(), *alone = p->alone;
	const u64 args[6] = { start, end - start };

	p->alone = t;
	while (slot_must_retry(slot_call(p, CRTOS_OP_UNMAP, 0, args)))
		thread_wait_until(t, rdtsc() + timer_us_to_tsc(RETRY_US));
	p->alone = alone;
}

/* Neither this CPU nor Linux uses the old entries afterwards. */
static void mm_flush(struct process *p, u64 start, u64 end)
{
	write_cr3(p->mm.cr3);
	fork_unmap(p, start, end - start);
	if (!mm_was_seen(&p->mm, start, end))
		return;
	tell_linux(p, start, end);
}

/*
 * Asks Linux which of the pages that were retired, by any process, are released. A page
 * that is not is skipped. What is in a slot that the process can write to is no answer.
 */
static void mm_recover(struct process *p)
{
	u64 pa = 0, end, len;
	u32 last;

	if (p->uintr.shared)
		return;
	while (page_find_retired(&pa, &end, &last)) {
		len = slot_call(p, CRTOS_OP_RELEASED, 0, (const u64[6]) { pa, end - pa });
		if (len > end - pa)	/* an error */
			return;
		page_released(pa, pa + len, last);
		pa += len + PAGE_SIZE;
	}
	page_asked();
}

/* As page_reserve(); what Linux has released counts. */
static bool mm_reserve(struct process *p, u64 pages)
{
	if (!page_should_ask() && page_reserve(pages))
		return true;
	mm_recover(p);
	return page_reserve(pages);
}

/* So many will be needed, but they are not reserved: the caller may wait before. */
void mm_make_room(struct process *p, u64 pages)
{
	if (mm_reserve(p, pages))
		page_unreserve();
}

/* Takes the pages of the range away from everybody, but keeps them. */
static void mm_hold(struct process *p, u64 start, u64 end)
{
	bool any = false;
	u64 va, *pte;

	for (va = start; (pte = pte_next(&p->mm, &va, end)); va += PAGE_SIZE) {
		any = true;
		*pte &= PTE_ADDR;
	}
	/* Also what was held before: a child may have ended before it told Linux. */
	if (any)
		mm_flush(p, start, end);
}

int mm_map(struct process *p, u64 start, u64 end, u32 prot, u32 flags)
{
	/* What is shared has its pages before somebody is there to share them. */
	bool now = (prot || flags & VMA_SHARED) && !(flags & VMA_STACK);
	struct mm *mm = &p->mm;
	int err;

	if (now && !mm_reserve(p, (end - start) / PAGE_SIZE))
		return -ENOMEM;
	err = mm_insert(mm, start, end, prot, flags);
	if (err)
		return err;
	if (now)
		mm_fill(mm, start, end, prot_bits(prot));
	mm_merge(mm);
	return 0;
}

/* The tables for what a process that shares its slot gives back */
static int mm_make_kept(struct process *p, u64 start, u64 end)
{
	struct mm *mm = &p->mm;
	u64 pages, i;

	if (!p->uintr.shared)
		return 0;
	pages = (end - start) / PAGE_SIZE - count_missing(mm, start, end);
	if (!page_reserve(pages / 512))
		return -ENOMEM;
	for (i = 0; i < pages; i++)
		pte_get(mm, KEPT_VA + (mm->nr_kept + i) * PAGE_SIZE);
	return 0;
}

int mm_unmap(struct process *p, u64 start, u64 end)
{
	struct mm *mm = &p->mm;
	struct vma *v;
	u64 va, *pte;
	int err;

	err = mm_split_range(mm, start, end) ?: mm_make_kept(p, start, end);
	if (err)
		return err;
	mm_hold(p, start, end);
	for (va = start; (pte = pte_next(mm, &va, end)); va += PAGE_SIZE)
		uintr_remove(p, *pte);
	for (v = mm_find(mm, start); v && v->start < end; v = v->next)
		vma_drop(mm, v, p->uintr.shared);
	mm_remove(mm, start, end);
	if (page_should_ask())
		mm_recover(p);
	return 0;
}

int mm_protect(struct process *p, u64 start, u64 end, u32 prot)
{
	struct mm *mm = &p->mm;
	u64 bits = prot_bits(prot), va, *pte;
	bool lost = false;
	struct vma *v;
	int err;

	v = mm_find(mm, start);
	if (prot && v && !(v->flags & VMA_STACK) &&
	    !mm_reserve(p, count_missing(mm, start, end)))
		return -ENOMEM;
	err = mm_split_range(mm, start, end);
	if (err)
		return err;

	for (va = start; (pte = pte_next(mm, &va, end)); va += PAGE_SIZE) {
		lost |= *pte & ~bits & (PTE_P | PTE_RW);
		*pte = (*pte & PTE_ADDR) | bits;
	}
	for (v = mm_find(mm, start); v && v->start < end; v = v->next) {
		v->prot = prot;
		if (prot && !(v->flags & VMA_STACK))
			mm_fill(mm, v->start, v->end, bits);
	}
	mm_merge(mm);
	/* Linux maps nothing executable: only these rights concern it. */
	if (lost)
		mm_flush(p, start, end);
	else
		write_cr3(mm->cr3);
	return 0;
}

/* The pages of one area move to a free place. */
int mm_move(struct process *p, u64 from, u64 to, u64 len)
{
	struct mm *mm = &p->mm;
	struct vma *v = mm_find(mm, from);
	u32 prot = v->prot;
	u64 va, *pte;
	int err;

	if (!mm_reserve(p, len / PAGE_SIZE / 256))	/* tables */
		return -ENOMEM;
	for (va = to; va < to + len; va += PAGE_SIZE)
		pte_get(mm, va);
	err = mm_split_range(mm, from, from + len) ?:
	      mm_insert(mm, to, to + len, prot, v->flags);
	if (err)
		return err;
	/* Linux may know the pages from where they were. */
	mm_find(mm, to)->fresh = false;
	mm_hold(p, from, from + len);
	for (va = from; (pte = pte_next(mm, &va, from + len)); va += PAGE_SIZE) {
		*pte_get(mm, va - from + to) = *pte | prot_bits(prot);
		*pte = 0;
	}
	mm_remove(mm, from, from + len);
	mm_merge(mm);
	return 0;
}

/* MADV_DONTNEED: the pages stay, their contents do not, but for what is shared. */
void mm_zero(struct mm *mm, u64 start, u64 end)
{
	struct vma *v = mm_find(mm, start);
	u64 va, *pte;

	for (; v && v->start < end; v = v->next) {
		if (v->flags & VMA_SHARED)
			continue;
		va = max(v->start, start);
		for (; (pte = pte_next(mm, &va, min(v->end, end))); va += PAGE_SIZE)
			memset(phys_to_virt(*pte & PTE_ADDR), 0, PAGE_SIZE);
	}
}

/* Up to what was touched before: a buffer that begins there does not end before. */
bool mm_stack_grow(struct mm *mm, u64 addr)
{
	u64 va = align_down(addr, PAGE_SIZE), end = va;
	struct vma *v = mm_find(mm, va);

	if (!v || v->start > va || !(v->flags & VMA_STACK) || !v->prot)
		return false;
	pte_next(mm, &end, v->end);
	end = min(end, v->end);
	if (end == va || !page_reserve_first((end - va) / PAGE_SIZE))
		return false;
	mm_fill(mm, va, end, prot_bits(v->prot));
	if (va >= mm->stack_start)
		mm->stack_low = min(mm->stack_low, va);
	return true;
}

/* Where the kernel finds the byte at @va if the process has @rights to it */
u8 *user_ptr(struct mm *mm, u64 va, u64 rights)
{
	u64 page = va, *pte;

	if (!mm_in_window(mm, va, 1))
		return NULL;
	mm_stack_touch(mm, va);
	pte = pte_next(mm, &page, va + 1);
	if (!pte || (*pte & rights) != rights)
		return NULL;
	return (u8 *)phys_to_virt(*pte & PTE_ADDR) + va % PAGE_SIZE;
}

int copy_to_user(struct mm *mm, u64 to, const void *from, u64 len)
{
	while (len) {
		u64 n = min(len, PAGE_SIZE - to % PAGE_SIZE);
		u8 *ptr = user_ptr(mm, to, PTE_P | PTE_US | PTE_RW);

		if (!ptr)
			return -EFAULT;
		memcpy(ptr, from, n);
		to += n;
		from = (const u8 *)from + n;
		len -= n;
	}
	return 0;
}

int copy_from_user(struct mm *mm, void *to, u64 from, u64 len)
{
	while (len) {
		u64 n = min(len, PAGE_SIZE - from % PAGE_SIZE);
		u8 *ptr = user_ptr(mm, from, PTE_P | PTE_US);

		if (!ptr)
			return -EFAULT;
		memcpy(to, ptr, n);
		from += n;
		to = (u8 *)to + n;
		len -= n;
	}
	return 0;
}

/* Length of the string at @addr, which must end below @limit */
s64 user_strlen(struct mm *mm, u64 addr, u64 limit)
{
	u64 va = addr;

	while (va < limit) {
		u64 n = min(limit - va, PAGE_SIZE - va % PAGE_SIZE);
		u8 *ptr = user_ptr(mm, va, PTE_P | PTE_US);

		if (!ptr)
			return -EFAULT;
		for (; n; n--, va++)
			if (!*ptr++)
				return va - addr;
	}
	return -EFAULT;
}
