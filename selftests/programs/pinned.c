// SPDX-License-Identifier: GPL-2.0
/*
 * Memory that Linux refers to when the process has it no more:
 *
 *	pinned munmap|exit PAGES	puts them into the pipe that it writes to, by
 *					reference, and gives them back, or ends with them
 *	pinned fill			takes all memory that there is, shows it to Linux,
 *					writes to it, and prints how many pages it had
 */
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#define PAGE	4096UL
#define SHOWN	64	/* one of so many pages */

static char *take(size_t len)
{
	void *mem = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return mem == MAP_FAILED ? NULL : mem;
}

static void give(size_t len, int unmap)
{
	struct iovec iov = { take(len), len };

	if (!iov.iov_base)
		err(1, "mmap");
	memset(iov.iov_base, 'A', len);
	if (vmsplice(1, &iov, 1, 0) != (ssize_t)len)
		err(1, "vmsplice");
	if (unmap && munmap(iov.iov_base, len))
		err(1, "munmap");
}

static void fill(void)
{
	int zeroes = open("/dev/zero", O_RDONLY);
	unsigned int pages = 0;
	char *mem;

	while ((mem = take(PAGE))) {
		/* The RTOS takes all that is mapped with it for seen. */
		if (pages % SHOWN == 0 && read(zeroes, mem, PAGE) != PAGE)
			err(1, "/dev/zero");
		memset(mem, 'B', PAGE);
		pages++;
	}
	printf("%u\n", pages);
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "fill"))
		fill();
	else if (argc == 3)
		give(atoi(argv[2]) * PAGE, !strcmp(argv[1], "munmap"));
	else
		errx(2, "usage: pinned munmap|exit PAGES | fill");
	return 0;
}
