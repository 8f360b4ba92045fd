/* SPDX-License-Identifier: GPL-2.0 */
/* Entry from Linux, from ring 3 and from interrupts. */
#include "asm.h"

	.text

/*
 * Linux jumps here on every lent CPU: RDI is the physical address of the
 * region, RSI the index of the CPU, RSP is not valid, memory is mapped at its
 * physical address.
 *
 * The boot page table of Linux is made to last until C has built a better one:
 * it gets the image at KERNEL_VA and, as a second name for what it already
 * maps, the region at DIRECT_VA.  The top-level table is this CPU's own; into
 * the tables below, which are the image's, every CPU writes the same.
 */
	.globl	boot_entry
boot_entry:
	endbr64
	cli
	cld

	mov	%cr3, %rbx
	and	$~0xfff, %rbx
	mov	%rbx, %rdx		/* high half: level 4 table */
	mov	%rbx, %r8		/* low half: level 4 table */
	mov	%cr4, %rax
	bt	$12, %rax		/* LA57 */
	jnc	1f
	mov	(%rbx), %r8
	and	$~0xfff, %r8
	lea	boot_pml4(%rip), %rdx
	lea	3(%rdx), %rax
	mov	%rax, 511*8(%rbx)
1:
	lea	boot_pdpt + 3(%rip), %rax
	mov	%rax, 511*8(%rdx)
	lea	boot_pd + 3(%rip), %rax
	mov	%rax, boot_pdpt + 510*8(%rip)

	lea	_start(%rip), %rax
	mov	%rax, %r10
	or	$0x83, %rax		/* large, writable, present */
	lea	boot_pd(%rip), %r9
	mov	$8, %ecx		/* 16 MiB: more than any image */
2:	mov	%rax, (%r9)
	add	$0x200000, %rax
	add	$8, %r9
	dec	%ecx
	jnz	2b

	mov	$128, %ecx		/* physical addresses below 2^46 */
3:	mov	-8(%r8,%rcx,8), %rax
	mov	%rax, (256-1)*8(%rdx,%rcx,8)
	dec	%ecx
	jnz	3b

	mov	%rbx, %cr3
	mov	$.Lhigh, %rax
	jmp	*%rax
.Lhigh:
	imul	$CPU_STACK_SIZE, %rsi, %rsp
	add	$boot_stacks + CPU_STACK_SIZE, %rsp
	xor	%ebp, %ebp
	mov	%r10, %rdx
	call	boot_main		/* (region, index, image) */

/* One stub for each vector, 16 bytes apart. */
	.globl	trap_stubs
	.balign	16
trap_stubs:
	.set	vector, 0
	.rept	256
	.balign	16
	/* The CPU pushes an error code for 8, 10..14, 17, 21, 29 and 30. */
	.if	!(vector == 8 || (vector >= 10 && vector <= 14) || \
		  vector == 17 || vector == 21 || vector == 29 || vector == 30)
	push	$0
	.endif
	push	$vector
	jmp	trap_entry
	.set	vector, vector + 1
	.endr

.macro PUSH_REGS
	push	%rdi
	push	%rsi
	push	%rdx
	push	%rcx
	push	%rax
	push	%r8
	push	%r9
	push	%r10
	push	%r11
	push	%rbx
	push	%rbp
	push	%r12
	push	%r13
	push	%r14
	push	%r15
.endm

.macro POP_REGS
	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%rbp
	pop	%rbx
	pop	%r11
	pop	%r10
	pop	%r9
	pop	%r8
	pop	%rax
	pop	%rcx
	pop	%rdx
	pop	%rsi
	pop	%rdi
.endm

/*
 * An NMI may come between SYSCALL and SWAPGS: CS is the kernel's, GS not yet.
 * Nothing is swapped then, neither here nor on the way out, and C does not use
 * GS.
 */
trap_entry:
	testb	$3, REGS_CS - REGS_VECTOR(%rsp)
	jz	1f
	swapgs
1:	PUSH_REGS
	cld
	mov	%rsp, %rdi
	call	trap
trap_return:
	POP_REGS
	add	$16, %rsp		/* vector, error code */
	testb	$3, 8(%rsp)
	jz	2f
	swapgs
2:	iretq

/* enter_user(regs): start a process */
	.globl	enter_user
enter_user:
	mov	%rdi, %rsp
	jmp	trap_return

/*
 * SYSRET faults in ring 0 if RCX is not canonical.  It always is: the last
 * page of the low half is never mapped, so that no SYSCALL is its last
 * instruction, and signal handlers begin below it.
 */
	.globl	syscall_entry
	.balign	16
syscall_entry:
	swapgs
	mov	%rsp, %gs:CPU_USER_RSP
	mov	%gs:CPU_KSTACK, %rsp
	push	$SEL_UDATA
	push	%gs:CPU_USER_RSP
	push	%r11
	push	$SEL_UCODE
	push	%rcx
	push	$0
	push	$0
	PUSH_REGS
	mov	%rsp, %rdi
	call	syscall
	POP_REGS
	mov	REGS_RIP - REGS_VECTOR(%rsp), %rcx
	mov	REGS_RFLAGS - REGS_VECTOR(%rsp), %r11
	mov	REGS_RSP - REGS_VECTOR(%rsp), %rsp
	swapgs
	sysretq

/* switch_stack(save, load): leave on one kernel stack, return on another */
	.globl	switch_stack
	.balign	16
switch_stack:
	push	%rbx
	push	%rbp
	push	%r12
	push	%r13
	push	%r14
	push	%r15
	mov	%rsp, (%rdi)
	mov	%rsi, %rsp
	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%rbp
	pop	%rbx
	ret

/*
 * enter_image(cr3, entry, header): in the state that an image finds when Linux
 * enters it.  The tables at cr3 map this code where it is, and there is no stack
 * from there on.
 */
	.globl	enter_image
	.balign	128
enter_image:
	lidt	no_idt(%rip)
	mov	%cr4, %rax
	and	$(CR4_PAE | CR4_MCE | CR4_LA57), %eax
	mov	%rax, %cr4
	mov	%rdi, %cr3
	mov	$CR0_IMAGE, %eax
	mov	%rax, %cr0
	mov	%rsi, %rax
	mov	%rdx, %rdi
	xor	%esi, %esi
	xor	%ebx, %ebx
	xor	%ecx, %ecx
	xor	%edx, %edx
	xor	%ebp, %ebp
	xor	%esp, %esp
	xor	%r8d, %r8d
	xor	%r9d, %r9d
	xor	%r10d, %r10d
	xor	%r11d, %r11d
	xor	%r12d, %r12d
	xor	%r13d, %r13d
	xor	%r14d, %r14d
	xor	%r15d, %r15d
	jmp	*%rax
no_idt:
	.word	0
	.quad	0
	.if	. - enter_image > 128
	.error	"enter_image may cross a page boundary"
	.endif

	.bss
	.balign	4096
boot_pml4:	.skip	4096
boot_pdpt:	.skip	4096
boot_pd:	.skip	4096
boot_stacks:	.skip	MAX_CPUS * CPU_STACK_SIZE

	.section .note.GNU-stack, "", @progbits
