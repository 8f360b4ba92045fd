// SPDX-License-Identifier: GPL-2.0
/* Scenarios, see differ.h: signals and their handlers */
#include "differ.h"

#include <setjmp.h>
#include <sys/time.h>
#include <ucontext.h>

static pid_t main_pid;

static void on_signal(int number)
{
	say("handler: signal %d", number);
}

static void on_info(int number, siginfo_t *info, void *context)
{
	say("handler: signal %d code %d, from %s", number, info->si_code,
	    info->si_pid == main_pid ? "us" : info->si_pid ? "another" : "nobody");
	(void)context;
}

static void on_value(int number, siginfo_t *info, void *context)
{
	say("handler: signal %d code %d value %d", number, info->si_code, info->si_value.sival_int);
	(void)context;
}

static void set_handler(int number, void (*handler)(int), int flags)
{
	struct sigaction sa = { .sa_handler = handler, .sa_flags = flags };

	if (sigaction(number, &sa, NULL))
		say("sigaction: %s", strerror(errno));
}

static void set_info_handler(int number, void (*handler)(int, siginfo_t *, void *), int flags)
{
	struct sigaction sa = { .sa_sigaction = handler, .sa_flags = flags | SA_SIGINFO };

	main_pid = getpid();
	if (sigaction(number, &sa, NULL))
		say("sigaction: %s", strerror(errno));
}

static sigset_t set_of(int one, int two)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, one);
	sigaddset(&set, two);
	return set;
}

static void show_set(const char *what, const sigset_t *set)
{
	char text[256] = "";
	int i;

	for (i = 1; i < 65; i++)
		if (sigismember(set, i) == 1)
			sprintf(text + strlen(text), " %d", i);
	say("%s:%s", what, text);
}

static void show_pending(void)
{
	sigset_t set;

	CALL(sigpending(&set));
	show_set("pending", &set);
}

/* Handlers */

static void handler_runs(void)
{
	set_handler(SIGUSR1, on_signal, 0);
	CALL(raise(SIGUSR1));
	CALL(kill(getpid(), SIGUSR1));
	CALL(syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), SIGUSR1));
	CALL(syscall(SYS_tkill, syscall(SYS_gettid), SIGUSR1));
	set_handler(SIGUSR1, SIG_IGN, 0);
	CALL(raise(SIGUSR1));
	set_handler(SIGUSR1, SIG_DFL, 0);
	CALL(raise(SIGCHLD));
	CALL(raise(SIGUSR1));
}

static void handler_information(void)
{
	union sigval value = { .sival_int = 77 };

	set_info_handler(SIGUSR1, on_info, 0);
	CALL(kill(getpid(), SIGUSR1));
	CALL(raise(SIGUSR1));
	set_info_handler(SIGRTMIN + 1, on_value, 0);
	CALL(sigqueue(getpid(), SIGRTMIN + 1, value));
	CALL(sigqueue(INT_MAX, SIGRTMIN + 1, value));
	CALL(sigqueue(getpid(), 77, value));
}

static void handler_errors(void)
{
	struct sigaction sa = { .sa_handler = on_signal }, old;

	CALL(sigaction(SIGKILL, &sa, NULL));
	CALL(sigaction(SIGSTOP, &sa, NULL));
	CALL(sigaction(SIGKILL, NULL, &old));
	CALL(sigaction(0, &sa, NULL));
	CALL(sigaction(65, &sa, NULL));
	CALL(syscall(SYS_rt_sigaction, SIGUSR1, nowhere, 0L, 8L));
	CALL(syscall(SYS_rt_sigaction, SIGUSR1, 0L, nowhere, 8L));
	CALL(syscall(SYS_rt_sigaction, SIGUSR1, 0L, 0L, 4L));
	CALL(kill(getpid(), 65));
	CALL(kill(getpid(), -1));
	CALL(kill(getpid(), 0));
	CALL(kill(INT_MAX, 0));
	CALL(syscall(SYS_tgkill, -1, -1, SIGUSR1));
	CALL(syscall(SYS_tgkill, getpid(), INT_MAX, SIGUSR1));
	CALL(sigaction(SIGUSR1, &sa, &old));
	IS(old.sa_handler == SIG_DFL);
	CALL(sigaction(SIGUSR1, NULL, &old));
	IS(old.sa_handler == on_signal);
}

static int depth;

static void on_nested(int number)
{
	sigset_t mask;

	sigprocmask(SIG_SETMASK, NULL, &mask);
	show_set("mask in the handler", &mask);
	say("depth %d", ++depth);
	if (depth < 3)
		raise(number);
	say("depth %d ends", depth--);
	if (depth < 0)
		set_handler(number, SIG_IGN, 0);
}

static void handler_nested(void)
{
	set_handler(SIGUSR1, on_nested, SA_NODEFER);
	CALL(raise(SIGUSR1));
	show_pending();
}

/* The second one comes when the handler ends. */
static void on_deferred(int number)
{
	static int times;

	say("time %d", ++times);
	if (times < 3)
		raise(number);
	say("ends");
}

static void handler_deferred(void)
{
	set_handler(SIGUSR1, on_deferred, 0);
	CALL(raise(SIGUSR1));
}

static void handler_once(void)
{
	set_handler(SIGUSR1, on_signal, SA_RESETHAND);
	CALL(raise(SIGUSR1));
	IS(signal(SIGUSR1, SIG_DFL) == SIG_DFL);
	CALL(raise(SIGUSR1));
}

static void handler_mask(void)
{
	struct sigaction sa = { .sa_handler = on_nested, .sa_mask = set_of(SIGUSR2, SIGTERM) };
	sigset_t mask;

	depth = 5;
	CALL(sigaction(SIGUSR1, &sa, NULL));
	CALL(raise(SIGUSR1));
	sigprocmask(SIG_SETMASK, NULL, &mask);
	show_set("mask", &mask);
}

/* Masks */

static void mask_order(void)
{
	static const int numbers[] = { SIGUSR2, SIGTERM, SIGUSR1, SIGHUP, SIGUSR2 };
	sigset_t all, none;
	int i;

	sigfillset(&all);
	sigemptyset(&none);
	CALL(sigprocmask(SIG_SETMASK, &all, NULL));
	for (i = 0; i < LENGTH(numbers); i++) {
		struct sigaction sa = { .sa_handler = on_signal, .sa_mask = all };

		sigaction(numbers[i], &sa, NULL);
		CALL(raise(numbers[i]));
	}
	show_pending();
	CALL(sigprocmask(SIG_SETMASK, &none, NULL));
	show_pending();
}

static void mask_changes(void)
{
	sigset_t set = set_of(SIGUSR1, SIGKILL), old;

	CALL(sigprocmask(SIG_BLOCK, &set, &old));
	show_set("old", &old);
	set = set_of(SIGUSR2, SIGSTOP);
	CALL(sigprocmask(SIG_BLOCK, &set, &old));
	show_set("old", &old);
	CALL(sigprocmask(SIG_UNBLOCK, &set, &old));
	show_set("old", &old);
	CALL(sigprocmask(SIG_SETMASK, NULL, &old));
	show_set("now", &old);
	CALL(syscall(SYS_rt_sigprocmask, 77L, &set, 0L, 8L));
	CALL(syscall(SYS_rt_sigprocmask, 0L, nowhere, 0L, 8L));
	CALL(syscall(SYS_rt_sigprocmask, 0L, 0L, nowhere, 8L));
	CALL(syscall(SYS_rt_sigprocmask, 0L, &set, 0L, 16L));
	CALL(raise(SIGUSR1));
	show_pending();
	CALL(signal(SIGUSR1, SIG_IGN) == SIG_ERR);
	show_pending();
}

static void mask_queue(void)
{
	sigset_t set = set_of(SIGRTMIN + 1, SIGRTMIN + 2);
	union sigval value;
	int i;

	set_info_handler(SIGRTMIN + 1, on_value, 0);
	set_info_handler(SIGRTMIN + 2, on_value, 0);
	CALL(sigprocmask(SIG_BLOCK, &set, NULL));
	for (i = 0; i < 4; i++) {
		value.sival_int = i;
		CALL(sigqueue(getpid(), SIGRTMIN + 1 + i % 2, value));
	}
	/* Both handlers may not be nested. */
	set = set_of(SIGRTMIN + 1, SIGRTMIN + 1);
	CALL(sigprocmask(SIG_UNBLOCK, &set, NULL));
	set = set_of(SIGRTMIN + 2, SIGRTMIN + 2);
	CALL(sigprocmask(SIG_UNBLOCK, &set, NULL));
}

/* Waiting for signals */

static void wait_timed(void)
{
	sigset_t set = set_of(SIGUSR1, SIGRTMIN + 1);
	struct timespec soon = { 0, 1000000 }, bad = { 0, -1 };
	union sigval value = { .sival_int = 5 };
	siginfo_t info;

	CALL(sigprocmask(SIG_BLOCK, &set, NULL));
	CALL(sigtimedwait(&set, &info, &soon));
	CALL(sigqueue(getpid(), SIGRTMIN + 1, value));
	CALL(raise(SIGUSR1));
	CALL(sigtimedwait(&set, &info, &soon));
	say("code %d", info.si_code);
	CALL(sigwaitinfo(&set, &info));
	say("code %d value %d", info.si_code, info.si_value.sival_int);
	CALL(sigtimedwait(&set, &info, &bad));
	CALL(syscall(SYS_rt_sigtimedwait, nowhere, 0L, &soon, 8L));
	CALL(syscall(SYS_rt_sigtimedwait, &set, 0L, nowhere, 8L));
}

static void wait_suspended(void)
{
	struct itimerval soon = { .it_value.tv_usec = 20000 };
	sigset_t set = set_of(SIGALRM, SIGALRM), none, now;

	sigemptyset(&none);
	set_handler(SIGALRM, on_signal, 0);
	CALL(sigprocmask(SIG_BLOCK, &set, NULL));
	CALL(setitimer(ITIMER_REAL, &soon, NULL));
	CALL(sigsuspend(&none));
	sigprocmask(SIG_SETMASK, NULL, &now);
	show_set("mask", &now);
	CALL(syscall(SYS_rt_sigsuspend, nowhere, 8L));
}

static void wait_in_poll(void)
{
	struct timespec soon = { 0, 10000000 }, late = { 1000, 0 };
	sigset_t set = set_of(SIGUSR1, SIGUSR1), none;

	sigemptyset(&none);
	set_handler(SIGUSR1, on_signal, 0);
	CALL(sigprocmask(SIG_BLOCK, &set, NULL));
	CALL(raise(SIGUSR1));
	CALL(syscall(SYS_ppoll, 0L, 0L, &soon, 0L, 8L));
	CALL(syscall(SYS_ppoll, 0L, 0L, &late, &none, 8L));
	CALL(raise(SIGUSR1));
	CALL(pselect(0, NULL, NULL, NULL, &late, &none));
	show_pending();
}

/*
 * Calls that are interrupted, sooner or later: the signal comes again and again, so
 * that it does not matter how long it takes to get into the call.
 */

static volatile int ticks;
static int wake[2];

static void on_tick(int number)
{
	ticks = number;
	if (wake[1] && write(wake[1], "!", 1) != 1)
		say("write: %s", strerror(errno));
}

static void start_ticks(int flags)
{
	struct itimerval often = { { 0, 50000 }, { 0, 50000 } };

	ticks = 0;
	set_handler(SIGALRM, on_tick, flags);
	CALL(setitimer(ITIMER_REAL, &often, NULL));
}

static void stop_ticks(void)
{
	struct itimerval off = {};

	setitimer(ITIMER_REAL, &off, NULL);
	IS(ticks == SIGALRM);
}

static void read_interrupted(void)
{
	char text[8];
	int fd[2];

	CALL(pipe(fd));
	start_ticks(0);
	CALL(read(fd[0], text, sizeof(text)));
	stop_ticks();
}

/* The child writes after some interruptions. */
static void read_restarted(void)
{
	char text[8];
	int fd[2], i;
	pid_t pid;

	CALL(pipe(fd));
	CALL(pipe(wake));
	pid = fork();
	if (!pid) {
		for (i = 0; i < 3; i++)
			if (read(wake[0], text, 1) != 1)
				_exit(1);
		_exit(write(fd[1], "late", 4) != 4);
	}
	start_ticks(SA_RESTART);
	CALL(read(fd[0], text, sizeof(text)));
	stop_ticks();
	end_child(pid);
}

static void wait_interrupted(void)
{
	struct timespec late = { 1000, 0 }, left = { 0, 0 };
	pid_t pid = fork();

	if (!pid)
		for (;;)
			pause();
	start_ticks(0);
	CALL(pause());
	CALL(waitpid(pid, NULL, 0));
	CALL(nanosleep(&late, &left));
	IS(left.tv_sec > 900 && left.tv_sec < 1000);
	stop_ticks();
	start_ticks(SA_RESTART);
	CALL(syscall(SYS_poll, 0L, 0L, 1000000L));
	CALL(pause());
	stop_ticks();
	kill(pid, SIGKILL);
	end_child(pid);
}

static void sleep_ignored(void)
{
	struct itimerval soon = { .it_value.tv_usec = 20000 };
	struct timespec longer = { 0, 60000000 };

	set_handler(SIGALRM, SIG_IGN, 0);
	CALL(setitimer(ITIMER_REAL, &soon, NULL));
	CALL(nanosleep(&longer, NULL));
}

/* Partial results are results. */
static void write_interrupted(void)
{
	static char data[100000];
	int fd[2];

	CALL(pipe(fd));
	start_ticks(SA_RESTART);
	CALL(write(fd[1], data, sizeof(data)));
	stop_ticks();
	start_ticks(0);
	CALL(write(fd[1], data, sizeof(data)));
	stop_ticks();
}

/* Where signals come from */

static void from_pipe(void)
{
	int fd[2];

	set_info_handler(SIGPIPE, on_info, 0);
	CALL(pipe(fd));
	CALL(close(fd[0]));
	CALL(write(fd[1], "x", 1));
	set_handler(SIGPIPE, SIG_DFL, 0);
	CALL(write(fd[1], "x", 1));
}

static void from_limit(void)
{
	struct rlimit limit = { 64 << 20, RLIM_INFINITY };
	int fd = CALL(open("a", O_CREAT | O_RDWR, 0644));

	set_info_handler(SIGXFSZ, on_info, 0);
	CALL(setrlimit(RLIMIT_FSIZE, &limit));
	CALL(pwrite(fd, "x", 1, 64 << 20));
	set_handler(SIGXFSZ, SIG_DFL, 0);
	CALL(pwrite(fd, "x", 1, 64 << 20));
}

static void on_child(int number, siginfo_t *info, void *context)
{
	say("handler: signal %d code %d status %d", number, info->si_code, info->si_status);
	(void)context;
}

static int exit_later(void)
{
	sleep_ms(50);
	return 6;
}

static void from_child(void)
{
	sigset_t set = set_of(SIGCHLD, SIGCHLD), none;
	pid_t pid;

	sigemptyset(&none);
	sigprocmask(SIG_BLOCK, &set, NULL);
	set_info_handler(SIGCHLD, on_child, SA_NOCLDSTOP);
	pid = start_child(exit_later);
	CALL(sigsuspend(&none));
	end_child(pid);
	set_handler(SIGCHLD, SIG_IGN, 0);
	start_child(exit_later);
	CALL(waitpid(-1, NULL, 0));
	set_handler(SIGCHLD, SIG_DFL, SA_NOCLDWAIT);
	start_child(exit_later);
	CALL(waitpid(-1, NULL, 0));
}

static void from_alarm(void)
{
	struct itimerval soon = { .it_value.tv_usec = 10000 }, late = { { 0, 7 }, { 1000, 0 } };
	sigset_t set = set_of(SIGALRM, SIGALRM), none;

	sigemptyset(&none);
	CALL(alarm(100));
	CALL(alarm(0) > 90);
	CALL(alarm(0));
	CALL(sigprocmask(SIG_BLOCK, &set, NULL));
	set_info_handler(SIGALRM, on_info, 0);
	CALL(setitimer(ITIMER_REAL, &soon, NULL));
	CALL(sigsuspend(&none));
	CALL(setitimer(ITIMER_REAL, &late, NULL));
	CALL(getitimer(ITIMER_REAL, &soon));
	say("interval %ld", (long)soon.it_interval.tv_usec);
	IS(soon.it_value.tv_sec > 900);
	late.it_value.tv_usec = 1000000;
	CALL(setitimer(ITIMER_REAL, &late, NULL));
	CALL(getitimer(77, &late));
	CALL(syscall(SYS_setitimer, 0L, nowhere, 0L));
}

static void from_timer(void)
{
	struct itimerspec soon = { .it_value.tv_nsec = 10000000 }, left;
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN + 1,
		.sigev_value.sival_int = 9 };
	sigset_t set = set_of(SIGRTMIN + 1, SIGRTMIN + 1), none;
	timer_t timer;

	sigemptyset(&none);
	CALL(sigprocmask(SIG_BLOCK, &set, NULL));
	set_info_handler(SIGRTMIN + 1, on_value, 0);
	CALL(timer_create(CLOCK_MONOTONIC, &event, &timer));
	CALL(timer_settime(timer, 0, &soon, NULL));
	CALL(sigsuspend(&none));
	CALL(timer_gettime(timer, &left));
	say("left %ld", left.it_value.tv_nsec);
	CALL(timer_getoverrun(timer));
	soon.it_value.tv_nsec = -1;
	CALL(timer_settime(timer, 0, &soon, NULL));
	CALL(timer_delete(timer));
	CALL(timer_delete(timer));
	event.sigev_signo = 77;
	CALL(timer_create(CLOCK_MONOTONIC, &event, &timer));
	CALL(timer_create(77, NULL, &timer));
}

static void timer_silent(void)
{
	struct itimerspec often = { { 0, 100000000 }, { 0, 100000000 } }, left;
	struct sigevent event = { .sigev_notify = SIGEV_NONE };
	timer_t timer;

	CALL(timer_create(CLOCK_REALTIME, &event, &timer));
	CALL(timer_settime(timer, 0, &often, NULL));
	CALL(timer_gettime(timer, &left));
	IS(left.it_value.tv_sec == 0 && left.it_value.tv_nsec <= 100000000);
	say("interval %ld", left.it_interval.tv_nsec);
}

/* Faults */

static sigjmp_buf back;
static void *volatile fault;

static void on_fault(int number, siginfo_t *info, void *context)
{
	say("handler: signal %d code %d, %s", number, info->si_code,
	    info->si_addr == fault ? "the address" : "another address");
	(void)context;
	siglongjmp(back, 1);
}

static void fault_address(void)
{
	char *p = pages(1, PROT_READ);
	sigset_t mask;

	set_info_handler(SIGSEGV, on_fault, 0);
	fault = nowhere;
	if (!sigsetjmp(back, 1))
		*nowhere = 1;
	fault = p + 5;
	if (!sigsetjmp(back, 1))
		p[5] = 1;
	fault = p + PAGE;
	if (!sigsetjmp(back, 1))
		say("%d", *(volatile char *)(p + PAGE));
	sigprocmask(SIG_SETMASK, NULL, &mask);
	show_set("mask", &mask);
	set_handler(SIGSEGV, SIG_DFL, 0);
	*nowhere = 1;
}

static void on_number(int number)
{
	say("handler: signal %d", number);
	siglongjmp(back, 1);
}

static void fault_instruction(void)
{
	volatile int zero = 0, seven = 7;

	set_handler(SIGILL, on_number, 0);
	set_handler(SIGFPE, on_number, 0);
	set_handler(SIGTRAP, on_number, 0);
	if (!sigsetjmp(back, 1))
		asm volatile("ud2");
	if (!sigsetjmp(back, 1))
		zero = seven / zero;
	if (!sigsetjmp(back, 1))
		asm volatile("int3");
	set_handler(SIGFPE, SIG_IGN, 0);
	zero = seven / zero;
}

/* The handler steps over the instruction, a ud2 of two bytes. */
static void on_skip(int number, siginfo_t *info, void *context)
{
	ucontext_t *registers = context;

	say("handler: signal %d, %s", number,
	    registers->uc_mcontext.gregs[REG_RIP] == (long)info->si_addr ? "there" : "elsewhere");
	registers->uc_mcontext.gregs[REG_RIP] += 2;
	registers->uc_mcontext.gregs[REG_RAX] = 123;
}

static void fault_skipped(void)
{
	long value;

	set_info_handler(SIGILL, on_skip, 0);
	asm volatile("ud2" : "=a" (value) : "0" (5L));
	say("value %ld", value);
}

static char *stack;

static void on_stack(int number)
{
	char here;
	stack_t now;

	sigaltstack(NULL, &now);
	say("handler: signal %d, %s, flags %d", number,
	    &here >= stack && &here < stack + 16 * PAGE ? "on its stack" : "elsewhere",
	    now.ss_flags);
	now.ss_flags = SS_DISABLE;
	CALL(sigaltstack(&now, NULL));
}

static void other_stack(void)
{
	stack_t new = { .ss_size = 16 * PAGE }, small = { .ss_size = 100 }, old;

	stack = pages(16, PROT_READ | PROT_WRITE);
	new.ss_sp = stack;
	small.ss_sp = stack;
	CALL(sigaltstack(NULL, &old));
	say("flags %d", old.ss_flags);
	CALL(sigaltstack(&new, &old));
	CALL(sigaltstack(&small, NULL));
	new.ss_flags = 77;
	CALL(sigaltstack(&new, NULL));
	CALL(syscall(SYS_sigaltstack, nowhere, 0L));
	set_handler(SIGUSR1, on_stack, SA_ONSTACK);
	CALL(raise(SIGUSR1));
	set_handler(SIGUSR2, on_signal, 0);
	CALL(raise(SIGUSR2));
}

/* To others */

static int catch_and_exit(void)
{
	sigset_t none;

	sigemptyset(&none);
	set_handler(SIGUSR1, on_signal, 0);
	CALL(sigsuspend(&none));
	return 4;
}

static void to_child(void)
{
	sigset_t set = set_of(SIGUSR1, SIGUSR1);
	pid_t pid;

	sigprocmask(SIG_BLOCK, &set, NULL);
	pid = start_child(catch_and_exit);
	sleep_ms(50);
	kill(pid, SIGUSR1);
	end_child(pid);
	CALL(waitpid(pid, NULL, 0));
}

static int busy(void)
{
	while (signal(SIGUSR1, SIG_DFL) == SIG_DFL)
		;
	return 0;
}

/* A program that makes no system call, but for those of its start */
static int spin(void)
{
	volatile int go_on = 1;

	while (go_on)
		;
	return 0;
}

static void to_spinning(void)
{
	pid_t pid = start_child(spin);
	int status;

	if (pid < 0)
		return;
	sleep_ms(50);
	CALL(kill(pid, SIGSTOP));
	CALL(waitpid(pid, &status, WUNTRACED) == pid);
	show_status("child", status);
	CALL(kill(pid, SIGCONT));
	CALL(kill(pid, SIGINT));
	end_child(pid);
	pid = start_child(busy);
	sleep_ms(50);
	CALL(kill(pid, SIGTERM));
	end_child(pid);
}

static struct scenario scenarios[] = {
	PROCESS(handler_runs), PROCESS(handler_information), PROCESS(handler_errors),
	PROCESS(handler_nested), PROCESS(handler_deferred), PROCESS(handler_once),
	PROCESS(handler_mask), PROCESS(mask_order), PROCESS(mask_changes),
	PROCESS(mask_queue), PROCESS(wait_timed), PROCESS(wait_suspended),
	PROCESS(wait_in_poll), PROCESS(read_interrupted), PROCESS(read_restarted),
	PROCESS(wait_interrupted), PROCESS(sleep_ignored), PROCESS(write_interrupted),
	PROCESS(from_pipe), PROCESS(from_limit), PROCESS(from_child), PROCESS(from_alarm),
	PROCESS(from_timer), PROCESS(timer_silent), PROCESS(fault_address),
	PROCESS(fault_instruction), PROCESS(fault_skipped), PROCESS(other_stack),
	PROCESS(to_child), PROCESS(to_spinning),
};

int main(int argc, char **argv)
{
	return differ(argc, argv, scenarios, LENGTH(scenarios));
}
