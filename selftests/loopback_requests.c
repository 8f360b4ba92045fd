// SPDX-License-Identifier: GPL-2.0
/*
 * Requests and mappings of /dev/crtos and of a peer, at random: numbers, fields,
 * addresses and lengths; as root, and as nobody who was given the descriptors. Each
 * request ends with an error that uapi.rst lists for it, or does what it is for, and
 * a partition that none of them names notices nothing. How often each request had which
 * result is printed, and must be enough for those that come at random; for the others see
 * start_errors, run_errors and loopback_fuzz.
 *
 * crtos_requests: how many rounds; crtos_seed: the seed.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "../kselftest_harness.h"
#include "partition.h"
#include "peer.h"

#define DEFAULT_ROUNDS	100
#define PER_ROUND	100
#define ARG_LEN		4096
#define FIELDS		32

/* No round takes longer, unless the child waits for something. */
#define ROUND_MS	20000

/* Bits of what a round does with what was not in the list */
#define BAD_ERRNO	1
#define BAD_RIGHTS	2
#define BAD_MAPPING	4
#define BAD_END		8

/**
 * struct error - an error that a request may have
 * @nr: number, 0: it was done
 * @name: what it is called
 * @least: how often it comes at least in ALL_ROUNDS, 0: that cannot be relied on
 */
struct error {
	int nr;
	const char *name;
	unsigned int least;
};

#define ALL_ROUNDS	400
#define ENOUGH		100

#define E(nr, least)	{ nr, #nr, least }
#define MANY(nr)	{ nr, #nr, ENOUGH }
/* These need something that is not there at random. */
#define RARE(nr)	{ nr, #nr, 0 }

struct request {
	const char *name;
	unsigned long nr;
	bool privileged;
	struct error errors[16];
};

/* Places of CRTOS_IOC_RUN and of what is no request in the list */
#define RUN	4
#define MMAP	9

static const struct request requests[] = {
	{ "START", CRTOS_IOC_START, true, {
		MANY(0), MANY(EINVAL), MANY(EFAULT), E(EALREADY, 3), E(ENOEXEC, 3), RARE(ENODEV),
		RARE(ENOMEM), RARE(EAGAIN), RARE(EFBIG), RARE(EPROTONOSUPPORT), RARE(ENXIO),
		RARE(EBUSY), RARE(EOPNOTSUPP), RARE(ETIMEDOUT), RARE(EIO), RARE(EINTR) } },
	{ "STOP", CRTOS_IOC_STOP, true, {
		E(0, 3), MANY(EINVAL), MANY(EFAULT), MANY(ENOTCONN), RARE(EINTR) } },
	{ "STATUS", CRTOS_IOC_STATUS, false, {
		MANY(0), MANY(EINVAL), MANY(EFAULT), MANY(ENODEV) } },
	{ "LOG", CRTOS_IOC_LOG, false, {
		MANY(0), MANY(EINVAL), MANY(EFAULT), MANY(ENODEV), RARE(ENOMEM) } },
	{ "RUN", CRTOS_IOC_RUN, false, {
		MANY(0), MANY(EINVAL), MANY(EFAULT), MANY(EBADF), E(ENOTCONN, 60), MANY(EEXIST),
		MANY(EACCES), MANY(ETXTBSY), RARE(EBUSY), RARE(EIO), RARE(EAGAIN),
		RARE(EPROTONOSUPPORT), RARE(ENOSPC), RARE(ENOMEM), RARE(EPERM) } },
	{ "PEER", CRTOS_IOC_PEER, true, {
		E(0, 3), MANY(EINVAL), MANY(EFAULT), MANY(ENOTCONN), RARE(EOPNOTSUPP),
		RARE(EBUSY), RARE(ENOMEM), RARE(EMFILE) } },
	{ "SLOT", CRTOS_IOC_SLOT, false, {
		MANY(0), MANY(EINVAL), MANY(EFAULT), MANY(ENODEV), MANY(ENOENT),
		RARE(ENOMEM) } },
	{ "CRASH", CRTOS_IOC_CRASH, true, {
		E(0, 3), MANY(EINVAL), MANY(EFAULT), MANY(ENODEV), RARE(ENOMEM) } },
	{ "RESUME", CRTOS_IOC_RESUME, false, { RARE(0), MANY(EINVAL), MANY(EFAULT) } },
	/* Of the region, and of what cannot be mapped: ENODEV */
	{ "mmap", 0, false, {
		MANY(0), MANY(EINVAL), MANY(EPERM), MANY(ENODEV), RARE(ENOMEM),
		RARE(EOVERFLOW) } },
};

/* How often each ended how; shared with the children */
static __u64 (*seen)[ARRAY_SIZE(requests[0].errors)];
/* What nobody may do */
static __u64 *not_permitted;

/* Descriptors for RUN: a file that is no program, one that somebody writes to */
static int no_program, busy_program;

static __u64 state;

static __u64 draw(void)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return state * 0x2545f4914f6cdd1dULL;
}

static __u64 any(__u64 n)
{
	return (draw() >> 16) % n;
}

static __u64 any_bits(void)
{
	__u64 value = draw() >> any(64);

	return any(4) ? value : ~value;
}

/* Small numbers, addresses and the like: what may get past the first check */
static __u64 any_field(void *buf)
{
	const __u64 table[] = {
		0, 1, 2, 3, 4, 8, 15, 16, 17, CRTOS_PARTITION_ANY, ~0ULL, PAGE, WINDOW, WINDOW_LEN,
		(uintptr_t)buf, (uintptr_t)buf + ARG_LEN - 8, 1ULL << 63,
	};

	return any(4) ? table[any(ARRAY_SIZE(table))] : any_bits();
}

/* What is granted, or has one thing that is wrong */
static struct crtos_run any_run(struct peer *peer, __u32 partition, const char *buf)
{
	const __u32 programs[] = { no_program, busy_program, 1023 };
	struct crtos_run run = peer_run_arg(peer, peer->fd);
	/* Seldom nothing, as that ends the round */
	unsigned int wrong = any(15) / 2;

	if (wrong == 0 || wrong == 6)
		run.partition = partition;
	else if (wrong == 1)
		run.fd = any(20);
	else if (wrong == 2)
		run.window_addr = (uintptr_t)buf & -PAGE;
	else if (wrong < 3 + ARRAY_SIZE(programs))
		run.program = programs[wrong - 3];
	return run;
}

/* One that may be granted, of any partition */
static void fill_well(struct peer *peer, const struct request *r, char *buf)
{
	memset(buf, 0, FIELDS * sizeof(__u64));
	*(__u32 *)buf = any(3) ? peer->partition : any(CRTOS_MAX_PARTITIONS);
	switch (r->nr) {
	case CRTOS_IOC_START:
		*(struct crtos_start *)buf = (struct crtos_start) {
			.backend = CRTOS_BACKEND_LOOPBACK,
			.nr_cpus = 1,
			.cpus = (uintptr_t)buf + ARG_LEN / 2,
			.partition = any(2) ? CRTOS_PARTITION_ANY : any(CRTOS_MAX_PARTITIONS),
		};
		break;
	case CRTOS_IOC_LOG:
		((struct crtos_log *)buf)->len = any(100);
		((struct crtos_log *)buf)->buf = (uintptr_t)buf + ARG_LEN / 2;
		break;
	case CRTOS_IOC_RUN:
		*(struct crtos_run *)buf = any_run(peer, *(__u32 *)buf, buf);
		break;
	case CRTOS_IOC_SLOT:
		((struct crtos_slot_stats *)buf)->slot = any(2) ? 0 : any(CRTOS_MAX_SLOTS);
		break;
	case CRTOS_IOC_RESUME:
		((struct crtos_resume *)buf)->result = -ENOENT;
		break;
	}
}

/* And now and then all of it at random */
static void fill(struct peer *peer, const struct request *r, char *buf)
{
	unsigned int n = any(4) ? any(4) : FIELDS;

	fill_well(peer, r, buf);
	for (; n; n--) {
		unsigned int i = any(any(2) ? 4 : FIELDS);

		if (any(2))
			((__u64 *)buf)[i] = any_field(buf);
		else
			((__u32 *)buf)[2 * i + any(2)] = any_field(buf);
	}
}

static bool names(const struct peer *peer, const struct request *r, const char *buf,
		  const char *arg)
{
	/* Behind what is filled in there are zeros only. */
	if (arg < buf || arg > buf + FIELDS * sizeof(__u64))
		return false;
	/* All but START begin with it. */
	if (r->nr == CRTOS_IOC_START)
		arg += offsetof(struct crtos_start, partition);
	return *(const __u32 *)arg == peer->partition;
}

/* Returns false if there is no such error. */
static bool count(const struct request *r, int error)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(r->errors) && r->errors[i].name; i++) {
		if (r->errors[i].nr == error) {
			seen[r - requests][i]++;
			return true;
		}
	}
	printf("# %s: %s\n", r->name, strerror(error));
	return false;
}

static int try_request(struct peer *peer, char *buf, bool nobody)
{
	/* Most errors are those of RUN. */
	const struct request *r = &requests[any(4) ? any(MMAP) : RUN];
	void *arg = any(6) ? buf : (void *)any_field(buf);
	int ret;

	fill(peer, r, buf);
	/* Not the partition that must not notice, unless that is refused */
	if (!nobody && r->privileged && names(peer, r, buf, arg))
		return 0;
	ret = ioctl(peer->fd, r->nr, arg);
	if (nobody && r->privileged) {
		if (ret < 0 && errno == EPERM) {
			not_permitted[r - requests]++;
			return 0;
		}
		printf("# %s as nobody: %d, %s\n", r->name, ret, strerror(errno));
		return BAD_RIGHTS;
	}
	if (ret >= 0 && r->nr == CRTOS_IOC_PEER)
		close(ret);
	return count(r, ret < 0 ? errno : 0) ? 0 : BAD_ERRNO;
}

/* A number, a direction or a length that is no request */
static int try_unknown(struct peer *peer, char *buf)
{
	unsigned long nr = CRTOS_IOC_MAGIC << _IOC_TYPESHIFT | any_bits() << 16 | any(256);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(requests); i++)
		if ((__u32)nr == (__u32)requests[i].nr)
			return 0;
	if (ioctl(peer->fd, nr, buf) < 0 && errno == ENOTTY)
		return 0;
	printf("# request %#lx: %s\n", nr, strerror(errno));
	return BAD_ERRNO;
}

/* Nothing but what is in the region, never executable, never private */
static int try_map(struct peer *peer)
{
	__u64 len = any(2) ? PAGE * (1 + any(8)) : 1 + any_bits() / 2;
	__u64 offset = (any(2) ? PAGE * any(peer->len / PAGE + 2) : any_bits()) & -PAGE;
	int prot = any(8), flags = any(4) ? MAP_SHARED : MAP_PRIVATE;
	int fd = any(4) ? peer->rtos : peer->fd;
	char *p = mmap(NULL, len, prot, flags, fd, offset);
	bool allowed = fd == peer->rtos && flags == MAP_SHARED && !(prot & PROT_EXEC) &&
		       offset < peer->len && len <= peer->len - offset;

	if (!count(&requests[MMAP], p == MAP_FAILED ? errno : 0))
		return BAD_ERRNO;
	if (p == MAP_FAILED) {
		if (!allowed)
			return 0;
		printf("# not mapped: length %#llx, offset %#llx, protection %d: %s\n",
		       (unsigned long long)len, (unsigned long long)offset, prot,
		       strerror(errno));
		return BAD_MAPPING;
	}
	if (mprotect(p, PAGE, PROT_READ | PROT_EXEC) == 0 ||
	    mremap(p, PAGE, 2 * PAGE + peer->len, MREMAP_MAYMOVE) != MAP_FAILED)
		allowed = false;
	munmap(p, len);
	if (allowed)
		return 0;
	printf("# mapped: length %#llx, offset %#llx, protection %d, flags %d\n",
	       (unsigned long long)len, (unsigned long long)offset, prot, flags);
	return BAD_MAPPING;
}

/* A child that may end as a shadow: what it was like before is not to be seen then. */
static void child(struct peer *peer, bool nobody)
{
	char *buf = mmap(NULL, ARG_LEN + PAGE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	unsigned int i;
	int bad = 0;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (buf == MAP_FAILED || (nobody && (setgid(65534) || setuid(65534))))
		_exit(64);
	mprotect(buf + ARG_LEN, PAGE, PROT_NONE);
	for (i = 0; i < PER_ROUND && !bad; i++) {
		switch (any(8)) {
		case 0:
			bad = try_unknown(peer, buf);
			break;
		case 1:
			bad = try_map(peer);
			break;
		default:
			bad = try_request(peer, buf, nobody);
		}
	}
	_exit(bad);
}

/* Exit status of the child, 0 if it has become a shadow and been killed */
static int round_of(struct peer *peer, bool nobody)
{
	__u64 end = now_ms() + ROUND_MS;
	bool granted = false;
	pid_t pid = fork();
	int status;

	if (!pid)
		child(peer, nobody);
	while (waitpid(pid, &status, WNOHANG) != pid) {
		usleep(1000);
		granted = granted || peer_status(peer).nr_slots > 1;
		if (now_ms() > end || granted)
			kill(pid, SIGKILL);
	}
	if (granted)
		count(&requests[RUN], 0);
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	return granted && WTERMSIG(status) == SIGKILL ? 0 : BAD_END;
}

static void stop_others(struct peer *peer)
{
	struct crtos_stop stop = {};

	for (stop.partition = 0; stop.partition < CRTOS_MAX_PARTITIONS; stop.partition++)
		if (stop.partition != peer->partition)
			ioctl(peer->fd, CRTOS_IOC_STOP, &stop);
}

static bool prepare_programs(void)
{
	char path[] = "/tmp/crtos.XXXXXX";
	int fd = mkostemp(path, O_CLOEXEC);

	no_program = open("/", O_RDONLY | O_CLOEXEC);
	busy_program = open(path, O_RDONLY | O_CLOEXEC);
	unlink(path);
	/* It stays open for writing. */
	return fd >= 0 && fchmod(fd, 0777) == 0 && no_program >= 0 && busy_program >= 0;
}

FIXTURE(requests) {
	struct peer peer;
	struct process *p;
	__u64 seed;
	__u64 rounds;
};

FIXTURE_SETUP(requests)
{
	const char *why = peer_missing(), *value;

	if (why)
		SKIP(return, "%s", why);
	setvbuf(stdout, NULL, _IOLBF, 0);
	value = getenv("crtos_requests");
	self->rounds = value ? strtoull(value, NULL, 0) : DEFAULT_ROUNDS;
	value = getenv("crtos_seed");
	self->seed = value ? strtoull(value, NULL, 0) : 1;
	seen = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, seen);
	not_permitted = seen[ARRAY_SIZE(requests)];
	ASSERT_TRUE(prepare_programs());
	ASSERT_EQ(0, peer_start_ready(&self->peer));
	self->p = peer_spawn(&self->peer);
	ASSERT_NE(NULL, self->p);
}

FIXTURE_TEARDOWN(requests)
{
	EXPECT_EQ(self->p->pid, call(self->p, SYS_getpid));
	EXPECT_TRUE(peer_running(&self->peer));
	stop_others(&self->peer);
	peer_stop(&self->peer);
}

static int rounds(struct peer *peer, __u64 seed, __u64 nr, bool nobody)
{
	__u64 i;
	int bad = 0;

	for (i = 0; i < nr && !bad; i++) {
		state = (seed + i) * 0x9e3779b97f4a7c15ULL | 1;
		bad = round_of(peer, nobody);
		peer_acknowledge(peer);
		stop_others(peer);
		if (bad)
			printf("# seed %llu\n", (unsigned long long)(seed + i));
	}
	return bad;
}

/* With few, and on a kernel that is slow, a quarter in proportion: chance decides then. */
static __u64 least_of(const struct error *e, __u64 rounds)
{
	__u64 least = e->least * rounds / ALL_ROUNDS;

	if (rounds < DEFAULT_ROUNDS)
		return 0;
	return rounds < ALL_ROUNDS ? least / 4 : least;
}

/* One row of the table. Returns how many results did not come often enough. */
static unsigned int report(const struct request *r, __u64 rounds, bool nobody)
{
	const __u64 *hits = seen[r - requests];
	unsigned int i, few = 0;

	if (nobody && r->privileged) {
		few = rounds >= DEFAULT_ROUNDS && not_permitted[r - requests] < rounds;
		printf("# %-6s EPERM %llu%s\n", r->name,
		       (unsigned long long)not_permitted[r - requests], few ? " (too few)" : "");
		return few;
	}
	printf("# %-6s", r->name);
	for (i = 0; i < ARRAY_SIZE(r->errors) && r->errors[i].name; i++) {
		const struct error *e = &r->errors[i];
		bool enough = hits[i] >= least_of(e, rounds);

		if (hits[i] || !enough)
			printf(" %s %llu%s", e->nr ? e->name : "done", (unsigned long long)hits[i],
			       enough ? "" : " (too few)");
		few += !enough;
	}
	printf("\n");
	return few;
}

static unsigned int report_all(__u64 rounds, bool nobody)
{
	unsigned int few = 0;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(requests); i++)
		few += report(&requests[i], rounds, nobody);
	return few;
}

TEST_F_TIMEOUT(requests, as_root, 3600)
{
	EXPECT_EQ(0, rounds(&self->peer, self->seed, self->rounds, false));
	EXPECT_EQ(0, report_all(self->rounds, false));
}

TEST_F_TIMEOUT(requests, as_nobody, 3600)
{
	EXPECT_EQ(0, rounds(&self->peer, self->seed, self->rounds, true));
	EXPECT_EQ(0, report_all(self->rounds, true));
}

TEST_HARNESS_MAIN
