// SPDX-License-Identifier: GPL-2.0
/* Lives until: life exit STATUS|read|spin|calls */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int do_exit(const char *status)
{
	return atoi(status);
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
static int __attribute__((noreturn)) do_spin(const char *unused)
{
	volatile unsigned long n = 0;

	write(STDOUT_FILENO, "spinning\n", 9);
	for (;;)
		n++;
}

/* Until it is killed, with as many system calls as it can make. */
static int __attribute__((noreturn)) do_calls(const char *unused)
{
	write(STDOUT_FILENO, "calling\n", 8);
	for (;;)
		getppid();
}

static const struct {
	const char *name;
	int (*live)(const char *arg);
} ways[] = {
	{ "exit", do_exit },
	{ "read", do_read },
	{ "spin", do_spin },
	{ "calls", do_calls },
	{}
};

int main(int argc, char **argv)
{
	int i;

	for (i = 0; argc > 1 && ways[i].name; i++)
		if (!strcmp(argv[1], ways[i].name))
			return ways[i].live(argc > 2 ? argv[2] : "0");
	fprintf(stderr, "usage: life exit STATUS|read|spin|calls\n");
	return 2;
}
