// SPDX-License-Identifier: GPL-2.0
/* Scenarios, see differ.h: processes and what they have in common */
#include "differ.h"

#include <poll.h>
#include <spawn.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/times.h>
#include <sys/utsname.h>

#ifndef P_PIDFD
#define P_PIDFD		3
#endif

#define RW	(O_CREAT | O_RDWR)

/* A pipe that processes wait for each other with */
static int go[2];

static void tell(void)
{
	if (write(go[1], "!", 1) != 1)
		say("the pipe: %s", strerror(errno));
}

static void await(void)
{
	char c;

	if (read(go[0], &c, 1) != 1)
		say("the pipe: %s", strerror(errno));
}

static int exit_seven(void)
{
	return 7;
}

static int wait_forever(void)
{
	while (pause() < 0)
		;
	return 0;
}

static int wait_and_exit(void)
{
	await();
	return 5;
}

/* Ends and what is known of them */

static void exit_statuses(void)
{
	static const int values[] = { 0, 1, 42, 255, 256, 257, -1 };
	int i, status;

	for (i = 0; i < LENGTH(values); i++) {
		pid_t pid = fork();

		if (!pid)
			_exit(values[i]);
		IS(waitpid(pid, &status, 0) == pid);
		say("status %#x", status);
	}
}

static void signal_statuses(void)
{
	const int signals[] = { SIGKILL, SIGTERM, SIGUSR1, SIGABRT, SIGSEGV, SIGRTMIN };
	int i;

	for (i = 0; i < LENGTH(signals); i++) {
		pid_t pid = start_child(wait_forever);

		CALL(kill(pid, signals[i]));
		end_child(pid);
	}
}

static int abort_now(void)
{
	abort();
}

static int raise_kill(void)
{
	raise(SIGKILL);
	return 0;
}

static int read_null(void)
{
	return *null;
}

static int write_constant(void)
{
	*(volatile char *)"constant" = 1;
	return 0;
}

static int execute_bad(void)
{
	asm volatile("ud2");
	return 0;
}

static int divide(void)
{
	volatile int zero = 0, seven = 7;

	return seven / zero;
}

static void crash_statuses(void)
{
	run_child(abort_now);
	run_child(raise_kill);
	run_child(read_null);
	run_child(write_constant);
	run_child(execute_bad);
	run_child(divide);
}

static void wait_options(void)
{
	pid_t pid;
	int status;

	CALL(waitpid(-1, &status, 0));
	CALL(pipe(go));
	pid = start_child(wait_and_exit);
	CALL(waitpid(-1, &status, WNOHANG));
	CALL(waitpid(pid, &status, 0x1000));
	CALL(waitpid(getpid(), &status, 0));
	CALL(waitpid(INT_MAX, &status, 0));
	tell();
	IS(waitpid(0, &status, 0) == pid);
	show_status("child", status);
	CALL(waitpid(pid, &status, 0));
	pid = start_child(exit_seven);
	CALL(syscall(SYS_wait4, pid, nowhere, 0, NULL));
	CALL(waitpid(pid, &status, 0));
}

static void show_info(const siginfo_t *info, pid_t pid)
{
	say("signal %d code %d status %d, %s, user %d", info->si_signo, info->si_code,
	    info->si_status, info->si_pid == pid ? "the child" : "not the child", info->si_uid);
}

static void wait_information(void)
{
	siginfo_t info = {};
	pid_t pid;

	CALL(pipe(go));
	pid = start_child(wait_and_exit);
	CALL(waitid(P_PID, pid, &info, WEXITED | WNOHANG));
	say("signal %d", info.si_signo);
	tell();
	CALL(waitid(P_PID, pid, &info, WEXITED | WNOWAIT));
	show_info(&info, pid);
	CALL(waitid(P_PGID, getpgrp(), &info, WEXITED));
	show_info(&info, pid);
	CALL(waitid(P_ALL, 0, &info, WEXITED));
	CALL(waitid(P_ALL, 0, &info, 0));
	CALL(waitid(77, 0, &info, WEXITED));
	pid = start_child(wait_forever);
	CALL(kill(pid, SIGTERM));
	CALL(waitid(P_ALL, 0, &info, WEXITED));
	show_info(&info, pid);
}

static void wait_stopped(void)
{
	pid_t pid = start_child(wait_forever);
	int status;

	if (pid < 0)
		return;
	CALL(kill(pid, SIGSTOP));
	CALL(waitpid(pid, &status, WUNTRACED) == pid);
	show_status("child", status);
	CALL(waitpid(pid, &status, WNOHANG));
	CALL(kill(pid, SIGCONT));
	CALL(waitpid(pid, &status, WCONTINUED) == pid);
	show_status("child", status);
	CALL(kill(pid, SIGTSTP));
	CALL(waitpid(pid, &status, WUNTRACED) == pid);
	show_status("child", status);
	CALL(kill(pid, SIGKILL));
	CALL(waitpid(pid, &status, WUNTRACED) == pid);
	show_status("child", status);
}

static void wait_usage(void)
{
	struct rusage usage;
	int status;
	pid_t pid = start_child(exit_seven);

	memset(&usage, 0xff, sizeof(usage));
	IS(wait4(pid, &status, 0, &usage) == pid);
	IS(usage.ru_utime.tv_sec >= 0 && usage.ru_utime.tv_sec < 100);
	IS(usage.ru_stime.tv_usec < 1000000);
	CALL(getrusage(RUSAGE_CHILDREN, &usage));
	IS(usage.ru_stime.tv_sec < 100);
	CALL(getrusage(RUSAGE_SELF, &usage));
	IS(usage.ru_stime.tv_sec < 100);
	CALL(getrusage(77, &usage));
	CALL(getrusage(RUSAGE_SELF, (void *)nowhere));
}

/* What a child has and what it shares */

static int use_descriptors(void)
{
	char text[4];

	CALL(read(3, text, 4));
	BYTES(text, 4);
	CALL(close(3));
	CALL(dup2(4, 3));
	CALL(write(3, "child", 5));
	CALL(fcntl(4, F_SETFD, FD_CLOEXEC));
	CALL(fcntl(5, F_SETFL, O_APPEND));
	return 0;
}

static void fork_descriptors(void)
{
	char text[8];

	make_file("a", "0123456789");
	CALL(open("a", O_RDONLY));
	CALL(open("b", RW, 0644));
	CALL(dup(4));
	run_child(use_descriptors);
	CALL(read(3, text, 4));
	BYTES(text, 4);
	CALL(lseek(4, 0, SEEK_CUR));
	CALL(fcntl(4, F_GETFD));
	CALL(fcntl(4, F_GETFL) & O_APPEND);
}

static int change_place(void)
{
	struct rlimit limit = { 20, 20 };

	CALL(umask(0));
	CALL(chdir("d"));
	CALL(open("in-child", RW, 0666));
	CALL(setrlimit(RLIMIT_NOFILE, &limit));
	CALL(signal(SIGUSR1, SIG_IGN) == SIG_ERR);
	return 0;
}

static void fork_place(void)
{
	struct rlimit limit;

	CALL(mkdir("d", 0755));
	CALL(umask(027));
	run_child(change_place);
	CALL(open("in-parent", RW, 0666));
	CALL(getrlimit(RLIMIT_NOFILE, &limit));
	IS(limit.rlim_cur != 20);
	IS(signal(SIGUSR1, SIG_DFL) == SIG_DFL);
}

static pid_t parent;

static int show_identity(void)
{
	IS(getppid() == parent);
	IS(getpid() != parent);
	IS(getpid() == syscall(SYS_gettid));
	IS(getpgrp() == getpgid(parent));
	IS(getsid(0) == getsid(parent));
	return 0;
}

static void fork_identity(void)
{
	parent = getpid();
	run_child(show_identity);
}

static int fork_again(void)
{
	run_child(exit_seven);
	return 8;
}

static void fork_depth(void)
{
	run_child(fork_again);
	CALL(waitpid(-1, NULL, 0));
}

static void fork_many(void)
{
	pid_t pids[10];
	int i, status, ended = 0;

	CALL(pipe(go));
	for (i = 0; i < LENGTH(pids); i++)
		pids[i] = start_child(wait_and_exit);
	for (i = 0; i < LENGTH(pids); i++)
		tell();
	for (i = LENGTH(pids) - 1; i >= 0; i--)
		ended += waitpid(pids[i], &status, 0) == pids[i] && status == 5 << 8;
	say("%d ended", ended);
}

static int leave_orphan(void)
{
	parent = getpid();
	if (!fork()) {
		await();
		say("orphan: parent is %s", getppid() == parent ? "still there" : "another");
		_exit(9);
	}
	return 0;
}

static void orphan(void)
{
	int status;

	CALL(pipe(go));
	CALL(prctl(PR_SET_CHILD_SUBREAPER, 1));
	run_child(leave_orphan);
	tell();
	IS(waitpid(-1, &status, 0) > 0);
	show_status("orphan", status);
	CALL(waitpid(-1, &status, 0));
}

static void fork_memory(void)
{
	int on_stack = 1, status;
	pid_t pid = vfork();

	if (!pid)
		_exit(3);
	IS(waitpid(pid, &status, 0) == pid);
	show_status("vfork", status);
	pid = fork();
	if (!pid) {
		on_stack = 2;
		_exit(on_stack);
	}
	waitpid(pid, &status, 0);
	show_status("fork", status);
	say("on the stack: %d", on_stack);
}

static void fork_by_clone(void)
{
	pid_t pid, told = 0;
	int status;

	pid = syscall(SYS_clone, SIGCHLD | 0x00100000 /* PARENT_SETTID */, 0L, &told, 0L, 0L);
	if (!pid)
		_exit(4);
	IS(pid > 0 && told == pid);
	CALL(waitpid(pid, &status, 0) == pid);
	CALL(signal(SIGUSR2, SIG_IGN) == SIG_ERR);
	pid = syscall(SYS_clone, SIGUSR2, 0L, 0L, 0L, 0L);
	if (!pid)
		_exit(4);
	CALL(waitpid(pid, &status, 0));
	CALL(waitpid(pid, &status, __WALL) == pid);
	show_status("child", status);
	CALL(syscall(SYS_clone, 0x00000800L /* SIGHAND without VM */, 0L, 0L, 0L, 0L));
}

/* Executing */

static int execute(void)
{
	execve(self, EXECUTED("one", "", "two words"),
	       (char *[]) { "DIFFER=value", "DIFFER_EMPTY=", NULL });
	return 1;
}

static void exec_arguments(void)
{
	run_child(execute);
}

static int execute_descriptors(void)
{
	CALL(open(".", O_RDONLY));
	CALL(open(".", O_RDONLY | O_CLOEXEC));
	CALL(dup2(3, 9));
	CALL(dup3(3, 10, O_CLOEXEC));
	return execute();
}

static int execute_without_input(void)
{
	CALL(fcntl(0, F_SETFD, FD_CLOEXEC));
	return execute();
}

static void exec_descriptors(void)
{
	run_child(execute_descriptors);
	run_child(execute_without_input);
}

static void caught(int number)
{
	say("signal %d", number);
}

static int execute_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGRTMIN);
	CALL(sigprocmask(SIG_BLOCK, &set, NULL));
	CALL(signal(SIGINT, SIG_IGN) == SIG_ERR);
	CALL(signal(SIGTERM, caught) == SIG_ERR);
	CALL(raise(SIGUSR1));
	return execute();
}

static void exec_signals(void)
{
	run_child(execute_signals);
}

static void exec_errors(void)
{
	char *large = malloc(200000), *arguments[] = { "x", large, NULL };
	char **none = arguments + 2;

	make_file("text", "text");
	make_file("plain", "\177ELF");
	CALL(mkdir("d", 0755));
	CALL(execve("missing", none, none));
	CALL(execve("", none, none));
	CALL(execve("text", none, none));
	CALL(chmod("text", 0755));
	CALL(execve("text", none, none));
	CALL(chmod("plain", 0755));
	CALL(execve("plain", none, none));
	CALL(execve("d", none, none));
	CALL(execve("text/x", none, none));
	CALL(execve(nowhere, none, none));
	CALL(execve(self, (void *)nowhere, none));
	memset(large, 'x', 200000);
	large[199999] = 0;
	CALL(execve(self, arguments, none));
	free(large);
}

static int execute_descriptor(void)
{
	int fd = open(self, O_RDONLY | O_CLOEXEC);

	CALL(syscall(SYS_execveat, fd, "", EXECUTED(), environ, 0));
	CALL(syscall(SYS_execveat, AT_FDCWD, self, EXECUTED(), environ, 0x100000));
	CALL(syscall(SYS_execveat, 99, "x", EXECUTED(), environ, 0));
	CALL(syscall(SYS_execveat, fd, "", EXECUTED("by descriptor"), environ, AT_EMPTY_PATH));
	return 1;
}

static void exec_at(void)
{
	run_child(execute_descriptor);
}

/* Its path is the name of the scenario to the program behind "#!". */
static int execute_script(void)
{
	CALL(execve(topic, (char *[]) { "name", "argument", NULL }, environ));
	return 1;
}

static void exec_script(void)
{
	char text[PATH_MAX + 32];

	snprintf(text, sizeof(text), "#!%s -e\nexec\n", self);
	make_file(topic, text);
	CALL(chmod(topic, 0755));
	run_child(execute_script);
	/* Without an end, and with an argument and a name that are too long */
	snprintf(text, sizeof(text), "#!%s -e", self);
	make_file(topic, text);
	run_child(execute_script);
	memset(text, 'x', sizeof(text));
	text[snprintf(text, sizeof(text), "#!%s -e", self)] = 'x';
	text[300] = 0;
	make_file(topic, text);
	run_child(execute_script);
	memset(text + 2, 'x', 298);
	make_file(topic, text);
	run_child(execute_script);
	make_file(topic, "#!missing\n");
	run_child(execute_script);
	make_file(topic, "#!\n");
	run_child(execute_script);
	CALL(unlink(topic));
}

static int execute_fifth(void)
{
	CALL(execve("5", (char *[]) { "name", NULL }, environ));
	return 1;
}

static int execute_sixth(void)
{
	CALL(execve("6", (char *[]) { "name", NULL }, environ));
	return 1;
}

/* Scripts as interpreters, each of the one with the next number */
static void exec_scripts(void)
{
	char name[] = "1", text[PATH_MAX + 32];

	snprintf(text, sizeof(text), "#!%s -e\n", self);
	for (; *name <= '6'; ++*name) {
		make_file(name, text);
		CALL(chmod(name, 0755));
		snprintf(text, sizeof(text), "#!%s\n", name);
	}
	run_child(execute_fifth);
	run_child(execute_sixth);
}

/* A program that is executed is not written to, and the other way round. */
static int execute_copy(void)
{
	CALL(execve("program", EXECUTED("write", "program"), environ));
	return 1;
}

static void exec_busy(void)
{
	int fd;

	IS(copy_program("program"));
	fd = CALL(open("program", O_WRONLY));
	run_child(execute_copy);
	CALL(close(fd));
	run_child(execute_copy);
	CALL(open("program", O_WRONLY));
}

static void exec_vfork(void)
{
	pid_t pid = vfork();

	if (!pid) {
		execve(self, EXECUTED("after vfork"), environ);
		_exit(1);
	}
	end_child(pid);
}

static void spawn(void)
{
	posix_spawn_file_actions_t actions;
	pid_t pid = -1;
	int error;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 7, ".", O_RDONLY, 0);
	error = posix_spawn(&pid, self, &actions, NULL, EXECUTED("spawned"), environ);
	end_child(error ? -1 : pid);
	say("posix_spawn: %d", error);
	error = posix_spawn(&pid, "missing", NULL, NULL, EXECUTED(), environ);
	say("posix_spawn: %d", error);
	CALL(waitpid(-1, NULL, 0));
}

static void shell(void)
{
	char line[64] = "";
	FILE *pipe;

	CALL(system("exit 3"));
	CALL(system("echo text >a; kill -9 $$"));
	pipe = popen("cat a; exit 2", "r");
	if (!pipe)
		return;
	IS(fgets(line, sizeof(line), pipe) == line);
	BYTES(line, (ssize_t)strlen(line));
	CALL(pclose(pipe));
}

/* Groups and sessions */

static int lead_group(void)
{
	CALL(setpgid(0, 0));
	IS(getpgrp() == getpid());
	CALL(setsid());
	CALL(setpgid(0, INT_MAX));
	CALL(setpgid(0, -1));
	CALL(setpgid(INT_MAX, 0));
	tell();
	return wait_forever();
}

static void process_groups(void)
{
	int status;
	pid_t pid;

	CALL(pipe(go));
	pid = start_child(lead_group);
	if (pid < 0)
		return;
	await();
	IS(getpgid(pid) == pid);
	CALL(kill(-pid, SIGTERM));
	CALL(waitpid(-pid, &status, 0) == pid);
	show_status("child", status);
	CALL(kill(-pid, 0));
	CALL(getpgid(INT_MAX));
	CALL(getsid(INT_MAX));
}

static int lead_session(void)
{
	IS(setsid() == getpid());
	IS(getsid(0) == getpid() && getpgrp() == getpid());
	CALL(setsid());
	CALL(setpgid(0, 0));
	CALL(open("/dev/tty", O_RDWR));
	return 0;
}

static void sessions(void)
{
	run_child(lead_session);
}

/* Locks of processes */

static int try_locks(void)
{
	struct flock lock = { .l_type = F_WRLCK };
	int fd = open("a", O_RDWR);

	CALL(fcntl(fd, F_SETLK, &lock));
	CALL(fcntl(fd, F_GETLK, &lock));
	say("type %d start %lld length %lld, %s", lock.l_type, (long long)lock.l_start,
	    (long long)lock.l_len, lock.l_pid == getppid() ? "the parent" : "not the parent");
	lock = (struct flock) { .l_type = F_WRLCK, .l_start = 200 };
	CALL(fcntl(fd, F_SETLK, &lock));
	return 0;
}

static void lock_processes(void)
{
	struct flock lock = { .l_type = F_WRLCK, .l_start = 100, .l_len = 50 };
	int fd;

	make_file("a", "");
	fd = CALL(open("a", O_RDWR));
	CALL(fcntl(fd, F_SETLK, &lock));
	run_child(try_locks);
	CALL(close(open("a", O_RDONLY)));
	CALL(fcntl(fd, F_GETLK, &lock));
	run_child(try_locks);
	CALL(lockf(fd, F_TLOCK, 10));
	CALL(lockf(fd, F_ULOCK, 10));
}

static int wait_for_lock(void)
{
	struct flock lock = { .l_type = F_WRLCK };

	await();
	CALL(fcntl(3, F_SETLKW, &lock));
	return 0;
}

static void lock_waits(void)
{
	struct flock lock = { .l_type = F_WRLCK }, unlock = { .l_type = F_UNLCK };
	pid_t pid;
	int fd = CALL(open("a", RW, 0644));

	CALL(pipe(go));
	CALL(fcntl(fd, F_SETLK, &lock));
	pid = start_child(wait_for_lock);
	if (pid < 0)
		return;
	tell();
	sleep_ms(50);
	say("unlock");
	fcntl(fd, F_SETLK, &unlock);
	end_child(pid);
	CALL(fcntl(fd, F_SETLK, &lock));
}

static int unlock_flock(void)
{
	CALL(flock(3, LOCK_UN));
	return 0;
}

static void lock_inherited(void)
{
	int fd = CALL(open("a", RW, 0644)), other;

	CALL(flock(fd, LOCK_EX));
	other = CALL(open("a", O_RDONLY));
	CALL(flock(other, LOCK_SH | LOCK_NB));
	run_child(unlock_flock);
	CALL(flock(other, LOCK_SH | LOCK_NB));
}

/* Between processes */

static int answer_pipe(void)
{
	char text[16];
	ssize_t n;

	while ((n = read(3, text, sizeof(text))) > 0)
		if (write(6, text, n) != n)
			return 1;
	return n;
}

static int answer_and_close(void)
{
	close(4);
	close(5);
	return answer_pipe();
}

static void pipe_processes(void)
{
	int to[2], from[2], i;
	char text[16] = "";
	pid_t pid;

	CALL(pipe(to));
	CALL(pipe(from));
	pid = start_child(answer_and_close);
	if (pid < 0)
		return;
	for (i = 0; i < 3; i++) {
		CALL(write(to[1], "ping", 4));
		CALL(read(from[0], text, sizeof(text)));
		BYTES(text, 4);
	}
	CALL(close(to[1]));
	end_child(pid);
	CALL(close(from[1]));
	CALL(read(from[0], text, 1));
}

static int pidfd_open(pid_t pid, unsigned int flags)
{
	return syscall(SYS_pidfd_open, pid, flags);
}

static void process_descriptors(void)
{
	struct pollfd polled = { .events = POLLIN };
	siginfo_t info = {};
	pid_t pid = start_child(wait_forever);
	int fd = CALL(pidfd_open(pid, 0));

	polled.fd = fd;
	CALL(poll(&polled, 1, 0));
	CALL(fcntl(fd, F_GETFD));
	CALL(syscall(SYS_pidfd_getfd, fd, 1, 0));
	CALL(syscall(SYS_pidfd_getfd, fd, 99, 0));
	CALL(syscall(SYS_pidfd_send_signal, fd, 0, NULL, 0));
	CALL(syscall(SYS_pidfd_send_signal, fd, SIGTERM, NULL, 0));
	CALL(poll(&polled, 1, 10000));
	say("%#x", (unsigned int)polled.revents);
	CALL(waitid(P_PIDFD, fd, &info, WEXITED));
	show_info(&info, pid);
	CALL(syscall(SYS_pidfd_send_signal, fd, 0, NULL, 0));
	CALL(pidfd_open(INT_MAX, 0));
	CALL(pidfd_open(-1, 0));
	CALL(pidfd_open(getpid(), 77));
	CALL(syscall(SYS_pidfd_send_signal, 0, 0, NULL, 0));
}

/* What a process knows of the machine and of itself */

static void machine(void)
{
	struct utsname names;
	struct tms tms;
	char text[64];

	CALL(uname(&names));
	say("%s %s %s", names.sysname, names.machine, names.nodename);
	CALL(syscall(SYS_getrandom, text, 33L, 0L));
	CALL(syscall(SYS_getrandom, text, 33L, 77L));
	CALL(syscall(SYS_getrandom, nowhere, 33L, 0L));
	WORKS(times(&tms));
	IS(tms.tms_cutime == 0);
	IS(getpid() == getpgrp() && getppid() != getpid());
	CALL(syscall(SYS_getcwd, text, 0L));
	CALL(syscall(SYS_sysfs, 77L));
	CALL(syscall(SYS_reboot, 1L, 2L, 3L, 0L));
	CALL(syscall(SYS_syslog, 77L, 0L, 0L));
	CALL(syscall(9999));
	CALL(syscall(-1));
}

static void limits(void)
{
	struct rlimit limit = { 100, 200 }, old = {};

	CALL(syscall(SYS_prlimit64, 0L, RLIMIT_NOFILE, &limit, &old));
	IS(old.rlim_cur > 100);
	CALL(getrlimit(RLIMIT_NOFILE, &limit));
	say("%lu %lu", (unsigned long)limit.rlim_cur, (unsigned long)limit.rlim_max);
	limit.rlim_cur = 201;
	CALL(setrlimit(RLIMIT_NOFILE, &limit));
	CALL(getrlimit(77, &limit));
	CALL(syscall(SYS_getrlimit, RLIMIT_NOFILE, nowhere));
	CALL(syscall(SYS_prlimit64, (long)INT_MAX, RLIMIT_NOFILE, 0L, &old));
	CALL(getrlimit(RLIMIT_CORE, &limit));
	say("%lu %lu", (unsigned long)limit.rlim_cur, (unsigned long)limit.rlim_max);
}

static void clocks(void)
{
	struct timespec bad = { 0, 1000000000 }, ts = { 0, 1000000 }, left = { 7, 7 };

	CALL(clock_getres(CLOCK_MONOTONIC, &ts));
	say("%lld.%09ld", (long long)ts.tv_sec, ts.tv_nsec);
	CALL(syscall(SYS_clock_gettime, CLOCK_BOOTTIME, &ts));
	CALL(syscall(SYS_clock_gettime, 77L, &ts));
	CALL(syscall(SYS_clock_gettime, CLOCK_REALTIME, nowhere));
	CALL(syscall(SYS_clock_gettime, CLOCK_PROCESS_CPUTIME_ID, &ts));
	ts = (struct timespec) { 0, 1000000 };
	CALL(nanosleep(&ts, &left));
	say("left %lld.%09ld", (long long)left.tv_sec, left.tv_nsec);
	CALL(nanosleep(&bad, NULL));
	CALL(syscall(SYS_nanosleep, nowhere, NULL));
	CALL(syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL));
	CALL(syscall(SYS_clock_nanosleep, 77L, 0L, &ts, NULL));
	CALL(syscall(SYS_gettimeofday, nowhere, NULL));
	IS(syscall(SYS_time, NULL) > 0);
}

static void process_names(void)
{
	char name[16] = "";

	CALL(prctl(PR_SET_NAME, "a name that is too long"));
	CALL(prctl(PR_GET_NAME, name));
	say("%s", name);
	CALL(prctl(PR_SET_PDEATHSIG, SIGUSR1));
	CALL(prctl(PR_GET_PDEATHSIG, name));
	say("%d", name[0]);
	CALL(prctl(PR_SET_PDEATHSIG, 77));
	CALL(prctl(PR_GET_DUMPABLE));
	CALL(prctl(PR_SET_DUMPABLE, 0));
	CALL(prctl(PR_GET_DUMPABLE));
	CALL(prctl(PR_SET_DUMPABLE, 77));
	CALL(prctl(PR_GET_TIMERSLACK) > 0);
	CALL(prctl(7777));
}

static struct scenario scenarios[] = {
	PROCESS(exit_statuses), PROCESS(signal_statuses), PROCESS(crash_statuses),
	PROCESS(wait_options), PROCESS(wait_information), PROCESS(wait_stopped),
	PROCESS(wait_usage), PROCESS(fork_descriptors), PROCESS(fork_place),
	PROCESS(fork_identity), PROCESS(fork_depth), PROCESS(fork_many), PROCESS(orphan),
	PROCESS(fork_memory), PROCESS(fork_by_clone), PROCESS(exec_arguments),
	PROCESS(exec_descriptors), PROCESS(exec_signals), PROCESS(exec_errors),
	PROCESS(exec_at), PROCESS(exec_script), PROCESS(exec_scripts), PROCESS(exec_busy),
	PROCESS(exec_vfork),
	PROCESS(spawn), PROCESS(shell), PROCESS(process_groups), PROCESS(sessions),
	PROCESS(lock_processes), PROCESS(lock_waits), PROCESS(lock_inherited),
	PROCESS(pipe_processes), PROCESS(process_descriptors), PROCESS(machine),
	PROCESS(limits), PROCESS(clocks), PROCESS(process_names),
};

int main(int argc, char **argv)
{
	return differ(argc, argv, scenarios, LENGTH(scenarios));
}
