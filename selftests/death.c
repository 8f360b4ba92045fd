// SPDX-License-Identifier: GPL-2.0
/*
 * Death at random moments: of shadows, of who started them, of the RTOS, and of the
 * partition with calls of all its processes in flight; CPUs that go offline under it, and
 * a machine that is to be suspended.
 * After each no task and no slot is left, and it works again without a reboot, after some
 * of them in a partition that was started anew; after all no page or descriptor is.
 *
 * Environment: crtos_deaths, how many of each kind; crtos_many, how many processes the
 * partition has when it is stopped; crtos_seed, which moments; crtos_starts, after how many
 * deaths the RTOS is started anew.
 */
#include <dirent.h>
#include <glob.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "../kselftest_harness.h"
#include "memory.h"
#include "partition.h"

#define KILLED		(128 + SIGKILL)
#define PATIENCE_MS	20000
#define SYSFS		"/sys/class/crtos/partition0/"
#define POWER		"/sys/power/"
#define DELAY		"/sys/module/suspend/parameters/pm_test_delay"
#define KMEMLEAK	"/sys/kernel/debug/kmemleak"
#define ENDLESS		100000		/* seconds: as many deaths as were asked for */

/* After so many deaths all is allocated that stays, and is in use again after each. */
#define WARM		50

/* What may be allocated by anybody meanwhile: half a page for each of 1000 deaths */
#define LOST_KIB	2000

/* More than what a CPU counts by itself, see add_up() */
#define MANY_FILES	256

#define eventually(condition) ({					\
	int tries_ = PATIENCE_MS;					\
									\
	while (!(condition) && --tries_)				\
		usleep(1000);						\
	tries_ > 0;							\
})

#define so(condition)	said(condition, #condition)

/* Says what was not so. */
static bool said(bool holds, const char *condition)
{
	if (!holds)
		fprintf(stderr, "# not so: %s\n", condition);
	return holds;
}

/**
 * struct left - what there is in the whole system when nothing is under way
 * @tasks: processes and kernel threads, but for those of workqueues
 * @tables: pages of page tables
 * @anonymous: pages of processes that are of no file
 * @files: open files
 */
struct left {
	long tasks;
	long tables;
	long anonymous;
	long files;
};

FIXTURE(death) {
	struct partition partition;
	struct left before;
	unsigned long times;
	unsigned long done;
	unsigned long orphans;		/* whose parent died with the RTOS */
	long free;			/* KiB, after WARM deaths */
	unsigned int starts;
	unsigned int many;
	unsigned int seed;
	int in;				/* what programs read from: nothing comes */
	char cpu[12];
};

typedef FIXTURE_DATA(death) death_t;

static unsigned long setting(const char *name, unsigned long otherwise)
{
	const char *value = getenv(name);

	return value ? strtoul(value, NULL, 10) : otherwise;
}

/* Open files in the whole system, but for those that CPUs have yet to add */
static long files(int counter)
{
	char text[64] = "";

	return pread(counter, text, sizeof(text) - 1, 0) > 0 ? atol(text) : -1;
}

/* Has this CPU add what it has counted by itself: it does when that is enough. */
static int add_up(int counter, int cpu, int *opened)
{
	long before = files(counter);
	cpu_set_t set;
	int n = 0;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		return 0;	/* offline, which is when it has */
	while (n < MANY_FILES && files(counter) == before)
		opened[n++] = open("/dev/null", O_RDONLY | O_CLOEXEC);
	return n;
}

static long count_files(void)
{
	int counter = open("/proc/sys/fs/file-nr", O_RDONLY | O_CLOEXEC), cpu, n = 0;
	int cpus = sysconf(_SC_NPROCESSORS_CONF);
	int *opened = calloc(cpus, MANY_FILES * sizeof(*opened));
	cpu_set_t all;
	long count;

	if (counter < 0 || !opened || sched_getaffinity(0, sizeof(all), &all))
		return -1;
	for (cpu = 0; cpu < cpus; cpu++)
		n += add_up(counter, cpu, opened + n);
	count = files(counter) - n;
	sched_setaffinity(0, sizeof(all), &all);
	while (n)
		close(opened[--n]);
	free(opened);
	close(counter);
	return count;
}

static bool is_task(const char *pid)
{
	char path[300], comm[32] = "";
	FILE *file;

	if (*pid < '0' || *pid > '9')
		return false;
	snprintf(path, sizeof(path), "/proc/%s/comm", pid);
	file = fopen(path, "r");
	if (!file)
		return false;
	fgets(comm, sizeof(comm), file);
	fclose(file);
	return strncmp(comm, "kworker/", 8);
}

static long count_tasks(void)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	long n = 0;

	if (!proc)
		return -1;
	while ((entry = readdir(proc)))
		n += is_task(entry->d_name);
	closedir(proc);
	return n;
}

/* The numbers of each CPU are added up first. */
static struct left count_left(void)
{
	struct left left = {
		.tasks = count_tasks(), .tables = -1, .anonymous = -1, .files = count_files(),
	};
	FILE *file = fopen("/proc/sys/vm/stat_refresh", "w");
	char line[128];
	long n;

	if (file) {
		putc('1', file);
		fclose(file);
	}
	file = fopen("/proc/vmstat", "r");
	while (file && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "nr_page_table_pages %ld", &n) == 1)
			left.tables = n;
		else if (sscanf(line, "nr_anon_pages %ld", &n) == 1)
			left.anonymous = n;
	}
	if (file)
		fclose(file);
	return left;
}

static struct crtos_status status(death_t *self)
{
	struct crtos_status status = {};

	if (ioctl(self->partition.fd, CRTOS_IOC_STATUS, &status))
		status.nr_slots = ~0U;
	return status;
}

/*
 * Long enough for a program to have started, even here; but half of the time so short
 * that it has not.
 */
static void random_sleep(death_t *self)
{
	bool early = rand_r(&self->seed) & 1;

	usleep(rand_r(&self->seed) % (early ? 50000 : 300000));
}

/* tool ARGUMENT...: the process that is "crtos ARGUMENT..." */
#define tool(self, ...)	tool_start(self, (char *[]) { "crtos", __VA_ARGS__, NULL })

static pid_t tool_start(death_t *self, char **argv)
{
	pid_t pid = fork();
	int null;

	if (pid)
		return pid;
	null = open("/dev/null", O_RDWR);
	dup2(self->in, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	/* It says that a program was killed, which is what is wanted. */
	dup2(null, STDERR_FILENO);
	execv("./crtos", argv);
	_exit(127);
}

/* How this child, or any if @pid is -1, ends, as a shell has it; -1 if it does not, and soon */
static int how_ends(pid_t pid)
{
	int status;
	pid_t ended;
	bool soon = eventually((ended = waitpid(pid, &status, WNOHANG)));

	if (!so(soon) || !so(ended > 0))
		return -1;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static bool ends(pid_t pid, int expected)
{
	int how = how_ends(pid);

	if (how >= 0 && how != expected)
		fprintf(stderr, "# status %d, not %d\n", how, expected);
	return how == expected;
}

/* Could this child be killed, and did it end of that? */
static bool is_killed(pid_t pid)
{
	return pid > 0 && !kill(pid, SIGKILL) && ends(pid, KILLED);
}

static char *random_way(death_t *self)
{
	static char *const ways[] = { "spin", "calls", "read" };

	return ways[rand_r(&self->seed) % 3];
}

/* Shadows whose parent is gone become children of the test. */
static bool has_children(void)
{
	siginfo_t info;

	return !waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT);
}

/* No slot, no shadow, and the RTOS takes programs */
static bool clean(death_t *self)
{
	return so(eventually(!status(self).nr_slots)) && so(!has_children()) &&
	       so(ends(tool(self, "run", "./life", "exit", "3"), 3));
}

FIXTURE_SETUP(death)
{
	const char *why = partition_open(&self->partition);
	int fds[2];

	if (why)
		SKIP(return, "%s", why);
	self->times = setting("crtos_deaths", 5);
	self->many = setting("crtos_many", CRTOS_MAX_SLOTS);
	self->seed = setting("crtos_seed", 1);
	self->starts = setting("crtos_starts", 10);
	ASSERT_LT(0, self->starts);
	snprintf(self->cpu, sizeof(self->cpu), "%u", self->partition.cpu);
	setvbuf(stdout, NULL, _IOLBF, 0);
	ASSERT_EQ(0, prctl(PR_SET_CHILD_SUBREAPER, 1));
	ASSERT_EQ(0, pipe2(fds, O_CLOEXEC));
	self->in = fds[0];
	ASSERT_EQ(0, partition_start(&self->partition));
	ASSERT_TRUE(clean(self)) {
		partition_stop(&self->partition);
	}
	/* The test's own pages are all there before any are counted, what counting needs, too. */
	ASSERT_EQ(0, mlockall(MCL_CURRENT | MCL_FUTURE));
	count_left();
	self->before = count_left();
}

static bool is_as_before(struct left before, struct left now)
{
	return now.tasks <= before.tasks && now.tables <= before.tables &&
	       now.anonymous <= before.anonymous && now.files <= before.files;
}

/* Memory and files are given back a while after who had them has ended. */
static bool nothing_left(death_t *self)
{
	struct left before = self->before, now;
	bool gone = eventually((now = count_left(), is_as_before(before, now)));

	printf("# more than before: %ld tasks, %ld page tables, %ld pages, %ld files\n",
	       now.tasks - before.tasks, now.tables - before.tables,
	       now.anonymous - before.anonymous, now.files - before.files);
	return gone && before.tasks > 0 && before.tables > 0 && before.anonymous > 0 &&
	       before.files > 0;
}

/*
 * Not where the kernel checks itself, and keeps memory for that, now more and now less: after
 * 20 stops of 64 processes 3 MiB less were free, after 60 half a MiB more. kmemleak looks for
 * what was allocated there.
 */
static bool no_memory_lost(death_t *self)
{
	bool given_back;
	long now;

	if (self->done <= WARM || !access(KMEMLEAK, F_OK))
		return true;
	shrink_caches();
	given_back = eventually((now = free_kib(), self->free - now < LOST_KIB));
	printf("# %ld KiB less are free than after %u deaths\n", self->free - now, WARM);
	return given_back;
}

FIXTURE_TEARDOWN(death)
{
	if (self->partition.fd < 0)
		return;
	printf("# %lu deaths, the moments from seed %lu\n", self->done, setting("crtos_seed", 1));
	EXPECT_TRUE(clean(self));
	EXPECT_TRUE(nothing_left(self));
	EXPECT_TRUE(no_memory_lost(self));
	EXPECT_EQ(0, partition_stop(&self->partition));
	EXPECT_TRUE(cpu_is_online(self->partition.cpu));
	partition_close(&self->partition);
}

/* After some of the deaths: the RTOS can be stopped, and started again. */
static bool starts_again(death_t *self)
{
	if (self->done % self->starts)
		return true;
	return so(!partition_stop(&self->partition)) &&
	       so(!partition_start(&self->partition)) && clean(self);
}

/* From where all is well, and to there */
static bool one(death_t *self, bool (*death)(death_t *self))
{
	if (self->done == WARM) {
		shrink_caches();
		self->free = free_kib();
	}
	return death(self) && clean(self) && starts_again(self) &&
	       so(eventually(count_tasks() <= self->before.tasks));
}

/* In a test: as often as was asked for */
#define repeat(death)							\
	for (bool well_ = true; well_ && self->done < self->times; self->done++) { \
		well_ = one(self, death);				\
		EXPECT_TRUE(well_)					\
			TH_LOG("after %lu deaths", self->done);	\
	}

static bool shadow_killed(death_t *self)
{
	pid_t pid = tool(self, "run", "./life", random_way(self));
	bool early = rand_r(&self->seed) & 1;

	/* Half of the time while it starts, and then when it is a shadow for sure */
	if (!early && !so(eventually(status(self).nr_slots == 1)))
		return false;
	random_sleep(self);
	return so(is_killed(pid));
}

TEST_F_TIMEOUT(death, of_shadows, ENDLESS)
{
	repeat(shadow_killed);
}

/* The process that has started a program, which is left in @pid, in any way to live */
static pid_t parent_of_program(death_t *self, pid_t *pid)
{
	char *way = random_way(self);
	pid_t parent;
	int fds[2];

	if (pipe2(fds, O_CLOEXEC))
		return -1;
	parent = fork();
	if (parent < 0)
		return -1;
	if (!parent) {
		*pid = tool(self, "run", "./life", way);
		write(fds[1], pid, sizeof(*pid));
		for (;;)
			pause();
	}
	if (read(fds[0], pid, sizeof(*pid)) != sizeof(*pid))
		*pid = -1;
	close(fds[0]);
	close(fds[1]);
	return parent;
}

/* Who has started it is killed. It goes on, and is killed then. */
static bool parent_killed(death_t *self)
{
	pid_t pid = -1, parent = parent_of_program(self, &pid);

	if (!so(eventually(status(self).nr_slots == 1)))
		return false;
	random_sleep(self);
	if (!so(is_killed(parent)))
		return false;
	random_sleep(self);
	return so(status(self).nr_slots == 1) && so(is_killed(pid));
}

TEST_F_TIMEOUT(death, of_parents, ENDLESS)
{
	repeat(parent_killed);
}

/*
 * The RTOS ends in this way, with calls under way, and beside a program that waits in one.
 * Before it is stopped all of that has ended.
 */
static bool rtos_ended(death_t *self, char *way)
{
	pid_t stay;

	if (!so(!partition_stop(&self->partition)) ||
	    !so(ends(tool(self, "start", "./crtos-hostile.img", "--cpu", self->cpu), 0)))
		return false;
	stay = tool(self, "run", "./stay");
	if (!so(eventually(status(self).nr_slots == 1)))
		return false;
	random_sleep(self);
	if (!so(ends(tool(self, "run", way), KILLED)) || !so(ends(stay, KILLED)))
		return false;
	for (; has_children(); self->orphans++)
		if (!so(ends(-1, KILLED)))
			return false;
	if (!so(eventually(!status(self).nr_slots)) ||
	    !so(ends(tool(self, "run", "./well"), 125)))
		return false;
	random_sleep(self);
	return so(!partition_stop(&self->partition)) && so(!partition_start(&self->partition));
}

static bool rtos_loops(death_t *self)
{
	return rtos_ended(self, "./loop");
}

TEST_F_TIMEOUT(death, of_rtos_in_loop, ENDLESS)
{
	repeat(rtos_loops);
}

static bool rtos_halts(death_t *self)
{
	return rtos_ended(self, "./halt");
}

TEST_F_TIMEOUT(death, of_rtos_halted, ENDLESS)
{
	repeat(rtos_halts);
}

static bool rtos_ends_in_fork(death_t *self)
{
	return rtos_ended(self, "./dead-parent");
}

TEST_F_TIMEOUT(death, of_rtos_in_fork, ENDLESS)
{
	repeat(rtos_ends_in_fork);
	printf("# %lu children made while the RTOS died\n", self->orphans);
	/* In most rounds, but a round may have ended before */
	EXPECT_TRUE(self->orphans || self->done < 20);
}

/* Is a thread of the shadow in this system call? */
static bool is_in(pid_t pid, const char *call)
{
	char path[64], line[256];
	bool found = false;
	glob_t threads;
	FILE *file;
	size_t i;

	snprintf(path, sizeof(path), "/proc/%d/task/*/syscall", pid);
	if (glob(path, 0, NULL, &threads))
		return false;
	for (i = 0; i < threads.gl_pathc && !found; i++) {
		file = fopen(threads.gl_pathv[i], "r");
		if (!file)
			continue;
		found = fgets(line, sizeof(line), file) && !strncmp(line, call, strlen(call));
		fclose(file);
	}
	globfree(&threads);
	return found;
}

/* How many processes wait for standard input, as Linux sees it? */
static unsigned int waiting(death_t *self)
{
	struct crtos_slot_stats slot = {};
	unsigned int n = 0;

	for (; slot.slot < CRTOS_MAX_SLOTS; slot.slot++) {
		if (ioctl(self->partition.fd, CRTOS_IOC_SLOT, &slot))
			break;
		n += is_in(slot.pid, "0 0x0 "); /* read(0 */
	}
	return n;
}

/*
 * Stopped while all of its processes, which are children of the first one, make calls: all are
 * in one that blocks, or every other one is, and the last one, which has a slot before it can
 * be waited for, may not have come that far.
 */
static bool stopped_in_calls(death_t *self)
{
	bool all = self->done & 1;
	unsigned int children = 0;
	char many[12];
	pid_t pid;

	snprintf(many, sizeof(many), "%u", self->many);
	pid = tool(self, "run", "./life", all ? "wait" : "crowd", many);
	if (!so(eventually(status(self).nr_slots == self->many)) ||
	    (all && !so(eventually(waiting(self) == self->many))))
		return false;
	random_sleep(self);
	if (!so(!partition_stop(&self->partition)) || !so(ends(pid, KILLED)))
		return false;
	for (; has_children(); children++)
		if (!so(ends(-1, KILLED)))
			return false;
	return so(children == self->many - 1 || (!all && children == self->many - 2)) &&
	       so(!status(self).nr_slots) && so(!partition_start(&self->partition));
}

TEST_F_TIMEOUT(death, of_partition_in_calls, ENDLESS)
{
	repeat(stopped_in_calls);
}

/*
 * Stopped at any moment, as a rule while the processes come: the first one may not be there
 * yet, or one may find that no more can be made.
 */
static bool stopped_early(death_t *self)
{
	char many[12];
	pid_t pid;

	snprintf(many, sizeof(many), "%u", self->many);
	pid = tool(self, "run", "./life", "wait", many);
	random_sleep(self);
	if (!so(!partition_stop(&self->partition)) || !so(how_ends(pid) >= 0))
		return false;
	while (has_children())
		if (!so(how_ends(-1) >= 0))
			return false;
	return so(!status(self).nr_slots) && so(!partition_start(&self->partition));
}

TEST_F_TIMEOUT(death, of_partition_early, ENDLESS)
{
	repeat(stopped_early);
}

/* As a negative error, or 0 */
static int write_to(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), error = 0;

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		error = -errno;
	if (fd >= 0)
		close(fd);
	return error;
}

/* A CPU of Linux, the one with the doorbells or not, goes and comes back beside calls. */
static bool unplugged(death_t *self)
{
	pid_t pid = tool(self, "run", "./life", "calls");
	__u64 calls;

	if (!so(eventually(status(self).nr_slots == 1)) ||
	    !so(!write_to(SYSFS "doorbell_cpu", rand_r(&self->seed) & 1 ? "1" : "0")))
		return false;
	random_sleep(self);
	if (!so(cpu_set_online(1, false)))
		return false;
	random_sleep(self);
	if (!so(cpu_set_online(1, true)))
		return false;
	calls = status(self).calls;
	return so(eventually(status(self).calls > calls)) && so(is_killed(pid));
}

TEST_F_TIMEOUT(death, beside_cpus, ENDLESS)
{
	if (self->partition.cpu == 1)
		SKIP(return, "no CPU that can go offline");
	repeat(unplugged);
}

/*
 * The machine is not suspended beside calls, which go on, and is when the RTOS has been
 * stopped: as far as the devices, which is where the kernel's own test ends.
 */
static bool suspended(death_t *self)
{
	pid_t pid = tool(self, "run", "./life", "calls");
	__u64 calls;

	random_sleep(self);
	if (!so(write_to(POWER "state", "freeze") == -EBUSY) ||
	    !so(eventually(status(self).nr_slots == 1)))
		return false;
	random_sleep(self);
	if (!so(write_to(POWER "state", "freeze") == -EBUSY))
		return false;
	calls = status(self).calls;
	return so(eventually(status(self).calls > calls)) && so(is_killed(pid)) &&
	       so(!partition_stop(&self->partition)) &&
	       so(!write_to(POWER "state", "freeze")) && so(!partition_start(&self->partition));
}

TEST_F_TIMEOUT(death, beside_suspend, ENDLESS)
{
	if (write_to(POWER "pm_test", "platform") || write_to(DELAY, "0"))
		SKIP(return, "no CONFIG_SUSPEND and CONFIG_PM_DEBUG");
	repeat(suspended);
	EXPECT_EQ(0, write_to(POWER "pm_test", "none"));
	EXPECT_EQ(0, write_to(DELAY, "5"));
}

TEST_HARNESS_MAIN
