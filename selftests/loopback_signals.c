// SPDX-License-Identifier: GPL-2.0
/*
 * The shadow is a process like any other: signals, filters and tracers do to it, and
 * so to the RTOS process, what they do to others; it forks, and ends as others do.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <termios.h>

#include <linux/filter.h>
#include <linux/seccomp.h>

#include "../kselftest_harness.h"
#include "partition.h"
#include "peer.h"

/* Where arguments and results are in the memory of the process */
#define PATH		0
#define IN		PAGE
#define OUT		(2 * PAGE)

/* For Linux only a number */
#define HANDLER		at(0x123)

/* Used by nobody else, so that its processes can be counted */
#define SOMEBODY	54322

/* What rt_sigaction() takes */
struct action {
	__u64 handler;
	__u64 flags;
	__u64 restorer;
	__u64 mask;
};

FIXTURE(signals) {
	struct peer peer;
	struct process *p;
	char dir[32];
};

FIXTURE_SETUP(signals)
{
	const char *why = peer_missing();

	if (why)
		SKIP(return, "%s", why);
	snprintf(self->dir, sizeof(self->dir), "/tmp/crtos.XXXXXX");
	ASSERT_NE(NULL, mkdtemp(self->dir));
	/* Orphans are ours. */
	ASSERT_EQ(0, prctl(PR_SET_CHILD_SUBREAPER, 1));
	ASSERT_EQ(0, peer_start_ready(&self->peer));
	self->p = peer_spawn(&self->peer);
	if (!self->p)
		peer_stop(&self->peer);
	ASSERT_NE(NULL, self->p);
}

FIXTURE_TEARDOWN(signals)
{
	EXPECT_EQ(0, peer_status(&self->peer).bad_requests);
	peer_stop(&self->peer);
	EXPECT_EQ(0, rmdir(self->dir));
}

static __s64 set_action(struct process *p, int sig, __u64 handler, __u64 flags)
{
	const struct action action = { .handler = handler, .flags = flags };

	return call(p, SYS_rt_sigaction, sig, put(p, IN, &action, sizeof(action)), 0, 8);
}

static __s64 set_mask(struct process *p, int how, int sig)
{
	const __u64 mask = 1ULL << (sig - 1);

	return call(p, SYS_rt_sigprocmask, how, put(p, IN, &mask, sizeof(mask)), 0, 8);
}

/* The next signal that the RTOS is told of */
static bool take(struct process *p, siginfo_t *info, __u32 *entry)
{
	struct crtos_signal signal;

	memset(info, 0, sizeof(*info));
	if (!process_signal(p, &signal))
		return false;
	memcpy(info, signal.info, sizeof(signal.info));
	*entry = signal.entry;
	return true;
}

static bool takes(struct process *p, int sig, int code)
{
	siginfo_t info;
	__u32 entry;

	return take(p, &info, &entry) && info.si_signo == sig && info.si_code == code &&
	       entry == CRTOS_NO_ENTRY;
}

static bool none_to_take(struct process *p)
{
	return load_acquire(&p->slot->signal_tail) == p->slot->signal_head;
}

/* Line of /proc/PID/status with a set of signals that has @sig */
static bool has_signal(pid_t pid, const char *set, int sig)
{
	char path[32], line[128];
	unsigned long mask = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	file = fopen(path, "r");
	while (file && fgets(line, sizeof(line), file))
		if (!strncmp(line, set, strlen(set)))
			mask = strtoul(line + strlen(set) + 1, NULL, 16);
	if (file)
		fclose(file);
	return mask & 1UL << (sig - 1);
}

/* With a handler */

/* No call that is under way notices: which thread the handler runs in is the RTOS's. */
TEST_F(signals, handler)
{
	struct process *p = self->p;
	siginfo_t info;
	__u32 entry;

	EXPECT_EQ(0, set_action(p, SIGUSR1, HANDLER, 0));
	EXPECT_TRUE(has_signal(p->pid, "SigCgt", SIGUSR1));
	ASSERT_TRUE(process_block(p, 16));
	EXPECT_EQ(0, kill(p->pid, SIGUSR1));
	ASSERT_TRUE(take(p, &info, &entry));
	EXPECT_EQ(SIGUSR1, info.si_signo);
	EXPECT_EQ(SI_USER, info.si_code);
	EXPECT_EQ(getpid(), info.si_pid);
	EXPECT_EQ(getuid(), info.si_uid);
	EXPECT_EQ(CRTOS_NO_ENTRY, entry);
	EXPECT_TRUE(process_unblock(p, 16));
	EXPECT_TRUE(none_to_take(p));
}

TEST_F(signals, action_is_read_back)
{
	struct process *p = self->p;
	struct action *out = (void *)(p->mem + OUT);

	EXPECT_EQ(0, set_action(p, SIGUSR1, HANDLER, SA_RESTART | SA_SIGINFO));
	EXPECT_EQ(0, call(p, SYS_rt_sigaction, SIGUSR1, 0, at(OUT), 8));
	EXPECT_EQ(HANDLER, out->handler);
	EXPECT_EQ(SA_RESTART | SA_SIGINFO, out->flags);
	EXPECT_EQ(-EINVAL, set_action(p, SIGKILL, HANDLER, 0));
	EXPECT_EQ(-EINVAL, set_action(p, SIGSTOP, HANDLER, 0));
	EXPECT_EQ(-EINVAL, set_action(p, 65, HANDLER, 0));
	EXPECT_EQ(-EINVAL, call(p, SYS_rt_sigaction, SIGUSR1, 0, at(OUT), 4));
	EXPECT_EQ(-EFAULT, call(p, SYS_rt_sigaction, SIGUSR1, at(MEM_LEN), 0, 8));
}

/* Gone when it has been used */
TEST_F(signals, handler_for_once)
{
	struct process *p = self->p;

	EXPECT_EQ(0, set_action(p, SIGUSR1, HANDLER, SA_RESETHAND));
	EXPECT_EQ(0, kill(p->pid, SIGUSR1));
	EXPECT_TRUE(takes(p, SIGUSR1, SI_USER));
	EXPECT_FALSE(has_signal(p->pid, "SigCgt", SIGUSR1));
	EXPECT_TRUE(process_answers(p));
	EXPECT_EQ(0, kill(p->pid, SIGUSR1));
	EXPECT_EQ(SIGUSR1, process_finish(p));
}

TEST_F(signals, value)
{
	struct process *p = self->p;
	siginfo_t info;
	__u32 entry;

	EXPECT_EQ(0, set_action(p, SIGRTMIN, HANDLER, 0));
	EXPECT_EQ(0, sigqueue(p->pid, SIGRTMIN, (union sigval) { .sival_ptr = (void *)0x12345 }));
	ASSERT_TRUE(take(p, &info, &entry));
	EXPECT_EQ(SIGRTMIN, info.si_signo);
	EXPECT_EQ(SI_QUEUE, info.si_code);
	EXPECT_EQ(getpid(), info.si_pid);
	EXPECT_EQ((void *)0x12345, info.si_value.sival_ptr);
}

/* It can send itself one. */
TEST_F(signals, itself)
{
	struct process *p = self->p;
	siginfo_t info;
	__u32 entry;

	EXPECT_EQ(0, set_action(p, SIGUSR2, HANDLER, 0));
	EXPECT_EQ(0, call(p, SYS_kill, p->pid, SIGUSR2));
	ASSERT_TRUE(take(p, &info, &entry));
	EXPECT_EQ(p->pid, info.si_pid);
	EXPECT_EQ(CRTOS_NO_ENTRY, entry);
	EXPECT_EQ(0, call(p, SYS_tgkill, p->pid, p->pid, SIGUSR2));
	EXPECT_TRUE(takes(p, SIGUSR2, SI_TKILL));
	EXPECT_EQ(0, set_action(p, SIGUSR2, 0, 0));
	start_call(p, 1, SYS_kill, p->pid, SIGUSR2);
	EXPECT_EQ(SIGUSR2, process_finish(p));
}

TEST_F(signals, timers)
{
	struct process *p = self->p;
	const struct itimerval in_a_moment = { .it_value.tv_usec = 10000 };
	const struct itimerspec soon = { .it_value.tv_nsec = 10000000 };
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMAX };
	int *timer = (void *)(p->mem + OUT);
	siginfo_t info;
	__u32 entry;

	EXPECT_EQ(0, set_action(p, SIGALRM, HANDLER, 0));
	EXPECT_EQ(0, set_action(p, SIGRTMAX, HANDLER, 0));
	EXPECT_EQ(0, call(p, SYS_setitimer, ITIMER_REAL,
			  put(p, IN, &in_a_moment, sizeof(in_a_moment)), 0));
	EXPECT_TRUE(takes(p, SIGALRM, SI_KERNEL));
	EXPECT_EQ(0, call(p, SYS_alarm, 1));
	EXPECT_TRUE(takes(p, SIGALRM, SI_KERNEL));

	event.sigev_value.sival_int = 77;
	ASSERT_EQ(0, call(p, SYS_timer_create, CLOCK_MONOTONIC,
			  put(p, IN, &event, sizeof(event)), at(OUT)));
	EXPECT_EQ(0, call(p, SYS_timer_settime, *timer, 0, put(p, IN, &soon, sizeof(soon)), 0));
	ASSERT_TRUE(take(p, &info, &entry));
	EXPECT_EQ(SIGRTMAX, info.si_signo);
	EXPECT_EQ(SI_TIMER, info.si_code);
	EXPECT_EQ(77, info.si_value.sival_int);
}

TEST_F(signals, child)
{
	struct process *p = self->p, *child;
	siginfo_t info;
	pid_t pid;
	__u32 entry;

	EXPECT_EQ(0, set_action(p, SIGCHLD, HANDLER, 0));
	child = process_fork(p, SYS_fork, ARGS(0));
	ASSERT_NE(NULL, child);
	pid = child->pid;
	process_start(child, 0, CRTOS_OP_EXIT, 0, ARGS(5 << 8));
	EXPECT_TRUE(process_over(child));
	ASSERT_TRUE(take(p, &info, &entry));
	EXPECT_EQ(SIGCHLD, info.si_signo);
	EXPECT_EQ(CLD_EXITED, info.si_code);
	EXPECT_EQ(pid, info.si_pid);
	EXPECT_EQ(5, info.si_status);
	EXPECT_EQ(CRTOS_NO_ENTRY, entry);
	EXPECT_EQ(pid, call(p, SYS_wait4, -1, at(OUT), 0, 0));
	EXPECT_EQ(5 << 8, *(int *)(p->mem + OUT));
}

/* Without one */

TEST_F_TIMEOUT(signals, default_action_ends, 60)
{
	const int signals[] = {
		SIGHUP, SIGINT, SIGKILL, SIGUSR1, SIGUSR2, SIGPIPE, SIGALRM, SIGTERM, SIGIO,
		SIGRTMIN,
	};
	struct process *p;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(signals); i++) {
		p = peer_spawn(&self->peer);
		ASSERT_NE(NULL, p);
		ASSERT_TRUE(process_block(p, i));
		EXPECT_EQ(0, kill(p->pid, signals[i]));
		EXPECT_EQ(signals[i], process_finish(p));
	}
	EXPECT_TRUE(process_answers(self->p));
}

/* They do nothing, and interrupt nothing. */
TEST_F(signals, ignored)
{
	struct process *p = self->p;

	ASSERT_TRUE(process_block(p, 8));
	EXPECT_EQ(0, set_action(p, SIGTERM, (uintptr_t)SIG_IGN, 0));
	EXPECT_TRUE(has_signal(p->pid, "SigIgn", SIGTERM));
	EXPECT_EQ(0, kill(p->pid, SIGTERM));
	EXPECT_EQ(0, kill(p->pid, SIGCHLD));
	EXPECT_EQ(0, kill(p->pid, SIGURG));
	EXPECT_TRUE(process_answers(p));
	EXPECT_EQ(SCHED_OTHER, call(p, SYS_sched_getscheduler, 0));
	EXPECT_TRUE(process_unblock(p, 8));
	EXPECT_TRUE(none_to_take(p));
}

static bool ignore_some(const void *data)
{
	return signal(SIGTERM, SIG_IGN) != SIG_ERR && signal(SIGUSR1, SIG_IGN) != SIG_ERR;
}

/* Before there was an RTOS process */
TEST_F(signals, ignored_before)
{
	struct process *p = peer_spawn_with(&self->peer, 0, ignore_some, NULL);

	ASSERT_NE(NULL, p);
	EXPECT_EQ(0, kill(p->pid, SIGTERM));
	EXPECT_TRUE(process_answers(p));
	EXPECT_EQ(0, set_action(p, SIGTERM, 0, 0));
	EXPECT_EQ(0, kill(p->pid, SIGUSR1));
	EXPECT_EQ(0, kill(p->pid, SIGTERM));
	EXPECT_EQ(SIGTERM, process_finish(p));
}

TEST_F(signals, blocked)
{
	struct process *p = self->p;
	__u64 *pending = (void *)(p->mem + OUT);

	EXPECT_EQ(0, set_mask(p, SIG_BLOCK, SIGTERM));
	EXPECT_TRUE(has_signal(p->pid, "SigBlk", SIGTERM));
	EXPECT_EQ(0, kill(p->pid, SIGTERM));
	EXPECT_TRUE(has_signal(p->pid, "ShdPnd", SIGTERM));
	EXPECT_TRUE(process_answers(p));
	EXPECT_EQ(0, call(p, SYS_rt_sigpending, at(OUT), 8));
	EXPECT_EQ(1ULL << (SIGTERM - 1), *pending);
	EXPECT_EQ(0, set_action(p, SIGTERM, HANDLER, 0));
	EXPECT_TRUE(none_to_take(p));
	EXPECT_EQ(0, set_mask(p, SIG_UNBLOCK, SIGTERM));
	EXPECT_TRUE(takes(p, SIGTERM, SI_USER));
	EXPECT_FALSE(has_signal(p->pid, "ShdPnd", SIGTERM));

	/* With the default action */
	EXPECT_EQ(0, set_mask(p, SIG_BLOCK, SIGINT));
	EXPECT_EQ(0, kill(p->pid, SIGINT));
	EXPECT_TRUE(process_answers(p));
	process_start(p, 1, CRTOS_OP_SYSCALL, SYS_rt_sigprocmask,
		      ARGS(SIG_UNBLOCK, at(IN), 0, 8));
	EXPECT_EQ(SIGINT, process_finish(p));
}

static bool is_stopped(pid_t pid, int sig)
{
	int status;

	return waitpid(pid, &status, WUNTRACED) == pid && WIFSTOPPED(status) &&
	       WSTOPSIG(status) == sig;
}

static bool is_continued(pid_t pid)
{
	int status;

	return waitpid(pid, &status, WCONTINUED) == pid && WIFCONTINUED(status);
}

/* The RTOS is told when not to run the process. */
TEST_F(signals, stopped)
{
	static const int signals[] = { SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU };
	struct process *p = self->p;
	__u32 *paused = &p->slot->paused;
	size_t i;

	/* Of a group of its own: one that is an orphan would not stop. */
	EXPECT_EQ(0, call(p, SYS_setpgid, 0, 0));
	ASSERT_TRUE(process_block(p, 8));
	for (i = 0; i < ARRAY_SIZE(signals); i++) {
		EXPECT_EQ(0, load_acquire(paused));
		self->peer.changed = 0;
		EXPECT_EQ(0, kill(p->pid, signals[i]));
		EXPECT_TRUE(is_stopped(p->pid, signals[i]));
		EXPECT_EQ(1, load_acquire(paused));
		EXPECT_TRUE(peer_wait(&self->peer));
		EXPECT_TRUE(self->peer.changed & 1ULL << p->index);
		EXPECT_EQ(0, kill(p->pid, SIGCONT));
		EXPECT_TRUE(is_continued(p->pid));
		EXPECT_TRUE(eventually(!load_acquire(paused)));
	}
	EXPECT_TRUE(process_unblock(p, 8));

	/* Its handler comes after it has continued. */
	EXPECT_EQ(0, set_action(p, SIGCONT, HANDLER, 0));
	EXPECT_EQ(0, kill(p->pid, SIGSTOP));
	EXPECT_TRUE(is_stopped(p->pid, SIGSTOP));
	EXPECT_EQ(0, kill(p->pid, SIGCONT));
	EXPECT_TRUE(takes(p, SIGCONT, SI_USER));
	EXPECT_TRUE(eventually(!load_acquire(paused)));
	/* Stopped for good */
	EXPECT_EQ(0, kill(p->pid, SIGSTOP));
	EXPECT_TRUE(is_stopped(p->pid, SIGSTOP));
	EXPECT_EQ(0, kill(p->pid, SIGKILL));
	EXPECT_EQ(SIGKILL, process_finish(p));
}

static void spin(int times)
{
	while (times--)
		__builtin_ia32_pause();
}

/* Also when what stops it comes while Linux looks for another signal */
TEST_F(signals, stopped_meanwhile)
{
	struct process *p = self->p;
	__u32 *paused = &p->slot->paused;
	siginfo_t info;
	__u32 entry;
	int i;

	EXPECT_EQ(0, set_action(p, SIGRTMIN, HANDLER, 0));
	/* Without workers: one that stops, too, would have told it. */
	EXPECT_EQ(0, call(p, SYS_setgid, getgid()));
	ASSERT_TRUE(eventually(status_has(p->pid, "Threads:\t1\n")));
	for (i = 0; i < 500; i++) {
		EXPECT_EQ(0, kill(p->pid, SIGRTMIN));
		spin(i % 100 * 10);
		EXPECT_EQ(0, kill(p->pid, SIGSTOP));
		ASSERT_TRUE(is_stopped(p->pid, SIGSTOP));
		EXPECT_EQ(1, load_acquire(paused))
			TH_LOG("time %d", i);
		EXPECT_EQ(0, kill(p->pid, SIGCONT));
		ASSERT_TRUE(is_continued(p->pid));
		ASSERT_TRUE(take(p, &info, &entry));
		EXPECT_EQ(SIGRTMIN, info.si_signo);
		EXPECT_TRUE(eventually(!load_acquire(paused)));
	}
}

static bool is_worker(pid_t pid, pid_t tid, __u32 arg)
{
	return tid != pid;
}

/* A thread that a tracer stops is one, and others execute the calls. */
TEST_F(signals, worker_stopped)
{
	struct process *p = self->p;
	pid_t worker = 0;
	int status, i;

	EXPECT_TRUE(process_answers(p));
	EXPECT_EQ(1, threads_that(p->pid, is_worker, 0, &worker));
	ASSERT_EQ(0, ptrace(PTRACE_SEIZE, worker, 0, 0));
	ASSERT_EQ(0, ptrace(PTRACE_INTERRUPT, worker, 0, 0));
	ASSERT_EQ(worker, waitpid(worker, &status, __WALL));
	for (i = 0; i < 10; i++)
		EXPECT_TRUE(process_answers(p));
	ASSERT_TRUE(process_block(p, 8));
	EXPECT_EQ(0, ptrace(PTRACE_DETACH, worker, 0, 0));
	EXPECT_TRUE(process_unblock(p, 8));
	EXPECT_TRUE(process_answers(p));
	EXPECT_EQ(5 << 8, process_exit(p, 5 << 8));
}

/* Too many at once: none is lost, and what cannot be blocked still works. */
TEST_F(signals, full)
{
	struct process *p = self->p;
	siginfo_t info;
	__u32 entry;
	int i;

	EXPECT_EQ(0, set_action(p, SIGRTMIN, HANDLER, 0));
	EXPECT_EQ(0, set_action(p, SIGRTMIN + 1, HANDLER, 0));
	for (i = 0; i < 20; i++)
		EXPECT_EQ(0, sigqueue(p->pid, SIGRTMIN, (union sigval) { .sival_int = i }));
	EXPECT_EQ(0, kill(p->pid, SIGRTMIN + 1));
	EXPECT_TRUE(eventually(load_acquire(&p->slot->signal_tail) == CRTOS_NR_SIGNALS));
	EXPECT_TRUE(has_signal(p->pid, "ShdPnd", SIGRTMIN));
	EXPECT_TRUE(process_answers(p));
	EXPECT_EQ(SCHED_OTHER, call(p, SYS_sched_getscheduler, 0));
	for (i = 0; i < 20; i++) {
		ASSERT_TRUE(take(p, &info, &entry));
		EXPECT_EQ(SIGRTMIN, info.si_signo);
		EXPECT_EQ(i, info.si_value.sival_int);
	}
	EXPECT_TRUE(takes(p, SIGRTMIN + 1, SI_USER));
	EXPECT_FALSE(has_signal(p->pid, "ShdPnd", SIGRTMIN));
}

/* With SIGRTMIN, which has a handler */
static bool fill_up(struct process *p)
{
	union sigval value;

	for (value.sival_int = 0; value.sival_int < CRTOS_NR_SIGNALS + 4; value.sival_int++)
		if (sigqueue(p->pid, SIGRTMIN, value))
			return false;
	return eventually(load_acquire(&p->slot->signal_tail) == CRTOS_NR_SIGNALS) &&
	       has_signal(p->pid, "ShdPnd", SIGRTMIN);
}

/* Neither a stop nor a tracer waits for the RTOS to make room. */
TEST_F(signals, full_and_stopped)
{
	struct process *p = self->p;
	int status, i;
	siginfo_t info;
	__u32 entry;
	__u64 mask;

	EXPECT_EQ(0, set_action(p, SIGRTMIN, HANDLER, 0));
	ASSERT_TRUE(fill_up(p));
	EXPECT_EQ(0, kill(p->pid, SIGSTOP));
	EXPECT_TRUE(is_stopped(p->pid, SIGSTOP));
	EXPECT_TRUE(load_acquire(&p->slot->paused));
	EXPECT_EQ(0, kill(p->pid, SIGCONT));
	EXPECT_TRUE(is_continued(p->pid));
	EXPECT_TRUE(eventually(!load_acquire(&p->slot->paused)));

	EXPECT_EQ(0, ptrace(PTRACE_SEIZE, p->pid, 0, 0));
	EXPECT_EQ(0, ptrace(PTRACE_INTERRUPT, p->pid, 0, 0));
	EXPECT_EQ(p->pid, waitpid(p->pid, &status, 0));
	EXPECT_EQ(PTRACE_EVENT_STOP, status >> 16);
	/* Its mask is the one that it has set, none, and stays what the tracer sets. */
	EXPECT_EQ(0, ptrace(PTRACE_GETSIGMASK, p->pid, sizeof(mask), &mask));
	EXPECT_EQ(0, mask);
	mask = 1ULL << (SIGUSR2 - 1);
	EXPECT_EQ(0, ptrace(PTRACE_SETSIGMASK, p->pid, sizeof(mask), &mask));
	EXPECT_EQ(0, ptrace(PTRACE_DETACH, p->pid, 0, 0));
	EXPECT_TRUE(eventually(has_signal(p->pid, "SigBlk", SIGUSR2) &&
			       !has_signal(p->pid, "SigBlk", SIGUSR1)));

	EXPECT_TRUE(process_answers(p));
	for (i = 0; i < CRTOS_NR_SIGNALS + 4; i++) {
		ASSERT_TRUE(take(p, &info, &entry));
		EXPECT_EQ(i, info.si_value.sival_int);
	}
}

TEST_F(signals, full_and_killed)
{
	struct process *p = self->p;

	EXPECT_EQ(0, set_action(p, SIGRTMIN, HANDLER, 0));
	ASSERT_TRUE(fill_up(p));
	EXPECT_EQ(0, kill(p->pid, SIGKILL));
	EXPECT_EQ(SIGKILL, process_finish(p));
}

/* What the RTOS says that it has taken cannot make Linux write elsewhere. */
TEST_F(signals, head_is_nonsense)
{
	struct process *p = self->p;
	int i;

	EXPECT_EQ(0, set_action(p, SIGRTMIN, HANDLER, 0));
	for (i = 0; i < 50; i++) {
		store_release(&p->slot->signal_head, i * 0x11111111u);
		EXPECT_EQ(0, sigqueue(p->pid, SIGRTMIN, (union sigval) { .sival_int = i }));
		EXPECT_TRUE(process_answers(p));
	}
	EXPECT_EQ(0, kill(p->pid, SIGKILL));
	EXPECT_EQ(SIGKILL, process_finish(p));
}

/* Raised by a call, for the thread that makes it */

/* A pipe that nobody reads from; returns what to write to */
static int broken_pipe(struct process *p)
{
	int *fd = (void *)(p->mem + OUT);

	if (call(p, SYS_pipe2, at(OUT), 0) || call(p, SYS_close, fd[0]))
		return -1;
	return fd[1];
}

/* It is there when the call completes. */
TEST_F(signals, pipe_handler)
{
	struct process *p = self->p;
	int fd = broken_pipe(p);
	siginfo_t info;
	__u32 entry;

	EXPECT_EQ(0, set_action(p, SIGPIPE, HANDLER, 0));
	start_call(p, 9, SYS_write, fd, at(IN), 1);
	EXPECT_EQ(-EPIPE, process_result(p, 9));
	EXPECT_FALSE(none_to_take(p));
	ASSERT_TRUE(take(p, &info, &entry));
	EXPECT_EQ(SIGPIPE, info.si_signo);
	EXPECT_EQ(9, entry);
	/* One from outside is nobody's. */
	EXPECT_EQ(0, kill(p->pid, SIGPIPE));
	EXPECT_TRUE(takes(p, SIGPIPE, SI_USER));
}

/* The same, and both SIGPIPE and what takes the room of it have handlers. */
static int broken_pipe_handled(struct process *p)
{
	if (set_action(p, SIGRTMIN, HANDLER, 0) || set_action(p, SIGPIPE, HANDLER, 0))
		return -1;
	return broken_pipe(p);
}

/* Nothing waits for room: without, it is as if the signal came from outside. */
TEST_F(signals, pipe_when_full)
{
	struct process *p = self->p;
	int fd = broken_pipe_handled(p), i;
	siginfo_t info;
	__u32 entry;

	ASSERT_TRUE(fill_up(p));
	for (i = 0; i < 2; i++) {
		/* The second time, with the signal blocked */
		start_call(p, 9, SYS_write, fd, at(IN), 1);
		EXPECT_EQ(-EPIPE, process_result(p, 9));
		EXPECT_TRUE(process_answers(p));
		EXPECT_EQ(0, set_mask(p, SIG_BLOCK, SIGPIPE));
	}
	/* Nor does a call that needs a worker */
	ASSERT_TRUE(process_block(p, 8));
	EXPECT_TRUE(process_answers(p));
	EXPECT_TRUE(process_unblock(p, 8));
	for (i = 0; i < CRTOS_NR_SIGNALS + 4; i++) {
		ASSERT_TRUE(take(p, &info, &entry));
		EXPECT_EQ(i, info.si_value.sival_int);
	}
	EXPECT_TRUE(process_answers(p));
	EXPECT_TRUE(none_to_take(p));
	EXPECT_EQ(0, set_mask(p, SIG_UNBLOCK, SIGPIPE));
	EXPECT_TRUE(takes(p, SIGPIPE, SI_USER));
	EXPECT_TRUE(none_to_take(p));
	EXPECT_EQ(5 << 8, process_exit(p, 5 << 8));
}

/* The last place is for signals from outside. */
TEST_F(signals, pipe_when_nearly_full)
{
	struct process *p = self->p;
	int fd = broken_pipe_handled(p), i;
	siginfo_t info;
	__u32 entry;

	for (i = 0; i < CRTOS_NR_SIGNALS - 2; i++)
		EXPECT_EQ(0, sigqueue(p->pid, SIGRTMIN, (union sigval) {}));
	ASSERT_TRUE(eventually(load_acquire(&p->slot->signal_tail) == CRTOS_NR_SIGNALS - 2));
	for (i = 8; i < 10; i++) {
		start_call(p, i, SYS_write, fd, at(IN), 1);
		EXPECT_EQ(-EPIPE, process_result(p, i));
	}
	for (i = 0; i < CRTOS_NR_SIGNALS - 2; i++)
		EXPECT_TRUE(takes(p, SIGRTMIN, SI_QUEUE));
	ASSERT_TRUE(take(p, &info, &entry));
	EXPECT_EQ(SIGPIPE, info.si_signo);
	EXPECT_EQ(8, entry);
	EXPECT_TRUE(takes(p, SIGPIPE, SI_USER));
	EXPECT_TRUE(none_to_take(p));
}

TEST_F(signals, pipe_default)
{
	int fd = broken_pipe(self->p);

	start_call(self->p, 1, SYS_write, fd, at(IN), 1);
	EXPECT_EQ(SIGPIPE, process_finish(self->p));
}

TEST_F(signals, pipe_ignored)
{
	struct process *p = self->p;
	int fd = broken_pipe(p);

	EXPECT_EQ(0, set_action(p, SIGPIPE, (uintptr_t)SIG_IGN, 0));
	EXPECT_EQ(-EPIPE, call(p, SYS_write, fd, at(IN), 1));
	EXPECT_TRUE(process_answers(p));
	EXPECT_TRUE(none_to_take(p));
}

/* It is pending for the thread that made the call, whatever its action: the RTOS's. */
TEST_F(signals, pipe_blocked)
{
	struct process *p = self->p;
	int fd = broken_pipe(p), i;
	siginfo_t info;
	__u32 entry;

	for (i = 0; i < 100; i++) {
		EXPECT_EQ(0, set_action(p, SIGPIPE, i % 2 ? HANDLER : 0, 0));
		/* From the next call on */
		EXPECT_EQ(0, set_mask(p, SIG_BLOCK, SIGPIPE));
		start_call(p, 9, SYS_write, fd, at(IN), 1);
		EXPECT_EQ(-EPIPE, process_result(p, 9));
		EXPECT_FALSE(none_to_take(p));
		ASSERT_TRUE(take(p, &info, &entry));
		EXPECT_EQ(SIGPIPE, info.si_signo);
		EXPECT_EQ(9, entry);
		EXPECT_EQ(0, set_mask(p, SIG_UNBLOCK, SIGPIPE));
	}
	EXPECT_TRUE(process_answers(p));
	EXPECT_TRUE(none_to_take(p));
}

static __s64 limit_files(struct process *p, rlim_t len)
{
	const struct rlimit limit = { len, len };

	return call(p, SYS_setrlimit, RLIMIT_FSIZE, put(p, IN, &limit, sizeof(limit)));
}

/* A file that may not grow */
static __s64 full_file(struct process *p)
{
	__s64 fd = call(p, SYS_memfd_create, put_string(p, PATH, "name"), 0);

	if (fd < 0 || limit_files(p, PAGE) || call(p, SYS_pwrite64, fd, at(0), PAGE, 0) != PAGE)
		return -1;
	return fd;
}

TEST_F(signals, size_handler)
{
	struct process *p = self->p;
	__s64 fd = full_file(p);
	siginfo_t info;
	__u32 entry;

	EXPECT_EQ(0, set_action(p, SIGXFSZ, HANDLER, 0));
	EXPECT_EQ(1, call(p, SYS_pwrite64, fd, at(IN), 2, PAGE - 1));
	EXPECT_TRUE(none_to_take(p));
	start_call(p, 63, SYS_pwrite64, fd, at(IN), 1, PAGE);
	EXPECT_EQ(-EFBIG, process_result(p, 63));
	EXPECT_FALSE(none_to_take(p));
	ASSERT_TRUE(take(p, &info, &entry));
	EXPECT_EQ(SIGXFSZ, info.si_signo);
	EXPECT_EQ(63, entry);
}

TEST_F(signals, size_default)
{
	struct process *p = self->p;
	__s64 fd = full_file(p);

	start_call(p, 1, SYS_pwrite64, fd, at(IN), 1, PAGE);
	EXPECT_EQ(SIGXFSZ, WTERMSIG(process_finish(p)));
}

TEST_F(signals, size_ignored)
{
	struct process *p = self->p;
	__s64 fd = full_file(p);

	EXPECT_EQ(0, set_action(p, SIGXFSZ, (uintptr_t)SIG_IGN, 0));
	EXPECT_EQ(-EFBIG, call(p, SYS_pwrite64, fd, at(IN), 1, PAGE));
	EXPECT_TRUE(process_answers(p));
	EXPECT_TRUE(none_to_take(p));
}

/* What ends a process with a core file */

static bool may_dump(const void *data)
{
	const struct rlimit limit = { RLIM_INFINITY, RLIM_INFINITY };

	return !chdir(data) && !setrlimit(RLIMIT_CORE, &limit);
}

static int native_core(const char *dir)
{
	pid_t pid = fork();
	int status;

	if (!pid)
		_exit(may_dump(dir) ? kill(getpid(), SIGSEGV) : 1);
	return waitpid(pid, &status, 0) == pid ? status : -1;
}

static off_t remove_core(const char *dir)
{
	struct stat st = {};
	char path[64];

	snprintf(path, sizeof(path), "%s/core", dir);
	stat(path, &st);
	unlink(path);
	return st.st_size;
}

TEST_F_TIMEOUT(signals, core, 60)
{
	struct process *p = peer_spawn_with(&self->peer, 0, may_dump, self->dir);
	int status = native_core(self->dir);
	off_t len = remove_core(self->dir);

	ASSERT_NE(NULL, p);
	ASSERT_TRUE(process_block(p, 16));
	EXPECT_EQ(0, kill(p->pid, SIGSEGV));
	EXPECT_EQ(status, process_finish(p));
	EXPECT_EQ(SIGSEGV, WTERMSIG(status));
	EXPECT_EQ(!len, !remove_core(self->dir));
}

/* A terminal */

static bool control_terminal(const void *data)
{
	int fd;

	if (setsid() < 0)
		return false;
	fd = open(data, O_RDWR);
	return fd >= 0 && !ioctl(fd, TIOCSCTTY, 0) && dup2(fd, 0) == 0 && !close(fd);
}

static bool grant(int terminal)
{
	return !grantpt(terminal) && !unlockpt(terminal);
}

TEST_F(signals, terminal)
{
	int terminal = posix_openpt(O_RDWR | O_NOCTTY);
	struct process *p;
	siginfo_t info;
	__u32 entry;

	if (terminal < 0)
		SKIP(return, "no /dev/ptmx");
	ASSERT_TRUE(grant(terminal));
	p = peer_spawn_with(&self->peer, 0, control_terminal, ptsname(terminal));
	ASSERT_NE(NULL, p);
	EXPECT_EQ(0, set_action(p, SIGINT, HANDLER, 0));
	start_call(p, 1, SYS_read, 0, at(OUT), 16);
	ASSERT_TRUE(eventually(threads_in(p->pid, SYS_read, NULL) == 1));
	EXPECT_EQ(1, write(terminal, "\003", 1));
	ASSERT_TRUE(take(p, &info, &entry));
	EXPECT_EQ(SIGINT, info.si_signo);
	EXPECT_EQ(SI_KERNEL, info.si_code);
	EXPECT_EQ(CRTOS_NO_ENTRY, entry);
	EXPECT_TRUE(entries_pending(p, 1, 1));
	EXPECT_EQ(3, write(terminal, "ab\n", 3));
	EXPECT_EQ(3, process_result(p, 1));
	EXPECT_EQ(0, memcmp("ab\n", p->mem + OUT, 3));
	EXPECT_EQ(1, write(terminal, "\034", 1));
	EXPECT_EQ(SIGQUIT, WTERMSIG(process_finish(p)));
	close(terminal);
}

/* A job in the background that reads stops, until it is in the foreground. */
TEST_F(signals, terminal_background)
{
	int terminal = posix_openpt(O_RDWR | O_NOCTTY), status;
	struct process *p, *job;

	if (terminal < 0)
		SKIP(return, "no /dev/ptmx");
	ASSERT_TRUE(grant(terminal));
	p = peer_spawn_with(&self->peer, 0, control_terminal, ptsname(terminal));
	ASSERT_NE(NULL, p);
	job = process_fork(p, SYS_fork, ARGS(0));
	ASSERT_NE(NULL, job);
	EXPECT_EQ(0, call(job, SYS_setpgid, 0, 0));
	start_call(job, 1, SYS_read, 0, at(OUT), 16);
	EXPECT_EQ(job->pid, call(p, SYS_wait4, job->pid, at(OUT), WUNTRACED, 0));
	memcpy(&status, p->mem + OUT, sizeof(status));
	EXPECT_TRUE(WIFSTOPPED(status));
	EXPECT_EQ(SIGTTIN, WSTOPSIG(status));
	EXPECT_TRUE(entries_pending(job, 1, 1));
	EXPECT_EQ(0, call(p, SYS_ioctl, 0, TIOCSPGRP, put(p, IN, &job->pid, sizeof(job->pid))));
	EXPECT_EQ(0, call(p, SYS_kill, job->pid, SIGCONT));
	EXPECT_EQ(3, write(terminal, "ab\n", 3));
	EXPECT_EQ(3, process_result(job, 1));
	EXPECT_EQ(0, memcmp("ab\n", job->mem + OUT, 3));
	/* Who ignores the signal is told, and does not stop. */
	EXPECT_EQ(0, set_action(p, SIGTTIN, (uintptr_t)SIG_IGN, 0));
	EXPECT_EQ(-EIO, call(p, SYS_read, 0, at(OUT), 16));
	close(terminal);
}

/* Filters */

static __s64 confine(struct process *p, __u64 flags, __u32 nr, __u32 action)
{
	return call(p, SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags,
		    put_filter(p, IN, nr, action));
}

/* Calls that are under way go on; all that come later are confined. */
TEST_F(signals, filter_errno)
{
	struct process *p = self->p;
	unsigned int i;

	ASSERT_TRUE(process_block(p, 16));
	EXPECT_EQ(getpgrp(), call(p, SYS_getpgrp));
	EXPECT_EQ(0, confine(p, 0, SYS_getpgrp, SECCOMP_RET_ERRNO | 42));
	for (i = 20; i < 40; i++)
		start_call(p, i, SYS_getpgrp);
	for (i = 20; i < 40; i++)
		EXPECT_EQ(-42, process_result(p, i));
	EXPECT_TRUE(process_answers(p));
	EXPECT_TRUE(process_unblock(p, 16));
	for (i = 0; i < 20; i++)
		EXPECT_EQ(-42, call(p, SYS_getpgrp));
	/* Another one, of those that the anchor makes */
	EXPECT_EQ(0, confine(p, 0, SYS_sched_getscheduler, SECCOMP_RET_ERRNO | 43));
	EXPECT_EQ(-43, call(p, SYS_sched_getscheduler, 0));
	EXPECT_EQ(-42, call(p, SYS_getpgrp));
	EXPECT_TRUE(status_has(p->pid, "Seccomp_filters:\t2"));
}

/* What makes a call again, for nothing that would do so */
TEST_F(signals, filter_restart)
{
	static const int results[] = { 512, 513, 514, 516 };
	struct process *p = self->p;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(results); i++) {
		EXPECT_EQ(0, confine(p, 0, SYS_getpgrp, SECCOMP_RET_ERRNO | results[i]));
		EXPECT_EQ(-results[i], call(p, SYS_getpgrp));
		EXPECT_EQ(0, confine(p, 0, SYS_sched_getscheduler,
				     SECCOMP_RET_ERRNO | results[i]));
		EXPECT_EQ(-results[i], call(p, SYS_sched_getscheduler, 0));
	}
}

TEST_F(signals, filter_log)
{
	struct process *p = self->p;

	EXPECT_EQ(0, confine(p, 0, SYS_getpgrp, SECCOMP_RET_LOG));
	EXPECT_EQ(getpgrp(), call(p, SYS_getpgrp));
	/* Nobody traces: */
	EXPECT_EQ(0, confine(p, 0, SYS_getuid, SECCOMP_RET_TRACE | 1));
	EXPECT_EQ(-ENOSYS, call(p, SYS_getuid));
}

TEST_F(signals, filter_for_nobody)
{
	const uid_t id = SOMEBODY;
	struct process *p = peer_attach(&self->peer, peer_fork_as(&self->peer, id));

	ASSERT_NE(NULL, p);
	EXPECT_EQ(-EACCES, confine(p, 0, SYS_getpgrp, SECCOMP_RET_ERRNO | 42));
	EXPECT_EQ(0, call(p, SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	EXPECT_EQ(0, confine(p, 0, SYS_getpgrp, SECCOMP_RET_ERRNO | 42));
	EXPECT_EQ(-42, call(p, SYS_getpgrp));
}

TEST_F(signals, filter_for_all_threads)
{
	struct process *p = self->p;

	ASSERT_TRUE(process_block(p, 16));
	EXPECT_EQ(0, confine(p, SECCOMP_FILTER_FLAG_TSYNC, SYS_getpgrp, SECCOMP_RET_ERRNO | 42));
	EXPECT_EQ(-42, call(p, SYS_getpgrp));
	EXPECT_TRUE(process_unblock(p, 16));
	EXPECT_EQ(-42, call(p, SYS_getpgrp));
	EXPECT_EQ(0, confine(p, SECCOMP_FILTER_FLAG_TSYNC, SYS_getuid, SECCOMP_RET_ERRNO | 43));
	EXPECT_EQ(-43, call(p, SYS_getuid));
}

TEST_F(signals, filter_trap_handler)
{
	struct process *p = self->p;
	siginfo_t info;
	__u32 entry;

	EXPECT_EQ(0, set_action(p, SIGSYS, HANDLER, SA_SIGINFO));
	EXPECT_EQ(0, confine(p, 0, SYS_getpgrp, SECCOMP_RET_TRAP | 17));
	start_call(p, 33, SYS_getpgrp);
	EXPECT_NE(NO_RESULT, process_result(p, 33));
	EXPECT_FALSE(none_to_take(p));
	ASSERT_TRUE(take(p, &info, &entry));
	EXPECT_EQ(SIGSYS, info.si_signo);
	EXPECT_EQ(1 /* SYS_SECCOMP */, info.si_code);
	EXPECT_EQ(17, info.si_errno);
	EXPECT_EQ(SYS_getpgrp, info.si_syscall);
	EXPECT_EQ(33, entry);
	/* RAX is as it was before the call. */
	EXPECT_EQ(SYS_getpgrp, p->slot->entries[33].result);
	EXPECT_TRUE(process_answers(p));
}

/* The same for a call that the anchor makes */
TEST_F(signals, filter_trap_anchor)
{
	struct process *p = self->p;
	siginfo_t info;
	__u32 entry;

	EXPECT_EQ(0, set_action(p, SIGSYS, HANDLER, SA_SIGINFO));
	EXPECT_EQ(0, confine(p, 0, SYS_sched_getscheduler, SECCOMP_RET_TRAP | 18));
	start_call(p, 33, SYS_sched_getscheduler, 0);
	EXPECT_NE(NO_RESULT, process_result(p, 33));
	ASSERT_TRUE(take(p, &info, &entry));
	EXPECT_EQ(SIGSYS, info.si_signo);
	EXPECT_EQ(18, info.si_errno);
	EXPECT_EQ(33, entry);
}

/* Whether blocked or ignored, as natively */
TEST_F(signals, filter_trap_default)
{
	struct process *p = self->p;

	EXPECT_EQ(0, set_action(p, SIGSYS, (uintptr_t)SIG_IGN, 0));
	EXPECT_EQ(0, confine(p, 0, SYS_getpgrp, SECCOMP_RET_TRAP));
	start_call(p, 1, SYS_getpgrp);
	EXPECT_EQ(SIGSYS, WTERMSIG(process_finish(p)));

	p = peer_spawn(&self->peer);
	ASSERT_NE(NULL, p);
	EXPECT_EQ(0, confine(p, 0, SYS_getpgrp, SECCOMP_RET_TRAP));
	start_call(p, 1, SYS_getpgrp);
	EXPECT_EQ(SIGSYS, WTERMSIG(process_finish(p)));
}

/* The thread of the RTOS ends, not the process. */
TEST_F_TIMEOUT(signals, filter_kills_thread, 60)
{
	struct process *p = self->p;
	unsigned int i;

	EXPECT_EQ(0, confine(p, 0, SYS_getpgrp, SECCOMP_RET_KILL_THREAD));
	ASSERT_TRUE(process_block(p, 8));
	for (i = 10; i < 20; i++)
		start_call(p, i, SYS_getpgrp);
	for (i = 10; i < 20; i++) {
		EXPECT_EQ(SIGSYS, process_result(p, i));
		EXPECT_EQ(CRTOS_ENTRY_KILLED, status_of(p, i));
		EXPECT_TRUE(process_answers(p));
	}
	EXPECT_TRUE(process_unblock(p, 8));
	EXPECT_EQ(SIGSYS, process_exit(p, SIGSYS));
}

/* If it is the only one, the process does. */
TEST_F(signals, filter_kills_anchor)
{
	struct process *p = self->p;

	EXPECT_EQ(0, confine(p, 0, SYS_sched_getscheduler, SECCOMP_RET_KILL_THREAD));
	start_call(p, 1, SYS_sched_getscheduler, 0);
	EXPECT_EQ(SIGSYS, WTERMSIG(process_finish(p)));
}

TEST_F(signals, filter_kills_process)
{
	struct process *p = self->p;

	EXPECT_EQ(0, confine(p, 0, SYS_getpgrp, SECCOMP_RET_KILL_PROCESS));
	ASSERT_TRUE(process_block(p, 8));
	start_call(p, 20, SYS_getpgrp);
	EXPECT_EQ(SIGSYS, WTERMSIG(process_finish(p)));
}

/* What the kernel forces does not wait for room either. */
TEST_F(signals, filter_kills_when_full)
{
	struct process *p = self->p;

	EXPECT_EQ(0, set_action(p, SIGRTMIN, HANDLER, 0));
	EXPECT_EQ(0, confine(p, 0, SYS_getpgrp, SECCOMP_RET_KILL_PROCESS));
	/* As long as there is no room, no thread can be made. */
	EXPECT_TRUE(process_answers(p));
	ASSERT_TRUE(fill_up(p));
	start_call(p, 20, SYS_getpgrp);
	EXPECT_EQ(SIGSYS, WTERMSIG(process_finish(p)));
}

static bool confine_before(const void *data)
{
	const struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getpgrp, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 42),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = { ARRAY_SIZE(filter), (struct sock_filter *)filter };

	return !prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

TEST_F(signals, filter_from_before)
{
	struct process *p = peer_spawn_with(&self->peer, 0, confine_before, NULL);

	ASSERT_NE(NULL, p);
	EXPECT_EQ(-42, call(p, SYS_getpgrp));
	ASSERT_TRUE(process_block(p, 4));
	EXPECT_EQ(-42, call(p, SYS_getpgrp));
	EXPECT_TRUE(process_unblock(p, 4));
	EXPECT_EQ(0, confine(p, 0, SYS_getuid, SECCOMP_RET_ERRNO | 43));
	EXPECT_EQ(-42, call(p, SYS_getpgrp));
	EXPECT_EQ(-43, call(p, SYS_getuid));
	EXPECT_TRUE(process_answers(p));
}

/* What is no system call is not for a filter, not even for one that forbids all. */
TEST_F(signals, filter_everything)
{
	const struct sock_filter filter = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
	struct process *p = self->p;
	const struct sock_fprog program = {
		.len = 1,
		.filter = (void *)put(p, IN + 64, &filter, sizeof(filter)),
	};

	EXPECT_EQ(0, call(p, SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0,
			  put(p, IN, &program, sizeof(program))));
	EXPECT_LT(0, process_do(p, CRTOS_OP_ARGS, 0, ARGS(at(OUT), PAGE, 0)));
	EXPECT_EQ(0, process_do(p, CRTOS_OP_UNMAP, 0, ARGS(at(OUT), PAGE)));
	EXPECT_EQ(3 << 8, process_exit(p, 3 << 8));
}

/* Another process decides. */
TEST_F(signals, filter_asks)
{
	struct process *p = self->p;
	struct seccomp_notif request = {};
	struct seccomp_notif_resp answer = {};
	int pidfd = syscall(SYS_pidfd_open, p->pid, 0);
	__s64 fd = confine(p, SECCOMP_FILTER_FLAG_NEW_LISTENER, SYS_lseek, SECCOMP_RET_USER_NOTIF);
	int here;

	ASSERT_LE(0, fd);
	here = syscall(SYS_pidfd_getfd, pidfd, fd, 0);
	ASSERT_LE(0, here);
	start_call(p, 1, SYS_lseek, 1, 2, 3);
	ASSERT_EQ(0, ioctl(here, SECCOMP_IOCTL_NOTIF_RECV, &request));
	EXPECT_EQ(SYS_lseek, request.data.nr);
	EXPECT_EQ(0, request.data.instruction_pointer);
	EXPECT_EQ(2, request.data.args[1]);
	EXPECT_EQ(3, request.data.args[2]);
	EXPECT_TRUE(process_answers(p));
	answer.id = request.id;
	answer.val = 12345;
	EXPECT_EQ(0, ioctl(here, SECCOMP_IOCTL_NOTIF_SEND, &answer));
	EXPECT_EQ(12345, process_result(p, 1));

	start_call(p, 1, SYS_lseek, 1, 2, 3);
	memset(&request, 0, sizeof(request));
	ASSERT_EQ(0, ioctl(here, SECCOMP_IOCTL_NOTIF_RECV, &request));
	process_cancel(p, 1);
	EXPECT_EQ(-EINTR, process_result(p, 1));
	EXPECT_TRUE(process_answers(p));
	close(here);
	close(pidfd);
}

/* Forks */

/* It ends, and is for its parent to wait for. */
static bool leave(struct process *p, int status)
{
	process_start(p, CRTOS_NR_ENTRIES - 1, CRTOS_OP_EXIT, 0, ARGS(status));
	return process_over(p);
}

TEST_F(signals, fork)
{
	struct process *p = self->p, *child;
	__s64 pid;

	start_call(p, 5, SYS_fork);
	pid = process_result(p, 5);
	ASSERT_LT(0, pid);
	/* It is there already. */
	child = peer_attach(&self->peer, pid);
	ASSERT_NE(NULL, child);
	EXPECT_NE(p->index, child->index);
	EXPECT_EQ(p->index, child->slot->parent);
	EXPECT_EQ(5, child->slot->parent_entry);
	EXPECT_EQ(0, child->slot->argc);
	EXPECT_EQ(0, child->slot->envc);
	EXPECT_EQ(0, child->slot->strings_len);
	EXPECT_EQ(WINDOW, child->slot->window_addr);
	EXPECT_EQ(WINDOW_LEN, child->slot->window_len);
	EXPECT_EQ(CRTOS_NO_SLOT, p->slot->parent);
	EXPECT_EQ(CRTOS_NO_ENTRY, p->slot->parent_entry);
	EXPECT_EQ(0, process_do(child, CRTOS_OP_ARGS, 0, ARGS(at(0), 100, 0)));
	EXPECT_EQ(pid, call(child, SYS_getpid));
	EXPECT_EQ(p->pid, call(child, SYS_getppid));
	EXPECT_EQ(p->pid, call(p, SYS_getpid));
	EXPECT_EQ(pid, call(p, SYS_wait4, pid, 0, WNOHANG, 0) ?: pid);
	EXPECT_TRUE(leave(child, 7 << 8));
	EXPECT_EQ(pid, call(p, SYS_wait4, pid, at(OUT), 0, 0));
	EXPECT_EQ(7 << 8, *(int *)(p->mem + OUT));
	EXPECT_EQ(-ECHILD, call(p, SYS_wait4, pid, at(OUT), 0, 0));
}

/* Descriptors are copied, what they stand for is not. */
TEST_F(signals, fork_descriptors)
{
	struct process *p = self->p, *child;
	__s64 fd = call(p, SYS_memfd_create, put_string(p, PATH, "name"), 0);

	EXPECT_EQ(5, call(p, SYS_write, fd, put(p, OUT, "abcde", 5), 5));
	EXPECT_EQ(1, call(p, SYS_lseek, fd, 1, SEEK_SET));
	child = process_fork(p, SYS_fork, ARGS(0));
	ASSERT_NE(NULL, child);
	EXPECT_EQ(2, call(child, SYS_read, fd, at(OUT + 64), 2));
	EXPECT_EQ(0, memcmp("bc", child->mem + OUT + 64, 2));
	EXPECT_NE(0, memcmp("bc", p->mem + OUT + 64, 2));
	EXPECT_EQ(3, call(p, SYS_lseek, fd, 0, SEEK_CUR));
	EXPECT_EQ(0, call(child, SYS_close, fd));
	EXPECT_EQ(-EBADF, call(child, SYS_lseek, fd, 0, SEEK_CUR));
	EXPECT_EQ(3, call(p, SYS_lseek, fd, 0, SEEK_CUR));
	EXPECT_EQ(0, call(child, SYS_chdir, put_string(child, PATH, self->dir)));
	EXPECT_EQ(sizeof("/proc"), call(p, SYS_chdir, put_string(p, PATH, "/proc")) ?:
				   call(p, SYS_getcwd, at(OUT), PAGE));
	EXPECT_EQ(strlen(self->dir) + 1, call(child, SYS_getcwd, at(OUT), PAGE));
	EXPECT_EQ(0, call(child, SYS_chdir, put_string(child, PATH, "/")));
}

TEST_F(signals, fork_inherits)
{
	struct process *p = self->p, *child;

	EXPECT_EQ(0, set_action(p, SIGUSR1, HANDLER, 0));
	EXPECT_EQ(0, set_mask(p, SIG_BLOCK, SIGUSR2));
	EXPECT_EQ(0, confine(p, 0, SYS_getpgrp, SECCOMP_RET_ERRNO | 42));
	EXPECT_EQ(0, call(p, SYS_setresuid, SOMEBODY, SOMEBODY, SOMEBODY));
	child = process_fork(p, SYS_vfork, ARGS(0));
	ASSERT_NE(NULL, child);
	EXPECT_EQ(SOMEBODY, call(child, SYS_getuid));
	EXPECT_EQ(-42, call(child, SYS_getpgrp));
	EXPECT_TRUE(has_signal(child->pid, "SigBlk", SIGUSR2));
	EXPECT_EQ(0, kill(child->pid, SIGUSR2));
	EXPECT_EQ(0, kill(child->pid, SIGUSR1));
	EXPECT_TRUE(takes(child, SIGUSR1, SI_USER));
	EXPECT_TRUE(none_to_take(child));
	EXPECT_TRUE(none_to_take(p));
	EXPECT_TRUE(process_answers(p) && process_answers(child));
}

/* Waited for by a call that blocks; and the call that forks leaves others alone. */
TEST_F(signals, fork_with_calls)
{
	struct process *p = self->p, *child;
	unsigned int i;

	ASSERT_TRUE(process_block(p, 16));
	child = process_fork(p, SYS_fork, ARGS(0));
	ASSERT_NE(NULL, child);
	for (i = 0; i < CRTOS_NR_ENTRIES; i++)
		EXPECT_EQ(CRTOS_ENTRY_PENDING, status_of(child, i));
	ASSERT_TRUE(process_block(child, 16));
	start_call(p, 20, SYS_wait4, -1, at(OUT), 0, 0);
	ASSERT_TRUE(eventually(threads_in(p->pid, SYS_wait4, NULL) == 1));
	EXPECT_TRUE(process_unblock(child, 16));
	EXPECT_TRUE(entries_pending(p, 1, 16));
	EXPECT_TRUE(leave(child, 3 << 8));
	EXPECT_LT(0, process_result(p, 20));
	EXPECT_EQ(3 << 8, *(int *)(p->mem + OUT));
	EXPECT_TRUE(process_unblock(p, 16));
}

TEST_F(signals, fork_many)
{
	struct process *p = self->p, *child[8];
	__s64 pid;
	unsigned int i, j;

	for (i = 0; i < 8; i++)
		start_call(p, 10 + i, SYS_fork);
	for (i = 0; i < 8; i++) {
		pid = process_result(p, 10 + i);
		ASSERT_LT(0, pid);
		child[i] = peer_attach(&self->peer, pid);
		ASSERT_NE(NULL, child[i]);
		EXPECT_EQ(10 + i, child[i]->slot->parent_entry);
		for (j = 0; j < i; j++)
			EXPECT_NE(child[j]->pid, child[i]->pid);
	}
	for (i = 0; i < 8; i++)
		EXPECT_EQ(p->pid, call(child[i], SYS_getppid));
	/* A grandchild */
	child[0] = process_fork(child[1], SYS_fork, ARGS(0));
	ASSERT_NE(NULL, child[0]);
	EXPECT_EQ(child[1]->pid, call(child[0], SYS_getppid));
}

/* Nobody's slot is taken; and when there is one again, it works again. */
TEST_F_TIMEOUT(signals, fork_without_slot, 120)
{
	struct process *p = self->p, *child = NULL;
	unsigned int i;

	for (i = 1; i < CRTOS_MAX_SLOTS; i++) {
		child = process_fork(p, SYS_fork, ARGS(0));
		ASSERT_NE(NULL, child);
	}
	EXPECT_EQ(-EAGAIN, call(p, SYS_fork));
	EXPECT_TRUE(process_answers(child));
	EXPECT_TRUE(leave(child, 0));
	EXPECT_LT(0, call(p, SYS_wait4, -1, 0, 0, 0));
	child = process_fork(p, SYS_fork, ARGS(0));
	ASSERT_NE(NULL, child);
	EXPECT_TRUE(process_answers(child));
}

static bool become_limited(const void *data)
{
	const int nr = *(const int *)data;
	const struct rlimit limit = { nr, nr };
	const uid_t id = SOMEBODY;

	return !setrlimit(RLIMIT_NPROC, &limit) && !setgid(id) && !setuid(id);
}

TEST_F(signals, fork_without_process)
{
	struct process *p = peer_spawn_with(&self->peer, 0, become_limited, (int []) { 2 });
	unsigned int i;

	ASSERT_NE(NULL, p);
	for (i = 0; i < 2 * CRTOS_MAX_SLOTS; i++) {
		peer_acknowledge(&self->peer);
		EXPECT_EQ(-EAGAIN, call(p, SYS_fork));
	}
	EXPECT_TRUE(process_answers(p));
	EXPECT_EQ(2, peer_status(&self->peer).nr_slots);
	EXPECT_NE(NULL, process_fork(self->p, SYS_fork, ARGS(0)));
}

/* A child that may have no worker makes its calls nevertheless. */
TEST_F(signals, fork_without_worker)
{
	struct process *p = peer_spawn_with(&self->peer, 0, become_limited, (int []) { 4 }), *child;

	ASSERT_NE(NULL, p);
	ASSERT_TRUE(process_block(p, 1));
	child = process_fork(p, SYS_fork, ARGS(0));
	ASSERT_NE(NULL, child);
	EXPECT_TRUE(process_answers(child));
	EXPECT_TRUE(process_unblock(p, 1));
	EXPECT_TRUE(leave(child, 0));
}

/* A child that ends before it is attached does not keep its parent waiting. */
TEST_F(signals, fork_without_memory)
{
	/* The window of the child does not fit in. */
	const struct rlimit limit = { WINDOW_LEN, RLIM_INFINITY };
	struct process *p = self->p, *child;
	__s64 pid;

	EXPECT_EQ(0, call(p, SYS_setrlimit, RLIMIT_AS, put(p, IN, &limit, sizeof(limit))));
	start_call(p, 5, SYS_fork);
	pid = process_result(p, 5);
	EXPECT_LT(0, pid);
	EXPECT_EQ(pid, call(p, SYS_wait4, pid, at(OUT), 0, 0));
	EXPECT_EQ(SIGKILL, *(int *)(p->mem + OUT));
	peer_acknowledge(&self->peer);
	EXPECT_EQ(0, prlimit(p->pid, RLIMIT_AS, &(struct rlimit) { RLIM_INFINITY, RLIM_INFINITY },
			     NULL));
	child = process_fork(p, SYS_fork, ARGS(0));
	EXPECT_TRUE(child && leave(child, 0));
}

/* Returns an errno. */
static int pin(pid_t pid, unsigned int cpu, int policy, int priority)
{
	const struct sched_param param = { .sched_priority = priority };
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(cpu, &cpus);
	return sched_setaffinity(pid, sizeof(cpus), &cpus) ||
	       sched_setscheduler(pid, policy, &param) ? errno : 0;
}

/* For most of a second, what is not real-time does not run on that CPU. */
static pid_t hog(unsigned int cpu)
{
	pid_t pid = fork();

	if (!pid)
		for (;;)
			;
	return pid > 0 && !pin(pid, cpu, SCHED_FIFO, 1) ? pid : -1;
}

/*
 * When a child comes as far as to be attached, its parent has been killed, and the slot of
 * that is another process's, @other. Returns true if it was so.
 */
static bool fork_and_die(struct peer *peer, struct process **other)
{
	struct process *p = peer_spawn(peer), *child;
	pid_t busy;

	*other = NULL;
	if (!p || pin(p->pid, 1, SCHED_FIFO | SCHED_RESET_ON_FORK, 2))
		return false;
	busy = hog(1);
	start_call(p, 5, SYS_fork);
	eventually(status_has(p->pid, "State:\tD"));
	kill(p->pid, SIGKILL);
	process_over(p);
	*other = peer_spawn(peer);
	kill(busy, SIGKILL);
	/* This has to be gone, or to be attached. */
	while (peer_status(peer).nr_slots > 2) {
		child = peer_find(peer, -1);
		if (child)
			return kill(child->pid, SIGKILL) || !process_over(child);
		usleep(1000);
	}
	return *other && (*other)->index == p->index;
}

/* It is not taken for a copy of that process. */
TEST_F(signals, fork_orphan)
{
	struct process *other;
	unsigned int i;

	for (i = 0; i < 20; i++) {
		if (fork_and_die(&self->peer, &other))
			break;
		ASSERT_NE(NULL, other);
		EXPECT_TRUE(leave(other, 0));
	}
	EXPECT_NE(20, i);
	EXPECT_TRUE(process_answers(other));
	EXPECT_TRUE(process_answers(self->p));
}

TEST_F(signals, clone_flags)
{
	static const __u64 refused[] = {
		CLONE_VM, CLONE_VM | CLONE_VFORK, CLONE_VM | CLONE_SIGHAND,
		CLONE_VM | CLONE_SIGHAND | CLONE_THREAD, CLONE_VFORK, CLONE_SETTLS,
		CLONE_CHILD_SETTID, CLONE_CHILD_CLEARTID, CLONE_SIGHAND, CLONE_THREAD,
		CLONE_NEWNS | CLONE_FS,
	};
	struct process *p = self->p, *child;
	int *tid = (void *)(p->mem + OUT);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(refused); i++) {
		EXPECT_EQ(-EINVAL, call(p, SYS_clone, refused[i] | SIGCHLD, 0, 0, 0, 0))
			TH_LOG("case %zu", i);
	}
	EXPECT_EQ(1, peer_status(&self->peer).nr_slots);
	child = process_fork(p, SYS_clone,
			     ARGS(CLONE_PARENT_SETTID | CLONE_FILES | SIGCHLD, 0, at(OUT)));
	ASSERT_NE(NULL, child);
	EXPECT_EQ(child->pid, *tid);
	/* One table */
	EXPECT_EQ(9, call(child, SYS_dup2, 0, 9));
	EXPECT_EQ(0, call(p, SYS_close, 9));
	EXPECT_EQ(-EBADF, call(child, SYS_close, 9));

	child = process_fork(p, SYS_clone, ARGS(CLONE_PIDFD | SIGUSR1, 0, at(OUT)));
	ASSERT_NE(NULL, child);
	EXPECT_EQ(0, set_action(p, SIGUSR1, HANDLER, 0));
	EXPECT_EQ(0, call(p, SYS_pidfd_send_signal, *tid, SIGKILL, 0, 0));
	EXPECT_TRUE(process_over(child));
	EXPECT_TRUE(takes(p, SIGUSR1, CLD_KILLED));
}

/* Only clone3() has more than 32 flags: none of them is looked at. */
TEST_F(signals, clone_upper_flags)
{
	struct process *p = self->p, *child;

	EXPECT_EQ(0, set_action(p, SIGUSR1, HANDLER, 0));
	child = process_fork(p, SYS_clone, ARGS(3ULL << 32 | SIGCHLD));
	ASSERT_NE(NULL, child);
	EXPECT_TRUE(has_signal(child->pid, "SigCgt", SIGUSR1));
	EXPECT_TRUE(process_answers(child));
}

TEST_F(signals, clone_namespace)
{
	struct process *p = self->p, *child;

	child = process_fork(p, SYS_clone, ARGS(CLONE_NEWUTS | SIGCHLD));
	ASSERT_NE(NULL, child);
	EXPECT_EQ(0, call(child, SYS_sethostname, put_string(child, IN, "inside"), 6));
	EXPECT_EQ(0, call(p, SYS_uname, at(OUT)));
	EXPECT_EQ(NULL, memmem(p->mem + OUT, 390, "inside", 6));
	EXPECT_EQ(0, call(child, SYS_uname, at(OUT)));
	EXPECT_NE(NULL, memmem(child->mem + OUT, 390, "inside", 6));
}

static pid_t send_all_the_time(pid_t to, int sig)
{
	pid_t pid = fork();

	while (!pid && !kill(to, sig))
		;
	if (!pid)
		_exit(1);
	return pid;
}

/* SIGSTOP from inside is nothing for the init of a PID namespace. */
TEST_F_TIMEOUT(signals, clone_init, 60)
{
	struct process *p = self->p, *child;
	pid_t sender;
	__s64 pid;
	int i;

	EXPECT_EQ(0, set_action(p, SIGUSR1, HANDLER, 0));
	pid = call(p, SYS_clone, CLONE_NEWPID | SIGCHLD);
	ASSERT_LT(0, pid);
	child = peer_attach(&self->peer, 1);
	ASSERT_NE(NULL, child);
	EXPECT_EQ(1, call(child, SYS_getpid));
	/* Linux looks for signals meanwhile. */
	sender = send_all_the_time(pid, SIGUSR1);
	ASSERT_LT(0, sender);
	for (i = 0; i < 1000; i++) {
		ASSERT_EQ(0, call(child, SYS_kill, 1, SIGSTOP))
			TH_LOG("time %d", i);
		store_release(&child->slot->signal_head, load_acquire(&child->slot->signal_tail));
	}
	EXPECT_EQ(0, kill(sender, SIGKILL));
	EXPECT_EQ(sender, waitpid(sender, NULL, 0));
	store_release(&child->slot->signal_head, load_acquire(&child->slot->signal_tail));
	EXPECT_TRUE(eventually(!load_acquire(&child->slot->paused)));
	EXPECT_TRUE(process_answers(child));
	EXPECT_EQ(SCHED_OTHER, call(child, SYS_sched_getscheduler, 0));

	/* From outside it does stop. */
	EXPECT_EQ(0, kill(pid, SIGSTOP));
	EXPECT_TRUE(eventually(status_has(pid, "State:\tT")));
	EXPECT_EQ(1, load_acquire(&child->slot->paused));
	EXPECT_EQ(0, kill(pid, SIGCONT));
	EXPECT_TRUE(eventually(!load_acquire(&child->slot->paused)));
	EXPECT_TRUE(process_answers(child));
	EXPECT_TRUE(leave(child, 5 << 8));
}

/* The parent ends first, by itself or not: the child goes on. */
TEST_F(signals, orphan)
{
	struct process *p = self->p, *child;
	unsigned int round;

	for (round = 0; round < 2; round++) {
		child = process_fork(p, SYS_fork, ARGS(0));
		ASSERT_NE(NULL, child);
		ASSERT_TRUE(process_block(child, 4));
		if (round) {
			EXPECT_EQ(0, process_exit(p, 0));
		} else {
			EXPECT_EQ(0, kill(p->pid, SIGKILL));
			EXPECT_EQ(SIGKILL, process_finish(p));
		}
		EXPECT_EQ(getpid(), call(child, SYS_getppid));
		EXPECT_TRUE(process_unblock(child, 4));
		EXPECT_NE(NULL, process_fork(child, SYS_fork, ARGS(0)));
		p = child;
	}
	EXPECT_EQ(9 << 8, process_exit(p, 9 << 8));
}

TEST_F(signals, parent_death_signal)
{
	struct process *p = self->p, *child = process_fork(p, SYS_fork, ARGS(0));

	ASSERT_NE(NULL, child);
	EXPECT_EQ(0, call(child, SYS_prctl, PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0));
	EXPECT_EQ(0, set_action(child, SIGTERM, HANDLER, 0));
	/* Calls come and go, and with them threads; the parent is alive. */
	ASSERT_TRUE(process_block(p, 8));
	EXPECT_TRUE(process_unblock(p, 8));
	EXPECT_EQ(0, call(p, SYS_setpriority, PRIO_PROCESS, 0, 1));
	EXPECT_TRUE(process_answers(child));
	EXPECT_TRUE(none_to_take(child));
	EXPECT_EQ(0, process_exit(p, 0));
	EXPECT_TRUE(takes(child, SIGTERM, SI_USER));
}

/* Ends */

TEST_F(signals, exit_twice)
{
	struct process *p = self->p;

	process_fill(p, 1, CRTOS_OP_EXIT, 0, ARGS(3 << 8));
	process_fill(p, 2, CRTOS_OP_EXIT, 0, ARGS(4 << 8));
	process_publish(p, 1);
	process_publish(p, 2);
	process_ring(p);
	EXPECT_EQ(3 << 8, process_finish(p));
}

TEST_F(signals, exit_with_calls)
{
	struct process *p = self->p;

	ASSERT_TRUE(process_block(p, CRTOS_NR_ENTRIES - 1));
	process_start(p, 0, CRTOS_OP_EXIT, 0, ARGS(6 << 8));
	EXPECT_EQ(6 << 8, process_finish(p));
	p = peer_spawn(&self->peer);
	ASSERT_NE(NULL, p);
	EXPECT_TRUE(process_answers(p));
}

/* Programs that are replaced */

static void __attribute__((noreturn)) run_exec(struct peer *peer, void (*then)(void))
{
	static struct crtos_exec exec;
	struct crtos_run run = peer_run_arg(peer, 3);
	struct crtos_resume resume = { .result = -EXDEV };

	run.exec = (uintptr_t)&exec;
	dup2(peer->fd, 3);
	close_range(4, ~0U, 0);
	if (!ioctl(3, CRTOS_IOC_RUN, &run))
		do
			then();
		while (!ioctl(exec.fd, CRTOS_IOC_RESUME, &resume));
	_exit(1);
}

/* A process in which @then is called when the RTOS process calls execve() */
static struct process *spawn_exec(struct peer *peer, void (*then)(void))
{
	pid_t pid = fork();

	if (!pid)
		run_exec(peer, then);
	return pid < 0 ? NULL : peer_attach(peer, pid);
}

#define GO		(OUT + 256)

/* Until the RTOS process says so: what is in its memory is here, too. */
static void waits(void)
{
	while (!load_acquire((__u32 *)at(GO)))
		usleep(1000);
}

/* How a child of the shadow ends that reads what is in the window */
static int child_reads(void)
{
	pid_t pid = fork();
	int how;

	if (!pid)
		_exit(load_acquire((char *)at(PATH)) != '/');
	return waitpid(pid, &how, 0) == pid ? how : -1;
}

/* Also if the process wants it to inherit that */
static void forks_itself(void)
{
	int *how = (int *)at(GO);

	how[0] = child_reads();
	how[1] = madvise((void *)WINDOW, WINDOW_LEN, MADV_DOFORK);
	how[2] = child_reads();
	how[3] = mmap((void *)WINDOW, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
		      -1, 0) == MAP_FAILED ? errno : 0;
}

/* What is no shadow has nothing of the RTOS's memory. */
TEST_F(signals, exec_window_not_inherited)
{
	struct process *p = spawn_exec(&self->peer, forks_itself);
	const __u64 argv[2] = { at(PATH) };
	const int *how;

	ASSERT_NE(NULL, p);
	how = (int *)(p->mem + GO);
	put_string(p, PATH, "/none");
	EXPECT_EQ(-EXDEV, call(p, SYS_execve, at(PATH), put(p, IN, argv, sizeof(argv)), 0));
	EXPECT_TRUE(WIFSIGNALED(how[0]));
	EXPECT_EQ(SIGSEGV, WTERMSIG(how[0]));
	EXPECT_EQ(0, how[1]);
	EXPECT_TRUE(WIFSIGNALED(how[2]));
	EXPECT_EQ(SIGBUS, WTERMSIG(how[2]));
	EXPECT_EQ(EPERM, how[3]);
	EXPECT_TRUE(process_answers(p));
}

/* It needs two descriptors, and gives back the one that there was. */
TEST_F(signals, exec_without_descriptors)
{
	struct process *p = spawn_exec(&self->peer, waits);
	const __u64 argv[2] = { at(PATH) };
	struct rlimit limit, low;
	int fd, i;

	ASSERT_NE(NULL, p);
	put(p, IN, argv, sizeof(argv));
	put_string(p, PATH, "/none");
	store_release((__u32 *)(p->mem + GO), 1);
	fd = call(p, SYS_dup, 0);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, call(p, SYS_close, fd));
	ASSERT_EQ(0, prlimit(p->pid, RLIMIT_NOFILE, NULL, &limit));
	for (i = 0; i < 2; i++) {
		low = (struct rlimit) { fd + i, limit.rlim_max };
		ASSERT_EQ(0, prlimit(p->pid, RLIMIT_NOFILE, &low, NULL));
		EXPECT_OFTEN(-EMFILE, call(p, SYS_execve, at(PATH), at(IN), 0));
	}
	ASSERT_EQ(0, prlimit(p->pid, RLIMIT_NOFILE, &limit, NULL));
	EXPECT_EQ(fd, call(p, SYS_dup, 0));
	EXPECT_EQ(0, call(p, SYS_close, fd));
	EXPECT_EQ(-EXDEV, call(p, SYS_execve, at(PATH), at(IN), 0));
	EXPECT_TRUE(process_answers(p));
}

/* Only who was asked may say that it failed. */
TEST_F(signals, exec_resumed_by_others)
{
	struct process *p = spawn_exec(&self->peer, waits);
	const struct crtos_resume resume = { .result = -ENOENT };
	const __u64 argv[2] = { at(PATH) };
	__u64 arg;
	int i;

	ASSERT_NE(NULL, p);
	put_string(p, PATH, "/none");
	arg = put(p, OUT, &resume, sizeof(resume));
	/* There is a descriptor while the anchor is asked: the first that is free. */
	EXPECT_EQ(-EBADF, call(p, SYS_ioctl, 3, CRTOS_IOC_RESUME, arg));
	start_call(p, 1, SYS_execve, at(PATH), put(p, IN, argv, sizeof(argv)), 0);
	EXPECT_TRUE(eventually(call(p, SYS_fcntl, 3, F_GETFD) == 0));
	for (i = 0; i < 3; i++)
		EXPECT_EQ(-EINVAL, call(p, SYS_ioctl, 3, CRTOS_IOC_RESUME, arg));
	EXPECT_EQ(CRTOS_ENTRY_PENDING, load_acquire(&p->slot->entries[1].status));
	store_release((__u32 *)(p->mem + GO), 1);
	EXPECT_EQ(-EXDEV, process_result(p, 1));
	EXPECT_EQ(-EBADF, call(p, SYS_ioctl, 3, CRTOS_IOC_RESUME, arg));
	EXPECT_TRUE(process_answers(p));
}

/*
 * Starts a call that replaces the program: not before GO. Calls of others go on, also one
 * that comes when nobody but that call has been there for a while.
 */
static bool start_exec(struct process *p)
{
	const __u64 argv[2] = { at(PATH) };

	put_string(p, PATH, "/none");
	start_call(p, 1, SYS_execve, at(PATH), put(p, OUT, argv, sizeof(argv)), 0);
	usleep(200000);
	return eventually(call(p, SYS_fcntl, 3, F_GETFD) == 0);
}

/* Children that end in the meantime leave nothing behind. */
TEST_F(signals, exec_and_children)
{
	struct process *p = spawn_exec(&self->peer, waits), *child;

	ASSERT_NE(NULL, p);
	EXPECT_EQ(0, set_action(p, SIGCHLD, 0, SA_NOCLDWAIT));
	child = process_fork(p, SYS_fork, ARGS(0));
	ASSERT_NE(NULL, child);
	ASSERT_TRUE(start_exec(p));
	EXPECT_EQ(0, kill(child->pid, SIGKILL));
	EXPECT_TRUE(eventually(kill(child->pid, 0) && errno == ESRCH));
	store_release((__u32 *)(p->mem + GO), 1);
	EXPECT_EQ(-EXDEV, process_result(p, 1));
	EXPECT_EQ(-ECHILD, call(p, SYS_wait4, -1, 0, 0, 0));
}

/* A tracer holds a thread that executes a forbidden call, before that ends the process. */
TEST_F(signals, exec_and_forbidden)
{
	struct process *p = spawn_exec(&self->peer, waits);
	pid_t worker = 0;
	int status, i;

	ASSERT_NE(NULL, p);
	EXPECT_EQ(0, set_action(p, SIGSYS, (uintptr_t)SIG_IGN, 0));
	EXPECT_EQ(0, confine(p, 0, SYS_getpgrp, SECCOMP_RET_KILL_PROCESS));
	ASSERT_TRUE(start_exec(p));
	EXPECT_EQ(1, threads_that(p->pid, is_worker, 0, &worker));
	ASSERT_EQ(0, ptrace(PTRACE_SEIZE, worker, 0, PTRACE_O_TRACESYSGOOD));
	ASSERT_EQ(0, ptrace(PTRACE_INTERRUPT, worker, 0, 0));
	ASSERT_EQ(worker, waitpid(worker, &status, __WALL));
	ASSERT_EQ(0, ptrace(PTRACE_SYSCALL, worker, 0, 0));
	start_call(p, 2, SYS_getpgrp);
	/* At its entry and at its exit */
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(worker, waitpid(worker, &status, __WALL));
		ASSERT_EQ(SIGTRAP | 0x80, WSTOPSIG(status));
		if (!i)
			ASSERT_EQ(0, ptrace(PTRACE_SYSCALL, worker, 0, 0));
	}
	store_release((__u32 *)(p->mem + GO), 1);
	EXPECT_EQ(-EXDEV, process_result(p, 1));
	EXPECT_EQ(0, ptrace(PTRACE_DETACH, worker, 0, 0));
	EXPECT_EQ(SIGSYS, process_finish(p));
}

/* It has no handler where the file is looked at, and its default effect is another one. */
TEST_F(signals, exec_and_signal)
{
	struct process *p = spawn_exec(&self->peer, waits);
	const __u64 argv[2] = { at(PATH) };

	ASSERT_NE(NULL, p);
	put_string(p, PATH, "/none");
	EXPECT_EQ(0, set_action(p, SIGUSR1, HANDLER, 0));
	EXPECT_EQ(0, set_action(p, SIGCHLD, HANDLER, 0));
	EXPECT_EQ(0, set_mask(p, SIG_BLOCK, SIGUSR2));
	start_call(p, 1, SYS_execve, at(PATH), put(p, OUT, argv, sizeof(argv)), 0);
	/* The descriptor comes first: a mask that was seen without it may be another one. */
	EXPECT_TRUE(eventually(call(p, SYS_fcntl, 3, F_GETFD) == 0));
	EXPECT_TRUE(eventually(has_signal(p->pid, "SigBlk", SIGUSR1)));
	EXPECT_EQ(0, kill(p->pid, SIGUSR1));
	EXPECT_EQ(0, kill(p->pid, SIGCHLD));
	store_release((__u32 *)(p->mem + GO), 1);
	EXPECT_EQ(-EXDEV, process_result(p, 1));
	EXPECT_TRUE(takes(p, SIGUSR1, SI_USER));
	EXPECT_TRUE(takes(p, SIGCHLD, SI_USER));
	EXPECT_FALSE(has_signal(p->pid, "SigBlk", SIGUSR1));
	EXPECT_TRUE(has_signal(p->pid, "SigBlk", SIGUSR2));
}

/* A signal that the RTOS has not taken, and then a call that replaces the program */
static bool signal_and_execve(struct process *p)
{
	const __u64 argv[2] = { at(PATH) };
	int i;

	if (kill(p->pid, SIGUSR1) || !eventually(!none_to_take(p)))
		return false;
	start_call(p, 1, SYS_execve, at(PATH), put(p, OUT, argv, sizeof(argv)), 0);
	/* Others of its class are executed, and it would have been before these. */
	for (i = 0; i < 3; i++)
		if (set_action(p, SIGUSR2, HANDLER, 0))
			return false;
	return entries_pending(p, 1, 1);
}

/* The signal would be lost: natively a handler runs, or the new program gets it. */
TEST_F(signals, exec_after_signals)
{
	struct process *p = spawn_exec(&self->peer, waits);
	const struct rlimit limit = { 1, 1 };

	ASSERT_NE(NULL, p);
	put_string(p, PATH, "/none");
	store_release((__u32 *)(p->mem + GO), 1);
	EXPECT_EQ(0, set_action(p, SIGUSR1, HANDLER, 0));

	ASSERT_TRUE(signal_and_execve(p));
	process_cancel(p, 1);
	EXPECT_EQ(-EINTR, process_result(p, 1));
	EXPECT_EQ(CRTOS_ENTRY_RESTART_ALWAYS, status_of(p, 1));
	EXPECT_TRUE(takes(p, SIGUSR1, SI_USER));

	/* No handler is to run. */
	ASSERT_TRUE(signal_and_execve(p));
	EXPECT_TRUE(takes(p, SIGUSR1, SI_USER));
	EXPECT_EQ(-EXDEV, process_result(p, 1));
	EXPECT_EQ(CRTOS_ENTRY_DONE, status_of(p, 1));

	/* There is nobody but the anchor. */
	EXPECT_EQ(0, call(p, SYS_setrlimit, RLIMIT_NPROC, put(p, IN, &limit, sizeof(limit))));
	EXPECT_EQ(0, call(p, SYS_setresuid, SOMEBODY, SOMEBODY, 0));
	ASSERT_TRUE(signal_and_execve(p));
	EXPECT_TRUE(status_has(p->pid, "Threads:\t1\n"));
	EXPECT_TRUE(takes(p, SIGUSR1, SI_USER));
	EXPECT_EQ(-EXDEV, process_result(p, 1));

	/* What ends and stops the process does not wait. */
	ASSERT_TRUE(signal_and_execve(p));
	EXPECT_EQ(0, kill(p->pid, SIGSTOP));
	EXPECT_TRUE(is_stopped(p->pid, SIGSTOP));
	EXPECT_EQ(0, kill(p->pid, SIGCONT));
	EXPECT_TRUE(is_continued(p->pid));
	EXPECT_EQ(0, kill(p->pid, SIGTERM));
	EXPECT_EQ(SIGTERM, process_finish(p));
}

/* As waits(), and says that it does */
static void says_and_waits(void)
{
	store_release((__u32 *)at(GO + 4), 1);
	waits();
}

/*
 * With a filter, all workers end before the call, which takes a while: what the RTOS is given
 * meanwhile is not lost either.
 */
TEST_F(signals, exec_and_signals_filtered)
{
	struct process *p = spawn_exec(&self->peer, says_and_waits);
	const __u64 argv[2] = { at(PATH) };
	__u32 *go;
	bool given;
	int i;

	ASSERT_NE(NULL, p);
	go = (__u32 *)(p->mem + GO);
	put_string(p, PATH, "/none");
	EXPECT_EQ(0, confine(p, 0, SYS_getpgrp, SECCOMP_RET_ERRNO | 42));
	EXPECT_EQ(0, set_action(p, SIGUSR1, HANDLER, 0));
	for (i = 0; i < 50; i++) {
		start_call(p, 1, SYS_execve, at(PATH), put(p, IN, argv, sizeof(argv)), 0);
		usleep(100 * i);
		ASSERT_EQ(0, kill(p->pid, SIGUSR1));
		ASSERT_TRUE(eventually(load_acquire(&go[1]) || !none_to_take(p)));
		/* If it does not wait for the RTOS, it does not now. */
		usleep(20000);
		given = !none_to_take(p);
		EXPECT_NE(given, load_acquire(&go[1]))
			TH_LOG("round %d", i);
		if (given)
			EXPECT_TRUE(takes(p, SIGUSR1, SI_USER));
		EXPECT_TRUE(eventually(load_acquire(&go[1])));
		store_release(&go[0], 1);
		EXPECT_EQ(-EXDEV, process_result(p, 1));
		if (!given)
			EXPECT_TRUE(takes(p, SIGUSR1, SI_USER));
		memset(go, 0, 2 * sizeof(*go));
	}
}

/* Workers go on meanwhile, and what their calls send to them has its handler. */
TEST_F(signals, exec_and_sigpipe)
{
	struct process *p = spawn_exec(&self->peer, waits);
	const __u64 argv[2] = { at(PATH) };
	int *fd = (int *)(p->mem + OUT + 64);
	siginfo_t info;
	__u32 entry;

	ASSERT_NE(NULL, p);
	put_string(p, PATH, "/none");
	EXPECT_EQ(0, set_action(p, SIGPIPE, HANDLER, 0));
	ASSERT_EQ(0, call(p, SYS_pipe2, at(OUT + 64), 0));
	EXPECT_EQ(0, call(p, SYS_close, fd[0]));
	start_call(p, 1, SYS_execve, at(PATH), put(p, IN, argv, sizeof(argv)), 0);
	EXPECT_TRUE(eventually(call(p, SYS_fcntl, fd[0], F_GETFD) == 0));
	EXPECT_EQ(-EPIPE, call(p, SYS_write, fd[1], at(IN), 1));
	EXPECT_TRUE(take(p, &info, &entry));
	EXPECT_EQ(SIGPIPE, info.si_signo);
	store_release((__u32 *)(p->mem + GO), 1);
	EXPECT_EQ(-EXDEV, process_result(p, 1));
	EXPECT_TRUE(process_answers(p));
}

static int lingers(void *unused)
{
	for (;;)
		pause();
	return 0;
}

static void clones_one_that_shares(void)
{
	static char stack[4 * PAGE] __attribute__((aligned(16)));

	if (clone(lingers, stack + sizeof(stack), CLONE_VM, NULL) < 0)
		_exit(1);
}

/*
 * In user space, a process may clone one that shares its memory. Whoever stops the RTOS,
 * as is done after this, does not wait for that one.
 */
TEST_F(signals, exec_shared)
{
	struct process *p = spawn_exec(&self->peer, clones_one_that_shares);
	const __u64 argv[2] = { at(PATH) };

	ASSERT_NE(NULL, p);
	put_string(p, PATH, "/none");
	EXPECT_EQ(-EXDEV, call(p, SYS_execve, at(PATH), put(p, IN, argv, sizeof(argv)), 0));
	EXPECT_TRUE(process_answers(p));
	/* Its memory stays, and so does its slot. */
	EXPECT_EQ(0, kill(p->pid, SIGKILL));
	EXPECT_EQ(p->pid, waitpid(p->pid, NULL, 0));
	/* If it went, that could come a little later. */
	usleep(100000);
	EXPECT_EQ(2, peer_status(&self->peer).nr_slots);
	EXPECT_NE(CRTOS_SLOT_GONE, load_acquire(&p->slot->linux_state));
}

static void leaves_one_that_shares(void)
{
	static char stack[4 * PAGE] __attribute__((aligned(16)));

	*(int *)at(GO) = clone(lingers, stack + sizeof(stack), CLONE_VM, NULL);
	execl("/bin/sleep", "sleep", "1000", NULL);
	_exit(1);
}

/* The program that took the shadow's place in its process is nobody's shadow. */
TEST_F(signals, exec_shared_and_gone)
{
	struct process *p = spawn_exec(&self->peer, leaves_one_that_shares);
	const __u64 argv[2] = { at(PATH) };
	char comm[32];
	pid_t sharer;

	ASSERT_NE(NULL, p);
	snprintf(comm, sizeof(comm), "/proc/%d/comm", p->pid);
	put_string(p, PATH, "/none");
	start_call(p, 1, SYS_execve, at(PATH), put(p, IN, argv, sizeof(argv)), 0);
	EXPECT_TRUE(eventually(file_has(comm, "sleep")));
	sharer = *(int *)(p->mem + GO);
	ASSERT_LT(0, sharer);
	store_release(&self->peer.header->rtos_state, CRTOS_RTOS_DEAD);
	/* It is the program's child, which does not wait for it. */
	EXPECT_TRUE(eventually(status_has(sharer, "State:\tZ")));
	EXPECT_EQ(self->p->pid, waitpid(self->p->pid, NULL, 0));
	usleep(100000);
	EXPECT_EQ(0, waitpid(p->pid, NULL, WNOHANG));
	EXPECT_EQ(0, kill(p->pid, SIGKILL));
}

/* Tracers */

/**
 * struct stop - a stop of a traced thread
 * @tid: the thread
 * @op: PTRACE_SYSCALL_INFO_*
 * @nr: the system call
 * @args: its arguments
 * @result: its result
 */
struct stop {
	pid_t tid;
	__u8 op;
	__u64 nr;
	__u64 args[6];
	__s64 result;
};

/**
 * struct tracer - a thread that traces a process
 * @pid: the process
 * @thread: the thread
 * @nr: number of stops seen
 * @stop: these
 * @from: calls with this number are changed
 * @to: to this number, or 0
 * @result: or have this result, if not 0
 * @holds_children: as long as this is set, when they stop for the first time
 * @held: one that it holds, or 0
 */
struct tracer {
	pid_t pid;
	pthread_t thread;
	unsigned int nr;
	struct stop stop[512];
	__u64 from;
	__u64 to;
	__s64 result;
	bool holds_children;
	pid_t held;
};

static void change_register(pid_t tid, size_t offset, __u64 value)
{
	ptrace(PTRACE_POKEUSER, tid, offset, value);
}

static void on_entry(struct tracer *t, struct stop *stop, const struct __ptrace_syscall_info *info)
{
	stop->nr = info->entry.nr;
	memcpy(stop->args, info->entry.args, sizeof(stop->args));
	if (stop->nr == load_acquire(&t->from) && t->to)
		change_register(stop->tid, offsetof(struct user, regs.orig_rax), t->to);
}

/* The number is that of the entry. */
static void on_exit_stop(struct tracer *t, struct stop *stop,
			 const struct __ptrace_syscall_info *info)
{
	struct stop *entry = stop;

	while (--entry >= t->stop)
		if (entry->tid == stop->tid && entry->op == PTRACE_SYSCALL_INFO_ENTRY)
			break;
	stop->nr = entry < t->stop ? ~0ULL : entry->nr;
	stop->result = info->exit.rval;
	if (stop->nr == load_acquire(&t->from) && t->result)
		change_register(stop->tid, offsetof(struct user, regs.rax), t->result);
}

static void on_syscall(struct tracer *t, pid_t tid)
{
	struct stop *stop = &t->stop[t->nr];
	struct __ptrace_syscall_info info = {};

	if (t->nr == ARRAY_SIZE(t->stop) ||
	    ptrace(PTRACE_GET_SYSCALL_INFO, tid, sizeof(info), &info) < 0)
		return;
	*stop = (struct stop) { .tid = tid, .op = info.op };
	if (info.op == PTRACE_SYSCALL_INFO_ENTRY)
		on_entry(t, stop, &info);
	else if (info.op == PTRACE_SYSCALL_INFO_EXIT)
		on_exit_stop(t, stop, &info);
	else if (info.op == PTRACE_SYSCALL_INFO_SECCOMP)
		stop->nr = info.seccomp.nr;
	store_release(&t->nr, t->nr + 1);
}

/* A new thread is in no process of its number. */
static bool is_process(pid_t tid)
{
	return !syscall(SYS_tgkill, tid, tid, 0);
}

/* One whose time has come goes on when somebody else stops. */
static void release_child(struct tracer *t)
{
	if (!t->held || load_acquire(&t->holds_children))
		return;
	ptrace(PTRACE_SYSCALL, t->held, 0, 0);
	t->held = 0;
}

static void on_stop(struct tracer *t, pid_t tid, int status)
{
	int sig = WSTOPSIG(status), event = status >> 16;

	if (sig == (SIGTRAP | 0x80) || event == PTRACE_EVENT_SECCOMP)
		on_syscall(t, tid);
	release_child(t);
	if (event == PTRACE_EVENT_STOP && tid != t->pid && is_process(tid) &&
	    load_acquire(&t->holds_children)) {
		store_release(&t->held, tid);
		return;
	}
	/* Only a signal that is about to be delivered is passed on. */
	ptrace(PTRACE_SYSCALL, tid, 0, event || sig == (SIGTRAP | 0x80) ? 0 : sig);
}

static void *trace(void *data)
{
	const unsigned long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE |
				      PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
				      PTRACE_O_TRACESECCOMP | PTRACE_O_EXITKILL;
	struct tracer *t = data;
	pid_t tid;
	int status;

	if (ptrace(PTRACE_SEIZE, t->pid, 0, options))
		perror("# PTRACE_SEIZE");
	kill(t->pid, SIGCONT);
	/* Until nobody is traced */
	while ((tid = waitpid(-1, &status, __WALL | __WNOTHREAD)) > 0)
		if (WIFSTOPPED(status))
			on_stop(t, tid, status);
	return NULL;
}

static bool stop_yourself(const void *data)
{
	return !raise(SIGSTOP);
}

/* A process that is traced from before it has an RTOS process */
static struct process *spawn_traced(struct peer *peer, struct tracer *t)
{
	struct crtos_run run = peer_run_arg(peer, 3);

	memset(t, 0, sizeof(*t));
	t->from = ~0ULL;
	t->pid = peer_fork_run(peer, &run, stop_yourself, NULL);
	if (t->pid < 0 || !is_stopped(t->pid, SIGSTOP) ||
	    pthread_create(&t->thread, NULL, trace, t))
		return NULL;
	return peer_attach(peer, t->pid);
}

static void end_traced(struct tracer *t)
{
	kill(t->pid, SIGKILL);
	pthread_join(t->thread, NULL);
}

/* The first stop of that kind for that call from @from on, or NULL */
static struct stop *find_stop(struct tracer *t, unsigned int from, __u8 op, __u64 nr)
{
	unsigned int i;

	for (i = from; i < load_acquire(&t->nr); i++)
		if (t->stop[i].op == op && t->stop[i].nr == nr)
			return &t->stop[i];
	return NULL;
}

/* Both stops of a call, in one thread, with that result */
static bool was_traced(struct tracer *t, __u64 nr, const __u64 *args, __s64 result)
{
	struct stop *entry = find_stop(t, 0, PTRACE_SYSCALL_INFO_ENTRY, nr), *exit;

	if (!entry || memcmp(entry->args, args, sizeof(entry->args)))
		return false;
	exit = find_stop(t, entry - t->stop, PTRACE_SYSCALL_INFO_EXIT, nr);
	return exit && exit->tid == entry->tid && exit->result == result;
}

TEST_F(signals, traced)
{
	static struct tracer t;
	struct process *p = spawn_traced(&self->peer, &t);

	ASSERT_NE(NULL, p);
	EXPECT_EQ(-EBADF, call(p, SYS_lseek, 99, 5, SEEK_CUR, 11, 12, 13));
	EXPECT_TRUE(was_traced(&t, SYS_lseek, ARGS(99, 5, SEEK_CUR, 11, 12, 13), -EBADF));
	EXPECT_EQ(getpid(), call(p, SYS_getppid));
	EXPECT_TRUE(was_traced(&t, SYS_getppid, ARGS(0), getpid()));
	EXPECT_NE(p->pid, find_stop(&t, 0, PTRACE_SYSCALL_INFO_ENTRY, SYS_getppid)->tid);
	EXPECT_EQ(20, call(p, SYS_getpriority, PRIO_PROCESS, 0));
	EXPECT_TRUE(was_traced(&t, SYS_getpriority, ARGS(PRIO_PROCESS), 20));
	EXPECT_EQ(p->pid, find_stop(&t, 0, PTRACE_SYSCALL_INFO_ENTRY, SYS_getpriority)->tid);
	/* The first call is what made it a shadow. */
	EXPECT_NE(NULL, find_stop(&t, 0, PTRACE_SYSCALL_INFO_EXIT, SYS_ioctl));

	ASSERT_TRUE(process_block(p, 8));
	EXPECT_NE(NULL, find_stop(&t, 0, PTRACE_SYSCALL_INFO_ENTRY, SYS_read));
	EXPECT_EQ(NULL, find_stop(&t, 0, PTRACE_SYSCALL_INFO_EXIT, SYS_read));
	EXPECT_TRUE(process_unblock(p, 8));
	EXPECT_NE(NULL, find_stop(&t, 0, PTRACE_SYSCALL_INFO_EXIT, SYS_read));
	end_traced(&t);
}

/* What a tracer changes is what happens. */
TEST_F(signals, tracer_changes)
{
	static struct tracer t;
	struct process *p = spawn_traced(&self->peer, &t);

	ASSERT_NE(NULL, p);
	t.result = 4711;
	store_release(&t.from, SYS_getpgrp);
	EXPECT_EQ(4711, call(p, SYS_getpgrp));
	EXPECT_TRUE(process_answers(p));
	t.result = 0;
	t.to = SYS_getpid;
	EXPECT_EQ(p->pid, call(p, SYS_getpgrp));
	/* To one that is not forwarded, and to none */
	t.to = SYS_mmap;
	EXPECT_EQ(-ENOSYS, call(p, SYS_getpgrp));
	t.to = -1;
	EXPECT_EQ(-ENOSYS, call(p, SYS_getpgrp));
	t.result = -EXDEV;
	EXPECT_EQ(-EXDEV, call(p, SYS_getpgrp));
	/* One that the anchor would make */
	t.result = 0;
	t.to = SYS_getpriority;
	EXPECT_EQ(-ENOSYS, call(p, SYS_getpgrp));
	store_release(&t.from, ~0ULL);
	EXPECT_EQ(getpgrp(), call(p, SYS_getpgrp));
	end_traced(&t);
}

/* A call of the anchor's that changes nothing becomes one that does: workers must follow. */
TEST_F(signals, tracer_changes_identity)
{
	static struct tracer t;
	struct process *p = spawn_traced(&self->peer, &t);

	ASSERT_NE(NULL, p);
	EXPECT_EQ(0, call(p, SYS_geteuid));
	t.to = SYS_setresuid;
	store_release(&t.from, SYS_getpriority);
	EXPECT_EQ(0, call(p, SYS_getpriority, SOMEBODY, SOMEBODY, SOMEBODY));
	store_release(&t.from, ~0ULL);
	EXPECT_EQ(SOMEBODY, call(p, SYS_geteuid));
	EXPECT_EQ(-EPERM, call(p, SYS_sethostname, put_string(p, IN, "x"), 1));
	end_traced(&t);
}

TEST_F(signals, traced_filter)
{
	static struct tracer t;
	struct process *p = spawn_traced(&self->peer, &t);

	ASSERT_NE(NULL, p);
	EXPECT_EQ(0, confine(p, 0, SYS_getpgrp, SECCOMP_RET_TRACE | 5));
	EXPECT_EQ(getpgrp(), call(p, SYS_getpgrp));
	EXPECT_NE(NULL, find_stop(&t, 0, PTRACE_SYSCALL_INFO_SECCOMP, SYS_getpgrp));
	EXPECT_EQ(p->pid, call(p, SYS_getpid));
	EXPECT_EQ(NULL, find_stop(&t, 0, PTRACE_SYSCALL_INFO_SECCOMP, SYS_getpid));
	end_traced(&t);
}

/* From the entry of CRTOS_IOC_RUN to its end in one step, and then without a tracer */
static bool step_over_run(pid_t pid)
{
	struct __ptrace_syscall_info info = {};

	if (!is_stopped(pid, SIGSTOP) ||
	    ptrace(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACESYSGOOD))
		return false;
	while (info.op != PTRACE_SYSCALL_INFO_ENTRY || info.entry.args[1] != CRTOS_IOC_RUN)
		if (ptrace(PTRACE_SYSCALL, pid, 0, 0) || !is_stopped(pid, SIGTRAP | 0x80) ||
		    ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), &info) < 0)
			return false;
	return !ptrace(PTRACE_SINGLESTEP, pid, 0, 0) && is_stopped(pid, SIGTRAP) &&
	       !ptrace(PTRACE_DETACH, pid, 0, 0);
}

/* The step is the tracer's: nothing of it stays in the registers that are put back. */
TEST_F(signals, traced_step)
{
	const __u64 argv[2] = { at(PATH) };
	struct process *p, *child;
	pid_t pid = fork();

	if (!pid) {
		ptrace(PTRACE_TRACEME, 0, 0, 0);
		raise(SIGSTOP);
		run_exec(&self->peer, waits);
	}
	ASSERT_TRUE(step_over_run(pid));
	p = peer_attach(&self->peer, pid);
	ASSERT_NE(NULL, p);
	store_release((__u32 *)(p->mem + GO), 1);
	put_string(p, PATH, "/none");
	EXPECT_EQ(20, call(p, SYS_getpriority, PRIO_PROCESS, 0));
	EXPECT_EQ(-EXDEV, call(p, SYS_execve, at(PATH), put(p, IN, argv, sizeof(argv)), 0));
	child = process_fork(p, SYS_fork, ARGS(0));
	ASSERT_NE(NULL, child);
	EXPECT_EQ(-EXDEV, call(child, SYS_execve, at(PATH), put(child, IN, argv, sizeof(argv)), 0));
	EXPECT_TRUE(leave(child, 0));
	EXPECT_TRUE(process_answers(p));
}

/* The child is traced, from its first call on. */
TEST_F(signals, traced_fork)
{
	static struct tracer t;
	struct process *p = spawn_traced(&self->peer, &t), *child;

	ASSERT_NE(NULL, p);
	child = process_fork(p, SYS_fork, ARGS(0));
	ASSERT_NE(NULL, child);
	EXPECT_TRUE(was_traced(&t, SYS_fork, ARGS(0), child->pid));
	EXPECT_EQ(p->pid, call(child, SYS_getppid));
	EXPECT_TRUE(was_traced(&t, SYS_getppid, ARGS(0), p->pid));
	EXPECT_TRUE(leave(child, 0));
	EXPECT_LT(0, call(p, SYS_wait4, -1, 0, 0, 0));
	end_traced(&t);
}

/* A tracer that lets the parent go on and not the child does not stop both. */
TEST_F(signals, traced_fork_held)
{
	static struct tracer t;
	struct process *p = spawn_traced(&self->peer, &t), *child;

	ASSERT_NE(NULL, p);
	t.holds_children = true;
	child = process_fork(p, SYS_fork, ARGS(0));
	ASSERT_NE(NULL, child);
	EXPECT_TRUE(process_answers(p));
	EXPECT_TRUE(eventually(load_acquire(&t.held) == child->pid));
	start_call(child, 1, SYS_getppid);
	usleep(100000);
	EXPECT_TRUE(entries_pending(child, 1, 1));
	store_release(&t.holds_children, false);
	EXPECT_TRUE(process_answers(p));
	EXPECT_EQ(p->pid, process_result(child, 1));
	EXPECT_TRUE(leave(child, 0));
	EXPECT_LT(0, call(p, SYS_wait4, -1, 0, 0, 0));
	end_traced(&t);
}

/* Signals are seen first by the tracer, which lets them through. */
TEST_F(signals, traced_signal)
{
	static struct tracer t;
	struct process *p = spawn_traced(&self->peer, &t);
	siginfo_t info;
	__u32 entry;
	int fd;

	ASSERT_NE(NULL, p);
	fd = broken_pipe(p);
	EXPECT_EQ(0, set_action(p, SIGUSR1, HANDLER, 0));
	EXPECT_EQ(0, set_action(p, SIGPIPE, HANDLER, 0));
	EXPECT_EQ(0, kill(p->pid, SIGUSR1));
	EXPECT_TRUE(takes(p, SIGUSR1, SI_USER));
	start_call(p, 9, SYS_write, fd, at(IN), 1);
	EXPECT_EQ(-EPIPE, process_result(p, 9));
	ASSERT_TRUE(take(p, &info, &entry));
	EXPECT_EQ(SIGPIPE, info.si_signo);
	EXPECT_EQ(9, entry);
	end_traced(&t);
}

/* /proc says in which call a thread is, and when it is in none. */
TEST_F(signals, proc_syscall)
{
	struct process *p = self->p;
	char path[64], text[64];
	pid_t tid;

	ASSERT_TRUE(process_block(p, 1));
	ASSERT_EQ(1, threads_in(p->pid, SYS_read, &tid));
	snprintf(path, sizeof(path), "/proc/%d/task/%d/syscall", p->pid, tid);
	snprintf(text, sizeof(text), "%d %#x %#llx 0x1 ", SYS_read, p->pipe[0],
		 (unsigned long long)p->slot->entries[1].args[1]);
	EXPECT_TRUE(file_has(path, text));
	EXPECT_TRUE(process_unblock(p, 1));
	/* Who waits for calls is in none. */
	EXPECT_EQ(-EBADF, call(p, SYS_lseek, 99, 0, 0));
	ASSERT_TRUE(process_asleep(p));
	EXPECT_EQ(0, threads_in(p->pid, SYS_lseek, NULL));
	EXPECT_EQ(0, threads_in(p->pid, SYS_read, NULL));
}

TEST_HARNESS_MAIN
