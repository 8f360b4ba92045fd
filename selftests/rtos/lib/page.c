// SPDX-License-Identifier: GPL-2.0
/* Physical pages and the kernel's page tables. */
#include "cpu.h"
#include "mm.h"

#define SPARE	32

u64 *kernel_root;
u64 kernel_cr3;
bool la57;

static u32 lock;
static u64 image;		/* where it is */
static u64 free_list;		/* pages given back; each holds the next */
static u64 fresh, fresh_end;	/* pages never used */
static u64 nr_free;		/* without what CPUs have reserved */
static u8 *shares;		/* for each page: who has it, but for the first */

/* Linux knows of no image if it did not load it. */
void page_init(u64 image_pa)
{
	u64 start = header->region_addr + header->free_off;

	image = image_pa;
	start = align_up(max(start, image_to_phys(_end)), PAGE_SIZE);
	shares = phys_to_virt(start);
	memset(shares, 0, header->region_len / PAGE_SIZE);
	fresh = align_up(start + header->region_len / PAGE_SIZE, PAGE_SIZE);
	fresh_end = align_down(header->region_addr + header->region_len, PAGE_SIZE);
	nr_free = (fresh_end - fresh) / PAGE_SIZE;
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

static u8 *shares_of(u64 pa)
{
	return &shares[(pa - header->region_addr) / PAGE_SIZE];
}

/* For each time, it is freed once more.  Every process has it once. */
void page_share(u64 pa)
{
	spin_lock(&lock);
	++*shares_of(pa);
	spin_unlock(&lock);
}

void page_free(u64 pa)
{
	spin_lock(&lock);
	if (*shares_of(pa)) {
		--*shares_of(pa);
	} else {
		*(u64 *)phys_to_virt(pa) = free_list;
		free_list = pa;
		nr_free++;
	}
	spin_unlock(&lock);
}

/*
 * So that as many pages, the tables to map them in one range, and a few more
 * are there for this CPU until it waits or asks again.
 */
bool page_reserve(u64 pages)
{
	u64 need = pages + pages / 256 + SPARE;
	struct cpu *cpu = this_cpu();

	spin_lock(&lock);
	nr_free += cpu->reserved;
	cpu->reserved = need <= nr_free ? need : 0;
	nr_free -= cpu->reserved;
	spin_unlock(&lock);
	return cpu->reserved;
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
