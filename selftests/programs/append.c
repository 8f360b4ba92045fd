// SPDX-License-Identifier: GPL-2.0
/*
 * Appends the numbers from 0 to N - 1 to a file, each with a write() of its own:
 *
 *	append FILE N
 */
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	int fd, i, len, n;
	char line[16];

	if (argc != 3)
		errx(1, "usage: append FILE N");
	n = atoi(argv[2]);
	fd = open(argv[1], O_CREAT | O_APPEND | O_WRONLY, 0600);
	if (fd < 0)
		err(1, "%s", argv[1]);
	for (i = 0; i < n; i++) {
		len = snprintf(line, sizeof(line), "%d\n", i);
		if (write(fd, line, len) != len)
			err(1, "%s: write", argv[1]);
	}
	return close(fd) ? 1 : 0;
}
