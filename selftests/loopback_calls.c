// SPDX-License-Identifier: GPL-2.0
/*
 * Calls that Linux makes for an RTOS process have the results that the same calls
 * have here: values, bytes, errors, and effects on what both can see.
 */
#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>

#include <linux/futex.h>

#include "../kselftest_harness.h"
#include "peer.h"

/* Where arguments and results are in the memory of the process */
#define PATH		0
#define IN		PAGE
#define OUT		(2 * PAGE)

/* In the window, but not mapped */
#define UNMAPPED	(WINDOW + WINDOW_LEN - PAGE)
#define OUTSIDE		(WINDOW + WINDOW_LEN)

static const char text[] = "some bytes";

FIXTURE(calls) {
	struct peer peer;
	struct process *p;
	char path[32];
};

FIXTURE_SETUP(calls)
{
	const char *why = peer_missing();
	int fd;

	if (why)
		SKIP(return, "%s", why);
	snprintf(self->path, sizeof(self->path), "/tmp/crtos.XXXXXX");
	fd = mkstemp(self->path);
	ASSERT_LE(0, fd);
	ASSERT_EQ(sizeof(text), write(fd, text, sizeof(text)));
	close(fd);
	ASSERT_EQ(0, peer_start_ready(&self->peer));
	self->p = peer_spawn(&self->peer);
	if (!self->p)
		peer_stop(&self->peer);
	ASSERT_NE(NULL, self->p);
}

/* After each: the process is alive and ends as it says. */
FIXTURE_TEARDOWN(calls)
{
	EXPECT_EQ(getpid(), call(self->p, SYS_getppid));
	EXPECT_EQ(7 << 8, process_exit(self->p, 7 << 8));
	peer_stop(&self->peer);
	unlink(self->path);
}

/* Of a call made here: the result as the kernel gives it */
#define direct(...) ({				\
	long ret_ = syscall(__VA_ARGS__);	\
	ret_ < 0 ? -errno : ret_;		\
})

static __s64 open_path(struct process *p, const char *path, int flags)
{
	return call(p, SYS_openat, AT_FDCWD, put_string(p, PATH, path), flags, 0600);
}

TEST_F(calls, identity)
{
	struct process *p = self->p;

	EXPECT_EQ(getpid(), call(p, SYS_getppid));
	EXPECT_EQ(p->pid, call(p, SYS_getpid));
	EXPECT_EQ(getpgrp(), call(p, SYS_getpgrp));
	EXPECT_EQ(getsid(0), call(p, SYS_getsid, 0));
	EXPECT_EQ(getuid(), call(p, SYS_getuid));
	EXPECT_EQ(getegid(), call(p, SYS_getegid));
	EXPECT_LE(0, call(p, SYS_umask, 0123));
	EXPECT_EQ(0123, call(p, SYS_umask, 0));
}

TEST_F(calls, uname)
{
	struct utsname uts = {};

	EXPECT_EQ(0, uname(&uts));
	EXPECT_EQ(0, call(self->p, SYS_uname, at(OUT)));
	EXPECT_EQ(0, memcmp(&uts, self->p->mem + OUT, sizeof(uts)));
}

TEST_F(calls, directory)
{
	struct process *p = self->p;
	char cwd[PAGE];

	EXPECT_EQ(direct(SYS_getcwd, cwd, sizeof(cwd)), call(p, SYS_getcwd, at(OUT), PAGE));
	EXPECT_STREQ(cwd, p->mem + OUT);
	EXPECT_EQ(-ERANGE, call(p, SYS_getcwd, at(OUT), 1));
	EXPECT_EQ(0, call(p, SYS_chdir, put_string(p, PATH, "/tmp")));
	EXPECT_EQ(5, call(p, SYS_getcwd, at(OUT), PAGE));
	EXPECT_STREQ("/tmp", p->mem + OUT);
	/* Its own */
	EXPECT_EQ(strlen(cwd) + 1, direct(SYS_getcwd, p->mem + IN, PAGE));
	EXPECT_STREQ(cwd, p->mem + IN);
}

TEST_F(calls, file)
{
	struct process *p = self->p;
	struct stat st, *seen = (void *)(p->mem + OUT);
	char buf[sizeof(text)];
	__s64 fd = open_path(p, self->path, O_RDWR);
	int here = open(self->path, O_RDONLY);

	ASSERT_LE(0, here);
	ASSERT_EQ(3, fd);
	EXPECT_EQ(sizeof(text), call(p, SYS_read, fd, at(OUT), PAGE));
	EXPECT_EQ(0, memcmp(text, p->mem + OUT, sizeof(text)));
	EXPECT_EQ(0, call(p, SYS_read, fd, at(OUT), PAGE));

	EXPECT_EQ(0, stat(self->path, &st));
	EXPECT_EQ(0, call(p, SYS_fstat, fd, at(OUT)));
	EXPECT_EQ(0, memcmp(&st, seen, sizeof(st)));
	memset(seen, 0xff, sizeof(st));
	EXPECT_EQ(0, call(p, SYS_newfstatat, AT_FDCWD, at(PATH), at(OUT), 0));
	EXPECT_EQ(0, memcmp(&st, seen, sizeof(st)));

	EXPECT_EQ(5, call(p, SYS_lseek, fd, 5, SEEK_SET));
	EXPECT_EQ(5, call(p, SYS_lseek, fd, 0, SEEK_CUR));
	EXPECT_EQ(3, call(p, SYS_write, fd, put(p, IN, "new", 3), 3));
	EXPECT_EQ(sizeof(text), read(here, buf, sizeof(buf)));
	EXPECT_STREQ("some newes", buf);
	EXPECT_EQ(0, call(p, SYS_close, fd));
	EXPECT_EQ(-EBADF, call(p, SYS_close, fd));
	EXPECT_EQ(0, call(p, SYS_unlink, at(PATH)));
	EXPECT_EQ(-1, access(self->path, F_OK));
	close(here);
}

/* Over all pages, from places that are not aligned */
TEST_F(calls, many_bytes)
{
	struct process *p = self->p;
	const size_t len = 3 * PAGE - 5;
	__s64 fd = open_path(p, self->path, O_RDWR);
	char *in = p->mem + IN + 3;
	char *buf = malloc(len);
	int here = open(self->path, O_RDONLY);
	size_t i;

	ASSERT_NE(NULL, buf);
	for (i = 0; i < len; i++)
		in[i] = i * 7;
	EXPECT_EQ(len, call(p, SYS_pwrite64, fd, at(IN + 3), len, 0));
	EXPECT_EQ(len, read(here, buf, len));
	EXPECT_EQ(0, memcmp(in, buf, len));
	memset(p->mem, 0, MEM_LEN);
	EXPECT_EQ(len, call(p, SYS_pread64, fd, at(IN + 1), MEM_LEN - IN - 1, 0));
	EXPECT_EQ(0, memcmp(p->mem + IN + 1, buf, len));
	EXPECT_EQ(0, p->mem[IN]);
	free(buf);
	close(here);
}

/* Addresses inside structures */
TEST_F(calls, vectors)
{
	struct process *p = self->p;
	struct iovec *iov = (void *)(p->mem + IN);
	__s64 fd = open_path(p, self->path, O_RDONLY);

	iov[0] = (struct iovec) { (void *)at(OUT), 4 };
	iov[1] = (struct iovec) { (void *)at(OUT + 100), 100 };
	EXPECT_EQ(sizeof(text), call(p, SYS_readv, fd, at(IN), 2));
	EXPECT_EQ(0, memcmp(text, p->mem + OUT, 4));
	EXPECT_EQ(0, memcmp(text + 4, p->mem + OUT + 100, sizeof(text) - 4));
	iov[0].iov_base = (void *)UNMAPPED;
	EXPECT_EQ(0, call(p, SYS_lseek, fd, 0, SEEK_SET));
	EXPECT_EQ(-EFAULT, call(p, SYS_readv, fd, at(IN), 1));
}

TEST_F(calls, descriptors)
{
	struct process *p = self->p;
	__s64 fd = open_path(p, self->path, O_RDONLY);
	char path[64], link[64] = {};

	EXPECT_EQ(3, fd);
	EXPECT_EQ(4, call(p, SYS_dup, fd));
	EXPECT_EQ(9, call(p, SYS_dup2, fd, 9));
	EXPECT_EQ(10, call(p, SYS_dup3, fd, 10, O_CLOEXEC));
	EXPECT_EQ(-EINVAL, call(p, SYS_dup3, fd, fd, 0));
	EXPECT_EQ(FD_CLOEXEC, call(p, SYS_fcntl, 10, F_GETFD));
	EXPECT_EQ(0, call(p, SYS_fcntl, 9, F_GETFD));
	EXPECT_EQ(11, call(p, SYS_fcntl, fd, F_DUPFD, 10));
	/* One file offset */
	EXPECT_EQ(2, call(p, SYS_lseek, 9, 2, SEEK_SET));
	EXPECT_EQ(2, call(p, SYS_lseek, 10, 0, SEEK_CUR));

	/* It is the shadow's table. */
	snprintf(path, sizeof(path), "/proc/%d/fd/11", p->pid);
	EXPECT_EQ(strlen(self->path), readlink(path, link, sizeof(link)));
	EXPECT_STREQ(self->path, link);
}

/* The descriptor of /dev/crtos is closed; and all others may be. */
TEST_F(calls, close_all)
{
	struct process *p = self->p;

	EXPECT_EQ(-EBADF, call(p, SYS_close, 3));
	EXPECT_EQ(0, call(p, SYS_close_range, 0, ~0U, 0));
	EXPECT_EQ(-EBADF, call(p, SYS_write, 1, at(IN), 1));
	EXPECT_EQ(0, open_path(p, self->path, O_RDONLY));
	EXPECT_EQ(sizeof(text), call(p, SYS_read, 0, at(OUT), PAGE));
	EXPECT_EQ(0, call(p, SYS_close, 0));
	EXPECT_EQ(-EINVAL, call(p, SYS_close_range, 1, 0, 0));
}

TEST_F(calls, pipe)
{
	struct process *p = self->p;
	int *fd = (void *)(p->mem + OUT);

	ASSERT_EQ(0, call(p, SYS_pipe2, at(OUT), O_NONBLOCK));
	EXPECT_EQ(3, fd[0]);
	EXPECT_EQ(4, fd[1]);
	EXPECT_EQ(-EAGAIN, call(p, SYS_read, fd[0], at(IN), 1));
	EXPECT_EQ(5, call(p, SYS_write, fd[1], put(p, IN, "12345", 5), 5));
	EXPECT_EQ(3, call(p, SYS_read, fd[0], at(OUT + 100), 3));
	EXPECT_EQ(0, memcmp("123", p->mem + OUT + 100, 3));
	EXPECT_EQ(0, call(p, SYS_close, fd[1]));
	EXPECT_EQ(2, call(p, SYS_read, fd[0], at(OUT + 100), 3));
	EXPECT_EQ(0, call(p, SYS_read, fd[0], at(OUT + 100), 3));
}

/* A call that waits for the other process: as long as it takes, and no longer. */
TEST_F(calls, waits)
{
	struct process *p = self->p;
	__s64 fd;
	int here;

	unlink(self->path);
	ASSERT_EQ(0, mkfifo(self->path, 0600));
	here = open(self->path, O_RDWR);
	fd = open_path(p, self->path, O_RDWR);
	ASSERT_EQ(3, fd);
	start_call(p, 1, SYS_read, fd, at(OUT), 10);
	ASSERT_TRUE(process_taken(p));
	EXPECT_EQ(CRTOS_ENTRY_PENDING, load_acquire(&p->slot->entries[1].status));
	EXPECT_EQ(3, write(here, "abc", 3));
	EXPECT_EQ(3, process_result(p, 1));
	EXPECT_EQ(0, memcmp("abc", p->mem + OUT, 3));
	close(here);
}

/* A shadow that is nobody may do what nobody may. */
TEST_F(calls, credentials)
{
	struct process *p = peer_attach(&self->peer, peer_fork_as(&self->peer, 65534));
	struct stat st;

	ASSERT_NE(NULL, p);
	EXPECT_EQ(65534, call(p, SYS_getuid));
	EXPECT_EQ(65534, call(p, SYS_getegid));
	EXPECT_EQ(-EACCES, open_path(p, self->path, O_RDONLY));
	EXPECT_EQ(-EPERM, call(p, SYS_kill, getpid(), 0));
	EXPECT_EQ(-EPERM, call(p, SYS_chroot, put_string(p, PATH, "/")));
	EXPECT_EQ(0, chmod(self->path, 0444));
	EXPECT_EQ(3, open_path(p, self->path, O_RDONLY));
	EXPECT_EQ(-EPERM, call(p, SYS_unlink, at(PATH)));
	EXPECT_EQ(0, stat(self->path, &st));
	/* The other one is still root. */
	EXPECT_EQ(0, call(self->p, SYS_getuid));
	EXPECT_EQ(0, process_exit(p, 0));
}

/* Signals go to the shadow: one that is ignored, or stops it, changes no result. */
TEST_F(calls, signals)
{
	struct process *p = self->p;
	int here, status;
	__s64 fd;

	unlink(self->path);
	ASSERT_EQ(0, mkfifo(self->path, 0600));
	here = open(self->path, O_RDWR);
	fd = open_path(p, self->path, O_RDWR);
	start_call(p, 1, SYS_read, fd, at(OUT), 10);
	ASSERT_TRUE(process_taken(p));
	EXPECT_EQ(0, kill(p->pid, SIGCHLD));
	EXPECT_EQ(0, kill(p->pid, SIGSTOP));
	EXPECT_EQ(p->pid, waitpid(p->pid, &status, WUNTRACED));
	EXPECT_TRUE(WIFSTOPPED(status));
	EXPECT_EQ(0, kill(p->pid, SIGCONT));
	EXPECT_EQ(3, write(here, "abc", 3));
	EXPECT_EQ(3, process_result(p, 1));
	EXPECT_EQ(0, call(p, SYS_kill, p->pid, 0));
	close(here);
}

TEST_F(calls, time)
{
	struct process *p = self->p;
	struct timespec *ts = (void *)(p->mem + IN);
	struct timespec before, after, *now = (void *)(p->mem + OUT);

	*ts = (struct timespec) { .tv_nsec = 5000000 };
	clock_gettime(CLOCK_MONOTONIC, &before);
	EXPECT_EQ(0, call(p, SYS_nanosleep, at(IN), 0));
	EXPECT_EQ(0, call(p, SYS_clock_gettime, CLOCK_MONOTONIC, at(OUT)));
	clock_gettime(CLOCK_MONOTONIC, &after);
	EXPECT_LE(before.tv_sec * 1000000000LL + before.tv_nsec + 5000000,
		  now->tv_sec * 1000000000LL + now->tv_nsec);
	EXPECT_LE(now->tv_sec * 1000000000LL + now->tv_nsec,
		  after.tv_sec * 1000000000LL + after.tv_nsec);
	ts->tv_nsec = 1000000000;
	EXPECT_EQ(-EINVAL, call(p, SYS_nanosleep, at(IN), 0));
	EXPECT_EQ(-EFAULT, call(p, SYS_nanosleep, 0, 0));
	EXPECT_EQ(-EINVAL, call(p, SYS_clock_gettime, 99, at(OUT)));
}

TEST_F(calls, socketpair)
{
	struct process *p = self->p;
	int *fd = (void *)(p->mem + OUT);

	ASSERT_EQ(0, call(p, SYS_socketpair, AF_UNIX, SOCK_DGRAM, 0, at(OUT)));
	EXPECT_EQ(5, call(p, SYS_sendto, fd[0], put(p, IN, "bytes", 5), 5, 0, 0, 0));
	EXPECT_EQ(5, call(p, SYS_recvfrom, fd[1], at(OUT + 64), 100, 0, 0, 0));
	EXPECT_EQ(0, memcmp("bytes", p->mem + OUT + 64, 5));
	EXPECT_EQ(-EAGAIN, call(p, SYS_recvfrom, fd[1], at(OUT + 64), 100, MSG_DONTWAIT, 0, 0));
	EXPECT_EQ(0, call(p, SYS_shutdown, fd[1], SHUT_RD));
	EXPECT_EQ(-EPIPE, call(p, SYS_sendto, fd[0], at(IN), 5, MSG_NOSIGNAL, 0, 0));
	EXPECT_EQ(-EFAULT, call(p, SYS_socketpair, AF_UNIX, SOCK_DGRAM, 0, UNMAPPED));
	EXPECT_EQ(-EAFNOSUPPORT, call(p, SYS_socketpair, 12345, SOCK_DGRAM, 0, at(OUT)));
}

/* With a server here */
TEST_F(calls, connect)
{
	struct process *p = self->p;
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	socklen_t *len = (void *)(p->mem + OUT);
	int server, here;
	char buf[16];
	__s64 fd;

	snprintf(addr.sun_path + 1, 32, "crtos-%d", getpid());
	server = socket(AF_UNIX, SOCK_STREAM, 0);
	fd = call(p, SYS_socket, AF_UNIX, SOCK_STREAM, 0);
	ASSERT_EQ(3, fd);
	put(p, IN, &addr, sizeof(addr));
	EXPECT_EQ(-ECONNREFUSED, call(p, SYS_connect, fd, at(IN), sizeof(addr)));
	ASSERT_EQ(0, bind(server, (void *)&addr, sizeof(addr)));
	ASSERT_EQ(0, listen(server, 1));
	EXPECT_EQ(0, call(p, SYS_connect, fd, at(IN), sizeof(addr)));
	here = accept(server, NULL, NULL);
	ASSERT_LE(0, here);
	EXPECT_EQ(4, call(p, SYS_sendto, fd, put(p, IN + 1024, "ping", 4), 4, 0, 0, 0));
	EXPECT_EQ(4, recv(here, buf, sizeof(buf), 0));
	EXPECT_EQ(0, memcmp("ping", buf, 4));
	EXPECT_EQ(4, send(here, "pong", 4, 0));
	EXPECT_EQ(4, call(p, SYS_recvfrom, fd, at(OUT), 16, 0, 0, 0));
	EXPECT_EQ(0, memcmp("pong", p->mem + OUT, 4));
	*len = 100;
	EXPECT_EQ(0, call(p, SYS_getpeername, fd, at(OUT + 64), at(OUT)));
	EXPECT_EQ(sizeof(addr), *len);
	EXPECT_EQ(0, memcmp(&addr, p->mem + OUT + 64, sizeof(addr)));
	close(here);
	close(server);
	EXPECT_EQ(0, call(p, SYS_recvfrom, fd, at(OUT), 16, 0, 0, 0));
}

TEST_F(calls, poll)
{
	struct process *p = self->p;
	int *fd = (void *)(p->mem + OUT);
	struct pollfd *pollfd = (void *)(p->mem + IN);

	ASSERT_EQ(0, call(p, SYS_pipe2, at(OUT), 0));
	pollfd[0] = (struct pollfd) { .fd = fd[0], .events = POLLIN };
	EXPECT_EQ(0, call(p, SYS_poll, at(IN), 1, 0));
	EXPECT_EQ(1, call(p, SYS_write, fd[1], at(IN), 1));
	EXPECT_EQ(1, call(p, SYS_poll, at(IN), 1, -1));
	EXPECT_EQ(POLLIN, pollfd[0].revents);
}

/* The error is the one that the call made here has. */
TEST_F(calls, errors)
{
	struct process *p = self->p;
	char file_slash[64], buf[8];

	EXPECT_EQ(direct(SYS_read, 99, buf, 1), call(p, SYS_read, 99, at(OUT), 1));
	EXPECT_EQ(-EBADF, call(p, SYS_read, 99, at(OUT), 1));
	EXPECT_EQ(-EBADF, call(p, SYS_read, ~0ULL, at(OUT), 1));
	EXPECT_EQ(direct(SYS_open, "/nowhere", O_RDONLY), open_path(p, "/nowhere", O_RDONLY));
	EXPECT_EQ(-ENOENT, open_path(p, "/nowhere", O_RDONLY));
	EXPECT_EQ(-ENOENT, open_path(p, "", O_RDONLY));
	EXPECT_EQ(-EISDIR, open_path(p, "/tmp", O_WRONLY));
	snprintf(file_slash, sizeof(file_slash), "%s/", self->path);
	EXPECT_EQ(-ENOTDIR, open_path(p, file_slash, O_RDONLY));
	EXPECT_EQ(-EEXIST, open_path(p, self->path, O_CREAT | O_EXCL));
	EXPECT_EQ(3, open_path(p, self->path, O_RDONLY));
	EXPECT_EQ(-EINVAL, call(p, SYS_lseek, 3, 0, 99));
	EXPECT_EQ(-EINVAL, call(p, SYS_lseek, 3, -1, SEEK_SET));
	EXPECT_EQ(-EBADF, call(p, SYS_write, 3, at(IN), 1));
	EXPECT_EQ(-ENOTTY, call(p, SYS_ioctl, 3, 0x5401, at(OUT)));
	EXPECT_EQ(-ECHILD, call(p, SYS_wait4, -1, 0, 0, 0));
	EXPECT_EQ(-ESRCH, call(p, SYS_kill, 0x7ffffff0, 0));
}

TEST_F(calls, addresses)
{
	static const __u64 bad[] = {
		UNMAPPED, OUTSIDE, WINDOW - PAGE, WINDOW - 1, 8, 0x400000, ~0ULL,
		1ULL << 47, 1ULL << 63, 0xffffffff81000000ULL,
		/* After the last page that is mapped */
		WINDOW + MEM_LEN, WINDOW + MEM_LEN - 1,
	};
	struct process *p = self->p;
	char inside[PAGE];
	size_t i;

	ASSERT_EQ(3, open_path(p, self->path, O_RDWR));
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_EQ(-EFAULT, call(p, SYS_uname, bad[i]))
			TH_LOG("case %zu", i);
		EXPECT_EQ(-EFAULT, call(p, SYS_fstat, 3, bad[i]))
			TH_LOG("case %zu", i);
		EXPECT_EQ(-EFAULT, call(p, SYS_pipe2, bad[i], 0))
			TH_LOG("case %zu", i);
	}
	/* Not even what the test has there */
	EXPECT_EQ(-EFAULT, call(p, SYS_read, 3, (uintptr_t)inside, sizeof(inside)));
	EXPECT_EQ(-EFAULT, call(p, SYS_write, 3, (uintptr_t)text, sizeof(text)));
	EXPECT_EQ(-EFAULT, call(p, SYS_openat, AT_FDCWD, UNMAPPED, O_RDONLY));
	EXPECT_EQ(-EFAULT, call(p, SYS_openat, AT_FDCWD, 0, O_RDONLY));
	/* Up to the end of what is mapped, as for a native process */
	memset(p->mem + MEM_LEN - 8, 'x', 8);
	EXPECT_EQ(8, call(p, SYS_pwrite64, 3, at(MEM_LEN - 8), 8, 0));
}

/* Refused, or for the RTOS */
TEST_F(calls, not_forwarded)
{
	static const __u32 nr[] = {
		SYS_clone3, SYS_exit, SYS_exit_group, SYS_mmap, SYS_munmap, SYS_mprotect, SYS_brk,
		SYS_mremap, SYS_gettid, SYS_rt_sigreturn, SYS_arch_prctl, SYS_set_tid_address,
		SYS_restart_syscall, SYS_io_uring_setup, SYS_userfaultfd, SYS_io_setup,
		335, 500, 5000, 0x40000000, 0x40000000 | SYS_getppid, 0x80000000, ~0U,
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(nr); i++)
		EXPECT_EQ(-ENOSYS, call(self->p, nr[i], 0, 0, 0, 0, 0, 0))
			TH_LOG("number %u", nr[i]);
}

TEST_F(calls, start_strings)
{
	static const char strings[] = "peer\0peer\0A=1";
	struct process *p = self->p;
	const size_t len = sizeof(strings);

	EXPECT_EQ(len, p->slot->strings_len);
	EXPECT_EQ(1, p->slot->argc);
	EXPECT_EQ(1, p->slot->envc);
	EXPECT_EQ(len, process_do(p, CRTOS_OP_ARGS, 0, ARGS(at(OUT), PAGE, 0)));
	EXPECT_EQ(0, memcmp(strings, p->mem + OUT, len));
	EXPECT_EQ(4, process_do(p, CRTOS_OP_ARGS, 0, ARGS(at(OUT), 4, 5)));
	EXPECT_EQ(0, memcmp("peer", p->mem + OUT, 4));
	EXPECT_EQ(0, process_do(p, CRTOS_OP_ARGS, 0, ARGS(at(OUT), 4, len)));
	EXPECT_EQ(-EINVAL, process_do(p, CRTOS_OP_ARGS, 0, ARGS(at(OUT), 4, len + 1)));
	EXPECT_EQ(-EINVAL, process_do(p, CRTOS_OP_ARGS, 0, ARGS(at(OUT), 4, ~0ULL)));
	EXPECT_EQ(-EFAULT, process_do(p, CRTOS_OP_ARGS, 0, ARGS(UNMAPPED, 4, 0)));
	EXPECT_EQ(-EFAULT, process_do(p, CRTOS_OP_ARGS, 0, ARGS(OUTSIDE, 4, 0)));
	EXPECT_EQ(-EFAULT, process_do(p, CRTOS_OP_ARGS, 0, ARGS(OUTSIDE - 2, 4, 0)));
}

/* Memory that Linux sees is the memory of the process, at once. */
TEST_F(calls, memory)
{
	struct process *p = self->p;
	char buf[16] = {}, *fresh = "fresh";
	struct iovec here = { buf, 5 }, there = { (void *)at(IN), 5 };

	put(p, IN, "first", 5);
	EXPECT_EQ(5, process_vm_readv(p->pid, &here, 1, &there, 1, 0));
	EXPECT_STREQ("first", buf);
	put(p, IN, "later", 5);
	EXPECT_EQ(5, process_vm_readv(p->pid, &here, 1, &there, 1, 0));
	EXPECT_STREQ("later", buf);
	here.iov_base = fresh;
	EXPECT_EQ(5, process_vm_writev(p->pid, &here, 1, &there, 1, 0));
	EXPECT_EQ(0, memcmp("fresh", p->mem + IN, 5));
	there.iov_base = (void *)UNMAPPED;
	EXPECT_EQ(-1, process_vm_readv(p->pid, &here, 1, &there, 1, 0));
	EXPECT_EQ(EFAULT, errno);
}

/*
 * The rights of the mapping of a process that begins where the window does, and its flags,
 * which are in the last of the lines about it; see Documentation/filesystems/proc.rst.
 */
static bool window_mapping(pid_t pid, char *rights, char *flags)
{
	unsigned long long start;
	char path[64], line[256];
	bool found = false;
	FILE *maps;

	snprintf(path, sizeof(path), "/proc/%d/smaps", pid);
	maps = fopen(path, "r");
	while (maps && !found && fgets(line, sizeof(line), maps))
		found = sscanf(line, "%llx-%*x %4s", &start, rights) == 2 && start == at(0);
	while (maps && found && fgets(line, sizeof(line), maps))
		if (sscanf(line, "VmFlags: %127[^\n]", flags) == 1)
			break;
	if (maps)
		fclose(maps);
	return found;
}

/*
 * The RTOS's pages never become code of Linux, whatever the process is like, and nobody
 * changes that, or puts something else there: the mapping is sealed.
 */
TEST_F(calls, not_executable)
{
	struct process *p;
	char rights[5] = "", flags[128] = "";

	ASSERT_NE(-1, personality(READ_IMPLIES_EXEC));
	p = peer_spawn(&self->peer);
	personality(0);
	ASSERT_NE(NULL, p);
	EXPECT_TRUE(window_mapping(p->pid, rights, flags));
	EXPECT_STREQ("rw-s", rights);
	EXPECT_NE(NULL, strstr(flags, "sl "));
	EXPECT_NE(NULL, strstr(flags, "dc "));
	EXPECT_EQ(NULL, strstr(flags, "mx "));
	EXPECT_EQ(0, process_exit(p, 0));
}

/* Pages that Linux keeps a while: pipes that refer to them */
TEST_F(calls, vmsplice)
{
	struct process *p = self->p;
	int *fd = (void *)(p->mem + OUT);
	struct iovec *iov = (void *)(p->mem + IN);

	ASSERT_EQ(0, call(p, SYS_pipe2, at(OUT), 0));
	put(p, 3 * PAGE, "before", 6);
	*iov = (struct iovec) { (void *)at(3 * PAGE), 6 };
	EXPECT_EQ(6, call(p, SYS_vmsplice, fd[1], at(IN), 1, 0));
	put(p, 3 * PAGE, "after!", 6);
	EXPECT_EQ(6, call(p, SYS_read, fd[0], at(OUT + 64), 16));
	EXPECT_EQ(0, memcmp("after!", p->mem + OUT + 64, 6));

	/* The page is forgotten, and the pipe still has it. */
	EXPECT_EQ(6, call(p, SYS_vmsplice, fd[1], at(IN), 1, 0));
	p->table[NR_TABLES - 1][3] = 0;
	EXPECT_EQ(0, process_do(p, CRTOS_OP_UNMAP, 0, ARGS(at(3 * PAGE), PAGE)));
	EXPECT_EQ(-EFAULT, call(p, SYS_vmsplice, fd[1], at(IN), 1, 0));
	EXPECT_EQ(6, call(p, SYS_read, fd[0], at(OUT + 64), 16));
	EXPECT_EQ(0, memcmp("after!", p->mem + OUT + 64, 6));
}

/* Nothing in Linux refers to a page any more: then it may be another process's. */
TEST_F(calls, released)
{
	struct process *p = self->p;
	__u64 *pte = &p->table[NR_TABLES - 1][3];
	__u64 page = peer_addr(&self->peer, p->mem + 3 * PAGE);
	int *fd = (void *)(p->mem + OUT);
	struct iovec *iov = (void *)(p->mem + IN);

	ASSERT_EQ(0, call(p, SYS_pipe2, at(OUT), 0));
	memset(p->mem + 3 * PAGE, 0x33, PAGE);
	EXPECT_EQ(PAGE, process_do(p, CRTOS_OP_RELEASED, 0, ARGS(page, PAGE)));
	/* It is mapped, which is not asked for. */
	EXPECT_EQ(PAGE, call(p, SYS_write, fd[1], at(3 * PAGE), PAGE));
	EXPECT_EQ(PAGE, process_do(p, CRTOS_OP_RELEASED, 0, ARGS(page, PAGE)));
	EXPECT_EQ(PAGE, call(p, SYS_read, fd[0], at(4 * PAGE), PAGE));

	*iov = (struct iovec) { (void *)at(3 * PAGE), 6 };
	EXPECT_EQ(6, call(p, SYS_vmsplice, fd[1], at(IN), 1, 0));
	EXPECT_EQ(0, process_do(p, CRTOS_OP_RELEASED, 0, ARGS(page, PAGE)));
	*pte = 0;
	EXPECT_EQ(0, process_do(p, CRTOS_OP_UNMAP, 0, ARGS(at(3 * PAGE), PAGE)));
	EXPECT_EQ(0, process_do(p, CRTOS_OP_RELEASED, 0, ARGS(page, 2 * PAGE)));
	EXPECT_EQ(2 * PAGE, process_do(p, CRTOS_OP_RELEASED, 0,
				       ARGS(page - 2 * PAGE, 4 * PAGE)));
	EXPECT_EQ(6, call(p, SYS_read, fd[0], at(OUT + 64), 16));
	EXPECT_EQ(0, memcmp("333333", p->mem + OUT + 64, 6));
	EXPECT_EQ(4 * PAGE, process_do(p, CRTOS_OP_RELEASED, 0,
				       ARGS(page - 2 * PAGE, 4 * PAGE)));
	page = peer_addr(&self->peer, self->peer.region);
	EXPECT_EQ(self->peer.len, process_do(p, CRTOS_OP_RELEASED, 0,
					     ARGS(page, self->peer.len)));
}

/* Of a process that has ended, which another one asks about */
TEST_F(calls, released_after_end)
{
	struct process *p = self->p, *child;
	int *fd = (void *)(p->mem + OUT);
	struct iovec *iov = (void *)(p->mem + IN);
	__u64 page;

	ASSERT_EQ(0, call(p, SYS_pipe2, at(OUT), 0));
	*iov = (struct iovec) { (void *)at(3 * PAGE), 6 };
	child = process_fork(p, SYS_fork, ARGS());
	ASSERT_NE(NULL, child);
	page = peer_addr(&self->peer, child->mem + 3 * PAGE);
	put(child, 3 * PAGE, "child!", 6);
	EXPECT_EQ(6, call(child, SYS_vmsplice, fd[1], at(IN), 1, 0));
	EXPECT_EQ(0, process_do(p, CRTOS_OP_RELEASED, 0, ARGS(page, PAGE)));
	process_start(child, 0, CRTOS_OP_EXIT, 0, ARGS(5 << 8));
	EXPECT_TRUE(process_over(child));

	EXPECT_EQ(0, process_do(p, CRTOS_OP_RELEASED, 0, ARGS(page, PAGE)));
	EXPECT_EQ(6, call(p, SYS_read, fd[0], at(OUT + 64), 16));
	EXPECT_EQ(0, memcmp("child!", p->mem + OUT + 64, 6));
	EXPECT_EQ(PAGE, process_do(p, CRTOS_OP_RELEASED, 0, ARGS(page, PAGE)));
}

TEST_F(calls, released_arguments)
{
	const __u64 region = peer_addr(&self->peer, self->peer.region), len = self->peer.len;
	const __u64 bad[][2] = {
		{ region, 0 }, { region, 1 }, { region + 1, PAGE }, { region - PAGE, PAGE },
		{ region, len + PAGE }, { region + len, PAGE }, { 0, PAGE },
		{ region + PAGE, len }, { region, ~0ULL & ~(PAGE - 1) },
		{ ~0ULL & ~(PAGE - 1), PAGE }, { WINDOW, PAGE },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		EXPECT_EQ(-EINVAL, process_do(self->p, CRTOS_OP_RELEASED, 0,
					      ARGS(bad[i][0], bad[i][1])))
			TH_LOG("case %zu", i);
}

/*
 * Without the page cache, where the file system has that. In tmpfs, which /tmp often
 * is, it goes through the page cache all the same.
 */
TEST_F(calls, direct_io)
{
	struct process *p = self->p;
	__s64 fd = open_path(p, self->path, O_RDWR | O_DIRECT);

	if (fd == -EINVAL)
		SKIP(return, "the file system of /tmp refuses O_DIRECT");
	ASSERT_EQ(3, fd);
	memset(p->mem + IN, 0x77, PAGE);
	EXPECT_EQ(PAGE, call(p, SYS_pwrite64, fd, at(IN), PAGE, 0));
	memset(p->mem + OUT, 0, PAGE);
	EXPECT_EQ(PAGE, call(p, SYS_pread64, fd, at(OUT), PAGE, 0));
	EXPECT_EQ(0, memcmp(p->mem + IN, p->mem + OUT, PAGE));
}

TEST_F(calls, futex)
{
	struct process *p = self->p;
	struct timespec *ts = (void *)(p->mem + OUT);
	__u32 *word = (void *)(p->mem + IN);

	*word = 5;
	EXPECT_EQ(0, call(p, SYS_futex, at(IN), FUTEX_WAKE, 1));
	EXPECT_EQ(0, call(p, SYS_futex, at(IN), FUTEX_WAKE_PRIVATE, 1));
	EXPECT_EQ(-EAGAIN, call(p, SYS_futex, at(IN), FUTEX_WAIT, 6, 0));
	*ts = (struct timespec) { .tv_nsec = 1000000 };
	EXPECT_EQ(-ETIMEDOUT, call(p, SYS_futex, at(IN), FUTEX_WAIT, 5, at(OUT)));
	EXPECT_EQ(-EFAULT, call(p, SYS_futex, UNMAPPED, FUTEX_WAIT, 5, 0));
	EXPECT_EQ(-EFAULT, call(p, SYS_futex, UNMAPPED, FUTEX_WAKE, 1));
}

/* Memory that is mapped later needs no word, one that goes needs UNMAP. */
TEST_F(calls, map_and_unmap)
{
	struct process *p = self->p;
	__u64 *pte = &p->table[NR_TABLES - 1][NR_PAGES];
	const __u64 addr = at(MEM_LEN);

	EXPECT_EQ(-EFAULT, call(p, SYS_uname, addr));
	*pte = peer_addr(&self->peer, p->spare) | PTE_P | PTE_US;
	EXPECT_EQ(-EFAULT, call(p, SYS_uname, addr));
	EXPECT_EQ(-ENOENT, call(p, SYS_access, addr, F_OK));
	*pte |= PTE_RW;
	EXPECT_EQ(0, call(p, SYS_uname, addr));
	EXPECT_STREQ("Linux", p->spare);
	*pte &= ~PTE_RW;
	EXPECT_EQ(0, process_do(p, CRTOS_OP_UNMAP, 0, ARGS(addr, PAGE)));
	EXPECT_EQ(-EFAULT, call(p, SYS_uname, addr));
	*pte = 0;
	EXPECT_EQ(0, process_do(p, CRTOS_OP_UNMAP, 0, ARGS(WINDOW, WINDOW_LEN)));
	EXPECT_EQ(-EFAULT, call(p, SYS_access, addr, F_OK));
	EXPECT_EQ(0, call(p, SYS_uname, at(OUT)));
}

/* Odd while Linux looks, and another even value each time */
TEST_F(calls, lookups)
{
	struct process *p = self->p;
	unsigned int i;
	__u32 before;

	for (i = 0; i < 10; i++) {
		before = p->slot->lookups;
		EXPECT_EQ(0, before % 2);
		EXPECT_EQ(-EFAULT, call(p, SYS_access, at(MEM_LEN), F_OK));
		EXPECT_LE(before + 2, p->slot->lookups);
	}
	EXPECT_EQ(0, call(p, SYS_uname, at(OUT)));
	before = p->slot->lookups;
	EXPECT_EQ(0, before % 2);
	/* It is mapped by now. */
	EXPECT_EQ(0, call(p, SYS_uname, at(OUT)));
	EXPECT_EQ(before, p->slot->lookups);
}

static void spin(unsigned int *seed)
{
	unsigned int n = 1U << rand_r(seed) % 17;

	while (n--)
		__builtin_ia32_pause();
}

/*
 * Mapped and unmapped beside a call that touches it, without a word if lookups tells that
 * Linux has not seen it. Returns false if Linux has it nevertheless. @kept: no word was
 * needed
 */
static bool map_beside_call(struct process *p, __u64 *pte, unsigned int *seed, bool *kept)
{
	const __u64 addr = at(MEM_LEN);
	__u32 before;

	start_call(p, 1, SYS_access, addr, F_OK);
	spin(seed);
	before = load_acquire(&p->slot->lookups);
	*pte = peer_addr(p->peer, p->spare) | PTE_P | PTE_US | PTE_RW;
	spin(seed);
	*pte = 0;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	*kept = before % 2 == 0 && load_acquire(&p->slot->lookups) == before;
	process_result(p, 1);
	if (!*kept && process_do(p, CRTOS_OP_UNMAP, 0, ARGS(addr, PAGE)))
		return false;
	return call(p, SYS_access, addr, F_OK) == -EFAULT;
}

TEST_F_TIMEOUT(calls, lookups_beside_call, 120)
{
	struct process *p = self->p;
	unsigned int seed = 1, i, n = 0;
	bool kept;

	for (i = 0; i < 5000; i++) {
		ASSERT_TRUE(map_beside_call(p, &p->table[NR_TABLES - 1][NR_PAGES], &seed, &kept))
			TH_LOG("round %u, %s", i, kept ? "without a word" : "unmapped");
		n += kept;
	}
	TH_LOG("%u times without a word", n);
	EXPECT_LT(0, n);
	EXPECT_GT(5000, n);
}

TEST_F(calls, unmap_arguments)
{
	static const __u64 bad[][2] = {
		{ WINDOW, 0 }, { WINDOW, 1 }, { WINDOW + 1, PAGE }, { WINDOW - PAGE, PAGE },
		{ WINDOW, WINDOW_LEN + PAGE }, { WINDOW + WINDOW_LEN, PAGE }, { 0, PAGE },
		{ WINDOW + PAGE, WINDOW_LEN }, { WINDOW, ~0ULL & ~(PAGE - 1) },
		{ ~0ULL & ~(PAGE - 1), PAGE },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		EXPECT_EQ(-EINVAL, process_do(self->p, CRTOS_OP_UNMAP, 0,
					      ARGS(bad[i][0], bad[i][1])))
			TH_LOG("case %zu", i);
}

TEST_HARNESS_MAIN
