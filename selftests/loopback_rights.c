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

/* What the action is done to */
struct target {
	struct peer *peer;
	__u32 partition;
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

static int try_start(struct target *t)
{
	__u32 cpu = first_cpu();
	struct crtos_start start = {
		.backend = CRTOS_BACKEND_LOOPBACK,
		.nr_cpus = 1,
		.cpus = (uintptr_t)&cpu,
		.partition = t->partition,
	};

	return do_request(t, CRTOS_IOC_START, &start);
}

static int try_stop(struct target *t)
{
	struct crtos_stop stop = { .partition = t->partition - 1 };

	return do_request(t, CRTOS_IOC_STOP, &stop);
}

static int try_peer(struct target *t)
{
	struct crtos_peer peer = { .partition = t->partition };

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

/* The page table of a process of root */
static int try_table(struct target *t)
{
	struct crtos_slot_stats stats = { .partition = t->partition };
	int err = do_request(t, CRTOS_IOC_SLOT, &stats);

	if (err)
		return err;
	return stats.map_root ? 0 : EACCES;
}

static int try_crash(struct target *t)
{
	struct crtos_post_mortem crash = { .partition = t->partition };

	return do_request(t, CRTOS_IOC_CRASH, &crash);
}

/* As far as the arguments: it would not come back. */
static int try_run(struct target *t)
{
	struct crtos_run run = peer_run_arg(t->peer, t->fd);

	run.window_len = 0;
	return do_request(t, CRTOS_IOC_RUN, &run);
}

static int try_resume(struct target *t)
{
	struct crtos_resume resume = { .result = -ENOENT };

	return do_request(t, CRTOS_IOC_RESUME, &resume);
}

static int try_write(const char *path)
{
	return open(path, O_WRONLY) < 0 ? errno : 0;
}

static int try_poll_ns(struct target *t)
{
	return try_write("/sys/class/crtos/partition0/poll_ns");
}

static int try_doorbell_cpu(struct target *t)
{
	return try_write("/sys/class/crtos/partition0/doorbell_cpu");
}

static int try_read_state(struct target *t)
{
	return open("/sys/class/crtos/partition0/state", O_RDONLY) < 0 ? errno : 0;
}

static int try_debugfs(struct target *t)
{
	return access("/sys/kernel/debug/crtos", R_OK | X_OK) ? errno : 0;
}

/* Errors in the order of enum who. EBUSY, EALREADY, ENOTCONN and EINVAL come later. */
static const struct row {
	int (*run)(struct target *t);
	int error[NR_WHO];
} rows[] = {
	{ try_open, { 0, 0, 0, EACCES, EACCES, EACCES } },
	{ try_start, { EALREADY, EPERM, EALREADY, EPERM, EPERM, EBADF } },
	{ try_stop, { ENOTCONN, EPERM, ENOTCONN, EPERM, EPERM, EBADF } },
	{ try_peer, { EBUSY, EPERM, EPERM, EPERM, EPERM, EBADF } },
	{ try_status, { 0, 0, 0, 0, 0, EBADF } },
	{ try_log, { 0, 0, 0, 0, 0, EBADF } },
	{ try_slot, { 0, 0, 0, 0, 0, EBADF } },
	{ try_table, { 0, 0, 0, EACCES, EACCES, EBADF } },
	{ try_crash, { 0, EPERM, 0, EPERM, EPERM, EBADF } },
	{ try_run, { EINVAL, EINVAL, EINVAL, EINVAL, EINVAL, EBADF } },
	{ try_resume, { EINVAL, EINVAL, EINVAL, EINVAL, EINVAL, EBADF } },
	{ try_read_state, { 0, 0, 0, 0, 0, 0 } },
	{ try_poll_ns, { 0, 0, 0, EACCES, EACCES, EACCES } },
	{ try_doorbell_cpu, { 0, 0, 0, EACCES, EACCES, EACCES } },
	{ try_debugfs, { 0, 0, 0, EACCES, EACCES, EACCES } },
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

static int as(enum who who, struct target *t, int (*run)(struct target *t))
{
	pid_t pid = fork();
	int status;

	if (!pid)
		_exit(become(t, who) ? run(t) : 255);
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return -1;
	return WEXITSTATUS(status);
}

FIXTURE(rights) {
	struct peer peer;
	struct process *p;
};

FIXTURE_SETUP(rights)
{
	const char *why = peer_missing();

	if (why)
		SKIP(return, "%s", why);
	ASSERT_EQ(0, peer_start_ready(&self->peer));
	self->p = peer_spawn(&self->peer);
	ASSERT_NE(NULL, self->p);
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
		.fd = peer->fd,
	};
	unsigned int who;
	size_t i;

	for (i = 0; i < nr; i++)
		for (who = 0; who < NR_WHO; who++)
			EXPECT_EQ(row[i].error[who], as(who, &target, row[i].run))
				TH_LOG("row %zu, column %u", i, who);
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

/* Bits for other users, or capabilities of the file, give a program on the RTOS nothing. */

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
