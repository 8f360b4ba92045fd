// SPDX-License-Identifier: GPL-2.0
/*
 * Rings, doorbells and the life of slots: in order, at the limits, and with an
 * RTOS that breaks the rules. hostile.sh has the latter on CPUs of its own.
 */
#include <fcntl.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include <linux/netlink.h>

#include "../kselftest_harness.h"
#include "partition.h"
#include "peer.h"

/* Where arguments and results are in the memory of the process */
#define IN		PAGE
#define OUT		(2 * PAGE)

#define ROUNDS		2000

FIXTURE(ring) {
	struct peer peer;
	struct process *p;
};

FIXTURE_SETUP(ring)
{
	const char *why = peer_missing();

	if (why)
		SKIP(return, "%s", why);
	ASSERT_EQ(0, peer_start_ready(&self->peer));
	self->p = peer_spawn(&self->peer);
	if (!self->p)
		peer_stop(&self->peer);
	ASSERT_NE(NULL, self->p);
}

FIXTURE_TEARDOWN(ring)
{
	peer_stop(&self->peer);
}

static bool works(struct process *p)
{
	return p && call(p, SYS_getppid) == getpid() && call(p, SYS_getpid) == p->pid;
}

/* When a call is over that is not notified of, all is counted that was before it. */
static bool settles(struct process *p)
{
	start_call(p, 0, SYS_getppid);
	return process_poll(p, 0);
}

static bool killed_for(struct process *p, int error)
{
	__u32 seen;
	int status;

	if (!process_gone(p))
		return false;
	seen = p->slot->error;
	status = process_finish(p);
	return seen == error && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

/* There is a process, and it is not the one that was killed. */
static bool works_anew(struct peer *peer)
{
	return works(peer_spawn(peer));
}

static __u64 bad_requests(struct peer *peer)
{
	return peer_status(peer).bad_requests;
}

/* A call that does not end, as entry 0 */
static bool block(struct process *p)
{
	int *fd = (void *)p->mem;

	if (call(p, SYS_pipe2, at(0), 0))
		return false;
	start_call(p, 0, SYS_read, fd[0], at(8), 1);
	return process_taken(p);
}

/* Let that call end: the test writes to the pipe. */
static bool unblock(struct process *p)
{
	int *fd = (void *)p->mem;
	char path[64];
	int here;
	bool done;

	snprintf(path, sizeof(path), "/proc/%d/fd/%d", p->pid, fd[1]);
	here = open(path, O_WRONLY);
	done = write(here, "x", 1) == 1;
	close(here);
	return done;
}

static void fill_call(struct process *p, unsigned int index, __u32 nr)
{
	process_fill(p, index, CRTOS_OP_SYSCALL, nr, ARGS(0));
}

TEST_F(ring, slot_fields)
{
	struct crtos_slot *slot = self->p->slot;

	EXPECT_EQ(0, slot->sq_head);
	EXPECT_EQ(0, slot->error);
	EXPECT_EQ(self->p->pid, slot->pid);
	EXPECT_EQ(WINDOW, slot->window_addr);
	EXPECT_EQ(WINDOW_LEN, slot->window_len);
	EXPECT_TRUE(works(self->p));
	EXPECT_EQ(2, slot->sq_head);
	EXPECT_EQ(1, peer_status(&self->peer).nr_slots);
}

/* Each entry, the ring full each time */
TEST_F(ring, all_entries)
{
	struct process *p = self->p;
	unsigned int round, i;

	for (round = 0; round < 100; round++) {
		for (i = 0; i < CRTOS_NR_ENTRIES; i++) {
			if (i % CRTOS_SQ_SIZE == 0) {
				process_ring(p);
				ASSERT_TRUE(process_taken(p));
			}
			fill_call(p, i, i % 2 ? SYS_getpid : SYS_getppid);
			process_publish(p, i);
		}
		process_ring(p);
		for (i = 0; i < CRTOS_NR_ENTRIES; i++)
			ASSERT_EQ(i % 2 ? p->pid : getpid(), process_result(p, i));
	}
	EXPECT_EQ(100 * CRTOS_NR_ENTRIES, p->slot->sq_head);
}

/* 33 calls at once: one is being made, and the ring is full before the doorbell. */
TEST_F(ring, full)
{
	struct process *p = self->p;
	unsigned int i;

	ASSERT_TRUE(block(p));
	for (i = 1; i <= CRTOS_SQ_SIZE; i++) {
		fill_call(p, i, SYS_getppid);
		process_publish(p, i);
	}
	process_ring(p);
	for (i = 1; i <= CRTOS_SQ_SIZE; i++)
		EXPECT_EQ(getpid(), process_result(p, i));
	EXPECT_EQ(p->tail, load_acquire(&p->slot->sq_head));
	EXPECT_TRUE(unblock(p));
	EXPECT_EQ(1, process_result(p, 0));
}

/* Broken rings: the process is killed, and no other. */

FIXTURE(broken) {
	struct peer peer;
	struct process *p, *other;
	__u64 bad;
};

FIXTURE_SETUP(broken)
{
	const char *why = peer_missing();

	if (why)
		SKIP(return, "%s", why);
	ASSERT_EQ(0, peer_start_ready(&self->peer));
	self->other = peer_spawn(&self->peer);
	self->p = peer_spawn(&self->peer);
	if (!self->p || !self->other)
		peer_stop(&self->peer);
	ASSERT_TRUE(self->p && self->other);
	self->bad = bad_requests(&self->peer);
}

FIXTURE_TEARDOWN(broken)
{
	EXPECT_TRUE(killed_for(self->p, EPROTO));
	EXPECT_EQ(self->bad + 1, bad_requests(&self->peer));
	EXPECT_TRUE(works(self->other));
	EXPECT_TRUE(works_anew(&self->peer));
	EXPECT_EQ(2, peer_status(&self->peer).nr_slots);
	peer_stop(&self->peer);
}

TEST_F(broken, one_too_many)
{
	struct process *p = self->p;
	unsigned int i;

	for (i = 0; i <= CRTOS_SQ_SIZE; i++) {
		fill_call(p, i, SYS_getppid);
		process_publish(p, i);
	}
	process_ring(p);
}

TEST_F(broken, far_ahead)
{
	self->p->tail += 0x7fffffff;
	process_publish(self->p, 0);
	process_ring(self->p);
}

TEST_F(broken, behind)
{
	EXPECT_TRUE(works(self->p));
	self->p->tail -= 2;
	process_publish(self->p, 0);
	process_ring(self->p);
}

TEST_F(broken, index)
{
	fill_call(self->p, 0, SYS_getppid);
	process_publish(self->p, CRTOS_NR_ENTRIES);
	process_ring(self->p);
}

TEST_F(broken, last_index)
{
	process_publish(self->p, 255);
	process_ring(self->p);
}

/* Linux decides by what it read once. */

struct changer {
	struct crtos_entry *entry;
	__u32 nr[2];
	__u64 arg[2];
	bool stop;
};

static void *change(void *data)
{
	struct changer *changer = data;
	struct crtos_entry *e = changer->entry;
	unsigned int i;

	for (i = 0; !load_acquire(&changer->stop); i++) {
		store_release(&e->nr, changer->nr[i % 2]);
		store_release(&e->args[1], changer->arg[i % 2]);
	}
	return NULL;
}

/*
 * Change entry 0 while it is served, ROUNDS times, and on until both results were
 * seen. How often was it which result, and how often another one?
 */
static bool race(struct process *p, struct changer *changer, const __u64 *args, __s64 first,
		 __s64 second, unsigned int *seen)
{
	__u64 end = now_ms() + PATIENCE_MS;
	pthread_t thread;
	unsigned int i;
	__s64 result;

	changer->entry = &p->slot->entries[0];
	if (pthread_create(&thread, NULL, change, changer))
		return false;
	for (i = 0; (i < ROUNDS || !seen[0] || !seen[1]) && !seen[2] && now_ms() < end; i++) {
		result = process_do(p, CRTOS_OP_SYSCALL, changer->nr[0], args);
		seen[result == first ? 0 : result == second ? 1 : 2]++;
	}
	store_release(&changer->stop, true);
	pthread_join(thread, NULL);
	return seen[0] && seen[1] && !seen[2];
}

/* From a call that may be made to one that may not */
TEST_F(ring, number_becomes_bad)
{
	struct changer changer = { .nr = { SYS_getppid, SYS_mmap } };
	unsigned int seen[3] = {};

	EXPECT_TRUE(race(self->p, &changer, ARGS(0), getpid(), -ENOSYS, seen))
		TH_LOG("first %u, second %u, other %u", seen[0], seen[1], seen[2]);
	EXPECT_EQ(-ECHILD, call(self->p, SYS_wait4, -1, 0, 0, 0));
}

/* From an address that may be passed to one that may not */
TEST_F(ring, address_changes)
{
	struct process *p = self->p;
	struct changer changer = {
		.nr = { SYS_clock_gettime, SYS_clock_gettime },
		.arg = { at(OUT), 0xffffffff81000000ULL },
	};
	unsigned int seen[3] = {};

	EXPECT_TRUE(race(p, &changer, ARGS(0, at(OUT)), 0, -EFAULT, seen))
		TH_LOG("first %u, second %u, other %u", seen[0], seen[1], seen[2]);
	EXPECT_TRUE(works(p));
}

/* Executed once or twice, or killed: all of this is allowed, nothing else. */
TEST_F(ring, published_twice)
{
	struct process *p = self->p;
	int *fd = (void *)(p->mem + OUT);

	ASSERT_EQ(0, call(p, SYS_pipe2, at(OUT), O_NONBLOCK));
	process_fill(p, 5, CRTOS_OP_SYSCALL, SYS_write, ARGS(fd[1], at(IN), 1));
	process_publish(p, 5);
	process_publish(p, 5);
	process_ring(p);
	if (process_taken(p)) {
		EXPECT_EQ(1, process_result(p, 5));
		EXPECT_EQ(2, call(p, SYS_read, fd[0], at(IN), 10));
	} else {
		EXPECT_TRUE(killed_for(p, EPROTO));
	}
	EXPECT_TRUE(works_anew(&self->peer));
}

TEST_F(ring, malformed)
{
	static const struct crtos_entry bad[] = {
		{ .op = CRTOS_OP_RELEASED + 1 },
		{ .op = 0xff },
		{ .flags = CRTOS_ENTRY_CANCEL << 1 },
		{ .flags = 0xff },
		{ .flags = 0xfe },
		{ .priority = 100 },
		{ .priority = 0xff },
		{ .op = CRTOS_OP_EXIT, .priority = 100 },
	};
	struct process *p = self->p;
	struct crtos_slot_stats stats;
	struct crtos_entry *e;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		e = process_fill(p, 0, bad[i].op, SYS_getppid, ARGS(0));
		e->flags = bad[i].flags;
		e->priority = bad[i].priority;
		process_publish(p, 0);
		process_ring(p);
		EXPECT_TRUE(process_poll(p, 0));
		EXPECT_EQ(-EINVAL, e->result)
			TH_LOG("case %zu", i);
		EXPECT_EQ(i + 1, bad_requests(&self->peer));
	}
	ASSERT_EQ(0, peer_slot(&self->peer, p->index, &stats));
	EXPECT_EQ(ARRAY_SIZE(bad), stats.bad_requests);
	EXPECT_TRUE(works(p));
}

/* What Linux wrote it does not read back. */
TEST_F(ring, scribble)
{
	struct crtos_header *header = self->peer.header;
	struct crtos_header copy = *header;
	struct crtos_slot *slot = self->p->slot;
	const __u64 action[4] = { at(0x123) };
	struct process *p = self->p, *child;
	struct crtos_signal signal;

	slot->sq_head = 0xdeadbeef;
	slot->flags = ~0U;
	slot->error = 77;
	slot->pid = 1;
	slot->argc = ~0U;
	slot->envc = ~0U;
	slot->strings_len = ~0ULL;
	slot->window_addr = 0;
	slot->window_len = ~0ULL;
	slot->parent = 0;
	slot->parent_entry = 0;
	slot->paused = 1;
	memset(slot->signals, 0xff, sizeof(slot->signals));
	memset(header, 0xff, offsetof(struct crtos_header, linux_upid));
	EXPECT_EQ(-EFAULT, call(p, SYS_uname, WINDOW + WINDOW_LEN));
	EXPECT_EQ(-EFAULT, call(p, SYS_uname, 0xffffffff81000000ULL));
	EXPECT_EQ(14, process_do(p, CRTOS_OP_ARGS, 0, ARGS(at(OUT), PAGE, 0)));
	EXPECT_EQ(-EINVAL, process_do(p, CRTOS_OP_ARGS, 0, ARGS(at(OUT), PAGE, PAGE)));
	EXPECT_EQ(0, call(p, SYS_uname, at(OUT)));
	memcpy(header, &copy, offsetof(struct crtos_header, linux_upid));
	EXPECT_EQ(0, call(p, SYS_rt_sigaction, SIGUSR1, put(p, IN, action, sizeof(action)), 0, 8));
	EXPECT_EQ(0, kill(p->pid, SIGUSR1));
	EXPECT_TRUE(process_signal(p, &signal));
	EXPECT_EQ(SIGUSR1, (int)signal.info[0]);
	child = process_fork(p, SYS_fork, ARGS(0));
	ASSERT_NE(NULL, child);
	EXPECT_EQ(p->index, child->slot->parent);
	EXPECT_EQ(p->pid, call(child, SYS_getppid));
	process_start(child, 0, CRTOS_OP_EXIT, 0, ARGS(0));
	EXPECT_TRUE(process_over(child));
	EXPECT_EQ(0, process_exit(p, 0));
	EXPECT_TRUE(works_anew(&self->peer));
}

/* Doorbells */

TEST_F(ring, doorbell_without_work)
{
	struct crtos_upid *upid = &self->peer.header->linux_upid;
	unsigned int i;

	for (i = 0; i < 200; i++) {
		if (i % 4 == 0)
			peer_send(&self->peer);
		else if (i % 4 == 1)
			peer_post(&self->peer, CRTOS_MAX_SLOTS - 1);
		else if (i % 4 == 2)
			peer_post(&self->peer, self->p->index);
		else
			__atomic_fetch_or(&upid->pir, ~0ULL, __ATOMIC_SEQ_CST);
		ASSERT_TRUE(i % 20 || works(self->p));
	}
	EXPECT_TRUE(works(self->p));
	EXPECT_EQ(0, bad_requests(&self->peer));
}

/* Whatever the RTOS writes into it, Linux takes its requests again. */
TEST_F(ring, doorbell_scribbled)
{
	struct crtos_upid *upid = &self->peer.header->linux_upid;
	const __u64 good = upid->control & ~CRTOS_UPID_ON;
	static const __u64 bad[] = {
		0, ~0ULL, CRTOS_UPID_SN, 0x20ULL << 16, 0xffULL << 32, 0xfeULL << 40,
	};
	__u64 any = 1;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		upid->control = bad[i];
		/* Refused, or sent to where it does no harm */
		write(self->peer.rtos, &any, sizeof(any));
		upid->control = good;
		EXPECT_TRUE(works(self->p))
			TH_LOG("case %zu", i);
	}
}

/* Linux has taken the last doorbell: what it counts from here on is new. */
static bool doorbells_taken(struct peer *peer)
{
	struct crtos_upid *upid = &peer->header->linux_upid;
	__u64 end = now_ms() + PATIENCE_MS;

	while (load_acquire(&upid->control) & CRTOS_UPID_ON || load_acquire(&upid->pir)) {
		if (now_ms() > end)
			return false;
		usleep(1000);
	}
	return true;
}

/* The doorbell that never comes. Once a second is what Linux promises. */
TEST_F(ring, lost_doorbell)
{
	struct process *p = self->p;
	struct crtos_slot_stats before, after;
	unsigned int i;

	ASSERT_TRUE(works(p));
	ASSERT_TRUE(doorbells_taken(&self->peer));
	ASSERT_EQ(0, peer_slot(&self->peer, p->index, &before));
	/* Twice: it may be looking just now. */
	for (i = 0; i < 2; i++) {
		ASSERT_TRUE(process_asleep(p));
		fill_call(p, i, SYS_getppid);
		process_publish(p, i);
		EXPECT_TRUE(process_poll(p, i));
		EXPECT_EQ(getpid(), (pid_t)p->slot->entries[i].result);
	}
	ASSERT_EQ(0, peer_slot(&self->peer, p->index, &after));
	EXPECT_LT(before.lost_doorbells, after.lost_doorbells);
	EXPECT_EQ(before.doorbells, after.doorbells);
	EXPECT_EQ(before.calls + 2, after.calls);
}

/* With nobody attached nothing of ours is there that could look. */
TEST_F(ring, nobody_attached)
{
	struct crtos_slot_stats stats;

	EXPECT_TRUE(works(self->p));
	EXPECT_EQ(0, process_exit(self->p, 0));
	EXPECT_EQ(ENOENT, peer_slot(&self->peer, 0, &stats));
	EXPECT_EQ(0, peer_status(&self->peer).nr_slots);
	EXPECT_EQ(3, peer_status(&self->peer).calls);
	peer_post(&self->peer, 0);
	EXPECT_TRUE(works_anew(&self->peer));
}

/* One doorbell is enough for what was published before it, and Linux counts that. */
TEST_F(ring, suppressed_doorbells)
{
	struct process *p = self->p;
	struct crtos_slot_stats before, after;
	struct crtos_status status = peer_status(&self->peer);
	unsigned int i;

	ASSERT_TRUE(works(p));
	ASSERT_TRUE(doorbells_taken(&self->peer));
	ASSERT_TRUE(process_asleep(p));
	ASSERT_EQ(0, peer_slot(&self->peer, p->index, &before));
	for (i = 1; i <= 10; i++) {
		process_fill(p, i, CRTOS_OP_SYSCALL, SYS_getppid, ARGS(0));
		process_publish(p, i);
	}
	process_ring(p);
	for (i = 1; i <= 10; i++)
		EXPECT_EQ(getpid(), process_result(p, i));
	ASSERT_EQ(0, peer_slot(&self->peer, p->index, &after));
	EXPECT_EQ(before.suppressed + 9, after.suppressed);
	EXPECT_EQ(before.doorbells + 1, after.doorbells);
	EXPECT_GE(self->peer.header->doorbells_out,
		  peer_status(&self->peer).doorbells_in - status.doorbells_in);
}

/* All but a few that come when Linux looks by itself */
TEST_F(ring, doorbells_are_counted)
{
	struct process *p = self->p;
	struct crtos_slot_stats stats;
	unsigned int i;

	for (i = 0; i < 10; i++) {
		ASSERT_TRUE(process_asleep(p));
		start_call(p, 0, SYS_getppid);
		ASSERT_TRUE(process_poll(p, 0));
	}
	ASSERT_EQ(0, peer_slot(&self->peer, p->index, &stats));
	EXPECT_EQ(10, stats.calls);
	EXPECT_LE(8, stats.doorbells);
	EXPECT_GE(10, stats.doorbells);
	EXPECT_LE(8, stats.sleeps);
	EXPECT_GE(self->peer.header->doorbells_out, peer_status(&self->peer).doorbells_in);
	EXPECT_EQ(0, stats.notified);
}

/* Completions */

TEST_F(ring, completion_is_notified)
{
	struct process *p = self->p;
	struct crtos_slot_stats stats;
	unsigned int i;

	for (i = 0; i < 100; i++) {
		unsigned int index = i % CRTOS_NR_ENTRIES;

		fill_call(p, index, SYS_getppid);
		p->slot->entries[index].flags = CRTOS_ENTRY_NOTIFY;
		process_publish(p, index);
		process_ring(p);
		while (!(p->done & 1ULL << index))
			ASSERT_TRUE(peer_wait(&self->peer));
		EXPECT_EQ(CRTOS_ENTRY_DONE, load_acquire(&p->slot->entries[index].status));
		EXPECT_EQ(getpid(), (pid_t)p->slot->entries[index].result);
	}
	ASSERT_EQ(0, peer_slot(&self->peer, p->index, &stats));
	EXPECT_EQ(100, stats.notified);
}

/* Asked for when the call is under way */
TEST_F(ring, completion_is_notified_late)
{
	struct process *p = self->p;

	ASSERT_TRUE(block(p));
	__atomic_fetch_or(&p->slot->entries[0].flags, CRTOS_ENTRY_NOTIFY, __ATOMIC_SEQ_CST);
	EXPECT_TRUE(unblock(p));
	while (!(p->done & 1))
		ASSERT_TRUE(peer_wait(&self->peer));
	EXPECT_EQ(1, process_result(p, 0));
}

TEST_F(ring, completion_is_not_notified)
{
	struct process *p = self->p;
	unsigned int i;
	__u64 out;

	ASSERT_TRUE(settles(p));
	/* That of the attaching is counted when it has been sent. */
	ASSERT_TRUE(eventually(peer_status(&self->peer).doorbells_out));
	out = peer_status(&self->peer).doorbells_out;
	for (i = 0; i < 100; i++)
		ASSERT_TRUE(settles(p));
	EXPECT_EQ(0, p->slot->upid.pir);
	EXPECT_EQ(out, peer_status(&self->peer).doorbells_out);
}

/* Notifications that are suppressed: posted, and that is all. */
TEST_F(ring, completion_is_suppressed)
{
	struct process *p = self->p;
	const __u64 good = p->slot->upid.control;
	__u64 out;

	ASSERT_TRUE(settles(p));
	/* That of the attaching is counted when it has been sent. */
	ASSERT_TRUE(eventually(peer_status(&self->peer).doorbells_out));
	out = peer_status(&self->peer).doorbells_out;
	p->slot->upid.control = good | CRTOS_UPID_SN;
	fill_call(p, 9, SYS_getppid);
	p->slot->entries[9].flags = CRTOS_ENTRY_NOTIFY;
	process_publish(p, 9);
	process_ring(p);
	EXPECT_TRUE(process_poll(p, 9));
	/* Posted after DONE, and before the next entry */
	EXPECT_TRUE(settles(p));
	EXPECT_EQ(1ULL << 9, load_acquire(&p->slot->upid.pir));
	EXPECT_EQ(good | CRTOS_UPID_SN, p->slot->upid.control);
	EXPECT_EQ(out, peer_status(&self->peer).doorbells_out);
	p->slot->upid.control = good;
	EXPECT_TRUE(works(p));
}

/* To a CPU that is not the partition's, or with a vector that is not allowed */
TEST_F(ring, completion_goes_nowhere)
{
	struct process *p = self->p;
	const __u64 good = p->slot->upid.control;
	const __u64 vector = good & 0xff0000, ndst = good & ~0ULL << 32;
	const __u64 bad[] = {
		0, ndst, ndst | 31 << 16, ndst | 14 << 16, ndst | 0xff << 16, ndst | 0x80 << 16,
		vector | (ndst ^ 1ULL << 32 ^ 1ULL << 40), vector | 0xffULL << 40 | 0xffULL << 32,
		vector | ~0ULL << 32,
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		p->slot->upid.control = bad[i];
		p->slot->upid.pir = 0;
		fill_call(p, 1, SYS_getppid);
		p->slot->entries[1].flags = CRTOS_ENTRY_NOTIFY;
		process_publish(p, 1);
		process_ring(p);
		EXPECT_TRUE(process_poll(p, 1));
		/* Posted after DONE, and before the next entry */
		EXPECT_TRUE(settles(p));
		EXPECT_EQ(getpid(), (pid_t)p->slot->entries[1].result);
		EXPECT_EQ(i + 1, bad_requests(&self->peer))
			TH_LOG("case %zu", i);
		EXPECT_EQ(bad[i] | CRTOS_UPID_ON, p->slot->upid.control);
		EXPECT_EQ(1ULL << 1, p->slot->upid.pir);
	}
	p->slot->upid.control = good;
	EXPECT_TRUE(works(p));
}

/* An RTOS that cannot be told of a new process may still find it. */
TEST_F(ring, change_goes_nowhere)
{
	struct crtos_upid *upid = &self->peer.header->rtos_upid;
	struct process *p;
	unsigned int i;
	pid_t pid;

	upid->control = 0;
	pid = peer_fork(&self->peer);
	for (i = 0; i < 1000 && !bad_requests(&self->peer); i++)
		usleep(10000);
	EXPECT_EQ(1, bad_requests(&self->peer));
	EXPECT_EQ(CRTOS_UPID_ON, upid->control);
	upid->control = peer_upid_control(&self->peer);
	p = peer_attach(&self->peer, pid);
	EXPECT_TRUE(works(p));
	EXPECT_EQ(0, process_exit(p, 0));
}

/* The CPU of the partition may go offline; what is sent to it is not lost. */
TEST_F(ring, cpu_goes_offline)
{
	unsigned int cpu = spare_cpu();

	if (!cpu)
		SKIP(return, "no CPU to take offline");
	peer_stop(&self->peer);
	self->peer.cpu = cpu;
	ASSERT_EQ(0, peer_start(&self->peer));
	peer_ready(&self->peer);
	self->p = peer_spawn(&self->peer);
	ASSERT_TRUE(works(self->p));

	ASSERT_TRUE(cpu_set_online(cpu, false));
	fill_call(self->p, 0, SYS_getppid);
	process_publish(self->p, 0);
	process_ring(self->p);
	EXPECT_TRUE(process_sleep(self->p, 0));
	EXPECT_TRUE(cpu_set_online(cpu, true));
	EXPECT_TRUE(works(self->p));
}

/* The life of a slot */

TEST_F(ring, exit_status)
{
	static const int status[] = { 0, 1 << 8, 255 << 8, SIGSEGV, SIGKILL, 64 };
	struct process *p = self->p;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(status); i++) {
		ASSERT_TRUE(works(p));
		EXPECT_EQ(status[i], process_exit(p, status[i]));
		p = peer_spawn(&self->peer);
	}
	EXPECT_TRUE(works(p));
}

/* KILLED, then GONE; and after ENDED the slot is there again. */
TEST_F(ring, killed_in_call)
{
	struct process *p = self->p;
	unsigned int index = p->index, i;

	for (i = 0; i < 10; i++) {
		ASSERT_TRUE(block(p));
		self->peer.changed = 0;
		EXPECT_EQ(0, kill(p->pid, SIGKILL));
		while (load_acquire(&p->slot->linux_state) == CRTOS_SLOT_ATTACHED)
			ASSERT_TRUE(peer_wait(&self->peer));
		EXPECT_LE(CRTOS_SLOT_KILLED, load_acquire(&p->slot->linux_state));
		while (!(self->peer.changed & 1ULL << index))
			ASSERT_TRUE(peer_wait(&self->peer));
		EXPECT_TRUE(killed_for(p, 0));
		p = peer_spawn(&self->peer);
		ASSERT_NE(NULL, p);
		EXPECT_EQ(index, p->index);
	}
}

/* A slot that is not given back is not used again, all others are. */
TEST_F(ring, not_acknowledged)
{
	struct process *kept = self->p, *p;
	unsigned int i;

	EXPECT_EQ(0, kill(kept->pid, SIGKILL));
	EXPECT_TRUE(process_gone(kept));
	for (i = 0; i < 5; i++) {
		p = peer_spawn(&self->peer);
		ASSERT_TRUE(works(p));
		EXPECT_NE(kept->index, p->index);
		EXPECT_EQ(0, process_exit(p, 0));
	}
	EXPECT_TRUE(killed_for(kept, 0));
	p = peer_spawn(&self->peer);
	ASSERT_TRUE(works(p));
	EXPECT_EQ(kept->index, p->index);
}

/* What the RTOS says about the state means nothing while there is a shadow. */
TEST_F(ring, acknowledged_too_early)
{
	struct crtos_slot *slot = self->p->slot;
	struct process *p;

	store_release(&slot->rtos_state, CRTOS_PROCESS_ENDED);
	p = peer_spawn(&self->peer);
	ASSERT_TRUE(works(p));
	EXPECT_NE(self->p->index, p->index);
	slot->linux_state = CRTOS_SLOT_FREE;
	EXPECT_TRUE(works_anew(&self->peer));
	slot->linux_state = CRTOS_SLOT_ATTACHED;
	EXPECT_TRUE(works(self->p));
	EXPECT_EQ(3, peer_status(&self->peer).nr_slots);
}

static bool reaped_after_kill(pid_t pid)
{
	int status;

	return waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) &&
	       WTERMSIG(status) == SIGKILL;
}

/* The RTOS is gone, with calls under way. */
TEST_F(ring, peer_is_gone)
{
	struct process *other = peer_spawn(&self->peer);

	ASSERT_NE(NULL, other);
	ASSERT_TRUE(block(self->p));
	peer_close(&self->peer);
	EXPECT_FALSE(peer_running(&self->peer));
	EXPECT_TRUE(reaped_after_kill(self->p->pid));
	EXPECT_TRUE(reaped_after_kill(other->pid));
}

/* Memory that Linux still uses when the partition is stopped, here in a pipe */
TEST_F(ring, memory_is_in_use)
{
	struct process *p = self->p;
	int *fd = (void *)(p->mem + OUT), here;
	struct iovec *iov = (void *)(p->mem + IN);
	char path[64], buf[16] = {};
	unsigned int i;

	ASSERT_EQ(0, call(p, SYS_pipe2, at(OUT), 0));
	put(p, 0, "still there", 12);
	*iov = (struct iovec) { (void *)at(0), 12 };
	EXPECT_EQ(12, call(p, SYS_vmsplice, fd[1], at(IN), 1, 0));
	snprintf(path, sizeof(path), "/proc/%d/fd/%d", p->pid, fd[0]);
	here = open(path, O_RDWR);
	ASSERT_LE(0, here);
	peer_stop(&self->peer);
	for (i = 0; i < 10; i++) {
		ASSERT_EQ(0, peer_start_ready(&self->peer));
		EXPECT_TRUE(works_anew(&self->peer));
		memset(self->peer.process[0].mem, 'x', MEM_LEN);
		peer_stop(&self->peer);
	}
	EXPECT_EQ(12, read(here, buf, sizeof(buf)));
	EXPECT_STREQ("still there", buf);
	close(here);
}

/* Stopped, with calls under way */
TEST_F(ring, stopped)
{
	struct crtos_stop stop = { .partition = self->peer.partition };

	ASSERT_TRUE(block(self->p));
	EXPECT_EQ(0, ioctl(self->peer.fd, CRTOS_IOC_STOP, &stop));
	EXPECT_TRUE(reaped_after_kill(self->p->pid));
	peer_close(&self->peer);
}

/* The RTOS says that it died. With a doorbell, and without one */
static bool dies(struct peer *peer, struct process *p, bool doorbell)
{
	struct crtos_status status = peer_status(peer);
	__u64 crashes = status.crashes;

	store_release(&peer->header->rtos_state, CRTOS_RTOS_DEAD);
	if (doorbell)
		peer_post(peer, 0);
	if (!reaped_after_kill(p->pid))
		return false;
	status = peer_status(peer);
	return status.state == CRTOS_STATE_RUNNING && status.crashes == crashes + 1 &&
	       status.rtos_state == CRTOS_RTOS_DEAD;
}

TEST_F(ring, rtos_dies)
{
	struct crtos_run run = peer_run_arg(&self->peer, self->peer.fd);

	ASSERT_TRUE(block(self->p));
	EXPECT_TRUE(dies(&self->peer, self->p, true));
	EXPECT_EQ(-1, ioctl(self->peer.fd, CRTOS_IOC_RUN, &run));
	EXPECT_EQ(EIO, errno);
}

TEST_F(ring, rtos_dies_silently)
{
	ASSERT_TRUE(works(self->p));
	EXPECT_TRUE(dies(&self->peer, self->p, false));
}

/* Nobody attached: only the doorbell can say it. */
TEST_F(ring, rtos_dies_alone)
{
	__u64 crashes = peer_status(&self->peer).crashes;
	unsigned int i;

	EXPECT_EQ(0, process_exit(self->p, 0));
	store_release(&self->peer.header->rtos_state, CRTOS_RTOS_DEAD);
	peer_post(&self->peer, 0);
	for (i = 0; i < 1000 && peer_status(&self->peer).crashes == crashes; i++)
		usleep(10000);
	EXPECT_EQ(crashes + 1, peer_status(&self->peer).crashes);
}

/* The heartbeat, as long as the test wants it */
struct heart {
	struct peer *peer;
	pthread_t thread;
	bool stop;
};

static void *beat(void *data)
{
	struct heart *heart = data;

	while (!load_acquire(&heart->stop)) {
		peer_beat(heart->peer);
		usleep(10000);
	}
	return NULL;
}

static void heart_stop(struct heart *heart)
{
	store_release(&heart->stop, true);
	pthread_join(heart->thread, NULL);
}

/* Start anew, with a promise to live, and a process */
static struct process *start_alive(struct peer *peer, struct heart *heart)
{
	peer_stop(peer);
	peer->cpu = first_cpu();
	if (peer_start(peer))
		return NULL;
	*heart = (struct heart) { .peer = peer };
	if (pthread_create(&heart->thread, NULL, beat, heart))
		return NULL;
	peer_ready_alive(peer);
	return peer_spawn(peer);
}

/* For longer than it takes Linux to find out */
static bool goes_on(struct process *p)
{
	unsigned int i;
	bool good = true;

	for (i = 0; i < 35; i++) {
		good = good && works(p);
		usleep(100000);
	}
	return good && peer_running(p->peer);
}

/* As long as it beats it lives. When it stops, Linux finds out by itself. */
TEST_F(ring, heartbeat_stops)
{
	struct peer *peer = &self->peer;
	struct crtos_run run;
	struct heart heart;
	struct process *p, *other;
	__u64 crashes, start, took;

	p = start_alive(peer, &heart);
	ASSERT_NE(NULL, p);
	other = peer_spawn(peer);
	ASSERT_NE(NULL, other);
	crashes = peer_status(peer).crashes;
	EXPECT_TRUE(goes_on(p));
	EXPECT_EQ(crashes, peer_status(peer).crashes);
	EXPECT_TRUE(block(other));

	heart_stop(&heart);
	start = now_ms();
	EXPECT_TRUE(eventually(peer_status(peer).crashes > crashes));
	took = now_ms() - start;
	EXPECT_TRUE(reaped_after_kill(p->pid));
	EXPECT_TRUE(reaped_after_kill(other->pid));
	TH_LOG("found out after %llu ms", (unsigned long long)took);
	/* Where time is no accident */
	if (!strcmp(getenv("crtos_machine") ?: "", "bochs"))
		EXPECT_GE(2000, took);
	EXPECT_EQ(crashes + 1, peer_status(peer).crashes);
	EXPECT_EQ(CRTOS_RTOS_READY, peer_status(peer).rtos_state);
	run = peer_run_arg(peer, peer->fd);
	EXPECT_EQ(-1, ioctl(peer->fd, CRTOS_IOC_RUN, &run));
	EXPECT_EQ(EIO, errno);
	peer_stop(peer);

	ASSERT_EQ(0, peer_start_ready(peer));
	EXPECT_TRUE(works_anew(peer));
}

/* Stop all processes for three seconds, as before the machine sleeps. */
static bool nearly_suspend(void)
{
	const char *delay = "/sys/module/suspend/parameters/pm_test_delay";
	bool good = write_file("/sys/power/pm_test", "freezer") && write_file(delay, "3") &&
		    write_file("/sys/power/state", "freeze");

	return write_file(delay, "5") && write_file("/sys/power/pm_test", "none") && good;
}

/* An RTOS that is a process stands still with the others, and has not died. */
TEST_F(ring, heartbeat_suspended)
{
	struct peer *peer = &self->peer;
	struct heart heart;
	struct process *p;
	__u64 crashes;

	if (access("/sys/power/pm_test", W_OK))
		SKIP(return, "no CONFIG_SUSPEND and CONFIG_PM_DEBUG");
	p = start_alive(peer, &heart);
	ASSERT_NE(NULL, p);
	crashes = peer_status(peer).crashes;
	EXPECT_TRUE(nearly_suspend());
	EXPECT_TRUE(goes_on(p));
	EXPECT_EQ(crashes, peer_status(peer).crashes);
	heart_stop(&heart);
}

/* Not looked at while there is no process: what it was then does not count. */
TEST_F(ring, heartbeat_of_nobody)
{
	struct peer *peer = &self->peer;
	struct heart heart;
	struct process *p;
	__u64 crashes;

	p = start_alive(peer, &heart);
	ASSERT_NE(NULL, p);
	crashes = peer_status(peer).crashes;
	EXPECT_EQ(0, process_exit(p, 0));
	heart_stop(&heart);
	sleep(3);
	EXPECT_EQ(crashes, peer_status(peer).crashes);
	heart.stop = false;
	ASSERT_EQ(0, pthread_create(&heart.thread, NULL, beat, &heart));
	p = peer_spawn(peer);
	ASSERT_NE(NULL, p);
	EXPECT_TRUE(goes_on(p));
	EXPECT_EQ(crashes, peer_status(peer).crashes);

	/* It dies while nobody looks. Who comes then is killed for it. */
	EXPECT_EQ(0, process_exit(p, 0));
	heart_stop(&heart);
	sleep(1);
	p = peer_spawn(peer);
	ASSERT_NE(NULL, p);
	EXPECT_TRUE(reaped_after_kill(p->pid));
	EXPECT_EQ(crashes + 1, peer_status(peer).crashes);
}

/* A look that is left from the last RTOS is not for the next, whose value is the same. */
TEST_F(ring, heartbeat_of_another)
{
	struct peer *peer = &self->peer;
	struct heart heart;
	struct process *p;
	__u64 crashes, beat;

	p = start_alive(peer, &heart);
	ASSERT_NE(NULL, p);
	heart_stop(&heart);
	beat = peer->header->heartbeat;
	EXPECT_TRUE(reaped_after_kill(p->pid));
	peer_stop(peer);

	ASSERT_EQ(0, peer_start_ready(peer));
	crashes = peer_status(peer).crashes;
	peer->header->heartbeat = beat;
	store_release(&peer->header->rtos_features, CRTOS_F_HEARTBEAT);
	sleep(2);
	EXPECT_EQ(crashes, peer_status(peer).crashes);
	EXPECT_TRUE(works_anew(peer));
}

/* Any change is one: Linux does not know the RTOS's idea of growing. */
TEST_F(ring, heartbeat_goes_back)
{
	struct peer *peer = &self->peer;
	struct heart heart;
	struct process *p;
	unsigned int i;

	p = start_alive(peer, &heart);
	ASSERT_NE(NULL, p);
	heart_stop(&heart);
	for (i = 0; i < 35; i++) {
		peer->header->heartbeat = -i * 1000ULL;
		EXPECT_TRUE(works(p));
		usleep(100000);
	}
}

/* No promise, no heartbeat, and nothing happens. */
TEST_F(ring, heartbeat_not_promised)
{
	EXPECT_TRUE(self->peer.header->features & CRTOS_F_HEARTBEAT);
	EXPECT_TRUE(goes_on(self->p));
}

/* What udev sees. False if it does not come. */
static bool event_comes(int fd, unsigned int partition, const char *event)
{
	char buf[4096], number[32], type[32], *s;
	bool ours, what;
	ssize_t len;

	snprintf(number, sizeof(number), "CRTOS_PARTITION=%u", partition);
	snprintf(type, sizeof(type), "CRTOS_EVENT=%s", event);
	while ((len = recv(fd, buf, sizeof(buf) - 1, 0)) > 0) {
		buf[len] = 0;
		ours = false;
		what = false;
		for (s = buf; s < buf + len; s += strlen(s) + 1) {
			ours = ours || !strcmp(s, number);
			what = what || !strcmp(s, type);
		}
		if (ours && what)
			return !strncmp(buf, "change@", 7);
	}
	return false;
}

TEST_F(ring, events)
{
	struct sockaddr_nl addr = { .nl_family = AF_NETLINK, .nl_groups = 1 };
	struct timeval patience = { .tv_sec = PATIENCE_MS / 1000 };
	int fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_KOBJECT_UEVENT);
	unsigned int partition;
	struct heart heart;
	struct process *p;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, bind(fd, (void *)&addr, sizeof(addr)));
	ASSERT_EQ(0, setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)));
	partition = self->peer.partition;
	EXPECT_TRUE(dies(&self->peer, self->p, true));
	EXPECT_TRUE(event_comes(fd, partition, "crash"));
	peer_stop(&self->peer);
	EXPECT_TRUE(event_comes(fd, partition, "stop"));
	ASSERT_EQ(0, peer_start_ready(&self->peer));
	EXPECT_TRUE(event_comes(fd, self->peer.partition, "start"));
	peer_close(&self->peer);
	EXPECT_TRUE(event_comes(fd, partition, "stop"));

	p = start_alive(&self->peer, &heart);
	ASSERT_NE(NULL, p);
	heart_stop(&heart);
	EXPECT_TRUE(event_comes(fd, self->peer.partition, "crash"));
	EXPECT_TRUE(reaped_after_kill(p->pid));
	close(fd);
}

/* Many at once. Call and answer are told apart by the file that is asked for. */

static bool round_of_calls(struct peer *peer, unsigned int round)
{
	struct process *p;
	unsigned int i;
	bool good = true;

	for (p = peer->process; p < peer->process + CRTOS_MAX_SLOTS; p++) {
		if (!p->slot)
			continue;
		process_fill(p, 0, CRTOS_OP_SYSCALL, SYS_getpid, ARGS(0));
		process_fill(p, 1, CRTOS_OP_SYSCALL, SYS_lseek,
			     ARGS(0x7fff, p->index, round));
		process_fill(p, 2, CRTOS_OP_SYSCALL, SYS_uname, ARGS(at(OUT)));
		memset(p->mem + OUT, 0, 8);
		for (i = 0; i < 3; i++)
			process_publish(p, i);
		process_ring(p);
	}
	for (p = peer->process; p < peer->process + CRTOS_MAX_SLOTS; p++)
		if (p->slot)
			good = good && process_result(p, 0) == p->pid &&
			       process_result(p, 1) == -EBADF && process_result(p, 2) == 0 &&
			       !strcmp(p->mem + OUT, "Linux");
	return good;
}

TEST_F_TIMEOUT(ring, all_slots, 120)
{
	struct peer *peer = &self->peer;
	struct crtos_run run = peer_run_arg(peer, peer->fd);
	struct crtos_slot_stats stats;
	unsigned int i, round, nr = 0;
	struct process *p;

	for (i = 1; i < CRTOS_MAX_SLOTS; i++)
		ASSERT_NE(NULL, peer_spawn(peer));
	EXPECT_EQ(CRTOS_MAX_SLOTS, peer_status(peer).nr_slots);
	EXPECT_EQ(-1, ioctl(peer->fd, CRTOS_IOC_RUN, &run));
	EXPECT_EQ(ENOSPC, errno);

	for (round = 0; round < 8; round++) {
		EXPECT_TRUE(round_of_calls(peer, round));
		/* Some end, one way or the other, while new ones come. */
		for (i = round; i < CRTOS_MAX_SLOTS; i += 9) {
			p = &peer->process[i];
			if (round % 2) {
				EXPECT_EQ(0, kill(p->pid, SIGKILL));
				EXPECT_TRUE(killed_for(p, 0));
			} else {
				EXPECT_EQ(3 << 8, process_exit(p, 3 << 8));
			}
			if (i % 2)
				ASSERT_NE(NULL, peer_spawn(peer));
		}
		EXPECT_TRUE(round_of_calls(peer, round));
		while (peer_status(peer).nr_slots < CRTOS_MAX_SLOTS)
			ASSERT_NE(NULL, peer_spawn(peer));
	}
	for (i = 0; !peer_slot(peer, i, &stats); i = stats.slot + 1, nr++)
		EXPECT_EQ(peer->process[stats.slot].pid, stats.pid);
	EXPECT_EQ(CRTOS_MAX_SLOTS, nr);
	EXPECT_EQ(0, bad_requests(peer));
}

/* What one partition does is not to be seen in the other. */
TEST_F(ring, two_partitions)
{
	struct peer second = {};
	struct crtos_status before, after;
	struct process *p;
	unsigned int i;

	ASSERT_EQ(0, peer_start_ready(&second));
	EXPECT_NE(self->peer.partition, second.partition);
	p = peer_spawn(&second);
	EXPECT_TRUE(works(p) && works(self->p));
	EXPECT_EQ(p->index, self->p->index);

	ASSERT_TRUE(settles(self->p));
	before = peer_status(&self->peer);
	for (i = 0; i < 50; i++)
		EXPECT_TRUE(works(p));
	after = peer_status(&self->peer);
	EXPECT_EQ(0, memcmp(&before, &after, sizeof(before)));

	EXPECT_TRUE(dies(&second, p, true));
	EXPECT_TRUE(works(self->p));
	EXPECT_EQ(before.crashes, peer_status(&self->peer).crashes);
	peer_close(&second);
	EXPECT_FALSE(peer_running(&second));
	close(second.fd);
	EXPECT_TRUE(works(self->p));
	EXPECT_TRUE(peer_running(&self->peer));
}

/* Page tables: what does not lead to a page of the region leads nowhere. */

#define LEVEL_INDEX(level)	(WINDOW >> (39 - 9 * (level)) & 511)

/* Both kinds of access, after Linux has forgotten what it knew */
static bool reaches_nothing(struct process *p)
{
	return process_do(p, CRTOS_OP_UNMAP, 0, ARGS(WINDOW, WINDOW_LEN)) == 0 &&
	       call(p, SYS_uname, WINDOW) == -EFAULT &&
	       call(p, SYS_access, WINDOW, F_OK) == -EFAULT;
}

TEST_F(ring, bad_root)
{
	struct process *p = self->p;
	const __u64 good = p->slot->map_root;
	const __u64 start = self->peer.header->region_addr;
	const __u64 end = start + self->peer.header->region_len;
	const __u64 bad[] = {
		0, PAGE, start - PAGE, end, ~0ULL, ~(PAGE - 1), 1ULL << 52, 1ULL << 51, 1ULL << 63,
		0xffffffff81000000ULL, end - PAGE, peer_addr(&self->peer, p->spare),
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		p->slot->map_root = bad[i];
		EXPECT_TRUE(reaches_nothing(p))
			TH_LOG("case %zu", i);
	}
	/* The low bits do not count. */
	p->slot->map_root = good | 0xfff;
	EXPECT_EQ(0, call(p, SYS_uname, WINDOW));
}

TEST_F(ring, bad_entries)
{
	struct process *p = self->p;
	const __u64 start = self->peer.header->region_addr;
	const __u64 end = start + self->peer.header->region_len;
	unsigned int level;
	size_t i;

	for (level = 0; level < NR_TABLES; level++) {
		__u64 *entry = &p->table[level][LEVEL_INDEX(level)];
		const __u64 good = *entry;
		const __u64 bad[] = {
			0, good & ~PTE_P, good & ~PTE_US, PTE_ALL, ~0ULL, start - PAGE + PTE_ALL,
			end | PTE_ALL, good ^ 1ULL << 45,
			good ^ 1ULL << 51,
			0xffffffff81000000ULL | PTE_ALL,
			/* Large, on a level that has none, or behind the region */
			(level == 3 ? 0 : end | PTE_PS | PTE_ALL),
			(level == 3 ? 0 : 1ULL << 30 | PTE_PS | PTE_ALL),
			(level < 2 ? good | PTE_PS : 0),
		};

		for (i = 0; i < ARRAY_SIZE(bad); i++) {
			*entry = bad[i];
			EXPECT_TRUE(reaches_nothing(p))
				TH_LOG("level %u, case %zu", level, i);
		}
		*entry = good;
		EXPECT_EQ(0, call(p, SYS_uname, WINDOW));
	}
	EXPECT_EQ(0, bad_requests(&self->peer));
}

/* Not writable on any level: Linux reads, and does not write. */
TEST_F(ring, read_only)
{
	struct process *p = self->p;
	unsigned int level;

	put(p, 0, "/", 2);
	for (level = 0; level < NR_TABLES; level++) {
		p->table[level][LEVEL_INDEX(level)] &= ~PTE_RW;
		EXPECT_EQ(0, process_do(p, CRTOS_OP_UNMAP, 0, ARGS(WINDOW, PAGE)));
		EXPECT_EQ(0, call(p, SYS_access, WINDOW, F_OK));
		EXPECT_EQ(-EFAULT, call(p, SYS_uname, WINDOW));
		EXPECT_EQ(-EFAULT, call(p, SYS_getcwd, WINDOW, PAGE));
		EXPECT_EQ(-EFAULT, process_do(p, CRTOS_OP_ARGS, 0, ARGS(WINDOW, 4, 0)));
		EXPECT_STREQ("/", p->mem);
		p->table[level][LEVEL_INDEX(level)] |= PTE_RW;
		EXPECT_EQ(0, call(p, SYS_uname, WINDOW));
		put(p, 0, "/", 2);
	}
}

/* 2 MiB at once, as far as it is in the region */
TEST_F(ring, large_page)
{
	const __u64 size = 512 * PAGE;
	struct process *p = self->p;
	__u64 addr = (self->peer.header->region_addr + size - 1) & ~(size - 1);
	char *page = self->peer.region + (addr - self->peer.header->region_addr);
	__u64 *entry = &p->table[2][LEVEL_INDEX(2) + 1];
	char *last = page + size - PAGE;

	ASSERT_GE(self->peer.header->region_addr + self->peer.header->region_len, addr + size);
	*entry = addr | PTE_ALL | PTE_PS;
	/* The last page, which belongs to a slot that nobody uses */
	if (last < self->peer.region + self->peer.header->free_off + 2 * SLOT_MEM)
		last = page;
	EXPECT_EQ(0, call(p, SYS_uname, WINDOW + size + (last - page)));
	EXPECT_STREQ("Linux", last);
	*entry &= ~PTE_RW;
	EXPECT_EQ(0, process_do(p, CRTOS_OP_UNMAP, 0, ARGS(WINDOW + size, size)));
	EXPECT_EQ(-EFAULT, call(p, SYS_uname, WINDOW + size + (last - page)));
}

/* A table may be its own next table: four steps are four steps. */
TEST_F(ring, loop)
{
	struct process *p = self->p;
	int *fd = (void *)(p->mem + OUT);
	unsigned int level;

	ASSERT_EQ(0, call(p, SYS_pipe2, at(OUT), O_NONBLOCK));
	for (level = 0; level < NR_TABLES; level++)
		p->table[0][LEVEL_INDEX(level)] = p->slot->map_root | PTE_ALL;
	EXPECT_EQ(0, process_do(p, CRTOS_OP_UNMAP, 0, ARGS(WINDOW, WINDOW_LEN)));
	/* The page is the table. */
	EXPECT_EQ(8, call(p, SYS_write, fd[1], WINDOW, 8));
	EXPECT_EQ(8, call(p, SYS_read, fd[0], WINDOW + 8, 8));
	EXPECT_EQ(p->table[0][0], p->table[0][1]);
	EXPECT_EQ(-EFAULT, call(p, SYS_write, fd[1], WINDOW + 2 * PAGE, 8));
}

TEST_HARNESS_MAIN
