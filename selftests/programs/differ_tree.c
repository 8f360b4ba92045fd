// SPDX-License-Identifier: GPL-2.0
/* Scenarios, see differ.h: names, directories, attributes, locks, watches */
#include "differ.h"

#include <linux/stat.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/statfs.h>
#include <sys/time.h>
#include <sys/xattr.h>
#include <utime.h>

#ifndef SYS_fchmodat2
#define SYS_fchmodat2	452
#endif

/* Names */

static void link_file(void)
{
	make_file("a", "text");
	CALL(link("a", "b"));
	CALL(link("a", "b"));
	CALL(link("missing", "c"));
	CALL(link("a", "missing/c"));
	CALL(link("a", "/proc/c"));
	CALL(mkdir("d", 0755));
	CALL(link("d", "e"));
	CALL(unlink("a"));
	show_file("b");
}

static void link_at(void)
{
	int dir;

	make_file("a", "text");
	CALL(symlink("a", "link"));
	CALL(mkdir("d", 0755));
	dir = CALL(open("d", O_PATH));
	CALL(linkat(AT_FDCWD, "link", dir, "link", 0));
	CALL(linkat(AT_FDCWD, "link", dir, "file", AT_SYMLINK_FOLLOW));
	CALL(linkat(AT_FDCWD, "a", AT_FDCWD, "b", 0x10000));
	CALL(linkat(AT_FDCWD, "", dir, "b", 0));
	CALL(linkat(99, "a", dir, "b", 0));
}

static void symbolic_links(void)
{
	char target[8] = "xxxxxxxx";

	CALL(symlink("0123456789", "a"));
	CALL(readlink("a", target, 4));
	BYTES(target, 8);
	CALL(readlink("a", target, 0));
	CALL(readlink(".", target, 8));
	CALL(readlink("missing", target, 8));
	CALL(symlink("x", "a"));
	CALL(symlink("", "b"));
	CALL(symlink(nowhere, "b"));
	CALL(symlinkat("c", 99, "b"));
	CALL(mkdir("a/b", 0755));
	CALL(open("a", O_CREAT, 0644));
}

static void symbolic_depth(void)
{
	char from[16], to[16];
	int i;

	make_file("l0", "end");
	for (i = 0; i < 42; i++) {
		sprintf(from, "l%d", i);
		sprintf(to, "l%d", i + 1);
		if (symlink(from, to))
			say("symlink: %s", strerror(errno));
	}
	CALL(open("l39", O_RDONLY));
	CALL(open("l40", O_RDONLY));
	CALL(open("l41", O_RDONLY));
	CALL(open("l42", O_PATH | O_NOFOLLOW));
}

static void unlink_file(void)
{
	char text[8];
	int fd;

	make_file("a", "text");
	CALL(mkdir("d", 0755));
	CALL(symlink("a", "link"));
	fd = CALL(open("a", O_RDWR));
	CALL(unlink("link"));
	CALL(unlink("a"));
	CALL(unlink("a"));
	CALL(unlink("d"));
	CALL(unlink("d/"));
	CALL(unlinkat(AT_FDCWD, "d", 0x1000));
	show_fd(fd);
	CALL(read(fd, text, 8));
	CALL(unlinkat(AT_FDCWD, "d", AT_REMOVEDIR));
	CALL(unlink(nowhere));
}

static void make_directory(void)
{
	make_file("a", "");
	umask(022);
	CALL(mkdir("d", 01777));
	CALL(mkdir("d", 0755));
	CALL(mkdir("a", 0755));
	CALL(mkdir("a/b", 0755));
	CALL(mkdir("missing/b", 0755));
	CALL(mkdir("d/e/", 0700));
	show_file("d");
	CALL(mkdir(".", 0755));
	CALL(mkdir("/", 0755));
	CALL(mkdir("", 0755));
	CALL(mkdirat(99, "b", 0755));
}

static void remove_directory(void)
{
	make_file("a", "");
	CALL(mkdir("d", 0755));
	CALL(mkdir("d/e", 0755));
	CALL(rmdir("d"));
	CALL(rmdir("a"));
	CALL(rmdir("d/."));
	CALL(rmdir("d/e/.."));
	CALL(rmdir("/"));
	CALL(rmdir("/proc"));
	CALL(rmdir("d/e"));
	show_file("d");
	CALL(rmdir("d"));
	CALL(rmdir("d"));
}

static void rename_file(void)
{
	make_file("a", "a");
	make_file("b", "b");
	CALL(rename("a", "b"));
	CALL(rename("a", "b"));
	CALL(link("b", "c"));
	CALL(rename("b", "c"));
	CALL(mkdir("d", 0755));
	CALL(rename("b", "d"));
	CALL(rename("b", "d/b"));
	CALL(rename("c", "/proc/c"));
	CALL(rename("c", "missing/c"));
	CALL(rename("c", "c/c"));
	CALL(rename("c", ""));
	CALL(rename("c", nowhere));
}

static void rename_directory(void)
{
	CALL(mkdir("d", 0755));
	CALL(mkdir("d/e", 0755));
	CALL(mkdir("empty", 0755));
	CALL(mkdir("full", 0755));
	make_file("full/a", "a");
	CALL(rename("d", "d/e/f"));
	CALL(rename("d", "full"));
	CALL(rename("d", "full/a"));
	CALL(rename("d", "empty"));
	CALL(rename("empty/e", "empty"));
	CALL(rename("empty", "."));
	CALL(rename(".", "x"));
	show_file("empty");
}

static void rename_flags(void)
{
	make_file("a", "a");
	make_file("b", "b");
	CALL(mkdir("d", 0755));
	CALL(syscall(SYS_renameat2, AT_FDCWD, "a", AT_FDCWD, "b", 1 /* NOREPLACE */));
	CALL(syscall(SYS_renameat2, AT_FDCWD, "a", AT_FDCWD, "b", 2 /* EXCHANGE */));
	show_text("a");
	CALL(syscall(SYS_renameat2, AT_FDCWD, "a", AT_FDCWD, "d", 2));
	CALL(syscall(SYS_renameat2, AT_FDCWD, "b", AT_FDCWD, "missing", 2));
	CALL(syscall(SYS_renameat2, AT_FDCWD, "b", AT_FDCWD, "c", 1));
	CALL(syscall(SYS_renameat2, AT_FDCWD, "b", AT_FDCWD, "c", 3));
	CALL(syscall(SYS_renameat2, AT_FDCWD, "b", AT_FDCWD, "c", 0x100));
}

static void make_node(void)
{
	char c = 'c';
	int fd;

	CALL(mkfifo("fifo", 0640));
	CALL(mkfifo("fifo", 0640));
	CALL(mknod("socket", S_IFSOCK | 0600, 0));
	CALL(mknod("file", S_IFREG | 0600, 0));
	CALL(mknod("zero", S_IFCHR | 0666, makedev(1, 5)));
	CALL(mknod("block", S_IFBLK | 0600, makedev(250, 3)));
	CALL(mknod("directory", S_IFDIR | 0700, 0));
	fd = CALL(open("zero", O_RDONLY));
	CALL(read(fd, &c, 1));
	BYTES(&c, 1);
	CALL(open("socket", O_RDWR));
	CALL(open("block", O_RDONLY));
	CALL(open("fifo", O_WRONLY | O_NONBLOCK));
	CALL(unlink("zero"));
}

/* One character below the limit is well, and so is what is no text. */
static void long_names(void)
{
	char name[NAME_MAX + 2];

	memset(name, 'n', sizeof(name));
	name[NAME_MAX] = 0;
	CALL(mkdir(name, 0755));
	CALL(rmdir(name));
	name[NAME_MAX] = 'n';
	name[NAME_MAX + 1] = 0;
	CALL(mkdir(name, 0755));
	CALL(mkdir("\303\244\n \001\377", 0755));
	CALL(mkdir("-", 0755));
	CALL(mkdir("...", 0755));
	CALL(access("\303\244\n \001\377", F_OK));
	CALL(rmdir("\303\244\n \001\377"));
}

/* Directories */

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char **)a, *(char **)b);
}

/* Names and types, in the order of the names */
static void show_entries(int fd, size_t len)
{
	char buffer[1024], lines[32][32], *sorted[32], *p;
	long n, count = 0, i;

	while ((n = syscall(SYS_getdents64, fd, buffer, len)) > 0)
		for (p = buffer; p < buffer + n; p += ((struct dirent *)p)->d_reclen) {
			struct dirent *entry = (struct dirent *)p;

			sorted[count] = lines[count];
			snprintf(lines[count++], 32, "%.20s type %d", entry->d_name,
				 entry->d_type);
		}
	say("getdents64 ends with %ld %s", n, n ? strerror(errno) : "");
	qsort(sorted, count, sizeof(*sorted), by_text);
	for (i = 0; i < count; i++)
		say("%s", sorted[i]);
}

static void directory_entries(void)
{
	int dir = CALL(open(".", O_RDONLY)), file;

	make_file("file", "");
	CALL(mkdir("directory", 0755));
	CALL(symlink("x", "link"));
	CALL(mkfifo("fifo", 0644));
	show_entries(dir, 1024);
	show_entries(dir, 1024);
	CALL(lseek(dir, 0, SEEK_SET));
	show_entries(dir, 40);
	CALL(lseek(dir, 0, SEEK_SET));
	show_entries(dir, 10);
	file = CALL(open("file", O_RDONLY));
	show_entries(file, 1024);
	dir = CALL(open("directory", O_RDONLY));
	CALL(rmdir("directory"));
	show_entries(dir, 1024);
}

static void working_directory(void)
{
	char path[PATH_MAX];
	int dir = CALL(open(".", O_PATH));

	CALL(mkdir("d", 0755));
	make_file("a", "");
	CALL(chdir("d"));
	CALL(getcwd(path, sizeof(path)) == path);
	IS(!strncmp(path, base, strlen(base)));
	say("in %s", path + strlen(base));
	CALL(getcwd(path, 3) == path);
	CALL(chdir("../a"));
	CALL(chdir("missing"));
	CALL(chdir(nowhere));
	CALL(rmdir("../d"));
	CALL(getcwd(path, sizeof(path)) == path);
	CALL(open("a", O_CREAT, 0644));
	CALL(chdir(".."));
	CALL(fchdir(dir));
	CALL(fchdir(99));
	CALL(fchdir(open("a", O_RDONLY)));
}

/* Attributes */

static void show_statx(const struct statx *stx)
{
	say("mask %#x mode %o links %u size %llu blocks %llu blksize %u attributes %#llx",
	    stx->stx_mask & STATX_BASIC_STATS, stx->stx_mode, stx->stx_nlink,
	    (unsigned long long)stx->stx_size, (unsigned long long)stx->stx_blocks,
	    stx->stx_blksize, (unsigned long long)stx->stx_attributes);
}

static void stat_extended(void)
{
	struct statx stx;
	int fd;

	make_file("a", "text");
	CALL(symlink("a", "link"));
	fd = CALL(open("a", O_RDONLY));
	CALL(syscall(SYS_statx, AT_FDCWD, "link", 0, STATX_BASIC_STATS, &stx));
	show_statx(&stx);
	CALL(syscall(SYS_statx, AT_FDCWD, "link", AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, &stx));
	show_statx(&stx);
	CALL(syscall(SYS_statx, fd, "", AT_EMPTY_PATH, STATX_SIZE, &stx));
	show_statx(&stx);
	CALL(syscall(SYS_statx, fd, "", 0, STATX_SIZE, &stx));
	CALL(syscall(SYS_statx, fd, "", 0x80000000, STATX_SIZE, &stx));
	CALL(syscall(SYS_statx, fd, "", AT_EMPTY_PATH, 0x80000000, &stx));
	CALL(syscall(SYS_statx, fd, "", AT_EMPTY_PATH, STATX_SIZE, nowhere));
	CALL(syscall(SYS_statx, AT_FDCWD, "missing", 0, STATX_SIZE, &stx));
}

static void stat_at(void)
{
	struct stat st;
	int dir;

	CALL(mkdir("d", 0755));
	CALL(symlink("missing", "d/link"));
	dir = CALL(open("d", O_PATH));
	CALL(fstatat(dir, "link", &st, 0));
	CALL(fstatat(dir, "link", &st, AT_SYMLINK_NOFOLLOW));
	show_stat("link", &st);
	CALL(syscall(SYS_newfstatat, dir, "", &st, AT_EMPTY_PATH));
	show_stat("d", &st);
	CALL(syscall(SYS_newfstatat, dir, "", &st, 0));
	CALL(syscall(SYS_newfstatat, dir, "", &st, 0x100000));
	CALL(syscall(SYS_newfstatat, 99, "x", &st, 0));
	CALL(stat("d/link/x", &st));
	CALL(lstat("d/link/", &st));
	CALL(fstat(99, &st));
}

static void show_times(const char *path)
{
	struct stat st;

	if (lstat(path, &st))
		say("%s: %s", path, strerror(errno));
	else
		say("%s: %lld.%09ld %lld.%09ld", path, (long long)st.st_atim.tv_sec,
		    st.st_atim.tv_nsec, (long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
}

static void set_times(void)
{
	struct timespec times[] = { { 1000000000, 123456789 }, { -5, 1 } };
	struct timespec keep[] = { { 0, UTIME_OMIT }, { 7, 8 } };
	struct timespec bad[] = { { 0, 0 }, { 0, 1000000000 } };
	struct timeval micro[] = { { 11, 12 }, { 13, 14 } };
	struct utimbuf seconds = { 21, 22 };
	int fd;

	make_file("a", "text");
	CALL(symlink("a", "link"));
	CALL(utimensat(AT_FDCWD, "a", times, 0));
	show_times("a");
	CALL(utimensat(AT_FDCWD, "link", keep, 0));
	show_times("a");
	CALL(utimensat(AT_FDCWD, "link", times, AT_SYMLINK_NOFOLLOW));
	show_times("link");
	fd = CALL(open("a", O_RDONLY));
	CALL(futimens(fd, keep));
	CALL(utimensat(AT_FDCWD, "a", bad, 0));
	CALL(utimensat(AT_FDCWD, "missing", times, 0));
	CALL(syscall(SYS_utimes, "a", micro));
	show_times("a");
	CALL(syscall(SYS_utime, "a", &seconds));
	show_times("a");
	CALL(utimensat(AT_FDCWD, "a", times, 0x10000));
	CALL(syscall(SYS_utimes, "a", nowhere));
}

static void access_root(void)
{
	make_file("a", "");
	CALL(chmod("a", 0));
	CALL(access("a", R_OK | W_OK));
	CALL(access("a", X_OK));
	CALL(chmod("a", 0001));
	CALL(access("a", X_OK));
	CALL(access("missing", F_OK));
	CALL(access("a/b", F_OK));
	CALL(access("a", 8));
	CALL(symlink("missing", "link"));
	CALL(access("link", F_OK));
	CALL(syscall(SYS_faccessat2, AT_FDCWD, "link", F_OK, AT_SYMLINK_NOFOLLOW));
	CALL(syscall(SYS_faccessat2, AT_FDCWD, "a", R_OK, AT_EACCESS));
	CALL(syscall(SYS_faccessat2, AT_FDCWD, "a", R_OK, 0x100000));
	CALL(access(nowhere, F_OK));
}

static void change_mode(void)
{
	int fd;

	make_file("a", "");
	CALL(symlink("a", "link"));
	fd = CALL(open("a", O_RDONLY));
	CALL(chmod("a", 07777));
	show_file("a");
	CALL(chmod("link", 0640));
	CALL(fchmod(fd, 04711));
	show_file("a");
	CALL(syscall(SYS_fchmodat, AT_FDCWD, "a", 0600));
	CALL(syscall(SYS_fchmodat2, AT_FDCWD, "link", 0600, AT_SYMLINK_NOFOLLOW));
	CALL(syscall(SYS_fchmodat2, fd, "", 0604, AT_EMPTY_PATH));
	CALL(syscall(SYS_fchmodat2, fd, "", 0604, 0x100000));
	CALL(chmod("missing", 0));
	CALL(fchmod(99, 0));
	CALL(chmod(".", 0701));
}

static void change_owner(void)
{
	int fd;

	make_file("a", "");
	CALL(symlink("a", "link"));
	fd = CALL(open("a", O_RDONLY));
	CALL(chmod("a", 06755));
	CALL(chown("a", 1, 2));
	show_file("a");
	CALL(chown("a", -1, 3));
	CALL(fchown(fd, 4, -1));
	show_file("a");
	CALL(lchown("link", 5, 6));
	CALL(chown("link", 7, 8));
	CALL(fchownat(fd, "", 9, 10, AT_EMPTY_PATH));
	CALL(fchownat(AT_FDCWD, "link", 11, 12, 0x100000));
	CALL(chown("missing", 0, 0));
	CALL(chown("a", -1, -1));
}

static void change_umask(void)
{
	CALL(umask(027));
	CALL(umask(07777));
	CALL(umask(0));
	CALL(open("a", O_CREAT, 0666));
	CALL(umask(0277));
	CALL(open("b", O_CREAT, 0666));
	CALL(mkdir("c", 0777));
	CALL(mkfifo("d", 0777));
	CALL(umask(022));
}

static void show_names(const char *path)
{
	char names[256];
	ssize_t n = llistxattr(path, names, sizeof(names));

	say("llistxattr -> %zd %s", n, n < 0 ? strerror(errno) : "");
	if (n >= 0)
		BYTES(names, n);
}

/* The names tell if the kernel has them for this file system. */
static void extended_attributes(void)
{
	char value[8] = "";
	int fd;

	make_file("a", "");
	CALL(symlink("a", "link"));
	fd = CALL(open("a", O_RDONLY));
	CALL(setxattr("a", "trusted.one", "value", 5, 0));
	CALL(setxattr("a", "trusted.one", "val", 3, XATTR_CREATE));
	CALL(setxattr("a", "trusted.two", "val", 3, XATTR_REPLACE));
	CALL(fsetxattr(fd, "trusted.one", "", 0, XATTR_REPLACE));
	CALL(getxattr("link", "trusted.one", value, sizeof(value)));
	CALL(lgetxattr("link", "trusted.one", value, sizeof(value)));
	CALL(setxattr("a", "trusted.long", "0123456789", 10, 0));
	CALL(getxattr("a", "trusted.long", value, sizeof(value)));
	CALL(getxattr("a", "trusted.long", NULL, 0));
	CALL(fgetxattr(fd, "trusted.missing", value, sizeof(value)));
	show_names("a");
	CALL(removexattr("a", "trusted.long"));
	CALL(removexattr("a", "trusted.long"));
	CALL(lsetxattr("link", "trusted.link", "x", 1, 0));
	show_names("link");
	show_names("a");
}

static void attribute_errors(void)
{
	char value[8];

	make_file("a", "");
	CALL(setxattr("a", "user.name", "value", 5, 0));
	CALL(setxattr("a", "unknown.name", "value", 5, 0));
	CALL(setxattr("a", "trusted.", "value", 5, 0));
	CALL(setxattr("a", "trusted.x", "value", 5, 99));
	CALL(setxattr("a", "trusted.x", nowhere, 5, 0));
	CALL(setxattr("a", nowhere, "value", 5, 0));
	CALL(syscall(SYS_setxattr, "a", "trusted.x", "value", 1L << 20, 0L));
	CALL(setxattr("missing", "trusted.x", "value", 5, 0));
	CALL(getxattr("a", "trusted.x", value, sizeof(value)));
	CALL(fgetxattr(99, "trusted.x", value, sizeof(value)));
	CALL(listxattr("missing", NULL, 0));
	CALL(removexattr("a", "system.posix_acl_access"));
}

static void file_system(void)
{
	struct statfs sfs;
	int fd = CALL(open(".", O_RDONLY));

	CALL(statfs(".", &sfs));
	say("type %#lx block %ld name %ld", (long)sfs.f_type, (long)sfs.f_bsize,
	    (long)sfs.f_namelen);
	CALL(fstatfs(fd, &sfs));
	CALL(statfs("/proc", &sfs));
	say("type %#lx", (long)sfs.f_type);
	CALL(statfs("missing", &sfs));
	CALL(syscall(SYS_statfs, ".", nowhere));
	CALL(fstatfs(99, &sfs));
	CALL(syscall(SYS_ustat, 0xffff, &sfs));
}

static void file_handle(void)
{
	struct { struct file_handle handle; char more[128]; } to = { .handle.handle_bytes = 128 };
	int mount, fd;

	make_file("a", "text");
	CALL(name_to_handle_at(AT_FDCWD, "a", &to.handle, &mount, 0));
	say("%u bytes, type %d", to.handle.handle_bytes, to.handle.handle_type);
	fd = CALL(open(".", O_RDONLY));
	CALL(open_by_handle_at(fd, &to.handle, O_RDONLY));
	to.handle.handle_bytes = 0;
	CALL(name_to_handle_at(AT_FDCWD, "a", &to.handle, &mount, 0));
	CALL(open_by_handle_at(fd, &to.handle, O_RDONLY));
	CALL(name_to_handle_at(AT_FDCWD, "missing", &to.handle, &mount, 0));
	CALL(name_to_handle_at(AT_FDCWD, "a", (void *)nowhere, &mount, 0));
}

/* Locks of open files; those of processes are in differ_process.c */

static void lock_flock(void)
{
	int one, two;

	make_file("a", "");
	one = CALL(open("a", O_RDONLY));
	two = CALL(open("a", O_RDWR));
	CALL(flock(one, LOCK_SH));
	CALL(flock(two, LOCK_SH | LOCK_NB));
	CALL(flock(two, LOCK_EX | LOCK_NB));
	CALL(flock(one, LOCK_UN));
	CALL(flock(two, LOCK_EX | LOCK_NB));
	CALL(flock(one, LOCK_SH | LOCK_NB));
	CALL(flock(dup(two), LOCK_SH | LOCK_NB));
	CALL(close(two));
	CALL(flock(one, LOCK_EX | LOCK_NB));
	CALL(close(4));
	CALL(flock(one, 0));
	CALL(flock(one, 77));
	CALL(flock(99, LOCK_SH));
}

static void lock_open_file(void)
{
	struct flock whole = { .l_type = F_WRLCK }, part = { .l_type = F_WRLCK, .l_start = 10,
		.l_len = 5 };
	struct flock seen = whole;
	int one, two;

	make_file("a", "");
	one = CALL(open("a", O_RDWR));
	two = CALL(open("a", O_RDWR));
	CALL(fcntl(one, F_OFD_SETLK, &part));
	CALL(fcntl(two, F_OFD_SETLK, &whole));
	CALL(fcntl(two, F_OFD_GETLK, &seen));
	say("type %d start %lld length %lld pid %d", seen.l_type, (long long)seen.l_start,
	    (long long)seen.l_len, seen.l_pid);
	part.l_start = 15;
	CALL(fcntl(two, F_OFD_SETLK, &part));
	CALL(fcntl(one, F_SETLK, &part));
	part.l_pid = 1;
	CALL(fcntl(two, F_OFD_SETLK, &part));
	CALL(close(one));
	CALL(fcntl(two, F_OFD_SETLK, &whole));
	whole.l_type = 77;
	CALL(fcntl(two, F_OFD_SETLK, &whole));
	CALL(fcntl(two, F_OFD_SETLK, nowhere));
}

/* Watches */

static void show_events(int fd)
{
	char buffer[1024] __attribute__((aligned(8))), *p;
	ssize_t n = read(fd, buffer, sizeof(buffer));
	static uint32_t cookie;

	if (n < 0)
		say("no events: %s", strerror(errno));
	for (p = buffer; p < buffer + n; p += sizeof(struct inotify_event)) {
		struct inotify_event *event = (void *)p;

		say("watch %d mask %#x %s %s", event->wd, event->mask,
		    event->cookie ? event->cookie == cookie ? "same" : "cookie" : "",
		    event->len ? event->name : "");
		cookie = event->cookie;
		p += event->len;
	}
}

static void watch_directory(void)
{
	int fd = CALL(inotify_init1(IN_NONBLOCK | IN_CLOEXEC));

	CALL(mkdir("d", 0755));
	CALL(inotify_add_watch(fd, "d", IN_ALL_EVENTS));
	show_events(fd);
	make_file("d/a", "text");
	CALL(rename("d/a", "d/b"));
	CALL(chmod("d/b", 0600));
	CALL(link("d/b", "c"));
	CALL(unlink("d/b"));
	show_events(fd);
	CALL(rmdir("d"));
	show_events(fd);
}

static void watch_file(void)
{
	int fd = CALL(inotify_init1(IN_NONBLOCK)), n = -1;

	make_file("a", "text");
	CALL(inotify_add_watch(fd, "a", IN_MODIFY | IN_ONESHOT));
	CALL(truncate("a", 2));
	CALL(truncate("a", 1));
	CALL(syscall(SYS_ioctl, fd, 0x541b /* FIONREAD */, &n));
	say("n %d", n);
	CALL(read(fd, &n, 4));
	show_events(fd);
	CALL(inotify_add_watch(fd, "a", IN_ATTRIB));
	CALL(inotify_add_watch(fd, "a", IN_ATTRIB | IN_DELETE_SELF));
	CALL(inotify_rm_watch(fd, 2));
	CALL(inotify_rm_watch(fd, 2));
	show_events(fd);
	CALL(inotify_add_watch(fd, "a", 0));
	CALL(inotify_add_watch(fd, "a", IN_ONLYDIR | IN_OPEN));
	CALL(inotify_add_watch(fd, "missing", IN_OPEN));
	CALL(inotify_add_watch(0, "a", IN_OPEN));
	CALL(inotify_init1(1));
}

/* Files without a name */

static void memory_file(void)
{
	char text[8];
	int fd = CALL(memfd_create("name", MFD_CLOEXEC | MFD_ALLOW_SEALING));

	show_fd(fd);
	CALL(write(fd, "text", 4));
	CALL(fcntl(fd, F_GET_SEALS));
	CALL(fcntl(fd, F_ADD_SEALS, F_SEAL_GROW | F_SEAL_SHRINK));
	CALL(ftruncate(fd, 2));
	CALL(ftruncate(fd, 8));
	CALL(pwrite(fd, "more", 4, 2));
	CALL(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
	CALL(pwrite(fd, "x", 1, 0));
	CALL(pread(fd, text, 8, 0));
	BYTES(text, 4);
	CALL(fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL));
	CALL(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
	CALL(fcntl(fd, F_GET_SEALS));
	CALL(fcntl(CALL(memfd_create("", 0)), F_ADD_SEALS, F_SEAL_WRITE));
	CALL(memfd_create("x", 0x8000));
	CALL(memfd_create(nowhere, 0));
}

static struct scenario scenarios[] = {
	HERE(link_file), HERE(link_at), HERE(symbolic_links), HERE(symbolic_depth),
	HERE(unlink_file), HERE(make_directory), HERE(remove_directory),
	HERE(rename_file), HERE(rename_directory), HERE(rename_flags), HERE(make_node),
	HERE(long_names), HERE(directory_entries), HERE(working_directory),
	HERE(stat_extended), HERE(stat_at), HERE(set_times), HERE(access_root),
	HERE(change_mode), HERE(change_owner), HERE(change_umask),
	HERE(extended_attributes), HERE(attribute_errors), HERE(file_system),
	HERE(file_handle), HERE(lock_flock), HERE(lock_open_file), HERE(watch_directory),
	HERE(watch_file), HERE(memory_file),
};

int main(int argc, char **argv)
{
	return differ(argc, argv, scenarios, LENGTH(scenarios));
}
