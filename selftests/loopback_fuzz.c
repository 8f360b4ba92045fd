// SPDX-License-Identifier: GPL-2.0
/*
 * An RTOS that does at random what an RTOS may do and what it must not. Each thing that
 * it does is one of those below, and for each it is known what Linux has to answer, or
 * which answers are right where two CPUs race. How often each was done is printed, and
 * is enough of each if there are enough entries. Meanwhile a process in another slot
 * makes calls and checks every result.
 *
 * crtos_fuzz: how many entries; crtos_seed: the seed; crtos_cycle: begin with that
 * cycle of it, as a message about a failure says.
 */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/sysinfo.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "../kselftest_harness.h"
#include "partition.h"
#include "peer.h"

#define DEFAULT_ENTRIES	10000
/* With so many, each kind is hit at least ENOUGH times. */
#define ALL_ENTRIES	200000
#define ENOUGH		100

#define MAX_BATCH	CRTOS_SQ_SIZE
#define BATCHES		3	/* for each act */
#define REWRITES	30

/* In the memory of the process: results, and what does not change */
#define OUT		(2 * PAGE)
#define ROOT_DIR	(5 * PAGE)
#define NO_FILE		(5 * PAGE + 16)
#define NO_TIME		(5 * PAGE + 64)
#define UNMAPPED	(NR_PAGES * PAGE)

/* What peer_run_arg() passes */
#define STRINGS_LEN	14

#define LEVEL_INDEX(level)	(WINDOW >> (39 - 9 * (level)) & 511)

/* The process in the other slot */
struct neighbour {
	struct process *p;
	pthread_t thread;
	int fd;
	__u64 calls;
	__u64 wrong;
	bool stop;
};

struct fuzz {
	struct peer peer;
	struct process *p;
	struct neighbour good;
	__u64 seed;
	__u64 random;
	__u64 entries;
	__u64 wanted;
	__u64 cycle;
	__u64 bad_requests;		/* before an act */
	__s64 expected[CRTOS_NR_ENTRIES];
	__u8 status[CRTOS_NR_ENTRIES];
};

/* A path that is in the shadow, as in this process, but outside of the window */
static const char elsewhere[] = "/not/there";
/* Memory there that could be written to */
static char writable[1024];

static __u64 draw(__u64 *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 0x2545f4914f6cdd1dULL;
}

/* Below @n */
static __u64 any(struct fuzz *f, __u64 n)
{
	return (draw(&f->random) >> 16) % n;
}

/* A value with few or many bits, so that edges come often */
static __u64 any_bits(struct fuzz *f)
{
	__u64 value = draw(&f->random) >> any(f, 64);

	return any(f, 4) ? value : ~value;
}

/* An address that no system call of the process may be given */
static __u64 any_outside(struct fuzz *f)
{
	const __u64 edges[] = {
		WINDOW - 1, WINDOW - PAGE, WINDOW + WINDOW_LEN, WINDOW + WINDOW_LEN + PAGE, 1, PAGE,
		~0ULL, 0xffffffff81000000ULL, 0xffff888000000000ULL, 1ULL << 47, 1ULL << 63,
		(uintptr_t)elsewhere, (uintptr_t)writable,
	};
	__u64 addr = any_bits(f);

	if (!any(f, 3) || !addr || addr - WINDOW < WINDOW_LEN)
		return edges[any(f, ARRAY_SIZE(edges))];
	return addr;
}

static __u64 any_unmapped(struct fuzz *f)
{
	return at(UNMAPPED + any(f, WINDOW_LEN - UNMAPPED - PAGE));
}

/*
 * Kinds of entries: each fills one in and returns what the result must be.
 */

static __s64 fill(struct fuzz *f, unsigned int i, __u32 nr, const __u64 *args, __s64 result)
{
	process_fill(f->p, i, CRTOS_OP_SYSCALL, nr, args);
	return result;
}

static __s64 plain_call(struct fuzz *f, unsigned int i)
{
	if (any(f, 2))
		return fill(f, i, SYS_getpid, ARGS(any_bits(f)), f->p->pid);
	return fill(f, i, SYS_lseek, ARGS(0x7fff, any_bits(f), any(f, 3)), -EBADF);
}

static __s64 memory_is_read(struct fuzz *f, unsigned int i)
{
	if (any(f, 2))
		return fill(f, i, SYS_access, ARGS(at(ROOT_DIR), F_OK), 0);
	return fill(f, i, SYS_access, ARGS(at(NO_FILE), F_OK), -ENOENT);
}

static __s64 memory_is_written(struct fuzz *f, unsigned int i)
{
	return fill(f, i, SYS_uname, ARGS(at(OUT + any(f, PAGE))), 0);
}

static __s64 null_pointer(struct fuzz *f, unsigned int i)
{
	return fill(f, i, SYS_wait4, ARGS(-1, 0, 0, 0), -ECHILD);
}

static __s64 outside(struct fuzz *f, unsigned int i)
{
	return fill(f, i, any(f, 2) ? SYS_uname : SYS_access, ARGS(any_outside(f)), -EFAULT);
}

static __s64 nothing_mapped(struct fuzz *f, unsigned int i)
{
	return fill(f, i, any(f, 2) ? SYS_uname : SYS_access, ARGS(any_unmapped(f)), -EFAULT);
}

static __s64 no_call(struct fuzz *f, unsigned int i, __u32 nr)
{
	const __u64 args[6] = {
		any_bits(f), any_bits(f), any_bits(f), any_bits(f), any_bits(f), any_bits(f),
	};

	return fill(f, i, nr, args, -ENOSYS);
}

static __s64 refused_call(struct fuzz *f, unsigned int i)
{
	static const __u32 refused[] = {
		SYS_perf_event_open, SYS_userfaultfd, 425, 426, 427, SYS_iopl, SYS_ioperm,
		SYS_set_thread_area, SYS_io_setup, SYS_restart_syscall, SYS_shmat, SYS_shmdt,
	};

	return no_call(f, i, refused[any(f, ARRAY_SIZE(refused))]);
}

static __s64 local_call(struct fuzz *f, unsigned int i)
{
	static const __u32 local[] = {
		SYS_mmap, SYS_munmap, SYS_mprotect, SYS_mremap, SYS_brk, SYS_exit, SYS_exit_group,
		SYS_gettid, SYS_arch_prctl, SYS_rt_sigreturn, 435, SYS_tkill, SYS_modify_ldt,
		SYS_madvise, SYS_set_robust_list,
	};

	return no_call(f, i, local[any(f, ARRAY_SIZE(local))]);
}

static __s64 unknown_call(struct fuzz *f, unsigned int i)
{
	static const __u32 above[] = {
		512, 1023, 0x3fffffff, 0x40000000, 0x40000027, 0x7fffffff, 0x80000000, 0xffffffff,
	};

	if (any(f, 2))
		return no_call(f, i, 336 + any(f, 424 - 336));
	if (any(f, 2))
		return no_call(f, i, above[any(f, ARRAY_SIZE(above))]);
	return no_call(f, i, 1024 + any(f, ~0U - 1024));
}

static __s64 argument_refuses(struct fuzz *f, unsigned int i)
{
	return fill(f, i, SYS_ppoll, ARGS(0, 0, at(NO_TIME), at(NO_TIME), 8), -ENOSYS);
}

static __s64 argument_allows(struct fuzz *f, unsigned int i)
{
	return fill(f, i, SYS_ppoll, ARGS(0, 0, at(NO_TIME), 0, 8), 0);
}

static __s64 anchor_call(struct fuzz *f, unsigned int i)
{
	if (any(f, 2))
		return fill(f, i, SYS_getpriority, ARGS(0, 0), 20);
	return fill(f, i, SYS_sched_getscheduler, ARGS(0), SCHED_OTHER);
}

static __s64 renewal(struct fuzz *f, unsigned int i)
{
	return fill(f, i, SYS_personality, ARGS(0xffffffff), 0);
}

static __s64 anchor_outside(struct fuzz *f, unsigned int i)
{
	return fill(f, i, SYS_sched_getparam, ARGS(0, any_outside(f)), -EFAULT);
}

static __s64 no_exec(struct fuzz *f, unsigned int i)
{
	return fill(f, i, SYS_execve, ARGS(at(ROOT_DIR), 0, 0), -ENOSYS);
}

static __s64 fork_flags(struct fuzz *f, unsigned int i)
{
	static const __u64 flags[] = {
		0x100 /* VM */, 0x10000 /* THREAD */, 0x10100, 0x10900 /* and SIGHAND */,
	};

	return fill(f, i, SYS_clone, ARGS(flags[any(f, ARRAY_SIZE(flags))] | SIGCHLD), -EINVAL);
}

static __s64 bad_op(struct fuzz *f, unsigned int i)
{
	process_fill(f->p, i, 4 + any(f, 252), any_bits(f), ARGS(any_bits(f)));
	return -EINVAL;
}

static __s64 bad_flags(struct fuzz *f, unsigned int i)
{
	process_fill(f->p, i, any(f, 4), SYS_getpid, ARGS(any_bits(f)));
	f->p->slot->entries[i].flags = (any(f, 64) << 2 | 4) | any(f, 4);
	return -EINVAL;
}

static __s64 bad_priority(struct fuzz *f, unsigned int i)
{
	process_fill(f->p, i, any(f, 4), SYS_getpid, ARGS(any_bits(f)));
	f->p->slot->entries[i].priority = 100 + any(f, 156);
	return -EINVAL;
}

static __s64 priority(struct fuzz *f, unsigned int i)
{
	__s64 result = plain_call(f, i);

	f->p->slot->entries[i].priority = 1 + any(f, 99);
	return result;
}

static __s64 args(struct fuzz *f, unsigned int i)
{
	__u64 offset = any(f, STRINGS_LEN + 1), len = any(f, 2) ? any(f, 20) : any_bits(f);

	process_fill(f->p, i, CRTOS_OP_ARGS, any_bits(f),
		     ARGS(at(OUT + any(f, PAGE)), len, offset));
	return len < STRINGS_LEN - offset ? len : STRINGS_LEN - offset;
}

static __s64 args_offset(struct fuzz *f, unsigned int i)
{
	__u64 more = any_bits(f);

	process_fill(f->p, i, CRTOS_OP_ARGS, 0,
		     ARGS(at(OUT), any_bits(f), more > STRINGS_LEN ? more : STRINGS_LEN + 1));
	return -EINVAL;
}

static __s64 args_outside(struct fuzz *f, unsigned int i)
{
	__u64 addr = any(f, 8) ? any_outside(f) : WINDOW + WINDOW_LEN - 1;

	process_fill(f->p, i, CRTOS_OP_ARGS, 0, ARGS(addr, 2 + any(f, 12), 0));
	return -EFAULT;
}

static __s64 args_unmapped(struct fuzz *f, unsigned int i)
{
	process_fill(f->p, i, CRTOS_OP_ARGS, 0, ARGS(any_unmapped(f), 1 + any(f, 14), 0));
	return -EFAULT;
}

static __s64 unmap(struct fuzz *f, unsigned int i)
{
	__u64 page = any(f, WINDOW_LEN / PAGE), rest = WINDOW_LEN / PAGE - page;

	process_fill(f->p, i, CRTOS_OP_UNMAP, 0,
		     ARGS(WINDOW + page * PAGE, (1 + any(f, rest)) * PAGE));
	return 0;
}

static __s64 bad_unmap(struct fuzz *f, unsigned int i)
{
	const __u64 bad[][2] = {
		{ WINDOW, 0 }, { WINDOW + 1 + any(f, PAGE - 1), PAGE },
		{ WINDOW, 1 + any(f, PAGE - 1) }, { WINDOW - PAGE, PAGE },
		{ WINDOW, WINDOW_LEN + PAGE }, { WINDOW + WINDOW_LEN, PAGE },
		{ WINDOW + PAGE, WINDOW_LEN }, { WINDOW + PAGE, -PAGE }, { -PAGE, PAGE },
		{ -PAGE, WINDOW + 2 * PAGE }, { (uintptr_t)elsewhere & -PAGE, PAGE },
	};

	process_fill(f->p, i, CRTOS_OP_UNMAP, 0, bad[any(f, ARRAY_SIZE(bad))]);
	return -EINVAL;
}

/* Its flag is there before anybody executes it. */
static __s64 cancelled_before(struct fuzz *f, unsigned int i)
{
	__s64 result = fill(f, i, SYS_getpid, ARGS(0), -EINTR);

	f->p->slot->entries[i].flags = CRTOS_ENTRY_CANCEL;
	f->status[i] = CRTOS_ENTRY_RESTART_ALWAYS;
	return result;
}

static __s64 notified(struct fuzz *f, unsigned int i)
{
	__s64 result = plain_call(f, i);

	__atomic_fetch_and(&f->p->slot->upid.pir, ~(1ULL << i), __ATOMIC_SEQ_CST);
	f->p->slot->entries[i].flags = CRTOS_ENTRY_NOTIFY;
	return result;
}

static bool was_notified(struct fuzz *f, unsigned int i)
{
	return eventually(load_acquire(&f->p->slot->upid.pir) & 1ULL << i);
}

static struct kind {
	const char *name;
	__s64 (*fill)(struct fuzz *f, unsigned int i);
	bool (*after)(struct fuzz *f, unsigned int i);
	__u64 hits;
} kinds[] = {
	{ "call", plain_call },
	{ "memory read", memory_is_read },
	{ "memory written", memory_is_written },
	{ "NULL", null_pointer },
	{ "pointer: not in the window", outside },
	{ "pointer: nothing mapped", nothing_mapped },
	{ "class refuse", refused_call },
	{ "class local", local_call },
	{ "class unknown", unknown_call },
	{ "argument that refuses", argument_refuses },
	{ "argument that allows", argument_allows },
	{ "class anchor", anchor_call },
	{ "class anchor, new workers", renewal },
	{ "class anchor, pointer", anchor_outside },
	{ "execve: no tool", no_exec },
	{ "clone: flags", fork_flags },
	{ "op", bad_op },
	{ "flags", bad_flags },
	{ "priority: too high", bad_priority },
	{ "priority", priority },
	{ "ARGS", args },
	{ "ARGS: offset", args_offset },
	{ "ARGS: not in the window", args_outside },
	{ "ARGS: nothing mapped", args_unmapped },
	{ "UNMAP", unmap },
	{ "UNMAP: range", bad_unmap },
	{ "cancelled before", cancelled_before },
	{ "notified", notified, was_notified },
};

static void complain(struct fuzz *f, const char *what)
{
	printf("# seed %llu, cycle %llu: %s\n", (unsigned long long)f->seed,
	       (unsigned long long)f->cycle, what);
}

/* The result of an entry that was published */
static bool answered(struct fuzz *f, unsigned int i, struct kind *kind)
{
	struct crtos_entry *e = &f->p->slot->entries[i];
	bool good = process_poll(f->p, i);

	good = good && (__s64)e->result == f->expected[i] && e->status == f->status[i];
	good = good && (!kind->after || kind->after(f, i));
	if (good) {
		kind->hits++;
		return true;
	}
	complain(f, kind->name);
	printf("# entry %u: nr %u, op %u, flags %#x, priority %u, args %#llx %#llx %#llx\n", i,
	       e->nr, e->op, e->flags, e->priority, (unsigned long long)e->args[0],
	       (unsigned long long)e->args[1], (unsigned long long)e->args[2]);
	printf("# status %u, result %lld, not %lld\n", e->status, (long long)e->result,
	       (long long)f->expected[i]);
	return false;
}

static void publish(struct fuzz *f, unsigned int i)
{
	process_publish(f->p, i);
	f->entries++;
}

/* Entries of any kinds at once, in any of the 64 places */
static bool batch(struct fuzz *f)
{
	struct kind *kind[MAX_BATCH];
	unsigned int i, n = 1 + any(f, MAX_BATCH), first = any(f, 64), step = any(f, 32) * 2 + 1;
	bool good = true;

	for (i = 0; i < n; i++) {
		unsigned int index = (first + i * step) % CRTOS_NR_ENTRIES;

		kind[i] = &kinds[any(f, ARRAY_SIZE(kinds))];
		f->status[index] = CRTOS_ENTRY_DONE;
		f->expected[index] = kind[i]->fill(f, index);
		publish(f, index);
		if (!any(f, 4))
			process_ring(f->p);
	}
	process_ring(f->p);
	for (i = 0; i < n && good; i++)
		good = answered(f, (first + i * step) % CRTOS_NR_ENTRIES, kind[i]);
	return good;
}

/* The life of the process that misbehaves */

static bool spawn(struct fuzz *f)
{
	f->p = peer_spawn(&f->peer);
	if (!f->p)
		return false;
	put_string(f->p, ROOT_DIR, "/");
	put_string(f->p, NO_FILE, "/no/file");
	return true;
}

/* Its wait status, or -1 if it does not end. Does not rely on the slot or its UPID. */
static int reap(struct fuzz *f)
{
	int status = -1;

	if (!eventually(waitpid(f->p->pid, &status, WNOHANG) == f->p->pid))
		return -1;
	if (!eventually(peer_status(&f->peer).nr_slots == 1))
		return -1;
	process_ended(f->p);
	return status;
}

static bool ends_with(struct fuzz *f, __u32 error)
{
	struct crtos_slot *slot = f->p->slot;
	int status;

	process_ring(f->p);
	status = reap(f);
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL && slot->error == error &&
	       (!error || peer_status(&f->peer).bad_requests > f->bad_requests);
}

static bool killed_with(struct fuzz *f, __u32 error)
{
	return ends_with(f, error) && spawn(f);
}

/* Nothing is taken of a ring that cannot be. */
static bool killed_at_once(struct fuzz *f, __u32 published)
{
	struct crtos_slot *slot = f->p->slot;

	return ends_with(f, EPROTO) && slot->sq_head == published && spawn(f);
}

static bool too_many(struct fuzz *f)
{
	__u32 published = f->p->tail;

	f->p->tail += CRTOS_SQ_SIZE + any(f, 0x7fffffff);
	publish(f, any(f, 64));
	return killed_at_once(f, published);
}

static bool tail_goes_back(struct fuzz *f)
{
	__u32 published;

	if (call(f->p, SYS_getpid) != f->p->pid)
		return false;
	published = f->p->tail;
	f->p->tail -= 2 + any(f, 1000);
	publish(f, any(f, 64));
	return killed_at_once(f, published);
}

static bool bad_index(struct fuzz *f)
{
	publish(f, CRTOS_NR_ENTRIES + any(f, 256 - CRTOS_NR_ENTRIES));
	return killed_with(f, EPROTO);
}

/* An entry that is being executed is published again. */
static bool index_is_taken(struct fuzz *f)
{
	if (!process_block(f->p, 1))
		return false;
	publish(f, 1);
	return killed_with(f, EPROTO);
}

static bool exit_entry(struct fuzz *f)
{
	static const int statuses[] = { 0, 1 << 8, 255 << 8, SIGSEGV, SIGTERM };
	int expected = statuses[any(f, ARRAY_SIZE(statuses))];

	process_fill(f->p, any(f, 64), CRTOS_OP_EXIT, 0, ARGS(0));
	process_start(f->p, any(f, 64), CRTOS_OP_EXIT, any_bits(f), ARGS(expected));
	f->entries++;
	return reap(f) == expected && spawn(f);
}

/* Whatever its calls are doing at that moment */
static bool kill_shadow(struct fuzz *f)
{
	unsigned int i, n = any(f, MAX_BATCH);

	for (i = 0; i < n; i++) {
		kinds[any(f, ARRAY_SIZE(kinds))].fill(f, i);
		publish(f, i);
	}
	process_ring(f->p);
	usleep(any(f, 2000));
	kill(f->p->pid, SIGKILL);
	return killed_with(f, 0);
}

static bool fork_process(struct fuzz *f)
{
	struct process *child = process_fork(f->p, SYS_fork, ARGS(0)), *parent = f->p;
	bool good;

	f->entries++;
	if (!child)
		return false;
	good = call(child, SYS_getppid) == parent->pid;
	process_start(child, 1, CRTOS_OP_EXIT, 0, ARGS(3 << 8));
	/* It is the process that waits for it. */
	good = good && call(parent, SYS_wait4, child->pid, at(OUT), 0, 0) == child->pid &&
	       *(int *)(parent->mem + OUT) == 3 << 8;
	return process_over(child) && good;
}

/* Descriptors of the RTOS that Linux must not follow */

static bool notify_through(struct fuzz *f, __u64 control, unsigned int more_bad)
{
	struct crtos_upid *upid = &f->p->slot->upid;
	__u64 bad = peer_status(&f->peer).bad_requests, good = peer_upid_control(&f->peer);
	bool right;

	upid->control = control;
	upid->pir = 0;
	fill(f, 9, SYS_getpid, ARGS(0), 0);
	f->p->slot->entries[9].flags = CRTOS_ENTRY_NOTIFY;
	publish(f, 9);
	process_ring(f->p);
	right = process_poll(f->p, 9) && was_notified(f, 9) &&
		eventually(peer_status(&f->peer).bad_requests == bad + more_bad);
	upid->control = good;
	return right;
}

static bool upid_no_cpu(struct fuzz *f)
{
	__u64 good = peer_upid_control(&f->peer);
	__u64 control = good ^ (1 + any(f, 255)) << (f->peer.header->x2apic ? 32 : 40);

	return notify_through(f, control, 1);
}

static bool upid_bad_vector(struct fuzz *f)
{
	__u64 good = peer_upid_control(&f->peer);
	__u64 control = good ^ (1 + any(f, 255)) << CRTOS_UPID_NV_SHIFT;

	return notify_through(f, control, 1);
}

static bool upid_suppressed(struct fuzz *f)
{
	return notify_through(f, any_bits(f) | (1 + any(f, 3)), 0);
}

static bool upid_good(struct fuzz *f)
{
	f->p->slot->upid.control = peer_upid_control(&f->peer);
	f->p->slot->upid.pir = 0;
	fill(f, 3, SYS_getpid, ARGS(0), 0);
	f->p->slot->entries[3].flags = CRTOS_ENTRY_NOTIFY;
	publish(f, 3);
	process_ring(f->p);
	while (!(f->p->done & 1 << 3))
		if (!peer_wait(&f->peer))
			return false;
	return process_result(f->p, 3) == f->p->pid;
}

/* Doorbells */

static bool doorbell_for_nobody(struct fuzz *f)
{
	struct crtos_upid *upid = &f->peer.header->linux_upid;
	unsigned int i;

	for (i = any(f, 4); i; i--)
		peer_post(&f->peer, 3 + any(f, CRTOS_MAX_SLOTS - 3));
	__atomic_fetch_or(&upid->pir, any_bits(f), __ATOMIC_SEQ_CST);
	peer_send(&f->peer);
	return true;
}

/* Of its own, so that the neighbour finds no other one */
static bool send_through(struct fuzz *f, __u64 control, int error)
{
	struct crtos_upid *upid = &f->peer.header->linux_upid;
	__u64 any_number = 1, good = upid->control & ~(CRTOS_UPID_ON | CRTOS_UPID_SN);
	bool right;

	upid->control = control;
	right = write(f->peer.rtos, &any_number, sizeof(any_number)) < 0 && errno == error;
	upid->control = good;
	/* What was posted meanwhile */
	peer_send(&f->peer);
	return right;
}

static bool doorbell_vector(struct fuzz *f)
{
	__u64 good = f->peer.header->linux_upid.control;

	return send_through(f, good ^ (1 + any(f, 255)) << CRTOS_UPID_NV_SHIFT, EINVAL);
}

static bool doorbell_cpu(struct fuzz *f)
{
	__u64 good = f->peer.header->linux_upid.control;

	return send_through(f, good | 0xfeULL << (f->peer.header->x2apic ? 32 : 40), ENXIO);
}

/* Page tables */

static bool forget(struct fuzz *f)
{
	return process_do(f->p, CRTOS_OP_UNMAP, 0, ARGS(WINDOW, WINDOW_LEN)) == 0;
}

static bool unreachable(struct fuzz *f)
{
	return forget(f) && call(f->p, SYS_uname, at(OUT)) == -EFAULT &&
	       call(f->p, SYS_access, at(ROOT_DIR)) == -EFAULT;
}

static bool bad_root(struct fuzz *f)
{
	struct crtos_slot *slot = f->p->slot;
	const __u64 start = f->peer.header->region_addr, good = slot->map_root;
	const __u64 bad[] = {
		0, PAGE, start - PAGE, start + f->peer.len, ~0ULL, good ^ 1ULL << (39 + any(f, 13)),
		0xffffffff81000000ULL,
	};
	bool right;

	f->entries += 3;
	slot->map_root = bad[any(f, ARRAY_SIZE(bad))];
	right = unreachable(f);
	slot->map_root = good;
	return right;
}

/* One of the four steps leads nowhere. */
static bool bad_table(struct fuzz *f)
{
	unsigned int level = any(f, NR_TABLES);
	const __u64 start = f->peer.header->region_addr, end = start + f->peer.len;
	__u64 *first = &f->p->table[level][LEVEL_INDEX(level)], good[NR_PAGES];
	unsigned int i, n = level == NR_TABLES - 1 ? NR_PAGES : 1;
	const __u64 bad[] = {
		0, *first & ~PTE_P, *first & ~PTE_US, PTE_ALL, ~0ULL, (start - PAGE) | PTE_ALL,
		end | PTE_ALL, *first ^ 1ULL << (39 + any(f, 13)), 0xffffffff81000000ULL | PTE_ALL,
		level == 3 ? 0 : end | PTE_PS | PTE_ALL, level < 2 ? *first | PTE_PS : 0,
	};
	bool right;

	f->entries += 3;
	memcpy(good, first, n * sizeof(*first));
	for (i = 0; i < n; i++)
		first[i] = bad[any(f, ARRAY_SIZE(bad))];
	right = unreachable(f);
	memcpy(first, good, n * sizeof(*first));
	return right;
}

static bool large_page(struct fuzz *f)
{
	const __u64 size = 512 * PAGE;
	const __u64 addr = (f->peer.header->region_addr + size - 1) & ~(size - 1);
	__u64 *entry = &f->p->table[2][LEVEL_INDEX(2) + 1];
	bool right;

	f->entries += 2;
	*entry = addr | PTE_ALL | PTE_PS;
	right = forget(f) && call(f->p, SYS_access, WINDOW + size + any(f, size)) != -EFAULT;
	*entry = 0;
	return right && forget(f);
}

/* May be read, and not written. */
static bool read_only(struct fuzz *f)
{
	unsigned int level = any(f, NR_TABLES), i;
	__u64 *entry = &f->p->table[level][LEVEL_INDEX(level)];
	unsigned int n = level == NR_TABLES - 1 ? NR_PAGES : 1;
	bool right;

	f->entries += 3;
	for (i = 0; i < n; i++)
		entry[i] &= ~PTE_RW;
	right = forget(f) && call(f->p, SYS_access, at(ROOT_DIR)) == 0 &&
		call(f->p, SYS_uname, at(ROOT_DIR + PAGE)) == -EFAULT &&
		call(f->p, SYS_uname, at(OUT)) == -EFAULT;
	for (i = 0; i < n; i++)
		entry[i] |= PTE_RW;
	return right && call(f->p, SYS_uname, at(OUT)) == 0;
}

/* Linux has it for reading, and asks again before it writes. */
static bool becomes_writable(struct fuzz *f)
{
	bool right;

	f->entries += 3;
	right = forget(f) && call(f->p, SYS_access, at(OUT)) != -EFAULT &&
		call(f->p, SYS_uname, at(OUT)) == 0;
	return right;
}

static bool becomes_read_only(struct fuzz *f)
{
	__u64 *entry = &f->p->table[3][LEVEL_INDEX(3) + OUT / PAGE];
	bool right;

	f->entries += 3;
	right = forget(f) && call(f->p, SYS_access, at(OUT)) != -EFAULT;
	*entry &= ~PTE_RW;
	right = right && call(f->p, SYS_uname, at(OUT)) == -EFAULT;
	*entry |= PTE_RW;
	return right && forget(f);
}

static bool cancel(struct fuzz *f)
{
	bool good;

	if (!process_block(f->p, 1))
		return false;
	f->entries += 2;
	process_cancel(f->p, 1);
	good = process_result(f->p, 1) == -EINTR &&
	       status_of(f->p, 1) == CRTOS_ENTRY_RESTART;
	return call(f->p, SYS_close, f->p->pipe[0]) == 0 &&
	       call(f->p, SYS_close, f->p->pipe[1]) == 0 && good;
}

/* Two CPUs of the RTOS on one ring */

struct rewriter {
	struct fuzz *f;
	pthread_t thread;
	__u64 random;
	bool stop;
};

static void rewrite(struct rewriter *w, void *(*run)(void *data), struct fuzz *f)
{
	*w = (struct rewriter) { .f = f, .random = draw(&f->random) | 1 };
	pthread_create(&w->thread, NULL, run, w);
}

static void rewritten(struct rewriter *w)
{
	store_release(&w->stop, true);
	pthread_join(w->thread, NULL);
}

/* Fields of an entry, from what is right to what is not, while Linux reads it */
static void *rewrite_entry(void *data)
{
	static const __u32 nrs[] = { SYS_getppid, SYS_gettid, SYS_access };
	static const __u8 ops[] = { CRTOS_OP_SYSCALL, 77 }, flags[] = { 0, 0xf0 },
			  priorities[] = { 0, 200 };
	const __u64 paths[] = { at(ROOT_DIR), (uintptr_t)elsewhere };
	struct rewriter *w = data;
	struct crtos_entry *e = &w->f->p->slot->entries[0];

	while (!load_acquire(&w->stop)) {
		__u64 random = draw(&w->random) >> 32;

		store_release(&e->nr, nrs[random % 3]);
		store_release(&e->args[0], paths[random >> 4 & 1]);
		if (random >> 8 & 7)
			continue;
		store_release(&e->op, ops[random >> 12 & 1]);
		store_release(&e->flags, flags[random >> 13 & 1]);
		store_release(&e->priority, priorities[random >> 14 & 1]);
		store_release(&e->op, ops[0]);
		store_release(&e->flags, flags[0]);
		store_release(&e->priority, priorities[0]);
	}
	return NULL;
}

static bool entry_rewritten(struct fuzz *f)
{
	struct rewriter w;
	unsigned int i;
	bool good = true;
	__s64 result;

	rewrite(&w, rewrite_entry, f);
	for (i = 0; i < REWRITES && good; i++) {
		start_call(f->p, 0, SYS_getppid, at(ROOT_DIR));
		/* Not by a notification: the flag for that is overwritten. */
		result = process_poll(f->p, 0) ? f->p->slot->entries[0].result : NO_RESULT;
		good = result == getpid() || result == -ENOSYS || result == 0 ||
		       result == -EFAULT || result == -EINVAL;
		if (!good)
			printf("# result %lld\n", (long long)result);
	}
	f->entries += i;
	rewritten(&w);
	return good;
}

static void *rewrite_index(void *data)
{
	struct rewriter *w = data;
	struct crtos_slot *slot = w->f->p->slot;
	/* Where entries of the next slot are */
	__u8 wrong = 3 * CRTOS_NR_ENTRIES + draw(&w->random) % CRTOS_NR_ENTRIES;

	while (!load_acquire(&w->stop)) {
		/* The one that is taken next */
		__u8 *index = &slot->sq[load_acquire(&slot->sq_head) % CRTOS_SQ_SIZE];

		store_release(index, 0);
		store_release(index, wrong);
		store_release(index, 0);
	}
	return NULL;
}

/* Behind the last entry is the next slot, and no entry of this one. */
static bool index_rewritten(struct fuzz *f)
{
	const size_t behind = offsetof(struct crtos_slot, entries);
	struct crtos_slot *next = f->p->slot + 1;
	char *canary = (char *)next + behind, expected[CRTOS_NR_ENTRIES * 64];
	struct rewriter w;
	unsigned int i;
	__s64 result = 0;

	memset(expected, 0xa5, sizeof(expected));
	memcpy(canary, expected, sizeof(expected));
	rewrite(&w, rewrite_index, f);
	for (i = 0; i < REWRITES && result != NO_RESULT; i++) {
		process_start(f->p, 0, CRTOS_OP_SYSCALL, SYS_getppid, ARGS(0));
		result = process_poll(f->p, 0) ? 0 : NO_RESULT;
	}
	f->entries += i;
	rewritten(&w);
	if (memcmp(canary, expected, sizeof(expected)))
		return false;
	/* Either it has never seen the wrong one, or it has. */
	if (result == NO_RESULT)
		return killed_with(f, EPROTO);
	return true;
}

static void *publish_too(void *data)
{
	struct rewriter *w = data;
	struct crtos_slot *slot = w->f->p->slot;

	while (!load_acquire(&w->stop)) {
		__u32 tail = load_acquire(&slot->sq_tail);

		slot->entries[32].nr = SYS_getpid;
		slot->entries[32].op = CRTOS_OP_SYSCALL;
		slot->sq[tail % CRTOS_SQ_SIZE] = 32;
		store_release(&slot->sq_tail, tail + 1);
	}
	return NULL;
}

/* Without a lock: the ring breaks, or it does not. */
static bool two_publishers(struct fuzz *f)
{
	struct rewriter w;
	unsigned int i;

	rewrite(&w, publish_too, f);
	for (i = 0; i < REWRITES; i++) {
		fill(f, 0, SYS_getpid, ARGS(0), 0);
		publish(f, 0);
		f->p->tail = load_acquire(&f->p->slot->sq_tail);
		process_ring(f->p);
	}
	rewritten(&w);
	kill(f->p->pid, SIGKILL);
	return WIFSIGNALED(reap(f)) && spawn(f);
}

/* All that it can write */

static void scribble(struct fuzz *f, void *start, size_t len)
{
	unsigned int n;

	for (n = 1 + any(f, 16); n; n--)
		((volatile __u8 *)start)[any(f, len)] = any_bits(f);
}

static bool slot_scribbled(struct fuzz *f)
{
	struct crtos_slot *slot = f->p->slot;
	unsigned int i;

	for (i = 0; i < 8; i++) {
		scribble(f, slot, any(f, 2) ? 256 : sizeof(*slot));
		scribble(f, &slot->sq_tail, 128);
		kinds[any(f, ARRAY_SIZE(kinds))].fill(f, i);
		publish(f, i);
		peer_post(&f->peer, f->p->index);
		usleep(any(f, 100));
	}
	kill(f->p->pid, SIGKILL);
	return WIFSIGNALED(reap(f)) && spawn(f);
}

static bool tables_scribbled(struct fuzz *f)
{
	unsigned int i;

	for (i = 0; i < 8; i++) {
		scribble(f, f->p->table, NR_TABLES * PAGE);
		f->p->slot->map_root ^= (1ULL << any(f, 64)) & any_bits(f);
		memory_is_read(f, 0);
		memory_is_written(f, 1);
		unmap(f, 2);
		publish(f, 0);
		publish(f, 1);
		publish(f, 2);
		process_ring(f->p);
		if (!process_poll(f->p, 0) || !process_poll(f->p, 1) || !process_poll(f->p, 2))
			return false;
	}
	kill(f->p->pid, SIGKILL);
	return WIFSIGNALED(reap(f)) && spawn(f);
}

/* Not rtos_state: what that does to all processes is meant so. */
static bool header_scribbled(struct fuzz *f)
{
	struct crtos_header *header = f->peer.header;
	const size_t after = offsetof(struct crtos_header, rtos_version);
	struct crtos_header copy = *header;
	bool good;

	scribble(f, header, offsetof(struct crtos_header, linux_upid));
	scribble(f, &header->rtos_upid, sizeof(header->rtos_upid));
	scribble(f, (char *)header + after, sizeof(*header) - after);
	good = process_do(f->p, CRTOS_OP_ARGS, 0, ARGS(at(OUT), PAGE, 0)) == STRINGS_LEN &&
	       call(f->p, SYS_uname, WINDOW + WINDOW_LEN) == -EFAULT;
	f->entries += 2;
	memcpy(header, &copy, offsetof(struct crtos_header, linux_upid));
	header->rtos_upid.control = peer_upid_control(&f->peer);
	header->rtos_version = copy.rtos_version;
	header->rtos_features = copy.rtos_features;
	return good;
}

static struct act {
	const char *name;
	bool (*run)(struct fuzz *f);
	__u64 hits;
} acts[] = {
	{ "ring: more than it holds", too_many },
	{ "ring: tail goes back", tail_goes_back },
	{ "ring: index", bad_index },
	{ "ring: entry is taken", index_is_taken },
	{ "EXIT", exit_entry },
	{ "killed", kill_shadow },
	{ "fork", fork_process },
	{ "UPID: no such CPU", upid_no_cpu },
	{ "UPID: vector", upid_bad_vector },
	{ "UPID: ON or SN", upid_suppressed },
	{ "UPID", upid_good },
	{ "doorbell for nobody", doorbell_for_nobody },
	{ "doorbell: vector", doorbell_vector },
	{ "doorbell: no such CPU", doorbell_cpu },
	{ "page table: root", bad_root },
	{ "page table: entry", bad_table },
	{ "page table: large page", large_page },
	{ "page table: read-only", read_only },
	{ "page: becomes writable", becomes_writable },
	{ "page: becomes read-only", becomes_read_only },
	{ "cancelled", cancel },
	{ "entry rewritten", entry_rewritten },
	{ "index rewritten", index_rewritten },
	{ "two CPUs on a ring", two_publishers },
	{ "slot scribbled", slot_scribbled },
	{ "page tables scribbled", tables_scribbled },
	{ "header scribbled", header_scribbled },
};

/* Each act once, in any order, with batches in between: so each has its share. */
static bool cycle(struct fuzz *f)
{
	unsigned char deck[ARRAY_SIZE(acts)];
	unsigned int i, k, last = ARRAY_SIZE(acts) - 1;

	f->random = (f->seed + f->cycle) * 0x9e3779b97f4a7c15ULL | 1;
	for (i = 0; i <= last; i++)
		deck[i] = i;
	for (i = last; i; i--) {
		unsigned char kept = deck[i];

		k = any(f, i + 1);
		deck[i] = deck[k];
		deck[k] = kept;
	}
	for (i = 0; i <= last; i++) {
		for (k = 0; k < BATCHES; k++)
			if (!batch(f))
				return false;
		f->bad_requests = peer_status(&f->peer).bad_requests;
		if (!acts[deck[i]].run(f)) {
			complain(f, acts[deck[i]].name);
			return false;
		}
		acts[deck[i]].hits++;
	}
	f->cycle++;
	return true;
}

/* The neighbour's calls: one after the other, each with a result of its own */
static void *neighbour_calls(void *data)
{
	struct neighbour *n = data;
	struct peer *peer = n->p->peer;

	while (!load_acquire(&n->stop)) {
		unsigned int i = n->calls % CRTOS_NR_ENTRIES;
		bool completed;
		__s64 result;

		peer_beat(peer);
		start_call(n->p, i, SYS_lseek, n->fd, n->calls, SEEK_SET);
		completed = process_poll(n->p, i);
		result = n->p->slot->entries[i].result;
		if (!completed || result != (__s64)n->calls) {
			printf("# call %llu of the neighbour: %scompleted, result %lld\n",
			       (unsigned long long)n->calls, completed ? "" : "not ",
			       (long long)result);
			n->wrong++;
		}
		n->calls++;
	}
	return NULL;
}

static bool neighbour_begin(struct fuzz *f)
{
	struct neighbour *n = &f->good;

	n->p = peer_spawn(&f->peer);
	if (!n->p)
		return false;
	n->fd = call(n->p, SYS_memfd_create, put_string(n->p, 0, "here"), 0);
	return n->fd >= 0 && !pthread_create(&n->thread, NULL, neighbour_calls, n);
}

static bool neighbour_end(struct fuzz *f)
{
	struct neighbour *n = &f->good;

	store_release(&n->stop, true);
	pthread_join(n->thread, NULL);
	printf("# %llu calls of the neighbour, %llu wrong\n", (unsigned long long)n->calls,
	       (unsigned long long)n->wrong);
	return n->calls && !n->wrong && call(n->p, SYS_getpid) == n->p->pid;
}

static __u64 number(const char *name, __u64 otherwise)
{
	const char *value = getenv(name);

	return value ? strtoull(value, NULL, 0) : otherwise;
}

static void report(const char *name, __u64 hits)
{
	printf("# %7llu  %s\n", (unsigned long long)hits, name);
}

/* The least often hit */
static __u64 report_all(void)
{
	__u64 least = ~0ULL;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		report(kinds[i].name, kinds[i].hits);
		least = kinds[i].hits < least ? kinds[i].hits : least;
	}
	for (i = 0; i < ARRAY_SIZE(acts); i++) {
		report(acts[i].name, acts[i].hits);
		least = acts[i].hits < least ? acts[i].hits : least;
	}
	return least;
}

FIXTURE(fuzz) {
	struct fuzz f;
};

FIXTURE_SETUP(fuzz)
{
	const char *why = peer_missing();

	if (why)
		SKIP(return, "%s", why);
	setvbuf(stdout, NULL, _IOLBF, 0);
	ASSERT_EQ(0, peer_start_ready(&self->f.peer));
}

FIXTURE_TEARDOWN(fuzz)
{
	peer_stop(&self->f.peer);
}

TEST_F_TIMEOUT(fuzz, entries, 20000)
{
	struct fuzz *f = &self->f;
	__u64 least, start = now_ms();
	bool good = true;

	f->wanted = number("crtos_fuzz", DEFAULT_ENTRIES);
	f->seed = number("crtos_seed", 1);
	f->cycle = number("crtos_cycle", 0);
	ASSERT_TRUE(neighbour_begin(f));
	ASSERT_TRUE(spawn(f));
	while (f->entries < f->wanted && good)
		good = cycle(f);
	EXPECT_TRUE(neighbour_end(f));
	EXPECT_TRUE(good);
	EXPECT_TRUE(peer_running(&f->peer));
	least = report_all();
	printf("# seed %llu: %llu entries in %llu s\n", (unsigned long long)f->seed,
	       (unsigned long long)f->entries, (unsigned long long)(now_ms() - start) / 1000);
	if (f->wanted >= ALL_ENTRIES)
		EXPECT_LE(ENOUGH, least);
}

/* What RUN and fork answer while there is no slot, and what the RTOS makes RUN answer */

static int run_errno(struct peer *peer)
{
	struct crtos_run run = peer_run_arg(peer, peer->fd);

	return ioctl(peer->fd, CRTOS_IOC_RUN, &run) ? errno : 0;
}

TEST_F_TIMEOUT(fuzz, no_slot, 300)
{
	struct peer *peer = &self->f.peer;
	struct process *p = peer_spawn(peer), *last = NULL;
	unsigned int i;

	ASSERT_NE(NULL, p);
	/* They end, and the RTOS does not say that it is done with them. */
	for (i = 1; i < CRTOS_MAX_SLOTS; i++) {
		last = peer_spawn(peer);
		ASSERT_NE(NULL, last);
		EXPECT_EQ(0, kill(last->pid, SIGKILL));
		EXPECT_EQ(last->pid, waitpid(last->pid, NULL, 0));
	}
	for (i = 0; i < ENOUGH; i++) {
		EXPECT_EQ(ENOSPC, run_errno(peer));
		EXPECT_EQ(-EAGAIN, call(p, SYS_fork));
	}
	EXPECT_TRUE(process_over(last));
	ASSERT_NE(NULL, peer_spawn(peer));
	EXPECT_EQ(ENOSPC, run_errno(peer));
}

TEST_F_TIMEOUT(fuzz, states, 300)
{
	struct peer *peer = &self->f.peer;
	struct crtos_header *header = peer->header;
	struct crtos_stop stop = { .partition = peer->partition };
	unsigned int i;

	for (i = 0; i < ENOUGH; i++) {
		store_release(&header->rtos_state, CRTOS_RTOS_BOOTING);
		EXPECT_EQ(EAGAIN, run_errno(peer));
		store_release(&header->rtos_state, CRTOS_RTOS_DEAD + i);
		EXPECT_EQ(EIO, run_errno(peer));
		store_release(&header->rtos_state, CRTOS_RTOS_READY);
		header->rtos_version = CRTOS_ABI_VERSION + 1 + i;
		EXPECT_EQ(EPROTONOSUPPORT, run_errno(peer));
		header->rtos_version = CRTOS_ABI_VERSION;
	}
	ASSERT_NE(NULL, peer_spawn(peer));
	ASSERT_EQ(0, ioctl(peer->fd, CRTOS_IOC_STOP, &stop));
	for (i = 0; i < ENOUGH; i++)
		EXPECT_EQ(ENOTCONN, run_errno(peer));
}

/* Memory of regions, in MiB: what is lost of it each time is seen after a while. */
TEST_F_TIMEOUT(fuzz, nothing_is_lost, 300)
{
	struct peer *peer = &self->f.peer;
	struct sysinfo before, after;
	unsigned int i;

	sysinfo(&before);
	for (i = 0; i < 40; i++) {
		peer_stop(peer);
		ASSERT_EQ(0, peer_start_ready(peer));
		ASSERT_NE(NULL, peer_spawn(peer));
	}
	sysinfo(&after);
	EXPECT_GT(64 << 20, (long)(before.freeram - after.freeram))
		TH_LOG("%ld MiB less are free", (long)(before.freeram - after.freeram) >> 20);
}

TEST_HARNESS_MAIN
