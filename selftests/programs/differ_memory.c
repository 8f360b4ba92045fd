// SPDX-License-Identifier: GPL-2.0
/*
 * Scenarios, see differ.h: memory, which an RTOS keeps by itself, and what system
 * calls find there
 */
#include "differ.h"

#include <linux/futex.h>
#include <linux/membarrier.h>
#include <pthread.h>
#include <sys/uio.h>

#define RW	(O_CREAT | O_RDWR)
#define PRIVATE	(MAP_PRIVATE | MAP_ANONYMOUS)

/* A mapping whose address is nobody's business; mappings that fail are lines too. */
#define MAP(length, prot, flags, fd, offset) ({						\
	void *mapped_ = mmap(NULL, length, prot, flags, fd, offset);			\
											\
	say("mmap(%s, %s, %s, %s, %s): %s", #length, #prot, #flags, #fd, #offset,	\
	    mapped_ == MAP_FAILED ? strerror(errno) : "mapped");			\
	(char *)mapped_;								\
})

/* A file with so many bytes, and a descriptor of it */
static int text_file(size_t len)
{
	int fd = open("text", RW | O_TRUNC, 0644);
	char text[64];
	size_t i;

	for (i = 0; i < len; i += sizeof(text)) {
		snprintf(text, sizeof(text), "%062zu", i);
		text[63] = '\n';
		if (write(fd, text, len - i < 64 ? len - i : 64) < 0)
			say("write: %s", strerror(errno));
	}
	return fd;
}

/* What rights do to calls */

static void memory_buffer(void)
{
	char *p = MAP(3 * PAGE, PROT_READ | PROT_WRITE, PRIVATE, -1, 0);
	int fd = text_file(2 * PAGE);

	CALL(pread(fd, p + PAGE / 2, 2 * PAGE, 0));
	BYTES(p, 3 * PAGE);
	CALL(pwrite(fd, p + PAGE, 10, 5));
	CALL(pread(fd, p, 20, 0));
	BYTES(p, 20);
}

static void memory_rights(void)
{
	char *p = pages(1, PROT_READ | PROT_WRITE);
	int fd = text_file(100);

	CALL(mprotect(p, PAGE, PROT_READ));
	CALL(pread(fd, p, 10, 0));
	CALL(pwrite(fd, p, 10, 200));
	CALL(mprotect(p, PAGE, PROT_NONE));
	CALL(pread(fd, p, 10, 0));
	CALL(pwrite(fd, p, 10, 0));
	CALL(mprotect(p, PAGE, PROT_READ | PROT_EXEC));
	CALL(pread(fd, p, 10, 0));
	CALL(mprotect(p, PAGE, PROT_READ | PROT_WRITE));
	CALL(pread(fd, p, 10, 0));
	BYTES(p, 10);
}

static void memory_unmapped(void)
{
	char *p = MAP(2 * PAGE, PROT_READ | PROT_WRITE, PRIVATE, -1, 0);
	int fd = text_file(100);

	CALL(pread(fd, p + PAGE, 10, 0));
	CALL(munmap(p + PAGE, PAGE));
	CALL(pread(fd, p + PAGE, 10, 0));
	CALL(pwrite(fd, p + PAGE, 10, 0));
	CALL(pread(fd, p + PAGE - 4, 10, 0));
	BYTES(p + PAGE - 4, 4);
	CALL(munmap(p, PAGE));
	CALL(open(p, O_RDONLY));
}

/* Neighbours with other rights */
static void memory_parts(void)
{
	char *p = pages(4, PROT_READ | PROT_WRITE);
	struct iovec iov[] = { { p + PAGE - 4, 4 }, { p + PAGE, 4 }, { p + 2 * PAGE, 4 } };
	int fd = text_file(2 * PAGE);

	CALL(mprotect(p + PAGE, PAGE, PROT_READ));
	CALL(pread(fd, p + PAGE - 6, 12, 0));
	BYTES(p + PAGE - 6, 12);
	CALL(preadv(fd, iov, 3, 0));
	CALL(preadv(fd, iov + 1, 2, 0));
	CALL(pread(fd, p + 2 * PAGE, 2 * PAGE, 0));
	CALL(pread(fd, p + 3 * PAGE, 2 * PAGE, 0));
	CALL(mprotect(p, 4 * PAGE, PROT_READ | PROT_WRITE));
	CALL(pread(fd, p + PAGE - 6, 12, 0));
	BYTES(p + PAGE - 6, 12);
}

static void memory_program(void)
{
	static const char constant[] = "constant";
	static char data[2 * PAGE], zeros[PAGE];
	int fd = text_file(PAGE);

	CALL(pread(fd, (char *)constant, 4, 0));
	CALL(pwrite(fd, constant, 8, 0));
	CALL(pread(fd, (void *)memory_program, 4, 0));
	CALL(pread(fd, data, PAGE, 0));
	BYTES(data, sizeof(data));
	CALL(pwrite(fd, zeros, PAGE, 0));
	BYTES(zeros, sizeof(zeros));
}

static void memory_stack(void)
{
	int fd = text_file(PAGE);
	char near[64], far[100000];

	CALL(pread(fd, near, sizeof(near), 0));
	BYTES(near, sizeof(near));
	CALL(pread(fd, far, PAGE, 0));
	BYTES(far, PAGE);
	CALL(pread(fd, far + sizeof(far) - PAGE, PAGE, 0));
}

static void memory_break(void)
{
	char *end = (char *)syscall(SYS_brk, 0);
	int fd = text_file(100);

	IS((char *)syscall(SYS_brk, end + 3 * PAGE) == end + 3 * PAGE);
	CALL(pread(fd, end + PAGE, 10, 0));
	BYTES(end + PAGE, 10);
	IS((char *)syscall(SYS_brk, end + PAGE) == end + PAGE);
	CALL(pread(fd, end + 2 * PAGE, 10, 0));
	IS((char *)syscall(SYS_brk, end + 3 * PAGE) == end + 3 * PAGE);
	BYTES(end + 2 * PAGE, 10);
	IS((char *)syscall(SYS_brk, end) == end);
	IS((char *)syscall(SYS_brk, 1) == end);
	IS((char *)syscall(SYS_brk, -1L) == end);
}

/* Mappings */

static void map_private(void)
{
	int fd = text_file(PAGE + 100);
	char *p = MAP(2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	char *second = MAP(PAGE, PROT_READ, MAP_PRIVATE, fd, PAGE);

	BYTES(p, 2 * PAGE);
	BYTES(second, PAGE);
	memcpy(p, "changed", 7);
	CALL(close(fd));
	show_text("text");
	BYTES(p, 20);
	CALL(munmap(p, 2 * PAGE));
	BYTES(second, 20);
}

static void map_errors(void)
{
	int fd = text_file(100), writer = open("text", O_WRONLY), dir = open(".", O_RDONLY);
	int pipes[2] = { -1, -1 };

	CALL(pipe(pipes));
	MAP(0, PROT_READ, PRIVATE, -1, 0);
	MAP(PAGE, PROT_READ, MAP_ANONYMOUS, -1, 0);
	MAP(PAGE, PROT_READ, MAP_PRIVATE, -1, 0);
	MAP(PAGE, PROT_READ, MAP_PRIVATE, 99, 0);
	MAP(PAGE, PROT_READ, MAP_PRIVATE, fd, 1);
	MAP(PAGE, PROT_READ, MAP_PRIVATE, writer, 0);
	MAP(PAGE, PROT_READ, MAP_PRIVATE, dir, 0);
	MAP(PAGE, PROT_READ, MAP_PRIVATE, pipes[0], 0);
	MAP(1UL << 48, PROT_READ, PRIVATE, -1, 0);
	MAP(-1UL, PROT_READ, PRIVATE, -1, 0);
	MAP(1, PROT_NONE, PRIVATE, -1, 0);
	MAP(PAGE, PROT_READ, MAP_PRIVATE, fd, PAGE);
}

/* One of the differences that are documented */
static void map_shared_file(void)
{
	int fd = text_file(100);
	char *p = MAP(PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (p != MAP_FAILED)
		memcpy(p, "through the mapping", 19);
}

static void map_fixed(void)
{
	char *p = pages(4, PROT_READ | PROT_WRITE), *to = p + PAGE;
	int flags = PRIVATE | MAP_FIXED, keep = PRIVATE | MAP_FIXED_NOREPLACE;

	memset(p, 'x', 4 * PAGE);
	IS(mmap(to, 2 * PAGE, PROT_READ, flags, -1, 0) == to);
	BYTES(p, 4 * PAGE);
	IS(mmap(to, PAGE, PROT_READ, keep, -1, 0) == MAP_FAILED);
	CALL(munmap(to, PAGE));
	IS(mmap(to, PAGE, PROT_READ, keep, -1, 0) == to);
	IS(mmap(to + 1, PAGE, PROT_READ, flags, -1, 0) == MAP_FAILED);
	IS(mmap(to + 1, PAGE, PROT_READ, PRIVATE, -1, 0) == MAP_FAILED);
	CALL(munmap(p + 1, PAGE));
	CALL(munmap(p, 0));
	CALL(munmap(p, 4 * PAGE));
	CALL(munmap(p, 4 * PAGE));
}

static void map_protect(void)
{
	char *p = pages(3, PROT_READ);

	CALL(mprotect(p + 1, PAGE, PROT_READ));
	CALL(mprotect(p, 0, PROT_READ));
	CALL(mprotect(p, PAGE, 0x80));
	CALL(munmap(p + PAGE, PAGE));
	CALL(mprotect(p, 3 * PAGE, PROT_READ | PROT_WRITE));
	*p = 'x';
	CALL(mprotect(p + PAGE, PAGE, PROT_READ));
	CALL(mprotect(nowhere, PAGE, PROT_READ));
}

static void map_move(void)
{
	char *p = pages(4, PROT_READ | PROT_WRITE), *q;

	memset(p, 'a', 4 * PAGE);
	IS(mremap(p, 4 * PAGE, 2 * PAGE, 0) == p);
	CALL(pwrite(text_file(0), p + 2 * PAGE, 1, 0));
	IS(mremap(p, 2 * PAGE, 3 * PAGE, 0) == p);
	BYTES(p, 3 * PAGE);
	q = mremap(p, 3 * PAGE, 40 * PAGE, MREMAP_MAYMOVE);
	IS(q != MAP_FAILED);
	BYTES(q, 40 * PAGE);
	CALL(pwrite(text_file(0), p, 1, 0) == 1 && p != q);
	IS(mremap(q + 1, PAGE, PAGE, 0) == MAP_FAILED);
	IS(mremap(q, PAGE, 0, 0) == MAP_FAILED);
	IS(mremap(nowhere, PAGE, 2 * PAGE, MREMAP_MAYMOVE) == MAP_FAILED);
	IS(mremap(q, PAGE, 2 * PAGE, 0) == MAP_FAILED);
}

static void map_advice(void)
{
	char *p = pages(2, PROT_READ | PROT_WRITE);

	memset(p, 'x', 2 * PAGE);
	CALL(madvise(p, PAGE, MADV_DONTNEED));
	BYTES(p, 2 * PAGE);
	CALL(madvise(p, PAGE, MADV_NORMAL));
	CALL(madvise(p + 1, PAGE, MADV_DONTNEED));
	CALL(madvise(p, 0, MADV_DONTNEED));
	CALL(madvise(p, PAGE, 7777));
	CALL(munmap(p, PAGE));
	CALL(madvise(p, 2 * PAGE, MADV_DONTNEED));
	BYTES(p + PAGE, PAGE);
}

static void map_locks(void)
{
	char *p = pages(1, PROT_READ | PROT_WRITE);

	CALL(mlock(p, PAGE));
	CALL(munlock(p, PAGE));
	CALL(mlockall(MCL_CURRENT));
	CALL(munlockall());
	CALL(mlockall(0));
	CALL(munmap(p, PAGE));
	CALL(mlock(p, PAGE));
	CALL(munlock(p, PAGE));
}

static void map_resident(void)
{
	char *p = pages(2, PROT_READ | PROT_WRITE);
	unsigned char seen[2] = { 0x80, 0x80 };

	*p = 'x';
	CALL(mincore(p, PAGE, seen));
	say("%d", seen[0]);
	CALL(mincore(p + 1, PAGE, seen));
	CALL(mincore(p, PAGE, (void *)nowhere));
	CALL(msync(p, PAGE, MS_SYNC));
	CALL(msync(p + 1, PAGE, MS_SYNC));
	CALL(msync(p, PAGE, 77));
	CALL(munmap(p, PAGE));
	CALL(mincore(p, PAGE, seen));
	CALL(msync(p, PAGE, MS_SYNC));
}

/* Processes */

static char *common;

static int write_common(void)
{
	memcpy(common, "child", 5);
	return 0;
}

static void fork_private(void)
{
	common = MAP(PAGE, PROT_READ | PROT_WRITE, PRIVATE, -1, 0);
	memcpy(common, "parent", 6);
	run_child(write_common);
	BYTES(common, 6);
}

static void fork_shared(void)
{
	common = MAP(PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	memcpy(common, "parent", 6);
	run_child(write_common);
	BYTES(common, 6);
}

static int show_memory(void)
{
	int fd = text_file(100);

	BYTES(common, PAGE);
	CALL(mprotect(common, PAGE, PROT_READ));
	CALL(pread(fd, common, 10, 0));
	CALL(munmap(common, PAGE));
	CALL(pwrite(fd, common, 10, 0));
	return 0;
}

/* Rights and mappings are the child's own, too. */
static void fork_mappings(void)
{
	common = pages(1, PROT_READ | PROT_WRITE);
	memset(common, 'p', PAGE);
	run_child(show_memory);
	CALL(pread(text_file(100), common, 10, 0));
	BYTES(common, 10);
}

static void copy_memory(void)
{
	char from[] = "from here", to[10] = "";
	struct iovec local = { to, sizeof(to) }, remote = { from, sizeof(from) };
	struct iovec bad = { nowhere, 4 };

	CALL(process_vm_readv(getpid(), &local, 1, &remote, 1, 0));
	BYTES(to, 10);
	memcpy(from, "back", 4);
	CALL(process_vm_writev(getpid(), &remote, 1, &local, 1, 0));
	BYTES(from, 10);
	CALL(process_vm_readv(getpid(), &local, 1, &bad, 1, 0));
	CALL(process_vm_readv(getpid(), &bad, 1, &remote, 1, 0));
	CALL(process_vm_readv(getpid(), &local, 1, &remote, 1, 1));
	CALL(process_vm_readv(INT_MAX, &local, 1, &remote, 1, 0));
}

/* Futexes and threads */

static long futex(void *word, int op, unsigned int value, struct timespec *timeout)
{
	return syscall(SYS_futex, word, op, value, timeout, NULL, -1);
}

static void futex_calls(void)
{
	struct timespec soon = { 0, 1000000 }, bad = { 0, -1 };
	unsigned int word[2] = { 1, 2 };

	CALL(futex(word, FUTEX_WAIT, 2, NULL));
	CALL(futex(word, FUTEX_WAIT, 1, &soon));
	CALL(futex(word, FUTEX_WAIT_PRIVATE, 1, &soon));
	CALL(futex(word, FUTEX_WAIT, 1, &bad));
	CALL(futex(word, FUTEX_WAKE, 1, NULL));
	CALL(futex((char *)word + 1, FUTEX_WAIT, 1, &soon));
	CALL(futex(nowhere, FUTEX_WAIT, 1, &soon));
	CALL(futex(word, FUTEX_WAIT, 1, (void *)nowhere));
	CALL(futex(word, 77, 1, NULL));
	CALL(syscall(SYS_futex, word, FUTEX_WAIT_BITSET, 1, &soon, NULL, 0));
}

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static int turn;

/* Takes turns with the other one, so that the lines have an order. */
static void *alternate(void *argument)
{
	int mine = !!argument, i;

	for (i = 0; i < 3; i++) {
		pthread_mutex_lock(&mutex);
		while (turn % 2 != mine)
			pthread_cond_wait(&condition, &mutex);
		say("thread %d, turn %d", mine, turn++);
		pthread_cond_broadcast(&condition);
		pthread_mutex_unlock(&mutex);
	}
	return argument;
}

static void thread_turns(void)
{
	pthread_t thread;
	void *result = NULL;
	int error = pthread_create(&thread, NULL, alternate, &turn);

	say("pthread_create: %d", error);
	if (error)
		return;
	alternate(NULL);
	CALL(pthread_join(thread, &result));
	IS(result == &turn);
}

/* Descriptors, the directory and the identity are those of the process. */
static void *change_process(void *argument)
{
	int *fd = argument;

	*fd = CALL(open("d", O_RDONLY));
	CALL(chdir("d"));
	umask(077);
	IS(getpid() != syscall(SYS_gettid));
	return NULL;
}

static void thread_process(void)
{
	pthread_t thread;
	int fd = -1, error;

	CALL(mkdir("d", 0755));
	error = pthread_create(&thread, NULL, change_process, &fd);
	if (!error)
		CALL(pthread_join(thread, NULL));
	say("pthread_create: %d", error);
	show_fd(fd);
	CALL(open("a", RW, 0666));
	IS(getpid() == syscall(SYS_gettid));
}

/* Its value is known to Linux only. */
static void barrier(void)
{
	CALL(syscall(SYS_membarrier, MEMBARRIER_CMD_QUERY, 0, 0));
	CALL(syscall(SYS_membarrier, 0x40000000, 0, 0));
}

static struct scenario scenarios[] = {
	HERE(memory_buffer), HERE(memory_rights), HERE(memory_unmapped),
	HERE(memory_parts), HERE(memory_program), HERE(memory_stack), HERE(memory_break),
	HERE(map_private), HERE(map_errors), HERE(map_shared_file), HERE(map_fixed),
	HERE(map_protect), HERE(map_move), HERE(map_advice), HERE(map_locks),
	HERE(map_resident), PROCESS(fork_private), PROCESS(fork_shared),
	PROCESS(fork_mappings), HERE(copy_memory), HERE(futex_calls),
	PROCESS(thread_turns), PROCESS(thread_process), HERE(barrier),
};

int main(int argc, char **argv)
{
	return differ(argc, argv, scenarios, LENGTH(scenarios));
}
