// SPDX-License-Identifier: GPL-2.0
/*
 * Signals: checks as check.h has them.
 */
#include <fenv.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <ucontext.h>

#include "check.h"

#define PAGE		4096

static volatile sig_atomic_t count;
static volatile siginfo_t seen;
static volatile int fd_to_write = -1;
static sigjmp_buf env;

static void set_handler(int sig, void (*handler)(int), int flags)
{
	struct sigaction sa = { .sa_handler = handler, .sa_flags = flags };

	if (sigaction(sig, &sa, NULL))
		say("sigaction %d: %s", sig, strerror(errno));
}

static void set_action(int sig, void (*action)(int, siginfo_t *, void *), int flags)
{
	struct sigaction sa = { .sa_sigaction = action, .sa_flags = flags | SA_SIGINFO };

	if (sigaction(sig, &sa, NULL))
		say("sigaction %d: %s", sig, strerror(errno));
}

static sigset_t set_of(int sig)
{
	sigset_t set;

	sigemptyset(&set);
	if (sig)
		sigaddset(&set, sig);
	return set;
}

static void block(int sig)
{
	sigset_t set = set_of(sig);

	sigprocmask(SIG_BLOCK, &set, NULL);
}

static void unblock(int sig)
{
	sigset_t set = set_of(sig);

	sigprocmask(SIG_UNBLOCK, &set, NULL);
}

static bool is_blocked(int sig)
{
	sigset_t set;

	sigprocmask(SIG_BLOCK, NULL, &set);
	return sigismember(&set, sig);
}

static bool is_pending(int sig)
{
	sigset_t set;

	sigpending(&set);
	return sigismember(&set, sig);
}

/* An alarm, once or again and again: what it shall interrupt may begin late. */
static void alarm_ms(int ms, int interval_ms)
{
	struct itimerval it = {
		.it_value.tv_usec = ms * 1000,
		.it_interval.tv_usec = interval_ms * 1000,
	};

	setitimer(ITIMER_REAL, &it, NULL);
}

static void no_alarm(void)
{
	alarm_ms(0, 0);
	say("signals: %s", yes(count > 0));
	count = 0;
}

static void counts(int sig)
{
	count++;
}

static void notes(int sig, siginfo_t *info, void *context)
{
	count++;
	seen = *info;
}

static void run_child(const char *who, void (*run)(void))
{
	pid_t pid = fork();

	if (!pid) {
		run();
		_exit(0);
	}
	end_child(who, pid);
}

/* A signal to oneself is there when the call returns. */
static void self(void)
{
	set_handler(SIGUSR1, counts, 0);
	kill(getpid(), SIGUSR1);
	say("after kill: %d", count);
	raise(SIGUSR1);
	say("after raise: %d", count);
	syscall(SYS_tgkill, getpid(), getpid(), SIGUSR1);
	say("after tgkill: %d", count);
	syscall(SYS_tkill, getpid(), SIGUSR1);
	say("after tkill: %d", count);
	show("kill with signal 0", kill(getpid(), 0));
	show("kill with signal 65", kill(getpid(), 65));
	show("tkill of nobody", syscall(SYS_tkill, 0x3fffffff, SIGUSR1));
	set_handler(SIGUSR1, SIG_IGN, 0);
	show("kill with an ignored one", kill(getpid(), SIGUSR1));
	say("after that: %d", count);
	show("kill with SIGCHLD", kill(getpid(), SIGCHLD));
}

static void errors(void)
{
	struct sigaction sa = { .sa_handler = counts };
	sigset_t set = set_of(SIGUSR1);

	show("SIGKILL", sigaction(SIGKILL, &sa, NULL));
	show("SIGSTOP", sigaction(SIGSTOP, &sa, NULL));
	show("signal 0", syscall(SYS_rt_sigaction, 0, NULL, NULL, 8));
	show("signal 65", syscall(SYS_rt_sigaction, 65, NULL, NULL, 8));
	show("length of a mask", syscall(SYS_rt_sigaction, SIGUSR1, NULL, NULL, 4));
	show("bad address", syscall(SYS_rt_sigaction, SIGUSR1, 8L, NULL, 8));
	show("bad address of the mask", syscall(SYS_rt_sigprocmask, SIG_BLOCK, 8L, NULL, 8));
	show("bad address of the old mask", syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, 8L, 8));
	show("bad way", sigprocmask(77, &set, NULL));
	show("length", syscall(SYS_rt_sigprocmask, SIG_BLOCK, &set, NULL, 4));
	show("a way without a mask", syscall(SYS_rt_sigprocmask, 77, NULL, NULL, 8));
	show("sigsuspend", syscall(SYS_rt_sigsuspend, 8L, 8));
	show("sigtimedwait", syscall(SYS_rt_sigtimedwait, &set, NULL, NULL, 4));
}

static void old_action(void)
{
	struct sigaction sa;

	sigaction(SIGUSR1, NULL, &sa);
	say("default at first: %s", yes(sa.sa_handler == SIG_DFL));
	set_handler(SIGUSR1, counts, SA_RESTART | SA_NODEFER);
	sigaction(SIGUSR1, NULL, &sa);
	say("handler: %s", yes(sa.sa_handler == counts));
	say("flags: %#x", sa.sa_flags & (SA_RESTART | SA_NODEFER | SA_RESETHAND));
}

static void writes(int sig)
{
	count++;
	if (fd_to_write >= 0)
		write(fd_to_write, "x", 1);
}

static void interrupted_read(void)
{
	int fds[2];
	char c;

	pipe(fds);
	set_handler(SIGALRM, writes, 0);
	alarm_ms(30, 30);
	show("read", read(fds[0], &c, 1));
	no_alarm();
	set_handler(SIGALRM, writes, SA_RESTART);
	fd_to_write = fds[1];
	alarm_ms(30, 30);
	show("read with SA_RESTART", read(fds[0], &c, 1));
	no_alarm();
	fd_to_write = -1;
	close(fds[0]);
	close(fds[1]);
}

static void interrupted_sleep(void)
{
	struct timespec ts = { 1000, 0 }, left = { -1, 0 };

	set_handler(SIGALRM, counts, SA_RESTART);
	alarm_ms(30, 30);
	show("nanosleep", nanosleep(&ts, &left));
	say("time is left: %s", yes(left.tv_sec > 0));
	show("poll", poll(NULL, 0, 1000000));
	show("pause", pause());
	no_alarm();
}

static void interrupted_wait(void)
{
	int fds[2];
	pid_t pid;
	char c;

	pipe(fds);
	pid = fork();
	if (!pid) {
		read(fds[0], &c, 1);
		_exit(6);
	}
	set_handler(SIGALRM, writes, 0);
	alarm_ms(30, 30);
	show("wait", waitpid(pid, NULL, 0));
	no_alarm();
	set_handler(SIGALRM, writes, SA_RESTART);
	fd_to_write = fds[1];
	alarm_ms(30, 30);
	end_child("wait with SA_RESTART", pid);
	no_alarm();
	fd_to_write = -1;
	close(fds[0]);
	close(fds[1]);
}

/* A program that makes no call */
static void timer(void)
{
	volatile unsigned long turns = 0;

	set_handler(SIGALRM, counts, 0);
	alarm_ms(5, 5);
	while (count < 5)
		turns++;
	alarm_ms(0, 0);
	say("5 signals: %s", yes(count >= 5));
}

/* What a child is told, and what it says */
static int to_child[2], to_parent[2];

static void is_ready(void)
{
	write(to_parent[1], "r", 1);
}

static void waits(void)
{
	is_ready();
	for (;;)
		pause();
}

static void kill_child(const char *who, int sig, void (*run)(void))
{
	pid_t pid;
	char c;

	pipe(to_child);
	pipe(to_parent);
	pid = fork();
	if (!pid)
		run();
	read(to_parent[0], &c, 1);
	kill(pid, sig);
	write(to_child[1], "w", 1);
	end_child(who, pid);
	close(to_child[0]);
	close(to_child[1]);
	close(to_parent[0]);
	close(to_parent[1]);
}

static void ignores(void)
{
	char c;

	set_handler(SIGINT, SIG_IGN, 0);
	is_ready();
	read(to_child[0], &c, 1);
	_exit(7);
}

static void exits(int sig)
{
	_exit(sig);
}

static void exits_by_handler(void)
{
	int fds[2];
	char c;

	pipe(fds);
	set_handler(SIGTERM, exits, 0);
	is_ready();
	read(fds[0], &c, 1);
	_exit(1);
}

static void computes(void)
{
	is_ready();
	for (;;)
		asm volatile("pause");
}

static void from_others(void)
{
	kill_child("SIGINT", SIGINT, waits);
	kill_child("SIGINT to one that computes", SIGINT, computes);
	kill_child("SIGINT ignored", SIGINT, ignores);
	kill_child("SIGTERM with a handler, in read", SIGTERM, exits_by_handler);
	kill_child("SIGKILL", SIGKILL, waits);
	kill_child("SIGRTMAX", SIGRTMAX, waits);
}

static void stop(void)
{
	pid_t pid = fork();
	int status = 0;

	if (!pid)
		for (;;)
			asm volatile("pause");
	kill(pid, SIGSTOP);
	waitpid(pid, &status, WUNTRACED);
	show_status("child", status);
	kill(pid, SIGCONT);
	waitpid(pid, &status, WCONTINUED);
	show_status("child", status);
	kill(pid, SIGTERM);
	end_child("child", pid);
	pid = fork();
	if (!pid) {
		raise(SIGSTOP);
		_exit(5);
	}
	waitpid(pid, &status, WUNTRACED);
	show_status("one that stops itself", status);
	kill(pid, SIGCONT);
	end_child("and goes on", pid);
}

static void mask(void)
{
	set_handler(SIGUSR1, counts, 0);
	block(SIGUSR1);
	say("pending at first: %s", yes(is_pending(SIGUSR1)));
	raise(SIGUSR1);
	kill(getpid(), SIGUSR1);
	say("blocked: %d", count);
	say("pending: %s", yes(is_pending(SIGUSR1)));
	unblock(SIGUSR1);
	say("unblocked: %d", count);
	say("pending: %s", yes(is_pending(SIGUSR1)));
	block(SIGKILL);
	say("SIGKILL is blocked: %s", yes(is_blocked(SIGKILL)));
	block(SIGUSR1);
	raise(SIGUSR1);
	set_handler(SIGUSR1, SIG_IGN, 0);
	say("pending when it is ignored: %s", yes(is_pending(SIGUSR1)));
	unblock(SIGUSR1);
	block(SIGTERM);
	kill(getpid(), SIGTERM);
	say("SIGTERM pending: %s", yes(is_pending(SIGTERM)));
	set_handler(SIGTERM, counts, 0);
	count = 0;
	unblock(SIGTERM);
	say("SIGTERM unblocked: %d", count);
}

static int values[64];

static void keeps_value(int sig, siginfo_t *info, void *context)
{
	if (count < LENGTH(values))
		values[count] = info->si_value.sival_int;
	count++;
}

static void info(void)
{
	union sigval value = { .sival_int = 1234 };
	bool in_order = true;
	int i;

	set_action(SIGUSR1, notes, 0);
	sigqueue(getpid(), SIGUSR1, value);
	say("sigqueue: signal %d code %d value %d", seen.si_signo, seen.si_code,
	    seen.si_value.sival_int);
	say("from here: %s", yes(seen.si_pid == getpid() && seen.si_uid == getuid()));
	kill(getpid(), SIGUSR1);
	say("kill: signal %d code %d", seen.si_signo, seen.si_code);
	say("from here: %s", yes(seen.si_pid == getpid() && seen.si_uid == getuid()));
	alarm_ms(10, 0);
	set_action(SIGALRM, notes, 0);
	count = 0;
	while (!count)
		;
	say("alarm: signal %d code %d", seen.si_signo, seen.si_code);

	set_action(SIGRTMIN + 1, keeps_value, 0);
	count = 0;
	block(SIGRTMIN + 1);
	for (i = 0; i < 40; i++) {
		value.sival_int = i;
		sigqueue(getpid(), SIGRTMIN + 1, value);
	}
	unblock(SIGRTMIN + 1);
	for (i = 0; i < count; i++)
		in_order &= values[i] == i;
	say("queued: %d, in order: %s", count, yes(in_order));
}

static void once(void)
{
	sigset_t none = set_of(0);
	struct sigaction sa;

	set_handler(SIGUSR1, counts, SA_RESETHAND);
	kill(getpid(), SIGUSR1);
	sigaction(SIGUSR1, NULL, &sa);
	say("signals: %d, default: %s", count, yes(sa.sa_handler == SIG_DFL));
	set_handler(SIGALRM, counts, SA_RESETHAND);
	block(SIGALRM);
	alarm_ms(10, 0);
	sigsuspend(&none);
	sigaction(SIGALRM, NULL, &sa);
	say("signals: %d, default: %s", count, yes(sa.sa_handler == SIG_DFL));
}

static int depth, deepest;

static void recurses(int sig)
{
	depth++;
	if (depth > deepest)
		deepest = depth;
	if (++count < 4)
		kill(getpid(), sig);
	depth--;
}

static void recursion(void)
{
	set_handler(SIGUSR1, recurses, 0);
	kill(getpid(), SIGUSR1);
	say("signals: %d, depth %d", count, deepest);
	count = 0;
	deepest = 0;
	set_handler(SIGUSR1, recurses, SA_NODEFER);
	kill(getpid(), SIGUSR1);
	say("with SA_NODEFER: %d, depth %d", count, deepest);
}

static void inner(int sig)
{
	say("in %s, USR1 is blocked: %s", sig == SIGUSR2 ? "USR2" : "other",
	    yes(is_blocked(SIGUSR1)));
}

static void outer(int sig)
{
	say("begin of USR1, USR2 is blocked: %s", yes(is_blocked(SIGUSR2)));
	kill(getpid(), SIGUSR2);
	say("USR2 is pending: %s", yes(is_pending(SIGUSR2)));
	say("end of USR1");
}

static void nested(void)
{
	struct sigaction sa = { .sa_handler = outer };

	set_handler(SIGUSR2, inner, 0);
	set_handler(SIGUSR1, outer, 0);
	kill(getpid(), SIGUSR1);
	sa.sa_mask = set_of(SIGUSR2);
	sigaction(SIGUSR1, &sa, NULL);
	kill(getpid(), SIGUSR1);
	say("blocked after that: %s", yes(is_blocked(SIGUSR1) || is_blocked(SIGUSR2)));

	block(SIGUSR1);
	block(SIGUSR2);
	kill(getpid(), SIGUSR1);
	kill(getpid(), SIGUSR2);
	set_handler(SIGUSR1, outer, 0);
	sa.sa_mask = set_of(0);
	sigaddset(&sa.sa_mask, SIGUSR1);
	sigaddset(&sa.sa_mask, SIGUSR2);
	say("both at once");
	sigprocmask(SIG_UNBLOCK, &sa.sa_mask, NULL);
}

static char altstack[4 * 8192] __attribute__((aligned(64)));

static bool is_there(void *p)
{
	return (char *)p >= altstack && (char *)p < altstack + sizeof(altstack);
}

static void says_where(int sig)
{
	stack_t ss, other = { .ss_sp = altstack, .ss_size = sizeof(altstack) };
	int here;

	sigaltstack(NULL, &ss);
	say("there: %s, flags %d", yes(is_there(&here)), ss.ss_flags);
	show("change", sigaltstack(&other, NULL));
}

static void leaves(int sig)
{
	siglongjmp(env, sig);
}

/* Until there is no stack: no such signal is seen. */
__attribute__((noinline))
static int overflow(volatile char *caller)
{
	volatile char here[1024];

	here[0] = caller ? caller[0] : 0;
	return seen.si_signo < 0 ? 0 : overflow(here) + here[0];
}

static void alternate_stack(void)
{
	stack_t ss = { .ss_sp = altstack, .ss_size = sizeof(altstack) }, old;

	sigaltstack(NULL, &old);
	say("flags at first: %d", old.ss_flags);
	show("sigaltstack", sigaltstack(&ss, NULL));
	set_handler(SIGUSR1, says_where, SA_ONSTACK);
	kill(getpid(), SIGUSR1);
	set_handler(SIGUSR1, says_where, 0);
	kill(getpid(), SIGUSR1);
	set_handler(SIGSEGV, leaves, SA_ONSTACK);
	if (!sigsetjmp(env, 1))
		overflow(NULL);
	else
		say("stack overflow");
	ss.ss_size = 100;
	show("too small", sigaltstack(&ss, NULL));
	ss.ss_flags = SS_DISABLE;
	show("disable", sigaltstack(&ss, &old));
	say("same: %s", yes(old.ss_sp == altstack && old.ss_size == sizeof(altstack)));
	sigaltstack(NULL, &old);
	say("flags at last: %d", old.ss_flags);
	set_handler(SIGSEGV, SIG_DFL, 0);
}

static void notes_and_leaves(int sig, siginfo_t *info, void *context)
{
	seen = *info;
	siglongjmp(env, 1);
}

static void show_fault(const char *what, void *address)
{
	say("%s: signal %d code %d, address: %s", what, seen.si_signo, seen.si_code,
	    yes(seen.si_addr == address));
}

static void *volatile pointer;

static void faults(void)
{
	char *p;

	set_action(SIGSEGV, notes_and_leaves, 0);
	set_action(SIGFPE, notes_and_leaves, 0);
	set_action(SIGILL, notes_and_leaves, 0);
	pointer = (void *)0x10;
	if (!sigsetjmp(env, 1))
		*(volatile int *)pointer = 1;
	show_fault("not mapped", pointer);
	p = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (!sigsetjmp(env, 1))
		*(volatile char *)(p + 5) = 1;
	show_fault("read-only", p + 5);
	mprotect(p, PAGE, PROT_NONE);
	if (!sigsetjmp(env, 1))
		say("%d", *(volatile char *)p);
	show_fault("without rights", p);
	munmap(p, PAGE);
	pointer = (void *)0xffffffff81000000;
	if (!sigsetjmp(env, 1))
		*(volatile int *)pointer = 1;
	show_fault("kernel", pointer);
	pointer = (void *)0x1234000000000000;
	if (!sigsetjmp(env, 1))
		*(volatile int *)pointer = 1;
	show_fault("not canonical", NULL);
	if (!sigsetjmp(env, 1))
		asm volatile("idivl %0" : : "r" (0), "a" (1), "d" (0) : "cc");
	say("divide: signal %d code %d", seen.si_signo, seen.si_code);
	if (!sigsetjmp(env, 1))
		asm volatile("ud2");
	say("ud2: signal %d code %d", seen.si_signo, seen.si_code);
	if (!sigsetjmp(env, 1))
		asm volatile("hlt");
	show_fault("hlt", NULL);
	say("SIGSEGV is blocked: %s", yes(is_blocked(SIGSEGV)));
	set_action(SIGSEGV, notes, 0);
	set_handler(SIGSEGV, SIG_DFL, 0);
}

static void repairs(int sig, siginfo_t *info, void *context)
{
	count++;
	mprotect((void *)((long)info->si_addr & -PAGE), PAGE, PROT_READ | PROT_WRITE);
}

static void skips(int sig, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;

	count++;
	uc->uc_mcontext.gregs[REG_RIP] += 2;	/* ud2 */
	uc->uc_mcontext.gregs[REG_RAX] = 77;
	sigaddset(&uc->uc_sigmask, SIGUSR2);
}

static void context(void)
{
	char *p = mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	long rax = 0;

	set_action(SIGSEGV, repairs, 0);
	*(volatile char *)p = 3;
	say("repaired: %d, value %d", count, *(volatile char *)p);
	set_action(SIGILL, skips, 0);
	asm volatile("ud2" : "+a" (rax));
	say("skipped: %d, rax %ld, USR2 is blocked: %s", count, rax, yes(is_blocked(SIGUSR2)));
	set_action(SIGTRAP, notes, 0);
	asm volatile("int3");
	say("int3: %d, signal %d code %d", count, seen.si_signo, seen.si_code);
	set_handler(SIGSEGV, SIG_DFL, 0);
	unblock(SIGUSR2);
	munmap(p, PAGE);
}

static void blocked_fault(void)
{
	set_handler(SIGSEGV, counts, 0);
	block(SIGSEGV);
	*(volatile int *)pointer = 1;
}

static void ignored_fault(void)
{
	set_handler(SIGILL, SIG_IGN, 0);
	asm volatile("ud2");
}

static void no_stack(void)
{
	set_handler(SIGUSR1, counts, 0);
	asm volatile("mov %0, %%rsp\n\t"
		     "syscall"
		     : : "r" (0x1000L), "a" ((long)SYS_kill), "D" ((long)getpid()),
		       "S" ((long)SIGUSR1) : "memory", "rcx", "r11");
}

static void deaths(void)
{
	pointer = (void *)0x10;
	run_child("fault that is blocked", blocked_fault);
	run_child("fault that is ignored", ignored_fault);
	run_child("handler without a stack", no_stack);
}

static void write_to_nobody(void)
{
	int fds[2];

	pipe(fds);
	close(fds[0]);
	show("write", write(fds[1], "x", 1));
	close(fds[1]);
}

static void broken_pipe(void)
{
	run_child("default", write_to_nobody);
	set_handler(SIGPIPE, SIG_IGN, 0);
	write_to_nobody();
	set_action(SIGPIPE, notes, 0);
	write_to_nobody();
	say("signals: %d, code %d", count, seen.si_code);
	block(SIGPIPE);
	write_to_nobody();
	say("blocked: %d, pending: %s", count, yes(is_pending(SIGPIPE)));
	unblock(SIGPIPE);
	say("unblocked: %d", count);
}

static void exits_9(void)
{
	_exit(9);
}

static void child(void)
{
	pid_t pid;

	set_action(SIGCHLD, notes, 0);
	block(SIGCHLD);
	pid = fork();
	if (!pid)
		exits_9();
	while (!count) {
		sigset_t none = set_of(0);

		sigsuspend(&none);
	}
	say("signal %d code %d status %d", seen.si_signo, seen.si_code, seen.si_status);
	say("its id: %s", yes(seen.si_pid == pid));
	end_child("child", pid);
	unblock(SIGCHLD);
	set_handler(SIGCHLD, SIG_IGN, 0);
	pid = fork();
	if (!pid)
		exits_9();
	show("wait for one that is ignored", waitpid(pid, NULL, 0));
}

static void says_abort(int sig)
{
	say("in the handler");
}

static void aborts(void)
{
	set_handler(SIGABRT, says_abort, 0);
	abort();
}

static void aborting(void)
{
	run_child("with a handler", aborts);
	run_child("without", abort);
}

static void suspend(void)
{
	sigset_t none = set_of(0);

	set_handler(SIGUSR1, counts, 0);
	set_handler(SIGALRM, counts, 0);
	block(SIGUSR1);
	raise(SIGUSR1);
	show("sigsuspend with one pending", sigsuspend(&none));
	say("signals: %d, blocked: %s", count, yes(is_blocked(SIGUSR1)));
	block(SIGALRM);
	alarm_ms(30, 0);
	show("sigsuspend", sigsuspend(&none));
	say("signals: %d, blocked: %s", count, yes(is_blocked(SIGALRM)));
}

static void wait_for_signal(void)
{
	sigset_t set = set_of(SIGUSR1);
	struct timespec ts = { 0, 20000000 };
	union sigval value = { .sival_int = 55 };
	siginfo_t info;

	sigaddset(&set, SIGALRM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	show("nothing", sigtimedwait(&set, &info, &ts));
	raise(SIGUSR1);
	show("pending", sigtimedwait(&set, &info, &ts));
	say("code: %d", info.si_code);
	sigqueue(getpid(), SIGUSR1, value);
	show("queued", sigtimedwait(&set, &info, &ts));
	say("code %d value %d", info.si_code, info.si_value.sival_int);
	alarm_ms(30, 0);
	show("alarm", sigwaitinfo(&set, &info));
	say("pending: %s", yes(is_pending(SIGALRM)));
	set_handler(SIGUSR2, counts, 0);
	set_handler(SIGALRM, counts, 0);
	unblock(SIGALRM);
	set = set_of(SIGUSR1);
	alarm_ms(30, 30);
	show("interrupted", syscall(SYS_rt_sigtimedwait, &set, &info, NULL, 8));
	no_alarm();
	unblock(SIGUSR1);
}

static void with_mask(void)
{
	struct timespec ts = { 1000, 0 }, zero = { 0, 0 };
	sigset_t none = set_of(0), alarms = set_of(SIGALRM);
	struct epoll_event event;
	int epoll = epoll_create(1), fds[2];
	struct pollfd pfd;

	pipe(fds);
	pfd = (struct pollfd) { .fd = fds[0], .events = POLLIN };
	set_handler(SIGALRM, counts, SA_RESTART);
	block(SIGALRM);
	alarm_ms(30, 0);
	show("ppoll", ppoll(&pfd, 1, &ts, &none));
	say("signals: %d, blocked: %s", count, yes(is_blocked(SIGALRM)));
	alarm_ms(30, 0);
	show("pselect", pselect(0, NULL, NULL, NULL, &ts, &none));
	say("signals: %d, blocked: %s", count, yes(is_blocked(SIGALRM)));
	alarm_ms(30, 0);
	show("epoll_pwait", epoll_pwait(epoll, &event, 1, 1000000, &none));
	say("signals: %d, blocked: %s", count, yes(is_blocked(SIGALRM)));
	raise(SIGALRM);
	show("ppoll with one pending", ppoll(&pfd, 1, &ts, &none));
	say("signals: %d", count);
	raise(SIGALRM);
	write(fds[1], "x", 1);
	show("ppoll with data, blocked", ppoll(&pfd, 1, &ts, &alarms));
	say("signals: %d", count);
	unblock(SIGALRM);
	say("signals: %d", count);
	show("ppoll, another blocked", ppoll(&pfd, 1, &zero, &alarms));
	say("blocked: %s", yes(is_blocked(SIGALRM)));
	show("ppoll, bad mask", syscall(SYS_ppoll, &pfd, 1, &ts, 8L, 8));
	show("ppoll, bad length", syscall(SYS_ppoll, &pfd, 1, &ts, &none, 4));
	show("pselect without a mask", pselect(0, NULL, NULL, NULL, &zero, NULL));
	close(fds[0]);
	close(fds[1]);
	close(epoll);
}

static volatile double sum_in_handler;

static void calculates(int sig)
{
	double a = 1.0;
	int i;

	count++;
	for (i = 1; i < 50; i++)
		a += 1.0 / i;
	sum_in_handler = a;
	asm volatile("fninit; fld1; fld1; fld1" : : : "st", "st(1)", "st(2)");
	asm volatile("fninit");
}

static double series(long n)
{
	double sum = 0;
	long i;

	for (i = 1; i <= n; i++)
		sum += 1.0 / ((double)i * i);
	return sum;
}

static void floating_point(void)
{
	double expected = series(200000), d[4] = { 1.5, 2.5, 3.5, 4.5 }, out[4];
	long nr = SYS_kill;
	bool same = true;

	set_handler(SIGUSR1, calculates, 0);
	asm volatile("fldl %4\n\t"
		     "movsd %5, %%xmm0\n\t"
		     "movsd %6, %%xmm15\n\t"
		     "syscall\n\t"
		     "movsd %%xmm0, %2\n\t"
		     "movsd %%xmm15, %3\n\t"
		     "fstpl %1\n\t"
		     : "+a" (nr), "=m" (out[0]), "=m" (out[1]), "=m" (out[2])
		     : "m" (d[0]), "m" (d[1]), "m" (d[2]), "D" ((long)getpid()),
		       "S" ((long)SIGUSR1)
		     : "memory", "rcx", "r11", "xmm0", "xmm15");
	say("signals: %d, x87 %.1f, xmm0 %.1f, xmm15 %.1f", count, out[0], out[1], out[2]);

	fesetround(FE_UPWARD);
	kill(getpid(), SIGUSR1);
	say("rounding: %s", yes(fegetround() == FE_UPWARD));
	fesetround(FE_TONEAREST);

	set_handler(SIGALRM, calculates, 0);
	count = 0;
	alarm_ms(5, 5);
	while (count < 20)
		same &= series(200000) == expected;
	alarm_ms(0, 0);
	say("sums: %s", yes(same));
}

/* All registers, interrupted anywhere */
static bool registers_stay(void)
{
	unsigned long bad = 0;

	asm volatile("mov $0x1111, %%rbx; mov $0x2222, %%rdx; mov $0x3333, %%rsi\n\t"
		     "mov $0x4444, %%rdi; mov $0x5555, %%r8; mov $0x6666, %%r9\n\t"
		     "mov $0x7777, %%r10; mov $0x8888, %%r11; mov $0x9999, %%r12\n\t"
		     "mov $0xaaaa, %%r13; mov $0xbbbb, %%r14; mov $0xcccc, %%r15\n\t"
		     "movq $0x1234, -64(%%rsp)\n\t"
		     "mov $1000000, %%ecx\n"
		     "1: stc\n\t"
		     "dec %%ecx\n\t"
		     "jae 2f\n\t"
		     "jnz 1b\n\t"
		     "sub $0x1111, %%rbx; sub $0x2222, %%rdx; sub $0x3333, %%rsi\n\t"
		     "sub $0x4444, %%rdi; sub $0x5555, %%r8; sub $0x6666, %%r9\n\t"
		     "sub $0x7777, %%r10; sub $0x8888, %%r11; sub $0x9999, %%r12\n\t"
		     "sub $0xaaaa, %%r13; sub $0xbbbb, %%r14; sub $0xcccc, %%r15\n\t"
		     "subq $0x1234, -64(%%rsp)\n\t"
		     "or -64(%%rsp), %%rbx\n\t"
		     "or %%rdx, %%rbx; or %%rsi, %%rbx; or %%rdi, %%rbx; or %%r8, %%rbx\n\t"
		     "or %%r9, %%rbx; or %%r10, %%rbx; or %%r11, %%rbx; or %%r12, %%rbx\n\t"
		     "or %%r13, %%rbx; or %%r14, %%rbx; or %%r15, %%rbx\n\t"
		     "mov %%rbx, %%rax\n\t"
		     "jmp 3f\n"
		     "2: mov $1, %%eax\n"
		     "3:"
		     : "=a" (bad)
		     : : "rbx", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12",
			 "r13", "r14", "r15", "memory", "cc");
	return !bad;
}

static void registers(void)
{
	bool stay = true;

	set_handler(SIGALRM, calculates, 0);
	alarm_ms(5, 5);
	while (count < 20)
		stay &= registers_stay();
	alarm_ms(0, 0);
	say("they, flags and red zone stay: %s", yes(stay));
}

static void in_fork(void)
{
	pid_t pid;

	set_handler(SIGUSR1, counts, 0);
	block(SIGUSR1);
	raise(SIGUSR1);
	pid = fork();
	if (!pid) {
		say("child: pending %s, blocked %s", yes(is_pending(SIGUSR1)),
		    yes(is_blocked(SIGUSR1)));
		unblock(SIGUSR1);
		say("child: %d", count);
		kill(getpid(), SIGUSR1);
		say("child: %d", count);
		_exit(0);
	}
	end_child("child", pid);
	say("parent: pending %s", yes(is_pending(SIGUSR1)));
	unblock(SIGUSR1);
	say("parent: %d", count);
}

static const struct check checks[] = {
	{ "self", self },
	{ "errors", errors },
	{ "old_action", old_action },
	{ "interrupted_read", interrupted_read },
	{ "interrupted_sleep", interrupted_sleep },
	{ "interrupted_wait", interrupted_wait },
	{ "timer", timer },
	{ "from_others", from_others },
	{ "stop", stop },
	{ "mask", mask },
	{ "info", info },
	{ "once", once },
	{ "recursion", recursion },
	{ "nested", nested },
	{ "alternate_stack", alternate_stack },
	{ "faults", faults },
	{ "context", context },
	{ "deaths", deaths },
	{ "broken_pipe", broken_pipe },
	{ "child", child },
	{ "aborting", aborting },
	{ "suspend", suspend },
	{ "wait_for_signal", wait_for_signal },
	{ "with_mask", with_mask },
	{ "floating_point", floating_point },
	{ "registers", registers },
	{ "in_fork", in_fork },
};

static void reset(void)
{
	sigset_t none = set_of(0);
	int sig;

	count = 0;
	depth = 0;
	deepest = 0;
	for (sig = 1; sig <= SIGRTMAX; sig++)
		if (sig != SIGKILL && sig != SIGSTOP && (sig < 32 || sig >= SIGRTMIN))
			set_handler(sig, SIG_DFL, 0);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

int main(int argc, char **argv)
{
	return run_checks(checks, LENGTH(checks), argv, reset);
}
