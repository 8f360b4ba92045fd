// SPDX-License-Identifier: GPL-2.0
/*
 * Who may do what: each cell of the table in security.rst. And what a process on the
 * RTOS cannot do to another one through Linux.
 */
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "../kselftest_harness.h"
#include "partition.h"
#include "peer.h"

#define NOBODY		65534
#define SOMEBODY	1234

#define IN		PAGE
#define OUT		(2 * PAGE)

/* Columns of the table */
enum who {
	ROOT,
	NO_SYS_ADMIN,		/* root without that capability */
	NO_SYS_RAWIO,
	CONTAINER,		/* root in a user namespace */
	SERVICE,		/* nobody, with the descriptor */
	STRANGER,		/* nobody, without it */
	NR_WHO,
};

/* What the action is done to. @other is a partition that may be stopped and has no peer. */
struct target {
	struct peer *peer;
	__u32 partition;
	__u32 other;
	__u32 slot;
	int fd;
};

static int do_request(struct target *t, unsigned long nr, void *arg)
{
	return ioctl(t->fd, nr, arg) < 0 ? errno : 0;
}

static int try_open(struct target *t)
{
	return open("/dev/crtos", O_RDWR) < 0 ? errno : 0;
}

static int start(struct target *t, __u32 *partition)
{
	__u32 cpu = first_cpu();
	struct crtos_start arg = {
		.backend = CRTOS_BACKEND_LOOPBACK,
		.nr_cpus = 1,
		.cpus = (uintptr_t)&cpu,
		.partition = CRTOS_PARTITION_ANY,
	};
	int err = do_request(t, CRTOS_IOC_START, &arg);

	*partition = arg.partition;
	return err;
}

static bool other_runs(struct target *t)
{
	struct crtos_status status = { .partition = t->other };

	return !do_request(t, CRTOS_IOC_STATUS, &status) &&
	       status.state == CRTOS_STATE_RUNNING;
}

/* Whoever could stop the last one has done it. */
static int start_other(struct target *t)
{
	return other_runs(t) ? 0 : start(t, &t->other);
}

static int stop(struct target *t, __u32 partition)
{
	struct crtos_stop arg = { .partition = partition };

	return do_request(t, CRTOS_IOC_STOP, &arg);
}

/* One more, which its starter ends */
static int try_start(struct target *t)
{
	__u32 partition;
	int err = start(t, &partition);

	return err ?: stop(t, partition);
}

static int try_stop(struct target *t)
{
	int err = stop(t, t->other);

	return err || !other_runs(t) ? err : EBUSY;
}

/* The descriptor, and with it the RTOS, goes with the process. */
static int try_peer(struct target *t)
{
	struct crtos_peer peer = { .partition = t->other };

	return do_request(t, CRTOS_IOC_PEER, &peer);
}

static int try_status(struct target *t)
{
	struct crtos_status status = { .partition = t->partition };

	return do_request(t, CRTOS_IOC_STATUS, &status);
}

static int try_log(struct target *t)
{
	char buf[16];
	struct crtos_log log = {
		.partition = t->partition, .len = sizeof(buf), .buf = (uintptr_t)buf,
	};

	return do_request(t, CRTOS_IOC_LOG, &log);
}

static int try_slot(struct target *t)
{
	struct crtos_slot_stats stats = { .partition = t->partition };

	return do_request(t, CRTOS_IOC_SLOT, &stats);
}

#define A_REGISTER	0x1234567890ULL

/* The page table and registers of a process: all or nothing */
static int try_table(struct target *t)
{
	static const struct crtos_regs none;
	struct crtos_slot_stats stats = { .partition = t->partition, .slot = t->slot };
	int err = do_request(t, CRTOS_IOC_SLOT, &stats);

	if (err)
		return err;
	if (stats.map_root && stats.has_regs && stats.regs.rip == A_REGISTER)
		return 0;
	err = stats.map_root || stats.has_regs || memcmp(&stats.regs, &none, sizeof(none));
	return err ? EIO : EACCES;
}

static int try_crash(struct target *t)
{
	struct crtos_post_mortem crash = { .partition = t->partition };

	return do_request(t, CRTOS_IOC_CRASH, &crash);
}

/* Does not come back, see as(). */
static int try_run(struct target *t)
{
	struct crtos_run run = peer_run_arg(t->peer, t->fd);

	return do_request(t, CRTOS_IOC_RUN, &run);
}

static int try_resume(struct target *t)
{
	struct crtos_resume resume = { .result = -ENOENT };

	return do_request(t, CRTOS_IOC_RESUME, &resume);
}

/* What is there already, so that nothing changes */
static int rewrite(const char *path)
{
	char text[32];
	int fd = open(path, O_RDWR);
	ssize_t len = fd < 0 ? -1 : read(fd, text, sizeof(text));

	return len > 0 && pwrite(fd, text, len, 0) == len ? 0 : errno ?: ENODATA;
}

static void attribute(struct target *t, const char *name, char path[64])
{
	snprintf(path, 64, "/sys/class/crtos/partition%u/%s", t->partition, name);
}

static int rewrite_attribute(struct target *t, const char *name)
{
	char path[64];

	attribute(t, name, path);
	return rewrite(path);
}

static int try_poll_ns(struct target *t)
{
	return rewrite_attribute(t, "poll_ns");
}

static int try_doorbell_cpu(struct target *t)
{
	return rewrite_attribute(t, "doorbell_cpu");
}

static int read_attribute(struct target *t, const char *name, const char *text)
{
	char path[64], buf[64];
	ssize_t len;
	int fd;

	attribute(t, name, path);
	fd = open(path, O_RDONLY);
	len = fd < 0 ? -1 : read(fd, buf, sizeof(buf));
	if (len < 0)
		return errno;
	return memmem(buf, len, text, strlen(text)) ? 0 : ENODATA;
}

static int try_state(struct target *t)
{
	return read_attribute(t, "state", "running");
}

static int try_region(struct target *t)
{
	return read_attribute(t, "region", "0x");
}

/* To have events is to enable them: nobody traces now. */
static int try_trace(struct target *t)
{
	return rewrite("/sys/kernel/tracing/events/crtos/enable");
}

static int try_debugfs(struct target *t, const char *name)
{
	char path[64], byte;
	int fd;

	snprintf(path, sizeof(path), "/sys/kernel/debug/crtos/partition%u/%s", t->partition, name);
	fd = open(path, O_RDONLY);
	return fd < 0 || read(fd, &byte, 1) != 1 ? errno ?: ENODATA : 0;
}

static int try_slots(struct target *t)
{
	return try_debugfs(t, "slots");
}

static int try_memory(struct target *t)
{
	return try_debugfs(t, "memory");
}

/* Errors in the order of enum who. @before: what has to be there, which root makes */
static const struct row {
	int (*run)(struct target *t);
	int error[NR_WHO];
	int (*before)(struct target *t);
} rows[] = {
	{ try_open, { 0, 0, 0, EACCES, EACCES, EACCES } },
	{ try_start, { 0, EPERM, 0, EPERM, EPERM, EBADF } },
	{ try_stop, { 0, EPERM, 0, EPERM, EPERM, EBADF }, start_other },
	{ try_peer, { 0, EPERM, EPERM, EPERM, EPERM, EBADF }, start_other },
	{ try_status, { 0, 0, 0, 0, 0, EBADF } },
	{ try_log, { 0, 0, 0, 0, 0, EBADF } },
	{ try_slot, { 0, 0, 0, 0, 0, EBADF } },
	{ try_table, { 0, 0, 0, EACCES, EACCES, EBADF } },
	{ try_crash, { 0, EPERM, 0, EPERM, EPERM, EBADF } },
	{ try_run, { 0, 0, 0, 0, 0, EBADF } },
	{ try_resume, { EINVAL, EINVAL, EINVAL, EINVAL, EINVAL, EBADF } },
	{ try_state, { 0, 0, 0, 0, 0, 0 } },
	{ try_region, { 0, 0, 0, EACCES, EACCES, EACCES } },
	{ try_poll_ns, { 0, 0, 0, EACCES, EACCES, EACCES } },
	{ try_doorbell_cpu, { 0, 0, 0, EACCES, EACCES, EACCES } },
	{ try_slots, { 0, 0, 0, EACCES, EACCES, EACCES } },
	{ try_memory, { 0, 0, 0, EACCES, EACCES, EACCES } },
	{ try_trace, { 0, 0, 0, EACCES, EACCES, EACCES } },
};

static bool become_user(uid_t id)
{
	return !setgroups(0, NULL) && !setgid(id) && !setuid(id);
}

static bool become(struct target *t, enum who who)
{
	switch (who) {
	case ROOT:
		return true;
	case NO_SYS_ADMIN:
		drop_capability(CAP_SYS_ADMIN);
		return true;
	case NO_SYS_RAWIO:
		drop_capability(CAP_SYS_RAWIO);
		return true;
	case CONTAINER:
		/* All capabilities, but none that counts */
		return become_user(NOBODY) && !unshare(CLONE_NEWUSER);
	case STRANGER:
		close(t->fd);
		return become_user(NOBODY);
	default:
		return become_user(NOBODY);
	}
}

/* Does the RTOS have a process of it, which makes calls as who it is? */
static int as_process(enum who who, struct process *p)
{
	uid_t id = who >= CONTAINER ? NOBODY : 0;

	if (call(p, SYS_getpid) != p->pid || call(p, SYS_geteuid) != id)
		return -1;
	return process_exit(p, 0);
}

static bool ended_or_process(struct target *t, pid_t pid, int *status, struct process **p)
{
	*p = NULL;
	if (waitpid(pid, status, WNOHANG) == pid)
		return true;
	*p = peer_find(t->peer, pid);
	return *p;
}

/* What the action returned to @who, or 0 if that is a process of the RTOS now */
static int as(enum who who, struct target *t, int (*run)(struct target *t))
{
	pid_t pid = fork();
	struct process *p;
	int status;

	if (!pid)
		_exit(become(t, who) ? run(t) : 255);
	if (pid < 0 || !eventually(ended_or_process(t, pid, &status, &p)))
		return -1;
	if (p)
		return run == try_run ? as_process(who, p) : -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

FIXTURE(rights) {
	struct peer peer;
	struct process *p;
};

/* What an RTOS writes of a process that does not run */
static void write_registers(struct process *p)
{
	struct crtos_regs *regs = (void *)p->mem;

	regs->rip = A_REGISTER;
	p->slot->regs = peer_addr(p->peer, regs);
}

FIXTURE_SETUP(rights)
{
	const char *why = peer_missing();

	if (why)
		SKIP(return, "%s", why);
	ASSERT_EQ(0, peer_start_ready(&self->peer));
	self->p = peer_spawn(&self->peer);
	ASSERT_NE(NULL, self->p);
	write_registers(self->p);
}

FIXTURE_TEARDOWN(rights)
{
	EXPECT_EQ(self->p->pid, call(self->p, SYS_getpid));
	peer_stop(&self->peer);
}

TEST_F(rights, mode)
{
	struct stat st;

	ASSERT_EQ(0, stat("/dev/crtos", &st));
	EXPECT_EQ(0600, st.st_mode & 07777);
	EXPECT_EQ(0, st.st_uid);
	EXPECT_EQ(0, st.st_gid);
}

static void try_rows(struct __test_metadata *_metadata, struct peer *peer,
		     const struct row *row, size_t nr)
{
	struct target target = {
		.peer = peer,
		.partition = peer->partition,
		.other = CRTOS_PARTITION_ANY,
		.fd = peer->fd,
	};
	unsigned int who;
	size_t i;

	for (i = 0; i < nr; i++) {
		for (who = 0; who < NR_WHO; who++) {
			if (row[i].before)
				ASSERT_EQ(0, row[i].before(&target));
			EXPECT_EQ(row[i].error[who], as(who, &target, row[i].run))
				TH_LOG("row %zu, column %u", i, who);
		}
	}
	stop(&target, target.other);
}

TEST_F(rights, table)
{
	try_rows(_metadata, &self->peer, rows, ARRAY_SIZE(rows));
}

/* The same for who could do it: those that START and PEER refuse anyway they refuse first. */
static const struct row locked_down[] = {
	{ try_start, { EPERM, EPERM, EPERM, EPERM, EPERM, EBADF } },
	{ try_peer, { EPERM, EPERM, EPERM, EPERM, EPERM, EBADF } },
};

/* There is no way back: lockdown.sh asks for it. */
TEST_F(rights, locked_down)
{
	const char *level = getenv("crtos_lock_down");

	if (!level)
		SKIP(return, "locks the machine down, so lockdown.sh does it");
	ASSERT_TRUE(write_file("/sys/kernel/security/lockdown", level));
	try_rows(_metadata, &self->peer, locked_down, ARRAY_SIZE(locked_down));
}

/* A service that was given the descriptor becomes a shadow, with its own rights. */
TEST_F(rights, service_runs)
{
	struct process *p;
	pid_t pid = peer_fork_as(&self->peer, NOBODY);

	p = peer_attach(&self->peer, pid);
	ASSERT_NE(NULL, p);
	EXPECT_EQ(NOBODY, call(p, SYS_geteuid));
	put_string(p, IN, "/dev/crtos");
	EXPECT_EQ(-EACCES, call(p, SYS_openat, AT_FDCWD, at(IN), O_RDWR));
	EXPECT_EQ(-EPERM, call(p, SYS_kill, self->p->pid, 0));
	EXPECT_EQ(0, process_exit(p, 0));
}

static bool send_descriptor(int socket, int fd)
{
	char byte = 0;
	struct iovec iov = { &byte, 1 };
	union {
		struct cmsghdr head;
		char space[CMSG_SPACE(sizeof(fd))];
	} control = {
		.head = {
			.cmsg_len = CMSG_LEN(sizeof(fd)),
			.cmsg_level = SOL_SOCKET,
			.cmsg_type = SCM_RIGHTS,
		},
	};
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};

	memcpy(CMSG_DATA(&control.head), &fd, sizeof(fd));
	return sendmsg(socket, &msg, 0) == 1;
}

/* The first that is free gets it. */
static bool receive_descriptor(int socket)
{
	char byte, control[CMSG_SPACE(sizeof(int))] __attribute__((aligned(8)));
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};

	return recvmsg(socket, &msg, 0) == 1 && CMSG_FIRSTHDR(&msg);
}

/* One that nobody's parents had: it comes through a socket. */
TEST_F(rights, descriptor_is_sent)
{
	struct crtos_run run = peer_run_arg(&self->peer, 3);
	struct process *p;
	int socket[2];
	pid_t pid;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, socket));
	pid = fork();
	if (!pid) {
		dup2(socket[1], STDIN_FILENO);
		close_range(3, ~0U, 0);
		if (become_user(NOBODY) && receive_descriptor(STDIN_FILENO))
			ioctl(3, CRTOS_IOC_RUN, &run);
		_exit(1);
	}
	ASSERT_TRUE(send_descriptor(socket[0], self->peer.fd));
	close(socket[0]);
	close(socket[1]);
	p = peer_attach(&self->peer, pid);
	ASSERT_NE(NULL, p);
	EXPECT_EQ(NOBODY, call(p, SYS_geteuid));
	EXPECT_EQ(0, process_exit(p, 0));
}

/* What a child of a user's gets, which has the descriptor */
static int as_user(uid_t id, struct target *t, int (*run)(struct target *t))
{
	pid_t pid = fork();
	int status;

	if (!pid)
		_exit(become_user(id) ? run(t) : 255);
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return -1;
	return WEXITSTATUS(status);
}

static pid_t shadow_of(struct target *t)
{
	return t->peer->process[t->slot].pid;
}

static int try_ptrace(struct target *t)
{
	return ptrace(PTRACE_SEIZE, shadow_of(t), 0, 0) ? errno : 0;
}

static int try_prlimit(struct target *t)
{
	const struct rlimit limit = { 100, 100 };

	return prlimit(shadow_of(t), RLIMIT_NOFILE, &limit, NULL) ? errno : 0;
}

static int try_kill(struct target *t)
{
	return kill(shadow_of(t), 0) ? errno : 0;
}

/* The owner may, if it lets itself be traced, as after execve(). No other user may. */
TEST_F(rights, owner)
{
	static int (*const actions[])(struct target *t) = {
		try_table, try_ptrace, try_prlimit, try_kill,
	};
	struct process *p = peer_attach(&self->peer, peer_fork_as(&self->peer, NOBODY));
	struct target target = {
		.peer = &self->peer,
		.partition = self->peer.partition,
		.slot = p ? p->index : 0,
		.fd = self->peer.fd,
	};
	unsigned int i;

	ASSERT_NE(NULL, p);
	write_registers(p);
	EXPECT_EQ(EACCES, as_user(NOBODY, &target, try_table));
	EXPECT_EQ(EPERM, as_user(NOBODY, &target, try_ptrace));
	EXPECT_EQ(0, call(p, SYS_prctl, PR_SET_DUMPABLE, 1, 0, 0, 0));
	for (i = 0; i < ARRAY_SIZE(actions); i++) {
		EXPECT_EQ(i ? EPERM : EACCES, as_user(SOMEBODY, &target, actions[i]))
			TH_LOG("action %u", i);
		EXPECT_EQ(0, as_user(NOBODY, &target, actions[i]))
			TH_LOG("action %u", i);
	}
	EXPECT_TRUE(process_answers(p));
	EXPECT_EQ(0, process_exit(p, 0));
}

/* Two of the RTOS's processes, of different users */

FIXTURE(slots) {
	struct peer peer;
	struct process *p, *other;
};

FIXTURE_SETUP(slots)
{
	const char *why = peer_missing();

	if (why)
		SKIP(return, "%s", why);
	ASSERT_EQ(0, peer_start_ready(&self->peer));
	self->p = peer_attach(&self->peer, peer_fork_as(&self->peer, NOBODY));
	self->other = peer_attach(&self->peer, peer_fork_as(&self->peer, SOMEBODY));
	ASSERT_TRUE(self->p && self->other);
	put_string(self->other, IN, "secret");
}

FIXTURE_TEARDOWN(slots)
{
	EXPECT_STREQ("secret", self->other->mem + IN);
	EXPECT_EQ(self->other->pid, call(self->other, SYS_getpid));
	peer_stop(&self->peer);
}

/* The same addresses are other memory. */
TEST_F(slots, own_memory)
{
	EXPECT_EQ(0, call(self->p, SYS_uname, at(IN)));
	EXPECT_STREQ("Linux", self->p->mem + IN);
}

TEST_F(slots, memory_of_the_other_one)
{
	struct process *p = self->p;
	const struct iovec iov = { .iov_base = (void *)at(IN), .iov_len = 7 };
	char path[64];

	put(p, 0, &iov, sizeof(iov));
	EXPECT_EQ(-EPERM, call(p, SYS_process_vm_readv, self->other->pid, at(0), 1, at(0), 1, 0));
	EXPECT_EQ(-EPERM, call(p, SYS_process_vm_writev, self->other->pid, at(0), 1, at(0), 1, 0));
	EXPECT_EQ(-EPERM, call(p, SYS_kill, self->other->pid, SIGKILL));
	snprintf(path, sizeof(path), "/proc/%d/mem", self->other->pid);
	put_string(p, OUT, path);
	EXPECT_EQ(-EACCES, call(p, SYS_openat, AT_FDCWD, at(OUT), O_RDONLY));
	EXPECT_EQ(-EACCES, call(p, SYS_openat, AT_FDCWD, at(OUT), O_WRONLY));
}

/* Completions and cancellations of a slot concern that slot. */
TEST_F(slots, upid_of_the_other_one)
{
	struct crtos_upid before, *upid = &self->other->slot->upid;
	unsigned int i;

	ASSERT_TRUE(process_block(self->other, 1));
	before = *upid;
	for (i = 0; i < CRTOS_NR_ENTRIES; i++) {
		process_fill(self->p, i, CRTOS_OP_SYSCALL, SYS_getpid, ARGS(0));
		self->p->slot->entries[i].flags = CRTOS_ENTRY_NOTIFY;
		process_publish(self->p, i);
		process_ring(self->p);
		EXPECT_TRUE(process_poll(self->p, i));
		process_cancel(self->p, i);
	}
	EXPECT_EQ(self->p->pid, call(self->p, SYS_getpid));
	EXPECT_EQ(0, memcmp(&before, upid, sizeof(before)));
	EXPECT_TRUE(process_unblock(self->other, 1));
}

/* Bits for other users give a program on the RTOS nothing; first_light.sh has execve(). */

static const char setuid_path[] = "/tmp/crtos-setuid";

static bool open_setuid(const void *data)
{
	return become_user(NOBODY) && open(setuid_path, O_RDONLY) == 4;
}

TEST_F(rights, setuid_program)
{
	struct crtos_run run = peer_run_arg(&self->peer, 3);
	struct process *p;
	int fd = open(setuid_path, O_CREAT | O_WRONLY | O_CLOEXEC, 0700);

	ASSERT_LE(0, fd);
	EXPECT_EQ(2, write(fd, "#!", 2));
	EXPECT_EQ(0, fchmod(fd, 06755));
	close(fd);
	run.program = 4;
	p = peer_attach(&self->peer, peer_fork_run(&self->peer, &run, open_setuid, NULL));
	EXPECT_EQ(0, unlink(setuid_path));
	ASSERT_NE(NULL, p);
	EXPECT_EQ(NOBODY, call(p, SYS_getuid));
	EXPECT_EQ(NOBODY, call(p, SYS_geteuid));
	EXPECT_EQ(NOBODY, call(p, SYS_getegid));
	EXPECT_EQ(-EPERM, call(p, SYS_setuid, 0));
	EXPECT_TRUE(status_has(p->pid, "CapEff:\t0000000000000000"));
	EXPECT_EQ(0, process_exit(p, 0));
}

TEST_HARNESS_MAIN
