// SPDX-License-Identifier: GPL-2.0
/* Descriptor tables, control registers, start of the C code. */
#include "process.h"

#define IST_NMI		1
#define IST_DF		2
#define IST_MC		3

#define GATE_KERNEL	0x8e
#define GATE_USER	0xee	/* for INT3 */

struct table_ptr {
	u16 limit;
	u64 base;
} __packed;

struct gate {
	u16 offset_low, selector;
	u8 ist, type;
	u16 offset_mid;
	u32 offset_high, reserved;
};

struct crtos_header *header;
u64 xfeatures;

static struct gate idt[256];

/* As start.S has it */
static_assert(offsetof(struct cpu, user_rsp) == CPU_USER_RSP);
static_assert(offsetof(struct cpu, kstack) == CPU_KSTACK);
static_assert(offsetof(struct cpu, self) == CPU_SELF);

/*
 * No 32-bit code segment: a program cannot get into compatibility mode and
 * from there to entry points that the kernel does not have.
 */
static const u64 segments[] = {
	[SEL_KCODE / 8] = 0x00af9b000000ffff,
	[SEL_KDATA / 8] = 0x00cf93000000ffff,
	[SEL_UDATA / 8] = 0x00cff3000000ffff,
	[SEL_UCODE / 8] = 0x00affb000000ffff,
};

static void gdt_load(struct cpu *cpu)
{
	struct table_ptr ptr = { sizeof(cpu->gdt) - 1, (u64)cpu->gdt };
	u64 base = (u64)&cpu->tss;
	unsigned int i;

	for (i = 0; i < NR_ISTS; i++)
		cpu->tss.ist[i] = (u64)cpu->ist_stack[i] + sizeof(cpu->ist_stack[i]);
	cpu->tss.iomap = sizeof(cpu->tss);
	memcpy(cpu->gdt, segments, sizeof(segments));
	cpu->gdt[SEL_TSS / 8] = (sizeof(cpu->tss) - 1) | (base & 0xffffff) << 16 |
				0x89ULL << 40 | (base >> 24 & 0xff) << 56;
	cpu->gdt[SEL_TSS / 8 + 1] = base >> 32;

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

/* Once: all CPUs have the same. */
static void idt_init(void)
{
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
}

static void idt_load(void)
{
	struct table_ptr ptr = { sizeof(idt) - 1, (u64)idt };

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
	if (uintr_present())
		cr4 |= CR4_UINTR;
	write_cr4(cr4);
	uintr_init_cpu();
	if (cr4 & CR4_OSXSAVE) {
		xfeatures = cpuid(0xd, 0).eax & 7;
		xsetbv(xfeatures);
	}
	/* Breakpoints that a debugger on Linux may have set */
	asm volatile("mov %0, %%dr7" : : "r" (0x400ULL));
}

void cpu_init(struct cpu *cpu)
{
	cpu->self = cpu;
	gdt_load(cpu);
	wrmsr(MSR_GS_BASE, (u64)cpu);
	idt_load();
	syscall_setup();
	features_setup();
	apic_init();
	cpu->ndst = apic_ndst();
}

/* For when GS may still be that of a process */
struct cpu *cpu_from_gdt(void)
{
	struct table_ptr ptr;

	asm volatile("sgdt %0" : "=m" (ptr));
	return (struct cpu *)(ptr.base - offsetof(struct cpu, gdt));
}

void cpu_set_kstack(u64 top)
{
	struct cpu *cpu = this_cpu();

	cpu->kstack = top;
	cpu->tss.rsp[0] = top;
}

/* Interrupts are off but here.  No wakeup is lost: STI takes effect after HLT. */
void cpu_idle(void)
{
	asm volatile("sti; hlt; cli" ::: "memory");
}

void cpu_halt(void)
{
	for (;;)
		asm volatile("cli; hlt");
}

/* Linux fills in the header of an RTOS that it does not start, too. */
static void wait_for_header(void)
{
	while (!header_ready())
		cpu_relax();
}

/* From start.S, at the link address, on the stack of the CPU. */
void boot_main(u64 region_addr, u64 index, u64 image)
{
	u32 nr;

	if (index)
		smp_join(index);
	header = phys_to_virt(region_addr);
	wait_for_header();
	idt_init();
	cpu_init(&cpus[0]);
	header_check();
	page_init(image);
	paging_init();
	timer_init();
	uintr_init();
	nr = smp_start();
	printf("crtos test RTOS, ABI %u: APIC %u (%s), %llu MiB at 0x%llx, %u CPUs",
	       CRTOS_ABI_VERSION, apic_id(), apic_mmio() ? "xAPIC, reset" : "x2APIC, reset",
	       header->region_len >> 20, region_addr, nr);
	if (slot_feature(CRTOS_F_SENDUIPI))
		printf(", SENDUIPI");
	if (nr < header->nr_cpus)
		printf(", %u did not come", header->nr_cpus - nr);
	printf("\n");
	rtos_main();
}
