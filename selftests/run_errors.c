// SPDX-License-Identifier: GPL-2.0
/* CRTOS_IOC_RUN, _STATUS and _LOG with arguments that are wrong. */
#include <pthread.h>

#include "../kselftest_harness.h"
#include "partition.h"

#define PAGE	4096ULL

/* Where nothing of this program is */
#define WINDOW	0x1000000000ULL

/* With four levels of page tables, and with five */
#define USER_END	0x7ffffffff000ULL
#define USER_END_LA57	0xfffffffffff000ULL

static const char strings[] = "./hello\0hello\0A=1";

FIXTURE(run) {
	struct partition partition;
	struct crtos_run arg;
};

FIXTURE_VARIANT(run) {
	bool started;
};

FIXTURE_VARIANT_ADD(run, stopped) {
	.started = false,
};

FIXTURE_VARIANT_ADD(run, started) {
	.started = true,
};

/* Returns NULL, or why the test has to be skipped. */
static const char *prepare(struct partition *partition, struct crtos_run *arg)
{
	*arg = (struct crtos_run) {
		.argc = 1,
		.envc = 1,
		.strings = (uintptr_t)strings,
		.strings_len = sizeof(strings),
		.window_addr = WINDOW,
		.window_len = PAGE,
	};
	return partition_open(partition);
}

/* Nothing has come of it. */
static bool runs_nothing(struct partition *partition)
{
	struct crtos_status status = {};

	return !ioctl(partition->fd, CRTOS_IOC_STATUS, &status) && !status.nr_slots &&
	       status.state == CRTOS_STATE_RUNNING;
}

FIXTURE_SETUP(run)
{
	const char *why = prepare(&self->partition, &self->arg);

	if (why)
		SKIP(return, "%s", why);
	self->arg.fd = self->partition.fd;
	if (variant->started)
		ASSERT_EQ(0, partition_start(&self->partition));
}

FIXTURE_TEARDOWN(run)
{
	if (self->partition.fd < 0)
		return;
	if (variant->started) {
		EXPECT_TRUE(runs_nothing(&self->partition));
		EXPECT_EQ(0, partition_stop(&self->partition));
	}
	EXPECT_TRUE(cpu_is_online(self->partition.cpu));
	partition_close(&self->partition);
}

/* What there is with an RTOS only */
FIXTURE(started) {
	struct partition partition;
	struct crtos_run arg;
};

FIXTURE_SETUP(started)
{
	const char *why = prepare(&self->partition, &self->arg);

	if (why)
		SKIP(return, "%s", why);
	self->arg.fd = self->partition.fd;
	ASSERT_EQ(0, partition_start(&self->partition));
}

FIXTURE_TEARDOWN(started)
{
	if (self->partition.fd < 0)
		return;
	EXPECT_TRUE(runs_nothing(&self->partition));
	EXPECT_EQ(0, partition_stop(&self->partition));
	EXPECT_TRUE(cpu_is_online(self->partition.cpu));
	partition_close(&self->partition);
}

/* Must fail, or there is no test any more. Returns the errno. */
static int run(struct partition *partition, const struct crtos_run *arg)
{
	return ioctl(partition->fd, CRTOS_IOC_RUN, arg) ? errno : 0;
}

static __u64 lowest_address(void)
{
	FILE *file = fopen("/proc/sys/vm/mmap_min_addr", "r");
	unsigned long long addr = 0;

	if (file) {
		if (fscanf(file, "%llu", &addr) != 1)
			addr = 0;
		fclose(file);
	}
	return addr;
}

TEST_F(run, window)
{
	static const __u64 bad[][2] = {
		{ WINDOW, 0 },
		{ WINDOW, 1 },
		{ WINDOW, PAGE - 1 },
		{ WINDOW + 1, PAGE },
		{ WINDOW, ~0ULL },
		{ WINDOW, ~(PAGE - 1) },
		{ 0, PAGE },
		{ 0, USER_END },
		/* Also with five levels: tables of four have each page there again. */
		{ USER_END, PAGE },
		{ USER_END - PAGE, 2 * PAGE },
		{ 1ULL << 47, PAGE },
		{ 1ULL << 48, PAGE },
		{ WINDOW, 1ULL << 48 },
		{ 1ULL << 55, PAGE },
		{ USER_END_LA57, PAGE },
		{ USER_END_LA57 - PAGE, 2 * PAGE },
		{ 0xffff800000000000ULL, PAGE },
		{ 0xffffffff81000000ULL, PAGE },
		{ ~(PAGE - 1), PAGE },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		self->arg.window_addr = bad[i][0];
		self->arg.window_len = bad[i][1];
		EXPECT_EQ(EINVAL, run(&self->partition, &self->arg))
			TH_LOG("case %zu", i);
	}
}

TEST_F(run, window_too_low)
{
	__u64 min = lowest_address();

	if (min < PAGE)
		SKIP(return, "vm.mmap_min_addr is 0");
	self->arg.window_addr = min - PAGE;
	EXPECT_EQ(EINVAL, run(&self->partition, &self->arg));
	self->arg.window_len = WINDOW;
	EXPECT_EQ(EINVAL, run(&self->partition, &self->arg));
}

TEST_F(run, strings_len)
{
	self->arg.strings_len = 0;
	EXPECT_EQ(EINVAL, run(&self->partition, &self->arg));
	self->arg.strings_len = CRTOS_MAX_STRINGS + 1;
	EXPECT_EQ(EINVAL, run(&self->partition, &self->arg));
	self->arg.strings_len = ~0ULL;
	EXPECT_EQ(EINVAL, run(&self->partition, &self->arg));
}

TEST_F(run, pointers)
{
	self->arg.strings = 8;
	EXPECT_EQ(EFAULT, run(&self->partition, &self->arg));
	self->arg.strings = 0xffffffff81000000ULL;
	EXPECT_EQ(EFAULT, run(&self->partition, &self->arg));
	EXPECT_EQ(EFAULT, run(&self->partition, (void *)8));
}

TEST_F(run, descriptor)
{
	self->arg.fd = -1;
	EXPECT_EQ(EBADF, run(&self->partition, &self->arg));
	self->arg.fd = 1023;
	EXPECT_EQ(EBADF, run(&self->partition, &self->arg));
	self->arg.fd = 1;
	EXPECT_EQ(EBADF, run(&self->partition, &self->arg));
	self->arg.fd = open("/dev/crtos", O_RDWR);
	EXPECT_EQ(EBADF, run(&self->partition, &self->arg));
	close(self->arg.fd);
}

TEST_F(run, partition)
{
	self->arg.partition = CRTOS_MAX_PARTITIONS;
	EXPECT_EQ(EINVAL, run(&self->partition, &self->arg));
	self->arg.partition = ~0U;
	EXPECT_EQ(EINVAL, run(&self->partition, &self->arg));
}

/* Must fail, and what the process has as its executable is the same. */
static int try_program(struct partition *partition, struct crtos_run *arg)
{
	struct stat before, after;
	int err;

	if (stat("/proc/self/exe", &before))
		return -1;
	err = run(partition, arg);
	if (stat("/proc/self/exe", &after) || before.st_ino != after.st_ino)
		return -1;
	return err;
}

TEST_F(run, program)
{
	char path[] = "/tmp/crtos.XXXXXX";
	int fd = mkstemp(path);
	void *p;

	ASSERT_LE(0, fd);
	self->arg.program = 1023;
	EXPECT_EQ(EBADF, try_program(&self->partition, &self->arg));
	self->arg.program = open("/", O_RDONLY);
	EXPECT_EQ(EACCES, try_program(&self->partition, &self->arg));
	close(self->arg.program);
	self->arg.program = open(path, O_RDONLY);
	EXPECT_EQ(0, fchmod(fd, 0600));
	EXPECT_EQ(EACCES, try_program(&self->partition, &self->arg));
	EXPECT_EQ(0, fchmod(fd, 0700));
	EXPECT_EQ(ETXTBSY, try_program(&self->partition, &self->arg));
	close(fd);

	/* What fails after this program was found to be good */
	p = mmap((void *)WINDOW, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	EXPECT_NE(MAP_FAILED, p);
	EXPECT_EQ(variant->started ? EEXIST : ENOTCONN,
		  try_program(&self->partition, &self->arg));
	/* It can be written to again. */
	fd = open(path, O_WRONLY);
	EXPECT_LE(0, fd);
	close(fd);
	close(self->arg.program);
	unlink(path);
}

static void *other_thread(void *unused)
{
	pause();
	return NULL;
}

TEST_F(run, threads)
{
	pthread_t thread;

	ASSERT_EQ(0, pthread_create(&thread, NULL, other_thread, NULL));
	EXPECT_OFTEN(EBUSY, run(&self->partition, &self->arg));
	pthread_cancel(thread);
	pthread_join(thread, NULL);
}

static bool main_thread_has_ended(void)
{
	FILE *file = fopen("/proc/self/stat", "r");
	char state = 0;

	if (!file)
		return false;
	fscanf(file, "%*d %*s %c", &state);
	fclose(file);
	return state == 'Z';
}

typedef FIXTURE_DATA(run) run_t;

static void *outlives_main(void *data)
{
	run_t *self = data;

	while (!main_thread_has_ended())
		usleep(1000);
	_exit(run(&self->partition, &self->arg));
}

/* The process does not end with its first thread, but it is known by its number. */
TEST_F(run, main_thread)
{
	pthread_t thread;
	pid_t pid = fork();
	int status;

	if (!pid) {
		pthread_create(&thread, NULL, outlives_main, self);
		syscall(SYS_exit, 0);
	}
	EXPECT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(EBUSY << 8, status);
}

TEST(not_running)
{
	struct partition partition;
	struct crtos_run arg;
	const char *why = prepare(&partition, &arg);

	if (why)
		SKIP(return, "%s", why);
	arg.fd = partition.fd;
	EXPECT_OFTEN(ENOTCONN, run(&partition, &arg));
	partition_close(&partition);
}

/* The RTOS may need a moment to give slots back. */
static int run_with_slot(struct partition *partition, const struct crtos_run *arg)
{
	int i, err = ENOSPC;

	for (i = 0; i < 1000 && err == ENOSPC; i++) {
		if (i)
			usleep(10000);
		err = run(partition, arg);
	}
	return err;
}

/* More often than there are slots: none may be lost. */
TEST_F(started, window_in_use)
{
	struct crtos_run *arg = &self->arg;
	void *p;
	int i;

	p = mmap((void *)(WINDOW + PAGE), PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
		 -1, 0);
	ASSERT_NE(MAP_FAILED, p);
	arg->window_len = 3 * PAGE;
	for (i = 0; i < 2 * CRTOS_MAX_SLOTS; i++) {
		EXPECT_EQ(EEXIST, run_with_slot(&self->partition, arg))
			TH_LOG("round %d", i);
	}

	/* The whole of what a program has, this one included */
	arg->window_addr = 0x10000;
	arg->window_len = USER_END - 0x10000;
	EXPECT_EQ(EEXIST, run_with_slot(&self->partition, arg));
}

TEST_F(run, unknown_ioctl)
{
	EXPECT_EQ(-1, ioctl(self->partition.fd, _IO(CRTOS_IOC_MAGIC, 0x7f), &self->arg));
	EXPECT_EQ(ENOTTY, errno);
	EXPECT_EQ(-1, ioctl(self->partition.fd, _IOW(CRTOS_IOC_MAGIC, 0x04, __u32), &self->arg));
	EXPECT_EQ(ENOTTY, errno);
}

TEST_F(run, status)
{
	struct crtos_status status = { .partition = CRTOS_MAX_PARTITIONS };

	EXPECT_EQ(-1, ioctl(self->partition.fd, CRTOS_IOC_STATUS, &status));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, ioctl(self->partition.fd, CRTOS_IOC_STATUS, (void *)8));
	EXPECT_EQ(EFAULT, errno);
	if (!variant->started)
		return;
	status.partition = 0;
	EXPECT_EQ(0, ioctl(self->partition.fd, CRTOS_IOC_STATUS, &status));
	EXPECT_EQ(1, status.nr_cpus);
	EXPECT_EQ(self->partition.cpu, status.cpu[0]);
	EXPECT_EQ(CRTOS_RTOS_READY, status.rtos_state);
	EXPECT_EQ(CRTOS_ABI_VERSION, status.rtos_version);
}

TEST_F(started, log)
{
	char buf[16];
	struct crtos_log log = {
		.len = sizeof(buf),
		.buf = (uintptr_t)buf,
	};

	EXPECT_EQ(sizeof(buf), ioctl(self->partition.fd, CRTOS_IOC_LOG, &log));
	EXPECT_EQ(sizeof(buf), log.pos);
	log.pos = ~0ULL;	/* not there: from the start */
	EXPECT_EQ(sizeof(buf), ioctl(self->partition.fd, CRTOS_IOC_LOG, &log));
	log.len = 0;
	EXPECT_EQ(0, ioctl(self->partition.fd, CRTOS_IOC_LOG, &log));

	log = (struct crtos_log) { .len = sizeof(buf), .buf = 8 };
	EXPECT_EQ(-1, ioctl(self->partition.fd, CRTOS_IOC_LOG, &log));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(-1, ioctl(self->partition.fd, CRTOS_IOC_LOG, (void *)8));
	EXPECT_EQ(EFAULT, errno);
	log.partition = CRTOS_MAX_PARTITIONS;
	EXPECT_EQ(-1, ioctl(self->partition.fd, CRTOS_IOC_LOG, &log));
	EXPECT_EQ(EINVAL, errno);
}

TEST_HARNESS_MAIN
