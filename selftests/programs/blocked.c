// SPDX-License-Identifier: GPL-2.0
/*
 * Cycles of the time stamp counter for a getppid(), while other calls of this
 * process are blocked in Linux, as if threads had made them.
 *
 *	blocked COUNT ROUNDS LEAST MOST
 *
 * COUNT: of these calls, at most 63; every third reads from a pipe, polls it or waits
 * for a futex. LEAST and MOST: cycles between two getppid(), at random.
 *
 * Says the least, the median and the 99th percentile, and how many were measured. Then
 * the blocked ones end: fails unless each of them has waited, and has ended as it should.
 */
#include <fcntl.h>
#include <poll.h>

#include "slot.h"

#define FUTEX_WAIT	0
#define FUTEX_WAKE	1

#define MAX_ROUNDS	10000
#define WARM_UP		50
#define KERNEL_ENTRY	32	/* that the RTOS's kernel uses for this process */

static __u64 cycles[WARM_UP + MAX_ROUNDS];
static struct crtos_entry *entries[CRTOS_NR_ENTRIES];
static char bytes[CRTOS_NR_ENTRIES];
static struct pollfd poll_fd;
static __u32 futex;
static int pipe_fd[2], ready[2];

static struct crtos_entry *block(unsigned int i, unsigned int index)
{
	const __u64 read_args[6] = { pipe_fd[0], (__u64)&bytes[i], 1 };
	const __u64 poll_args[6] = { (__u64)&poll_fd, 1, -1 };
	const __u64 futex_args[6] = { (__u64)&futex, FUTEX_WAIT, 0 };

	if (i % 3 == 0)
		return slot_publish(index, SYS_read, read_args, 0);
	if (i % 3 == 1)
		return slot_publish(index, SYS_poll, poll_args, 0);
	return slot_publish(index, SYS_futex, futex_args, 0);
}

static void wait_taken(void)
{
	unsigned long long end = __rdtsc() + SLOT_LIMIT;

	while (__atomic_load_n(&slot->sq_head, __ATOMIC_ACQUIRE) != slot->sq_tail)
		if (__rdtsc() > end)
			slot_die("not taken");
}

static void block_all(unsigned int count)
{
	unsigned int i, index;

	for (i = 0, index = 0; i < count; i++, index++) {
		if (index == KERNEL_ENTRY)
			index++;
		entries[i] = block(i, index);
		slot_ring();
		wait_taken();
	}
}

static void measure(int rounds, unsigned long long least, unsigned long long most)
{
	long parent = getppid();
	unsigned long long start;
	int i;

	for (i = 0; i < rounds; i++) {
		wait_cycles(random_between(least, most));
		start = __rdtsc();
		if (syscall(SYS_getppid) != parent)
			slot_die("wrong answer");
		cycles[i] = __rdtsc() - start;
	}
}

static void check_blocked(unsigned int i)
{
	if (__atomic_load_n(&entries[i]->status, __ATOMIC_ACQUIRE) == CRTOS_ENTRY_DONE)
		slot_die("a call that should be blocked is not");
}

static void check_ended(unsigned int i)
{
	if (slot_poll(entries[i]) != (i % 3 == 2 ? 0 : 1))
		slot_die("a blocked call has another result");
}

/* Not as a call of this thread: the RTOS would wake threads of its own. */
static void wake_futex(unsigned int index)
{
	const __u64 args[6] = { (__u64)&futex, FUTEX_WAKE, CRTOS_NR_ENTRIES };
	struct crtos_entry *e = slot_publish(index, SYS_futex, args, 0);

	slot_ring();
	slot_poll(e);
}

/* The calls end when each kind gets what it waits for. */
static void unblock_all(unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		check_blocked(i);
	if (write(ready[1], "x", 1) != 1 ||
	    write(pipe_fd[1], bytes, sizeof(bytes)) != sizeof(bytes))
		slot_die("no write");
	for (i = 0; i < count; i++)
		if (i % 3 != 2)
			check_ended(i);
	if (count)
		wake_futex(entries[0] - slot->entries);
	for (i = 2; i < count; i += 3)
		check_ended(i);
}

static int compare(const void *a, const void *b)
{
	__u64 x = *(__u64 *)a, y = *(__u64 *)b;

	return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
	int count = argc > 4 ? atoi(argv[1]) : -1, rounds = argc > 4 ? atoi(argv[2]) : 0;
	__u64 *sorted = cycles + WARM_UP;

	if (count < 0 || count > CRTOS_NR_ENTRIES - 1 || rounds < 1 || rounds > MAX_ROUNDS) {
		fprintf(stderr, "usage: blocked COUNT ROUNDS LEAST MOST\n");
		return 2;
	}
	if (!slot_open())
		slot_die("this is not the test RTOS, or it has no user interrupts");
	if (pipe(pipe_fd) || pipe(ready))
		slot_die("no pipe");
	poll_fd = (struct pollfd) { .fd = ready[0], .events = POLLIN };

	block_all(count);
	measure(WARM_UP + rounds, strtoull(argv[3], NULL, 0), strtoull(argv[4], NULL, 0));
	unblock_all(count);
	qsort(sorted, rounds, sizeof(*sorted), compare);
	printf("%llu %llu %llu %d\n", sorted[0], sorted[rounds / 2], sorted[rounds * 99 / 100],
	       rounds);
	return 0;
}
