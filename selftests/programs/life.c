// SPDX-License-Identifier: GPL-2.0
/* Lives until: life exit STATUS|touch MIB|read|spin|calls|crowd NUMBER|wait NUMBER */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int do_exit(const char *status)
{
	return atoi(status);
}

/* Until so much memory was written to: exit status 3 */
static int do_touch(const char *mib)
{
	size_t len = (size_t)atoi(mib) << 20;
	char *p = malloc(len);

	if (!p)
		return 1;
	memset(p, 1, len);
	return p[len - 1] == 1 ? 3 : 1;
}

/* Until standard input ends. Says when it starts, and what it got. */
static int do_read(const char *unused)
{
	char buf[64];
	ssize_t n;

	write(STDOUT_FILENO, "reading\n", 8);
	while ((n = read(STDIN_FILENO, buf, sizeof(buf))) > 0)
		write(STDOUT_FILENO, buf, n);
	return n ? 1 : 0;
}

/* Until it is killed, without a system call. */
static int do_spin(const char *unused)
{
	int go_on = 1;

	write(STDOUT_FILENO, "spinning\n", 9);
	while (go_on)
		asm volatile("pause" : "+r" (go_on));
	return 1;
}

/* Until it is killed, with as many system calls as it can make. */
static int do_calls(const char *unused)
{
	write(STDOUT_FILENO, "calling\n", 8);
	while (getppid() >= 0)
		;
	return 1;
}

/* Until they are killed: so many of them, all of which wait in a call unless @busy */
static int many(const char *number, bool busy)
{
	int i, fds[2];
	char c;

	if (pipe(fds))
		return 1;
	for (i = atoi(number); i > 1; i--) {
		switch (fork()) {
		case -1:
			return 1;
		case 0:
			close(fds[1]);
			read(fds[0], &c, 1);
			return busy && (i & 1) ? do_calls(NULL) : do_read(NULL);
		}
	}
	close(fds[1]);
	return busy ? do_calls(NULL) : do_read(NULL);
}

/*
 * As soon as all are there every other one makes as many system calls as it can, and the
 * rest make one that waits for standard input.
 */
static int do_crowd(const char *number)
{
	return many(number, true);
}

/* All of them make one that waits for standard input. */
static int do_wait(const char *number)
{
	return many(number, false);
}

static const struct {
	const char *name;
	int (*live)(const char *arg);
} ways[] = {
	{ "exit", do_exit },
	{ "touch", do_touch },
	{ "read", do_read },
	{ "spin", do_spin },
	{ "calls", do_calls },
	{ "crowd", do_crowd },
	{ "wait", do_wait },
	{}
};

int main(int argc, char **argv)
{
	int i;

	for (i = 0; argc > 1 && ways[i].name; i++)
		if (!strcmp(argv[1], ways[i].name))
			return ways[i].live(argc > 2 ? argv[2] : "0");
	fprintf(stderr,
		"usage: life exit STATUS|touch MIB|read|spin|calls|crowd NUMBER|wait NUMBER\n");
	return 2;
}
