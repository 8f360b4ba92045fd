// SPDX-License-Identifier: GPL-2.0
/*
 * Calls of many kinds, each answer checked, to be run many times at once:
 *
 *	many ID ROUNDS DIR
 */
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_LEN		9000

static char out[MAX_LEN], in[MAX_LEN];

/* Another text in each round of each process */
static int fill(const char *id, int round)
{
	int len = 1 + (round * 997) % MAX_LEN, i;

	for (i = 0; i < len; i++)
		out[i] = id[i % strlen(id)] + i + round;
	return len;
}

static void check_in(const char *what, int len)
{
	if (memcmp(in, out, len))
		errx(1, "%s: not what was written", what);
	memset(in, 0, len);
}

static void use_file(const char *path, int len)
{
	int fd = open(path, O_CREAT | O_EXCL | O_RDWR, 0600);
	struct stat st;

	if (fd < 0)
		err(1, "%s", path);
	if (write(fd, out, len) != len)
		err(1, "%s: write", path);
	if (fstat(fd, &st) || st.st_size != len)
		errx(1, "%s: size", path);
	if (lseek(fd, 0, SEEK_SET) || read(fd, in, sizeof(in)) != len)
		err(1, "%s: read", path);
	check_in(path, len);
	if (close(fd) || unlink(path) || !access(path, F_OK))
		err(1, "%s: end", path);
}

static void use_pipe(int len)
{
	int fd[2];

	len = len > 4096 ? 4096 : len;
	if (pipe(fd))
		err(1, "pipe");
	if (write(fd[1], out, len) != len || read(fd[0], in, sizeof(in)) != len)
		err(1, "pipe: transfer");
	check_in("pipe", len);
	if (close(fd[0]) || close(fd[1]))
		err(1, "pipe: close");
}

int main(int argc, char **argv)
{
	int rounds = argc == 4 ? atoi(argv[2]) : 0, i;
	pid_t pid = getpid(), parent = getppid();
	char path[4096];

	if (rounds < 1 || !*argv[1]) {
		fprintf(stderr, "usage: many ID ROUNDS DIR\n");
		return 2;
	}
	snprintf(path, sizeof(path), "%s/many-%s", argv[3], argv[1]);
	for (i = 0; i < rounds; i++) {
		int len = fill(argv[1], i);

		if (getpid() != pid || getppid() != parent)
			errx(1, "not the same process");
		use_file(path, len);
		use_pipe(len);
	}
	printf("many: %s ok\n", argv[1]);
	return 0;
}
