/* SPDX-License-Identifier: GPL-2.0 */
/* Lines about what a program finds, each in one write(), behind the name of the topic. */
#ifndef SAY_H
#define SAY_H

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#define LENGTH(array)	((int)(sizeof(array) / sizeof((array)[0])))

/* For one topic: what runs in circles shall not fill the disk. */
#define MAX_LINES	400

static const char *topic;
static int lines;

__attribute__((format(printf, 1, 2)))
static inline void say(const char *format, ...)
{
	char line[1024];
	int n = snprintf(line, sizeof(line), "%s: ", topic);
	va_list args;

	va_start(args, format);
	n += vsnprintf(line + n, sizeof(line) - n, format, args);
	va_end(args);
	if (n > (int)sizeof(line) - 1)
		n = sizeof(line) - 1;
	line[n++] = '\n';
	if (++lines > MAX_LINES || write(STDOUT_FILENO, line, n) != n)
		_exit(99);
}

#endif
