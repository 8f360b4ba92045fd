/* SPDX-License-Identifier: GPL-2.0 */
/* vdso/vdso.c, linked: whole pages of the image */
	.section .rodata
	.balign	4096
	.globl	vdso_start, vdso_end
vdso_start:
	.incbin	"vdso.so"
	.balign	4096
vdso_end:

	.section .note.GNU-stack, "", @progbits
