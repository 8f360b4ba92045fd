// SPDX-License-Identifier: GPL-2.0
/* The record of the last fault, for post-mortem on Linux. */
#include "process.h"

static u32 lock;

static bool in_region(u64 pa)
{
	return pa - header->region_addr < header->region_len;
}

/* Reads a byte of what is mapped in the region, and nothing that could fault. */
static bool peek(u64 cr3, u64 va, u8 *byte)
{
	u64 entry = cr3, size;
	unsigned int shift = la57 ? 48 : 39;

	/* The tables of four levels tell only these apart, and there are no more. */
	if ((u64)((s64)(va << 16) >> 16) != va)
		return false;
	for (;; shift -= 9) {
		if (!in_region(entry & PTE_ADDR))
			return false;
		entry = ((u64 *)phys_to_virt(entry & PTE_ADDR))[va >> shift & 511];
		if (!(entry & PTE_P))
			return false;
		if (shift == 12 || (shift <= 30 && (entry & PTE_PS)))
			break;
	}
	size = 1ULL << shift;
	entry = align_down(entry & PTE_ADDR, size) + (va & (size - 1));
	if (!in_region(entry))
		return false;
	*byte = *(u8 *)phys_to_virt(entry);
	return true;
}

static u64 peek_word(u64 cr3, u64 va)
{
	u8 bytes[8];
	u64 word;
	u32 i;

	for (i = 0; i < sizeof(bytes); i++)
		if (!peek(cr3, va + i, &bytes[i]))
			return 0;
	memcpy(&word, bytes, sizeof(word));
	return word;
}

void crash_record(u32 kind, const struct cpu *cpu, const struct crtos_regs *r,
		  const char *reason)
{
	struct crtos_crash *c = region_ptr(header->crash_off);
	u64 cr3 = read_cr3();
	u32 i;

	if (!slot_feature(CRTOS_F_CRASH))
		return;
	spin_lock(&lock);
	/* Linux may look at any time: not while it is half done. */
	WRITE_ONCE(c->kind, CRTOS_CRASH_NONE);
	barrier();
	c->cpu = cpu->index;
	c->slot = cpu->current ? cpu->current->process->index : CRTOS_NO_SLOT;
	c->reserved = 0;
	c->tsc = rdtsc();
	c->cr2 = read_cr2();
	c->cr3 = cr3;
	c->fs_base = rdmsr(MSR_FS_BASE);
	c->regs = *r;
	memset(c->reason, 0, sizeof(c->reason));
	memcpy(c->reason, reason, min(strlen(reason), sizeof(c->reason) - 1));
	for (i = 0; i < ARRAY_SIZE(c->stack); i++)
		c->stack[i] = peek_word(cr3, r->rsp + 8 * i);
	store_release(&c->kind, kind);
	spin_unlock(&lock);
}
