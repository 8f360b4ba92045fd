// SPDX-License-Identifier: GPL-2.0
/* Descriptor tables, control registers, start of the C code. */
#include "cpu.h"
#include "mm.h"

#define IST_NMI		1
#define IST_DF		2
#define IST_MC		3

#define GATE_KERNEL	0x8e
#define GATE_USER	0xee	/* for INT3 */

struct table_ptr {
	u16 limit;
	u64 base;
} __packed;

struct tss {
	u32 reserved0;
	u64 rsp[3];
	u64 reserved1;
	u64 ist[7];
	u64 reserved2;
	u16 reserved3;
	u16 iomap;
} __packed;

struct gate {
	u16 offset_low, selector;
	u8 ist, type;
	u16 offset_mid;
	u32 offset_high, reserved;
};

struct crtos_header *header;
struct cpu cpu0;
u64 xfeatures;

static struct tss tss = { .iomap = sizeof(struct tss) };
static struct gate idt[256];
static u8 ist_stack[3][4096] __aligned(16);

/*
 * No 32-bit code segment: a program cannot get into compatibility mode and
 * from there to entry points that the kernel does not have.
 */
static u64 gdt[10] = {
	[SEL_KCODE / 8] = 0x00af9b000000ffff,
	[SEL_KDATA / 8] = 0x00cf93000000ffff,
	[SEL_UDATA / 8] = 0x00cff3000000ffff,
	[SEL_UCODE / 8] = 0x00affb000000ffff,
};

static void gdt_load(void)
{
	struct table_ptr ptr = { sizeof(gdt) - 1, (u64)gdt };
	u64 base = (u64)&tss;

	gdt[SEL_TSS / 8] = (sizeof(tss) - 1) | (base & 0xffffff) << 16 |
			   0x89ULL << 40 | (base >> 24 & 0xff) << 56;
	gdt[SEL_TSS / 8 + 1] = base >> 32;

	/* Linux may have left an LDT with segments of its own. */
	asm volatile("lgdt %0\n\t"
		     "pushq %1\n\t"
		     "pushq $1f\n\t"
		     "lretq\n"
		     "1:\n\t"
		     "mov %k2, %%ss\n\t"
		     "mov %k3, %%ds\n\t"
		     "mov %k3, %%es\n\t"
		     "mov %k3, %%fs\n\t"
		     "mov %k3, %%gs\n\t"
		     "lldt %w3\n\t"
		     "ltr %w4"
		     : : "m" (ptr), "i" (SEL_KCODE), "r" (SEL_KDATA), "r" (0),
		       "r" (SEL_TSS) : "memory");
}

static void idt_load(void)
{
	struct table_ptr ptr = { sizeof(idt) - 1, (u64)idt };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(idt); i++) {
		u64 stub = (u64)trap_stubs + 16 * i;

		idt[i].offset_low = stub;
		idt[i].offset_mid = stub >> 16;
		idt[i].offset_high = stub >> 32;
		idt[i].selector = SEL_KCODE;
		idt[i].type = i == VEC_BP ? GATE_USER : GATE_KERNEL;
	}
	idt[VEC_NMI].ist = IST_NMI;
	idt[VEC_DF].ist = IST_DF;
	idt[VEC_MC].ist = IST_MC;
	for (i = 0; i < ARRAY_SIZE(ist_stack); i++)
		tss.ist[i] = (u64)ist_stack[i] + sizeof(ist_stack[i]);
	asm volatile("lidt %0" : : "m" (ptr));
}

static void syscall_setup(void)
{
	wrmsr(MSR_EFER, rdmsr(MSR_EFER) | EFER_SCE | EFER_NXE);
	wrmsr(MSR_STAR, (u64)SEL_USER32 << 48 | (u64)SEL_KCODE << 32);
	wrmsr(MSR_LSTAR, (u64)syscall_entry);
	wrmsr(MSR_CSTAR, 0);
	wrmsr(MSR_SYSCALL_MASK, FLAG_TF | FLAG_IF | FLAG_DF | FLAG_IOPL |
				FLAG_NT | FLAG_AC);
	/* Linux's entry point is gone: SYSENTER has to fault. */
	wrmsr(MSR_SYSENTER_CS, 0);
	wrmsr(MSR_GS_BASE, (u64)&cpu0);
	wrmsr(MSR_KERNEL_GS_BASE, 0);
}

/* x87, SSE and AVX, and what keeps the kernel from touching user memory. */
static void features_setup(void)
{
	u64 cr4 = read_cr4() | CR4_OSFXSR | CR4_OSXMMEXCPT;
	struct cpuid c1 = cpuid(1, 0), c7 = cpuid(7, 0);

	if (c1.ecx & BIT(26))
		cr4 |= CR4_OSXSAVE;
	if (c7.ebx & BIT(7))
		cr4 |= CR4_SMEP;
	if (c7.ebx & BIT(20))
		cr4 |= CR4_SMAP;
	if (c7.ecx & BIT(2))
		cr4 |= CR4_UMIP;
	write_cr4(cr4);
	if (cr4 & CR4_OSXSAVE) {
		xfeatures = cpuid(0xd, 0).eax & 7;
		xsetbv(xfeatures);
	}
	/* Breakpoints that a debugger on Linux may have set */
	asm volatile("mov %0, %%dr7" : : "r" (0x400ULL));
}

void cpu_init(void)
{
	gdt_load();
	idt_load();
	syscall_setup();
	features_setup();
}

void cpu_set_kstack(u64 top)
{
	cpu0.kstack = top;
	tss.rsp[0] = top;
}

/* From start.S, at the link address, on the boot stack. */
void boot_main(u64 region_addr)
{
	header = phys_to_virt(region_addr);
	cpu_init();
	if (header->version != CRTOS_ABI_VERSION) {
		printf("crtos: Linux has ABI %u, this image %u\n",
		       header->version, CRTOS_ABI_VERSION);
		panic(NULL, "wrong ABI");
	}
	page_init();
	paging_init();
	apic_init();
	timer_init();
	printf("crtos test RTOS, ABI %u: APIC %u (%s), %llu MiB at 0x%llx, %u CPUs, %u parked\n",
	       CRTOS_ABI_VERSION, apic_id(), apic_mmio() ? "xAPIC, reset" : "x2APIC, reset",
	       header->region_len >> 20, region_addr, header->nr_cpus,
	       READ_ONCE(parked_cpus));
	rtos_main();
}
