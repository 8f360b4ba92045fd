/* SPDX-License-Identifier: GPL-2.0 */
/*
 * System calls on Linux from ring 3 of the test RTOS, without entering its
 * kernel: fills entries in the slot, rings with SENDUIPI, and takes completions
 * by polling or as user interrupts.
 */
#ifndef SLOT_H
#define SLOT_H

#include <linux/crtos_abi.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <x86intrin.h>

/* arch_prctl() of the test RTOS, see syscall.c there */
#define ARCH_CRTOS_SLOT		0x43520001
#define ARCH_CRTOS_HANDLER	0x43520002
#define ARCH_CRTOS_ENTRIES	0x43520003
#define ARCH_CRTOS_SOFTWARE	0x43520004
#define ARCH_CRTOS_UITT		0x43520005
#define ARCH_CRTOS_POST		0x43520006

/* How many entries belong to ring 3 */
#define SLOT_ENTRIES	32

/* An answer that takes so many cycles will not come. */
#define SLOT_LIMIT	10000000000ULL

/* The first page is not mapped. */
static struct crtos_slot *slot;
/* Entries published, and how many of them Linux wanted to be rung for */
static unsigned long published, rung;
/* Written by the handler */
volatile unsigned long slot_completed, slot_interrupts;

/*
 * The frame: vector, RIP, RFLAGS, RSP.  Sets the bit of the vector in
 * slot_completed.
 */
asm(".globl slot_handler\n\t"
	"slot_handler:\n\t"
	"push %rax\n\t"
	"mov 8(%rsp), %rax\n\t"
	"lock bts %rax, slot_completed(%rip)\n\t"
	"lock incq slot_interrupts(%rip)\n\t"
	"pop %rax\n\t"
	"add $8, %rsp\n\t"
	"uiret");

static inline void slot_die(const char *what)
{
	fprintf(stderr, "%s\n", what);
	exit(1);
}

/* False on anything but the test RTOS on a CPU with user interrupts */
static inline bool slot_open(void)
{
	unsigned long handler;

	asm("lea slot_handler(%%rip), %0" : "=r" (handler));
	return !syscall(SYS_arch_prctl, ARCH_CRTOS_SLOT, &slot) &&
	       !syscall(SYS_arch_prctl, ARCH_CRTOS_HANDLER, handler);
}

/* See ring.h of Linux for the barriers. */
static inline struct crtos_entry *slot_publish(unsigned int index, long nr, const __u64 *args,
					       int flags)
{
	struct crtos_entry *e = &slot->entries[index];
	__u32 tail = slot->sq_tail;

	__atomic_and_fetch(&slot_completed, ~(1UL << index), __ATOMIC_SEQ_CST);
	memset(e, 0, sizeof(*e));
	e->nr = nr;
	e->flags = flags;
	if (args)
		memcpy(e->args, args, sizeof(e->args));
	slot->sq[tail % CRTOS_SQ_SIZE] = index;
	__atomic_store_n(&slot->sq_tail, tail + 1, __ATOMIC_RELEASE);
	published++;
	return e;
}

static inline void slot_ring(void)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (__atomic_load_n(&slot->flags, __ATOMIC_RELAXED) & CRTOS_SLOT_NEED_WAKEUP) {
		asm volatile("senduipi %0" : : "r" (0ULL) : "memory");
		rung++;
	}
}

/* Looks at the entry */
static inline long slot_poll(struct crtos_entry *e)
{
	unsigned long long end = __rdtsc() + SLOT_LIMIT;

	while (__atomic_load_n(&e->status, __ATOMIC_ACQUIRE) != CRTOS_ENTRY_DONE) {
		if (__rdtsc() > end)
			slot_die("no answer");
		_mm_pause();
	}
	return e->result;
}

/* Looks at nothing but what the handler writes */
static inline long slot_wait(struct crtos_entry *e)
{
	unsigned long long end = __rdtsc() + SLOT_LIMIT;
	unsigned long bit = 1UL << (e - slot->entries);

	while (!(slot_completed & bit))
		if (__rdtsc() > end)
			slot_die("no user interrupt");
	return e->result;
}

/* The same numbers in every run */
static inline unsigned long long random_between(unsigned long long least,
						unsigned long long most)
{
	static unsigned long long state = 1;

	state = state * 6364136223846793005ULL + 1442695040888963407ULL;
	return least + (state >> 33) % (most - least + 1);
}

static inline void wait_cycles(unsigned long long n)
{
	unsigned long long end = __rdtsc() + n;

	while (__rdtsc() < end)
		_mm_pause();
}

#endif
