// SPDX-License-Identifier: GPL-2.0
/*
 * How many calls can be made by several processes at once?
 *
 *	scale play CALLS <STARTS >RESULTS	on the RTOS, several of them
 *	scale lead PLAYERS RESULTS STARTS	on Linux
 *
 * A player says that it is there, waits until it is told a time at which to start,
 * makes CALLS getppid() as fast as it can, and says how it went. On a CPU with user
 * interrupts it makes them in ring 3, several at a time: it rings once for all of
 * them, and only the last one has its completion notified. Else one after the other.
 *
 * The leader of them says how many calls were made and the cycles of the time stamp
 * counter that all of them took together, and what was counted meanwhile: doorbells
 * from the RTOS, interrupts to it.
 */
#include <fcntl.h>
#include <linux/crtos.h>
#include <poll.h>
#include <sys/ioctl.h>
#include "slot.h"

#define BATCH		16
#define MAX_PLAYERS	64
#define TIMEOUT_MS	60000

/* From the message to the start, so that all of them have got it */
#define LEAD_US		50000

struct result {
	__u64 calls;
	__u64 wrong;
	__u64 start;
	__u64 end;
};

/* Several processes may share the CPU. */
static void wait_for_start(__u64 start)
{
	while (__rdtsc() < start)
		syscall(SYS_sched_yield);
}

static __u64 play_ring3(__u64 calls, long expected)
{
	struct crtos_entry *e[BATCH];
	__u64 wrong = 0, done;
	unsigned int i;

	for (done = 0; done < calls; done += BATCH) {
		for (i = 0; i < BATCH; i++)
			e[i] = slot_publish(i, SYS_getppid, NULL,
					    i + 1 < BATCH ? 0 : CRTOS_ENTRY_NOTIFY);
		slot_ring();
		while (!(slot_completed & 1UL << (BATCH - 1)))
			syscall(SYS_sched_yield);
		/* They are taken in order. */
		for (i = 0; i < BATCH; i++)
			wrong += e[i]->status != CRTOS_ENTRY_DONE || e[i]->result != expected;
	}
	return wrong;
}

static __u64 play_kernel(__u64 calls, long expected)
{
	__u64 wrong = 0, done;

	for (done = 0; done < calls; done++)
		wrong += syscall(SYS_getppid) != expected;
	return wrong;
}

static int play(__u64 calls)
{
	struct result r = {};
	bool ring3 = slot_open();
	long expected = getppid();
	__u64 start;

	r.calls = (calls + BATCH - 1) / BATCH * BATCH;
	if (write(STDOUT_FILENO, &r, sizeof(r)) != sizeof(r) ||
	    read(STDIN_FILENO, &start, sizeof(start)) != sizeof(start))
		return 1;
	wait_for_start(start);
	r.start = __rdtsc();
	r.wrong = (ring3 ? play_ring3 : play_kernel)(r.calls, expected);
	r.end = __rdtsc();
	if (write(STDOUT_FILENO, &r, sizeof(r)) != sizeof(r))
		return 1;
	/* What its end costs is not for the others. */
	return read(STDIN_FILENO, &start, sizeof(start)) != sizeof(start) || r.wrong;
}

static void hear(int fd, struct result *r)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	if (poll(&p, 1, TIMEOUT_MS) != 1 || read(fd, r, sizeof(*r)) != sizeof(*r))
		slot_die("a player does not answer");
}

/* The same to all of them, at once */
static void say(int fd, int players, __u64 start)
{
	__u64 starts[MAX_PLAYERS];
	int i;

	for (i = 0; i < players; i++)
		starts[i] = start;
	if (write(fd, starts, players * sizeof(start)) != players * (int)sizeof(start))
		slot_die("the players cannot be told");
}

static void get_status(struct crtos_status *status)
{
	int fd = open("/dev/crtos", O_RDWR);

	*status = (struct crtos_status) {};
	if (fd < 0 || ioctl(fd, CRTOS_IOC_STATUS, status))
		slot_die("no status");
	close(fd);
}

static __u64 start_time(void)
{
	__u64 before = __rdtsc(), now;

	usleep(LEAD_US);
	now = __rdtsc();
	return now + now - before;
}

static int lead(int players, int results, int starts)
{
	struct result r, all = { .start = ~0ULL };
	struct crtos_status before, after;
	int i;

	for (i = 0; i < players; i++)
		hear(results, &r);
	get_status(&before);
	say(starts, players, start_time());
	for (i = 0; i < players; i++) {
		hear(results, &r);
		all.calls += r.calls;
		all.wrong += r.wrong;
		all.start = r.start < all.start ? r.start : all.start;
		all.end = r.end > all.end ? r.end : all.end;
	}
	get_status(&after);
	say(starts, players, 0);
	if (all.wrong)
		slot_die("wrong answers");
	printf("%llu %llu %llu %llu\n", all.calls, all.end - all.start,
	       after.doorbells_in - before.doorbells_in,
	       after.doorbells_out - before.doorbells_out);
	return 0;
}

int main(int argc, char **argv)
{
	int players = argc == 5 && !strcmp(argv[1], "lead") ? atoi(argv[2]) : 0;

	if (argc == 3 && !strcmp(argv[1], "play"))
		return play(strtoull(argv[2], NULL, 0));
	if (players < 1 || players > MAX_PLAYERS) {
		fprintf(stderr, "usage: scale play CALLS | lead PLAYERS RESULTS STARTS\n");
		return 2;
	}
	/* For both, so that it does not wait for a player, and does not see them go. */
	return lead(players, open(argv[3], O_RDWR), open(argv[4], O_RDWR));
}
