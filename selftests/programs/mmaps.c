// SPDX-License-Identifier: GPL-2.0
/*
 * Many small mappings, which are the RTOS's business and not that of Linux, where
 * they do not show up in the memory map:
 *
 *	mmaps [COUNT]		some are shown to Linux
 *	mmaps hidden COUNT	none is
 */
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define LEN		4096
#define MAX_COUNT	20000
#define EVERY		100	/* one of so many is shown to Linux */
#define RETRY		1000	/* and one of so many again when it is gone */

static unsigned char *page[MAX_COUNT];

static int pipe_fd[2];

/* As Linux sees this process */
static int maps_lines(void)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	int lines = 0, c;

	if (!maps)
		err(1, "/proc/self/maps");
	while ((c = getc(maps)) != EOF)
		lines += c == '\n';
	fclose(maps);
	return lines;
}

static unsigned char mark(int i)
{
	return i % 251 + 1;
}

/* Neighbours have different rights, so that nobody can make one of them. */
static void map(int i)
{
	int prot = PROT_READ | PROT_WRITE | (i % 2 ? PROT_EXEC : 0);

	page[i] = mmap(NULL, LEN, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (page[i] == MAP_FAILED)
		err(1, "mapping %d", i);
	*page[i] = mark(i);
}

/* Linux reads a byte of some pages: one call for each, and one for all. */
static void show(int count)
{
	unsigned char seen[MAX_COUNT / EVERY];
	int n = (count + EVERY - 1) / EVERY, i;

	for (i = 0; i < count; i += EVERY)
		if (write(pipe_fd[1], page[i], 1) != 1)
			err(1, "pipe, mapping %d", i);
	if (read(pipe_fd[0], seen, sizeof(seen)) != n)
		err(1, "pipe");
	for (i = 0; i < n; i++)
		if (seen[i] != mark(i * EVERY))
			errx(1, "mapping %d: Linux sees %d", i * EVERY, seen[i]);
}

static void drop(int i)
{
	if (munmap(page[i], LEN))
		err(1, "end of mapping %d", i);
}

/* Linux is shown none of them. */
static int hidden(int count)
{
	int i;

	for (i = 0; i < count; i++)
		map(i);
	for (i = 0; i < count; i++) {
		if (*page[i] != mark(i))
			errx(1, "mapping %d: %d, not %d", i, *page[i], mark(i));
		drop(i);
	}
	return 0;
}

static void unmap(int i)
{
	drop(i);
	if (i % RETRY == 0 && (write(pipe_fd[1], page[i], 1) != -1 || errno != EFAULT))
		errx(1, "mapping %d: Linux still sees it", i);
}

int main(int argc, char **argv)
{
	int count = argc > 1 ? atoi(argv[argc - 1]) : 10000, before, after, i;

	if (count < 1 || count > MAX_COUNT) {
		fprintf(stderr, "usage: mmaps [[hidden] COUNT], at most %d\n", MAX_COUNT);
		return 2;
	}
	if (argc == 3 && !strcmp(argv[1], "hidden"))
		return hidden(count);
	if (pipe(pipe_fd))
		err(1, "pipe");
	before = maps_lines();
	for (i = 0; i < count; i++)
		map(i);
	show(count);
	after = maps_lines();

	for (i = 0; i < count; i += 2)
		unmap(i);
	for (i = 1; i < count; i += 2)
		if (*page[i] != mark(i))
			errx(1, "mapping %d: %d, not %d", i, *page[i], mark(i));
	printf("mmaps: %d mappings, %d maps lines before, %d after\n", count, before, after);
	return 0;
}
