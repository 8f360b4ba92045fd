// SPDX-License-Identifier: GPL-2.0
/* Puts a page of its own into the pipe that it writes to, by reference, and ends. */
#include <err.h>
#include <fcntl.h>
#include <sys/uio.h>

static char page[4096] __attribute__((aligned(4096)));

int main(void)
{
	const struct iovec iov = { page, sizeof(page) };

	if (vmsplice(1, &iov, 1, 0) != sizeof(page))
		err(1, "vmsplice");
	return 0;
}
