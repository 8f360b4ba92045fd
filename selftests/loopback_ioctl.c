// SPDX-License-Identifier: GPL-2.0
/*
 * Each request of /dev/crtos with right and wrong arguments, on partitions that
 * need neither memory nor a CPU of their own.
 */
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>

#include <linux/capability.h>

#include "../kselftest_harness.h"
#include "partition.h"
#include "peer.h"

#define BAD_POINTER	8ULL

/* The errno of a request, or 0 */
static int request(int fd, unsigned long nr, void *arg)
{
	return ioctl(fd, nr, arg) < 0 ? errno : 0;
}

static void become_nobody(void)
{
	if (setgid(65534) || setuid(65534))
		_exit(EACCES);
}

/* The errno of a request made by a child without CAP_@cap, or -1 as nobody */
static int request_without(int cap, int fd, unsigned long nr, void *arg)
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		if (cap < 0)
			become_nobody();
		else
			drop_capability(cap);
		_exit(request(fd, nr, arg));
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return -1;
	return WEXITSTATUS(status);
}

/* Must fail, or there is no test any more. */
static int run(int fd, struct crtos_run *arg)
{
	return request(fd, CRTOS_IOC_RUN, arg);
}

/* START and STOP */

FIXTURE(start) {
	int fd;
	__u32 cpus[CRTOS_MAX_CPUS + 1];
	struct crtos_start arg;
};

/* Partitions that a test has started, for the teardown */
static bool running[CRTOS_MAX_PARTITIONS];

FIXTURE_SETUP(start)
{
	const char *why = peer_missing();

	if (why)
		SKIP(return, "%s", why);
	self->fd = open("/dev/crtos", O_RDWR);
	ASSERT_LE(0, self->fd);
	self->cpus[0] = first_cpu();
	self->arg = (struct crtos_start) {
		.backend = CRTOS_BACKEND_LOOPBACK,
		.nr_cpus = 1,
		.cpus = (uintptr_t)self->cpus,
		.partition = CRTOS_PARTITION_ANY,
	};
}

static int start(int fd, const struct crtos_start *arg)
{
	struct crtos_start copy = *arg;
	int err = request(fd, CRTOS_IOC_START, &copy);

	if (!err)
		running[copy.partition] = true;
	return err;
}

static int stop(int fd, __u32 partition)
{
	struct crtos_stop arg = { .partition = partition };

	return request(fd, CRTOS_IOC_STOP, &arg);
}

/* After each: a start that is right succeeds. */
FIXTURE_TEARDOWN(start)
{
	struct crtos_start arg = self->arg;
	unsigned int i;

	for (i = 0; i < CRTOS_MAX_PARTITIONS; i++)
		if (running[i])
			EXPECT_EQ(0, stop(self->fd, i));
	arg.partition = CRTOS_PARTITION_ANY;
	EXPECT_EQ(0, request(self->fd, CRTOS_IOC_START, &arg));
	EXPECT_EQ(0, stop(self->fd, arg.partition));
	close(self->fd);
}

TEST_F(start, returned)
{
	struct crtos_start arg = self->arg;
	struct crtos_status status = {};

	arg.image_version = 77;
	arg.linux_version = 77;
	ASSERT_EQ(0, request(self->fd, CRTOS_IOC_START, &arg));
	ASSERT_GT(CRTOS_MAX_PARTITIONS, arg.partition);
	running[arg.partition] = true;
	EXPECT_EQ(0, arg.image_version);
	EXPECT_EQ(CRTOS_ABI_VERSION, arg.linux_version);

	status.partition = arg.partition;
	EXPECT_EQ(0, request(self->fd, CRTOS_IOC_STATUS, &status));
	EXPECT_EQ(CRTOS_STATE_RUNNING, status.state);
	EXPECT_EQ(CRTOS_BACKEND_LOOPBACK, status.backend);
	EXPECT_EQ(CRTOS_RTOS_BOOTING, status.rtos_state);
	EXPECT_EQ(1, status.nr_cpus);
	EXPECT_EQ(self->cpus[0], status.cpu[0]);
	EXPECT_EQ(0, status.nr_slots);
	EXPECT_EQ(0, status.calls);
	EXPECT_LT(CRTOS_MAX_SLOTS * sizeof(struct crtos_slot), status.region_len);
}

TEST_F(start, fields)
{
	struct crtos_start bad[] = {
		{ .backend = 99 },
		{ .backend = ~0U },
		{ .nr_cpus = 0 },
		{ .nr_cpus = 2 },
		{ .nr_cpus = CRTOS_MAX_CPUS + 1 },
		{ .nr_cpus = ~0U },
		{ .image = (uintptr_t)self },
		{ .image_len = 4096 },
		{ .vector = 32 },
		{ .hypervisor = CRTOS_HYPERVISOR_JAILHOUSE },
		{ .cell = 1 },
		{ .reserved = { 1 } },
		{ .reserved = { 0, 1 } },
		{ .partition = CRTOS_MAX_PARTITIONS },
		{ .partition = CRTOS_PARTITION_ANY - 1 },
	};
	const struct crtos_start *good = &self->arg;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		bad[i].backend = bad[i].backend ?: good->backend;
		bad[i].nr_cpus = i == 2 ? 0 : bad[i].nr_cpus ?: good->nr_cpus;
		bad[i].partition = bad[i].partition ?: good->partition;
		bad[i].cpus = good->cpus;
		EXPECT_EQ(EINVAL, start(self->fd, &bad[i]))
			TH_LOG("case %zu", i);
	}
}

TEST_F(start, no_such_cpu)
{
	self->cpus[0] = 4095;
	EXPECT_OFTEN(ENXIO, start(self->fd, &self->arg));
	self->cpus[0] = ~0U;
	EXPECT_EQ(ENXIO, start(self->fd, &self->arg));
	self->cpus[0] = first_cpu();
}

TEST_F(start, offline_cpu)
{
	unsigned int cpu = spare_cpu();

	if (!cpu)
		SKIP(return, "no CPU to take offline");
	ASSERT_TRUE(cpu_set_online(cpu, false));
	self->cpus[0] = cpu;
	EXPECT_EQ(ENXIO, start(self->fd, &self->arg));
	self->cpus[0] = first_cpu();
	EXPECT_TRUE(cpu_set_online(cpu, true));
}

TEST_F(start, pointers)
{
	EXPECT_EQ(EFAULT, request(self->fd, CRTOS_IOC_START, (void *)BAD_POINTER));
	self->arg.cpus = BAD_POINTER;
	EXPECT_EQ(EFAULT, start(self->fd, &self->arg));
	self->arg.cpus = ~0ULL << 47;
	EXPECT_EQ(EFAULT, start(self->fd, &self->arg));
	self->arg.cpus = (uintptr_t)self->cpus;
}

/* Does a file of a partition in sysfs have this line? */
static bool shows(unsigned int partition, const char *name, const char *expected)
{
	char path[64], line[32] = "";
	FILE *file;

	snprintf(path, sizeof(path), "/sys/class/crtos/partition%u/%s", partition, name);
	file = fopen(path, "r");
	if (!file)
		return false;
	fgets(line, sizeof(line), file);
	fclose(file);
	return !strcmp(line, expected);
}

/*
 * A partition in which something runs, or -1. What the test before has left may still be
 * ending: a partition whose RTOS is gone can be started when its last shadow is.
 */
static int busy_partition(void)
{
	int i;

	for (i = 0; i < CRTOS_MAX_PARTITIONS; i++)
		if (!shows(i, "state", "stopped\n") || !shows(i, "processes", "0\n"))
			return i;
	return -1;
}

/* An RTOS of which nobody is told does not run. */
TEST_F(start, no_answer)
{
	struct crtos_start *arg = mmap(NULL, sizeof(*arg), PROT_READ | PROT_WRITE,
				       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ASSERT_NE(MAP_FAILED, arg);
	*arg = self->arg;
	arg->partition = 3;
	ASSERT_EQ(0, mprotect(arg, sizeof(*arg), PROT_READ));
	EXPECT_EQ(EFAULT, request(self->fd, CRTOS_IOC_START, arg));
	EXPECT_TRUE(shows(3, "state", "stopped\n"));
	EXPECT_EQ(0, start(self->fd, arg));
	EXPECT_TRUE(shows(3, "state", "running\n"));
}

TEST_F(start, all_partitions)
{
	struct crtos_start arg = self->arg;
	unsigned int i;

	ASSERT_TRUE(eventually(busy_partition() < 0)) {
		TH_LOG("partition %d", busy_partition());
	}
	for (i = 0; i < CRTOS_MAX_PARTITIONS; i++) {
		arg.partition = i;
		EXPECT_EQ(0, start(self->fd, &arg));
		EXPECT_EQ(EALREADY, start(self->fd, &arg));
	}
	EXPECT_EQ(EALREADY, start(self->fd, &self->arg));
	EXPECT_EQ(0, stop(self->fd, 3));
	EXPECT_EQ(ENOTCONN, stop(self->fd, 3));
	EXPECT_EQ(0, request(self->fd, CRTOS_IOC_START, &self->arg));
	EXPECT_EQ(3, self->arg.partition);
	EXPECT_EQ(EALREADY, start(self->fd, &arg));
}

TEST_F(start, often)
{
	unsigned int i;

	for (i = 0; i < 100; i++) {
		struct crtos_start arg = self->arg;

		ASSERT_EQ(0, request(self->fd, CRTOS_IOC_START, &arg));
		ASSERT_EQ(0, stop(self->fd, arg.partition));
	}
}

TEST_F(start, not_permitted)
{
	struct crtos_start arg = self->arg;
	struct crtos_stop stop = {};

	EXPECT_EQ(EPERM, request_without(-1, self->fd, CRTOS_IOC_START, &arg));
	EXPECT_EQ(EPERM, request_without(CAP_SYS_ADMIN, self->fd, CRTOS_IOC_START, &arg));
	EXPECT_EQ(0, request(self->fd, CRTOS_IOC_START, &arg));
	running[arg.partition] = true;
	stop.partition = arg.partition;
	EXPECT_EQ(EPERM, request_without(-1, self->fd, CRTOS_IOC_STOP, &stop));
	EXPECT_EQ(EPERM, request_without(CAP_SYS_ADMIN, self->fd, CRTOS_IOC_STOP, &stop));
}

/* The lowest one that is free is the first that the limit forbids. */
TEST_F(start, too_many_descriptors)
{
	struct crtos_start arg = self->arg;
	struct crtos_peer peer = {};
	struct rlimit limit, low;
	int fd = dup(self->fd);

	ASSERT_LE(0, fd);
	close(fd);
	ASSERT_EQ(0, request(self->fd, CRTOS_IOC_START, &arg));
	running[arg.partition] = true;
	peer.partition = arg.partition;
	ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &limit));
	low = (struct rlimit) { fd, limit.rlim_max };
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &low));
	EXPECT_OFTEN(EMFILE, request(self->fd, CRTOS_IOC_PEER, &peer));
	EXPECT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	EXPECT_EQ(fd, ioctl(self->fd, CRTOS_IOC_PEER, &peer));
	EXPECT_EQ(0, stop(self->fd, arg.partition));
	running[arg.partition] = false;
	close(fd);
}

TEST_F(start, stop_arguments)
{
	struct crtos_stop arg = { .partition = CRTOS_MAX_PARTITIONS };

	EXPECT_EQ(EINVAL, request(self->fd, CRTOS_IOC_STOP, &arg));
	arg.partition = ~0U;
	EXPECT_EQ(EINVAL, request(self->fd, CRTOS_IOC_STOP, &arg));
	arg = (struct crtos_stop) { .reserved = 1 };
	EXPECT_EQ(EINVAL, request(self->fd, CRTOS_IOC_STOP, &arg));
	EXPECT_EQ(EFAULT, request(self->fd, CRTOS_IOC_STOP, (void *)BAD_POINTER));
}

/* Stopped: the memory is gone, and all that was there to be said with it. */
TEST_F(start, stopped)
{
	struct crtos_start arg = self->arg;
	struct crtos_status status = {};
	struct crtos_log log = {};
	struct crtos_slot_stats stats = {};
	struct crtos_post_mortem crash = {};
	struct crtos_peer peer = {};
	struct crtos_run run = {
		.fd = self->fd,
		.strings = (uintptr_t)"",
		.strings_len = 1,
		.window_addr = WINDOW,
		.window_len = PAGE,
	};

	ASSERT_EQ(0, request(self->fd, CRTOS_IOC_START, &arg));
	ASSERT_EQ(0, stop(self->fd, arg.partition));
	status.partition = arg.partition;
	log.partition = arg.partition;
	stats.partition = arg.partition;
	crash.partition = arg.partition;
	peer.partition = arg.partition;
	run.partition = arg.partition;
	EXPECT_EQ(ENODEV, request(self->fd, CRTOS_IOC_STATUS, &status));
	EXPECT_EQ(ENODEV, request(self->fd, CRTOS_IOC_LOG, &log));
	EXPECT_EQ(ENODEV, request(self->fd, CRTOS_IOC_SLOT, &stats));
	EXPECT_EQ(ENODEV, request(self->fd, CRTOS_IOC_CRASH, &crash));
	EXPECT_OFTEN(ENOTCONN, request(self->fd, CRTOS_IOC_PEER, &peer));
	EXPECT_OFTEN(ENOTCONN, request(self->fd, CRTOS_IOC_RUN, &run));
}

/* A partition that runs and has an RTOS */

FIXTURE(loopback) {
	struct peer peer;
	struct crtos_run run;
};

FIXTURE_SETUP(loopback)
{
	const char *why = peer_missing();

	if (why)
		SKIP(return, "%s", why);
	self->peer.cpu = first_cpu();
	ASSERT_EQ(0, peer_start(&self->peer));
	self->run = peer_run_arg(&self->peer, self->peer.fd);
}

FIXTURE_TEARDOWN(loopback)
{
	peer_stop(&self->peer);
}

TEST_F(loopback, header)
{
	struct crtos_header *header = self->peer.header;
	struct crtos_status status = peer_status(&self->peer);

	EXPECT_EQ(CRTOS_HEADER_MAGIC, header->magic);
	EXPECT_EQ(CRTOS_ABI_VERSION, header->version);
	EXPECT_EQ(sizeof(*header), header->header_len);
	EXPECT_EQ(status.features, header->features);
	EXPECT_EQ(status.region_addr, header->region_addr);
	EXPECT_EQ(status.region_len, header->region_len);
	EXPECT_EQ(0, header->image_len);
	EXPECT_GT(header->region_len, header->free_off);
	EXPECT_GE(header->free_off, header->slots_off + CRTOS_MAX_SLOTS * header->slot_len);
	EXPECT_EQ(sizeof(struct crtos_slot), header->slot_len);
	EXPECT_EQ(CRTOS_MAX_SLOTS, header->nr_slots);
	EXPECT_GE(header->free_off, header->console_off + header->console_len);
	EXPECT_EQ(1, header->nr_cpus);
	EXPECT_EQ(status.apicid[0], header->cpu_apicid[0]);
	EXPECT_EQ(0, header->vector);
	EXPECT_LT(31, header->linux_upid.control >> CRTOS_UPID_NV_SHIFT & 0xff);
	EXPECT_EQ(CRTOS_RTOS_BOOTING, header->rtos_state);
}

TEST_F(loopback, open)
{
	struct crtos_peer arg = { .partition = self->peer.partition };
	int fd = self->peer.fd;

	EXPECT_OFTEN(EBUSY, request(fd, CRTOS_IOC_PEER, &arg));
	arg.reserved = 1;
	EXPECT_EQ(EINVAL, request(fd, CRTOS_IOC_PEER, &arg));
	arg = (struct crtos_peer) { .partition = CRTOS_MAX_PARTITIONS };
	EXPECT_EQ(EINVAL, request(fd, CRTOS_IOC_PEER, &arg));
	EXPECT_EQ(EFAULT, request(fd, CRTOS_IOC_PEER, (void *)BAD_POINTER));
}

TEST_F(loopback, not_permitted)
{
	struct crtos_start start = {
		.backend = CRTOS_BACKEND_LOOPBACK,
		.nr_cpus = 1,
		.cpus = (uintptr_t)&self->peer.cpu,
		.partition = CRTOS_PARTITION_ANY,
	};
	struct crtos_stop stop = {};
	struct crtos_peer arg;
	int fd = self->peer.fd;

	ASSERT_EQ(0, request(fd, CRTOS_IOC_START, &start));
	arg = (struct crtos_peer) { .partition = start.partition };
	EXPECT_EQ(EPERM, request_without(-1, fd, CRTOS_IOC_PEER, &arg));
	EXPECT_EQ(EPERM, request_without(CAP_SYS_ADMIN, fd, CRTOS_IOC_PEER, &arg));
	EXPECT_EQ(EPERM, request_without(CAP_SYS_RAWIO, fd, CRTOS_IOC_PEER, &arg));
	stop.partition = start.partition;
	EXPECT_EQ(0, request(fd, CRTOS_IOC_STOP, &stop));
}

/* In a child, which does not inherit the mapping */
static bool is_killed_by_reading(const volatile char *p)
{
	pid_t pid = fork();
	int status;

	if (!pid)
		_exit(*p);
	return pid > 0 && waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) &&
	       WTERMSIG(status) == SIGSEGV;
}

TEST_F(loopback, map)
{
	size_t len = self->peer.header->region_len;
	int fd = self->peer.rtos;
	char *p;

	EXPECT_EQ(MAP_FAILED, mmap(NULL, len + PAGE, PROT_READ, MAP_SHARED, fd, 0));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(MAP_FAILED, mmap(NULL, len, PROT_READ, MAP_SHARED, fd, PAGE));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(MAP_FAILED, mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, len));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(MAP_FAILED, mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 1ULL << 62));
	EXPECT_EQ(MAP_FAILED, mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(MAP_FAILED, mmap(NULL, PAGE, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0));
	EXPECT_EQ(EPERM, errno);
	EXPECT_EQ(-1, mprotect(self->peer.region, PAGE, PROT_READ | PROT_EXEC));
	EXPECT_EQ(EACCES, errno);

	p = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
	ASSERT_NE(MAP_FAILED, p);
	EXPECT_EQ(0, memcmp(p, self->peer.region, 64));
	EXPECT_EQ(0, munmap(p, PAGE));

	/* To the last byte */
	self->peer.region[len - 1] = 1;
	EXPECT_EQ(1, self->peer.region[len - 1]);
	EXPECT_TRUE(is_killed_by_reading(&self->peer.region[len - 1]));
}

TEST_F(loopback, read_and_write)
{
	struct pollfd pollfd = { .fd = self->peer.rtos, .events = POLLIN };
	int fd = self->peer.rtos;
	__u64 value[2] = {};

	EXPECT_OFTEN(EINVAL, write(fd, value, 0) < 0 ? errno : 0);
	EXPECT_OFTEN(EINVAL, write(fd, value, 7) < 0 ? errno : 0);
	EXPECT_EQ(8, write(fd, value, 8));

	EXPECT_OFTEN(EINVAL, read(fd, value, 0) < 0 ? errno : 0);
	EXPECT_OFTEN(EINVAL, read(fd, value, 7) < 0 ? errno : 0);

	EXPECT_EQ(0, poll(&pollfd, 1, 0));
	ASSERT_EQ(0, fcntl(fd, F_SETFL, O_NONBLOCK));
	EXPECT_OFTEN(EAGAIN, read(fd, value, 8) < 0 ? errno : 0);
	EXPECT_EQ(-1, lseek(fd, 0, SEEK_SET));
	EXPECT_EQ(ESPIPE, errno);
	EXPECT_EQ(-1, ioctl(fd, CRTOS_IOC_STATUS, value));
	EXPECT_EQ(ENOTTY, errno);
}

static void ignored(int sig)
{
}

/* Signals come until one does while it waits. */
TEST_F(loopback, read_interrupted)
{
	const struct sigaction action = { .sa_handler = ignored };
	const struct itimerval often = { { 0, 1000 }, { 0, 1000 } }, never = {};
	struct pollfd pollfd = { .fd = self->peer.rtos, .events = POLLIN };
	__u64 count;

	ASSERT_EQ(0, sigaction(SIGALRM, &action, NULL));
	ASSERT_EQ(0, setitimer(ITIMER_REAL, &often, NULL));
	EXPECT_OFTEN(EINTR, read(self->peer.rtos, &count, sizeof(count)) < 0 ? errno : 0);
	EXPECT_EQ(0, setitimer(ITIMER_REAL, &never, NULL));
	EXPECT_EQ(0, poll(&pollfd, 1, 0));
}

TEST_F(loopback, notifications)
{
	struct pollfd pollfd = { .fd = self->peer.rtos, .events = POLLIN };
	__u64 count[2] = {};

	peer_ready(&self->peer);
	ASSERT_LT(0, peer_fork(&self->peer));
	ASSERT_EQ(1, poll(&pollfd, 1, PATIENCE_MS));
	/* Too much room is fine. */
	EXPECT_EQ(8, read(pollfd.fd, count, sizeof(count)));
	EXPECT_EQ(1, count[0]);
	EXPECT_EQ(0, poll(&pollfd, 1, 0));
}

/* The last shadow of an RTOS ends while that is stopped: the next one does not hear of it. */
TEST_F(loopback, notifications_of_before)
{
	struct pollfd pollfd = { .events = POLLIN };
	unsigned int i;
	__u64 value = 0;

	for (i = 0; i < 20; i++) {
		peer_ready(&self->peer);
		ASSERT_LT(0, peer_fork(&self->peer));
		ASSERT_NE(NULL, peer_attach(&self->peer, -1));
		peer_stop(&self->peer);
		ASSERT_EQ(0, peer_start(&self->peer));
		pollfd.fd = self->peer.rtos;
		/* Who takes this takes what is left, too. */
		EXPECT_EQ(8, write(pollfd.fd, &value, 8));
		EXPECT_EQ(0, poll(&pollfd, 1, 10));
	}
}

/* The last descriptor is closed: the RTOS is gone. */
TEST_F(loopback, close)
{
	int copy = dup(self->peer.rtos);

	ASSERT_LE(0, copy);
	peer_close(&self->peer);
	EXPECT_TRUE(peer_running(&self->peer));
	close(copy);
	EXPECT_FALSE(peer_running(&self->peer));
}

/* Stopped by somebody else: what the RTOS still does has no effect. */
TEST_F(loopback, stopped)
{
	struct crtos_stop stop = { .partition = self->peer.partition };
	struct pollfd pollfd = { .fd = self->peer.rtos, .events = POLLIN };
	__u64 value = 1;

	ASSERT_EQ(0, request(self->peer.fd, CRTOS_IOC_STOP, &stop));
	EXPECT_EQ(1, poll(&pollfd, 1, 0));
	EXPECT_TRUE(pollfd.revents & POLLHUP);
	EXPECT_OFTEN(ENOTCONN, write(pollfd.fd, &value, 8) < 0 ? errno : 0);
	EXPECT_EQ(0, read(pollfd.fd, &value, 8));
	memset(self->peer.region + PAGE, 0xff, PAGE);
	peer_close(&self->peer);
}

/*
 * It is still open, and even waited for, when the partition is started again: the
 * notifications are for the new RTOS.
 */
TEST_F(loopback, stopped_and_started)
{
	struct crtos_stop stop = { .partition = self->peer.partition };
	struct epoll_event event = { .events = EPOLLIN };
	struct pollfd new = { .events = POLLIN }, old = { .events = POLLIN };
	int epoll = epoll_create1(0);
	struct process *p;
	__u64 value;

	old.fd = self->peer.rtos;
	self->peer.rtos = -1;
	ASSERT_EQ(0, epoll_ctl(epoll, EPOLL_CTL_ADD, old.fd, &event));
	ASSERT_EQ(0, request(self->peer.fd, CRTOS_IOC_STOP, &stop));
	peer_stop(&self->peer);
	ASSERT_EQ(0, peer_start(&self->peer));
	ASSERT_EQ(stop.partition, self->peer.partition);
	peer_ready(&self->peer);
	ASSERT_LT(0, peer_fork(&self->peer));
	new.fd = self->peer.rtos;
	EXPECT_EQ(1, poll(&new, 1, PATIENCE_MS));
	EXPECT_EQ(1, poll(&old, 1, 0));
	EXPECT_EQ(POLLHUP, old.revents);
	EXPECT_EQ(0, read(old.fd, &value, 8));
	p = peer_attach(&self->peer, -1);
	ASSERT_NE(NULL, p);
	process_fill(p, 0, CRTOS_OP_SYSCALL, SYS_getppid, ARGS(0));
	p->slot->entries[0].flags = CRTOS_ENTRY_NOTIFY;
	process_publish(p, 0);
	process_ring(p);
	close(epoll);
	/* The first one may be that of the attaching. */
	while (!p->done && peer_wait(&self->peer))
		;
	EXPECT_TRUE(p->done);
	close(old.fd);
	EXPECT_TRUE(peer_running(&self->peer));
}

/* Is there a shadow in a partition that somebody else starts? */
static bool shadow_comes(int fd, __u32 partition)
{
	struct crtos_status status;
	unsigned int i;

	for (i = 0; i < PATIENCE_MS / 10; i++) {
		status = (struct crtos_status) { .partition = partition };
		if (!request(fd, CRTOS_IOC_STATUS, &status) && status.nr_slots == 1)
			return true;
		usleep(10000);
	}
	return false;
}

/* The RTOS becomes the shadow of a process of its own, and is killed. */
TEST_F(loopback, its_own_shadow)
{
	struct pollfd pollfd;
	__u32 partition;
	pid_t pid;
	int fd;

	partition = self->peer.partition;
	peer_stop(&self->peer);
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		if (peer_start(&self->peer))
			_exit(1);
		peer_ready(&self->peer);
		self->run = peer_run_arg(&self->peer, self->peer.fd);
		_exit(run(self->peer.fd, &self->run));
	}
	pollfd.fd = syscall(SYS_pidfd_open, pid, 0);
	pollfd.events = POLLIN;
	fd = open("/dev/crtos", O_RDWR | O_CLOEXEC);
	EXPECT_LE(0, fd);
	EXPECT_TRUE(shadow_comes(fd, partition));
	close(fd);
	EXPECT_EQ(0, poll(&pollfd, 1, 0));
	EXPECT_EQ(0, kill(pid, SIGKILL));
	EXPECT_EQ(1, poll(&pollfd, 1, PATIENCE_MS));
	EXPECT_EQ(pid, waitpid(pid, NULL, 0));
	ASSERT_EQ(0, peer_start(&self->peer));
	EXPECT_EQ(partition, self->peer.partition);
}

TEST_F(loopback, unknown)
{
	EXPECT_EQ(ENOTTY, request(self->peer.fd, _IO(CRTOS_IOC_MAGIC, 0x7f), NULL));
	EXPECT_EQ(ENOTTY, request(self->peer.fd, _IOW(CRTOS_IOC_MAGIC, 0x04, __u32), NULL));
	EXPECT_EQ(ENOTTY, request(self->peer.fd, _IO(0xC8, 0), NULL));
}

TEST_F(loopback, status)
{
	struct crtos_status status = { .partition = CRTOS_MAX_PARTITIONS };

	EXPECT_EQ(EINVAL, request(self->peer.fd, CRTOS_IOC_STATUS, &status));
	EXPECT_EQ(EFAULT, request(self->peer.fd, CRTOS_IOC_STATUS, (void *)BAD_POINTER));

	peer_ready(&self->peer);
	self->peer.header->rtos_features = 0x1234;
	self->peer.header->stray_vectors = 5;
	self->peer.header->doorbells_out = 6;
	self->peer.header->doorbells_in = 7;
	status.partition = self->peer.partition;
	EXPECT_EQ(0, request_without(-1, self->peer.fd, CRTOS_IOC_STATUS, &status));
	status = peer_status(&self->peer);
	EXPECT_EQ(CRTOS_RTOS_READY, status.rtos_state);
	EXPECT_EQ(CRTOS_ABI_VERSION, status.rtos_version);
	EXPECT_EQ(0x1234, status.rtos_features);
	EXPECT_EQ(5, status.rtos_stray_vectors);
	EXPECT_EQ(6, status.rtos_doorbells_out);
	EXPECT_EQ(7, status.rtos_doorbells_in);
}

/* What the RTOS says is in the console */
static void print_console(struct peer *peer, const char *text)
{
	struct crtos_header *header = peer->header;
	__u64 head = header->console_head;

	for (; *text; text++)
		peer->region[header->console_off + head++ % header->console_len] = *text;
	store_release(&header->console_head, head);
}

TEST_F(loopback, log)
{
	char buf[64] = {};
	struct crtos_log log = {
		.partition = self->peer.partition,
		.len = sizeof(buf),
		.buf = (uintptr_t)buf,
	};
	int fd = self->peer.fd;

	EXPECT_EQ(0, ioctl(fd, CRTOS_IOC_LOG, &log));
	print_console(&self->peer, "one\n");
	EXPECT_EQ(4, ioctl(fd, CRTOS_IOC_LOG, &log));
	EXPECT_STREQ("one\n", buf);
	EXPECT_EQ(4, log.pos);
	print_console(&self->peer, "two\n");
	EXPECT_EQ(4, ioctl(fd, CRTOS_IOC_LOG, &log));
	EXPECT_STREQ("two\n", buf);
	log.pos = ~0ULL;	/* not there: from the start */
	log.len = 6;
	EXPECT_EQ(6, ioctl(fd, CRTOS_IOC_LOG, &log));
	EXPECT_EQ(0, memcmp("one\ntw", buf, 6));
	log.len = 0;
	EXPECT_EQ(0, ioctl(fd, CRTOS_IOC_LOG, &log));

	log = (struct crtos_log) { .partition = self->peer.partition, .len = 4, .buf = 8 };
	EXPECT_EQ(EFAULT, request(fd, CRTOS_IOC_LOG, &log));
	EXPECT_EQ(EFAULT, request(fd, CRTOS_IOC_LOG, (void *)BAD_POINTER));
	log.partition = CRTOS_MAX_PARTITIONS;
	EXPECT_EQ(EINVAL, request(fd, CRTOS_IOC_LOG, &log));
}

/* Over the end of the buffer, and after it was overwritten */
TEST_F(loopback, log_wraps)
{
	struct crtos_header *header = self->peer.header;
	char buf[64] = {};
	struct crtos_log log = {
		.partition = self->peer.partition,
		.len = sizeof(buf),
		.buf = (uintptr_t)buf,
		.pos = header->console_len - 3,
	};

	header->console_head = header->console_len - 3;
	print_console(&self->peer, "abcdef");
	EXPECT_EQ(6, ioctl(self->peer.fd, CRTOS_IOC_LOG, &log));
	EXPECT_STREQ("abcdef", buf);

	header->console_head = 5ULL * header->console_len;
	log.pos = 0;
	EXPECT_EQ(sizeof(buf), ioctl(self->peer.fd, CRTOS_IOC_LOG, &log));
	EXPECT_EQ(4ULL * header->console_len + sizeof(buf), log.pos);
	header->console_head = ~0ULL;
	EXPECT_EQ(sizeof(buf), ioctl(self->peer.fd, CRTOS_IOC_LOG, &log));
}

TEST_F(loopback, crash)
{
	struct crtos_post_mortem arg = { .partition = CRTOS_MAX_PARTITIONS };
	struct crtos_header *header = self->peer.header;
	struct crtos_crash *crash = (void *)(self->peer.region + header->crash_off);
	int fd = self->peer.fd;

	EXPECT_EQ(EINVAL, request(fd, CRTOS_IOC_CRASH, &arg));
	arg = (struct crtos_post_mortem) { .partition = self->peer.partition, .reserved = 1 };
	EXPECT_EQ(EINVAL, request(fd, CRTOS_IOC_CRASH, &arg));
	EXPECT_EQ(EFAULT, request(fd, CRTOS_IOC_CRASH, (void *)BAD_POINTER));

	arg.reserved = 0;
	EXPECT_EQ(0, request(fd, CRTOS_IOC_CRASH, &arg));
	EXPECT_EQ(CRTOS_CRASH_NONE, arg.crash.kind);
	ASSERT_TRUE(header->features & CRTOS_F_CRASH);
	ASSERT_GE(header->free_off, header->crash_off + sizeof(*crash));
	memset(crash, 0x5a, sizeof(*crash));
	crash->reason[sizeof(crash->reason) - 1] = 0;
	store_release(&crash->kind, CRTOS_CRASH_PROCESS);
	EXPECT_EQ(EPERM, request_without(CAP_SYS_ADMIN, fd, CRTOS_IOC_CRASH, &arg));
	EXPECT_OFTEN(0, request(fd, CRTOS_IOC_CRASH, &arg));
	EXPECT_EQ(0, memcmp(crash, &arg.crash, sizeof(*crash)));

	/* It ends, whatever the RTOS wrote. */
	crash->reason[sizeof(crash->reason) - 1] = 'x';
	EXPECT_EQ(0, request(fd, CRTOS_IOC_CRASH, &arg));
	EXPECT_EQ(sizeof(crash->reason) - 1, strlen(arg.crash.reason));
}

TEST_F(loopback, slot_arguments)
{
	struct crtos_slot_stats stats = { .partition = CRTOS_MAX_PARTITIONS };
	__u64 by_nr[512];
	int fd = self->peer.fd;
	struct process *p;

	EXPECT_EQ(EINVAL, request(fd, CRTOS_IOC_SLOT, &stats));
	EXPECT_EQ(EFAULT, request(fd, CRTOS_IOC_SLOT, (void *)BAD_POINTER));
	EXPECT_EQ(ENOENT, peer_slot(&self->peer, 0, &stats));
	EXPECT_EQ(ENOENT, peer_slot(&self->peer, CRTOS_MAX_SLOTS, &stats));
	EXPECT_EQ(ENOENT, peer_slot(&self->peer, ~0U, &stats));

	peer_ready(&self->peer);
	p = peer_spawn(&self->peer);
	ASSERT_NE(NULL, p);
	EXPECT_EQ(getpid(), call(p, SYS_getppid));
	EXPECT_EQ(-EBADF, call(p, SYS_close, 99));
	/* Linux counts a call when it is over: these two before this one. */
	EXPECT_EQ((long)getuid(), call(p, SYS_getuid));
	ASSERT_EQ(0, peer_slot(&self->peer, 0, &stats));
	EXPECT_EQ(p->index, stats.slot);
	EXPECT_EQ(p->pid, stats.pid);
	EXPECT_EQ(3, stats.calls);
	EXPECT_EQ(1, stats.errors);
	EXPECT_EQ(0, stats.bad_requests);
	EXPECT_EQ(WINDOW, stats.window_addr);
	EXPECT_EQ(WINDOW_LEN, stats.window_len);
	EXPECT_EQ(p->slot->map_root, stats.map_root);
	EXPECT_EQ(CRTOS_SLOT_ATTACHED, stats.linux_state);
	EXPECT_EQ(CRTOS_PROCESS_RUNNING, stats.rtos_state);
	EXPECT_EQ(3, stats.sq_head);
	EXPECT_EQ(3, stats.sq_tail);
	EXPECT_EQ(0, stats.has_regs);
	EXPECT_EQ(ENOENT, peer_slot(&self->peer, stats.slot + 1, &stats));

	stats = (struct crtos_slot_stats) {
		.partition = self->peer.partition,
		.nr_by_nr = ARRAY_SIZE(by_nr),
		.by_nr = (uintptr_t)by_nr,
	};
	memset(by_nr, 0xff, sizeof(by_nr));
	ASSERT_EQ(0, request(fd, CRTOS_IOC_SLOT, &stats));
	EXPECT_EQ(1, by_nr[SYS_getppid]);
	EXPECT_EQ(1, by_nr[SYS_close]);
	EXPECT_EQ(0, by_nr[SYS_read]);
	stats.slot = 0;
	stats.nr_by_nr = ARRAY_SIZE(by_nr);
	stats.by_nr = BAD_POINTER;
	EXPECT_EQ(EFAULT, request(fd, CRTOS_IOC_SLOT, &stats));
}

/* The registers of a process: what the RTOS says, if it can be */
TEST_F(loopback, slot_regs)
{
	struct crtos_header *header = self->peer.header;
	const __u64 region_end = header->region_addr + header->region_len;
	const __u64 bad[] = { 8, ~7ULL, header->region_addr - 8, region_end - 8, region_end };
	struct crtos_slot_stats stats;
	struct crtos_regs *regs;
	struct process *p;
	size_t i;

	peer_ready(&self->peer);
	p = peer_spawn(&self->peer);
	ASSERT_NE(NULL, p);
	regs = (void *)p->mem;
	regs->rip = 0x1234;
	regs->ss = 0x5678;
	p->slot->regs = peer_addr(&self->peer, regs);
	ASSERT_EQ(0, peer_slot(&self->peer, 0, &stats));
	EXPECT_EQ(1, stats.has_regs);
	EXPECT_EQ(0, memcmp(regs, &stats.regs, sizeof(*regs)));

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		p->slot->regs = bad[i];
		ASSERT_EQ(0, peer_slot(&self->peer, 0, &stats));
		EXPECT_EQ(0, stats.has_regs)
			TH_LOG("case %zu", i);
	}
}

/* RUN. What is wrong with the arguments alone is in run_errors.c. */

TEST_F(loopback, run_arguments)
{
	const struct crtos_run good = self->run;

	peer_ready(&self->peer);
	EXPECT_EQ(EFAULT, request(self->peer.fd, CRTOS_IOC_RUN, (void *)BAD_POINTER));
	self->run.partition = CRTOS_MAX_PARTITIONS;
	EXPECT_EQ(EINVAL, run(self->peer.fd, &self->run));
	self->run = good;
	self->run.fd = self->peer.rtos;
	EXPECT_EQ(EBADF, run(self->peer.fd, &self->run));
	self->run.fd = -1;
	EXPECT_EQ(EBADF, run(self->peer.fd, &self->run));
	self->run = good;
	self->run.window_len = 0;
	EXPECT_EQ(EINVAL, run(self->peer.fd, &self->run));
	self->run.window_len = 1;
	EXPECT_EQ(EINVAL, run(self->peer.fd, &self->run));
	self->run = good;
	self->run.window_addr = ~(PAGE - 1);
	EXPECT_EQ(EINVAL, run(self->peer.fd, &self->run));
	self->run = good;
	self->run.strings_len = CRTOS_MAX_STRINGS + 1;
	EXPECT_EQ(EINVAL, run(self->peer.fd, &self->run));
	self->run.strings_len = 0;
	EXPECT_EQ(EINVAL, run(self->peer.fd, &self->run));
	self->run = good;
	self->run.strings = BAD_POINTER;
	EXPECT_EQ(EFAULT, run(self->peer.fd, &self->run));
}

static void *other_thread(void *unused)
{
	pause();
	return unused;
}

TEST_F(loopback, run_threads)
{
	pthread_t thread;

	peer_ready(&self->peer);
	ASSERT_EQ(0, pthread_create(&thread, NULL, other_thread, NULL));
	EXPECT_OFTEN(EBUSY, run(self->peer.fd, &self->run));
	pthread_cancel(thread);
	pthread_join(thread, NULL);
}

/* As a 32-bit program makes a call */
static int ioctl_32(int fd, unsigned int nr, void *low)
{
	int ret;

	asm volatile("int $0x80" : "=a" (ret) : "a" (54), "b" (fd), "c" (nr), "d" (low)
		     : "memory", "r8", "r9", "r10", "r11");
	return ret;
}

/* The structures are the same for it, but the numbers of its calls have other meanings. */
TEST_F(loopback, run_of_32_bit)
{
	int fd = self->peer.fd, how;
	struct crtos_status *status;
	struct crtos_run *run;
	pid_t pid;

	run = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	ASSERT_NE(MAP_FAILED, run);
	*run = self->run;
	status = (void *)run + PAGE;
	status->partition = self->peer.partition;
	peer_ready(&self->peer);
	pid = fork();
	if (!pid) {
		if (ioctl_32(fd, CRTOS_IOC_STATUS, status) || status->nr_cpus != 1)
			_exit(255);
		_exit(-ioctl_32(fd, CRTOS_IOC_RUN, run));
	}
	ASSERT_EQ(pid, waitpid(pid, &how, 0));
	if (WIFSIGNALED(how) && WTERMSIG(how) == SIGSEGV)
		SKIP(return, "no CONFIG_IA32_EMULATION");
	EXPECT_TRUE(WIFEXITED(how));
	EXPECT_EQ(EINVAL, WEXITSTATUS(how));
}

TEST_F(loopback, run_states)
{
	struct crtos_header *header = self->peer.header;

	EXPECT_OFTEN(EAGAIN, run(self->peer.fd, &self->run));
	header->rtos_version = CRTOS_ABI_VERSION + 1;
	header->rtos_state = CRTOS_RTOS_READY;
	EXPECT_OFTEN(EPROTONOSUPPORT, run(self->peer.fd, &self->run));
	header->rtos_version = 0;
	EXPECT_EQ(EPROTONOSUPPORT, run(self->peer.fd, &self->run));
	header->rtos_version = CRTOS_ABI_VERSION;
	header->rtos_state = CRTOS_RTOS_BOOTING;
	EXPECT_EQ(EAGAIN, run(self->peer.fd, &self->run));
	header->rtos_state = 77;
	EXPECT_EQ(EIO, run(self->peer.fd, &self->run));
	header->rtos_state = CRTOS_RTOS_DEAD;
	EXPECT_OFTEN(EIO, run(self->peer.fd, &self->run));
	peer_close(&self->peer);
	EXPECT_OFTEN(ENOTCONN, run(self->peer.fd, &self->run));
}

/* With the slot of the time before */
static int run_again(struct peer *peer, struct crtos_run *arg)
{
	peer_acknowledge(peer);
	return run(peer->fd, arg);
}

/* More often than there are slots: none is lost. */
TEST_F(loopback, run_window_in_use)
{
	self->run.window_addr = (uintptr_t)self->peer.region;
	peer_ready(&self->peer);
	EXPECT_OFTEN(EEXIST, run_again(&self->peer, &self->run));
}

TEST_F(loopback, run_limited_memory)
{
	struct rlimit limit, low;

	peer_ready(&self->peer);
	ASSERT_EQ(0, getrlimit(RLIMIT_AS, &limit));
	low = (struct rlimit) { self->run.window_len, limit.rlim_max };
	ASSERT_EQ(0, setrlimit(RLIMIT_AS, &low));
	EXPECT_OFTEN(ENOMEM, run_again(&self->peer, &self->run));
	EXPECT_EQ(0, setrlimit(RLIMIT_AS, &limit));
}

/* Nobody gives them back. */
TEST_F(loopback, run_no_slot)
{
	unsigned int i;

	self->run.window_addr = (uintptr_t)self->peer.region;
	peer_ready(&self->peer);
	for (i = 0; i < CRTOS_MAX_SLOTS; i++)
		ASSERT_EQ(EEXIST, run(self->peer.fd, &self->run));
	EXPECT_OFTEN(ENOSPC, run(self->peer.fd, &self->run));
	EXPECT_EQ(0, peer_status(&self->peer).nr_slots);
}

TEST_HARNESS_MAIN
