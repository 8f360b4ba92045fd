// SPDX-License-Identifier: GPL-2.0
/* Scenarios, see differ.h: files and what is done to their contents */
#include "differ.h"

#include <linux/falloc.h>
#include <linux/openat2.h>
#include <sys/sendfile.h>
#include <sys/uio.h>

#define RW	(O_CREAT | O_RDWR)

/* libc has other ideas of these. */
static int openat2(int dir, const char *path, struct open_how *how, size_t len)
{
	return syscall(SYS_openat2, dir, path, how, len);
}

static ssize_t copy_range(int from, off_t *in, int to, off_t *out, size_t len, int flags)
{
	return syscall(SYS_copy_file_range, from, in, to, out, len, flags);
}

static ssize_t read2(int fd, const struct iovec *iov, int n, off_t offset, int flags)
{
	return syscall(SYS_preadv2, fd, iov, n, offset, 0, flags);
}

static ssize_t write2(int fd, const struct iovec *iov, int n, off_t offset, int flags)
{
	return syscall(SYS_pwritev2, fd, iov, n, offset, 0, flags);
}

static int close_fds(unsigned int first, unsigned int last, unsigned int flags)
{
	return syscall(SYS_close_range, first, last, flags);
}

/* Opening */

static void open_create(void)
{
	int fd = CALL(open("a", RW, 0666));

	show_fd(fd);
	CALL(write(fd, "text", 4));
	CALL(close(fd));
	CALL(open("a", RW, 0600));
	umask(0);
	CALL(open("b", RW, 07777));
	umask(077);
	CALL(creat("c", 0666));
	CALL(open("d", O_CREAT | O_RDONLY, 0));
	CALL(open("d", O_RDWR));
}

static void open_excl(void)
{
	CALL(open("a", RW | O_EXCL, 0644));
	CALL(open("a", RW | O_EXCL, 0644));
	CALL(symlink("missing", "link"));
	CALL(open("link", RW | O_EXCL, 0644));
	CALL(open("link", RW, 0644));
	show_file("missing");
}

static void open_truncate(void)
{
	int fd;

	make_file("a", "something");
	fd = CALL(open("a", O_RDONLY));
	CALL(open("a", O_WRONLY));
	show_fd(fd);
	CALL(open("a", O_WRONLY | O_TRUNC));
	show_fd(fd);
	make_file("b", "something");
	CALL(open("b", O_RDONLY | O_TRUNC));
	show_file("b");
}

static void open_append(void)
{
	int one = CALL(open("a", RW | O_APPEND, 0644)), two = CALL(open("a", O_WRONLY));
	char text[8];

	CALL(write(one, "one", 3));
	CALL(write(two, "TW", 2));
	CALL(write(one, "+", 1));
	CALL(lseek(one, 0, SEEK_CUR));
	CALL(lseek(one, 0, SEEK_SET));
	CALL(read(one, text, 3));
	BYTES(text, 3);
	CALL(write(one, "end", 3));
	CALL(pwrite(one, "!", 1, 0));
	CALL(fcntl(two, F_SETFL, O_APPEND));
	CALL(write(two, "two", 3));
}

static void open_directory(void)
{
	make_file("a", "");
	CALL(mkdir("d", 0755));
	CALL(open("a", O_DIRECTORY));
	CALL(open("d", O_DIRECTORY));
	CALL(open("d", O_RDWR));
	CALL(open("d", O_WRONLY));
	CALL(open("d", O_RDONLY | O_CREAT, 0644));
	CALL(open("new", O_CREAT | O_DIRECTORY, 0644));
	CALL(open("a/", O_RDONLY));
	CALL(open("d/", O_RDONLY));
	CALL(open("d/.", O_RDONLY));
	CALL(open("d/..", O_RDONLY));
	CALL(open("new/", RW, 0644));
}

static void open_nofollow(void)
{
	char target[8];
	int fd;

	make_file("a", "");
	CALL(symlink("a", "link"));
	CALL(open("link", O_RDONLY | O_NOFOLLOW));
	CALL(open("a", O_RDONLY | O_NOFOLLOW));
	fd = CALL(open("link", O_PATH | O_NOFOLLOW));
	show_fd(fd);
	CALL(readlinkat(fd, "", target, sizeof(target)));
	CALL(fchmod(fd, 0600));
	CALL(symlink(".", "up"));
	CALL(open("up/link", O_RDONLY | O_NOFOLLOW));
	CALL(open("up/a", O_RDONLY | O_NOFOLLOW));
}

static void open_path(void)
{
	char c;
	int fd, dir;

	make_file("a", "a");
	fd = CALL(open("a", O_PATH));
	show_fd(fd);
	CALL(read(fd, &c, 1));
	CALL(write(fd, "x", 1));
	CALL(lseek(fd, 0, SEEK_SET));
	CALL(fchmod(fd, 0));
	CALL(fchown(fd, 1, 1));
	CALL(ftruncate(fd, 0));
	CALL(fsync(fd));
	CALL(fcntl(fd, F_GETFL) & O_PATH);
	CALL(dup(fd));
	dir = CALL(open(".", O_PATH));
	CALL(openat(dir, "a", O_RDONLY));
	CALL(fchdir(dir));
	CALL(close(fd));
}

static void open_tmpfile(void)
{
	int fd = CALL(open(".", O_TMPFILE | O_RDWR, 0640)), other;

	CALL(write(fd, "temporary", 9));
	show_fd(fd);
	CALL(linkat(fd, "", AT_FDCWD, "a", AT_EMPTY_PATH));
	show_fd(fd);
	CALL(linkat(fd, "", AT_FDCWD, "a", AT_EMPTY_PATH));
	other = CALL(open(".", O_TMPFILE | O_RDWR | O_EXCL, 0640));
	CALL(linkat(other, "", AT_FDCWD, "b", AT_EMPTY_PATH));
	CALL(open(".", O_TMPFILE | O_RDONLY, 0640));
	CALL(open("a", O_TMPFILE | O_RDWR, 0640));
}

static void open_errors(void)
{
	char longest[PATH_MAX + 2];

	make_file("a", "");
	CALL(symlink("loop", "loop"));
	CALL(open("missing", O_RDONLY));
	CALL(open("missing/a", RW, 0644));
	CALL(open("a/b", RW, 0644));
	CALL(open("", O_RDONLY));
	CALL(open("", RW, 0644));
	CALL(open("loop", O_RDONLY));
	CALL(open("loop/a", O_RDONLY));
	CALL(open(null, O_RDONLY));
	CALL(open(nowhere, O_RDONLY));
	memset(longest, 'x', sizeof(longest));
	longest[256] = 0;
	CALL(open(longest, RW, 0644));
	memset(longest, '/', sizeof(longest));
	longest[PATH_MAX] = 0;
	CALL(open(longest, O_RDONLY));
	longest[PATH_MAX - 1] = 0;
	CALL(open(longest, O_RDONLY));
}

/* The name ends where memory does, or does not end before. */
static void open_edge(void)
{
	make_file("name", "text");
	CALL(open(edge("name", 5) - 5, O_RDONLY));
	CALL(open(edge("name", 4) - 4, O_RDONLY));
	CALL(open(edge("", 1) - 1, O_RDONLY));
	CALL(open(edge("name", 5), O_RDONLY));
	CALL(mkdir(edge("dir", 4) - 4, 0755));
	CALL(mkdir(edge("dirx", 4) - 4, 0755));
}

static void open_modes(void)
{
	int reader, writer, both;
	char c = 'c';

	make_file("a", "text");
	reader = CALL(open("a", O_RDONLY));
	writer = CALL(open("a", O_WRONLY));
	both = CALL(open("a", O_WRONLY | O_RDWR));
	CALL(write(reader, &c, 1));
	CALL(read(writer, &c, 1));
	CALL(read(both, &c, 1));
	CALL(write(both, &c, 1));
	CALL(ftruncate(reader, 0));
	CALL(fcntl(reader, F_GETFL) & O_ACCMODE);
	CALL(fcntl(writer, F_GETFL) & O_ACCMODE);
	CALL(fcntl(both, F_GETFL) & O_ACCMODE);
}

static void open_lowest(void)
{
	make_file("a", "");
	CALL(open("a", O_RDONLY));
	CALL(open("a", O_RDONLY));
	CALL(open("a", O_RDONLY));
	CALL(close(4));
	CALL(open("a", O_RDONLY));
	CALL(close(3));
	CALL(close(5));
	CALL(dup(4));
	CALL(open("a", O_RDONLY));
	CALL(close(4));
	CALL(close(4));
	CALL(close(-1));
	CALL(close(1000));
}

static void open_flags(void)
{
	static const int flags[] = {
		O_RDONLY, O_CLOEXEC, O_NONBLOCK, O_SYNC, O_DSYNC, O_NOATIME, O_ASYNC, O_DIRECT,
		O_NOCTTY, O_RDWR | O_APPEND,
	};
	int i, fd;

	make_file("a", "");
	for (i = 0; i < LENGTH(flags); i++) {
		fd = CALL(open("a", flags[i]));
		CALL(fcntl(fd, F_GETFL));
		CALL(fcntl(fd, F_GETFD));
	}
}

static void openat_directories(void)
{
	int dir, file;

	CALL(mkdirat(AT_FDCWD, "d", 0755));
	make_file("a", "a");
	dir = CALL(open("d", O_RDONLY));
	file = CALL(open("a", O_RDONLY));
	CALL(openat(dir, "in", RW, 0644));
	CALL(openat(dir, "../a", O_RDONLY));
	CALL(openat(dir, "/", O_RDONLY));
	CALL(openat(-1, "/", O_RDONLY));
	CALL(openat(-1, "a", O_RDONLY));
	CALL(openat(file, "a", O_RDONLY));
	CALL(openat(99, "a", O_RDONLY));
	CALL(rename("d", "e"));
	CALL(openat(dir, "in", O_RDONLY));
	CALL(unlinkat(dir, "in", 0));
	CALL(rmdir("e"));
	CALL(openat(dir, "in", RW, 0644));
}

static void openat2_resolve(void)
{
	struct open_how how = { .flags = O_RDONLY, .resolve = RESOLVE_BENEATH };
	struct { struct open_how how; char more[8]; } longer = { .how = how };
	int dir;

	CALL(mkdir("d", 0755));
	make_file("d/a", "a");
	CALL(symlink("a", "d/link"));
	CALL(symlink("/", "d/root"));
	dir = CALL(open("d", O_PATH));
	CALL(openat2(dir, "a", &how, sizeof(how)));
	CALL(openat2(dir, "../d/a", &how, sizeof(how)));
	CALL(openat2(dir, "root", &how, sizeof(how)));
	CALL(openat2(dir, "a", &longer.how, sizeof(longer)));
	longer.more[7] = 1;
	CALL(openat2(dir, "a", &longer.how, sizeof(longer)));
	CALL(openat2(dir, "a", &how, 8));
	how.resolve = RESOLVE_NO_SYMLINKS;
	CALL(openat2(dir, "link", &how, sizeof(how)));
	how.resolve = RESOLVE_IN_ROOT;
	CALL(openat2(dir, "/a", &how, sizeof(how)));
	CALL(openat2(dir, "../../a", &how, sizeof(how)));
	how.resolve = 1 << 30;
	CALL(openat2(dir, "a", &how, sizeof(how)));
	CALL(openat2(dir, "a", (void *)null, sizeof(how)));
}

/* Reading and writing */

static void read_write(void)
{
	int fd = CALL(open("a", RW, 0644));
	char text[16] = "";

	CALL(write(fd, "0123456789", 10));
	CALL(read(fd, text, sizeof(text)));
	CALL(lseek(fd, 4, SEEK_SET));
	CALL(read(fd, text, 3));
	BYTES(text, 3);
	CALL(write(fd, "xy", 2));
	CALL(read(fd, text, sizeof(text)));
	CALL(read(fd, text, sizeof(text)));
	CALL(lseek(fd, 15, SEEK_SET));
	CALL(read(fd, text, sizeof(text)));
	CALL(write(fd, "z", 1));
	CALL(read(fd, text, 0));
	CALL(write(fd, text, 0));
}

static void read_errors(void)
{
	int dir = CALL(open(".", O_RDONLY)), fd = CALL(open("a", RW, 0644));
	char c = 'c';

	CALL(read(dir, &c, 1));
	CALL(write(dir, &c, 1));
	CALL(pread(dir, &c, 1, 0));
	CALL(read(-1, &c, 1));
	CALL(write(-1, &c, 1));
	CALL(read(99, &c, 0));
	CALL(write(fd, "text", 4));
	CALL(pread(fd, &c, 1, -1));
	CALL(pwrite(fd, &c, 1, -1));
	CALL(pread(fd, &c, 1, LLONG_MAX));
	CALL(pwrite(fd, &c, 1, LLONG_MAX));
	CALL(pread(fd, &c, 1, 3));
	CALL(pread(fd, &c, 1, 4));
}

static void pread_pwrite(void)
{
	int fd = CALL(open("a", RW, 0644));
	char text[8];

	CALL(pwrite(fd, "abcdef", 6, 2));
	CALL(lseek(fd, 0, SEEK_CUR));
	CALL(pread(fd, text, sizeof(text), 1));
	BYTES(text, 7);
	CALL(write(fd, "XY", 2));
	CALL(pread(fd, text, 3, 6));
	CALL(lseek(fd, 0, SEEK_CUR));
}

static void bad_pointers(void)
{
	int fd = CALL(open("a", RW, 0644));

	CALL(write(fd, null, 1));
	CALL(write(fd, nowhere, 1));
	CALL(write(fd, null, 0));
	CALL(write(fd, "text", 4));
	CALL(pread(fd, null, 4, 0));
	CALL(pread(fd, nowhere, 4, 0));
	CALL(pread(fd, nowhere, 4, 100));
	CALL(pread(fd, (char *)-1, 4, 0));
	CALL(syscall(SYS_write, fd, "text", -1L));
	CALL(syscall(SYS_fstat, fd, null));
	CALL(syscall(SYS_stat, "a", nowhere));
	CALL(syscall(SYS_stat, nowhere, nowhere));
	CALL(syscall(SYS_getcwd, nowhere, 100));
	CALL(syscall(SYS_pipe, nowhere));
	CALL(syscall(SYS_uname, nowhere));
	CALL(readlink(nowhere, nowhere, 1));
	CALL(fcntl(fd, F_GETLK, nowhere));
	CALL(syscall(SYS_getdents64, fd, nowhere, 100));
}

/* A buffer that ends with its memory */
static void read_edge(void)
{
	char *end = edge("abcdefgh", 8);
	int fd = CALL(open("a", RW, 0644));

	CALL(write(fd, "0123456789abcdef", 16));
	CALL(pread(fd, end - 8, 8, 0));
	BYTES(end - 8, 8);
	CALL(pread(fd, end - 8, 16, 2));
	BYTES(end - 8, 8);
	CALL(pread(fd, end, 16, 0));
	CALL(lseek(fd, 0, SEEK_SET));
	CALL(read(fd, end - 4, 10));
	CALL(lseek(fd, 0, SEEK_CUR));
	CALL(read(fd, end, 10));
	CALL(lseek(fd, 0, SEEK_CUR));
}

static void write_edge(void)
{
	char *end = edge("abcdefgh", 8);
	int fd = CALL(open("a", RW, 0644));

	CALL(write(fd, end - 8, 8));
	CALL(write(fd, end - 8, 16));
	CALL(lseek(fd, 0, SEEK_CUR));
	CALL(write(fd, end, 16));
	CALL(pwrite(fd, end - PAGE, 2 * PAGE, 100));
	show_fd(fd);
}

/* Many pages at once, not aligned */
static void large_io(void)
{
	const size_t len = 300 * 1024;
	char *from = malloc(len), *to = calloc(1, len);
	int fd = CALL(open("a", RW, 0644));
	size_t i;

	for (i = 0; i < len; i++)
		from[i] = i * 7 + i / 251;
	CALL(write(fd, from + 3, len - 3));
	CALL(pread(fd, to + 1, len - 1, 0));
	IS(!memcmp(from + 3, to + 1, len - 3));
	BYTES(to + 1, (ssize_t)len - 3);
	CALL(pread(fd, to, len, 100001));
	BYTES(to, 100000);
	show_fd(fd);
	CALL(ftruncate(fd, 1000));
	free(from);
	free(to);
}

static void vectors(void)
{
	char one[4], two[4], three[4];
	struct iovec out[] = { { "ab", 2 }, { null, 0 }, { "cdefg", 5 } };
	struct iovec in[] = { { one, 3 }, { two, 0 }, { three, 4 } };
	int fd = CALL(open("a", RW, 0644));

	CALL(writev(fd, out, 3));
	CALL(lseek(fd, 0, SEEK_SET));
	CALL(readv(fd, in, 3));
	BYTES(one, 3);
	BYTES(three, 4);
	CALL(pwritev(fd, out, 3, 5));
	CALL(preadv(fd, in, 3, 9));
	BYTES(one, 3);
	CALL(preadv(fd, in, 3, -1));
	CALL(lseek(fd, 0, SEEK_CUR));
}

static void vector_errors(void)
{
	static struct iovec many[IOV_MAX + 1];
	struct iovec bad[] = { { "good", 4 }, { nowhere, 4 } };
	struct iovec huge[] = { { "x", SIZE_MAX } };
	struct iovec *broken = (void *)(edge((char *)bad, sizeof(bad[0])) - sizeof(bad[0]));
	int fd = CALL(open("a", RW, 0644));

	CALL(writev(fd, bad, 2));
	CALL(writev(fd, bad + 1, 1));
	CALL(writev(fd, bad, 0));
	CALL(syscall(SYS_writev, fd, bad, -1L));
	CALL(writev(fd, many, IOV_MAX));
	CALL(writev(fd, many, IOV_MAX + 1));
	CALL(writev(fd, huge, 1));
	CALL(writev(fd, broken, 1));
	CALL(writev(fd, broken, 2));
	CALL(writev(fd, (void *)nowhere, 1));
	CALL(readv(fd, (void *)null, 1));
	CALL(writev(-1, bad, 1));
}

static void vectors2(void)
{
	char text[8];
	struct iovec out = { "text", 4 }, in = { text, sizeof(text) };
	int fd = CALL(open("a", RW, 0644));

	CALL(write2(fd, &out, 1, 2, 0));
	CALL(write2(fd, &out, 1, -1, 0));
	CALL(write2(fd, &out, 1, 0, 0x10 /* RWF_APPEND */));
	CALL(lseek(fd, 0, SEEK_CUR));
	CALL(read2(fd, &in, 1, 0, 0));
	CALL(read2(fd, &in, 1, -1, 0));
	BYTES(text, 8);
	CALL(read2(fd, &in, 1, 0, 0x1 /* RWF_HIPRI */));
	CALL(read2(fd, &in, 1, 0, 0x40000000));
	CALL(read2(fd, &in, 1, -2, 0));
	CALL(write2(fd, &out, 1, 0, 0x2 /* RWF_DSYNC */));
}

static void seek(void)
{
	int fd = CALL(open("a", RW, 0644)), pipes[2];

	CALL(write(fd, "0123456789", 10));
	CALL(lseek(fd, 5, SEEK_SET));
	CALL(lseek(fd, -3, SEEK_CUR));
	CALL(lseek(fd, -3, SEEK_CUR));
	CALL(lseek(fd, 100, SEEK_END));
	CALL(lseek(fd, -1, SEEK_SET));
	CALL(lseek(fd, 0, 77));
	CALL(lseek(fd, LLONG_MAX, SEEK_SET));
	CALL(lseek(fd, 1, SEEK_CUR));
	CALL(lseek(99, 0, SEEK_SET));
	CALL(pipe(pipes));
	CALL(lseek(pipes[0], 0, SEEK_SET));
	CALL(pread(pipes[0], &fd, 1, 0));
	CALL(pwrite(pipes[1], &fd, 1, 0));
}

static void sparse(void)
{
	int fd = CALL(open("a", RW, 0644));
	char c = 'c';

	CALL(ftruncate(fd, 16 * PAGE));
	show_fd(fd);
	CALL(pwrite(fd, "data", 4, 4 * PAGE));
	CALL(pwrite(fd, "data", 4, 9 * PAGE + 17));
	show_fd(fd);
	CALL(lseek(fd, 0, SEEK_DATA));
	CALL(lseek(fd, 0, SEEK_HOLE));
	CALL(lseek(fd, 4 * PAGE + 1, SEEK_HOLE));
	CALL(lseek(fd, 5 * PAGE, SEEK_DATA));
	CALL(lseek(fd, 10 * PAGE, SEEK_DATA));
	CALL(lseek(fd, 16 * PAGE, SEEK_HOLE));
	CALL(lseek(fd, 15 * PAGE, SEEK_HOLE));
	CALL(pread(fd, &c, 1, 100));
	BYTES(&c, 1);
}

static void truncate_file(void)
{
	int fd, reader;

	make_file("a", "0123456789");
	fd = CALL(open("a", O_RDWR));
	reader = CALL(open("a", O_RDONLY));
	CALL(truncate("a", 4));
	show_text("a");
	CALL(ftruncate(fd, 8));
	show_text("a");
	CALL(ftruncate(fd, -1));
	CALL(truncate("a", -1));
	CALL(ftruncate(reader, 0));
	CALL(truncate(".", 0));
	CALL(truncate("missing", 0));
	CALL(truncate("a/b", 0));
	CALL(ftruncate(99, 0));
	CALL(truncate(nowhere, 0));
	CALL(ftruncate(fd, LLONG_MAX));
	CALL(ftruncate(fd, 5));
}

static void fallocate_file(void)
{
	int fd = CALL(open("a", RW, 0644)), pipes[2];

	CALL(fallocate(fd, 0, 0, 2 * PAGE));
	show_fd(fd);
	CALL(fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, 4 * PAGE));
	show_fd(fd);
	CALL(pwrite(fd, "data", 4, PAGE - 2));
	CALL(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, PAGE));
	show_fd(fd);
	CALL(lseek(fd, 0, SEEK_DATA));
	CALL(fallocate(fd, FALLOC_FL_PUNCH_HOLE, 0, PAGE));
	CALL(fallocate(fd, FALLOC_FL_COLLAPSE_RANGE, 0, PAGE));
	CALL(fallocate(fd, FALLOC_FL_ZERO_RANGE, 0, PAGE));
	CALL(fallocate(fd, 0, 0, 0));
	CALL(fallocate(fd, 0, -1, 1));
	CALL(fallocate(fd, 0, LLONG_MAX, 1));
	CALL(fallocate(-1, 0, 0, 1));
	CALL(pipe(pipes));
	CALL(fallocate(pipes[1], 0, 0, 1));
	CALL(fallocate(open("a", O_RDONLY), 0, 0, 1));
}

/* Moving without a buffer */

static void copy_range_file(void)
{
	off_t in = 2, out = 5;
	int from, to;

	make_file("a", "0123456789");
	make_file("b", "abcdefgh");
	from = CALL(open("a", O_RDWR));
	to = CALL(open("b", O_RDWR));
	CALL(copy_range(from, &in, to, &out, 3, 0));
	say("in %lld out %lld", (long long)in, (long long)out);
	CALL(copy_range(from, NULL, to, NULL, 100, 0));
	CALL(copy_range(from, NULL, to, NULL, 100, 0));
	in = 0;
	out = 1;
	CALL(copy_range(from, &in, from, &out, 5, 0));
	out = 5;
	CALL(copy_range(from, &in, from, &out, 5, 0));
	CALL(copy_range(from, NULL, to, NULL, 1, 1));
	CALL(copy_range(from, NULL, open("b", O_RDONLY), NULL, 1, 0));
	CALL(copy_range(from, NULL, open("b", O_WRONLY | O_APPEND), NULL, 1, 0));
	CALL(copy_range(open(".", O_RDONLY), NULL, to, NULL, 1, 0));
	CALL(copy_range(from, (void *)nowhere, to, NULL, 1, 0));
}

static void sendfile_file(void)
{
	off_t offset = 3;
	int from, to, pipes[2];

	make_file("a", "0123456789");
	from = CALL(open("a", O_RDONLY));
	to = CALL(open("b", RW, 0644));
	CALL(sendfile(to, from, &offset, 4));
	say("offset %lld", (long long)offset);
	CALL(lseek(from, 0, SEEK_CUR));
	CALL(sendfile(to, from, NULL, 100));
	CALL(lseek(from, 0, SEEK_CUR));
	CALL(sendfile(to, from, NULL, 100));
	CALL(pipe(pipes));
	offset = 0;
	CALL(sendfile(pipes[1], from, &offset, 5));
	CALL(sendfile(pipes[0], from, &offset, 5));
	CALL(sendfile(to, pipes[0], NULL, 3));
	CALL(sendfile(to, pipes[0], &offset, 3));
	CALL(sendfile(from, from, NULL, 1));
	CALL(sendfile(to, from, (void *)nowhere, 1));
	offset = -1;
	CALL(sendfile(to, from, &offset, 1));
	CALL(sendfile(99, from, NULL, 1));
}

static void splice_pipe(void)
{
	loff_t in = 4, out = 2;
	int from, to, pipes[2];

	make_file("a", "0123456789");
	from = CALL(open("a", O_RDONLY));
	to = CALL(open("b", RW, 0644));
	CALL(pipe(pipes));
	CALL(splice(from, &in, pipes[1], NULL, 3, 0));
	CALL(splice(from, NULL, pipes[1], NULL, 2, SPLICE_F_MOVE));
	CALL(splice(pipes[0], NULL, to, &out, 4, 0));
	say("in %lld out %lld", (long long)in, (long long)out);
	CALL(splice(pipes[0], NULL, to, NULL, 100, 0));
	CALL(splice(pipes[0], NULL, to, NULL, 100, SPLICE_F_NONBLOCK));
	CALL(splice(from, NULL, to, NULL, 1, 0));
	CALL(splice(from, NULL, pipes[1], &in, 1, 0));
	CALL(splice(pipes[0], NULL, pipes[1], NULL, 1, 0));
	CALL(splice(from, NULL, pipes[1], NULL, 1, 0x100));
	CALL(splice(from, NULL, pipes[1], NULL, 0, 0));
	CALL(splice(99, NULL, pipes[1], NULL, 1, 0));
	CALL(splice(from, (void *)nowhere, pipes[1], NULL, 1, 0));
}

static void tee_pipe(void)
{
	int one[2], two[2];
	char text[8];

	CALL(pipe(one));
	CALL(pipe(two));
	CALL(write(one[1], "abcdef", 6));
	CALL(tee(one[0], two[1], 4, 0));
	CALL(read(two[0], text, 8));
	BYTES(text, 4);
	CALL(read(one[0], text, 8));
	BYTES(text, 6);
	CALL(tee(one[0], two[1], 4, SPLICE_F_NONBLOCK));
	CALL(tee(one[0], one[1], 4, 0));
	CALL(tee(one[0], 99, 4, 0));
	CALL(tee(open(".", O_RDONLY), two[1], 4, 0));
}

static void vmsplice_pipe(void)
{
	char *memory = pages(2, PROT_READ | PROT_WRITE), text[8];
	struct iovec out[] = { { memory + PAGE - 2, 4 }, { memory, 2 } };
	struct iovec in = { text, sizeof(text) }, bad = { nowhere, 4 };
	int pipes[2];

	memcpy(memory, "start", 5);
	memcpy(memory + PAGE - 2, "abcd", 4);
	CALL(pipe(pipes));
	CALL(vmsplice(pipes[1], out, 2, 0));
	CALL(read(pipes[0], text, 3));
	BYTES(text, 3);
	CALL(vmsplice(pipes[0], &in, 1, 0));
	BYTES(text, 3);
	CALL(vmsplice(pipes[1], &bad, 1, 0));
	CALL(vmsplice(pipes[1], out, 2, 0x100));
	CALL(vmsplice(open(".", O_RDONLY), out, 2, 0));
}

/* Descriptors */

static void duplicates(void)
{
	int fd = CALL(open("a", RW, 0644)), other = CALL(dup(fd));

	CALL(write(fd, "one", 3));
	CALL(write(other, "two", 3));
	CALL(lseek(fd, 0, SEEK_CUR));
	CALL(dup2(fd, 9));
	CALL(dup2(fd, fd));
	CALL(dup2(99, 99));
	CALL(dup2(fd, -1));
	CALL(dup2(-1, 9));
	CALL(dup3(fd, 9, O_CLOEXEC));
	CALL(fcntl(9, F_GETFD));
	CALL(dup3(fd, fd, 0));
	CALL(dup3(fd, 10, O_NONBLOCK));
	CALL(fcntl(fd, F_DUPFD, 9));
	CALL(fcntl(fd, F_DUPFD_CLOEXEC, 0));
	CALL(fcntl(fd, F_DUPFD, -1));
	CALL(close(fd));
	CALL(write(9, "three", 5));
}

static void fcntl_flags(void)
{
	int fd = CALL(open("a", RW, 0644)), other = CALL(dup(fd));

	CALL(fcntl(fd, F_SETFD, FD_CLOEXEC));
	CALL(fcntl(fd, F_GETFD));
	CALL(fcntl(other, F_GETFD));
	CALL(fcntl(fd, F_SETFL, O_APPEND | O_NONBLOCK | O_WRONLY | O_TRUNC));
	CALL(fcntl(other, F_GETFL));
	CALL(fcntl(fd, F_SETFL, O_DIRECT));
	CALL(fcntl(fd, F_GETFL));
	CALL(fcntl(fd, 9999));
	CALL(fcntl(-1, F_GETFL));
	CALL(fcntl(fd, F_GETOWN));
	CALL(fcntl(fd, F_GETSIG));
	CALL(fcntl(fd, F_GETPIPE_SZ));
	CALL(fcntl(fd, F_SETLEASE, F_WRLCK));
	CALL(close(other));
	CALL(fcntl(fd, F_GETLEASE));
	CALL(fcntl(fd, F_NOTIFY, 0));
}

static void close_ranges(void)
{
	int i;

	make_file("a", "");
	for (i = 0; i < 6; i++)
		CALL(open("a", O_RDONLY));
	CALL(close_fds(4, 5, 0));
	CALL(fcntl(3, F_GETFD));
	CALL(fcntl(4, F_GETFD));
	CALL(fcntl(6, F_GETFD));
	CALL(close_fds(6, 7, 4 /* CLOSE_RANGE_CLOEXEC */));
	CALL(fcntl(6, F_GETFD));
	CALL(fcntl(8, F_GETFD));
	CALL(close_fds(7, 6, 0));
	CALL(close_fds(3, 10, 0x100));
	CALL(close_fds(100, 200, 0));
	CALL(close_fds(3, ~0U, 0));
	CALL(open("a", O_RDONLY));
}

static void descriptor_limit(void)
{
	struct rlimit limit = { 6, 6 };
	int pipes[2];

	make_file("a", "");
	CALL(open("a", O_RDONLY));
	CALL(setrlimit(RLIMIT_NOFILE, &limit));
	CALL(open("a", O_RDONLY));
	CALL(pipe(pipes));
	CALL(open("a", O_RDONLY));
	CALL(open("a", O_RDONLY));
	CALL(dup(0));
	CALL(dup2(0, 6));
	CALL(dup2(0, 5));
	CALL(fcntl(0, F_DUPFD, 6));
	CALL(open("new", RW, 0644));
	CALL(close(4));
	CALL(pipe(pipes));
	CALL(open("a", O_RDONLY));
}

/* What this program prints is far from the limit. */
static void size_limit(void)
{
	const off_t end = 64 << 20;
	struct rlimit limit = { end, end };
	int fd;

	CALL(signal(SIGXFSZ, SIG_IGN) == SIG_ERR);
	CALL(setrlimit(RLIMIT_FSIZE, &limit));
	fd = CALL(open("a", RW, 0644));
	CALL(pwrite(fd, "0123456", 7, end - 4));
	CALL(pwrite(fd, "x", 1, end));
	CALL(pwrite(fd, "x", 1, end - 1));
	CALL(ftruncate(fd, end + 1));
	CALL(truncate("a", end + 1));
	CALL(fallocate(fd, 0, end, 1));
	show_fd(fd);
	CALL(ftruncate(fd, 5));
}

static void ioctl_file(void)
{
	int fd = CALL(open("a", RW, 0644)), n = -1, pipes[2];

	CALL(write(fd, "0123", 4));
	CALL(lseek(fd, 1, SEEK_SET));
	CALL(syscall(SYS_ioctl, fd, 0x541b /* FIONREAD */, &n));
	say("n %d", n);
	CALL(syscall(SYS_ioctl, fd, 0x5451 /* FIOCLEX */));
	CALL(fcntl(fd, F_GETFD));
	CALL(syscall(SYS_ioctl, fd, 0x5450 /* FIONCLEX */));
	CALL(fcntl(fd, F_GETFD));
	n = 1;
	CALL(syscall(SYS_ioctl, fd, 0x5421 /* FIONBIO */, &n));
	CALL(fcntl(fd, F_GETFL));
	CALL(syscall(SYS_ioctl, fd, 0x5401 /* TCGETS */, &n));
	CALL(isatty(fd));
	CALL(syscall(SYS_ioctl, fd, 0x5421, nowhere));
	CALL(syscall(SYS_ioctl, 99, 0x5421, &n));
	CALL(pipe(pipes));
	CALL(write(pipes[1], "12345", 5));
	CALL(syscall(SYS_ioctl, pipes[0], 0x541b, &n));
	say("n %d", n);
}

static void devices(void)
{
	int empty = CALL(open("/dev/null", O_RDWR)), zero = CALL(open("/dev/zero", O_RDWR));
	int full = CALL(open("/dev/full", O_RDWR));
	char text[4] = "text";

	CALL(read(empty, text, 4));
	CALL(write(empty, text, 4));
	CALL(write(empty, nowhere, 4));
	CALL(read(zero, text, 3));
	BYTES(text, 4);
	CALL(read(zero, nowhere, 3));
	CALL(write(full, text, 4));
	CALL(read(full, text, 4));
	CALL(lseek(empty, 10, SEEK_SET));
	show_fd(empty);
	CALL(open("/dev/null/x", O_RDONLY));
	CALL(ftruncate(empty, 0));
}

static void sync_file(void)
{
	int fd = CALL(open("a", RW, 0644)), pipes[2];

	CALL(write(fd, "text", 4));
	CALL(fsync(fd));
	CALL(fdatasync(fd));
	CALL(syncfs(fd));
	CALL(sync_file_range(fd, 0, 4, SYNC_FILE_RANGE_WRITE));
	CALL(sync_file_range(fd, 0, 4, 0x100));
	CALL(posix_fadvise(fd, 0, 4, POSIX_FADV_DONTNEED));
	CALL(posix_fadvise(fd, 0, 4, 77));
	CALL(readahead(fd, 0, 4));
	CALL(fsync(-1));
	CALL(pipe(pipes));
	CALL(fsync(pipes[0]));
	CALL(sync_file_range(pipes[0], 0, 4, 0));
	CALL(posix_fadvise(pipes[0], 0, 4, POSIX_FADV_DONTNEED));
	CALL(readahead(pipes[0], 0, 4));
}

/* Through what Linux says about the process */
static void proc_self(void)
{
	char text[PATH_MAX] = "";
	struct dirent **entries;
	int n, i;

	make_file("a", "text");
	CALL(open("a", O_RDONLY));
	CALL(readlink("/proc/self/cwd", text, sizeof(text)) > 0);
	IS(!strncmp(text, base, strlen(base)));
	memset(text, 0, sizeof(text));
	CALL(readlink("/proc/self/exe", text, sizeof(text)) > 0);
	IS(!strcmp(text, self));
	CALL(open("/proc/self/fd/3", O_RDONLY));
	CALL(open("/proc/self/cwd/a", O_RDONLY));
	n = scandir("/proc/self/fd", &entries, NULL, alphasort);
	for (i = 0; i < n; i++)
		say("/proc/self/fd: %s", entries[i]->d_name);
	CALL(open("/proc/self/nothing", O_RDONLY));
	CALL(open("/proc/version", O_RDWR));
	CALL(mkdir("/proc/new", 0755));
	CALL(unlink("/proc/version"));
}

static struct scenario scenarios[] = {
	HERE(open_create), HERE(open_excl), HERE(open_truncate), HERE(open_append),
	HERE(open_directory), HERE(open_nofollow), HERE(open_path), HERE(open_tmpfile),
	HERE(open_errors), HERE(open_edge), HERE(open_modes), HERE(open_lowest),
	HERE(open_flags), HERE(openat_directories), HERE(openat2_resolve),
	HERE(read_write), HERE(read_errors), HERE(pread_pwrite), HERE(bad_pointers),
	HERE(read_edge), HERE(write_edge), HERE(large_io), HERE(vectors),
	HERE(vector_errors), HERE(vectors2), HERE(seek), HERE(sparse),
	HERE(truncate_file), HERE(fallocate_file), HERE(copy_range_file),
	HERE(sendfile_file), HERE(splice_pipe), HERE(tee_pipe), HERE(vmsplice_pipe),
	HERE(duplicates), HERE(fcntl_flags), HERE(close_ranges),
	PROCESS(descriptor_limit), PROCESS(size_limit), HERE(ioctl_file), HERE(devices),
	HERE(sync_file), HERE(proc_self),
};

int main(int argc, char **argv)
{
	return differ(argc, argv, scenarios, LENGTH(scenarios));
}
