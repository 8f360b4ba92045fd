// SPDX-License-Identifier: GPL-2.0
/*
 * Every way in which CRTOS_IOC_START and CRTOS_IOC_STOP fail can be told from
 * the others, and leaves everything as it was.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/capability.h>
#include <linux/crtos.h>

#include "../kselftest_harness.h"
#include "partition.h"

FIXTURE(start) {
	struct partition partition;
	struct crtos_start arg;
	__u32 cpus[CRTOS_MAX_CPUS + 1];
};

FIXTURE_SETUP(start)
{
	const char *why = partition_open(&self->partition);

	if (why)
		SKIP(return, "%s", why);
	partition_start_arg(&self->partition, &self->arg, self->cpus);
}

static int start(struct partition *partition, struct crtos_start *arg)
{
	return ioctl(partition->fd, CRTOS_IOC_START, arg) ? errno : 0;
}

/* After each: no CPU is gone, and a start that is right succeeds. */
FIXTURE_TEARDOWN(start)
{
	struct partition *partition = &self->partition;
	struct crtos_start arg;
	__u32 cpus[CRTOS_MAX_CPUS + 1];

	if (partition->fd < 0)
		return;
	EXPECT_TRUE(cpu_is_online(partition->cpu));
	partition_start_arg(partition, &arg, cpus);
	EXPECT_EQ(0, start(partition, &arg));
	EXPECT_FALSE(cpu_is_online(partition->cpu));
	EXPECT_EQ(0, partition_stop(partition));
	EXPECT_TRUE(cpu_is_online(partition->cpu));
	partition_close(partition);
}

#define IMAGE(self)	((struct crtos_image *)(self)->partition.image)

TEST_F(start, no_such_cpu)
{
	self->cpus[0] = 4095;
	EXPECT_OFTEN(ENXIO, start(&self->partition, &self->arg));
	self->cpus[0] = ~0U;
	EXPECT_EQ(ENXIO, start(&self->partition, &self->arg));
}

TEST_F(start, boot_cpu)
{
	self->cpus[0] = 0;
	EXPECT_OFTEN(EBUSY, start(&self->partition, &self->arg));
	self->cpus[1] = self->partition.cpu;
	self->arg.nr_cpus = 2;
	EXPECT_EQ(EBUSY, start(&self->partition, &self->arg));
}

TEST_F(start, number_of_cpus)
{
	self->arg.nr_cpus = 0;
	EXPECT_EQ(EINVAL, start(&self->partition, &self->arg));
	self->arg.nr_cpus = CRTOS_MAX_CPUS + 1;
	EXPECT_EQ(EINVAL, start(&self->partition, &self->arg));
	self->arg.nr_cpus = ~0U;
	EXPECT_EQ(EINVAL, start(&self->partition, &self->arg));
}

TEST_F(start, cpu_twice)
{
	self->cpus[1] = self->cpus[0];
	self->arg.nr_cpus = 2;
	EXPECT_EQ(EINVAL, start(&self->partition, &self->arg));
}

TEST_F(start, fields)
{
	self->arg.backend = 99;
	EXPECT_EQ(EINVAL, start(&self->partition, &self->arg));
	self->arg.backend = CRTOS_BACKEND_HANDOVER;
	self->arg.reserved[0] = 1;
	EXPECT_EQ(EINVAL, start(&self->partition, &self->arg));
	self->arg.reserved[0] = 0;
	self->arg.reserved[1] = 1;
	EXPECT_EQ(EINVAL, start(&self->partition, &self->arg));
	self->arg.reserved[1] = 0;
	self->arg.vector = 0x40;
	EXPECT_EQ(EINVAL, start(&self->partition, &self->arg));
	self->arg.vector = 0;
	self->arg.hypervisor = CRTOS_HYPERVISOR_JAILHOUSE;
	EXPECT_EQ(EINVAL, start(&self->partition, &self->arg));
	self->arg.hypervisor = CRTOS_HYPERVISOR_NONE;
	self->arg.partition = CRTOS_MAX_PARTITIONS;
	EXPECT_EQ(EINVAL, start(&self->partition, &self->arg));
	/* One without memory */
	self->arg.partition = CRTOS_MAX_PARTITIONS - 1;
	EXPECT_OFTEN(ENODEV, start(&self->partition, &self->arg));
}

TEST_F(start, bad_pointers)
{
	struct crtos_start arg = self->arg;

	EXPECT_EQ(EFAULT, start(&self->partition, (void *)8));
	self->arg.cpus = 8;
	EXPECT_EQ(EFAULT, start(&self->partition, &self->arg));
	self->arg = arg;
	self->arg.image = 8;
	EXPECT_EQ(EFAULT, start(&self->partition, &self->arg));
	self->arg.image = ~0ULL << 47;
	EXPECT_EQ(EFAULT, start(&self->partition, &self->arg));
}

/* The first page can be read, the rest cannot. */
TEST_F(start, image_that_ends)
{
	char *p = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ASSERT_NE(MAP_FAILED, p);
	ASSERT_EQ(0, munmap(p + 4096, 4096));
	memcpy(p, self->partition.image, 4096);
	self->arg.image = (uintptr_t)p;
	EXPECT_EQ(EFAULT, start(&self->partition, &self->arg));
}

TEST_F(start, no_image)
{
	struct crtos_image *image = IMAGE(self);
	struct crtos_image good = *image;
	__u64 len = self->arg.image_len;
	const struct {
		__u64 image_len;
		struct crtos_image image;
	} bad[] = {
		{ 0, good },
		{ sizeof(good) - 1, good },
		{ len - 1, good },
		{ len, { .magic = 0 } },
		{ len, { .magic = CRTOS_HEADER_MAGIC } },
#define BUT(field, value)						\
		{ len, { .magic = good.magic, .version = good.version,	\
			 .header_len = good.header_len,			\
			 .file_len = good.file_len,			\
			 .mem_len = good.mem_len, .entry = good.entry,	\
			 .field = value } }
		BUT(header_len, 0),
		BUT(header_len, sizeof(good) + 8),
		BUT(file_len, 0),
		BUT(file_len, sizeof(good) - 1),
		BUT(file_len, good.file_len + 1),
		BUT(file_len, ~0ULL),
		BUT(mem_len, good.file_len - 1),
		BUT(mem_len, 0),
		BUT(entry, good.file_len),
		BUT(entry, ~0ULL),
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		*image = bad[i].image;
		self->arg.image_len = bad[i].image_len;
		EXPECT_EQ(ENOEXEC, start(&self->partition, &self->arg))
			TH_LOG("case %zu", i);
	}
	*image = good;
}

TEST_F(start, garbage)
{
	char *copy = malloc(self->arg.image_len);
	size_t i;

	ASSERT_NE(NULL, copy);
	for (i = 0; i < self->arg.image_len; i++)
		copy[i] = rand();
	self->arg.image = (uintptr_t)copy;
	EXPECT_OFTEN(ENOEXEC, start(&self->partition, &self->arg));
	free(copy);
}

TEST_F(start, image_too_large)
{
	struct crtos_image *image = IMAGE(self);
	struct crtos_image good = *image;

	image->mem_len = 1ULL << 40;
	EXPECT_OFTEN(EFBIG, start(&self->partition, &self->arg));
	image->mem_len = ~0ULL;
	EXPECT_EQ(EFBIG, start(&self->partition, &self->arg));
	*image = good;
}

TEST_F(start, other_version)
{
	struct crtos_image *image = IMAGE(self);

	image->version = CRTOS_ABI_VERSION + 1;
	EXPECT_OFTEN(EPROTONOSUPPORT, start(&self->partition, &self->arg));
	EXPECT_EQ(CRTOS_ABI_VERSION + 1, self->arg.image_version);
	EXPECT_EQ(CRTOS_ABI_VERSION, self->arg.linux_version);
	image->version = CRTOS_ABI_VERSION;
}

TEST_F(start, already_running)
{
	struct crtos_start arg = self->arg;
	struct crtos_peer peer = {};

	EXPECT_EQ(0, start(&self->partition, &arg));
	EXPECT_EQ(0, arg.partition);
	EXPECT_EQ(CRTOS_ABI_VERSION, arg.image_version);
	EXPECT_OFTEN(EALREADY, start(&self->partition, &self->arg));
	EXPECT_OFTEN(EOPNOTSUPP,
		     ioctl(self->partition.fd, CRTOS_IOC_PEER, &peer) < 0 ? errno : 0);
	EXPECT_EQ(0, partition_stop(&self->partition));
	EXPECT_OFTEN(ENOTCONN, partition_stop(&self->partition));
}

/* What takes long: crtos_often in the environment, or so often. Says which error, and how often. */
static int times(int few, const char *error)
{
	const char *often = getenv("crtos_often");
	int n = often ? atoi(often) : few;

	printf("# %s: %d\n", error, n);
	return n;
}

/* An image that only halts */
static struct {
	struct crtos_image head;
	unsigned char code[64];
} halts = {
	.head = {
		.magic = CRTOS_IMAGE_MAGIC,
		.version = CRTOS_ABI_VERSION,
		.header_len = sizeof(halts.head),
		.file_len = sizeof(halts),
		.mem_len = sizeof(halts),
		.entry = sizeof(halts.head),
	},
	.code = { 0xf4, 0xeb, 0xfd },	/* 1: hlt; jmp 1b */
};

TEST_F_TIMEOUT(start, never_ready, 3600)
{
	int i;

	self->arg.image = (uintptr_t)&halts;
	self->arg.image_len = sizeof(halts);
	for (i = times(1, "START ETIMEDOUT"); i; i--)
		EXPECT_EQ(ETIMEDOUT, start(&self->partition, &self->arg));
}

/* What START makes of the state that an RTOS says it is in */
static int start_saying(struct partition *partition, const struct crtos_start *good,
			unsigned char state)
{
	const unsigned char says[] = {
		0xc7, 0x87, 0x80, 0x01, 0x00, 0x00, state, 0, 0, 0, /* movl $state, 0x180(%rdi) */
		0xf4, 0xeb, 0xfd,				    /* 1: hlt; jmp 1b */
	};
	struct crtos_start arg = *good;
	typeof(halts) image = halts;

	memcpy(image.code, says, sizeof(says));
	arg.image = (uintptr_t)&image;
	arg.image_len = sizeof(image);
	return start(partition, &arg);
}

TEST_F_TIMEOUT(start, not_as_it_should, 900)
{
	_Static_assert(offsetof(struct crtos_header, rtos_state) == 0x180, "as in the code");
	int i;

	for (i = times(3, "START EIO, EPROTONOSUPPORT"); i; i--) {
		EXPECT_EQ(EIO, start_saying(&self->partition, &self->arg, CRTOS_RTOS_DEAD));
		/* In rtos_version there is 0. */
		EXPECT_EQ(EPROTONOSUPPORT,
			  start_saying(&self->partition, &self->arg, CRTOS_RTOS_READY));
	}
}

static void ignore(int sig)
{
}

/* Again and again, as the first one may come before the request waits. */
static bool alarms(bool on)
{
	const struct itimerval soon = { { .tv_usec = 50000 }, { .tv_usec = 50000 } };
	const struct itimerval never = {};

	return !sigaction(SIGALRM, &(struct sigaction) { .sa_handler = ignore }, NULL) &&
	       !setitimer(ITIMER_REAL, on ? &soon : &never, NULL);
}

TEST_F_TIMEOUT(start, interrupted, 900)
{
	int i;

	self->arg.image = (uintptr_t)&halts;
	self->arg.image_len = sizeof(halts);
	for (i = times(3, "START EINTR"); i; i--) {
		EXPECT_TRUE(alarms(true));
		EXPECT_EQ(EINTR, start(&self->partition, &self->arg));
		EXPECT_TRUE(alarms(false));
		EXPECT_TRUE(cpu_is_online(self->partition.cpu));
	}
}

TEST_F(start, stop_arguments)
{
	struct crtos_stop arg = { .partition = CRTOS_MAX_PARTITIONS };

	EXPECT_EQ(-1, ioctl(self->partition.fd, CRTOS_IOC_STOP, &arg));
	EXPECT_EQ(EINVAL, errno);
	arg = (struct crtos_stop) { .reserved = 1 };
	EXPECT_EQ(-1, ioctl(self->partition.fd, CRTOS_IOC_STOP, &arg));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, ioctl(self->partition.fd, CRTOS_IOC_STOP, (void *)8));
	EXPECT_EQ(EFAULT, errno);
}

/* As a service might be that was given the descriptor. In a process of its own. */
TEST_F(start, not_permitted)
{
	struct crtos_status status = {};
	pid_t pid = fork();
	int wstatus, i;

	ASSERT_LE(0, pid);
	if (!pid) {
		drop_capability(CAP_SYS_ADMIN);
		for (i = 0; i < OFTEN; i++) {
			if (start(&self->partition, &self->arg) != EPERM)
				_exit(1);
			if (partition_stop(&self->partition) != EPERM)
				_exit(2);
		}
		if (ioctl(self->partition.fd, CRTOS_IOC_STATUS, &status) && errno != ENODEV)
			_exit(3);
		_exit(0);
	}
	ASSERT_EQ(pid, waitpid(pid, &wstatus, 0));
	EXPECT_EQ(0, wstatus);
}

TEST_F(start, unprivileged_open)
{
	pid_t pid = fork();
	int wstatus;

	ASSERT_LE(0, pid);
	if (!pid) {
		if (setgid(65534) || setuid(65534))
			_exit(1);
		_exit(open("/dev/crtos", O_RDWR) >= 0 || errno != EACCES ? 2 : 0);
	}
	ASSERT_EQ(pid, waitpid(pid, &wstatus, 0));
	EXPECT_EQ(0, wstatus);
}

static struct crtos_status status_of(struct partition *partition, __u32 index)
{
	struct crtos_status status = { .partition = index };

	if (ioctl(partition->fd, CRTOS_IOC_STATUS, &status))
		memset(&status, 0xff, sizeof(status));
	return status;
}

/* A process of the RTOS that does nothing, or -1 */
static pid_t run_idle(struct partition *partition)
{
	pid_t pid = fork();
	int i;

	if (!pid) {
		dup2(open("/dev/null", O_RDWR), STDIN_FILENO);
		dup2(STDIN_FILENO, STDOUT_FILENO);
		execl("./crtos", "crtos", "run", "./idle", NULL);
		_exit(127);
	}
	for (i = 0; i < 1000 && status_of(partition, 0).calls < 1; i++)
		usleep(10000);
	return i < 1000 ? pid : -1;
}

/* A process is killed, and held back before it lets go of its memory. */
static bool kill_and_hold(pid_t pid)
{
	int status;

	return !ptrace(PTRACE_SEIZE, pid, 0, PTRACE_O_TRACEEXIT) && !kill(pid, SIGKILL) &&
	       waitpid(pid, &status, 0) == pid && WIFSTOPPED(status) &&
	       status >> 16 == PTRACE_EVENT_EXIT;
}

static bool no_process(struct partition *partition)
{
	int i;

	for (i = 0; i < 1000 && status_of(partition, 0).nr_slots; i++)
		usleep(10000);
	return i < 1000;
}

/* STOP waits for it, and stops the RTOS in any case. */
TEST_F_TIMEOUT(start, stop_interrupted, 900)
{
	struct partition *partition = &self->partition;
	pid_t pid;
	int i;

	for (i = times(3, "STOP EINTR"); i; i--) {
		ASSERT_EQ(0, partition_start(partition));
		pid = run_idle(partition);
		ASSERT_LT(0, pid);
		ASSERT_TRUE(kill_and_hold(pid));
		EXPECT_TRUE(alarms(true));
		EXPECT_EQ(EINTR, partition_stop(partition));
		EXPECT_TRUE(alarms(false));
		EXPECT_EQ(CRTOS_STATE_STOPPED, status_of(partition, 0).state);
		EXPECT_TRUE(cpu_is_online(partition->cpu));
		EXPECT_EQ(ENOTCONN, partition_stop(partition));
		EXPECT_EQ(1, status_of(partition, 0).nr_slots);
		EXPECT_EQ(0, ptrace(PTRACE_CONT, pid, 0, 0));
		EXPECT_EQ(pid, waitpid(pid, NULL, 0));
		EXPECT_TRUE(no_process(partition));
	}
}

/* The partition is not, as there is a process. */
static pid_t begin_to_stop(struct partition *partition)
{
	pid_t pid = fork();
	int i;

	if (!pid)
		_exit(partition_stop(partition));
	for (i = 0; i < 1000 && !cpu_is_online(partition->cpu); i++)
		usleep(10000);
	return i < 1000 ? pid : -1;
}

/* A program that leaves a page of its own in the pipe, and ends. */
static bool leave_page_in(int pipe)
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		dup2(pipe, STDOUT_FILENO);
		execl("./crtos", "crtos", "run", "./splice", NULL);
		_exit(127);
	}
	return pid > 0 && waitpid(pid, &status, 0) == pid && !status;
}

/* Not while somebody may still read memory of a process, here in a pipe, or write to it */
TEST_F(start, memory_in_use)
{
	struct partition *partition = &self->partition;
	char page[4096];
	int fd[2];

	ASSERT_EQ(0, pipe2(fd, O_CLOEXEC));
	ASSERT_EQ(0, partition_start(partition));
	EXPECT_TRUE(leave_page_in(fd[1]));
	EXPECT_EQ(0, partition_stop(partition));
	EXPECT_OFTEN(EAGAIN, start(partition, &self->arg));
	EXPECT_EQ((ssize_t)sizeof(page), read(fd[0], page, sizeof(page)));
	close(fd[0]);
	close(fd[1]);
}

static int peer_of(struct partition *partition)
{
	struct crtos_peer arg = {};
	int fd = ioctl(partition->fd, CRTOS_IOC_PEER, &arg);

	return fd < 0 ? -errno : fd;
}

/* As peer_of(), for who may do all else */
static int peer_without_rawio(struct partition *partition)
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		drop_capability(CAP_SYS_RAWIO);
		_exit(-peer_of(partition));
	}
	return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) ?
	       -WEXITSTATUS(status) : -1;
}

/* An RTOS that something else runs, on a CPU that is offline: here nothing does. */
static int start_external(struct partition *partition)
{
	struct crtos_start arg = { .backend = CRTOS_BACKEND_EXTERNAL, .nr_cpus = 1 };
	__u32 apicid;
	int error = partition_start(partition);

	if (error)
		return error;
	apicid = status_of(partition, 0).apicid[0];
	arg.cpus = (uintptr_t)&apicid;
	error = partition_stop(partition);
	if (error)
		return error;
	return cpu_set_online(partition->cpu, false) ? start(partition, &arg) : EBUSY;
}

/* All of its memory can be looked at, by who may do that; its interrupts are its own. */
TEST_F(start, external_peer)
{
	struct partition *partition = &self->partition;
	const struct crtos_header *header;
	__u64 value = 0;
	int fd;

	ASSERT_EQ(0, start_external(partition));
	EXPECT_EQ(-EPERM, peer_without_rawio(partition));
	fd = peer_of(partition);
	ASSERT_LT(0, fd);
	EXPECT_OFTEN(-EBUSY, peer_of(partition));
	header = mmap(NULL, sizeof(*header), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	ASSERT_NE(MAP_FAILED, header);
	EXPECT_EQ(CRTOS_HEADER_MAGIC, header->magic);
	EXPECT_OFTEN(EOPNOTSUPP, read(fd, &value, sizeof(value)) < 0 ? errno : 0);
	EXPECT_EQ(8, write(fd, &value, sizeof(value)));
	EXPECT_EQ(0, partition_stop(partition));
	EXPECT_OFTEN(ENOTCONN, write(fd, &value, sizeof(value)) < 0 ? errno : 0);
	munmap((void *)header, sizeof(*header));
	close(fd);
	EXPECT_TRUE(cpu_set_online(partition->cpu, true));
}

/*
 * The end of a process is told to an RTOS that was stopped, whose CPU is another one's by
 * then: that must not be interrupted for it.
 */
TEST_F(start, late_process)
{
	struct partition *partition = &self->partition;
	struct crtos_stop stop = { .partition = 1 };
	pid_t pid, stopper;
	__u64 doorbells;
	int status;

	self->arg.partition = 1;
	if (start(partition, &self->arg) == ENODEV)
		SKIP(return, "memory for one partition only");
	EXPECT_EQ(0, ioctl(partition->fd, CRTOS_IOC_STOP, &stop));

	ASSERT_EQ(0, partition_start(partition));
	pid = run_idle(partition);
	ASSERT_LT(0, pid);
	ASSERT_TRUE(kill_and_hold(pid));
	/* The RTOS takes the first message, that it was killed. */
	usleep(100000);
	stopper = begin_to_stop(partition);
	ASSERT_LT(0, stopper);
	EXPECT_EQ(1, status_of(partition, 0).nr_slots);
	EXPECT_EQ(0, start(partition, &self->arg));

	doorbells = status_of(partition, 0).doorbells_out;
	EXPECT_EQ(0, ptrace(PTRACE_CONT, pid, 0, 0));
	EXPECT_EQ(stopper, waitpid(stopper, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_EQ(pid, waitpid(pid, NULL, 0));
	EXPECT_EQ(doorbells, status_of(partition, 0).doorbells_out);
	EXPECT_EQ(0, status_of(partition, 1).rtos_stray_vectors);
	EXPECT_EQ(0, ioctl(partition->fd, CRTOS_IOC_STOP, &stop));
}

TEST_HARNESS_MAIN
