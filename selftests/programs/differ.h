/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Scenarios of system calls that say what happened, in lines that are the same
 * wherever they run: differential.sh compares Linux with an RTOS. So nothing is
 * printed that may differ between two runs on Linux, such as a process id, an
 * address or a time.
 *
 *	differ_WHAT [-n] [-a NAME] [-x NAME]... [NAME...]
 *	differ_WHAT -l [-n]
 *
 * Runs the scenarios, or those that are named, in fresh directories in the current
 * one, which stay. -n leaves out all that need a process of their own, -x the named
 * one, -a all up to the named one; -l only prints the names.
 */
#ifndef DIFFER_H
#define DIFFER_H

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "say.h"

#ifndef SYS_close_range
#define SYS_close_range	436
#endif

#define PAGE		4096
#define NOBODY		65534

/**
 * struct scenario - what is run in a directory
 * @name: of the directory and of the lines
 * @run: makes the calls
 * @process: in a process of its own, which it may change and have children in
 * @skip: not this time
 */
struct scenario {
	const char *name;
	void (*run)(void);
	bool process;
	bool skip;
};

#define HERE(function)		{ #function, function, false, false }
#define PROCESS(function)	{ #function, function, true, false }

/* Absolute paths of this program and of the directory of the directories */
static char self[PATH_MAX], base[PATH_MAX];

/* Bad pointers that the compiler knows nothing about */
static char *volatile null;
static char *volatile nowhere = (char *)0x3000000000;

static inline void show_call(const char *call, long result, int error)
{
	if (result == -1)
		say("%s -> -1 %s", call, strerror(error));
	else
		say("%s -> %ld", call, result);
}

/* The call, its result, and the error */
#define CALL(call) ({						\
	long result_;						\
								\
	errno = 0;						\
	result_ = (long)(call);					\
	show_call(#call, result_, errno);			\
	result_;						\
})

/* The same if the result is anybody's guess, unless it is an error */
#define WORKS(call) ({						\
	long result_;						\
								\
	errno = 0;						\
	result_ = (long)(call);					\
	show_call(#call, result_ == -1 ? -1 : 0, errno);	\
	result_;						\
})

#define IS(condition)	say("%s: %s", #condition, (condition) ? "yes" : "no")

/* Text with what cannot be printed escaped, or a hash of what is long */
static inline void show_bytes(const char *what, const void *from, ssize_t len)
{
	const unsigned char *p = from;
	uint32_t hash = 2166136261u;
	char text[4 * 64 + 1] = "";
	ssize_t i;

	if (len > 64) {
		for (i = 0; i < len; i++)
			hash = (hash ^ p[i]) * 16777619u;
		say("%s: %zd bytes, hash %08x", what, len, (unsigned int)hash);
		return;
	}
	for (i = 0; i < len; i++)
		sprintf(text + strlen(text), isprint(p[i]) ? "%c" : "\\%03o", p[i]);
	say("%s: \"%s\"", what, text);
}

#define BYTES(from, len)	show_bytes(#from, from, len)

static inline const char *type_name(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFREG:
		return "file";
	case S_IFDIR:
		return "directory";
	case S_IFLNK:
		return "link";
	case S_IFIFO:
		return "fifo";
	case S_IFSOCK:
		return "socket";
	case S_IFCHR:
		return "char";
	case S_IFBLK:
		return "block";
	}
	return "none";
}

/* What is the same in every run. The size of a directory is the file system's. */
static inline void show_stat(const char *what, const struct stat *st)
{
	bool is_directory = S_ISDIR(st->st_mode);

	say("%s: %s %04o links %u owner %u:%u size %lld blocks %lld dev %u:%u", what,
	    type_name(st->st_mode), st->st_mode & 07777, (unsigned int)st->st_nlink,
	    st->st_uid, st->st_gid, is_directory ? 0 : (long long)st->st_size,
	    is_directory ? 0 : (long long)st->st_blocks, major(st->st_rdev),
	    minor(st->st_rdev));
}

static inline void show_file(const char *path)
{
	struct stat st;

	if (lstat(path, &st))
		say("%s: %s", path, strerror(errno));
	else
		show_stat(path, &st);
}

static inline void show_fd(int fd)
{
	struct stat st;
	char name[16];

	sprintf(name, "fd %d", fd);
	if (fstat(fd, &st))
		say("%s: %s", name, strerror(errno));
	else
		show_stat(name, &st);
}

/* What is in a small file */
static inline void show_text(const char *path)
{
	char text[512];
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text));

	if (n < 0)
		say("%s: %s", path, strerror(errno));
	else
		show_bytes(path, text, n);
	if (fd >= 0)
		close(fd);
}

/* Makes a file of a text, says so only if that does not work. */
static inline void make_file(const char *path, const char *text)
{
	int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0644);
	ssize_t len = strlen(text);

	if (fd < 0 || write(fd, text, len) != len || close(fd))
		say("%s cannot be made: %s", path, strerror(errno));
}

/* So many pages, with none before and behind them */
static inline char *pages(int n, int prot)
{
	char *p = mmap(NULL, (n + 2) * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED || mprotect(p + PAGE, n * PAGE, prot)) {
		say("no memory: %s", strerror(errno));
		_exit(99);
	}
	return p + PAGE;
}

/* The end of a page that has none behind it: ends with @len bytes of @text */
static inline char *edge(const char *text, size_t len)
{
	char *p = pages(1, PROT_READ | PROT_WRITE) + PAGE;

	memcpy(p - len, text, len);
	return p;
}

static inline void sleep_ms(long ms)
{
	struct timespec ts = { ms / 1000, ms % 1000 * 1000000 };

	while (nanosleep(&ts, &ts) && errno == EINTR)
		;
}

static inline void show_status(const char *who, int status)
{
	if (WIFEXITED(status))
		say("%s: exit status %d", who, WEXITSTATUS(status));
	else if (WIFSIGNALED(status))
		say("%s: killed by signal %d%s", who, WTERMSIG(status),
		    WCOREDUMP(status) ? ", core" : "");
	else if (WIFSTOPPED(status))
		say("%s: stopped by signal %d", who, WSTOPSIG(status));
	else if (WIFCONTINUED(status))
		say("%s: continued", who);
	else
		say("%s: status %#x", who, status);
}

/* Runs a function in a child, which exits with what it returns: its id, or -1 */
static inline pid_t start_child(int (*run)(void))
{
	pid_t pid = fork();

	if (!pid)
		_exit(run());
	if (pid < 0)
		say("fork: %s", strerror(errno));
	return pid;
}

static inline void end_child(pid_t pid)
{
	int status;

	if (pid > 0 && waitpid(pid, &status, WUNTRACED) == pid)
		show_status("child", status);
	else if (pid > 0)
		say("waitpid: %s", strerror(errno));
}

static inline void run_child(int (*run)(void))
{
	end_child(start_child(run));
}

/* This program, under another name */
static inline bool copy_program(const char *name)
{
	int from = open(self, O_RDONLY), to = open(name, O_CREAT | O_WRONLY, 0755);
	static char buffer[65536];
	ssize_t n;

	while ((n = read(from, buffer, sizeof(buffer))) > 0)
		if (write(to, buffer, n) != n)
			return false;
	close(from);
	close(to);
	return !n;
}

/* What a program finds that was executed: PROGRAM -e SCENARIO [write FILE|ARGUMENT...] */
static inline int executed(char **arguments)
{
	const char *option = *arguments++;
	sigset_t blocked;
	int i;

	topic = *arguments++;
	if (option[2])
		say("option %s", option);
	for (i = 0; arguments[i]; i++)
		say("argument %d: %s", i, arguments[i]);
	for (i = 0; environ[i]; i++)
		if (!strncmp(environ[i], "DIFFER", 6))
			say("environment: %s", environ[i]);
	for (i = 0; i < 32; i++)
		if (fcntl(i, F_GETFD) >= 0)
			say("open: %d", i);
	for (i = 1; i <= SIGRTMIN; i++) {
		struct sigaction sa;

		if (!sigaction(i, NULL, &sa) && sa.sa_handler != SIG_DFL)
			say("signal %d is %s", i, sa.sa_handler == SIG_IGN ? "ignored" : "caught");
	}
	sigprocmask(SIG_SETMASK, NULL, &blocked);
	for (i = 1; i <= SIGRTMIN; i++)
		if (sigismember(&blocked, i) == 1)
			say("signal %d is blocked", i);
	say("ids %u %u %u %u", getuid(), geteuid(), getgid(), getegid());
	if (arguments[0] && arguments[1] && !strcmp(arguments[0], "write"))
		CALL(open(arguments[1], O_WRONLY));
	return 42;
}

/* The arguments of execve() for that */
#define EXECUTED(...)	\
	((char *[]) { self, "-e", (char *)topic, ##__VA_ARGS__, NULL })

static inline void show_tree(const char *path);

/* One of what a scenario has left behind */
static inline void show_left(const char *path)
{
	char target[256];
	struct stat st;
	ssize_t len;

	show_file(path);
	if (lstat(path, &st))
		return;
	if (S_ISREG(st.st_mode))
		show_text(path);
	if (S_ISDIR(st.st_mode))
		show_tree(path);
	len = readlink(path, target, sizeof(target));
	if (len >= 0)
		show_bytes("target", target, len);
}

/* All of it, by name */
static inline void show_tree(const char *path)
{
	struct dirent **entries;
	int n = scandir(path, &entries, NULL, alphasort), i;
	char name[PATH_MAX];

	for (i = 0; i < n; i++) {
		const char *entry = entries[i]->d_name;

		if (strcmp(entry, ".") && strcmp(entry, "..")) {
			snprintf(name, sizeof(name), "%s/%s", path, entry);
			show_left(name);
		}
		free(entries[i]);
	}
	if (n >= 0)
		free(entries);
}

/*
 * In a process of its own, in a process group of its own, so that nothing of it
 * stays: one that hangs is ended after a time which no scenario needs.
 */
static inline void run_process(const struct scenario *s)
{
	pid_t pid = fork();
	int tries = 6000, status;

	if (!pid) {
		setpgid(0, 0);
		s->run();
		_exit(0);
	}
	if (pid < 0) {
		say("fork: %s", strerror(errno));
		return;
	}
	while (tries-- && waitpid(pid, &status, WNOHANG) != pid)
		sleep_ms(10);
	kill(-pid, SIGKILL);
	if (tries < 0) {
		say("hangs");
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
	}
	show_status("process", status);
}

static inline void run_scenario(const struct scenario *s)
{
	topic = s->name;
	lines = 0;
	if (mkdir(topic, 0755) || chdir(topic)) {
		say("no directory: %s", strerror(errno));
		return;
	}
	if (s->process)
		run_process(s);
	else
		s->run();
	umask(022);
	syscall(SYS_close_range, 3, ~0U, 0);
	if (chdir(base) || chdir(topic))
		say("directory is lost: %s", strerror(errno));
	else
		show_tree(".");
	if (chdir(base))
		_exit(99);
}

static inline struct scenario *find_scenario(struct scenario *all, int n, const char *name)
{
	int i;

	for (i = 0; i < n; i++)
		if (!strcmp(all[i].name, name))
			return &all[i];
	fprintf(stderr, "there is no scenario '%s'\n", name);
	exit(2);
}

/* Options; true if the names shall be printed only */
static inline bool choose_scenarios(int argc, char **argv, struct scenario *all, int n)
{
	bool list = false, no_process = false;
	struct scenario *s;
	int option, i;

	while ((option = getopt(argc, argv, "lna:x:")) != -1) {
		if (option == '?')
			exit(2);
		list |= option == 'l';
		no_process |= option == 'n';
		if (option == 'x')
			find_scenario(all, n, optarg)->skip = true;
		if (option == 'a')
			for (s = find_scenario(all, n, optarg); s >= all; s--)
				s->skip = true;
	}
	for (i = 0; i < n; i++)
		all[i].skip |= (all[i].process && no_process) || argv[optind];
	for (; argv[optind]; optind++)
		find_scenario(all, n, argv[optind])->skip = false;
	return list;
}

static inline int differ(int argc, char **argv, struct scenario *all, int n)
{
	struct rlimit no_core = { 0, 0 };
	int ran = 0, i;
	bool list;

	if (argc > 2 && !strncmp(argv[1], "-e", 2))
		return executed(argv + 1);
	list = choose_scenarios(argc, argv, all, n);
	if (!realpath(argv[0], self) || !getcwd(base, sizeof(base)))
		return 1;
	umask(022);
	setrlimit(RLIMIT_CORE, &no_core);
	syscall(SYS_close_range, 3, ~0U, 0);
	for (i = 0; i < n; i++) {
		if (all[i].skip)
			continue;
		if (list)
			puts(all[i].name);
		else
			run_scenario(&all[i]);
		ran++;
	}
	if (!list)
		printf("%d scenarios\n", ran);
	return 0;
}

#endif
