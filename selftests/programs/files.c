// SPDX-License-Identifier: GPL-2.0
/* What a program may expect of its descriptors: files first|close FILE */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int create(const char *path)
{
	return open(path, O_CREAT | O_TRUNC | O_WRONLY, 0644);
}

/* Only 0, 1 and 2 are open: prints 3. */
static int first(const char *path)
{
	printf("%d\n", create(path));
	return 0;
}

/* Nothing that the program does not see depends on a descriptor. */
static int close_all(const char *path)
{
	int fd;

	for (fd = 0; fd < 1024; fd++)
		close(fd);
	fd = create(path);
	if (fd != 0 || write(fd, "closed\n", 7) != 7)
		return 1;
	return 7;
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "first"))
		return first(argv[2]);
	if (argc == 3 && !strcmp(argv[1], "close"))
		return close_all(argv[2]);
	fprintf(stderr, "usage: files first|close FILE\n");
	return 2;
}
