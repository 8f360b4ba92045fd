// SPDX-License-Identifier: GPL-2.0
/*
 * A forwarded call is as if a thread of the shadow had made it. It keeps no other
 * call waiting, ends early only if it would natively or the RTOS cancels it, and has
 * the identity, the priority and the memory of the process.
 */
#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/utsname.h>
#include <sys/wait.h>

#include <linux/capability.h>
#include <linux/futex.h>
#include <linux/keyctl.h>
#include <linux/landlock.h>
#include <linux/lsm.h>

#include "../kselftest_harness.h"
#include "partition.h"
#include "peer.h"

#define NOBODY		65534

/* Used by nobody else, so that its processes can be counted */
#define SOMEBODY	54321

/* Where arguments and results are in the memory of the process */
#define PATH		0
#define IN		PAGE
#define OUT		(2 * PAGE)
#define WAITS		(3 * PAGE)

/* Any descriptor, as a result */
#define A_DESCRIPTOR	INT64_MAX

/* Longer than any test */
#define FOREVER_S	1000

#define NO_SUCH_OP	99

/* Calls that wait, made by a process of the RTOS or by one of Linux */

/**
 * struct subject - who makes the calls
 * @p: process of the RTOS, NULL: the calling process
 * @pid: its shadow, or itself
 * @mem: its memory
 * @base: where it sees @mem
 * @sleep_s: how long it sleeps if nothing wakes it
 */
struct subject {
	struct process *p;
	pid_t pid;
	void *mem;
	__u64 base;
	unsigned int sleep_s;
};

/* What a call that waits needs in the memory of who makes it */
struct wait {
	int fd[2];
	int id;
	__u32 futex;
	struct pollfd pollfd;
	struct timespec time;
	struct timeval timeout;
	struct epoll_event event;
	struct sembuf sembuf;
	struct iovec iov;
	struct flock lock;
	sa_family_t family;
	char path[32];
	char buf[16];
};

/**
 * struct scenario - a call that waits
 * @name: for messages
 * @nr: the system call
 * @status: of its entry when it was cancelled
 * @sleeps: it ends by itself
 * @result: when it has waited for what it waits for
 * @arm: prepare it, and fill in its arguments; false if that fails
 * @release: let it have what it waits for; by the test
 */
struct scenario {
	const char *name;
	__u32 nr;
	__u8 status;
	bool sleeps;
	__s64 result;
	bool (*arm)(struct subject *s, struct wait *w, __u64 *args);
	void (*release)(struct subject *s, struct wait *w);
};

#define LOCKED_PATH	"/tmp/crtos.XXXXXX"

/* A file that the test has locked, in both ways */
static char locked_path[sizeof(LOCKED_PATH)];
static int locked = -1;

static bool lock_file(short type, int operation)
{
	struct flock lock = { .l_type = type, .l_whence = SEEK_SET };

	return !fcntl(locked, F_SETLK, &lock) && !flock(locked, operation);
}

static __s64 ask(struct subject *s, __u32 nr, const __u64 *args)
{
	long ret;

	if (s->p)
		return process_do(s->p, CRTOS_OP_SYSCALL, nr, args);
	ret = syscall(nr, args[0], args[1], args[2], args[3], args[4], args[5]);
	return ret < 0 ? -errno : ret;
}

#define ASK(s, nr, ...)		ask(s, nr, ARGS(__VA_ARGS__))
#define SET_ARGS(args, ...)	memcpy(args, ARGS(__VA_ARGS__), sizeof(ARGS(0)))

/* Where it sees what is at @p */
static __u64 seen(const struct subject *s, const void *p)
{
	return s->base + ((const char *)p - (const char *)s->mem);
}

/* A copy of another process's descriptor */
static int steal(pid_t pid, int fd)
{
	int pidfd = syscall(SYS_pidfd_open, pid, 0);
	int copy = syscall(SYS_pidfd_getfd, pidfd, fd, 0);

	close(pidfd);
	return copy;
}

static void feed(pid_t pid, int fd, size_t len)
{
	static const char bytes[CRTOS_NR_ENTRIES];
	int copy = steal(pid, fd);

	if (write(copy, bytes, len) != (ssize_t)len)
		perror("# write to a descriptor of another process");
	close(copy);
}

static void release_by_byte(struct subject *s, struct wait *w)
{
	feed(s->pid, w->fd[1], 1);
}

static bool arm_read(struct subject *s, struct wait *w, __u64 *args)
{
	if (ASK(s, SYS_pipe2, seen(s, w->fd), 0))
		return false;
	SET_ARGS(args, w->fd[0], seen(s, w->buf), 1);
	return true;
}

static bool arm_write(struct subject *s, struct wait *w, __u64 *args)
{
	w->iov = (struct iovec) { (void *)s->base, PAGE };
	if (ASK(s, SYS_pipe2, seen(s, w->fd), 0) ||
	    ASK(s, SYS_fcntl, w->fd[1], F_SETPIPE_SZ, PAGE) != PAGE ||
	    ASK(s, SYS_writev, w->fd[1], seen(s, &w->iov), 1) != PAGE)
		return false;
	SET_ARGS(args, w->fd[1], seen(s, w->buf), 1);
	return true;
}

static void release_write(struct subject *s, struct wait *w)
{
	int copy = steal(s->pid, w->fd[0]);
	char page[PAGE];

	if (read(copy, page, PAGE) != PAGE)
		perror("# read from a descriptor of another process");
	close(copy);
}

static bool arm_poll(struct subject *s, struct wait *w, __u64 *args)
{
	if (ASK(s, SYS_pipe2, seen(s, w->fd), 0))
		return false;
	w->pollfd = (struct pollfd) { .fd = w->fd[0], .events = POLLIN };
	SET_ARGS(args, seen(s, &w->pollfd), 1, -1);
	return true;
}

static bool arm_ppoll(struct subject *s, struct wait *w, __u64 *args)
{
	if (!arm_poll(s, w, args))
		return false;
	w->time = (struct timespec) { .tv_sec = FOREVER_S };
	SET_ARGS(args, seen(s, &w->pollfd), 1, seen(s, &w->time), 0, 0);
	return true;
}

static bool arm_epoll(struct subject *s, struct wait *w, __u64 *args)
{
	w->event = (struct epoll_event) { .events = EPOLLIN };
	w->id = ASK(s, SYS_epoll_create1, 0);
	if (w->id < 0 || ASK(s, SYS_pipe2, seen(s, w->fd), 0) ||
	    ASK(s, SYS_epoll_ctl, w->id, EPOLL_CTL_ADD, w->fd[0], seen(s, &w->event)))
		return false;
	SET_ARGS(args, w->id, seen(s, &w->event), 1, -1);
	return true;
}

static bool arm_nanosleep(struct subject *s, struct wait *w, __u64 *args)
{
	w->time = (struct timespec) { .tv_sec = s->sleep_s };
	SET_ARGS(args, seen(s, &w->time), 0);
	return true;
}

static void release_nothing(struct subject *s, struct wait *w)
{
}

static bool arm_futex(struct subject *s, struct wait *w, __u64 *args)
{
	w->futex = 0;
	SET_ARGS(args, seen(s, &w->futex), FUTEX_WAIT, 0, 0);
	return true;
}

static bool arm_futex_timed(struct subject *s, struct wait *w, __u64 *args)
{
	w->futex = 0;
	w->time = (struct timespec) { .tv_sec = FOREVER_S };
	SET_ARGS(args, seen(s, &w->futex), FUTEX_WAIT, 0, seen(s, &w->time));
	return true;
}

/* It may not be there yet. */
static bool wake(const struct subject *s, __u32 *futex)
{
	if (s->p)
		return call(s->p, SYS_futex, seen(s, futex), FUTEX_WAKE, 1) == 1;
	return syscall(SYS_futex, futex, FUTEX_WAKE, 1) == 1;
}

static void release_futex(struct subject *s, struct wait *w)
{
	if (!eventually(wake(s, &w->futex)))
		printf("# nobody waits for a futex\n");
}

/* With a name that Linux chooses */
static bool arm_accept(struct subject *s, struct wait *w, __u64 *args)
{
	w->family = AF_UNIX;
	w->fd[0] = ASK(s, SYS_socket, AF_UNIX, SOCK_STREAM, 0);
	if (w->fd[0] < 0 || ASK(s, SYS_bind, w->fd[0], seen(s, &w->family), sizeof(w->family)) ||
	    ASK(s, SYS_listen, w->fd[0], 1))
		return false;
	SET_ARGS(args, w->fd[0], 0, 0);
	return true;
}

static void release_accept(struct subject *s, struct wait *w)
{
	int copy = steal(s->pid, w->fd[0]), fd = socket(AF_UNIX, SOCK_STREAM, 0);
	struct sockaddr_un addr;
	socklen_t len = sizeof(addr);

	if (getsockname(copy, (void *)&addr, &len) || connect(fd, (void *)&addr, len))
		perror("# connect to another process");
	close(copy);
	close(fd);
}

static bool arm_recv(struct subject *s, struct wait *w, __u64 *args)
{
	if (ASK(s, SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, seen(s, w->fd)))
		return false;
	SET_ARGS(args, w->fd[0], seen(s, w->buf), 1, 0, 0, 0);
	return true;
}

static bool arm_recv_timed(struct subject *s, struct wait *w, __u64 *args)
{
	if (!arm_recv(s, w, args))
		return false;
	w->timeout = (struct timeval) { .tv_sec = FOREVER_S };
	w->iov = (struct iovec) { (void *)(uintptr_t)seen(s, w->buf), 1 };
	if (ASK(s, SYS_setsockopt, w->fd[0], SOL_SOCKET, SO_RCVTIMEO, seen(s, &w->timeout),
		sizeof(w->timeout)))
		return false;
	SET_ARGS(args, w->fd[0], seen(s, &w->iov), 1);
	return true;
}

static bool arm_semop(struct subject *s, struct wait *w, __u64 *args)
{
	w->sembuf = (struct sembuf) { .sem_op = -1 };
	w->id = ASK(s, SYS_semget, IPC_PRIVATE, 1, 0600);
	SET_ARGS(args, w->id, seen(s, &w->sembuf), 1);
	return w->id >= 0;
}

static void release_semop(struct subject *s, struct wait *w)
{
	if (semctl(w->id, 0, SETVAL, 1))
		perror("# semctl");
}

static bool arm_msgrcv(struct subject *s, struct wait *w, __u64 *args)
{
	w->id = ASK(s, SYS_msgget, IPC_PRIVATE, 0600);
	SET_ARGS(args, w->id, seen(s, w->buf), 1, 0, 0);
	return w->id >= 0;
}

static void release_msgrcv(struct subject *s, struct wait *w)
{
	const struct { long type; char text; } message = { .type = 1 };

	if (msgsnd(w->id, &message, 1, 0))
		perror("# msgsnd");
}

static bool open_locked(struct subject *s, struct wait *w)
{
	memcpy(w->path, locked_path, sizeof(locked_path));
	w->fd[0] = ASK(s, SYS_openat, AT_FDCWD, seen(s, w->path), O_RDWR);
	return w->fd[0] >= 0;
}

static bool arm_flock(struct subject *s, struct wait *w, __u64 *args)
{
	if (!open_locked(s, w))
		return false;
	SET_ARGS(args, w->fd[0], LOCK_SH);
	return true;
}

static bool arm_setlkw(struct subject *s, struct wait *w, __u64 *args)
{
	if (!open_locked(s, w))
		return false;
	w->lock = (struct flock) { .l_type = F_RDLCK, .l_whence = SEEK_SET };
	SET_ARGS(args, w->fd[0], F_SETLKW, seen(s, &w->lock));
	return true;
}

static void release_locked(struct subject *s, struct wait *w)
{
	if (!lock_file(F_UNLCK, LOCK_UN))
		perror("# unlock");
}

/* The status is what signal(7) says about handlers with SA_RESTART. */
static const struct scenario scenarios[] = {
	{ "read", SYS_read, CRTOS_ENTRY_RESTART, false, 1, arm_read, release_by_byte },
	{ "futex", SYS_futex, CRTOS_ENTRY_RESTART, false, 0, arm_futex, release_futex },
	{ "poll", SYS_poll, CRTOS_ENTRY_DONE, false, 1, arm_poll, release_by_byte },
	{ "accept", SYS_accept, CRTOS_ENTRY_RESTART, false, A_DESCRIPTOR, arm_accept,
	  release_accept },
	{ "nanosleep", SYS_nanosleep, CRTOS_ENTRY_DONE, true, 0, arm_nanosleep, release_nothing },
	/* What is before is enough to wait in many ways. */
	{ "write", SYS_write, CRTOS_ENTRY_RESTART, false, 1, arm_write, release_write },
	{ "ppoll, timed", SYS_ppoll, CRTOS_ENTRY_DONE, false, 1, arm_ppoll, release_by_byte },
	{ "epoll_wait", SYS_epoll_wait, CRTOS_ENTRY_DONE, false, 1, arm_epoll, release_by_byte },
	{ "futex, timed", SYS_futex, CRTOS_ENTRY_DONE, false, 0, arm_futex_timed, release_futex },
	{ "recvfrom", SYS_recvfrom, CRTOS_ENTRY_RESTART, false, 1, arm_recv, release_by_byte },
	{ "readv, timed", SYS_readv, CRTOS_ENTRY_DONE, false, 1, arm_recv_timed, release_by_byte },
	{ "semop", SYS_semop, CRTOS_ENTRY_DONE, false, 0, arm_semop, release_semop },
	{ "msgrcv", SYS_msgrcv, CRTOS_ENTRY_DONE, false, 1, arm_msgrcv, release_msgrcv },
	{ "flock", SYS_flock, CRTOS_ENTRY_RESTART, false, 0, arm_flock, release_locked },
	{ "fcntl", SYS_fcntl, CRTOS_ENTRY_RESTART, false, 0, arm_setlkw, release_locked },
};

#define NR_WAYS		5
#define NR_SCENARIOS	ARRAY_SIZE(scenarios)

static_assert(WAITS + CRTOS_NR_ENTRIES * sizeof(struct wait) <= MEM_LEN, "no room to wait");

static struct subject forwarded(struct process *p, unsigned int sleep_s)
{
	return (struct subject) {
		.p = p,
		.pid = p->pid,
		.mem = p->mem,
		.base = WINDOW,
		.sleep_s = sleep_s,
	};
}

/* What entry @index waits with */
static struct wait *wait_of(struct process *p, unsigned int index)
{
	return (struct wait *)(p->mem + WAITS) + index;
}

static bool start_scenario(struct subject *s, unsigned int index,
			   const struct scenario *scenario)
{
	__u64 args[6] = {};

	if (!scenario->arm(s, wait_of(s->p, index), args))
		return false;
	process_start(s->p, index, CRTOS_OP_SYSCALL, scenario->nr, args);
	return process_taken(s->p);
}

static bool ended_well(const struct scenario *scenario, __s64 result)
{
	return scenario->result == A_DESCRIPTOR ? result >= 0 : result == scenario->result;
}

static bool has_flag(struct process *p, __u32 flag)
{
	return load_acquire(&p->slot->flags) & flag;
}

FIXTURE(semantics) {
	struct peer peer;
	struct process *p;
	struct subject s;
	bool malformed;		/* entries were */
};

FIXTURE_SETUP(semantics)
{
	const char *why = peer_missing();

	if (why)
		SKIP(return, "%s", why);
	/* What is made in it goes with the test. */
	ASSERT_EQ(0, unshare(CLONE_NEWIPC));
	memcpy(locked_path, LOCKED_PATH, sizeof(LOCKED_PATH));
	locked = mkstemp(locked_path);
	ASSERT_LE(0, locked);
	ASSERT_TRUE(lock_file(F_WRLCK, LOCK_EX));
	ASSERT_EQ(0, peer_start_ready(&self->peer));
	self->p = peer_spawn(&self->peer);
	if (!self->p)
		peer_stop(&self->peer);
	ASSERT_NE(NULL, self->p);
	self->s = forwarded(self->p, FOREVER_S);
}

FIXTURE_TEARDOWN(semantics)
{
	EXPECT_EQ(self->malformed, !!peer_status(&self->peer).bad_requests);
	peer_stop(&self->peer);
	unlink(locked_path);
}

/* Waiting */

static __u32 workers(struct process *p)
{
	struct crtos_slot_stats stats;

	return peer_slot(p->peer, p->index, &stats) ? ~0U : stats.workers;
}

/* All but one wait, and the last one does not wait for them. */
TEST_F_TIMEOUT(semantics, all_but_one_wait, 120)
{
	struct process *p = self->p;
	const struct scenario *scenario;
	__u64 start = now_ms();
	unsigned int i;

	self->s.sleep_s = 5;
	for (i = 1; i < CRTOS_NR_ENTRIES; i++)
		ASSERT_TRUE(start_scenario(&self->s, i, &scenarios[i % NR_WAYS]));
	EXPECT_TRUE(process_answers(p));
	EXPECT_LE(CRTOS_NR_ENTRIES / NR_WAYS * (NR_WAYS - 1), workers(p));
	for (i = 1; i < CRTOS_NR_ENTRIES; i++)
		if (!scenarios[i % NR_WAYS].sleeps)
			EXPECT_TRUE(entries_pending(p, i, i));

	for (i = 1; i < CRTOS_NR_ENTRIES; i++) {
		scenario = &scenarios[i % NR_WAYS];
		scenario->release(&self->s, wait_of(p, i));
		EXPECT_TRUE(ended_well(scenario, process_result(p, i)))
			TH_LOG("%s: %lld", scenario->name, (long long)p->slot->entries[i].result);
		EXPECT_EQ(CRTOS_ENTRY_DONE, status_of(p, i));
	}
	EXPECT_LE(5000, now_ms() - start);
	EXPECT_TRUE(process_answers(p));
	EXPECT_TRUE(eventually(workers(p) <= 2));
	EXPECT_TRUE(process_answers(p));
}

/* Every kind of call waits at the same time, many times. */
TEST_F_TIMEOUT(semantics, again_and_again, 120)
{
	struct process *p = self->p;
	unsigned int i, round;

	for (round = 0; round < 20; round++) {
		ASSERT_TRUE(process_block(p, 16));
		for (i = 0; i < 10; i++)
			EXPECT_TRUE(process_answers(p));
		EXPECT_TRUE(process_unblock(p, 16));
		EXPECT_EQ(0, call(p, SYS_close, p->pipe[0]));
		EXPECT_EQ(0, call(p, SYS_close, p->pipe[1]));
	}
}

/* A process that may have four calls under way at once has four that wait. */
static struct process *limited(struct peer *peer)
{
	struct process *p = peer_spawn_with(peer, 4, NULL, NULL);

	return p && process_block(p, 4) && eventually(has_flag(p, CRTOS_SLOT_BUSY)) ? p : NULL;
}

TEST_F(semantics, limit)
{
	struct process *p = limited(&self->peer);
	int fd[2], here;
	char buf[4] = {};
	unsigned int i;

	ASSERT_NE(NULL, p);
	EXPECT_EQ(4, workers(p));
	memcpy(fd, p->pipe, sizeof(fd));
	put(p, OUT, "abc", 3);
	for (i = 0; i < 3; i++)
		start_call(p, 10 + i, SYS_write, fd[1], at(OUT + i), 1);
	EXPECT_TRUE(has_flag(p, CRTOS_SLOT_BUSY));
	EXPECT_EQ(p->tail - 3, load_acquire(&p->slot->sq_head));
	EXPECT_TRUE(entries_pending(p, 10, 12));
	EXPECT_TRUE(process_answers(self->p));

	/* One ends; then each of those that have waited ends another. */
	here = steal(p->pid, fd[0]);
	ASSERT_LE(0, here);
	feed(p->pid, fd[1], 1);
	for (i = 0; i < 3; i++)
		EXPECT_EQ(1, process_result(p, 10 + i));
	for (i = 1; i <= 4; i++)
		EXPECT_EQ(1, process_result(p, i));
	EXPECT_TRUE(eventually(!has_flag(p, CRTOS_SLOT_BUSY)));
	EXPECT_TRUE(process_answers(p));

	/* In order, into the first pipe */
	ASSERT_TRUE(process_block(p, 4));
	ASSERT_TRUE(eventually(has_flag(p, CRTOS_SLOT_BUSY)));
	for (i = 0; i < 3; i++)
		start_call(p, 10 + i, SYS_write, fd[1], at(OUT + i), 1);
	feed(p->pid, p->pipe[1], 1);
	for (i = 0; i < 3; i++)
		EXPECT_EQ(1, process_result(p, 10 + i));
	EXPECT_EQ(3, read(here, buf, sizeof(buf)));
	EXPECT_STREQ("abc", buf);
	close(here);
}

static bool become_limited(const void *data)
{
	const struct rlimit limit = { 2, 2 };
	const uid_t id = SOMEBODY;

	return !setrlimit(RLIMIT_NPROC, &limit) && !setgid(id) && !setuid(id);
}

/* No thread may be made for a call: it fails, as making that thread would. */
TEST_F(semantics, no_thread)
{
	struct process *p = peer_spawn_with(&self->peer, 0, become_limited, NULL);
	unsigned int i;

	ASSERT_NE(NULL, p);
	for (i = 0; i < OFTEN; i++) {
		EXPECT_EQ(p->pid, call(p, SYS_getpid));
		ASSERT_TRUE(process_block(p, 1));
		EXPECT_EQ(-EAGAIN, call(p, SYS_getpid));
		EXPECT_EQ(-EAGAIN, call(p, SYS_getpriority, PRIO_PROCESS, 0));
		EXPECT_EQ(-EINVAL, process_do(p, NO_SUCH_OP, 0, ARGS(0)));
		self->malformed = true;
		EXPECT_TRUE(entries_pending(p, 1, 1));
		/* From here on the thread is there that has made this call. */
		feed(p->pid, p->pipe[1], 1);
		EXPECT_EQ(1, process_result(p, 1));
	}
	EXPECT_TRUE(process_answers(p));
	/* The end needs no thread. */
	ASSERT_TRUE(process_block(p, 1));
	EXPECT_EQ(4 << 8, process_exit(p, 4 << 8));
	EXPECT_TRUE(process_answers(self->p));
}

/* A process that can have no worker */
static struct process *spawn_alone(struct peer *peer, bool (*prepare)(const void *data))
{
	const struct rlimit limit = { 1, 2 };
	struct process *p = peer_spawn_with(peer, 0, prepare, NULL);

	if (!p || call(p, SYS_setrlimit, RLIMIT_NPROC, put(p, IN, &limit, sizeof(limit))))
		return NULL;
	/* All threads are to be made anew after that. */
	return call(p, SYS_setpriority, PRIO_PROCESS, 0, 1) ? NULL : p;
}

/* Not even one: then calls are made one after the other. */
TEST_F(semantics, no_thread_at_all)
{
	struct process *p = spawn_alone(&self->peer, become_limited);
	struct crtos_slot_stats stats;
	__u64 by_nr[SYS_getppid + 1];
	unsigned int i;

	ASSERT_NE(NULL, p);
	for (i = 0; i < 20; i++) {
		EXPECT_EQ(p->pid, call(p, SYS_getpid));
		EXPECT_EQ(0, process_do(p, CRTOS_OP_UNMAP, 0, ARGS(WINDOW, PAGE)));
	}
	EXPECT_EQ(0, workers(p));
	start_call(p, 1, SYS_getpid);
	start_call(p, 2, SYS_getppid);
	EXPECT_EQ(p->pid, process_result(p, 1));
	EXPECT_EQ(getpid(), process_result(p, 2));

	/* What is counted, and as what */
	EXPECT_EQ(-EINVAL, process_do(p, NO_SUCH_OP, SYS_getppid, ARGS(0)));
	self->malformed = true;
	stats = (struct crtos_slot_stats) {
		.partition = self->peer.partition,
		.slot = p->index,
		.nr_by_nr = ARRAY_SIZE(by_nr),
		.by_nr = (uintptr_t)by_nr,
	};
	ASSERT_EQ(0, ioctl(self->peer.fd, CRTOS_IOC_SLOT, &stats));
	EXPECT_EQ(1, stats.bad_requests);
	EXPECT_EQ(0, by_nr[0]);
	EXPECT_EQ(21, by_nr[SYS_getpid]);
	EXPECT_EQ(1, by_nr[SYS_getppid]);

	/* It can end while a call blocks, which keeps others waiting. */
	ASSERT_EQ(0, call(p, SYS_pipe2, at(OUT), 0));
	start_call(p, 1, SYS_read, *(int *)(p->mem + OUT), at(IN), 1);
	ASSERT_TRUE(eventually(threads_in(p->pid, SYS_read, NULL) == 1));
	start_call(p, 2, SYS_getpid);
	EXPECT_EQ(4 << 8, process_exit(p, 4 << 8));
}

/* With another descriptor of the device, as RUN closes the one that it was given */
static bool become_limited_twice(const void *data)
{
	return dup2(3, 4) == 4 && become_limited(data);
}

/* The anchor executes it, and would not come back. */
TEST_F(semantics, run_in_the_anchor)
{
	struct process *p = spawn_alone(&self->peer, become_limited_twice);
	struct crtos_run run = peer_run_arg(&self->peer, 4);

	ASSERT_NE(NULL, p);
	run.strings = put_string(p, OUT, "again");
	run.strings_len = sizeof("again");
	run.envc = 0;
	run.window_addr = WINDOW + 2 * WINDOW_LEN;
	run.window_len = PAGE;
	EXPECT_EQ(-EBUSY, call(p, SYS_ioctl, 4, CRTOS_IOC_RUN, put(p, IN, &run, sizeof(run))));
	EXPECT_EQ(0, workers(p));
	EXPECT_EQ(p->pid, call(p, SYS_getpid));
}

/* Entries without end, each of which is refused */
static void *publish_for_ever(void *data)
{
	struct crtos_slot *slot = data;
	__u32 i;

	for (i = 0; i < CRTOS_SQ_SIZE; i++) {
		slot->sq[i] = i;
		slot->entries[i].op = NO_SUCH_OP;
	}
	while (load_acquire(&slot->rtos_state) == CRTOS_PROCESS_RUNNING)
		store_release(&slot->sq_tail, load_acquire(&slot->sq_head) + CRTOS_SQ_SIZE / 2);
	return NULL;
}

/* Again and again, as at first there may be nothing to take. */
static bool ring_until_taken(struct process *p, __u32 head)
{
	process_ring(p);
	return (__s32)(load_acquire(&p->slot->sq_head) - head) >= 0;
}

/* The anchor, which takes them itself, can be killed. */
TEST_F(semantics, no_end_of_entries)
{
	struct process *p = spawn_alone(&self->peer, become_limited);
	pthread_t thread;
	__u32 head;

	ASSERT_NE(NULL, p);
	head = p->slot->sq_head;
	ASSERT_EQ(0, pthread_create(&thread, NULL, publish_for_ever, p->slot));
	EXPECT_TRUE(eventually(ring_until_taken(p, head + 1000)));
	self->malformed = true;
	EXPECT_EQ(0, kill(p->pid, SIGKILL));
	ASSERT_EQ(SIGKILL, process_finish(p));
	pthread_join(thread, NULL);
	EXPECT_TRUE(process_answers(self->p));
}

/* Cancelling */

/* In a process of its own each: no thread has made such a call before. */
TEST_F_TIMEOUT(semantics, cancel, 120)
{
	const struct scenario *scenario;
	struct subject s;

	for (scenario = scenarios; scenario < scenarios + NR_SCENARIOS; scenario++) {
		s = forwarded(peer_spawn(&self->peer), FOREVER_S);
		ASSERT_TRUE(start_scenario(&s, 1, scenario));
		ASSERT_TRUE(eventually(threads_in(s.pid, scenario->nr, NULL) == 1))
			TH_LOG("%s does not wait", scenario->name);
		process_cancel(s.p, 1);
		EXPECT_EQ(-EINTR, process_result(s.p, 1))
			TH_LOG("%s", scenario->name);
		EXPECT_EQ(scenario->status, status_of(s.p, 1))
			TH_LOG("%s", scenario->name);
		EXPECT_TRUE(process_answers(s.p));
		EXPECT_EQ(0, process_exit(s.p, 0));
	}
}

/* At any moment from when the anchor takes the call itself until it waits */
TEST_F_TIMEOUT(semantics, cancel_alone, 120)
{
	struct process *p = spawn_alone(&self->peer, become_limited);
	unsigned int seed = 1, i, n;
	int fd[2];

	ASSERT_NE(NULL, p);
	ASSERT_EQ(0, call(p, SYS_pipe2, at(OUT), 0));
	memcpy(fd, p->mem + OUT, sizeof(fd));
	for (i = 0; i < 1000; i++) {
		start_call(p, 1, SYS_read, fd[0], at(IN), 1);
		for (n = 1U << rand_r(&seed) % 17; n; n--)
			__builtin_ia32_pause();
		process_cancel(p, 1);
		ASSERT_EQ(-EINTR, process_result(p, 1))
			TH_LOG("time %u", i);
	}
	EXPECT_EQ(0, workers(p));
	EXPECT_EQ(p->pid, call(p, SYS_getpid));
}

TEST_F(semantics, cancel_waitid)
{
	struct process *p = self->p, *child = process_fork(p, SYS_fork, ARGS(0));

	ASSERT_NE(NULL, child);
	start_call(p, 1, SYS_waitid, P_ALL, 0, at(OUT), WEXITED, 0);
	ASSERT_TRUE(eventually(threads_in(p->pid, SYS_waitid, NULL) == 1));
	process_cancel(p, 1);
	EXPECT_EQ(-EINTR, process_result(p, 1));
	EXPECT_EQ(CRTOS_ENTRY_RESTART, status_of(p, 1));
	/* When it is made again, it waits. */
	start_call(p, 1, SYS_waitid, P_ALL, 0, at(OUT), WEXITED, 0);
	EXPECT_EQ(p->pid, call(child, SYS_getppid));
	process_start(child, 0, CRTOS_OP_EXIT, 0, ARGS(5 << 8));
	EXPECT_TRUE(process_over(child));
	EXPECT_EQ(0, process_result(p, 1));
	EXPECT_EQ(5, ((siginfo_t *)(p->mem + OUT))->si_status);
}

/* The time that was left is there, as natively. */
TEST_F(semantics, cancel_tells_time)
{
	struct process *p = self->p;
	struct timespec *ts = (void *)(p->mem + IN), *left = (void *)(p->mem + OUT);

	*ts = (struct timespec) { .tv_sec = FOREVER_S };
	start_call(p, 1, SYS_nanosleep, at(IN), at(OUT));
	ASSERT_TRUE(eventually(threads_in(p->pid, SYS_nanosleep, NULL) == 1));
	process_cancel(p, 1);
	EXPECT_EQ(-EINTR, process_result(p, 1));
	EXPECT_LT(0, left->tv_sec);
	EXPECT_GT(FOREVER_S, left->tv_sec);
}

/* 1 MiB of the window: the first pages, again and again */
static void map_repeatedly(struct process *p)
{
	__u64 *table = p->table[NR_TABLES - 1];
	unsigned int i;

	for (i = NR_PAGES; i < 256; i++)
		table[i] = table[i % NR_PAGES];
}

/* What was done is the result. */
TEST_F(semantics, cancel_partial)
{
	struct process *p = self->p;
	int *fd = (void *)(p->mem + OUT);

	map_repeatedly(p);
	ASSERT_EQ(0, call(p, SYS_pipe2, at(OUT), 0));
	start_call(p, 1, SYS_write, fd[1], WINDOW, 1 << 20);
	ASSERT_TRUE(eventually(threads_in(p->pid, SYS_write, NULL) == 1));
	process_cancel(p, 1);
	EXPECT_EQ(1 << 16, process_result(p, 1));
	EXPECT_EQ(CRTOS_ENTRY_DONE, status_of(p, 1));

	ASSERT_EQ(0, call(p, SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, at(OUT)));
	EXPECT_EQ(3, call(p, SYS_write, fd[1], put(p, IN, "abc", 3), 3));
	start_call(p, 1, SYS_recvfrom, fd[0], at(OUT + 64), 10, MSG_WAITALL, 0, 0);
	ASSERT_TRUE(eventually(threads_in(p->pid, SYS_recvfrom, NULL) == 1));
	process_cancel(p, 1);
	EXPECT_EQ(3, process_result(p, 1));
	EXPECT_EQ(CRTOS_ENTRY_DONE, status_of(p, 1));
	EXPECT_EQ(0, memcmp("abc", p->mem + OUT + 64, 3));
}

/* Too late, with a call under way that must not notice */
TEST_F(semantics, cancel_completed)
{
	struct process *p = self->p;
	unsigned int i;

	ASSERT_TRUE(process_block(p, 1));
	for (i = 0; i < 50; i++) {
		start_call(p, 2, SYS_getppid);
		EXPECT_EQ(getpid(), process_result(p, 2));
		process_cancel(p, 2);
		EXPECT_EQ(getpid(), p->slot->entries[2].result);
		EXPECT_EQ(CRTOS_ENTRY_DONE, status_of(p, 2));
		EXPECT_TRUE(process_answers(p));
	}
	EXPECT_TRUE(process_unblock(p, 1));
}

/* Too early: Linux could not take it yet. It is never made. */
TEST_F(semantics, cancel_before)
{
	struct process *p = limited(&self->peer);
	unsigned int i;

	ASSERT_NE(NULL, p);
	for (i = 10; i < 20; i++) {
		snprintf(p->mem + PATH + 64 * i, 64, "%s.%u", locked_path, i);
		start_call(p, i, SYS_mkdir, at(PATH + 64 * i), 0700);
		if (i % 2)
			process_cancel(p, i);
	}
	feed(p->pid, p->pipe[1], 4);
	for (i = 10; i < 20; i++) {
		EXPECT_EQ(i % 2 ? -EINTR : 0, process_result(p, i));
		EXPECT_EQ(i % 2 ? -1 : 0, rmdir(p->mem + PATH + 64 * i));
		EXPECT_EQ(i % 2 ? CRTOS_ENTRY_RESTART_ALWAYS : CRTOS_ENTRY_DONE, status_of(p, i));
	}
	for (i = 1; i <= 4; i++)
		EXPECT_EQ(1, process_result(p, i));
}

TEST_F(semantics, cancel_one_of_many)
{
	struct process *p = self->p;
	unsigned int i;

	ASSERT_TRUE(process_block(p, 32));
	process_cancel(p, 7);
	EXPECT_EQ(-EINTR, process_result(p, 7));
	EXPECT_TRUE(process_answers(p));
	EXPECT_TRUE(entries_pending(p, 1, 6));
	EXPECT_TRUE(entries_pending(p, 8, 32));
	EXPECT_EQ(31, call(p, SYS_write, p->pipe[1], at(0), 31));
	for (i = 1; i <= 32; i++)
		EXPECT_EQ(i == 7 ? -EINTR : 1, process_result(p, i));
}

TEST_F(semantics, cancel_all)
{
	struct process *p = self->p;
	unsigned int i;

	ASSERT_TRUE(process_block(p, 63));
	for (i = 1; i <= 63; i++)
		process_cancel(p, i);
	for (i = 1; i <= 63; i++) {
		EXPECT_EQ(-EINTR, process_result(p, i));
		EXPECT_EQ(CRTOS_ENTRY_RESTART, status_of(p, i));
	}
	EXPECT_TRUE(process_answers(p));
}

/* Each entry is completed once: nothing is written to it afterwards. */
#define UNTOUCHED	0x55

/* Returns how many bytes were read, or -1 if a result is wrong. */
static int collect(struct process *p, unsigned int nr)
{
	unsigned int i;
	int bytes = 0;
	__s64 result;

	for (i = 1; i <= nr; i++) {
		result = process_result(p, i);
		if (result != 1 && result != -EINTR)
			return -1;
		if (result == 1)
			bytes++;
		p->slot->entries[i].result = UNTOUCHED;
		p->slot->entries[i].status = UNTOUCHED;
	}
	for (i = 0; i < nr; i++)
		if (!process_answers(p))
			return -1;
	for (i = 1; i <= nr; i++)
		if (p->slot->entries[i].result != UNTOUCHED || status_of(p, i) != UNTOUCHED)
			return -1;
	return bytes;
}

/* Calls end at the time when they are cancelled. One that is not waits on. */
TEST_F_TIMEOUT(semantics, cancel_storm, 120)
{
	struct process *p = self->p;
	int *fd = (void *)(p->mem + OUT), other[2], bytes;
	unsigned int i, round;

	ASSERT_EQ(0, call(p, SYS_pipe2, at(OUT), 0));
	memcpy(other, fd, sizeof(other));
	ASSERT_EQ(0, call(p, SYS_pipe2, at(OUT), O_NONBLOCK));
	memcpy(p->pipe, fd, sizeof(p->pipe));
	EXPECT_EQ(0, call(p, SYS_fcntl, p->pipe[0], F_SETFL, 0));
	for (round = 0; round < 100; round++) {
		for (i = 1; i <= 8; i++)
			start_call(p, i, SYS_read, p->pipe[0], at(IN + i), 1);
		start_call(p, 9, SYS_write, p->pipe[1], at(IN), 8);
		/* Its worker may be one that a cancellation is on its way to. */
		for (i = 1; i <= 8; i++) {
			process_cancel(p, round % 2 ? i : 9 - i);
			start_call(p, 9 + i, SYS_read, other[0], at(IN + 64 + i), 1);
		}
		EXPECT_EQ(8, process_result(p, 9));
		bytes = collect(p, 8);
		ASSERT_LE(0, bytes);
		EXPECT_TRUE(entries_pending(p, 10, 17));
		EXPECT_EQ(8, call(p, SYS_write, other[1], at(IN), 8));
		for (i = 10; i <= 17; i++)
			EXPECT_EQ(1, process_result(p, i));
		/* What was read is what is missing. */
		if (bytes < 8)
			EXPECT_EQ(8 - bytes, call(p, SYS_read, p->pipe[0], at(IN), 8));
	}
}

/* What interrupts threads of Linux, and what calls natively make of it */

/* Who makes the same call natively */
struct native {
	pid_t pid;
	bool done;
	__s64 result;
	struct wait wait;
};

FIXTURE(interruption) {
	struct peer peer;
	struct process *p;
	struct native *native;
	__u64 start;
};

FIXTURE_VARIANT(interruption) {
	bool (*interrupt)(pid_t pid);
};

static bool stop_and_continue(pid_t pid)
{
	int status;

	return !kill(pid, SIGSTOP) && waitpid(pid, &status, WUNTRACED) == pid &&
	       WIFSTOPPED(status) && !kill(pid, SIGCONT) &&
	       waitpid(pid, &status, WCONTINUED) == pid && WIFCONTINUED(status);
}

/* Threads that end meanwhile are no failure. */
static unsigned int trace_threads(pid_t pid, pid_t *tids, unsigned int max)
{
	struct dirent *entry;
	unsigned int nr = 0;
	char path[32];
	int status;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	dir = opendir(path);
	while (dir && nr < max && (entry = readdir(dir))) {
		pid_t tid = atoi(entry->d_name);

		if (tid && !ptrace(PTRACE_SEIZE, tid, 0, 0) &&
		    !ptrace(PTRACE_INTERRUPT, tid, 0, 0) &&
		    waitpid(tid, &status, __WALL) == tid && WIFSTOPPED(status))
			tids[nr++] = tid;
	}
	if (dir)
		closedir(dir);
	return nr;
}

static bool trace_and_detach(pid_t pid)
{
	pid_t tids[CRTOS_NR_ENTRIES + 2];
	unsigned int nr = trace_threads(pid, tids, ARRAY_SIZE(tids)), i;
	bool good = nr;

	for (i = 0; i < nr; i++)
		good = !ptrace(PTRACE_DETACH, tids[i], 0, 0) && good;
	return good;
}

#define CGROUP	"/sys/fs/cgroup"
#define FREEZER	CGROUP "/crtos-test"

static bool freeze_and_thaw(pid_t pid)
{
	char number[16];
	bool good;

	snprintf(number, sizeof(number), "%d", pid);
	good = !mkdir(FREEZER, 0755) && write_file(FREEZER "/cgroup.procs", number) &&
	       write_file(FREEZER "/cgroup.freeze", "1") &&
	       eventually(file_has(FREEZER "/cgroup.events", "frozen 1"));
	good = write_file(FREEZER "/cgroup.freeze", "0") && good &&
	       eventually(file_has(FREEZER "/cgroup.events", "frozen 0"));
	return write_file(CGROUP "/cgroup.procs", number) && !rmdir(FREEZER) && good;
}

FIXTURE_VARIANT_ADD(interruption, stop) { .interrupt = stop_and_continue };
FIXTURE_VARIANT_ADD(interruption, trace) { .interrupt = trace_and_detach };
FIXTURE_VARIANT_ADD(interruption, freeze) { .interrupt = freeze_and_thaw };

static struct subject native_subject(struct native *native)
{
	return (struct subject) {
		.pid = native->pid,
		.mem = native,
		.base = (uintptr_t)native,
		.sleep_s = 5,
	};
}

static pid_t native_start(struct native *native, const struct scenario *scenario)
{
	struct subject s = native_subject(native);
	pid_t pid = fork();
	__u64 args[6] = {};

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	native->result = scenario->arm(&s, &native->wait, args) ? ask(&s, scenario->nr, args) :
								  NO_RESULT;
	store_release(&native->done, true);
	for (;;)
		pause();
}

/* It waits, in its own name or in that of what Linux restarts it with, or is done. */
static bool waits_in(pid_t pid, __u32 nr)
{
	return threads_in(pid, nr, NULL) || threads_in(pid, SYS_restart_syscall, NULL);
}

static bool natives_settled(struct native *native)
{
	size_t i;

	for (i = 0; i < NR_SCENARIOS; i++)
		if (!load_acquire(&native[i].done) && !waits_in(native[i].pid, scenarios[i].nr))
			return false;
	return true;
}

static unsigned int natives_done(struct native *native)
{
	unsigned int nr = 0;
	size_t i;

	for (i = 0; i < NR_SCENARIOS; i++)
		nr += load_acquire(&native[i].done) && !scenarios[i].sleeps;
	return nr;
}

/* The same for all calls of one process. Entry 1 has the first scenario. */
static bool calls_settled(struct process *p)
{
	unsigned int pending = 0, waiting = threads_in(p->pid, SYS_restart_syscall, NULL);
	size_t i, j;

	for (i = 0; i < NR_SCENARIOS; i++) {
		if (status_of(p, i + 1) != CRTOS_ENTRY_PENDING)
			continue;
		pending++;
		for (j = 0; j < i; j++)
			if (scenarios[j].nr == scenarios[i].nr &&
			    status_of(p, j + 1) == CRTOS_ENTRY_PENDING)
				break;
		if (j == i)
			waiting += threads_in(p->pid, scenarios[i].nr, NULL);
	}
	return waiting >= pending;
}

FIXTURE_SETUP(interruption)
{
	const char *why = peer_missing();
	struct subject s;
	size_t i;

	if (why)
		SKIP(return, "%s", why);
	if (variant->interrupt == freeze_and_thaw && access(CGROUP "/cgroup.procs", W_OK))
		SKIP(return, "no cgroup2 in " CGROUP);
	ASSERT_EQ(0, unshare(CLONE_NEWIPC));
	memcpy(locked_path, LOCKED_PATH, sizeof(LOCKED_PATH));
	locked = mkstemp(locked_path);
	ASSERT_TRUE(lock_file(F_WRLCK, LOCK_EX));
	self->native = mmap(NULL, NR_SCENARIOS * sizeof(*self->native), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->native);
	ASSERT_EQ(0, peer_start_ready(&self->peer));
	self->p = peer_spawn(&self->peer);
	ASSERT_NE(NULL, self->p);

	self->start = now_ms();
	s = forwarded(self->p, 5);
	for (i = 0; i < NR_SCENARIOS; i++) {
		ASSERT_TRUE(start_scenario(&s, i + 1, &scenarios[i]));
		self->native[i].pid = native_start(&self->native[i], &scenarios[i]);
	}
	ASSERT_TRUE(eventually(natives_settled(self->native) && calls_settled(self->p)));
}

FIXTURE_TEARDOWN(interruption)
{
	size_t i;

	for (i = 0; i < NR_SCENARIOS; i++)
		kill(self->native[i].pid, SIGKILL);
	peer_stop(&self->peer);
	unlink(locked_path);
}

/* Descriptors need not have the same number. */
static bool same_end(const struct scenario *scenario, __s64 natively, struct process *p,
		     unsigned int index)
{
	__s64 result = p->slot->entries[index].result;

	return result == natively || (ended_well(scenario, result) &&
				      ended_well(scenario, natively));
}

static void compare_ends(struct __test_metadata *const _metadata, struct process *p,
			 struct native *native)
{
	const struct scenario *scenario;
	bool done, natively;
	size_t i;

	for (i = 0; i < NR_SCENARIOS; i++) {
		scenario = &scenarios[i];
		done = status_of(p, i + 1) != CRTOS_ENTRY_PENDING;
		natively = load_acquire(&native[i].done);
		if (!scenario->sleeps) {
			EXPECT_EQ(natively, done)
				TH_LOG("%s", scenario->name);
		}
		if (done && natively) {
			EXPECT_TRUE(same_end(scenario, native[i].result, p, i + 1))
				TH_LOG("%s: %lld", scenario->name, (long long)native[i].result);
		}
	}
}

static void release_rest(struct process *p, struct native *native)
{
	struct subject s = forwarded(p, 0), here;
	size_t i;

	for (i = 0; i < NR_SCENARIOS; i++) {
		if (status_of(p, i + 1) == CRTOS_ENTRY_PENDING)
			scenarios[i].release(&s, wait_of(p, i + 1));
		here = native_subject(&native[i]);
		if (!load_acquire(&native[i].done))
			scenarios[i].release(&here, &native[i].wait);
	}
}

/*
 * What ends early is what does natively, with the same result; and all others wait
 * as long as they would have.
 */
TEST_F_TIMEOUT(interruption, changes_nothing, 120)
{
	struct native *native = self->native;
	struct process *p = self->p;
	unsigned int round;
	size_t i;

	for (round = 0; round < 2; round++) {
		EXPECT_TRUE(variant->interrupt(p->pid));
		for (i = 0; i < NR_SCENARIOS; i++)
			EXPECT_TRUE(variant->interrupt(native[i].pid));
		EXPECT_TRUE(eventually(natives_settled(native)));
		EXPECT_TRUE(eventually(calls_settled(p)));
		compare_ends(_metadata, p, native);
	}
	/* See signal(7). */
	EXPECT_LE(1, natives_done(native));
	release_rest(p, native);
	for (i = 0; i < NR_SCENARIOS; i++) {
		EXPECT_NE(NO_RESULT, process_result(p, i + 1))
			TH_LOG("%s", scenarios[i].name);
		EXPECT_TRUE(eventually(load_acquire(&native[i].done)));
		EXPECT_EQ(CRTOS_ENTRY_DONE, status_of(p, i + 1));
	}
	compare_ends(_metadata, p, native);
	EXPECT_LE(5000, now_ms() - self->start);
	EXPECT_TRUE(process_answers(p));
}

/* Who the process is */

static __s64 open_path(struct process *p, const char *path, int flags)
{
	return call(p, SYS_openat, AT_FDCWD, put_string(p, PATH, path), flags, 0600);
}

/* No call that is published after one that changes rights has the old ones. */
TEST_F_TIMEOUT(semantics, setresuid, 60)
{
	struct process *p = self->p;
	unsigned int i;

	EXPECT_LE(3, open_path(p, locked_path, O_RDONLY));
	ASSERT_TRUE(process_block(p, 32));
	EXPECT_EQ(0, call(p, SYS_setresuid, NOBODY, NOBODY, NOBODY));
	EXPECT_TRUE(entries_pending(p, 1, 32));
	for (i = 33; i < CRTOS_NR_ENTRIES; i++)
		start_call(p, i, SYS_openat, AT_FDCWD, at(PATH), O_RDONLY, 0);
	for (i = 33; i < CRTOS_NR_ENTRIES; i++)
		EXPECT_EQ(-EACCES, process_result(p, i));
	EXPECT_TRUE(process_unblock(p, 32));
	for (i = 0; i < 10; i++) {
		EXPECT_EQ(-EACCES, open_path(p, locked_path, O_RDONLY));
		EXPECT_EQ(NOBODY, call(p, SYS_getuid));
	}
	EXPECT_EQ(-EPERM, call(p, SYS_setresuid, 0, 0, 0));
	EXPECT_EQ(0, call(self->p = peer_spawn(&self->peer), SYS_getuid));
}

/* Calls that wait do not notice, whatever they are; and there and back again. */
TEST_F_TIMEOUT(semantics, identity_with_calls, 60)
{
	struct process *p = self->p;
	unsigned int i, round;

	for (i = 0; i < NR_SCENARIOS; i++)
		ASSERT_TRUE(start_scenario(&self->s, i + 1, &scenarios[i]));
	ASSERT_TRUE(eventually(calls_settled(p)));
	for (round = 0; round < 10; round++) {
		EXPECT_EQ(0, call(p, SYS_setresuid, -1, NOBODY, -1));
		EXPECT_EQ(NOBODY, call(p, SYS_geteuid));
		EXPECT_EQ(-EACCES, open_path(p, locked_path, O_RDONLY));
		EXPECT_EQ(0, call(p, SYS_setresuid, -1, 0, -1));
		EXPECT_EQ(0, call(p, SYS_geteuid));
		EXPECT_LE(0, open_path(p, locked_path, O_RDONLY));
	}
	EXPECT_TRUE(entries_pending(p, 1, NR_SCENARIOS));
}

TEST_F(semantics, groups)
{
	struct process *p = self->p;
	gid_t *out = (void *)(p->mem + OUT);

	put(p, IN, (gid_t[]) { 7, 9 }, 2 * sizeof(gid_t));
	EXPECT_EQ(0, call(p, SYS_setgroups, 2, at(IN)));
	EXPECT_EQ(2, call(p, SYS_getgroups, 2, at(OUT)));
	EXPECT_TRUE(out[0] == 7 && out[1] == 9);
	EXPECT_TRUE(status_has(p->pid, "Groups:\t7 9"));
	EXPECT_EQ(0, call(p, SYS_setresgid, 5, 5, 5));
	EXPECT_EQ(5, call(p, SYS_getegid));

	/* Readable for group 9 only */
	ASSERT_EQ(0, fchown(locked, 0, 9));
	ASSERT_EQ(0, fchmod(locked, 0040));
	EXPECT_EQ(0, call(p, SYS_setuid, NOBODY));
	EXPECT_LE(0, open_path(p, locked_path, O_RDONLY));
	EXPECT_EQ(-EACCES, open_path(p, locked_path, O_WRONLY));
	EXPECT_EQ(-EPERM, call(p, SYS_setgroups, 0, 0));
}

TEST_F(semantics, capabilities)
{
	struct process *p = self->p;
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct *data = (void *)(p->mem + OUT);

	put(p, IN, &header, sizeof(header));
	put_string(p, PATH, locked_path);
	EXPECT_EQ(0, call(p, SYS_chown, at(PATH), 1, 1));
	ASSERT_EQ(0, call(p, SYS_capget, at(IN), at(OUT)));
	EXPECT_TRUE(data[0].effective & 1U << CAP_CHOWN);
	data[0].effective &= ~(1U << CAP_CHOWN);
	data[0].permitted &= ~(1U << CAP_CHOWN);
	EXPECT_EQ(0, call(p, SYS_capset, at(IN), at(OUT)));
	EXPECT_EQ(-EPERM, call(p, SYS_chown, at(PATH), 2, 2));
	memset(data, 0xff, 2 * sizeof(*data));
	EXPECT_EQ(0, call(p, SYS_capget, at(IN), at(OUT)));
	EXPECT_FALSE(data[0].effective & 1U << CAP_CHOWN);
	data[0].permitted |= 1U << CAP_CHOWN;
	EXPECT_EQ(-EPERM, call(p, SYS_capset, at(IN), at(OUT)));
}

static bool has_name(struct process *p, const char *name)
{
	struct utsname *uts = (void *)(p->mem + OUT);

	memset(uts, 0, sizeof(*uts));
	return call(p, SYS_uname, at(OUT)) == 0 && !strcmp(uts->nodename, name);
}

TEST_F(semantics, namespaces)
{
	struct process *p = self->p;
	struct utsname uts;
	char path[32];
	__s64 fd;

	ASSERT_EQ(0, uname(&uts));
	snprintf(path, sizeof(path), "/proc/%d/ns/uts", getpid());
	fd = open_path(p, path, O_RDONLY);
	ASSERT_LE(0, fd);
	ASSERT_TRUE(process_block(p, 4));
	EXPECT_EQ(0, call(p, SYS_unshare, CLONE_NEWUTS));
	EXPECT_EQ(0, call(p, SYS_sethostname, put_string(p, IN, "inside"), 6));
	EXPECT_TRUE(has_name(p, "inside"));
	EXPECT_TRUE(has_name(peer_spawn(&self->peer), uts.nodename));
	EXPECT_EQ(0, call(p, SYS_setns, fd, CLONE_NEWUTS));
	EXPECT_TRUE(has_name(p, uts.nodename));
	EXPECT_TRUE(process_unblock(p, 4));
}

/* After that no thread can be made any more, natively neither: the anchor makes the calls. */
TEST_F(semantics, pid_namespace)
{
	struct process *p = self->p, *child;
	unsigned int i;

	ASSERT_TRUE(process_block(p, 4));
	EXPECT_EQ(0, call(p, SYS_unshare, CLONE_NEWPID));
	for (i = 0; i < 10; i++) {
		EXPECT_EQ(p->pid, call(p, SYS_getpid));
		EXPECT_LT(0, call(p, SYS_getpriority, PRIO_PROCESS, 0));
		EXPECT_EQ(0, process_do(p, CRTOS_OP_UNMAP, 0, ARGS(WINDOW, PAGE)));
	}
	EXPECT_TRUE(process_unblock(p, 4));
	EXPECT_EQ(p->pid, call(p, SYS_getpid));
	EXPECT_LT(0, call(p, SYS_fork));
	child = peer_attach(&self->peer, 1);
	ASSERT_NE(NULL, child);
	EXPECT_EQ(1, call(child, SYS_getpid));
	EXPECT_EQ(4 << 8, process_exit(p, 4 << 8));
}

/* Only for a process with one thread, natively too: no call may be under way. */
TEST_F(semantics, user_namespace)
{
	struct process *p = self->p;

	ASSERT_TRUE(process_block(p, 8));
	EXPECT_EQ(-EINVAL, call(p, SYS_unshare, CLONE_NEWUSER));
	EXPECT_EQ(0, call(p, SYS_getuid));
	EXPECT_TRUE(process_unblock(p, 8));
	EXPECT_EQ(0, call(p, SYS_unshare, CLONE_NEWUSER));
	EXPECT_EQ(65534, call(p, SYS_getuid));
	EXPECT_EQ(-EPERM, call(p, SYS_setgroups, 0, 0));
	EXPECT_EQ(-EPERM, call(p, SYS_sethostname, put_string(p, IN, "inside"), 6));
}

/* Each time: who looks for other threads finds those of no call that has ended. */
TEST_F_TIMEOUT(semantics, single_threaded, 120)
{
	struct process *p = self->p;
	unsigned int round;

	for (round = 0; round < 30; round++) {
		ASSERT_TRUE(process_block(p, 4));
		EXPECT_EQ(-EINVAL, call(p, SYS_unshare, CLONE_THREAD));
		ASSERT_TRUE(process_unblock(p, 4));
		ASSERT_EQ(0, call(p, SYS_unshare, CLONE_THREAD))
			TH_LOG("round %u", round);
	}
}

TEST_F(semantics, chroot)
{
	struct process *p = self->p;
	char dir[] = "/tmp/crtos.XXXXXX", path[64];
	int fd;

	ASSERT_NE(NULL, mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/inside", dir);
	fd = open(path, O_CREAT | O_WRONLY, 0600);
	ASSERT_LE(0, fd);
	close(fd);
	ASSERT_TRUE(process_block(p, 4));
	EXPECT_EQ(-ENOENT, open_path(p, "/inside", O_RDONLY));
	EXPECT_EQ(0, call(p, SYS_chroot, put_string(p, PATH, dir)));
	EXPECT_LE(0, open_path(p, "/inside", O_RDONLY));
	EXPECT_EQ(-ENOENT, open_path(p, path, O_RDONLY));
	EXPECT_TRUE(process_unblock(p, 4));
	EXPECT_EQ(-1, access("/inside", F_OK));
	unlink(path);
	rmdir(dir);
}

/* All threads have one working directory and one mask. */
TEST_F(semantics, shared_by_threads)
{
	struct process *p = self->p;
	const char *name = strrchr(locked_path, '/') + 1;
	struct stat *st = (void *)(p->mem + OUT);
	unsigned int i;
	__s64 fd;

	for (i = 1; i <= 8; i++) {
		EXPECT_EQ(0, call(p, SYS_chdir, put_string(p, PATH, i % 2 ? "/tmp" : "/")));
		ASSERT_TRUE(process_block(p, i));
		EXPECT_EQ(i % 2 ? 0 : -ENOENT,
			  call(p, SYS_access, put_string(p, PATH, name), F_OK));
		EXPECT_LE(0, call(p, SYS_umask, i));
		fd = call(p, SYS_openat, AT_FDCWD, put_string(p, PATH, "/tmp"),
			  O_TMPFILE | O_RDWR, 0777);
		EXPECT_EQ(0, call(p, SYS_fstat, fd, at(OUT)));
		EXPECT_EQ(0777 & ~i, st->st_mode & 0777);
		EXPECT_TRUE(process_unblock(p, i));
	}
}

/* Of the thread that is blocked in a call; field numbers as in proc(5) */
static long thread_stat(struct process *p, __u32 nr, unsigned int field)
{
	char path[64], buf[1024], *word;
	pid_t tid;
	FILE *file;

	if (threads_in(p->pid, nr, &tid) != 1)
		return LONG_MIN;
	snprintf(path, sizeof(path), "/proc/%d/task/%d/stat", p->pid, tid);
	file = fopen(path, "r");
	if (!file)
		return LONG_MIN;
	word = fgets(buf, sizeof(buf), file) ? strrchr(buf, ')') : NULL;
	fclose(file);
	for (word = word ? strtok(word, " ") : NULL; word && field > 2; field--)
		word = strtok(NULL, " ");
	return word ? atol(word) : LONG_MIN;
}

#define STAT_NICE	19
#define STAT_PRIORITY	40
#define STAT_POLICY	41

/* What the process says of itself holds for the calls that it makes. */
TEST_F(semantics, scheduling)
{
	struct process *p = self->p;
	const struct sched_param param = {};

	EXPECT_EQ(20, call(p, SYS_getpriority, PRIO_PROCESS, 0));
	EXPECT_EQ(0, call(p, SYS_setpriority, PRIO_PROCESS, 0, 5));
	EXPECT_EQ(15, call(p, SYS_getpriority, PRIO_PROCESS, 0));
	EXPECT_EQ(15, call(p, SYS_getpriority, PRIO_PROCESS, p->pid));
	put(p, IN, &param, sizeof(param));
	EXPECT_EQ(SCHED_OTHER, call(p, SYS_sched_getscheduler, 0));
	EXPECT_EQ(0, call(p, SYS_sched_setscheduler, 0, SCHED_BATCH, at(IN)));
	EXPECT_EQ(SCHED_BATCH, call(p, SYS_sched_getscheduler, 0));
	EXPECT_EQ(SCHED_BATCH, sched_getscheduler(p->pid));
	ASSERT_TRUE(process_block(p, 1));
	EXPECT_EQ(5, thread_stat(p, SYS_read, STAT_NICE));
	EXPECT_EQ(SCHED_BATCH, thread_stat(p, SYS_read, STAT_POLICY));
	EXPECT_TRUE(process_unblock(p, 1));
}

TEST_F(semantics, affinity)
{
	struct process *p = self->p;
	cpu_set_t one, *out = (void *)(p->mem + OUT);

	CPU_ZERO(&one);
	CPU_SET(self->peer.cpu, &one);
	put(p, IN, &one, sizeof(one));
	EXPECT_EQ(0, call(p, SYS_sched_setaffinity, 0, sizeof(one), at(IN)));
	EXPECT_LT(0, call(p, SYS_sched_getaffinity, 0, sizeof(one), at(OUT)));
	EXPECT_EQ(1, CPU_COUNT(out));
	EXPECT_TRUE(CPU_ISSET(self->peer.cpu, out));
	EXPECT_TRUE(process_answers(p));
}

TEST_F(semantics, personality)
{
	struct process *p = self->p;
	int before = personality(0xffffffff);

	EXPECT_EQ(before, call(p, SYS_personality, 0xffffffff));
	EXPECT_EQ(before, call(p, SYS_personality, before | ADDR_NO_RANDOMIZE));
	EXPECT_EQ(before | ADDR_NO_RANDOMIZE, call(p, SYS_personality, 0xffffffff));
	EXPECT_EQ(before, personality(0xffffffff));
	EXPECT_EQ(0, call(p, SYS_personality, PER_LINUX | UNAME26) & UNAME26);
	EXPECT_TRUE(call(p, SYS_uname, at(OUT)) == 0);
	EXPECT_EQ(0, strncmp("2.6.", ((struct utsname *)(p->mem + OUT))->release, 4));
}

TEST_F(semantics, prctl)
{
	struct process *p = self->p;
	int *out = (void *)(p->mem + OUT);

	EXPECT_EQ(0, call(p, SYS_prctl, PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
	EXPECT_EQ(-EINVAL, call(p, SYS_prctl, PR_SET_NO_NEW_PRIVS, 2, 0, 0, 0));
	EXPECT_EQ(0, call(p, SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	EXPECT_EQ(1, call(p, SYS_prctl, PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
	EXPECT_TRUE(status_has(p->pid, "NoNewPrivs:\t1"));
	EXPECT_EQ(0, call(p, SYS_prctl, PR_SET_PDEATHSIG, SIGUSR1, 0, 0, 0));
	EXPECT_EQ(0, call(p, SYS_prctl, PR_GET_PDEATHSIG, at(OUT), 0, 0, 0));
	EXPECT_EQ(SIGUSR1, *out);
	EXPECT_EQ(0, call(p, SYS_prctl, PR_SET_NAME, put_string(p, IN, "some name"), 0, 0, 0));
	EXPECT_TRUE(status_has(p->pid, "Name:\tsome name\n"));
	EXPECT_EQ(0, call(p, SYS_prctl, PR_CAPBSET_DROP, CAP_CHOWN, 0, 0, 0));
	EXPECT_EQ(0, call(p, SYS_prctl, PR_CAPBSET_READ, CAP_CHOWN, 0, 0, 0));
	EXPECT_EQ(1, call(p, SYS_prctl, PR_CAPBSET_READ, CAP_FOWNER, 0, 0, 0));
	EXPECT_EQ(-EINVAL, call(p, SYS_prctl, 12345, 0, 0, 0, 0));
}

#define FORCED		"/proc/sys/kernel/shm_rmid_forced"

/* A segment that is attached nowhere goes with the thread that made it. */
TEST_F(semantics, segment)
{
	struct process *p = self->p;
	struct shmid_ds ds;
	__s64 id;

	if (!file_has(FORCED, "0"))
		SKIP(return, "no segments, or they are made so already");
	ASSERT_TRUE(write_file(FORCED, "1"));
	id = call(p, SYS_shmget, IPC_PRIVATE, PAGE, IPC_CREAT | 0600);
	EXPECT_LE(0, id);
	/* Workers are made anew. */
	EXPECT_EQ(0, call(p, SYS_setresuid, -1, -1, -1));
	EXPECT_TRUE(process_answers(p));
	EXPECT_EQ(0, shmctl(id, IPC_STAT, &ds));
	EXPECT_EQ(0, kill(p->pid, SIGKILL));
	EXPECT_TRUE(process_over(p));
	EXPECT_TRUE(eventually(shmctl(id, IPC_STAT, &ds) && (errno == EINVAL || errno == EIDRM)));
	EXPECT_TRUE(write_file(FORCED, "0"));
}

/* No file may be written to any more, if Linux knows that. */
TEST_F(semantics, landlock)
{
	const struct landlock_ruleset_attr attr = {
		.handled_access_fs = LANDLOCK_ACCESS_FS_WRITE_FILE,
	};
	struct process *p = self->p;
	int native = syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);
	int error = errno;
	__s64 fd = call(p, SYS_landlock_create_ruleset, put(p, IN, &attr, sizeof(attr)),
			sizeof(attr), 0);

	EXPECT_EQ(0, call(p, SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	EXPECT_LE(0, open_path(p, locked_path, O_WRONLY));
	if (native < 0) {
		EXPECT_EQ(-error, fd);
		EXPECT_EQ(-error, call(p, SYS_landlock_restrict_self, 3, 0));
		EXPECT_LE(0, open_path(p, locked_path, O_WRONLY));
		return;
	}
	ASSERT_TRUE(process_block(p, 8));
	EXPECT_EQ(0, call(p, SYS_landlock_restrict_self, fd, 0));
	EXPECT_EQ(-EACCES, open_path(p, locked_path, O_WRONLY));
	EXPECT_LE(0, open_path(p, locked_path, O_RDONLY));
	EXPECT_TRUE(process_unblock(p, 8));
}

/*
 * A label as security modules give, here Smack. Where it is written to a file, that of a
 * worker would change alone; the file of this name is that of the worker.
 */

#define NEW_LABEL	"new"
#define LABEL_OF_THREAD	"/proc/thread-self/attr/current"

/* Can labels be changed at all? That of the child is. */
static bool labels_change(void)
{
	int status = -1;
	pid_t pid = fork();

	if (!pid)
		_exit(!write_file(LABEL_OF_THREAD, NEW_LABEL) ||
		      !file_has(LABEL_OF_THREAD, NEW_LABEL));
	return pid > 0 && waitpid(pid, &status, 0) == pid && !status;
}

/* As the worker sees it that executes the call */
static bool has_label(struct process *p, const char *path, const char *label)
{
	const size_t len = strlen(label);
	__s64 fd = open_path(p, path, O_RDONLY);

	return fd >= 0 && call(p, SYS_read, fd, at(OUT), 64) == (__s64)len &&
	       !memcmp(p->mem + OUT, label, len) && !call(p, SYS_close, fd);
}

/* Also that of the anchor */
static bool process_has_label(struct process *p, const char *label)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/attr/current", p->pid);
	return has_label(p, LABEL_OF_THREAD, label) && file_has(path, label);
}

TEST_F(semantics, label)
{
	const struct {
		struct lsm_ctx ctx;
		char label[sizeof(NEW_LABEL)];
	} attr = {
		.ctx = { .id = LSM_ID_SMACK, .len = sizeof(attr), .ctx_len = sizeof(attr.label) },
		.label = NEW_LABEL,
	};
	static const char *const files[] = { LABEL_OF_THREAD, "/proc/self/attr/current" };
	struct process *p = self->p;
	__u32 before;
	size_t i;
	__s64 fd;

	if (!labels_change())
		SKIP(return, "no security module has labels");
	EXPECT_TRUE(process_has_label(p, "_"));
	for (i = 0; i < ARRAY_SIZE(files); i++) {
		fd = open_path(p, files[i], O_WRONLY);
		ASSERT_LE(0, fd);
		before = workers(p);
		EXPECT_EQ(-EACCES, call(p, SYS_write, fd, put_string(p, IN, NEW_LABEL),
					strlen(NEW_LABEL)));
		EXPECT_TRUE(process_has_label(p, "_"));
		EXPECT_GE(before, workers(p));
	}

	/* While others are in calls */
	ASSERT_TRUE(process_block(p, 8));
	EXPECT_EQ(0, call(p, __NR_lsm_set_self_attr, LSM_ATTR_CURRENT,
			  put(p, IN, &attr, sizeof(attr)), sizeof(attr), 0));
	EXPECT_TRUE(process_has_label(p, NEW_LABEL));
	EXPECT_TRUE(process_unblock(p, 8));
	EXPECT_TRUE(process_has_label(p, NEW_LABEL));
}

#define KEY		"key-of-the-thread"
#define POSSESSOR_ALL	0x3f000000

/* Calls find what is in the keyring of the thread, though others make them. */
TEST_F(semantics, thread_keyring)
{
	struct process *p = self->p;
	__s64 key, fd, len;

	put_string(p, IN, "user");
	put_string(p, IN + 64, KEY);
	key = call(p, SYS_add_key, at(IN), at(IN + 64), at(IN), 4, KEY_SPEC_THREAD_KEYRING);
	if (key == -ENOSYS)
		SKIP(return, "no CONFIG_KEYS");
	ASSERT_LT(0, key);
	ASSERT_EQ(0, call(p, SYS_keyctl, KEYCTL_SETPERM, key, POSSESSOR_ALL));
	/* Which has those that the reader possesses */
	fd = open_path(p, "/proc/keys", O_RDONLY);
	ASSERT_LE(0, fd);
	len = call(p, SYS_read, fd, at(OUT), 1024);
	ASSERT_LT(0, len);
	p->mem[OUT + len] = 0;
	EXPECT_NE(NULL, strstr((char *)p->mem + OUT, KEY));
	EXPECT_EQ(0, call(p, SYS_close, fd));
}

/* Limits of its own process are the caller's, whatever the ids; those of others are not. */
TEST_F(semantics, limits)
{
	struct process *p = self->p;

	ASSERT_EQ(0, call(p, SYS_setresuid, 1000, 1001, 1002));
	EXPECT_EQ(0, call(p, SYS_prlimit64, 0, RLIMIT_NOFILE, 0, at(OUT)));
	EXPECT_EQ(0, call(p, SYS_prlimit64, p->pid, RLIMIT_NOFILE, 0, at(OUT)));
	EXPECT_EQ(-EPERM, call(p, SYS_prlimit64, getpid(), RLIMIT_NOFILE, 0, at(OUT)));
}

#define APPARMOR	"/sys/kernel/security/apparmor/"
#define PROFILE_OF_THREAD	"/proc/thread-self/attr/apparmor/current"
#define ITS_PROFILE	"crtos_test"
#define OTHER_PROFILE	"crtos_other"
#define CHANGE_PROFILE	"changeprofile "

/* Elements of a policy, as AppArmor takes it: security/apparmor/policy_unpack.c */
enum { U32 = 2, NAME = 4, STRING = 5, STRUCT = 7, STRUCT_END = 8 };
#define VERSION		5
#define MODE_UNCONFINED	3

struct policy {
	unsigned char bytes[128];
	size_t len;
};

static void add(struct policy *policy, const void *data, size_t len)
{
	assert(policy->len + len <= sizeof(policy->bytes));
	memcpy(policy->bytes + policy->len, data, len);
	policy->len += len;
}

static void add_code(struct policy *policy, __u8 code)
{
	add(policy, &code, sizeof(code));
}

static void add_u32(struct policy *policy, __u32 value)
{
	add_code(policy, U32);
	add(policy, &value, sizeof(value));
}

static void add_text(struct policy *policy, __u8 code, const char *text)
{
	const __u16 len = strlen(text) + 1;

	add_code(policy, code);
	add(policy, &len, sizeof(len));
	add(policy, text, len);
}

static void add_struct(struct policy *policy, const char *name)
{
	add_text(policy, NAME, name);
	add_code(policy, STRUCT);
}

/* A profile that allows everything. Another @number makes it another one. */
static bool write_profile(const char *path, const char *name, __u32 number)
{
	struct policy policy = {};
	bool written;
	int fd, i;

	add_text(&policy, NAME, "version");
	add_u32(&policy, VERSION);
	add_struct(&policy, "profile");
	add_text(&policy, STRING, name);
	add_struct(&policy, "flags");
	add_u32(&policy, 0);
	add_u32(&policy, MODE_UNCONFINED);
	add_u32(&policy, 0);
	add_code(&policy, STRUCT_END);
	for (i = 0; i < 4; i++) /* capabilities */
		add_u32(&policy, number);
	add_code(&policy, STRUCT_END);

	fd = open(path, O_WRONLY);
	written = write(fd, policy.bytes, policy.len) == (ssize_t)policy.len;
	close(fd);
	return written;
}

static bool get_profile(const void *data)
{
	return write_file("/proc/self/attr/apparmor/current", CHANGE_PROFILE ITS_PROFILE);
}

/*
 * Whoever opens a file has the label renewed whose policy was replaced: each worker its own,
 * as that is done on the way back from the call. It is not what the call was for.
 */
TEST_F(semantics, policy_replaced)
{
	struct process *p;
	__s64 fd;
	int i;

	if (access(APPARMOR ".load", F_OK))
		SKIP(return, "no AppArmor");
	ASSERT_TRUE(write_profile(APPARMOR ".load", ITS_PROFILE, 0));
	ASSERT_TRUE(write_profile(APPARMOR ".load", OTHER_PROFILE, 0));
	p = peer_spawn_with(&self->peer, 0, get_profile, NULL);
	ASSERT_NE(NULL, p);
	for (i = 1; i < 4; i++) {
		EXPECT_TRUE(write_profile(APPARMOR ".replace", ITS_PROFILE, i));
		fd = open_path(p, "/", O_RDONLY);
		EXPECT_LE(0, fd);
		EXPECT_EQ(0, call(p, SYS_close, fd));
		EXPECT_EQ(0, call(p, SYS_pipe2, at(OUT), 0));
		/* Another worker, which has it from the anchor */
		EXPECT_EQ(0, call(p, SYS_setresuid, -1, -1, -1));
		EXPECT_EQ(0, call(p, SYS_pipe2, at(OUT), 0));
	}
	fd = open_path(p, PROFILE_OF_THREAD, O_RDWR);
	EXPECT_LE(0, fd);
	EXPECT_EQ(-EACCES, call(p, SYS_write, fd, put_string(p, IN, CHANGE_PROFILE OTHER_PROFILE),
				strlen(CHANGE_PROFILE OTHER_PROFILE)));
	EXPECT_TRUE(has_label(p, PROFILE_OF_THREAD, ITS_PROFILE " (unconfined)\n"));
	/* One that is gone makes a label stale, too. */
	EXPECT_TRUE(write_file(APPARMOR ".remove", ITS_PROFILE));
	EXPECT_EQ(0, call(p, SYS_pipe2, at(OUT), 0));
	EXPECT_TRUE(write_file(APPARMOR ".remove", OTHER_PROFILE));
}

/* Priority */

static bool become_realtime(const void *data)
{
	const struct rlimit limit = { *(const rlim_t *)data, *(const rlim_t *)data };
	const uid_t id = SOMEBODY;

	return !setrlimit(RLIMIT_RTPRIO, &limit) && !setgid(id) && !setuid(id);
}

/* A call that blocks as entry 1, with a priority */
static bool block_with(struct process *p, __u8 priority)
{
	struct crtos_entry *e;

	if (!p || call(p, SYS_pipe2, at(OUT), 0))
		return false;
	memcpy(p->pipe, p->mem + OUT, sizeof(p->pipe));
	e = process_fill(p, 1, CRTOS_OP_SYSCALL, SYS_read, ARGS(p->pipe[0], at(OUT), 1));
	e->priority = priority;
	process_publish(p, 1);
	process_ring(p);
	return eventually(threads_in(p->pid, SYS_read, NULL) == 1);
}

static bool all_normal(pid_t pid)
{
	struct dirent *entry;
	bool normal = true;
	char path[32];
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	dir = opendir(path);
	while (dir && (entry = readdir(dir)))
		if (atoi(entry->d_name))
			normal = sched_getscheduler(atoi(entry->d_name)) <= 0 && normal;
	if (dir)
		closedir(dir);
	return normal && dir;
}

/* EINVAL: the C library has registered some already. Otherwise there are these now. */
static bool has_restartable_sequences(const void *data)
{
	static char area[32] __attribute__((aligned(32)));

	return !syscall(SYS_rseq, area, sizeof(area), 0, 0x53053053) || errno == EINVAL;
}

/* Where a process has said that its restartable sequences are, 0: nowhere */
static __u64 sequences_of(pid_t pid)
{
	struct __ptrace_rseq_configuration sequences = { .rseq_abi_pointer = 1 };
	pid_t tids[CRTOS_NR_ENTRIES + 2];
	unsigned int nr = trace_threads(pid, tids, ARRAY_SIZE(tids)), i;

	ptrace(PTRACE_GET_RSEQ_CONFIGURATION, pid, sizeof(sequences), &sequences);
	for (i = 0; i < nr; i++)
		ptrace(PTRACE_DETACH, tids[i], 0, 0);
	return sequences.rseq_abi_pointer;
}

/* Linux would write to memory of a program that does not run any more. */
TEST_F(semantics, restartable_sequences)
{
	struct process *p, *child;

	if (!has_restartable_sequences(NULL))
		SKIP(return, "no restartable sequences in this kernel");
	p = peer_spawn_with(&self->peer, 0, has_restartable_sequences, NULL);
	ASSERT_NE(NULL, p);
	EXPECT_EQ(0, sequences_of(p->pid));
	child = peer_attach(&self->peer, call(p, SYS_fork));
	ASSERT_NE(NULL, child);
	EXPECT_EQ(0, sequences_of(child->pid));
}

FIXTURE(priority) {
	struct peer peer;
};

FIXTURE_VARIANT(priority) {
	rlim_t limit;
	__u8 asked;
	int got;
};

FIXTURE_VARIANT_ADD(priority, below_limit) { .limit = 20, .asked = 10, .got = 10 };
FIXTURE_VARIANT_ADD(priority, above_limit) { .limit = 5, .asked = 10, .got = 5 };
FIXTURE_VARIANT_ADD(priority, at_limit) { .limit = 99, .asked = 99, .got = 99 };
FIXTURE_VARIANT_ADD(priority, none_allowed) { .limit = 0, .asked = 10, .got = 0 };
FIXTURE_VARIANT_ADD(priority, none_asked) { .limit = 20, .asked = 0, .got = 0 };

FIXTURE_SETUP(priority)
{
	const char *why = peer_missing();

	if (why)
		SKIP(return, "%s", why);
	ASSERT_EQ(0, peer_start_ready(&self->peer));
}

FIXTURE_TEARDOWN(priority)
{
	peer_stop(&self->peer);
}

TEST_F(priority, call)
{
	struct process *p = peer_spawn_with(&self->peer, 0, become_realtime, &variant->limit);

	ASSERT_TRUE(block_with(p, variant->asked));
	EXPECT_EQ(variant->got, thread_stat(p, SYS_read, STAT_PRIORITY));
	EXPECT_EQ(variant->got ? SCHED_FIFO : SCHED_OTHER, thread_stat(p, SYS_read, STAT_POLICY));
	/* Not of the process, and not of another call */
	EXPECT_EQ(SCHED_OTHER, call(p, SYS_sched_getscheduler, 0));
	EXPECT_TRUE(process_unblock(p, 1));
	EXPECT_TRUE(eventually(all_normal(p->pid)));
}

/* Who may have any priority may for a call as well; there is no 100. */
TEST_F(semantics, priority_of_root)
{
	struct process *p = self->p;

	ASSERT_TRUE(block_with(p, 42));
	EXPECT_EQ(42, thread_stat(p, SYS_read, STAT_PRIORITY));
	process_cancel(p, 1);
	EXPECT_EQ(-EINTR, process_result(p, 1));
	EXPECT_TRUE(eventually(all_normal(p->pid)));
	process_fill(p, 1, CRTOS_OP_SYSCALL, SYS_getppid, ARGS(0))->priority = 99;
	process_publish(p, 1);
	process_ring(p);
	EXPECT_EQ(getpid(), process_result(p, 1));
}

/* Memory */

/* Another page, or none, where the first page of OUT is; returns what there was */
static __u64 remap(struct process *p, __u64 entry)
{
	return __atomic_exchange_n(&p->table[NR_TABLES - 1][OUT / PAGE], entry, __ATOMIC_SEQ_CST);
}

static __s64 unmap(struct process *p)
{
	return process_do(p, CRTOS_OP_UNMAP, 0, ARGS(at(OUT), PAGE));
}

/* A call that waits writes where the memory is when it writes. */
TEST_F(semantics, unmap_before_data)
{
	struct process *p = self->p;
	int *fd = (void *)(p->mem + IN);
	__u64 before;

	ASSERT_EQ(0, call(p, SYS_pipe2, at(IN), 0));
	p->mem[OUT] = 'a';
	p->spare[0] = 'b';
	EXPECT_EQ(0, call(p, SYS_access, put(p, OUT + 64, "/", 2), F_OK));
	start_call(p, 1, SYS_read, fd[0], at(OUT), 1);
	ASSERT_TRUE(eventually(threads_in(p->pid, SYS_read, NULL) == 1));
	before = remap(p, peer_addr(&self->peer, p->spare) | PTE_ALL);
	EXPECT_EQ(0, unmap(p));
	EXPECT_EQ(1, call(p, SYS_write, fd[1], put(p, IN + 64, "x", 1), 1));
	EXPECT_EQ(1, process_result(p, 1));
	EXPECT_EQ('x', p->spare[0]);
	EXPECT_EQ('a', p->mem[OUT]);

	start_call(p, 1, SYS_read, fd[0], at(OUT), 1);
	ASSERT_TRUE(eventually(threads_in(p->pid, SYS_read, NULL)));
	remap(p, 0);
	EXPECT_EQ(0, unmap(p));
	EXPECT_EQ(1, call(p, SYS_write, fd[1], put(p, IN + 64, "y", 1), 1));
	EXPECT_EQ(-EFAULT, process_result(p, 1));
	EXPECT_EQ('x', p->spare[0]);
	EXPECT_EQ('a', p->mem[OUT]);
	remap(p, before);
}

/* At the same time: either the call came first, or there is nothing any more. */
TEST_F_TIMEOUT(semantics, unmap_with_data, 60)
{
	struct process *p = self->p;
	unsigned int round, nr[2] = {};
	int fd[2];
	__u64 before;
	__s64 result;
	char *byte = p->mem + OUT;

	ASSERT_EQ(0, call(p, SYS_pipe2, at(IN), 0));
	memcpy(fd, p->mem + IN, sizeof(fd));
	for (round = 0; round < 200; round++) {
		*byte = 'a';
		start_call(p, 1, SYS_read, fd[0], at(OUT), 1);
		start_call(p, 2, SYS_write, fd[1], put(p, IN, "x", 1), 1);
		if (round % 2)
			EXPECT_EQ(1, process_result(p, 2));
		before = remap(p, 0);
		process_start(p, 3, CRTOS_OP_UNMAP, 0, ARGS(at(OUT), PAGE));
		EXPECT_EQ(0, process_result(p, 3));
		EXPECT_EQ(1, process_result(p, 2));
		result = process_result(p, 1);
		ASSERT_TRUE(result == 1 || result == -EFAULT);
		EXPECT_EQ(result == 1 ? 'x' : 'a', *byte);
		nr[result == 1]++;
		EXPECT_EQ(-EFAULT, call(p, SYS_uname, at(OUT)));
		remap(p, before);
	}
	TH_LOG("%u with EFAULT, %u with data", nr[0], nr[1]);
}

/* A protection that is taken away holds for calls under way. */
TEST_F(semantics, protect_before_data)
{
	struct process *p = self->p;
	int *fd = (void *)(p->mem + IN);

	ASSERT_EQ(0, call(p, SYS_pipe2, at(IN), 0));
	EXPECT_EQ(0, call(p, SYS_getcwd, at(OUT), PAGE) < 0);
	start_call(p, 1, SYS_read, fd[0], at(OUT), 1);
	ASSERT_TRUE(eventually(threads_in(p->pid, SYS_read, NULL) == 1));
	remap(p, peer_addr(&self->peer, p->mem + OUT) | PTE_P | PTE_US);
	EXPECT_EQ(0, unmap(p));
	EXPECT_EQ(1, call(p, SYS_write, fd[1], put(p, IN + 64, "x", 1), 1));
	EXPECT_EQ(-EFAULT, process_result(p, 1));
	EXPECT_EQ('/', p->mem[OUT]);
	EXPECT_EQ(0, call(p, SYS_access, at(OUT), F_OK));
}

/* From Linux to the RTOS process, by whom may trace it; and the other way round */
TEST_F(semantics, process_vm)
{
	struct process *p = self->p, *other = peer_spawn(&self->peer);
	struct iovec here, there = { (void *)at(OUT), 4 };
	struct iovec *iov = (void *)(p->mem + IN);
	char buf[4] = {};

	here = (struct iovec) { buf, sizeof(buf) };
	put(p, OUT, "abc", 4);
	EXPECT_EQ(4, process_vm_readv(p->pid, &here, 1, &there, 1, 0));
	EXPECT_STREQ("abc", buf);
	buf[0] = 'x';
	EXPECT_EQ(4, process_vm_writev(p->pid, &here, 1, &there, 1, 0));
	EXPECT_STREQ("xbc", p->mem + OUT);
	there.iov_base = (void *)at(MEM_LEN);
	EXPECT_EQ(-1, process_vm_readv(p->pid, &here, 1, &there, 1, 0));
	EXPECT_EQ(EFAULT, errno);

	iov[0] = (struct iovec) { (void *)at(OUT + 64), 4 };
	iov[1] = (struct iovec) { buf, 4 };
	EXPECT_EQ(4, call(p, SYS_process_vm_readv, getpid(), at(IN), 1, at(IN) + sizeof(here), 1,
			  0));
	EXPECT_STREQ("xbc", p->mem + OUT + 64);
	ASSERT_NE(NULL, other);
	put(other, OUT, "def", 4);
	iov[1] = (struct iovec) { (void *)at(OUT), 4 };
	EXPECT_EQ(4, call(p, SYS_process_vm_readv, other->pid, at(IN), 1,
			  at(IN) + sizeof(here), 1, 0));
	EXPECT_STREQ("def", p->mem + OUT + 64);
	EXPECT_EQ(0, call(other, SYS_setuid, NOBODY));
	put(other, IN, iov, 2 * sizeof(*iov));
	EXPECT_EQ(-EPERM, call(other, SYS_process_vm_readv, p->pid, at(IN), 1,
			       at(IN) + sizeof(here), 1, 0));
}

TEST_F(semantics, vmsplice)
{
	struct process *p = self->p;
	struct iovec *iov = (void *)(p->mem + IN);
	int *fd = (void *)(p->mem + OUT);

	ASSERT_EQ(0, call(p, SYS_pipe2, at(OUT), 0));
	*iov = (struct iovec) { (void *)put(p, PATH, "abc", 3), 3 };
	EXPECT_EQ(3, call(p, SYS_vmsplice, fd[1], at(IN), 1, 0));
	/* It is the page, and not a copy. */
	p->mem[PATH] = 'x';
	EXPECT_EQ(3, call(p, SYS_read, fd[0], at(OUT + 64), 16));
	EXPECT_EQ(0, memcmp("xbc", p->mem + OUT + 64, 3));
	/* And from a pipe into memory */
	EXPECT_EQ(3, call(p, SYS_write, fd[1], put(p, PATH, "def", 3), 3));
	*iov = (struct iovec) { (void *)at(OUT + 64), 3 };
	EXPECT_EQ(3, call(p, SYS_vmsplice, fd[0], at(IN), 1, 0));
	EXPECT_EQ(0, memcmp("def", p->mem + OUT + 64, 3));
}

/* Past the page cache, to a disk that is memory */
TEST_F(semantics, direct_io)
{
	struct process *p = self->p;
	__s64 fd;

	if (access("/dev/ram0", R_OK | W_OK))
		SKIP(return, "no /dev/ram0");
	fd = open_path(p, "/dev/ram0", O_RDWR | O_DIRECT);
	ASSERT_LE(0, fd);
	memset(p->mem + IN, 'i', PAGE);
	memset(p->mem + OUT, 'o', PAGE);
	EXPECT_EQ(PAGE, call(p, SYS_pwrite64, fd, at(IN), PAGE, 0));
	EXPECT_EQ(PAGE, call(p, SYS_pread64, fd, at(OUT), PAGE, 0));
	EXPECT_EQ(0, memcmp(p->mem + IN, p->mem + OUT, PAGE));
	EXPECT_EQ(-EINVAL, call(p, SYS_pread64, fd, at(OUT), PAGE, 1));
	EXPECT_EQ(-EFAULT, call(p, SYS_pread64, fd, at(MEM_LEN), PAGE, 0));
}

/*
 * An RTOS that does not wait for ATTACHED. What it publishes is the end of an AIO context
 * whose ring the process has unmapped: Linux unmaps what is there since, the window.
 */
struct early {
	struct process *p;	/* whose memory is mapped */
	int stop;
};

#define EARLY_SLOTS	4

/* Of those that Linux takes first */
static struct crtos_slot *early_slot(struct early *early, unsigned int i)
{
	return early->p->slot - early->p->index + i;
}

static void *publish_early(void *data)
{
	struct early *early = data;
	struct crtos_slot *slot;
	unsigned int i = 0;

	while (!load_acquire(&early->stop)) {
		i = (i + 1) % EARLY_SLOTS;
		slot = early_slot(early, i);
		if (load_acquire(&slot->linux_state) == CRTOS_SLOT_ATTACHED)
			continue;
		slot->map_root = early->p->slot->map_root;
		slot->entries[0].nr = SYS_io_destroy;
		slot->entries[0].args[0] = WINDOW;
		slot->sq[0] = 0;
		store_release(&slot->sq_tail, 1);
	}
	return NULL;
}

static bool attached_early(struct early *early, pid_t pid)
{
	unsigned int i;

	for (i = 0; i < EARLY_SLOTS; i++)
		if (load_acquire(&early_slot(early, i)->linux_state) == CRTOS_SLOT_ATTACHED &&
		    (pid_t)early_slot(early, i)->pid == pid)
			return true;
	return false;
}

/* The window, in the child's copy of @data, is as long as the ring, which was where it will be. */
static bool set_aio_up(const void *data)
{
	struct crtos_run *run = (void *)data;
	FILE *maps = fopen("/proc/self/maps", "r");
	unsigned long ctx = 0, start, end;
	char line[256], *ring;

	if (!maps || syscall(SYS_io_setup, 1, &ctx))
		return false;
	do {
		if (!fgets(line, sizeof(line), maps))
			return false;
	} while (!strstr(line, "[aio]") || sscanf(line, "%lx-%lx", &start, &end) != 2);
	fclose(maps);
	run->window_len = end - start;
	ring = mremap((void *)start, end - start, end - start, MREMAP_MAYMOVE | MREMAP_FIXED,
		      (void *)WINDOW);
	return ring == (void *)WINDOW && !munmap(ring, end - start);
}

/* Started, with a call of the RTOS that comes early; or NULL */
static struct process *spawn_early(struct peer *peer, struct early *early)
{
	struct crtos_run run = peer_run_arg(peer, 3);
	pthread_t thread;
	bool attached;
	pid_t pid;

	early->stop = 0;
	if (pthread_create(&thread, NULL, publish_early, early))
		return NULL;
	pid = peer_fork_run(peer, &run, set_aio_up, &run);
	attached = pid > 0 && eventually(attached_early(early, pid));
	store_release(&early->stop, 1);
	pthread_join(thread, NULL);
	return attached ? peer_attach(peer, pid) : NULL;
}

TEST_F_TIMEOUT(semantics, call_before_attached, 120)
{
	struct early early = { .p = self->p };
	unsigned int i, done = 0;
	struct process *p;
	__s64 result;

	if (syscall(SYS_io_setup, 0, NULL) && errno == ENOSYS)
		SKIP(return, "no CONFIG_AIO");
	for (i = 0; i < 50; i++) {
		p = spawn_early(&self->peer, &early);
		ASSERT_NE(NULL, p)
			TH_LOG("time %u", i);
		p->tail = p->slot->sq_tail;
		result = p->tail ? process_result(p, 0) : -EINVAL;
		/* Linux may have cleared what was stored first. */
		EXPECT_TRUE(result == 0 || result == -EINVAL || result == -EBADF)
			TH_LOG("%lld", (long long)result);
		done += !result;
		/* Other memory is mapped now, in a window that is still there. */
		EXPECT_EQ(0, process_do(p, CRTOS_OP_UNMAP, 0, ARGS(WINDOW, PAGE)));
		EXPECT_EQ(p->pid, call(p, SYS_getpid));
		EXPECT_EQ(0, call(p, SYS_uname, at(0)));
		EXPECT_STREQ("Linux", p->mem);
		EXPECT_EQ(0, kill(p->pid, SIGKILL));
		EXPECT_EQ(SIGKILL, process_finish(p));
	}
	EXPECT_LT(0, done);
}

/* A word that a process of Linux and one of the RTOS have in common */
TEST_F(semantics, shared_futex)
{
	struct process *p = self->p;
	__u32 *word = (void *)(p->mem + OUT);

	*word = 5;
	EXPECT_EQ(-EAGAIN, call(p, SYS_futex, at(OUT), FUTEX_WAIT, 4, 0));
	start_call(p, 1, SYS_futex, at(OUT), FUTEX_WAIT, 5, 0);
	ASSERT_TRUE(eventually(threads_in(p->pid, SYS_futex, NULL) == 1));
	/* That is another word, for Linux. */
	EXPECT_EQ(0, syscall(SYS_futex, word, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 1));
	EXPECT_EQ(0, syscall(SYS_futex, word + 1, FUTEX_WAKE, 1));
	EXPECT_TRUE(entries_pending(p, 1, 1));
	EXPECT_TRUE(eventually(syscall(SYS_futex, word, FUTEX_WAKE, 1) == 1));
	EXPECT_EQ(0, process_result(p, 1));
}

TEST_HARNESS_MAIN
