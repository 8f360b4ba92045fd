// SPDX-License-Identifier: GPL-2.0
/* Physical pages and the kernel's page tables. */
#include "cpu.h"
#include "mm.h"

extern u8 _start[], _rodata[], _data[], _end[];

u64 *kernel_root;
u64 kernel_cr3;
bool la57;

static u64 free_list;		/* pages given back; each holds the next */
static u64 fresh, fresh_end;	/* pages never used */
static u64 nr_free;

void page_init(void)
{
	fresh = align_up(header->region_addr + header->free_off, PAGE_SIZE);
	fresh_end = align_down(header->region_addr + header->region_len, PAGE_SIZE);
	nr_free = (fresh_end - fresh) / PAGE_SIZE;
}

/* A zeroed page.  Who cannot bear a panic asks page_enough() before. */
u64 page_alloc(void)
{
	u64 pa = free_list;

	if (!nr_free)
		panic(NULL, "out of memory");
	nr_free--;
	if (pa) {
		free_list = *(u64 *)phys_to_virt(pa);
	} else {
		pa = fresh;
		fresh += PAGE_SIZE;
	}
	memset(phys_to_virt(pa), 0, PAGE_SIZE);
	return pa;
}

void page_free(u64 pa)
{
	*(u64 *)phys_to_virt(pa) = free_list;
	free_list = pa;
	nr_free++;
}

/* Pages and the tables to map them in one range, and a few to spare */
bool page_enough(u64 pages)
{
	return nr_free >= 32 && pages <= nr_free - 32 &&
	       pages + pages / 256 <= nr_free - 32;
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
	u64 image = header->region_addr + header->image_off;

	kernel_map((u64)start, image + (start - _start), (u64)end, 12, bits);
}

static void map_direct(u64 start, u64 end, u64 bits)
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
