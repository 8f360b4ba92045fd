// SPDX-License-Identifier: GPL-2.0
/*
 * Processes: checks as check.h has them, in a directory that is made for them.
 */
#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>

#include "check.h"

/* What executed() gets */
#define ARGUMENTS(...)	((char *[]) { self, "-e", (char *)topic, __VA_ARGS__, NULL })
#define STRINGS(...)	((char *[]) { __VA_ARGS__, NULL })
#define PAGE		4096

static char self[4096];
/* Where nothing is; the compiler does not know. */
static void *volatile nowhere = (void *)8;

static void statuses(void)
{
	static const int list[] = { 0, 1, 42, 127, 255, 256, 300, -1 };
	pid_t pid;
	int i;

	for (i = 0; i < LENGTH(list); i++) {
		pid = fork();
		if (!pid)
			_exit(list[i]);
		end_child("child", pid);
	}
	pid = fork();
	if (!pid)
		exit(3);
	end_child("exit()", pid);
	pid = fork();
	if (!pid)
		abort();
	end_child("abort()", pid);
	pid = fork();
	if (!pid)
		*(volatile int *)nowhere = 1;
	end_child("fault", pid);
}

static void identity(void)
{
	pid_t parent = getpid(), pid;
	int fds[2];

	pipe(fds);
	pid = fork();
	if (!pid) {
		pid = getpid();
		say("parent's id: %s", yes(getppid() == parent));
		say("id and thread: %s", yes(pid == syscall(SYS_gettid) && pid != parent));
		write(fds[1], &pid, sizeof(pid));
		_exit(0);
	}
	end_child("child", pid);
	read(fds[0], &parent, sizeof(parent));
	say("child's id: %s", yes(parent == pid));
	close(fds[0]);
	close(fds[1]);
}

static void offset(void)
{
	int fd = open("offset", O_CREAT | O_RDWR, 0600);
	char text[16] = "";
	pid_t pid;

	write(fd, "abc", 3);
	pid = fork();
	if (!pid) {
		write(fd, "def", 3);
		_exit(0);
	}
	end_child("child", pid);
	write(fd, "ghi", 3);
	show("offset", lseek(fd, 0, SEEK_CUR));
	pread(fd, text, sizeof(text) - 1, 0);
	say("text: %s", text);
	close(fd);
}

static void descriptors(void)
{
	int fd = open("/dev/null", O_RDONLY);
	pid_t pid = fork();

	if (!pid) {
		show("child closes", close(fd));
		show("child opens", open("/dev/null", O_RDONLY) == fd);
		show("and another one", open("/dev/null", O_RDONLY) == fd + 1);
		_exit(0);
	}
	end_child("child", pid);
	show("parent has one", fcntl(fd, F_GETFD));
	show("but not the other", fcntl(fd + 1, F_GETFD));
	show("parent closes", close(fd));
}

static void pipes(void)
{
	int down[2], up[2];
	long sum = 0, i;
	pid_t pid;

	pipe(down);
	pipe(up);
	pid = fork();
	if (!pid) {
		close(down[1]);
		while (read(down[0], &i, sizeof(i)) == sizeof(i)) {
			i *= 2;
			write(up[1], &i, sizeof(i));
		}
		_exit(0);
	}
	close(down[0]);
	close(up[1]);
	for (i = 0; i < 20; i++) {
		long answer = 0;

		write(down[1], &i, sizeof(i));
		read(up[0], &answer, sizeof(answer));
		sum += answer;
	}
	close(down[1]);
	say("sum: %ld", sum);
	show("end of file", read(up[0], &i, sizeof(i)));
	close(up[0]);
	end_child("child", pid);
}

/* A page at the end of the data; not every library has a sbrk() that does it. */
static char *more_memory(void)
{
	char *end = (char *)syscall(SYS_brk, 0);

	syscall(SYS_brk, end + PAGE);
	return end;
}

static void *new_pages(int n)
{
	return mmap(NULL, n * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static int global = 1;

static void isolation(void)
{
	int *heap = malloc(sizeof(int)), stack = 1, fds[2];
	char *map = new_pages(8);
	char *volatile brk = more_memory();
	volatile double number = 1.5;
	pid_t pid;
	char c;

	*heap = 1;
	*brk = 1;
	memset(map, 1, 8 * PAGE);
	mprotect(map + PAGE, PAGE, PROT_READ);
	mprotect(map + 2 * PAGE, PAGE, PROT_NONE);
	pipe(fds);
	pid = fork();
	if (!pid) {
		read(fds[0], &c, 1);
		say("child: %d %d %d %d %d %.1f", global, *heap, stack, map[7 * PAGE], *brk,
		    number);
		global = *heap = stack = map[7 * PAGE] = *brk = 3;
		number = 3;
		show("child's read-only page", read(fds[0], map + PAGE, 1));
		munmap(map, PAGE);
		_exit(0);
	}
	global = *heap = stack = map[7 * PAGE] = *brk = 2;
	number = 2.5;
	write(fds[1], "xy", 2);
	end_child("child", pid);
	say("parent: %d %d %d %d %d %.1f, page is there: %d", global, *heap, stack, map[7 * PAGE],
	    *brk, number, map[0]);
	free(heap);
	munmap(map, 8 * PAGE);
	close(fds[0]);
	close(fds[1]);
}

/* A child whose only pages are those of its parent, so that none is missed */
static void memory(void)
{
	int n = 200, i, errors = 0, fd = open("memory", O_CREAT | O_RDWR, 0600);
	unsigned char *map = new_pages(n);
	pid_t pid;

	for (i = 0; i < n; i++)
		memset(map + i * PAGE, i + 1, PAGE);
	pid = fork();
	if (!pid) {
		for (i = 0; i < n; i++)
			errors += map[i * PAGE] != (unsigned char)(i + 1) ||
				  map[i * PAGE + PAGE - 1] != (unsigned char)(i + 1);
		memset(map, 255, n * PAGE);
		show("child writes", write(fd, map + 5 * PAGE, n * PAGE / 2));
		_exit(errors ? 1 : 0);
	}
	end_child("child", pid);
	show("parent reads", pread(fd, map, PAGE, 0));
	say("what the child wrote: %d, others: %d", map[0], map[PAGE]);
	munmap(map, n * PAGE);
	close(fd);
}

static volatile int shared;

static void vforks(void)
{
	pid_t pid;

	shared = 0;
	pid = vfork();
	if (!pid) {
		usleep(50000);
		shared = 5;
		_exit(6);
	}
	say("parent goes on after that: %d", shared);
	end_child("child", pid);
	pid = vfork();
	if (!pid) {
		execl(self, self, "-e", topic, "one", NULL);
		_exit(1);
	}
	end_child("child that executes", pid);
	pid = vfork();
	if (!pid) {
		execl("/no/such/program", "x", NULL);
		shared = errno;
		_exit(7);
	}
	say("error: %s", strerror(shared));
	end_child("child that does not", pid);
	pid = vfork();
	if (!pid) {
		*(volatile int *)nowhere = 1;
		_exit(8);
	}
	end_child("child that crashes", pid);
}

static char *volatile area;

/* The child changes the memory of its parent, also for calls. */
static void vfork_memory(void)
{
	int fd = open("vfork", O_CREAT | O_RDWR, 0600);
	char *gone = new_pages(1), *locked = new_pages(1);
	pid_t pid;

	show("write", write(fd, gone, 10));
	show("read", pread(fd, locked, 10, 0));
	pid = vfork();
	if (!pid) {
		munmap(gone, PAGE);
		mprotect(locked, PAGE, PROT_READ);
		area = new_pages(1);
		memcpy(area, "new area", 8);
		pwrite(fd, area, 8, 0);
		more_memory();
		_exit(0);
	}
	end_child("child", pid);
	show("write of what is gone", write(fd, area == gone ? (char *)16 : gone, 10));
	show("read to what is locked", pread(fd, locked, 10, 0));
	show("read to the new area", pread(fd, area + 100, 8, 0));
	say("new area: %s, %.8s", area, area + 100);
	show("unmap it", munmap(area, PAGE));
	show("write of it", write(fd, area, 10));
	close(fd);
}

static void spawn(void)
{
	char **argv = ARGUMENTS("one", "", "a b");
	char **envp = STRINGS("FORKS_A=1", "OTHER=2", "FORKS_B=");
	posix_spawn_file_actions_t actions;
	pid_t pid = -1;
	int err;

	err = posix_spawn(&pid, self, NULL, NULL, argv, envp);
	end_child("child", pid);
	say("posix_spawn: %s", err ? strerror(err) : "fine");
	err = posix_spawn(&pid, "/no/such/program", NULL, NULL, argv, envp);
	say("missing program: %s", strerror(err));
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 77, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addclose(&actions, 78);
	err = posix_spawn(&pid, self, &actions, NULL, argv, envp);
	end_child("child", pid);
	say("with a descriptor: %s", err ? strerror(err) : "fine");
	posix_spawn_file_actions_addopen(&actions, 3, "/no/such/file", O_RDONLY, 0);
	err = posix_spawn(&pid, self, &actions, NULL, argv, envp);
	say("with a missing file: %s", strerror(err));
	posix_spawn_file_actions_destroy(&actions);
	show("no child is left", waitpid(-1, NULL, WNOHANG));
}

/* What a program finds: forks -e NAME ARGUMENT... */
static int executed(char **argv)
{
	sigset_t set;
	int i;

	topic = argv[0];
	if (argv[1] && !strcmp(argv[1], "waits"))
		return sleep(5) + 44;
	if (argv[1] && !strncmp(argv[1], "id=", 3))
		say("same id: %s", yes(atoi(argv[1] + 3) == getpid()));
	else
		for (i = 1; argv[i]; i++)
			say("argument %d: '%.20s' %zd", i, argv[i], strlen(argv[i]));
	for (i = 0; environ[i]; i++)
		if (!strncmp(environ[i], "FORKS", 5))
			say("environment: %s", environ[i]);
	for (i = 3; i < 128; i++)
		if (fcntl(i, F_GETFD) >= 0)
			say("open: %d", i);
	for (i = 1; i < 32; i++) {
		struct sigaction sa;

		if (!sigaction(i, NULL, &sa) && sa.sa_handler != SIG_DFL)
			say("signal %d is %s", i, sa.sa_handler == SIG_IGN ? "ignored" : "caught");
	}
	sigprocmask(SIG_BLOCK, NULL, &set);
	for (i = 1; i < 32; i++)
		if (sigismember(&set, i))
			say("signal %d is blocked", i);
	sigpending(&set);
	for (i = 1; i < 32; i++)
		if (sigismember(&set, i))
			say("signal %d is pending", i);
	return 43;
}

static void handler(int sig)
{
}

static void exec(void)
{
	char **envp = STRINGS("FORKS=yes"), id[32], *large;
	sigset_t set;
	pid_t pid = fork();

	if (!pid) {
		sprintf(id, "id=%d", getpid());
		dup2(open("/dev/null", O_RDONLY), 50);
		fcntl(open("/dev/null", O_RDONLY | O_CLOEXEC), F_DUPFD_CLOEXEC, 51);
		signal(SIGINT, SIG_IGN);
		signal(SIGTERM, handler);
		sigemptyset(&set);
		sigaddset(&set, SIGUSR1);
		sigaddset(&set, SIGUSR2);
		sigprocmask(SIG_BLOCK, &set, NULL);
		raise(SIGUSR1);
		kill(getpid(), SIGUSR2);
		execve(self, ARGUMENTS(id), envp);
		_exit(1);
	}
	end_child("child", pid);
	large = malloc(100001);
	memset(large, 'x', 100000);
	large[100000] = 0;
	pid = fork();
	if (!pid) {
		execve(self, ARGUMENTS(large), STRINGS("NO_FORKS=1"));
		_exit(1);
	}
	end_child("child with a large argument", pid);
	free(large);
	pid = fork();
	if (!pid) {
		fexecve(open(self, O_RDONLY | O_CLOEXEC), ARGUMENTS("by descriptor"), envp);
		_exit(1);
	}
	end_child("child by descriptor", pid);
	pid = fork();
	if (!pid) {
		mkdir("dir", 0700);
		chdir("dir");
		symlink(self, "link");
		execve("link", ARGUMENTS("by link"), envp);
		_exit(1);
	}
	end_child("child by a link", pid);
}

static void leave(int sig)
{
	_exit(sig);
}

/*
 * A signal that comes at about the time of execve() ends the child: by its handler or,
 * when the new program has none, by default.
 */
static void exec_signals(void)
{
	int i, status, fds[2], ended = 0;
	pid_t pid;
	char c;

	for (i = 0; i < 40; i++) {
		pipe2(fds, O_CLOEXEC);
		pid = fork();
		if (!pid) {
			signal(SIGINT, leave);
			write(fds[1], "x", 1);
			execve(self, ARGUMENTS("waits"), environ);
			_exit(1);
		}
		read(fds[0], &c, 1);
		kill(pid, SIGINT);
		waitpid(pid, &status, 0);
		ended += status == SIGINT || status == SIGINT << 8;
		close(fds[0]);
		close(fds[1]);
	}
	say("ended by the signal: %d", ended);
}

static int written;

static void tell(int sig)
{
	write(written, "x", 1);
}

/* One that comes with an execve() that fails is not lost, and does not end the child. */
static void errors_signals(const char *path, char *const *argv)
{
	int i, fds[2], handled = 0;
	pid_t pid;
	char c;

	pipe(fds);
	pid = fork();
	if (!pid) {
		close(fds[0]);
		written = fds[1];
		signal(SIGINT, tell);
		tell(0);
		for (;;)
			execve(path, argv, environ);
	}
	close(fds[1]);
	for (i = 0; i < 40 && read(fds[0], &c, 1) == 1; i++) {
		usleep(i * 50);	/* at any moment of one or the next */
		handled += !kill(pid, SIGINT);
	}
	say("handled: %d", handled);
	kill(pid, SIGTERM);
	end_child("child", pid);
	close(fds[0]);
}

/* Whatever is wrong: the file, or what it is to be given */
static void exec_errors_signals(void)
{
	static char longer_than_may_be[(128 << 10) + 1];

	memset(longer_than_may_be, 'x', sizeof(longer_than_may_be) - 1);
	errors_signals("missing", STRINGS("x"));
	errors_signals(self, STRINGS("x", longer_than_may_be));
}

static void make_file(const char *path, const char *text, int mode)
{
	int fd = open(path, O_CREAT | O_WRONLY, mode);

	write(fd, text, strlen(text));
	close(fd);
}

static void exec_errors(void)
{
	char **argv = STRINGS("x");
	int i, fd = open("/dev/null", O_RDONLY);

	make_file("text", "no program\n", 0755);
	make_file("no_x", "no program\n", 0644);
	make_file("empty", "", 0755);
	make_file("interpreter", "#!/no/such/interpreter\n", 0755);
	show("missing", execve("missing", argv, environ));
	show("text", execve("text", argv, environ));
	show("empty", execve("empty", argv, environ));
	show("without rights", execve("no_x", argv, environ));
	show("directory", execve(".", argv, environ));
	show("below a file", execve("text/x", argv, environ));
	show("no interpreter", execve("interpreter", argv, environ));
	show("bad path", execve(nowhere, argv, environ));
	show("bad arguments", execve(self, nowhere, environ));
	show("bad environment", execve(self, argv, nowhere));
	show("empty path", execve("", argv, environ));
	show("descriptor", syscall(SYS_execveat, fd, "", argv, environ, AT_EMPTY_PATH));
	show("no descriptor", syscall(SYS_execveat, 99, "", argv, environ, AT_EMPTY_PATH));
	show("bad flags", syscall(SYS_execveat, AT_FDCWD, self, argv, environ, 0x80000000));
	for (i = 3; i < 64; i++)
		if (i != fd && fcntl(i, F_GETFD) >= 0)
			say("open: %d", i);
	close(fd);
}

/* Three generations, each of which waits for the next */
static int descend(int depth)
{
	int status = 0;
	pid_t pid;

	say("generation %d", depth);
	if (depth == 3)
		return depth;
	pid = fork();
	if (!pid)
		_exit(descend(depth + 1));
	waitpid(pid, &status, 0);
	return WEXITSTATUS(status) * 10 + depth;
}

static void nested(void)
{
	say("result %d", descend(1));
}

static void many(void)
{
	int i, status, sum = 0, ended = 0, fds[2];
	pid_t pids[10];
	char c;

	pipe(fds);
	for (i = 0; i < LENGTH(pids); i++) {
		pids[i] = fork();
		if (!pids[i]) {
			read(fds[0], &c, 1);
			_exit(i);
		}
	}
	show("nobody has ended", waitpid(-1, &status, WNOHANG));
	write(fds[1], "0123456789", 10);
	while (wait(&status) > 0) {
		ended++;
		sum += WEXITSTATUS(status);
	}
	say("ended: %d, sum %d, then: %s", ended, sum, strerror(errno));
	close(fds[0]);
	close(fds[1]);
}

/* One after the other, more than there are slots */
static void often(void)
{
	int i, status, sum = 0;

	for (i = 0; i < 100; i++) {
		pid_t pid = i % 2 ? fork() : vfork();

		if (!pid)
			_exit(i);
		if (pid > 0 && waitpid(pid, &status, 0) == pid)
			sum += WEXITSTATUS(status);
	}
	say("sum %d", sum);
}

static void orphans(void)
{
	pid_t me = getpid(), pid;
	int fds[2], status;
	char c;

	pipe(fds);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	pid = fork();
	if (!pid) {
		if (!fork()) {
			read(fds[0], &c, 1);
			say("orphan's parent: %s", yes(getppid() == me));
			_exit(21);
		}
		_exit(20);
	}
	end_child("child", pid);
	write(fds[1], "x", 1);
	pid = wait(&status);
	show_status("orphan", status);
	prctl(PR_SET_CHILD_SUBREAPER, 0);
	close(fds[0]);
	close(fds[1]);
}

static char state_of(pid_t pid)
{
	char path[64], text[256] = "", *p;
	int fd;

	sprintf(path, "/proc/%d/stat", pid);
	fd = open(path, O_RDONLY);
	if (fd < 0)
		return '-';
	read(fd, text, sizeof(text) - 1);
	close(fd);
	p = strrchr(text, ')');
	return p ? p[2] : '?';
}

static void zombies(void)
{
	pid_t pid = fork();
	siginfo_t info = {};

	if (!pid)
		_exit(5);
	show("waitid", waitid(P_PID, pid, &info, WEXITED | WNOWAIT));
	say("signal %d code %d status %d, id: %s", info.si_signo, info.si_code, info.si_status,
	    yes(info.si_pid == pid));
	say("state %c", state_of(pid));
	show("kill", kill(pid, SIGTERM));
	show("again", waitid(P_PID, pid, &info, WEXITED));
	say("state %c", state_of(pid));
	show("kill", kill(pid, 0));
	show("and again", waitid(P_PID, pid, &info, WEXITED));
}

static void killed(void)
{
	static const int list[] = { SIGKILL, SIGTERM, SIGUSR1, SIGQUIT, SIGSEGV };
	siginfo_t info = {};
	int i, fds[2];
	pid_t pid;
	char c;

	pipe(fds);
	for (i = 0; i < LENGTH(list); i++) {
		pid = fork();
		if (!pid) {
			read(fds[0], &c, 1);
			_exit(1);
		}
		kill(pid, list[i]);
		end_child("in read", pid);
	}
	pid = fork();
	if (!pid)
		for (;;)
			asm volatile("pause");
	show("it lives", waitpid(pid, NULL, WNOHANG));
	kill(pid, SIGKILL);
	waitid(P_PID, pid, &info, WEXITED);
	say("computing: signal %d code %d status %d", info.si_signo, info.si_code, info.si_status);
	pid = vfork();
	if (!pid) {
		kill(getpid(), SIGKILL);
		_exit(1);
	}
	end_child("vfork", pid);
	close(fds[0]);
	close(fds[1]);
}

static void wait_errors(void)
{
	int status;

	show("no child", waitpid(-1, &status, WNOHANG));
	show("no such child", waitpid(0x3fffffff, &status, 0));
	show("bad flags", waitpid(-1, &status, 0x1000));
	show("bad address", fork() ? wait(nowhere) : (_exit(0), 0L));
	while (wait(NULL) > 0)
		;
}

/* Its number goes to @tid, there or here. */
static pid_t raw_clone(unsigned long flags, pid_t *tid)
{
	return syscall(SYS_clone, flags, 0, tid, tid, 0);
}

static void clones(void)
{
	pid_t tid = -1, pid;
	int fd = open("/dev/null", O_RDONLY), status;

	pid = raw_clone(CLONE_CHILD_SETTID | SIGCHLD, &tid);
	if (!pid)
		_exit(tid == getpid() ? 11 : 12);
	end_child("CLONE_CHILD_SETTID", pid);
	say("parent's: %d", tid);
	pid = raw_clone(CLONE_PARENT_SETTID | SIGCHLD, &tid);
	if (!pid)
		_exit(13);
	say("CLONE_PARENT_SETTID: %s", yes(tid == pid));
	end_child("child", pid);
	pid = raw_clone(CLONE_FILES | SIGCHLD, NULL);
	if (!pid)
		_exit(close(fd));
	end_child("CLONE_FILES", pid);
	show("the parent's is closed", fcntl(fd, F_GETFD));
	pid = raw_clone(CLONE_FS | SIGCHLD, NULL);
	if (!pid) {
		umask(0123);
		_exit(0);
	}
	end_child("CLONE_FS", pid);
	say("umask %#o", umask(022));
	pid = raw_clone(CLONE_VFORK | SIGCHLD, NULL);
	if (!pid) {
		usleep(20000);
		say("child first");
		_exit(14);
	}
	say("parent second");
	end_child("CLONE_VFORK", pid);
	pid = raw_clone(0, NULL);
	if (!pid)
		_exit(15);
	show("wait without a signal", waitpid(pid, &status, 0));
	show("with __WCLONE", waitpid(pid, &status, __WCLONE) == pid);
	show("bad flags", raw_clone(CLONE_SIGHAND | SIGCHLD, NULL) == -1);
}

static void no_timer(void)
{
	struct itimerval it = { .it_value.tv_sec = 100 };
	pid_t pid;

	setitimer(ITIMER_REAL, &it, NULL);
	pid = fork();
	if (!pid) {
		getitimer(ITIMER_REAL, &it);
		_exit(it.it_value.tv_sec ? 1 : 0);
	}
	end_child("the child has no timer", pid);
	alarm(0);
}

static void groups(void)
{
	int status, n = 0, i;
	pid_t leader = 0, pid;

	for (i = 0; i < 3; i++) {
		pid = fork();
		if (!pid)
			for (;;)
				pause();
		setpgid(pid, leader);
		leader = leader ? leader : pid;
	}
	show("kill", kill(-leader, SIGTERM));
	while (waitpid(-leader, &status, 0) > 0)
		n += WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM;
	say("killed: %d, then: %s", n, strerror(errno));
	show("kill again", kill(-leader, SIGTERM));
}

static const struct check checks[] = {
	{ "statuses", statuses },
	{ "identity", identity },
	{ "offset", offset },
	{ "descriptors", descriptors },
	{ "pipes", pipes },
	{ "isolation", isolation },
	{ "memory", memory },
	{ "vforks", vforks },
	{ "vfork_memory", vfork_memory },
	{ "spawn", spawn },
	{ "exec", exec },
	{ "exec_signals", exec_signals },
	{ "exec_errors", exec_errors },
	{ "exec_errors_signals", exec_errors_signals },
	{ "nested", nested },
	{ "many", many },
	{ "often", often },
	{ "orphans", orphans },
	{ "zombies", zombies },
	{ "killed", killed },
	{ "wait_errors", wait_errors },
	{ "clones", clones },
	{ "no_timer", no_timer },
	{ "groups", groups },
};

/* Some are left by a check that failed, but none in a directory of its own. */
static void clean(const char *dir)
{
	static const char *const names[] = {
		"offset", "memory", "vfork", "text", "no_x", "empty", "interpreter", "dir/link",
	};
	int i;

	for (i = 0; i < LENGTH(names); i++)
		unlink(names[i]);
	rmdir("dir");
	chdir("/");
	rmdir(dir);
}

int main(int argc, char **argv)
{
	char dir[] = "/tmp/forks-XXXXXX";
	int i;

	if (argc > 2 && !strcmp(argv[1], "-e"))
		return executed(argv + 2);
	if (!realpath(argv[0], self) || !mkdtemp(dir) || chdir(dir))
		return 1;
	for (i = 3; i < 128; i++)
		close(i);
	run_checks(checks, LENGTH(checks), argv, NULL);
	clean(dir);
	return 0;
}
