// SPDX-License-Identifier: GPL-2.0
/* Physical pages and the kernel's page tables. */
#include "cpu.h"
#include "mm.h"

#define SPARE	32

/* For processes to begin with, which can ask then for what Linux has released; for stacks */
#define KEPT	256

/* Fewer pages than that are not worth the question if Linux has released them. */
#define ASK	1024

/* page_state[]: Linux may refer to the page; with the number of its retirement */
#define RETIRED		BIT(31)
#define RETIREMENT	(RETIRED - 1)
#define LATER		BIT(30)		/* of the difference of two numbers */

u64 *kernel_root;
u64 kernel_cr3;
bool la57;

static u32 lock;
static u64 image;		/* where it is */
static u64 free_list;		/* pages given back; each holds the next */
static u64 fresh, fresh_end;	/* pages never used */
static u64 nr_free;		/* without what CPUs have reserved */
static u32 *page_state;		/* how many have it, but for the first; or RETIRED */
static u64 nr_retired, ask_at;
static u32 retirements;

/* Linux knows of no image if it did not load it. */
void page_init(u64 image_pa)
{
	u64 start = header->region_addr + header->free_off;
	u64 len = header->region_len / PAGE_SIZE * sizeof(*page_state);

	image = image_pa;
	start = align_up(max(start, image_to_phys(_end)), PAGE_SIZE);
	page_state = phys_to_virt(start);
	memset(page_state, 0, len);
	fresh = align_up(start + len, PAGE_SIZE);
	fresh_end = align_down(header->region_addr + header->region_len, PAGE_SIZE);
	nr_free = (fresh_end - fresh) / PAGE_SIZE;
	ask_at = ASK;
}

u64 image_to_phys(const void *p)
{
	return image + ((const u8 *)p - _start);
}

/* There is one. */
static u64 take_page(void)
{
	u64 pa = free_list;

	if (pa) {
		free_list = *(u64 *)phys_to_virt(pa);
	} else {
		pa = fresh;
		fresh += PAGE_SIZE;
	}
	return pa;
}

/* A zeroed page, or 0 */
u64 page_try_alloc(void)
{
	struct cpu *cpu = this_cpu();
	u64 pa = 0;

	spin_lock(&lock);
	if (cpu->reserved || nr_free) {
		(*(cpu->reserved ? &cpu->reserved : &nr_free))--;
		pa = take_page();
	}
	spin_unlock(&lock);
	if (pa)
		memset(phys_to_virt(pa), 0, PAGE_SIZE);
	return pa;
}

/* Who cannot bear a panic asks page_reserve() before. */
u64 page_alloc(void)
{
	u64 pa = page_try_alloc();

	if (!pa)
		panic(NULL, "out of memory");
	return pa;
}

static u32 *state_of(u64 pa)
{
	return &page_state[(pa - header->region_addr) / PAGE_SIZE];
}

/* For each time, it is freed once more.  Every process has it once. */
void page_share(u64 pa)
{
	spin_lock(&lock);
	++*state_of(pa);
	spin_unlock(&lock);
}

static void give_back(u64 pa)
{
	*(u64 *)phys_to_virt(pa) = free_list;
	free_list = pa;
	nr_free++;
}

void page_free(u64 pa)
{
	spin_lock(&lock);
	if (*state_of(pa))
		--*state_of(pa);
	else
		give_back(pa);
	spin_unlock(&lock);
}

/*
 * The same for a page that Linux has seen, and may refer to though it maps it no more. So
 * nothing is written there, and nobody has it, until Linux says that it is released.
 */
void page_retire(u64 pa)
{
	u32 *state = state_of(pa);

	spin_lock(&lock);
	if (*state) {
		--*state;
	} else {
		*state = RETIRED | (++retirements & RETIREMENT);
		nr_retired++;
	}
	spin_unlock(&lock);
}

/* Are there so many that Linux should be asked? */
bool page_should_ask(void)
{
	return READ_ONCE(nr_retired) >= READ_ONCE(ask_at);
}

/*
 * All pages that were retired, from *@pa on, are in [*@pa, *@end), together with others.
 * @last is for page_released(). False: there are none.
 */
bool page_find_retired(u64 *pa, u64 *end, u32 *last)
{
	if (!READ_ONCE(nr_retired))
		return false;
	spin_lock(&lock);
	*last = retirements;
	*pa = max(*pa, header->region_addr);
	for (*end = fresh; *pa < *end && !(*state_of(*pa) & RETIRED); *pa += PAGE_SIZE)
		;
	for (; *pa < *end && !(*state_of(*end - PAGE_SIZE) & RETIRED); *end -= PAGE_SIZE)
		;
	spin_unlock(&lock);
	return *pa < *end;
}

/* Linux refers to no page of [@pa, @end) but those that were retired after @last. */
void page_released(u64 pa, u64 end, u32 last)
{
	spin_lock(&lock);
	for (; pa < end; pa += PAGE_SIZE) {
		u32 *state = state_of(pa);

		if (!(*state & RETIRED) || (last - *state) & LATER)
			continue;
		*state = 0;
		nr_retired--;
		give_back(pa);
	}
	spin_unlock(&lock);
}

/* Those that are left now will be asked about again when there are twice as many. */
void page_asked(void)
{
	spin_lock(&lock);
	ask_at = 2 * nr_retired + ASK;
	spin_unlock(&lock);
}

static bool reserve(u64 pages, u64 kept)
{
	u64 need = pages + pages / 256 + SPARE;
	struct cpu *cpu = this_cpu();

	spin_lock(&lock);
	nr_free += cpu->reserved;
	cpu->reserved = need + kept <= nr_free ? need : 0;
	nr_free -= cpu->reserved;
	spin_unlock(&lock);
	return cpu->reserved;
}

/*
 * So that as many pages, the tables to map them in one range, and a few more
 * are there for this CPU until it waits or asks again.
 */
bool page_reserve(u64 pages)
{
	return reserve(pages, KEPT);
}

/* The same with the last ones, for a new process and for stacks */
bool page_reserve_first(u64 pages)
{
	return reserve(pages, 0);
}

void page_unreserve(void)
{
	struct cpu *cpu = this_cpu();

	spin_lock(&lock);
	nr_free += cpu->reserved;
	cpu->reserved = 0;
	spin_unlock(&lock);
}

/* The entry for @va at the level of @shift (12 or 21); tables are added. */
u64 *table_walk(u64 *root, u64 va, unsigned int shift, u64 table_bits)
{
	unsigned int s;
	u64 *table = root;

	for (s = 39; s > shift; s -= 9) {
		u64 *entry = &table[va >> s & 511];

		if (!*entry)
			*entry = page_alloc() | table_bits;
		table = phys_to_virt(*entry & PTE_ADDR);
	}
	return &table[va >> shift & 511];
}

static void kernel_map(u64 va, u64 pa, u64 end, unsigned int shift, u64 bits)
{
	for (; va < end; va += 1ULL << shift, pa += 1ULL << shift)
		*table_walk(kernel_root, va, shift, PTE_P | PTE_RW) = pa | bits;
}

static void map_section(u8 *start, u8 *end, u64 bits)
{
	kernel_map((u64)start, image_to_phys(start), (u64)end, 12, bits);
}

void map_direct(u64 start, u64 end, u64 bits)
{
	start = align_down(start, LARGE_PAGE);
	kernel_map(start + DIRECT_VA, start, end + DIRECT_VA, 21,
		   PTE_P | PTE_RW | PTE_NX | PTE_PS | bits);
}

/*
 * The image with the rights of its sections; the region, with large pages;
 * the registers of the APIC.  Nothing at low addresses.
 */
void paging_init(void)
{
	u64 apic = apic_mmio();

	la57 = read_cr4() & CR4_LA57;
	kernel_root = phys_to_virt(page_alloc());
	map_section(_start, _rodata, PTE_P);
	map_section(_rodata, _data, PTE_P | PTE_NX);
	map_section(_data, _end, PTE_P | PTE_RW | PTE_NX);
	map_direct(header->region_addr, header->region_addr + header->region_len, 0);
	if (apic)
		map_direct(apic, apic + PAGE_SIZE, PTE_UC);

	kernel_cr3 = virt_to_phys(kernel_root);
	if (la57) {
		u64 *top = phys_to_virt(page_alloc());

		top[511] = kernel_cr3 | PTE_P | PTE_RW;
		kernel_cr3 = virt_to_phys(top);
	}
	write_cr3(kernel_cr3);
}
