/* SPDX-License-Identifier: GPL-2.0 */
/* Constants that C and assembly share. */
#ifndef RTOS_ASM_H
#define RTOS_ASM_H

/* The image is linked here; physical memory is seen at DIRECT_VA + address. */
#define KERNEL_VA	0xffffffff80000000
#define DIRECT_VA	0xffff800000000000

/* As in Linux, so that programs see the selectors they would see there. */
#define SEL_KCODE	0x10
#define SEL_KDATA	0x18
#define SEL_USER32	0x23
#define SEL_UDATA	0x2b
#define SEL_UCODE	0x33
#define SEL_TSS		0x40

#define VEC_NMI		2
#define VEC_BP		3
#define VEC_DF		8
#define VEC_PF		14
#define VEC_MC		18
#define VEC_TIMER	0x30
#define VEC_DOORBELL	0x31
#define VEC_COMPLETION	0x40	/* to 0x7f: one for each slot */
#define VEC_SPURIOUS	0xff

/* struct cpu, which GS points to while the kernel runs */
#define CPU_USER_RSP	0
#define CPU_KSTACK	8

#endif
