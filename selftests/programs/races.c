// SPDX-License-Identifier: GPL-2.0
/*
 * Requests at random moments, each of which must be answered: with the SENDUIPI of
 * ring 3 where there is one, see slot.h, else as system calls.
 *
 *	races REQUESTS SEED FILE
 *
 * A request is an lseek() to a place of its own, so that an answer is to this one.
 */
#include <fcntl.h>
#include "slot.h"

#define MAX_BURST	4

static unsigned long state;
static unsigned long missed;
static int fd;

/* xorshift */
static unsigned long random_below(unsigned long n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state % n;
}

/* Short ones hit a worker that polls or falls asleep, long ones one that sleeps. */
static void pause_randomly(void)
{
	wait_cycles(random_below(1UL << (4 + random_below(14))));
}

static long seek(unsigned long place)
{
	return syscall(SYS_lseek, fd, place, SEEK_SET);
}

/* Several at a time, each taken as it likes */
static unsigned long burst(unsigned long first, unsigned long max)
{
	unsigned long n = 1 + random_below(max < MAX_BURST ? max : MAX_BURST), i;
	struct crtos_entry *e[MAX_BURST];

	for (i = 0; i < n; i++) {
		__u64 args[6] = { fd, first + i, SEEK_SET };

		e[i] = slot_publish((first + i) % SLOT_ENTRIES, SYS_lseek, args,
				    random_below(2) ? CRTOS_ENTRY_NOTIFY : 0);
		/* Together with the next one, perhaps */
		if (i + 1 == n || random_below(2))
			slot_ring();
	}
	for (i = 0; i < n; i++) {
		bool notified = e[i]->flags & CRTOS_ENTRY_NOTIFY;

		missed += (notified ? slot_wait : slot_poll)(e[i]) != (long)(first + i);
	}
	return n;
}

int main(int argc, char **argv)
{
	unsigned long requests, done = 0;
	bool ring3;

	if (argc != 4) {
		fprintf(stderr, "usage: races REQUESTS SEED FILE\n");
		return 2;
	}
	requests = strtoul(argv[1], NULL, 0);
	state = strtoul(argv[2], NULL, 0) | 1;
	fd = open(argv[3], O_RDWR | O_CREAT, 0600);
	if (fd < 0)
		slot_die("no file");
	ring3 = slot_open();

	while (done < requests) {
		pause_randomly();
		if (ring3) {
			done += burst(done, requests - done);
		} else {
			missed += seek(done) != (long)done;
			done++;
		}
	}
	printf("requests: %lu\nmissed: %lu\npost: %s\n", done, missed,
	       ring3 ? "SENDUIPI in ring 3" : "the kernel of the RTOS");
	if (ring3)
		printf("senduipis: %lu\nsuppressed: %lu\nuser_interrupts: %lu\n", rung,
		       published - rung, slot_interrupts);
	return !!missed;
}
