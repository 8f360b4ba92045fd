/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Checks that say what happens, in lines that are the same on Linux and on an RTOS:
 *
 *	PROGRAM [NAME...]
 *	PROGRAM -l		the names
 *
 * All checks, or those that are named.
 */
#ifndef CHECK_H
#define CHECK_H

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "say.h"

struct check {
	const char *name;
	void (*run)(void);
};

static inline const char *yes(bool is)
{
	return is ? "yes" : "no";
}

static inline void show(const char *what, long result)
{
	if (result == -1)
		say("%s: %s", what, strerror(errno));
	else
		say("%s: %ld", what, result);
}

static inline void show_status(const char *who, int status)
{
	if (WIFEXITED(status))
		say("%s: exit status %d", who, WEXITSTATUS(status));
	else if (WIFSIGNALED(status))
		say("%s: signal %d", who, WTERMSIG(status));
	else if (WIFSTOPPED(status))
		say("%s: stopped by %d", who, WSTOPSIG(status));
	else if (WIFCONTINUED(status))
		say("%s: continued", who);
	else
		say("%s: status %#x", who, status);
}

static inline void end_child(const char *who, pid_t pid)
{
	int status;

	if (pid > 0 && waitpid(pid, &status, 0) == pid)
		show_status(who, status);
	else
		show(who, -1);
}

static inline bool is_asked_for(const char *name, char **names)
{
	bool any = *names;

	while (*names && strcmp(*names, name))
		names++;
	return !any || *names;
}

/* What main() does; @reset comes before each, if there is one. */
static inline int run_checks(const struct check *checks, int n, char **argv, void (*reset)(void))
{
	struct rlimit no_core = { 0, 0 };
	bool list = argv[1] && !strcmp(argv[1], "-l");
	int i;

	setrlimit(RLIMIT_CORE, &no_core);
	for (i = 0; i < n; i++) {
		if (list)
			puts(checks[i].name);
		if (list || !is_asked_for(checks[i].name, argv + 1))
			continue;
		topic = checks[i].name;
		lines = 0;
		if (reset)
			reset();
		checks[i].run();
	}
	return 0;
}

#endif
