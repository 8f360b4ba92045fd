// SPDX-License-Identifier: GPL-2.0
/*
 * Holds a CPU for another RTOS, and gives it to that one when it is told to:
 *
 *	crtos run ./enter ENTRY HEADER
 *
 * No program is run. ENTRY is the physical address of the entry point of an
 * image that is in memory already, HEADER that of its header, both in
 * hexadecimal. The process ends with status 0, and then the CPU enters that image
 * in the state that abi.rst promises; with 1 if ENTRY or HEADER cannot be right.
 * This RTOS is gone then; to Linux it is one that is not ready.
 */
#include "process.h"

#define ARGS_LEN	256

#define APIC_PAGE	0xfee00000ULL

/**
 * struct target - what is entered
 * @entry: physical address of the image's entry point, 0: not yet known
 * @header: physical address of its header
 * @next: the boot page tables grow down to here
 * @root: table of the highest level
 */
struct target {
	u64 entry;
	u64 header;
	u64 next;
	u64 root;
};

static struct target target;

static const char *parse_hex(const char *s, u64 *v)
{
	u32 digit;

	if (s[0] == '0' && s[1] == 'x')
		s += 2;
	for (*v = 0; *s; s++) {
		digit = *s >= '0' && *s <= '9' ? *s - '0' :
			*s >= 'a' && *s <= 'f' ? *s - 'a' + 10 : 16;
		if (digit == 16)
			return NULL;
		*v = *v << 4 | digit;
	}
	return s + 1;
}

static struct crtos_header *target_header(u64 pa)
{
	/*
	 * The boot tables have large pages, so a region begins with one. The page
	 * tables of a process have the kernel's as far as these go, 512 GiB.
	 */
	if (!pa || pa % LARGE_PAGE || pa >> 39 != header->region_addr >> 39)
		return NULL;
	map_direct(pa, pa + LARGE_PAGE, 0);
	return phys_to_virt(pa);
}

static bool is_target(const struct target *t)
{
	const struct crtos_header *h = target_header(t->header);

	return h && h->magic == CRTOS_HEADER_MAGIC && h->region_addr == t->header &&
	       h->image_off % LARGE_PAGE == 0 && h->image_off < h->region_len &&
	       t->entry - t->header >= h->image_off &&
	       t->entry - t->header < h->image_off + h->image_len;
}

/* Path, name of the program, ENTRY, HEADER */
static bool read_args(struct process *p, struct target *t)
{
	char args[ARGS_LEN] = "";
	const char *s = args;
	u64 page = p->mm.start;
	s64 n;

	if (p->slot->argc != 3 || mm_map(p, page, page + PAGE_SIZE,
					 PROT_READ | PROT_WRITE, 0))
		return false;
	n = slot_call(p, CRTOS_OP_ARGS, 0, (const u64[6]) { page, ARGS_LEN - 1 });
	if (n <= 0 || copy_from_user(&p->mm, args, page, n))
		return false;
	s += strlen(s) + 1;
	if (s < args + n)
		s += strlen(s) + 1;
	if (s < args + n)
		s = parse_hex(s, &t->entry);
	return s && s < args + n && parse_hex(s, &t->header);
}

/* The process: remembers what it was given and ends. */
static void remember(struct process *p, struct crtos_regs *r)
{
	struct target t = { 0 };
	bool ok = read_args(p, &t) && is_target(&t);

	if (ok)
		target = t;
	else
		printf("crtos: no image is ready to be entered there\n");
	process_exit(p, ok ? 0 : 1 << 8);
}

/* Zeroed, in the target's region below its image, which no one uses yet. */
static u64 boot_page(struct target *t)
{
	t->next -= PAGE_SIZE;
	memset(phys_to_virt(t->next), 0, PAGE_SIZE);
	return t->next;
}

static void boot_map(struct target *t, u64 va, u64 pa, unsigned int shift, u64 bits)
{
	u64 *entry, table = t->root;
	unsigned int s;

	for (s = la57 ? 48 : 39; ; s -= 9) {
		entry = (u64 *)phys_to_virt(table) + (va >> s & 511);
		if (s == shift)
			break;
		if (!*entry)
			*entry = boot_page(t) | PTE_P | PTE_RW;
		table = *entry & PTE_ADDR;
	}
	*entry = pa | PTE_P | PTE_RW | bits;
}

/* As Linux makes them, with the last instructions of this RTOS instead. */
static void boot_tables(struct target *t)
{
	struct crtos_header *h = phys_to_virt(t->header);
	u64 apic = align_down(APIC_PAGE, LARGE_PAGE), pa = h->region_addr;
	u64 jump = align_down((u64)enter_image, PAGE_SIZE);

	map_direct(pa, pa + h->region_len, 0);
	t->next = h->region_addr + h->image_off;
	t->root = boot_page(t);
	for (; pa < h->region_addr + h->region_len; pa += LARGE_PAGE)
		boot_map(t, pa, pa, 21, PTE_PS);
	boot_map(t, apic, apic, 21, PTE_PS | PTE_UC);
	boot_map(t, jump, image_to_phys((void *)jump), 12, 0);
}

static bool none_left(void)
{
	u32 i;

	for (i = 0; i < CRTOS_MAX_SLOTS; i++)
		if (process_exists(i))
			return false;
	return true;
}

void rtos_main(void)
{
	process_init(remember);
	slot_ready();
	timer_start();
	while (!target.entry || !none_left())
		process_step();

	printf("crtos: enters 0x%llx\n", target.entry);
	boot_tables(&target);
	/* For Linux: no process can be attached. */
	store_release(&header->rtos_state, CRTOS_RTOS_BOOTING);
	apic_off();
	enter_image(target.root, target.entry, target.header);
}

void rtos_other_cpu(void)
{
	cpu_halt();
}
