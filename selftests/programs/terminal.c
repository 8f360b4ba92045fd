// SPDX-License-Identifier: GPL-2.0
/*
 * Somebody at a terminal: runs a command on a pseudo terminal of its own, types, and
 * waits for what it says.
 *
 *	terminal COMMAND [ARGUMENT...] <DIALOGUE
 *
 * Lines of the dialogue are "type TEXT" and "wait TEXT", where \r, \b and ^C stand for
 * what these keys send, "pause MS", and "status N" for how the command has ended.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#define LIMIT_MS	60000
#define MAX_SAID	65536

static int master;
static pid_t child;
static char said[MAX_SAID];
static size_t length, seen;

static void start(char **argv)
{
	struct winsize size = { .ws_row = 24, .ws_col = 80 };
	const char *name;

	master = posix_openpt(O_RDWR | O_NOCTTY);
	if (master < 0 || grantpt(master) || unlockpt(master))
		err(2, "pty");
	ioctl(master, TIOCSWINSZ, &size);
	name = ptsname(master);
	child = fork();
	if (child < 0)
		err(2, "fork");
	if (child)
		return;
	setsid();
	close(master);
	if (open(name, O_RDWR) != 0 && dup2(open(name, O_RDWR), 0))
		_exit(126);
	ioctl(0, TIOCSCTTY, 0);
	dup2(0, 1);
	dup2(0, 2);
	execvp(argv[0], argv);
	_exit(127);
}

static void fail(const char *what, const char *text)
{
	printf("%s: %s\nit said:\n%.*s\n", what, text, (int)length, said);
	kill(child, SIGKILL);
	exit(1);
}

/* How many bytes came, 0: none in time, or it has gone */
static ssize_t more(int ms)
{
	struct pollfd pollfd = { .fd = master, .events = POLLIN };
	ssize_t n;

	if (length == sizeof(said) - 1 || poll(&pollfd, 1, ms) != 1)
		return 0;
	n = read(master, said + length, sizeof(said) - 1 - length);
	if (n <= 0)
		return 0;
	length += n;
	said[length] = '\0';
	return n;
}

/* In what came after the last text that was waited for */
static void wait_for(const char *text)
{
	char *found;

	while (!(found = strstr(said + seen, text)))
		if (!more(LIMIT_MS))
			fail("did not come", text);
	seen = found - said + strlen(text);
}

static size_t decode(const char *text, char *to)
{
	size_t n = 0;

	for (; *text; text++) {
		char c = *text;

		if (c == '\\' && text[1])
			c = *++text == 'r' ? '\r' : *text == 'b' ? 0x7f : *text;
		else if (c == '^' && text[1])
			c = *++text & 0x1f;
		to[n++] = c;
	}
	return n;
}

static void press(const char *text)
{
	char keys[256];
	size_t n = decode(text, keys);

	if (write(master, keys, n) != (ssize_t)n)
		fail("no room for", text);
}

static void check_status(const char *text)
{
	int status;

	while (more(LIMIT_MS))
		;
	if (waitpid(child, &status, 0) != child || !WIFEXITED(status) ||
	    WEXITSTATUS(status) != atoi(text))
		fail("another status than", text);
}

static void act(char *line)
{
	char *text = strchr(line, ' ');

	if (!text)
		errx(2, "what is '%s'?", line);
	*text++ = '\0';
	if (!strcmp(line, "type"))
		press(text);
	else if (!strcmp(line, "wait"))
		wait_for(text);
	else if (!strcmp(line, "pause"))
		usleep(atoi(text) * 1000);
	else if (!strcmp(line, "status"))
		check_status(text);
	else
		errx(2, "what is '%s'?", line);
}

int main(int argc, char **argv)
{
	char line[256];

	if (argc < 2)
		errx(2, "usage: terminal COMMAND [ARGUMENT...] <DIALOGUE");
	start(argv + 1);
	while (fgets(line, sizeof(line), stdin)) {
		line[strcspn(line, "\n")] = '\0';
		if (*line)
			act(line);
	}
	return 0;
}
