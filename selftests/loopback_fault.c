// SPDX-License-Identifier: GPL-2.0
/*
 * Allocations and accesses to user memory that fail, one after the other: the first,
 * the second and so on, until there are no more. Each time the error is one that fits,
 * the same works at once without the failure, and nothing is left behind.
 *
 * Needs FAULT_INJECTION, FAILSLAB, FAIL_PAGE_ALLOC and FAULT_INJECTION_USERCOPY.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "../kselftest_harness.h"
#include "partition.h"
#include "peer.h"

#define DEBUG		"/sys/kernel/debug/"
#define NTH		"/proc/%d/task/%d/fail-nth"

/* More than any of the calls has */
#define MAX_FAULTS	1000

#define IN		PAGE
#define OUT		(2 * PAGE)

/* Also those that might wait for memory, and of all sizes */
static const char *faults_missing(void)
{
	if (!write_file(DEBUG "failslab/ignore-gfp-wait", "N") ||
	    !write_file(DEBUG "fail_page_alloc/ignore-gfp-wait", "N") ||
	    !write_file(DEBUG "fail_page_alloc/min-order", "0") ||
	    !write_file(DEBUG "failslab/verbose", "0") ||
	    !write_file(DEBUG "fail_page_alloc/verbose", "0") ||
	    !write_file(DEBUG "fail_usercopy/verbose", "0"))
		return "no fault injection in this kernel";
	return NULL;
}

/* The @nth thing of a thread that can fail fails, once. 0: none */
static bool fail_in(pid_t pid, pid_t tid, unsigned int nth)
{
	char path[64], text[16];

	snprintf(path, sizeof(path), NTH, pid, tid);
	snprintf(text, sizeof(text), "%u", nth);
	return write_file(path, text);
}

static bool fail(pid_t pid, unsigned int nth)
{
	return fail_in(pid, pid, nth);
}

/* Has it not come so far? Nothing fails any more. */
static bool too_few(pid_t pid)
{
	char path[64], text[16] = "";
	int fd;

	snprintf(path, sizeof(path), NTH, pid, pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	/* It may be this that fails now: then it has not come so far. */
	if (fd < 0 || read(fd, text, sizeof(text) - 1) <= 0)
		text[0] = '1';
	if (fd >= 0)
		close(fd);
	while (!fail(pid, 0))
		;
	return atoi(text) > 0;
}

/* How often a request or call failed, and with what */
struct failures {
	unsigned int enomem;	/* an allocation */
	unsigned int efault;	/* an access to user memory */
};

static bool fits(struct failures *failures, int error)
{
	switch (error) {
	case ENOMEM:
		return ++failures->enomem;
	case EFAULT:
		return ++failures->efault;
	default:
		return false;
	}
}

static void say_failures(unsigned int tried, const struct failures *failures)
{
	printf("# %u failures, seen: %u ENOMEM, %u EFAULT\n", tried, failures->enomem,
	       failures->efault);
}

FIXTURE(fault) {
	struct peer peer;
};

FIXTURE_SETUP(fault)
{
	const char *why = peer_missing();

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (!why)
		why = faults_missing();
	if (why)
		SKIP(return, "%s", why);
	ASSERT_EQ(0, peer_start_ready(&self->peer));
}

FIXTURE_TEARDOWN(fault)
{
	fail(getpid(), 0);
	peer_stop(&self->peer);
	/* All is there again. */
	ASSERT_EQ(0, peer_start_ready(&self->peer));
	EXPECT_NE(NULL, peer_spawn(&self->peer));
	EXPECT_EQ(1, peer_status(&self->peer).nr_slots);
	peer_stop(&self->peer);
}

TEST_F_TIMEOUT(fault, start_and_stop, 600)
{
	__u32 cpu = first_cpu();
	struct failures failures = {};
	int fd = self->peer.fd;
	unsigned int n;
	bool last = false;

	for (n = 1; n < MAX_FAULTS && !last; n++) {
		struct crtos_start start = {
			.backend = CRTOS_BACKEND_LOOPBACK,
			.nr_cpus = 1,
			.cpus = (uintptr_t)&cpu,
			.partition = CRTOS_PARTITION_ANY,
		}, again = start;
		struct crtos_stop stop = {};
		int error;

		ASSERT_TRUE(fail(getpid(), n));
		error = ioctl(fd, CRTOS_IOC_START, &start) ? errno : 0;
		last = too_few(getpid());
		/* Whatever it was, nothing runs. */
		if (error) {
			EXPECT_TRUE(fits(&failures, error))
				TH_LOG("failure %u: %d", n, error);
			ASSERT_EQ(0, ioctl(fd, CRTOS_IOC_START, &again));
			start = again;
		}
		stop.partition = start.partition;
		ASSERT_TRUE(fail(getpid(), n));
		error = ioctl(fd, CRTOS_IOC_STOP, &stop) ? errno : 0;
		last = too_few(getpid()) && last;
		EXPECT_TRUE(!error || fits(&failures, error))
			TH_LOG("failure %u of stop: %d", n, error);
		if (error)
			EXPECT_EQ(0, ioctl(fd, CRTOS_IOC_STOP, &stop));
	}
	say_failures(n - 2, &failures);
	EXPECT_LT(0, failures.enomem);
	EXPECT_LT(0, failures.efault);
	EXPECT_TRUE(last);
}

/* Tells the errno by its exit status. */
static pid_t fork_with_fault(struct peer *peer, unsigned int nth)
{
	struct crtos_run run = peer_run_arg(peer, 3);
	pid_t pid = fork();

	if (pid)
		return pid;
	dup2(peer->fd, 3);
	close_range(4, ~0U, 0);
	if (!fail(getpid(), nth))
		_exit(255);
	ioctl(3, CRTOS_IOC_RUN, &run);
	_exit(errno);
}

/* Has it become a shadow (0), failed (its errno), or neither (-1)? */
static int outcome(struct peer *peer, pid_t pid, struct process **p)
{
	__u64 end = now_ms() + PATIENCE_MS;
	int status;

	*p = NULL;
	while (now_ms() < end) {
		*p = peer_find(peer, pid);
		if (*p)
			return 0;
		if (waitpid(pid, &status, WNOHANG) == pid)
			return WIFEXITED(status) ? WEXITSTATUS(status) : ENOMEM;
		usleep(100);
	}
	return -1;
}

TEST_F_TIMEOUT(fault, run, 900)
{
	struct peer *peer = &self->peer;
	struct failures failures = {};
	bool last = false;
	struct process *p;
	unsigned int n;
	int error;

	for (n = 1; n < MAX_FAULTS && !last; n++) {
		pid_t pid = fork_with_fault(peer, n);

		ASSERT_LT(0, pid);
		error = outcome(peer, pid, &p);
		if (error) {
			EXPECT_TRUE(fits(&failures, error))
				TH_LOG("failure %u: %d", n, error);
			p = peer_spawn(peer);
			ASSERT_NE(NULL, p);
		} else {
			last = too_few(pid);
		}
		EXPECT_EQ(p->pid, call(p, SYS_getpid));
		EXPECT_EQ(0, kill(p->pid, SIGKILL));
		EXPECT_NE(-1, process_finish(p));
		EXPECT_TRUE(eventually(!peer_status(peer).nr_slots));
	}
	say_failures(n - 2, &failures);
	EXPECT_LT(0, failures.enomem);
	EXPECT_LT(0, failures.efault);
	EXPECT_TRUE(last);
}

static bool is_there(struct peer *peer, pid_t pid, struct process **child)
{
	*child = peer_find(peer, pid);
	return *child || status_has(pid, "Z (zombie)");
}

TEST_F_TIMEOUT(fault, fork, 900)
{
	struct peer *peer = &self->peer;
	struct process *p = peer_spawn(peer), *child;
	struct failures failures = {};
	bool last = false;
	unsigned int n;
	__s64 pid;

	ASSERT_NE(NULL, p);
	for (n = 1; n < MAX_FAULTS && !last; n++) {
		ASSERT_TRUE(fail(p->pid, n));
		pid = call(p, SYS_fork);
		last = too_few(p->pid);
		if (pid < 0) {
			EXPECT_TRUE(fits(&failures, -pid))
				TH_LOG("failure %u: %lld", n, (long long)pid);
			peer_acknowledge(peer);
			pid = call(p, SYS_fork);
		}
		ASSERT_LT(0, pid);
		/* It may be that the child could not be made a shadow, and was killed. */
		if (!eventually(is_there(peer, pid, &child)))
			TH_LOG("failure %u: no child", n);
		if (child) {
			EXPECT_EQ(p->pid, call(child, SYS_getppid));
			EXPECT_EQ(0, kill(child->pid, SIGKILL));
			EXPECT_TRUE(process_over(child));
		}
		EXPECT_EQ(pid, call(p, SYS_wait4, pid, 0, 0, 0));
	}
	say_failures(n - 2, &failures);
	EXPECT_LT(0, failures.enomem);
	EXPECT_TRUE(last);
	EXPECT_EQ(p->pid, call(p, SYS_getpid));
}

/* Allocations of @pid, and of children that it has from now on, fail at random. */
static bool fail_at_random(pid_t pid, bool on)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/make-it-fail", pid);
	return write_file(DEBUG "failslab/probability", "0") &&
	       write_file(DEBUG "failslab/times", "-1") &&
	       write_file(DEBUG "failslab/task-filter", on ? "Y" : "N") &&
	       write_file(path, on ? "1" : "0") &&
	       (!on || write_file(DEBUG "failslab/probability", "2"));
}

/* Could the child not be made a shadow? Then it was killed. */
static bool child_is_lost(struct process *p, pid_t pid)
{
	int *status = (void *)(p->mem + OUT);
	struct process *child;
	bool lost;

	if (!eventually(is_there(p->peer, pid, &child)))
		return false;
	lost = !child;
	if (child && (kill(pid, SIGKILL) || !process_over(child)))
		return false;
	if (call(p, SYS_wait4, pid, at(OUT), 0, 0) != pid)
		return false;
	return lost && WIFSIGNALED(*status) && WTERMSIG(*status) == SIGKILL;
}

/* What fails one after the other is that of the parent: a child does not inherit it. */
TEST_F_TIMEOUT(fault, child_of_fork, 900)
{
	struct process *p = peer_spawn(&self->peer);
	unsigned int n, lost = 0;
	__s64 pid;

	ASSERT_NE(NULL, p);
	for (n = 0; n < 2000 && lost < 5; n++) {
		ASSERT_TRUE(fail_at_random(p->pid, true));
		pid = call(p, SYS_fork);
		ASSERT_TRUE(fail_at_random(p->pid, false));
		if (pid > 0)
			lost += child_is_lost(p, pid);
		else
			peer_acknowledge(&self->peer);
		EXPECT_EQ(p->pid, call(p, SYS_getpid));
		EXPECT_TRUE(eventually(peer_status(&self->peer).nr_slots == 1));
	}
	printf("# %u forks, %u children lost\n", n, lost);
	EXPECT_EQ(5, lost);
}

static bool fail_in_worker(pid_t pid, pid_t tid, __u32 nth)
{
	return tid != pid && fail_in(pid, tid, nth);
}

/*
 * The @nth thing that can fail in a worker, whichever takes the next call. 0: none.
 * Returns for how many it was set.
 */
static unsigned int fail_in_workers(pid_t pid, unsigned int nth)
{
	return threads_that(pid, fail_in_worker, nth, NULL);
}

/* In a worker: the calls themselves, and what is around them */
TEST_F_TIMEOUT(fault, call, 600)
{
	struct process *p = peer_spawn(&self->peer);
	struct failures failures = {};
	unsigned int n;
	__s64 fd;

	ASSERT_NE(NULL, p);
	put_string(p, IN, "a file");
	for (n = 1; n <= 200; n++) {
		/* A worker ends that has waited for long: then there is a new one. */
		EXPECT_EQ(p->pid, call(p, SYS_getpid));
		EXPECT_LT(0, fail_in_workers(p->pid, n));
		fd = call(p, SYS_memfd_create, at(IN), 0);
		fail_in_workers(p->pid, 0);
		if (fd < 0) {
			/* The last is what memfd_create() says when there is no inode. */
			EXPECT_TRUE(fits(&failures, -fd) || fd == -ENOSPC)
				TH_LOG("failure %u: %lld", n, (long long)fd);
			fd = call(p, SYS_memfd_create, at(IN), 0);
		}
		ASSERT_LE(0, fd);
		EXPECT_EQ(0, call(p, SYS_close, fd));
	}
	say_failures(n - 1, &failures);
	EXPECT_LT(0, failures.enomem);
	EXPECT_LT(0, failures.efault);
	EXPECT_EQ(p->pid, call(p, SYS_getpid));
}

TEST_HARNESS_MAIN
