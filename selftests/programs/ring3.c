// SPDX-License-Identifier: GPL-2.0
/*
 * System calls on Linux from ring 3 of the test RTOS, without entering its
 * kernel: fills entries in the slot, rings with SENDUIPI, and takes completions
 * by polling or as user interrupts.
 *
 *	ring3 [ROUNDS]
 */
#include <linux/crtos_abi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <x86intrin.h>

#define ARCH_CRTOS_SLOT		0x43520001
#define ARCH_CRTOS_HANDLER	0x43520002
#define ARCH_CRTOS_ENTRIES	0x43520003

#define MAX_ROUNDS	100000
#define LIMIT		100000000ULL	/* cycles */

static struct crtos_slot *slot;
static unsigned long long cycles[MAX_ROUNDS];
static unsigned long rung;
/* Written by the handler */
volatile unsigned long completed, interrupts;

/*
 * The frame: vector, RIP, RFLAGS, RSP.  Sets the bit of the vector in completed.
 */
asm(".globl handler\n\t"
	"handler:\n\t"
	"push %rax\n\t"
	"mov 8(%rsp), %rax\n\t"
	"lock bts %rax, completed(%rip)\n\t"
	"lock incq interrupts(%rip)\n\t"
	"pop %rax\n\t"
	"add $8, %rsp\n\t"
	"uiret");

static unsigned long handler_address(void)
{
	unsigned long address;

	asm("lea handler(%%rip), %0" : "=r" (address));
	return address;
}

static void die(const char *what)
{
	fprintf(stderr, "ring3: %s\n", what);
	exit(1);
}

/* As the RTOS kernel does it, see its slot.c for the barriers. */
static struct crtos_entry *submit(unsigned int index, long nr, int flags)
{
	struct crtos_entry *e = &slot->entries[index];
	__u32 tail = slot->sq_tail;

	memset(e, 0, sizeof(*e));
	e->nr = nr;
	e->flags = flags;
	slot->sq[tail % CRTOS_SQ_SIZE] = index;
	__atomic_store_n(&slot->sq_tail, tail + 1, __ATOMIC_RELEASE);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (__atomic_load_n(&slot->flags, __ATOMIC_RELAXED) & CRTOS_SLOT_NEED_WAKEUP) {
		asm volatile("senduipi %0" : : "r" (0ULL) : "memory");
		rung++;
	}
	return e;
}

static long polled(unsigned int index, long nr)
{
	struct crtos_entry *e = submit(index, nr, 0);
	unsigned long long end = __rdtsc() + LIMIT;

	while (__atomic_load_n(&e->status, __ATOMIC_ACQUIRE) != CRTOS_ENTRY_DONE) {
		if (__rdtsc() > end)
			die("no answer");
		_mm_pause();
	}
	return e->result;
}

/* Looks at nothing but what the handler writes. */
static long interrupted(unsigned int index, long nr)
{
	unsigned long long end = __rdtsc() + LIMIT;
	unsigned long bit = 1UL << index;
	struct crtos_entry *e;

	__atomic_and_fetch(&completed, ~bit, __ATOMIC_SEQ_CST);
	e = submit(index, nr, CRTOS_ENTRY_NOTIFY);
	while (!(completed & bit))
		if (__rdtsc() > end)
			die("no user interrupt");
	return e->result;
}

static int compare(const void *a, const void *b)
{
	unsigned long long x = *(unsigned long long *)a, y = *(unsigned long long *)b;

	return (x > y) - (x < y);
}

static int measure(const char *name, long (*call)(unsigned int, long), int rounds)
{
	unsigned long long before[2], after[2], start;
	unsigned long rung_before = rung, interrupts_before = interrupts;
	long expected = syscall(SYS_getppid);
	int i, wrong = 0;

	syscall(SYS_arch_prctl, ARCH_CRTOS_ENTRIES, before);
	for (i = 0; i < rounds; i++) {
		start = __rdtsc();
		wrong += call(i % 32, SYS_getppid) != expected;
		cycles[i] = __rdtsc() - start;
	}
	syscall(SYS_arch_prctl, ARCH_CRTOS_ENTRIES, after);
	qsort(cycles, rounds, sizeof(cycles[0]), compare);
	/* But for the system call that asks */
	printf("%s: %d calls, %d wrong, %llu kernel entries, of them %llu interrupts; "
	       "SENDUIPI %lu, user interrupts %lu; getppid: min %llu median %llu cycles\n",
	       name, rounds, wrong, after[0] - before[0] - 1, after[1] - before[1],
	       rung - rung_before, interrupts - interrupts_before,
	       cycles[0], cycles[rounds / 2]);
	return wrong || after[0] - before[0] - 1 != after[1] - before[1];
}

int main(int argc, char **argv)
{
	int rounds = argc > 1 ? atoi(argv[1]) : 1000;
	int failed;

	if (rounds < 1 || rounds > MAX_ROUNDS)
		die("1 to 100000 rounds");
	if (syscall(SYS_arch_prctl, ARCH_CRTOS_SLOT, &slot) ||
	    syscall(SYS_arch_prctl, ARCH_CRTOS_HANDLER, handler_address()))
		die("this is not the test RTOS, or it has no SENDUIPI");
	setvbuf(stdout, NULL, _IOLBF, 0);
	failed = measure("polled", polled, rounds);
	failed |= measure("interrupted", interrupted, rounds);
	return failed;
}
