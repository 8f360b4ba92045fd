// SPDX-License-Identifier: GPL-2.0
/*
 * System calls with bad pointers and bad numbers. Prints a line for each that
 * did not fail as it should; exit status 0 if there is none.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define LEN	4096

/* Not a valid number in either ABI */
#define X32_BIT	0x40000000L

static int failures;

static void expect(const char *what, long ret, long expected)
{
	long got = ret < 0 ? -errno : ret;

	if (got == expected)
		return;
	printf("%s: %ld, not %ld\n", what, got, expected);
	failures++;
}

static char *map(int prot)
{
	return mmap(NULL, LEN, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void read_to(const char *what, void *to, long expected)
{
	int fd = open("/dev/zero", O_RDONLY);

	expect(what, read(fd, to, LEN), expected);
	close(fd);
}

static void pointers(void)
{
	static const struct {
		const char *what;
		uintptr_t addr;
	} bad[] = {
		{ "read to 0", 0 },
		{ "read to what is not mapped", 0x3000000000 },
		{ "read to the stack of another", 0x7fff00000000 },
		{ "read to the heap of another", 0x555555554000 },
		{ "read to the end of user space", 0x7ffffffff000 },
		{ "read to no canonical address", 0x800000000000 },
		{ "read to the kernel", 0xffff888000000000 },
		{ "read to the kernel's text", 0xffffffff81000000 },
		{}
	};
	int i;

	for (i = 0; bad[i].what; i++)
		read_to(bad[i].what, (void *)bad[i].addr, -EFAULT);
}

/* Rights are those of the moment, on both sides. */
static void mappings(void)
{
	char *p = map(PROT_READ);

	read_to("read to a read-only page", p, -EFAULT);
	mprotect(p, LEN, PROT_READ | PROT_WRITE);
	read_to("read to a page made writable", p, LEN);
	p[0] = 1;
	read_to("read again", p, LEN);
	expect("what it read", p[0], 0);
	mprotect(p, LEN, PROT_READ);
	read_to("read to a page made read-only again", p, -EFAULT);
	mprotect(p, LEN, PROT_NONE);
	read_to("read to a page without rights", p, -EFAULT);
	munmap(p, LEN);
	read_to("read to a page that was unmapped", p, -EFAULT);

	p = map(PROT_READ | PROT_WRITE);
	memset(p, 1, LEN);
	munmap(p, LEN);
	p = map(PROT_READ | PROT_WRITE);
	expect("a new page is empty", p[0], 0);
	read_to("read to a page in its place", p, LEN);
	munmap(p, LEN);
}

static void numbers(void)
{
	expect("number -1", syscall(-1), -ENOSYS);
	expect("number 400", syscall(400), -ENOSYS);
	expect("number 9999", syscall(9999), -ENOSYS);
	expect("number of the x32 ABI", syscall(X32_BIT | SYS_getppid), -ENOSYS);
	expect("largest number", syscall(0x7fffffff), -ENOSYS);
}

static void others(void)
{
	char buf[1];

	expect("bad descriptor", read(-1, buf, sizeof(buf)), -EBADF);
	expect("bad path", open((char *)8, O_RDONLY), -EFAULT);
	expect("missing file", open("/no/such/file", O_RDONLY), -ENOENT);
	expect("write from 0", write(STDOUT_FILENO, NULL, 1), -EFAULT);
}

int main(void)
{
	pointers();
	mappings();
	numbers();
	others();
	return !!failures;
}
