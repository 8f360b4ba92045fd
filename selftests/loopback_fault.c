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

/* Lending a CPU takes long: so many failures for each time that it is tried without one */
#define EVERY		4

#define IN		PAGE
#define OUT		(2 * PAGE)

/* These count down with each failure. */
#define SLAB		DEBUG "failslab/times"
#define PAGES		DEBUG "fail_page_alloc/times"
#define USER		DEBUG "fail_usercopy/times"
#define COUNT		1000000
#define TEXT_OF(number)	#number
#define TEXT(number)	TEXT_OF(number)

/* Also those that might wait for memory, of all sizes, and for user space */
static const char *faults_missing(void)
{
	if (!write_file(DEBUG "failslab/ignore-gfp-wait", "N") ||
	    !write_file(DEBUG "fail_page_alloc/ignore-gfp-wait", "N") ||
	    !write_file(DEBUG "fail_page_alloc/ignore-gfp-highmem", "N") ||
	    !write_file(DEBUG "fail_page_alloc/min-order", "0") ||
	    !write_file(SLAB, TEXT(COUNT)) || !write_file(PAGES, TEXT(COUNT)) ||
	    !write_file(USER, TEXT(COUNT)) ||
	    !write_file(DEBUG "failslab/verbose", "0") ||
	    !write_file(DEBUG "fail_page_alloc/verbose", "0") ||
	    !write_file(DEBUG "fail_usercopy/verbose", "0"))
		return "no fault injection in this kernel";
	return NULL;
}

/* Failures in this test */
static unsigned int counted(const char *path)
{
	unsigned int left = COUNT;
	FILE *file = fopen(path, "r");

	if (!file || fscanf(file, "%u", &left) != 1)
		left = COUNT;
	if (file)
		fclose(file);
	return COUNT - left;
}

/* Accesses to user memory that had failed before the one thing that fails now */
static unsigned int counted_user;

/* The @nth thing of a thread that can fail fails, once. 0: none */
static bool fail_in(pid_t pid, pid_t tid, unsigned int nth)
{
	char path[64], text[16];

	if (nth)
		counted_user = counted(USER);
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

/* Is it the error of what failed? */
static bool fits(struct failures *failures, int error)
{
	bool user = counted(USER) > counted_user;

	if (user && error == EFAULT)
		return ++failures->efault;
	return !user && error == ENOMEM && ++failures->enomem;
}

static void say_failures(unsigned int tried, const struct failures *failures)
{
	printf("# %u failures, seen: %u ENOMEM, %u EFAULT\n", tried, failures->enomem,
	       failures->efault);
	printf("# %u allocations of slab, %u of pages\n", counted(SLAB), counted(PAGES));
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

/* @few: it has not come so far. */
static int request_with_fault(int fd, unsigned long nr, void *arg, unsigned int nth, bool *few)
{
	int error;

	if (!fail(getpid(), nth))
		return -1;
	error = ioctl(fd, nr, arg) < 0 ? errno : 0;
	*few = too_few(getpid());
	return error;
}

static struct crtos_start loopback_arg(const __u32 *cpu)
{
	return (struct crtos_start) {
		.backend = CRTOS_BACKEND_LOOPBACK,
		.nr_cpus = 1,
		.cpus = (uintptr_t)cpu,
		.partition = CRTOS_PARTITION_ANY,
	};
}

TEST_F_TIMEOUT(fault, start_and_stop, 600)
{
	__u32 cpu = first_cpu();
	struct failures failures = {};
	int fd = self->peer.fd;
	unsigned int n;
	bool last = false;

	for (n = 1; n < MAX_FAULTS && !last; n++) {
		struct crtos_start start = loopback_arg(&cpu), again = start;
		struct crtos_stop stop = {};
		bool few;
		int error;

		error = request_with_fault(fd, CRTOS_IOC_START, &start, n, &last);
		/* Whatever it was, nothing runs. */
		if (error) {
			EXPECT_TRUE(fits(&failures, error))
				TH_LOG("failure %u: %d", n, error);
			/* As often as loopback_requests wants other errors */
			if (error == ENOMEM && failures.enomem == 1)
				EXPECT_OFTEN(ENOMEM, request_with_fault(fd, CRTOS_IOC_START,
									&start, n, &last));
			ASSERT_EQ(0, ioctl(fd, CRTOS_IOC_START, &again));
			start = again;
		}
		stop.partition = start.partition;
		error = request_with_fault(fd, CRTOS_IOC_STOP, &stop, n, &few);
		last = last && few;
		EXPECT_TRUE(!error || (error == EFAULT && fits(&failures, error)))
			TH_LOG("failure %u of stop: %d", n, error);
		if (error)
			EXPECT_EQ(0, ioctl(fd, CRTOS_IOC_STOP, &stop));
	}
	say_failures(n - 2, &failures);
	/* The region */
	EXPECT_LT(0, counted(PAGES));
	EXPECT_LT(0, failures.enomem);
	EXPECT_LT(0, failures.efault);
	EXPECT_TRUE(last);
}

/* A partition that has no peer */
static int start_alone(struct peer *peer)
{
	__u32 cpu = first_cpu();
	struct crtos_start start = loopback_arg(&cpu);
	int error;

	*peer = (struct peer) { .cpu = cpu, .rtos = -1 };
	peer->fd = open("/dev/crtos", O_RDWR | O_CLOEXEC);
	error = ioctl(peer->fd, CRTOS_IOC_START, &start) ? errno : 0;
	peer->partition = start.partition;
	return error;
}

static int peer_with_fault(struct peer *peer, unsigned int nth, bool *few)
{
	struct crtos_peer arg = { .partition = peer->partition };
	int error;

	if (!fail(getpid(), nth))
		return -1;
	peer->rtos = ioctl(peer->fd, CRTOS_IOC_PEER, &arg);
	error = peer->rtos < 0 ? errno : 0;
	*few = too_few(getpid());
	return error;
}

TEST_F_TIMEOUT(fault, peer, 300)
{
	struct peer *peer = &self->peer;
	struct failures failures = {};
	bool last = false;
	struct process *p;
	unsigned int n;
	int error;

	for (n = 1; n < MAX_FAULTS && !last; n++) {
		peer_stop(peer);
		ASSERT_EQ(0, start_alone(peer));
		error = peer_with_fault(peer, n, &last);
		if (!error)
			continue;
		EXPECT_TRUE(fits(&failures, error))
			TH_LOG("failure %u: %d", n, error);
		if (error == ENOMEM && failures.enomem == 1)
			EXPECT_OFTEN(ENOMEM, peer_with_fault(peer, n, &last));
		/* It has not ended with a peer that it never had, and takes another one. */
		EXPECT_TRUE(peer_running(peer));
		ASSERT_EQ(0, peer_open(peer));
		peer_ready(peer);
		p = peer_spawn(peer);
		ASSERT_NE(NULL, p);
		EXPECT_EQ(p->pid, call(p, SYS_getpid));
	}
	say_failures(n - 2, &failures);
	EXPECT_LT(0, failures.enomem);
	EXPECT_LT(0, failures.efault);
	EXPECT_TRUE(last);
}

/* What is told is copied. */
static void fail_request(struct __test_metadata *_metadata, int fd, unsigned long nr,
			 const void *arg)
{
	union {
		struct crtos_log log;
		struct crtos_slot_stats slot;
		struct crtos_post_mortem crash;
	} copy;
	struct failures failures = {};
	unsigned int n;
	bool last = false;
	int error;

	for (n = 1; n < MAX_FAULTS && !last; n++) {
		memcpy(&copy, arg, _IOC_SIZE(nr));
		error = request_with_fault(fd, nr, &copy, n, &last);
		EXPECT_TRUE(!error || fits(&failures, error))
			TH_LOG("failure %u: %d", n, error);
		if (error == ENOMEM && failures.enomem == 1)
			EXPECT_OFTEN(ENOMEM, request_with_fault(fd, nr, &copy, n, &last));
		memcpy(&copy, arg, _IOC_SIZE(nr));
		EXPECT_EQ(0, ioctl(fd, nr, &copy));
	}
	say_failures(n - 2, &failures);
	EXPECT_LT(0, failures.enomem);
	EXPECT_LT(0, failures.efault);
	EXPECT_TRUE(last);
}

TEST_F_TIMEOUT(fault, what_is_told, 300)
{
	__u32 partition = self->peer.partition;
	__u64 by_nr[4];
	char text[16];
	const struct crtos_log log = {
		.partition = partition,
		.len = sizeof(text),
		.buf = (uintptr_t)text,
	};
	const struct crtos_slot_stats slot = {
		.partition = partition,
		.nr_by_nr = ARRAY_SIZE(by_nr),
		.by_nr = (uintptr_t)by_nr,
	};
	const struct crtos_post_mortem crash = { .partition = partition };

	ASSERT_NE(NULL, peer_spawn(&self->peer));
	fail_request(_metadata, self->peer.fd, CRTOS_IOC_LOG, &log);
	fail_request(_metadata, self->peer.fd, CRTOS_IOC_SLOT, &slot);
	fail_request(_metadata, self->peer.fd, CRTOS_IOC_CRASH, &crash);
}

/* That of whole pages, which Linux does not take from slabs */
static void set_long_environment(struct crtos_run *run)
{
	static char strings[4 * PAGE] = "peer\0peer\0A=";

	memset(strings + 12, '1', sizeof(strings) - 13);
	run->strings = (uintptr_t)strings;
	run->strings_len = sizeof(strings);
}

/* Says the errno of each RUN that comes back: after a failure the same process tries again. */
static void run_until_it_works(struct peer *peer, unsigned int nth, int report)
{
	struct crtos_run run = peer_run_arg(peer, 3);
	int error;

	set_long_environment(&run);
	for (;; nth = 0) {
		if (!fail(getpid(), nth))
			return;
		ioctl(run.fd, CRTOS_IOC_RUN, &run);
		error = errno;
		while (!fail(getpid(), 0))
			;
		if (write(report, &error, sizeof(error)) != sizeof(error) || !nth)
			return;
	}
}

/* @report is where it says so. */
static pid_t fork_with_fault(struct peer *peer, unsigned int nth, int *report)
{
	int ends[2], fd, out;
	pid_t pid;

	if (pipe2(ends, O_NONBLOCK))
		return -1;
	counted_user = counted(USER);
	pid = fork();
	if (pid) {
		close(ends[1]);
		*report = ends[0];
		return pid;
	}
	fd = fcntl(peer->fd, F_DUPFD, 5);
	out = fcntl(ends[1], F_DUPFD, 5);
	dup2(fd, 3);
	dup2(out, 4);
	close_range(5, ~0U, 0);
	run_until_it_works(peer, nth, 4);
	_exit(1);
}

/*
 * Has it become a shadow (0), or what does it say? Anything else, as an end by a signal,
 * is -1: RUN never kills who calls it.
 */
static int outcome(struct peer *peer, pid_t pid, int report, struct process **p)
{
	__u64 end = now_ms() + PATIENCE_MS;
	int error;

	while (now_ms() < end) {
		ssize_t len = read(report, &error, sizeof(error));

		if (len >= 0)
			return len == sizeof(error) ? error : -1;
		*p = peer_find(peer, pid);
		if (*p)
			return 0;
		usleep(100);
	}
	return -1;
}

TEST_F_TIMEOUT(fault, run, 900)
{
	struct peer *peer = &self->peer;
	struct failures failures = {};
	struct process *p = NULL;
	bool last = false;
	int error, report;
	unsigned int n;

	for (n = 1; n < MAX_FAULTS && !last; n++) {
		pid_t pid = fork_with_fault(peer, n, &report);

		ASSERT_LT(0, pid);
		error = outcome(peer, pid, report, &p);
		if (error) {
			EXPECT_TRUE(fits(&failures, error))
				TH_LOG("failure %u: %d", n, error);
			/* What it had done of RUN is undone: no window is in the way. */
			ASSERT_EQ(0, outcome(peer, pid, report, &p))
				TH_LOG("after failure %u", n);
		} else {
			last = too_few(pid);
		}
		close(report);
		EXPECT_EQ(p->pid, call(p, SYS_getpid));
		EXPECT_EQ(0, kill(p->pid, SIGKILL));
		EXPECT_NE(-1, process_finish(p));
		EXPECT_TRUE(eventually(!peer_status(peer).nr_slots));
	}
	say_failures(n - 2, &failures);
	/* The strings, and stacks of threads unless there are some of others that have ended */
	EXPECT_LT(0, counted(PAGES));
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
	/* Its page tables */
	EXPECT_LT(0, counted(PAGES));
	EXPECT_LT(0, failures.enomem);
	EXPECT_TRUE(last);
	EXPECT_EQ(p->pid, call(p, SYS_getpid));
}

/*
 * Allocations of @pid, and of children that it has from now on, fail at random. Never two
 * of five in a row: with them vmalloc() finds neither memory nor what it has put aside for
 * that, and warns.
 */
static bool fail_at_random(pid_t pid, bool on)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/make-it-fail", pid);
	return write_file(DEBUG "failslab/probability", "0") &&
	       write_file(DEBUG "failslab/times", "-1") &&
	       write_file(DEBUG "failslab/interval", "5") &&
	       write_file(DEBUG "failslab/task-filter", on ? "Y" : "N") &&
	       write_file(path, on ? "1" : "0") &&
	       (!on || write_file(DEBUG "failslab/probability", "10"));
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
	unsigned int n, last = 0;
	__s64 fd;

	ASSERT_NE(NULL, p);
	put_string(p, IN, "a file");
	/* Nothing is left to be mapped for it: that needs memory, and would be EFAULT. */
	fd = call(p, SYS_memfd_create, at(IN), 0);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, call(p, SYS_close, fd));
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
			last = n;
		}
		ASSERT_LE(0, fd);
		EXPECT_EQ(0, call(p, SYS_close, fd));
	}
	say_failures(n - 1, &failures);
	EXPECT_LT(0, failures.enomem);
	EXPECT_LT(0, failures.efault);
	/* It has not come so far for long. */
	EXPECT_LT(last, 100);
	EXPECT_EQ(p->pid, call(p, SYS_getpid));
}

/* By hand-over: a CPU is lent, and an image is copied. */

FIXTURE(lent) {
	struct partition partition;
};

static bool is_stopped(struct partition *partition)
{
	struct crtos_status status = {};

	return !ioctl(partition->fd, CRTOS_IOC_STATUS, &status) &&
	       status.state == CRTOS_STATE_STOPPED;
}

FIXTURE_SETUP(lent)
{
	const char *why = peer_missing();

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (!why)
		why = faults_missing();
	if (!why)
		why = partition_open(&self->partition);
	if (why)
		SKIP(return, "%s", why);
}

FIXTURE_TEARDOWN(lent)
{
	fail(getpid(), 0);
	EXPECT_TRUE(is_stopped(&self->partition));
	EXPECT_TRUE(cpu_is_online(self->partition.cpu));
	partition_close(&self->partition);
}

static int start_with_fault(struct partition *partition, unsigned int nth, bool *few)
{
	__u32 cpus[CRTOS_MAX_CPUS + 1];
	struct crtos_start arg;
	int error;

	partition_start_arg(partition, &arg, cpus);
	if (!fail(getpid(), nth))
		return -1;
	error = ioctl(partition->fd, CRTOS_IOC_START, &arg) ? errno : 0;
	*few = too_few(getpid());
	return error;
}

/* After a failure: nothing runs, and from time to time, as that takes long, the same works. */
static void start_again(struct __test_metadata *_metadata, struct partition *partition,
			unsigned int n, bool online)
{
	EXPECT_TRUE(is_stopped(partition));
	EXPECT_TRUE(!online || cpu_is_online(partition->cpu));
	if (n % EVERY)
		return;
	EXPECT_EQ(0, partition_start(partition));
	EXPECT_EQ(0, partition_stop(partition));
	EXPECT_TRUE(cpu_is_online(partition->cpu));
}

/* With a CPU that is online before, or that is not, and which START brings online first */
static struct failures fail_starts(struct __test_metadata *_metadata,
				   struct partition *partition, bool online)
{
	struct failures failures = {};
	bool last = false;
	unsigned int n;
	int error;

	/* There is no state before the first start. */
	EXPECT_EQ(0, partition_start(partition));
	EXPECT_EQ(0, partition_stop(partition));
	for (n = 1; n < MAX_FAULTS && !last; n++) {
		EXPECT_TRUE(online || cpu_set_online(partition->cpu, false));
		error = start_with_fault(partition, n, &last);
		if (error) {
			EXPECT_TRUE(fits(&failures, error))
				TH_LOG("failure %u: %d", n, error);
			start_again(_metadata, partition, n, online);
			continue;
		}
		EXPECT_FALSE(cpu_is_online(partition->cpu));
		EXPECT_EQ(0, partition_stop(partition));
		EXPECT_TRUE(cpu_is_online(partition->cpu));
	}
	EXPECT_TRUE(last);
	EXPECT_TRUE(cpu_is_online(partition->cpu));
	say_failures(n - 2, &failures);
	return failures;
}

/* What Linux allocates when a CPU goes offline is allocated by a worker, and does not fail. */
TEST_F_TIMEOUT(lent, start, 600)
{
	struct failures failures = fail_starts(_metadata, &self->partition, true);

	EXPECT_LT(0, failures.efault);
}

TEST_F_TIMEOUT(lent, start_of_cpu_that_is_offline, 900)
{
	struct failures failures = fail_starts(_metadata, &self->partition, false);

	EXPECT_LT(0, failures.efault);
	EXPECT_LT(0, failures.enomem);
}

static int stop_with_fault(struct partition *partition, unsigned int nth, bool *few)
{
	int error;

	if (!fail(getpid(), nth))
		return -1;
	error = partition_stop(partition);
	*few = too_few(getpid());
	return error;
}

TEST_F_TIMEOUT(lent, stop, 900)
{
	struct partition *partition = &self->partition;
	unsigned int n, efault = 0, offline = 0;
	bool last = false;
	int error;

	for (n = 1; n < MAX_FAULTS && !last; n++) {
		ASSERT_EQ(0, partition_start(partition));
		error = stop_with_fault(partition, n, &last);
		if (error) {
			/* Nothing was done yet. */
			EXPECT_EQ(EFAULT, error)
				TH_LOG("failure %u", n);
			efault++;
			EXPECT_FALSE(is_stopped(partition));
			EXPECT_EQ(0, partition_stop(partition));
		}
		EXPECT_TRUE(is_stopped(partition));
		if (!cpu_is_online(partition->cpu)) {
			/* What lacked memory was Linux's, for its CPU. */
			offline++;
			EXPECT_TRUE(cpu_set_online(partition->cpu, true));
		}
		EXPECT_TRUE(cpu_is_online(partition->cpu));
	}
	printf("# %u failures, seen: %u EFAULT, %u CPUs that stayed offline\n", n - 2, efault,
	       offline);
	EXPECT_LT(0, efault);
	EXPECT_TRUE(last);
}

TEST_HARNESS_MAIN
