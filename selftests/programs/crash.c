// SPDX-License-Identifier: GPL-2.0
/* Dies: crash null|jump|ud2|divide|abort|kill */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void null(void)
{
	asm volatile("movl $1, (%0)" : : "r" (NULL) : "memory");
}

static void jump(void)
{
	((void (*)(void))0x1000)();
}

static void ud2(void)
{
	asm volatile("ud2");
}

static void divide(void)
{
	asm volatile("idivl %1" : : "a" (1), "r" (0), "d" (0));
}

static void send_kill(void)
{
	raise(SIGKILL);
}

static const struct {
	const char *name;
	void (*crash)(void);
} ways[] = {
	{ "null", null },
	{ "jump", jump },
	{ "ud2", ud2 },
	{ "divide", divide },
	{ "abort", abort },
	{ "kill", send_kill },
	{}
};

int main(int argc, char **argv)
{
	int i;

	for (i = 0; argc == 2 && ways[i].name; i++)
		if (!strcmp(argv[1], ways[i].name))
			ways[i].crash();
	fprintf(stderr, "usage: crash null|jump|ud2|divide|abort|kill\n");
	return 2;
}
