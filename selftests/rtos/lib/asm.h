/* SPDX-License-Identifier: GPL-2.0 */
/* Constants that C and assembly share. */
#ifndef RTOS_ASM_H
#define RTOS_ASM_H

/* The image is linked here; physical memory is seen at DIRECT_VA + address. */
#define KERNEL_VA	0xffffffff80000000
#define DIRECT_VA	0xffff800000000000
/* Where a process finds its slot if it asks for it, outside every window */
#define SLOT_VA		0x7f0000000000
#define KEPT_VA		0x7f0040000000
/* And the time page and what reads it, also outside */
#define TIME_VA		0x7f000000f000
#define VDSO_VA		0x7f0000010000

/* As in Linux, so that programs see the selectors they would see there. */
#define SEL_KCODE	0x10
#define SEL_KDATA	0x18
#define SEL_USER32	0x23
#define SEL_UDATA	0x2b
#define SEL_UCODE	0x33
#define SEL_TSS		0x40

/* What stays of CR4, and all of CR0, when another image is entered */
#define CR4_PAE		0x20
#define CR4_MCE		0x40
#define CR4_LA57	0x1000
#define CR0_IMAGE	0x80010033	/* PG, WP, NE, ET, MP, PE */

#define VEC_DE		0
#define VEC_DB		1
#define VEC_NMI		2
#define VEC_BP		3
#define VEC_UD		6
#define VEC_DF		8
#define VEC_PF		14
#define VEC_MF		16
#define VEC_AC		17
#define VEC_MC		18
#define VEC_XM		19
#define VEC_TIMER	0x30
#define VEC_DOORBELL	0x31
#define VEC_KICK	0x32	/* from another CPU of the RTOS */
#define VEC_COMPLETION	0x40	/* to 0x7f: one for each slot */
#define VEC_SPURIOUS	0xff

/* struct cpu, which GS points to while the kernel runs */
#define CPU_USER_RSP	0
#define CPU_KSTACK	8
#define CPU_SELF	16

/* struct crtos_regs, which is what the entry code leaves on the stack */
#define REGS_RDI	112
#define REGS_VECTOR	120
#define REGS_RIP	136
#define REGS_CS		144
#define REGS_RFLAGS	152
#define REGS_RSP	160

/* Of a CPU before it runs processes, and then of its scheduler */
#define CPU_STACK_SIZE	16384
#define MAX_CPUS	16

#endif
