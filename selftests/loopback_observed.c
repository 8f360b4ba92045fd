// SPDX-License-Identifier: GPL-2.0
/* What Linux's accounts say of forwarded calls: audit records, and charges of cgroups. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <linux/audit.h>
#include <linux/netlink.h>

#include "../kselftest_harness.h"
#include "peer.h"

/* An owner that no other process of the machine has */
#define SOMEBODY	51234

#define IN		0
#define OUT		PAGE

static bool become_somebody(const void *data)
{
	return !setgid(SOMEBODY) && !setuid(SOMEBODY);
}

/* Audit */

#define MAX_RECORDS	4096
#define MAX_TEXT	8970	/* of a record */

/* What an audit record has of a call */
struct record {
	pid_t pid;
	__u32 nr;
	__s64 exit;
	__u64 args[4];
};

struct message {
	struct nlmsghdr header;
	union {
		struct nlmsgerr error;
		char text[MAX_TEXT];
	};
};

/* What was recorded so far */
struct trail {
	int socket;
	struct record *records;
	unsigned int nr;
};

FIXTURE(audit) {
	struct peer peer;
	struct trail trail;
	struct process *p;
};

/* Returns 0 or -errno. Meanwhile records may come, and are dropped. */
static int audit_request(int socket, __u16 type, const void *data, size_t len)
{
	static struct message m;
	ssize_t got;

	m.header = (struct nlmsghdr) {
		.nlmsg_len = NLMSG_LENGTH(len),
		.nlmsg_type = type,
		.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK,
	};
	memcpy(NLMSG_DATA(&m.header), data, len);
	if (send(socket, &m, m.header.nlmsg_len, 0) < 0)
		return -errno;
	do {
		got = recv(socket, &m, sizeof(m), 0);
		if (got < 0)
			return -errno;
	} while (m.header.nlmsg_type != NLMSG_ERROR);
	return m.error.error;
}

static int audit_set(int socket, bool on)
{
	struct audit_status status = {
		.mask = AUDIT_STATUS_ENABLED | AUDIT_STATUS_BACKLOG_LIMIT | AUDIT_STATUS_PID,
		.enabled = on,
		.backlog_limit = MAX_RECORDS,
		.pid = on ? getpid() : 0,
	};

	return audit_request(socket, AUDIT_SET, &status, sizeof(status));
}

/* All calls of SOMEBODY */
static int audit_rule(int socket, __u16 type)
{
	struct audit_rule_data rule = {
		.flags = AUDIT_FILTER_EXIT,
		.action = AUDIT_ALWAYS,
		.field_count = 1,
		.fields = { AUDIT_UID },
		.values = { SOMEBODY },
		.fieldflags = { AUDIT_EQUAL },
	};

	memset(rule.mask, 0xff, sizeof(rule.mask));
	return audit_request(socket, type, &rule, sizeof(rule));
}

FIXTURE_SETUP(audit)
{
	const char *why = peer_missing();

	if (why)
		SKIP(return, "%s", why);
	self->trail.socket = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_AUDIT);
	if (self->trail.socket < 0)
		SKIP(return, "no audit");
	self->trail.records = calloc(MAX_RECORDS, sizeof(*self->trail.records));
	ASSERT_NE(NULL, self->trail.records);
	/* Tasks have audit contexts if it was on when they were made. */
	ASSERT_EQ(0, audit_set(self->trail.socket, true));
	ASSERT_EQ(0, audit_rule(self->trail.socket, AUDIT_ADD_RULE));
	ASSERT_EQ(0, peer_start_ready(&self->peer));
	self->p = peer_spawn_with(&self->peer, 0, become_somebody, NULL);
	ASSERT_NE(NULL, self->p);
}

FIXTURE_TEARDOWN(audit)
{
	peer_stop(&self->peer);
	EXPECT_EQ(0, audit_rule(self->trail.socket, AUDIT_DEL_RULE));
	EXPECT_EQ(0, audit_set(self->trail.socket, false));
	close(self->trail.socket);
	free(self->trail.records);
}

static __u64 record_field(const char *text, const char *name, int base)
{
	const char *at = strstr(text, name);

	return at ? strtoull(at + strlen(name), NULL, base) : 0;
}

static struct record parse_record(const char *text)
{
	return (struct record) {
		.pid = record_field(text, " pid=", 10),
		.nr = record_field(text, " syscall=", 10),
		.exit = record_field(text, " exit=", 10),
		.args = {
			record_field(text, " a0=", 16), record_field(text, " a1=", 16),
			record_field(text, " a2=", 16), record_field(text, " a3=", 16),
		},
	};
}

/* Take the records that there are. */
static void take_records(struct trail *trail)
{
	static struct message m;
	ssize_t len;

	while (trail->nr < MAX_RECORDS) {
		len = recv(trail->socket, &m, sizeof(m) - 1, MSG_DONTWAIT);
		if (len < (ssize_t)sizeof(m.header))
			return;
		((char *)&m)[len] = 0;
		if (m.header.nlmsg_type == AUDIT_SYSCALL)
			trail->records[trail->nr++] = parse_record(m.text);
	}
}

static unsigned int has_record(struct trail *trail, const struct record *wanted)
{
	unsigned int i, found = 0;

	take_records(trail);
	for (i = 0; i < trail->nr; i++)
		found += !memcmp(&trail->records[i], wanted, sizeof(*wanted));
	return found;
}

/* Make a call, and say what its record should be. */
static struct record audited(struct process *p, __u32 nr, __u64 a0, __u64 a1, __u64 a2)
{
	return (struct record) {
		.pid = p->pid,
		.nr = nr,
		.exit = call(p, nr, a0, a1, a2),
		.args = { a0, a1, a2, 0 },
	};
}

/* A call that nothing else makes, to begin from or to end with */
static bool mark(struct trail *trail, struct process *p, __u64 number)
{
	struct record wanted = audited(p, SYS_getpgid, number, 0, 0);

	return wanted.exit == -ESRCH && eventually(has_record(trail, &wanted) == 1);
}

#define FIRST_MARK	0x7fffff01
#define LAST_MARK	0x7fffff02

/* Each call has one record, with what it was and what came of it, and nothing else has. */
TEST_F(audit, each_call_once)
{
	struct process *p = self->p;
	struct record wanted[16];
	unsigned int nr = 0, i, first;

	/* By the anchor, when it is done with its ioctl(), which has a record too */
	ASSERT_EQ(0, call(p, SYS_setpriority, PRIO_PROCESS, 0, 1));
	ASSERT_TRUE(mark(&self->trail, self->p, FIRST_MARK));
	first = self->trail.nr;
	wanted[nr++] = audited(p, SYS_getpid, 0, 0, 0);
	wanted[nr++] = audited(p, SYS_getppid, 1, 2, 3);
	wanted[nr++] = audited(p, SYS_close, -1ULL, 0, 0);
	wanted[nr++] = audited(p, SYS_open, put_string(p, IN, "/nowhere"), O_RDONLY, 0);
	wanted[nr++] = audited(p, SYS_pipe2, at(OUT), O_CLOEXEC, 0);
	wanted[nr++] = audited(p, SYS_dup, 99, 0, 0);
	/* The window is not mapped there: found by the call. */
	wanted[nr++] = audited(p, SYS_uname, at(WINDOW_LEN - PAGE), 0, 0);
	/* Refused by the policy, after the entry work */
	wanted[nr++] = audited(p, SYS_io_uring_setup, 1, 0, 0);
	/* Executed by the anchor */
	wanted[nr++] = audited(p, SYS_setpriority, PRIO_PROCESS, 0, 3);
	wanted[nr++] = audited(p, SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0);
	wanted[nr++] = audited(p, SYS_setuid, 0, 0, 0);
	wanted[nr++] = audited(p, SYS_getuid, 0, 0, 0);
	ASSERT_TRUE(mark(&self->trail, self->p, LAST_MARK));

	ASSERT_EQ(first + nr + 1, self->trail.nr);
	for (i = 0; i < nr; i++)
		EXPECT_EQ(0, memcmp(&wanted[i], &self->trail.records[first + i], sizeof(*wanted)))
			TH_LOG("call %u: %" PRId64 ", recorded %u: %" PRId64, wanted[i].nr,
			       (int64_t)wanted[i].exit, self->trail.records[first + i].nr,
			       (int64_t)self->trail.records[first + i].exit);
	EXPECT_EQ(-ENOENT, wanted[3].exit);
	EXPECT_EQ(-EFAULT, wanted[6].exit);
	EXPECT_EQ(-ENOSYS, wanted[7].exit);
	EXPECT_EQ(-EPERM, wanted[10].exit);
}

static unsigned int count_records(struct trail *trail, pid_t pid, __u32 nr, __s64 exit)
{
	unsigned int i, found = 0;

	take_records(trail);
	for (i = 0; i < trail->nr; i++)
		found += trail->records[i].pid == pid && trail->records[i].nr == nr &&
			 trail->records[i].exit == exit;
	return found;
}

/* Also if they block, are cancelled, and are made by a child */
TEST_F(audit, blocked_cancelled_child)
{
	struct process *p = self->p, *child;

	ASSERT_TRUE(mark(&self->trail, self->p, FIRST_MARK));
	ASSERT_TRUE(process_block(p, 16));
	EXPECT_EQ(0, count_records(&self->trail, p->pid, SYS_read, 1));
	process_cancel(p, 16);
	EXPECT_EQ(-EINTR, process_result(p, 16));
	EXPECT_TRUE(process_unblock(p, 15));
	child = process_fork(p, SYS_fork, ARGS(0));
	ASSERT_NE(NULL, child);
	EXPECT_EQ(p->pid, call(child, SYS_getppid));
	EXPECT_EQ(-EBADF, call(child, SYS_close, 77));
	ASSERT_TRUE(mark(&self->trail, self->p, LAST_MARK));

	EXPECT_EQ(15, count_records(&self->trail, p->pid, SYS_read, 1));
	EXPECT_EQ(1, count_records(&self->trail, p->pid, SYS_read, -EINTR));
	EXPECT_EQ(1, count_records(&self->trail, p->pid, SYS_fork, child->pid));
	EXPECT_EQ(1, count_records(&self->trail, child->pid, SYS_getppid, p->pid));
	EXPECT_EQ(1, count_records(&self->trail, child->pid, SYS_close, -EBADF));
}

/* Control groups */

#define CGROUP		"/sys/fs/cgroup"
#define GROUP		CGROUP "/crtos-observed"
#define MIB		0x100000ULL

FIXTURE(cgroup) {
	struct peer peer;
	struct process *p, *other;
};

static bool join_group(const char *group, pid_t pid)
{
	char path[64], number[16];

	snprintf(path, sizeof(path), "%s/cgroup.procs", group);
	snprintf(number, sizeof(number), "%d", pid);
	return write_file(path, number);
}

/* A number in a file of the group: behind @key, or the only one */
static __s64 group_number(const char *file, const char *key)
{
	char path[64], text[8192] = "";
	const char *at = text;
	int fd;

	snprintf(path, sizeof(path), GROUP "/%s", file);
	fd = open(path, O_RDONLY);
	if (read(fd, text, sizeof(text) - 1) <= 0)
		text[0] = 0;
	close(fd);
	if (key)
		at = strstr(text, key);
	return at ? atoll(at + (key ? strlen(key) : 0)) : -1;
}

FIXTURE_SETUP(cgroup)
{
	const char *why = peer_missing();

	if (why)
		SKIP(return, "%s", why);
	if (access(CGROUP "/cgroup.subtree_control", W_OK))
		SKIP(return, "no cgroup2 in " CGROUP);
	ASSERT_TRUE(write_file(CGROUP "/cgroup.subtree_control", "+cpu +memory +pids"));
	ASSERT_EQ(0, mkdir(GROUP, 0755));
	ASSERT_EQ(0, peer_start_ready(&self->peer));
	self->p = peer_spawn(&self->peer);
	self->other = peer_spawn(&self->peer);
	ASSERT_NE(NULL, self->p);
	ASSERT_NE(NULL, self->other);
	/* With all its threads */
	ASSERT_TRUE(join_group(GROUP, self->p->pid));
}

FIXTURE_TEARDOWN(cgroup)
{
	peer_stop(&self->peer);
	/* Tasks leave it a little after they were waited for. */
	EXPECT_TRUE(eventually(!rmdir(GROUP)));
}

static __s64 cpu_us(struct process *p)
{
	struct rusage usage;

	if (call(p, SYS_getrusage, RUSAGE_SELF, at(OUT)))
		return -1;
	memcpy(&usage, p->mem + OUT, sizeof(usage));
	return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000LL +
	       usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
}

/* What calls cost is charged to the group, as much as it is to the process. */
TEST_F(cgroup, cpu)
{
	__s64 charged = group_number("cpu.stat", "usage_usec "), used = cpu_us(self->p), now;

	ASSERT_LE(0, charged);
	ASSERT_LE(0, used);
	do {
		ASSERT_EQ(4 * PAGE, call(self->p, SYS_getrandom, at(0), 4 * PAGE, 0));
		now = cpu_us(self->p);
	} while (now < used + 20000);
	/* One more for rounding at each end */
	EXPECT_LE(now - used, group_number("cpu.stat", "usage_usec ") - charged + 2);
}

/* Memory that calls allocate counts in the limit, and who exceeds it is killed. */
TEST_F(cgroup, memory)
{
	struct process *p = self->p;
	int fd = call(p, SYS_memfd_create, put_string(p, IN, "observed"), 0);

	ASSERT_LE(0, fd);
	EXPECT_GT((__s64)(4 * MIB), group_number("memory.current", NULL));
	ASSERT_EQ(0, call(p, SYS_fallocate, fd, 0, 0, 4 * MIB));
	EXPECT_LE((__s64)(4 * MIB), group_number("memory.current", NULL));
	ASSERT_TRUE(write_file(GROUP "/memory.max", "8388608"));
	start_call(p, 1, SYS_fallocate, fd, 0, 0, 16 * MIB);
	EXPECT_EQ(SIGKILL, process_finish(p));
	EXPECT_EQ(1, group_number("memory.events", "oom_kill "));
	EXPECT_TRUE(process_answers(self->other));
}

/* Threads for calls are threads of the group. */
TEST_F(cgroup, pids)
{
	struct process *p = self->p;

	EXPECT_TRUE(process_answers(p));
	ASSERT_EQ(2, group_number("pids.current", NULL));
	ASSERT_TRUE(write_file(GROUP "/pids.max", "2"));
	ASSERT_TRUE(process_block(p, 1));
	EXPECT_EQ(-EAGAIN, call(p, SYS_getpid));
	EXPECT_LE(1, group_number("pids.events", "max "));
	EXPECT_TRUE(process_answers(self->other));
	ASSERT_TRUE(write_file(GROUP "/pids.max", "3"));
	/* The anchor may not be done with refusing. */
	EXPECT_TRUE(eventually(call(p, SYS_getpid) == p->pid));
	EXPECT_TRUE(process_unblock(p, 1));
}

static bool is_frozen(bool frozen)
{
	return eventually(group_number("cgroup.events", "frozen ") == frozen);
}

/* The freezer does not wait for the RTOS, which takes no signals here. */
TEST_F(cgroup, freezer)
{
	const __u64 action[4] = { at(0x123) };
	struct process *p = self->p;
	int i;

	ASSERT_EQ(0, call(p, SYS_rt_sigaction, SIGRTMIN, put(p, IN, action, sizeof(action)), 0, 8));
	for (i = 0; i < 2 * CRTOS_NR_SIGNALS; i++)
		ASSERT_EQ(0, sigqueue(p->pid, SIGRTMIN, (union sigval) { .sival_int = i }));
	EXPECT_TRUE(eventually(load_acquire(&p->slot->signal_tail) == CRTOS_NR_SIGNALS));
	ASSERT_TRUE(write_file(GROUP "/cgroup.freeze", "1"));
	EXPECT_TRUE(is_frozen(true));
	EXPECT_TRUE(load_acquire(&p->slot->paused));
	ASSERT_TRUE(write_file(GROUP "/cgroup.freeze", "0"));
	EXPECT_TRUE(is_frozen(false));
	EXPECT_TRUE(eventually(!load_acquire(&p->slot->paused)));
	EXPECT_TRUE(process_answers(p));
}

/* Those of a child are, too. */
TEST_F(cgroup, child)
{
	struct process *child = process_fork(self->p, SYS_fork, ARGS(0));

	ASSERT_NE(NULL, child);
	EXPECT_TRUE(process_answers(child));
	EXPECT_EQ(4, group_number("pids.current", NULL));
}

/* The RTOS is told not to run a process that is frozen, with calls or without. */
TEST_F(cgroup, frozen)
{
	__u32 *paused = &self->p->slot->paused;
	int blocked;

	for (blocked = 0; blocked <= 8; blocked += 8) {
		ASSERT_TRUE(process_block(self->p, blocked));
		EXPECT_EQ(0, load_acquire(paused));
		EXPECT_TRUE(write_file(GROUP "/cgroup.freeze", "1"));
		EXPECT_TRUE(eventually(file_has(GROUP "/cgroup.events", "frozen 1")));
		EXPECT_EQ(1, load_acquire(paused));
		EXPECT_TRUE(process_answers(self->other));
		EXPECT_EQ(1, load_acquire(paused));
		EXPECT_TRUE(write_file(GROUP "/cgroup.freeze", "0"));
		EXPECT_TRUE(eventually(!load_acquire(paused)));
		EXPECT_TRUE(entries_pending(self->p, 1, blocked));
		EXPECT_TRUE(process_unblock(self->p, blocked));
	}
	EXPECT_TRUE(process_answers(self->p));
}

TEST_HARNESS_MAIN
