// SPDX-License-Identifier: GPL-2.0
/*
 * An RTOS that does at random what an RTOS may do and what it must not. Each thing that
 * it does is one of those below, and for each it is known what Linux has to answer, or
 * which answers are right where two CPUs race. Variants of one are those that lead to
 * another check of Linux. How often each variant was done is printed, and is enough if
 * there are enough entries; where there is a race, how often it ended in each way, and
 * each must come often enough. Meanwhile a process in another slot makes calls and checks
 * every result.
 *
 * crtos_fuzz: how many entries; crtos_seed: the seed; crtos_cycle: begin with that
 * cycle of it, as a message about a failure says.
 */
#include <fcntl.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "../kselftest_harness.h"
#include "memory.h"
#include "partition.h"
#include "peer.h"

#define DEFAULT_ENTRIES	10000
/* With so many, each variant is hit at least ENOUGH times, with less in proportion. */
#define ALL_ENTRIES	200000
#define ENOUGH		100
/* The same for each way in which a race ends */
#define FULL_ENTRIES	10000000
#define MAX_VARIANTS	32

/* What may be allocated by anybody meanwhile */
#define LOST_KIB	1024

#define MAX_BATCH	CRTOS_SQ_SIZE
#define BATCHES		3	/* for each act */
#define REWRITES	30

/* In the memory of the process: results, and what does not change */
#define OUT		(2 * PAGE)
#define ROOT_DIR	(5 * PAGE)
#define NO_FILE		(5 * PAGE + 16)
#define NO_TIME		(5 * PAGE + 64)
#define LONG_TIME	(5 * PAGE + 80)
#define IN		(5 * PAGE + 128)
#define UNMAPPED	(NR_PAGES * PAGE)
/* Behind what the last table describes */
#define NO_TABLE	(512 * PAGE)

/* Where no code of a process is looked for */
#define HANDLER		0x1000

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

/**
 * struct tally - how often things came
 * @names: of them, NULL at the end; no list: there is one
 * @hits: how often each
 */
struct tally {
	const char *const *names;
	__u64 hits[MAX_VARIANTS];
};

struct fuzz;

/**
 * struct kind - a kind of entry
 * @name: what it is called
 * @fill: fill one in: which variant is in struct fuzz. Returns the result that is right.
 * @after: when it has its result: is all else right? May be NULL
 * @variants: done, and right
 * @turn: which variant is next
 */
struct kind {
	const char *name;
	__s64 (*fill)(struct fuzz *f, unsigned int i);
	bool (*after)(struct fuzz *f, unsigned int i);
	struct tally variants;
	unsigned int turn;
};

/**
 * struct act - what the RTOS does beside making entries
 * @name: what it is called
 * @run: do it: which variant is in struct fuzz. Was it right?
 * @variants: done, and right; all of them in each cycle
 * @outcomes: how a race ended, see ended()
 */
struct act {
	const char *name;
	bool (*run)(struct fuzz *f);
	struct tally variants;
	struct tally outcomes;
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
	struct act *act;
	unsigned int variant;		/* of the act, or of the kind that is filled in */
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

static unsigned int nr_of(const struct tally *tally)
{
	unsigned int n = 0;

	while (tally->names && tally->names[n])
		n++;
	return n ?: 1;
}

/*
 * Kinds of entries: each fills one in and returns what the result must be. Names of
 * variants are above the function.
 */

static __s64 fill(struct fuzz *f, unsigned int i, __u32 nr, const __u64 *args, __s64 result)
{
	process_fill(f->p, i, CRTOS_OP_SYSCALL, nr, args);
	return result;
}

static __s64 anchor_call(struct fuzz *f, unsigned int i)
{
	if (any(f, 2))
		return fill(f, i, SYS_getpriority, ARGS(0, 0), 20);
	return fill(f, i, SYS_sched_getscheduler, ARGS(0), SCHED_OTHER);
}

static __s64 plain_call(struct fuzz *f, unsigned int i)
{
	if (any(f, 2))
		return fill(f, i, SYS_lseek, ARGS(0x7fff, any_bits(f), any(f, 3)), -EBADF);
	return fill(f, i, SYS_getpid, ARGS(any_bits(f)), f->p->pid);
}

static const char *const thread_variants[] = { "worker", "anchor", NULL };

static __s64 any_call(struct fuzz *f, unsigned int i)
{
	return f->variant ? anchor_call(f, i) : plain_call(f, i);
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

static const char *const outside_variants[] = {
	"any", "before the window", "behind the window", "of the kernel", "not canonical",
	"readable in the shadow", "writable in the shadow", NULL
};

static __s64 outside(struct fuzz *f, unsigned int i)
{
	const __u64 addr[] = {
		any_outside(f), WINDOW - 1 - any(f, PAGE), WINDOW + WINDOW_LEN + any(f, PAGE),
		-1 - any(f, PAGE), 1ULL << (47 + any(f, 17)), (uintptr_t)elsewhere,
		(uintptr_t)writable,
	};
	/* What would have a result natively */
	bool writes = f->variant == 6 || (f->variant < 5 && any(f, 2));

	return fill(f, i, writes ? SYS_uname : SYS_access, ARGS(addr[f->variant]), -EFAULT);
}

static const char *const pointer_variants[] = {
	"first", "second", "third", "fourth", "fifth", "sixth", NULL
};

/* Natively, there is no set of no descriptors, and no address of nobody. */
static __s64 pointer_at(struct fuzz *f, unsigned int i)
{
	static const __u32 nrs[] = {
		SYS_access, SYS_select, SYS_select, SYS_select, SYS_select, SYS_recvfrom,
	};
	__u64 args[6] = {};

	args[f->variant] = any_outside(f);
	return fill(f, i, nrs[f->variant], args, -EFAULT);
}

static const char *const unmapped_variants[] = {
	"read, no page", "read, no table", "written, no page", "written, no table", NULL
};

static __s64 nothing_mapped(struct fuzz *f, unsigned int i)
{
	bool no_table = f->variant & 1;
	__u64 start = no_table ? NO_TABLE : UNMAPPED, end = no_table ? WINDOW_LEN : NO_TABLE;
	__u64 addr = at(start + any(f, end - start));

	return fill(f, i, f->variant & 2 ? SYS_uname : SYS_access, ARGS(addr), -EFAULT);
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

static const char *const unknown_variants[] = {
	"gap", "behind the last", "any number", "-1", NULL
};

static __s64 unknown_call(struct fuzz *f, unsigned int i)
{
	static const __u32 above[] = {
		512, 1023, 0x3fffffff, 0x40000000, 0x40000027, 0x7fffffff, 0x80000000,
	};
	const __u32 nrs[] = {
		336 + any(f, 424 - 336), above[any(f, ARRAY_SIZE(above))],
		1024 + any(f, ~0U - 1024), ~0U,
	};

	return no_call(f, i, nrs[f->variant]);
}

static const char *const refuses_variants[] = {
	"mask of ppoll", "mask of epoll_pwait", "mask of pselect6", "RUSAGE_THREAD", "KVM_RUN",
	"VHOST_SET_OWNER", "FUTEX_LOCK_PI", "PR_GET_TSC", "clock of the thread", NULL
};

static __s64 argument_refuses(struct fuzz *f, unsigned int i)
{
	const struct {
		__u32 nr;
		__u64 args[6];
	} calls[] = {
		{ SYS_ppoll, { 0, 0, at(NO_TIME), at(NO_TIME), 8 } },
		{ SYS_epoll_pwait, { 0x7fff, at(OUT), 1, 0, at(NO_TIME), 8 } },
		{ SYS_pselect6, { 0, 0, 0, 0, at(NO_TIME), at(NO_TIME) } },
		{ SYS_getrusage, { 1, at(OUT) } },
		{ SYS_ioctl, { 0, 0xae80 } },
		{ SYS_ioctl, { 0, 0xaf01 } },
		{ SYS_futex, { at(OUT), 6 | any(f, 4) << 7 } },
		{ SYS_prctl, { PR_GET_TSC, at(OUT) } },
		{ SYS_clock_gettime, { CLOCK_THREAD_CPUTIME_ID, at(OUT) } },
	};

	return fill(f, i, calls[f->variant].nr, calls[f->variant].args, -ENOSYS);
}

static const char *const allows_variants[] = {
	"ppoll", "epoll_pwait", "pselect6", "RUSAGE_SELF", "ioctl", "FUTEX_WAKE", "PR_GET_KEEPCAPS",
	"F_GETFD", "close_range", "clock of the process", NULL
};

static __s64 argument_allows(struct fuzz *f, unsigned int i)
{
	const struct {
		__u32 nr;
		__u64 args[6];
		__s64 result;
	} calls[] = {
		{ SYS_ppoll, { 0, 0, at(NO_TIME), 0, 8 }, 0 },
		{ SYS_epoll_pwait, { 0x7fff, at(OUT), 1, 0, 0, 8 }, -EBADF },
		{ SYS_pselect6, { 0, 0, 0, 0, at(NO_TIME), 0 }, 0 },
		{ SYS_getrusage, { RUSAGE_SELF, at(OUT) }, 0 },
		{ SYS_ioctl, { 0x7fff, 0 }, -EBADF },
		{ SYS_futex, { at(OUT), 1, 1 }, 0 },
		{ SYS_prctl, { PR_GET_KEEPCAPS }, 0 },
		{ SYS_fcntl, { 0x7fff, F_GETFD }, -EBADF },
		{ SYS_close_range, { 5, 4, 0 }, -EINVAL },
		{ SYS_clock_gettime, { CLOCK_PROCESS_CPUTIME_ID, at(OUT) }, 0 },
	};

	return fill(f, i, calls[f->variant].nr, calls[f->variant].args, calls[f->variant].result);
}

static const char *const renewal_variants[] = {
	"personality", "PR_GET_NO_NEW_PRIVS", "F_SETLEASE", "F_NOTIFY", "CLOSE_RANGE_UNSHARE", NULL
};

/* All but the first one are for the anchor because of an argument. */
static __s64 renewal(struct fuzz *f, unsigned int i)
{
	static const struct {
		__u32 nr;
		__u64 args[6];
		__s64 result;
	} calls[] = {
		{ SYS_personality, { 0xffffffff }, 0 },
		{ SYS_prctl, { PR_GET_NO_NEW_PRIVS }, 0 },
		{ SYS_fcntl, { 0x7fff, 1024 }, -EBADF },
		{ SYS_fcntl, { 0x7fff, 1026 }, -EBADF },
		{ SYS_close_range, { 5, 4, 2 }, -EINVAL },
	};

	return fill(f, i, calls[f->variant].nr, calls[f->variant].args, calls[f->variant].result);
}

static const char *const anchor_pointer_variants[] = {
	"memory written", "not in the window", "nothing mapped", NULL
};

static __s64 anchor_pointer(struct fuzz *f, unsigned int i)
{
	const __u64 addr[] = { at(OUT + any(f, PAGE)), any_outside(f), any_unmapped(f) };

	return fill(f, i, SYS_sched_getparam, ARGS(0, addr[f->variant]),
		    f->variant ? -EFAULT : 0);
}

static __s64 no_exec(struct fuzz *f, unsigned int i)
{
	return fill(f, i, SYS_execve, ARGS(at(ROOT_DIR), 0, 0), -ENOSYS);
}

static const char *const fork_flags_variants[] = {
	"VM", "SIGHAND", "VFORK", "THREAD", "SETTLS", "CHILD_CLEARTID", "DETACHED", "CHILD_SETTID",
	"PIDFD and PARENT_SETTID", NULL
};

static __s64 fork_flags(struct fuzz *f, unsigned int i)
{
	static const __u32 flags[] = {
		CLONE_VM, CLONE_SIGHAND, CLONE_VFORK, CLONE_THREAD, CLONE_SETTLS,
		CLONE_CHILD_CLEARTID, CLONE_DETACHED, CLONE_CHILD_SETTID,
		CLONE_PIDFD | CLONE_PARENT_SETTID,
	};
	/* Which it may have beside, and some of the others */
	__u32 more = (CLONE_FS | CLONE_FILES | CLONE_VM | CLONE_THREAD) & any_bits(f);

	return fill(f, i, SYS_clone, ARGS(flags[f->variant] | more | SIGCHLD), -EINVAL);
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
	__s64 result = any_call(f, i);

	f->p->slot->entries[i].priority = 1 + any(f, 99);
	return result;
}

static const char *const args_variants[] = { "a part", "the rest", "nothing is left", NULL };

static __s64 args(struct fuzz *f, unsigned int i)
{
	__u64 offset = f->variant == 2 ? STRINGS_LEN : any(f, STRINGS_LEN);
	__u64 rest = STRINGS_LEN - offset, more = any_bits(f), len = more > rest ? more : rest;

	if (!f->variant)
		len = any(f, rest);
	process_fill(f->p, i, CRTOS_OP_ARGS, any_bits(f),
		     ARGS(at(OUT + any(f, PAGE)), len, offset));
	return len < rest ? len : rest;
}

static const char *const args_offset_variants[] = { "one too far", "any", NULL };

static __s64 args_offset(struct fuzz *f, unsigned int i)
{
	__u64 more = f->variant ? any_bits(f) : 0;

	process_fill(f->p, i, CRTOS_OP_ARGS, 0,
		     ARGS(at(OUT), any_bits(f), more > STRINGS_LEN ? more : STRINGS_LEN + 1));
	return -EINVAL;
}

static const char *const args_outside_variants[] = {
	"any", "before it", "across its start", "across its end", "behind it",
	"writable in the shadow", NULL
};

static __s64 args_outside(struct fuzz *f, unsigned int i)
{
	const __u64 addr[] = {
		any_outside(f), WINDOW - PAGE - any(f, PAGE), WINDOW - 1, WINDOW + WINDOW_LEN - 1,
		WINDOW + WINDOW_LEN + any(f, PAGE), (uintptr_t)writable,
	};

	process_fill(f->p, i, CRTOS_OP_ARGS, 0, ARGS(addr[f->variant], 2 + any(f, 12), 0));
	return -EFAULT;
}

static const char *const args_unmapped_variants[] = { "all", "the end", NULL };

static __s64 args_unmapped(struct fuzz *f, unsigned int i)
{
	__u64 addr = f->variant ? at(UNMAPPED - 1) : any_unmapped(f);

	process_fill(f->p, i, CRTOS_OP_ARGS, 0, ARGS(addr, 2 + any(f, 12), 0));
	return -EFAULT;
}

static const char *const unmap_variants[] = { "what is mapped", "a part", "all", NULL };

static __s64 unmap(struct fuzz *f, unsigned int i)
{
	__u64 page = any(f, WINDOW_LEN / PAGE), rest = WINDOW_LEN / PAGE - page;
	const __u64 range[][2] = {
		{ at(any(f, NR_PAGES) * PAGE), PAGE },
		{ at(page * PAGE), (1 + any(f, rest)) * PAGE }, { WINDOW, WINDOW_LEN },
	};

	process_fill(f->p, i, CRTOS_OP_UNMAP, 0,
		     ARGS(range[f->variant][0], range[f->variant][1]));
	return 0;
}

static const char *const bad_unmap_variants[] = {
	"no length", "address not aligned", "length not aligned", "before the window",
	"too long", "behind the window", "across its end", "length wraps", "last page",
	"wraps into the window", "memory of the shadow", NULL
};

static __s64 bad_unmap(struct fuzz *f, unsigned int i)
{
	const __u64 bad[][2] = {
		{ WINDOW, 0 }, { WINDOW + 1 + any(f, PAGE - 1), PAGE },
		{ WINDOW, 1 + any(f, PAGE - 1) }, { WINDOW - PAGE, PAGE },
		{ WINDOW, WINDOW_LEN + PAGE }, { WINDOW + WINDOW_LEN, PAGE },
		{ WINDOW + PAGE, WINDOW_LEN }, { WINDOW + PAGE, -PAGE }, { -PAGE, PAGE },
		{ -PAGE, WINDOW + 2 * PAGE }, { (uintptr_t)elsewhere & -PAGE, PAGE },
	};

	process_fill(f->p, i, CRTOS_OP_UNMAP, 0, ARGS(bad[f->variant][0], bad[f->variant][1]));
	return -EINVAL;
}

static const char *const released_variants[] = { "the header", "its slot", NULL };

static __s64 released(struct fuzz *f, unsigned int i)
{
	const void *const memory[] = { f->peer.header, f->p->slot };
	const __u64 len[] = { PAGE, sizeof(*f->p->slot) };

	process_fill(f->p, i, CRTOS_OP_RELEASED, 0,
		     ARGS(peer_addr(&f->peer, memory[f->variant]), len[f->variant]));
	return len[f->variant];
}

static const char *const bad_released_variants[] = {
	"no length", "address not aligned", "length not aligned", "before the region",
	"too long", "behind the region", "across its end", "length wraps", "last page",
	"wraps into the region", "the window", NULL
};

static __s64 bad_released(struct fuzz *f, unsigned int i)
{
	const __u64 region = f->peer.header->region_addr, len = f->peer.len;
	const __u64 bad[][2] = {
		{ region, 0 }, { region + 1 + any(f, PAGE - 1), PAGE },
		{ region, 1 + any(f, PAGE - 1) }, { region - PAGE, PAGE },
		{ region, len + PAGE }, { region + len, PAGE }, { region + PAGE, len },
		{ region + PAGE, -PAGE }, { -PAGE, PAGE }, { -PAGE, region + 2 * PAGE },
		{ WINDOW, PAGE },
	};

	process_fill(f->p, i, CRTOS_OP_RELEASED, 0, ARGS(bad[f->variant][0], bad[f->variant][1]));
	return -EINVAL;
}

/* Its flag is there before anybody executes it. */
static __s64 cancelled_before(struct fuzz *f, unsigned int i)
{
	any_call(f, i);
	f->p->slot->entries[i].flags = CRTOS_ENTRY_CANCEL;
	f->status[i] = CRTOS_ENTRY_RESTART_ALWAYS;
	return -EINTR;
}

static __s64 notified(struct fuzz *f, unsigned int i)
{
	__s64 result = any_call(f, i);

	__atomic_fetch_and(&f->p->slot->upid.pir, ~(1ULL << i), __ATOMIC_SEQ_CST);
	f->p->slot->entries[i].flags = CRTOS_ENTRY_NOTIFY;
	return result;
}

static bool was_notified(struct fuzz *f, unsigned int i)
{
	return eventually(load_acquire(&f->p->slot->upid.pir) & 1ULL << i);
}

static struct kind kinds[] = {
	{ "call", any_call, .variants.names = thread_variants },
	{ "memory read", memory_is_read },
	{ "memory written", memory_is_written },
	{ "NULL", null_pointer },
	{ "pointer: not in the window", outside, .variants.names = outside_variants },
	{ "pointer: which argument", pointer_at, .variants.names = pointer_variants },
	{ "pointer: nothing mapped", nothing_mapped, .variants.names = unmapped_variants },
	{ "class refuse", refused_call },
	{ "class local", local_call },
	{ "class unknown", unknown_call, .variants.names = unknown_variants },
	{ "argument that refuses", argument_refuses, .variants.names = refuses_variants },
	{ "argument that allows", argument_allows, .variants.names = allows_variants },
	{ "class anchor, new workers", renewal, .variants.names = renewal_variants },
	{ "class anchor, pointer", anchor_pointer, .variants.names = anchor_pointer_variants },
	{ "execve: no tool", no_exec },
	{ "clone: flags", fork_flags, .variants.names = fork_flags_variants },
	{ "op", bad_op },
	{ "flags", bad_flags },
	{ "priority: too high", bad_priority },
	{ "priority", priority, .variants.names = thread_variants },
	{ "ARGS", args, .variants.names = args_variants },
	{ "ARGS: offset", args_offset, .variants.names = args_offset_variants },
	{ "ARGS: not in the window", args_outside, .variants.names = args_outside_variants },
	{ "ARGS: nothing mapped", args_unmapped, .variants.names = args_unmapped_variants },
	{ "UNMAP", unmap, .variants.names = unmap_variants },
	{ "UNMAP: range", bad_unmap, .variants.names = bad_unmap_variants },
	{ "RELEASED", released, .variants.names = released_variants },
	{ "RELEASED: range", bad_released, .variants.names = bad_released_variants },
	{ "cancelled before", cancelled_before, .variants.names = thread_variants },
	{ "notified", notified, was_notified, .variants.names = thread_variants },
};

/* Any kind: its variants have their turns, so that each has its share. */
static struct kind *any_kind(struct fuzz *f)
{
	struct kind *kind = &kinds[any(f, ARRAY_SIZE(kinds))];

	f->variant = kind->turn++ % nr_of(&kind->variants);
	return kind;
}

/* The order must not depend on the cycles before. */
static void shuffle_turns(struct fuzz *f)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		kinds[i].turn = any(f, MAX_VARIANTS);
}

static const char *name_of(const struct tally *tally, unsigned int i)
{
	return tally->names ? tally->names[i] : "";
}

static void complain(struct fuzz *f, const char *what, const struct tally *variants,
		     unsigned int variant)
{
	printf("# seed %llu, cycle %llu: %s %s\n", (unsigned long long)f->seed,
	       (unsigned long long)f->cycle, what, name_of(variants, variant));
}

/* The result of an entry that was published */
static bool answered(struct fuzz *f, unsigned int i, struct kind *kind, unsigned int variant)
{
	struct crtos_entry *e = &f->p->slot->entries[i];
	bool good = process_poll(f->p, i);

	good = good && (__s64)e->result == f->expected[i] && e->status == f->status[i];
	good = good && (!kind->after || kind->after(f, i));
	if (good) {
		kind->variants.hits[variant]++;
		return true;
	}
	complain(f, kind->name, &kind->variants, variant);
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
	unsigned int variant[MAX_BATCH];
	unsigned int i, n = 1 + any(f, MAX_BATCH), first = any(f, 64), step = any(f, 32) * 2 + 1;
	bool good = true;

	for (i = 0; i < n; i++) {
		unsigned int index = (first + i * step) % CRTOS_NR_ENTRIES;

		kind[i] = any_kind(f);
		variant[i] = f->variant;
		f->status[index] = CRTOS_ENTRY_DONE;
		f->expected[index] = kind[i]->fill(f, index);
		publish(f, index);
		if (!any(f, 4))
			process_ring(f->p);
	}
	process_ring(f->p);
	for (i = 0; i < n && good; i++)
		good = answered(f, (first + i * step) % CRTOS_NR_ENTRIES, kind[i], variant[i]);
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

	f->p->tail += CRTOS_SQ_SIZE + (any(f, 2) ? any(f, 0x7fffffff) : 0);
	publish(f, any(f, 64));
	return killed_at_once(f, published);
}

/* All that it holds is there when Linux looks. */
static bool ring_full(struct fuzz *f)
{
	unsigned int i;
	bool good = process_asleep(f->p);

	for (i = 0; i < CRTOS_SQ_SIZE; i++) {
		fill(f, i, SYS_getpid, ARGS(0), 0);
		publish(f, i);
	}
	process_ring(f->p);
	for (i = 0; i < CRTOS_SQ_SIZE && good; i++)
		good = process_poll(f->p, i) && f->p->slot->entries[i].result == f->p->pid;
	return good;
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
	unsigned int more = any(f, 2) ? any(f, 256 - CRTOS_NR_ENTRIES) : 0;

	publish(f, CRTOS_NR_ENTRIES + more);
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

/* Whatever its calls are doing at that moment */
static bool kill_shadow(struct fuzz *f)
{
	unsigned int i, n = any(f, MAX_BATCH);

	for (i = 0; i < n; i++) {
		any_kind(f)->fill(f, i);
		publish(f, i);
	}
	process_ring(f->p);
	usleep(any(f, 2000));
	kill(f->p->pid, SIGKILL);
	return killed_with(f, 0);
}

/* The first of two counts. */
static void exit_with(struct process *p, __u64 status)
{
	process_fill(p, 1, CRTOS_OP_EXIT, 0, ARGS(status));
	process_publish(p, 1);
	process_start(p, 2, CRTOS_OP_EXIT, 0, ARGS(0));
}

static const char *const fork_variants[] = {
	"fork, EXIT: status", "vfork, EXIT: signal", "clone, EXIT: no such signal", NULL
};

static bool fork_process(struct fuzz *f)
{
	static const __u32 nrs[] = { SYS_fork, SYS_vfork, SYS_clone };
	const __u64 statuses[] = {
		any(f, 256) << 8, any(f, 2) ? SIGSEGV : SIGTERM, SIGRTMAX + 1 + any(f, 63),
	};
	const __u64 args[6] = { CLONE_PARENT_SETTID | SIGCHLD, 0, at(OUT) };
	struct process *child = process_fork(f->p, nrs[f->variant], args), *parent = f->p;
	int *number = (int *)(f->p->mem + OUT), status = statuses[f->variant];
	bool good;

	f->entries += 5;
	if (!child)
		return false;
	good = call(child, SYS_getppid) == parent->pid;
	good = good && (nrs[f->variant] != SYS_clone || *number == child->pid);
	exit_with(child, status);
	/* It is the process that waits for it. */
	good = good && call(parent, SYS_wait4, child->pid, at(OUT), 0, 0) == child->pid;
	/* Some signal that there is */
	good = good && (f->variant == 2 ? *number > 0 && *number <= SIGRTMAX : *number == status);
	return process_over(child) && good;
}

/* Signals */

static __s64 set_action(struct fuzz *f, int sig, __u64 handler)
{
	const __u64 action[4] = { handler };

	f->entries++;
	return call(f->p, SYS_rt_sigaction, sig, put(f->p, IN, action, sizeof(action)), 0, 8);
}

static __s64 set_mask(struct fuzz *f, int how, int sig)
{
	const __u64 mask = 1ULL << (sig - 1);

	f->entries++;
	return call(f->p, SYS_rt_sigprocmask, how, put(f->p, IN, &mask, sizeof(mask)), 0, 8);
}

static bool takes(struct fuzz *f, int sig, __u32 entry)
{
	struct crtos_signal signal;

	return process_signal(f->p, &signal) && (int)signal.info[0] == sig &&
	       signal.entry == entry;
}

static bool signal_handler(struct fuzz *f)
{
	return set_action(f, SIGUSR1, HANDLER) == 0 && kill(f->p->pid, SIGUSR1) == 0 &&
	       takes(f, SIGUSR1, CRTOS_NO_ENTRY);
}

/* Sent by a call to the thread that makes it, whether the process blocks it or not */
static bool signal_of_call(struct fuzz *f, bool blocked)
{
	unsigned int i = 1 + any(f, CRTOS_NR_ENTRIES - 1);
	int *pipe = (int *)(f->p->mem + OUT);
	bool good;

	f->entries += 4;
	good = set_action(f, SIGPIPE, HANDLER) == 0 &&
	       set_mask(f, blocked ? SIG_BLOCK : SIG_UNBLOCK, SIGPIPE) == 0 &&
	       call(f->p, SYS_pipe2, at(OUT), 0) == 0 && call(f->p, SYS_close, pipe[0]) == 0;
	start_call(f->p, i, SYS_write, pipe[1], at(IN), 1);
	return good && process_result(f->p, i) == -EPIPE && takes(f, SIGPIPE, i) &&
	       call(f->p, SYS_close, pipe[1]) == 0;
}

/* More than there is room for: they wait, in their order. */
static bool signals_wait(struct fuzz *f)
{
	const __u32 start = f->p->slot->signal_head;
	unsigned int i;
	bool good = set_action(f, SIGRTMIN, HANDLER) == 0;

	for (i = 0; i < CRTOS_NR_SIGNALS + 4 && good; i++)
		good = sigqueue(f->p->pid, SIGRTMIN, (union sigval) { .sival_int = i }) == 0;
	good = good && eventually(load_acquire(&f->p->slot->signal_tail) - start ==
				  CRTOS_NR_SIGNALS) && process_answers(f->p);
	for (i = 0; i < CRTOS_NR_SIGNALS + 4 && good; i++)
		good = takes(f, SIGRTMIN, CRTOS_NO_ENTRY);
	return good;
}

static bool signal_stops(struct fuzz *f)
{
	__u32 *paused = &f->p->slot->paused;

	return kill(f->p->pid, SIGSTOP) == 0 && eventually(load_acquire(paused)) &&
	       kill(f->p->pid, SIGCONT) == 0 && eventually(!load_acquire(paused)) &&
	       process_answers(f->p);
}

/* The call ends the thread that makes it, and not the process. */
static bool thread_killed(struct fuzz *f)
{
	unsigned int i = 1 + any(f, CRTOS_NR_ENTRIES - 1);
	bool good;

	f->entries += 3;
	good = call(f->p, SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0,
		    put_filter(f->p, IN, SYS_getpgrp, SECCOMP_RET_KILL_THREAD)) == 0;
	start_call(f->p, i, SYS_getpgrp);
	return good && process_poll(f->p, i) && status_of(f->p, i) == CRTOS_ENTRY_KILLED &&
	       f->p->slot->entries[i].result == SIGSYS && process_answers(f->p);
}

static bool signal_ends(struct fuzz *f)
{
	return kill(f->p->pid, SIGTERM) == 0 && reap(f) == SIGTERM && spawn(f);
}

static const char *const signal_variants[] = {
	"handler", "of a call", "of a call, blocked", "no room", "stops",
	"of a filter, ends the thread", "ends the process", NULL
};

static bool signal_delivered(struct fuzz *f)
{
	switch (f->variant) {
	case 0:
		return signal_handler(f);
	case 1:
	case 2:
		return signal_of_call(f, f->variant == 2);
	case 3:
		return signals_wait(f);
	case 4:
		return signal_stops(f);
	case 5:
		return thread_killed(f);
	default:
		return signal_ends(f);
	}
}

/* Programs that are replaced */

/* What tells the new one of which partition it is to become a shadow, and how */
#define NEW_PROGRAM	"crtos_new_program"

/* Before main(): this process was replaced by one of the same program. */
static void __attribute__((constructor)) new_program(void)
{
	unsigned long long blocked;
	struct crtos_run run;
	struct peer peer;
	int fd;

	if (sscanf(getenv(NEW_PROGRAM) ?: "", "%d %u %llx", &fd, &peer.partition, &blocked) != 3)
		return;
	syscall(SYS_rt_sigprocmask, SIG_SETMASK, &blocked, NULL, sizeof(blocked));
	run = peer_run_arg(&peer, fd);
	ioctl(fd, CRTOS_IOC_RUN, &run);
	_exit(1);
}

/* Returns if that is not possible, with the result. */
static int replace(const struct crtos_exec *exec, const struct peer *peer)
{
	char name[] = "peer", value[64], *const argv[] = { name, NULL };
	char *const envp[] = { value, NULL };

	snprintf(value, sizeof(value), NEW_PROGRAM "=%d %u %llx", exec->fd, peer->partition,
		 (unsigned long long)exec->sigmask);
	syscall(SYS_execveat, exec->exe_fd, "", argv, envp, AT_EMPTY_PATH);
	return -EIO;
}

/* With one argument it does not do what execve() asks it for, with two it does. */
static struct process *spawn_tool(struct fuzz *f)
{
	static struct crtos_exec exec;
	struct crtos_run run = peer_run_arg(&f->peer, 3);
	struct crtos_resume resume;
	pid_t pid = fork();

	if (pid)
		return pid < 0 ? NULL : peer_attach(&f->peer, pid);
	run.exec = (uintptr_t)&exec;
	dup2(f->peer.fd, run.fd);
	close_range(run.fd + 1, ~0U, 0);
	if (!ioctl(run.fd, CRTOS_IOC_RUN, &run))
		do {
			resume.result = exec.path == at(IN) ? -EXDEV : -EIO;
			if (exec.argc == 2)
				resume.result = replace(&exec, &f->peer);
		} while (!ioctl(exec.fd, CRTOS_IOC_RESUME, &resume));
	_exit(1);
}

/* With and without what they point at */
static bool exec_asks(struct fuzz *f)
{
	const __u64 list[2] = { at(IN) }, nowhere = any_unmapped(f);
	struct process *p = f->p;

	f->entries += 5;
	put(p, OUT, list, sizeof(list));
	return call(p, SYS_execve, at(IN), at(OUT), 0) == -EXDEV &&
	       call(p, SYS_execve, at(IN), nowhere, 0) == -EFAULT &&
	       call(p, SYS_execveat, AT_FDCWD, at(IN), at(OUT), 0, 0) == -EXDEV &&
	       call(p, SYS_execveat, AT_FDCWD, at(IN), 0, nowhere, 0) == -EFAULT &&
	       process_answers(p);
}

/* There is a signal that the RTOS has not taken. */
static bool signal_is_there(struct fuzz *f)
{
	const struct crtos_slot *slot = f->p->slot;

	return set_action(f, SIGUSR1, HANDLER) == 0 && kill(f->p->pid, SIGUSR1) == 0 &&
	       eventually(load_acquire(&slot->signal_tail) != slot->signal_head);
}

static void start_exec(struct fuzz *f, bool succeeds)
{
	const __u64 list[3] = { at(IN), succeeds ? at(IN) : 0 };

	f->entries++;
	put(f->p, OUT, list, sizeof(list));
	start_call(f->p, 1, SYS_execve, at(IN), at(OUT), 0);
}

static bool exec_fails(struct fuzz *f)
{
	return process_result(f->p, 1) == -EXDEV;
}

/* The new one has a slot of its own, and the old one is gone. */
static bool exec_succeeds(struct fuzz *f)
{
	pid_t pid = f->p->pid;

	if (!process_over(f->p))
		return false;
	f->entries++;
	f->p = peer_attach(&f->peer, pid);
	return f->p && process_answers(f->p);
}

/* It is left alone until the RTOS has taken the signal, or cancels it. */
static bool exec_waits(struct fuzz *f, bool succeeds, bool cancelled)
{
	if (!signal_is_there(f))
		return false;
	start_exec(f, succeeds);
	if (set_action(f, SIGUSR2, HANDLER) || status_of(f->p, 1) != CRTOS_ENTRY_PENDING)
		return false;
	if (!cancelled)
		return takes(f, SIGUSR1, CRTOS_NO_ENTRY) &&
		       (succeeds ? exec_succeeds(f) : exec_fails(f));
	process_cancel(f->p, 1);
	return process_result(f->p, 1) == -EINTR &&
	       status_of(f->p, 1) == CRTOS_ENTRY_RESTART_ALWAYS &&
	       takes(f, SIGUSR1, CRTOS_NO_ENTRY);
}

static const char *const exec_variants[] = {
	"fail", "succeeds", "after a signal, fails", "after a signal, succeeds",
	"after a signal, cancelled", NULL
};

static bool exec_variant(struct fuzz *f)
{
	switch (f->variant) {
	case 0:
		return exec_asks(f);
	case 1:
		start_exec(f, true);
		return exec_succeeds(f);
	default:
		return exec_waits(f, f->variant == 3, f->variant == 4);
	}
}

static bool exec_program(struct fuzz *f)
{
	struct process *kept = f->p;
	bool good = false;

	f->p = spawn_tool(f);
	if (f->p)
		good = exec_variant(f);
	if (f->p) {
		kill(f->p->pid, SIGKILL);
		good = process_finish(f->p) == SIGKILL && good;
	}
	f->p = kept;
	return good;
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

static const char *const suppressed_variants[] = { "ON", "SN", "both", NULL };

static bool upid_suppressed(struct fuzz *f)
{
	const __u64 bits[] = { CRTOS_UPID_ON, CRTOS_UPID_SN, CRTOS_UPID_ON | CRTOS_UPID_SN };

	return notify_through(f, (any_bits(f) & ~3ULL) | bits[f->variant], 0);
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
	f->entries += 3;
	return forget(f) && call(f->p, SYS_uname, at(OUT)) == -EFAULT &&
	       call(f->p, SYS_access, at(ROOT_DIR)) == -EFAULT;
}

static const char *const bad_root_variants[] = {
	"0", "before the region", "behind the region", "all bits", "an upper bit", "of the kernel",
	NULL
};

static bool bad_root(struct fuzz *f)
{
	struct crtos_slot *slot = f->p->slot;
	const __u64 start = f->peer.header->region_addr, good = slot->map_root;
	const __u64 bad[] = {
		0, start - PAGE, start + f->peer.len, ~0ULL, good ^ 1ULL << (39 + any(f, 13)),
		0xffffffff81000000ULL,
	};
	bool right;

	slot->map_root = bad[f->variant];
	right = unreachable(f);
	slot->map_root = good;
	return right;
}

static const char *const bad_table_variants[] = {
	"512 GiB: empty", "512 GiB: not present", "512 GiB: not for users",
	"512 GiB: before the region", "512 GiB: behind the region", "512 GiB: elsewhere",
	"1 GiB: empty", "1 GiB: not present", "1 GiB: not for users",
	"1 GiB: before the region", "1 GiB: behind the region", "1 GiB: elsewhere",
	"2 MiB: empty", "2 MiB: not present", "2 MiB: not for users",
	"2 MiB: before the region", "2 MiB: behind the region", "2 MiB: elsewhere",
	"page: empty", "page: not present", "page: not for users",
	"page: before the region", "page: behind the region", "page: elsewhere",
	NULL
};

static __u64 bad_entry(struct fuzz *f, unsigned int which, __u64 good)
{
	const __u64 start = f->peer.header->region_addr, end = start + f->peer.len;
	const __u64 elsewhere[] = {
		PTE_ALL, ~0ULL, good ^ 1ULL << (39 + any(f, 13)), 0xffffffff81000000ULL | PTE_ALL,
	};
	const __u64 bad[] = {
		0, good & ~PTE_P, good & ~PTE_US, (start - PAGE) | PTE_ALL, end | PTE_ALL,
		elsewhere[any(f, ARRAY_SIZE(elsewhere))],
	};

	return bad[which];
}

/* One of the four steps leads nowhere. */
static bool bad_table(struct fuzz *f)
{
	unsigned int nr_bad = nr_of(&f->act->variants) / NR_TABLES, i;
	unsigned int level = f->variant / nr_bad, n = level == NR_TABLES - 1 ? NR_PAGES : 1;
	__u64 *first = &f->p->table[level][LEVEL_INDEX(level)], good[NR_PAGES];
	bool right;

	memcpy(good, first, n * sizeof(*first));
	for (i = 0; i < n; i++)
		first[i] = bad_entry(f, f->variant % nr_bad, good[i]);
	right = unreachable(f);
	memcpy(first, good, n * sizeof(*first));
	return right;
}

static const char *const large_page_variants[] = { "read", "not written to", NULL };

static bool large_page(struct fuzz *f)
{
	const __u64 size = 512 * PAGE;
	const __u64 page = (f->peer.header->region_addr + size - 1) & ~(size - 1);
	__u64 *entry = &f->p->table[2][LEVEL_INDEX(2) + 1], addr = WINDOW + size + any(f, size);
	bool right;

	f->entries += 3;
	*entry = page | PTE_P | PTE_US | PTE_PS | (f->variant ? 0 : PTE_RW);
	right = forget(f);
	if (f->variant)
		right = right && call(f->p, SYS_uname, addr) == -EFAULT;
	else
		right = right && call(f->p, SYS_access, addr) != -EFAULT;
	*entry = 0;
	return right && forget(f);
}

static const char *const bad_large_variants[] = {
	"512 GiB", "1 GiB", "2 MiB, behind the region", NULL
};

/* The first two there are not. */
static bool bad_large_page(struct fuzz *f)
{
	const __u64 end = f->peer.header->region_addr + f->peer.len;
	__u64 *entry = &f->p->table[f->variant][LEVEL_INDEX(f->variant)], good = *entry;
	bool right;

	*entry = (f->variant == 2 ? end | PTE_ALL : good) | PTE_PS;
	right = unreachable(f);
	*entry = good;
	return right;
}

static const char *const level_variants[] = { "512 GiB", "1 GiB", "2 MiB", "page", NULL };

/* May be read, and not written. */
static bool read_only(struct fuzz *f)
{
	unsigned int level = f->variant, i;
	__u64 *entry = &f->p->table[level][LEVEL_INDEX(level)];
	unsigned int n = level == NR_TABLES - 1 ? NR_PAGES : 1;
	bool right;

	f->entries += 5;
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

static bool cancel_read(struct fuzz *f)
{
	bool good;

	if (!process_block(f->p, 1))
		return false;
	f->entries += 4;
	process_cancel(f->p, 1);
	good = process_result(f->p, 1) == -EINTR &&
	       status_of(f->p, 1) == CRTOS_ENTRY_RESTART;
	return call(f->p, SYS_close, f->p->pipe[0]) == 0 &&
	       call(f->p, SYS_close, f->p->pipe[1]) == 0 && good;
}

static bool cancel_sleep(struct fuzz *f)
{
	const __u64 day[2] = { 24 * 60 * 60, 0 };

	f->entries++;
	start_call(f->p, 1, SYS_nanosleep, put(f->p, LONG_TIME, day, sizeof(day)), 0);
	if (!eventually(threads_in(f->p->pid, SYS_nanosleep, NULL)))
		return false;
	process_cancel(f->p, 1);
	return process_result(f->p, 1) == -EINTR && status_of(f->p, 1) == CRTOS_ENTRY_DONE;
}

static const char *const cancel_variants[] = { "made again", "not made again", NULL };

static bool cancel(struct fuzz *f)
{
	return f->variant ? cancel_sleep(f) : cancel_read(f);
}

/* Two CPUs of the RTOS on one ring */

/* Has the process ended by itself, or is it about to? */
static bool is_ending(struct fuzz *f)
{
	siginfo_t info = {};
	unsigned int i;

	for (i = 0; i < 100 && !info.si_pid; i++) {
		usleep(100);
		waitid(P_PID, f->p->pid, &info, WEXITED | WNOHANG | WNOWAIT);
	}
	return info.si_pid;
}

/* A race: this is how it ended. */
static void ended(struct fuzz *f, unsigned int outcome)
{
	f->act->outcomes.hits[outcome]++;
}

struct rewriter {
	struct fuzz *f;
	pthread_t thread;
	__u64 random;
	bool runs;
	bool stop;
};

static void rewrite(struct rewriter *w, void *(*run)(void *data), struct fuzz *f)
{
	*w = (struct rewriter) { .f = f, .random = draw(&f->random) | 1 };
	pthread_create(&w->thread, NULL, run, w);
	while (!load_acquire(&w->runs))
		sched_yield();
}

static void rewritten(struct rewriter *w)
{
	store_release(&w->stop, true);
	pthread_join(w->thread, NULL);
}

/* Fields of an entry, to what is right and to what is not, while Linux reads it */
static void *rewrite_entry(void *data)
{
	static const __u32 nrs[] = { SYS_getppid, SYS_gettid, SYS_access };
	static const __u8 ops[] = { CRTOS_OP_SYSCALL, 77 }, flags[] = { 0, 0xf0 },
			  priorities[] = { 0, 200 };
	const __u64 paths[] = { at(ROOT_DIR), (uintptr_t)elsewhere };
	struct rewriter *w = data;
	struct crtos_entry *e = &w->f->p->slot->entries[0];

	store_release(&w->runs, true);
	while (!load_acquire(&w->stop)) {
		__u64 random = draw(&w->random) >> 32;
		/* Now and then, or it would be refused most of the time */
		unsigned int bad = random >> 8 & 15 ? 0 : random >> 12;

		store_release(&e->nr, nrs[random % 3]);
		store_release(&e->args[0], paths[random >> 4 & 1]);
		store_release(&e->op, ops[bad & 1]);
		store_release(&e->flags, flags[bad >> 1 & 1]);
		store_release(&e->priority, priorities[bad >> 2 & 1]);
	}
	return NULL;
}

static const char *const entry_outcomes[] = {
	"SYS_getppid", "SYS_gettid", "SYS_access", "address", "op, flags or priority", NULL
};

/* Returns false if no value of a field gives that. */
static bool entry_ended(struct fuzz *f, __s64 result)
{
	const __s64 results[] = { getpid(), -ENOSYS, 0, -EFAULT, -EINVAL };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(results); i++) {
		if (result == results[i]) {
			ended(f, i);
			return true;
		}
	}
	printf("# result %lld\n", (long long)result);
	return false;
}

static bool entry_rewritten(struct fuzz *f)
{
	struct rewriter w;
	unsigned int i;
	bool good = true;

	rewrite(&w, rewrite_entry, f);
	for (i = 0; i < REWRITES && good; i++) {
		start_call(f->p, 0, SYS_getppid, at(ROOT_DIR));
		/* Not by a notification: the flag for that is overwritten. */
		good = entry_ended(f, process_poll(f->p, 0) ? f->p->slot->entries[0].result :
							      NO_RESULT);
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

	store_release(&w->runs, true);
	while (!load_acquire(&w->stop)) {
		/* The one that is taken next */
		__u8 *index = &slot->sq[load_acquire(&slot->sq_head) % CRTOS_SQ_SIZE];

		store_release(index, 0);
		store_release(index, wrong);
		/* Seldom for longer than a moment, in which that is hardly ever seen */
		if (draw(&w->random) >> 60)
			store_release(index, 0);
	}
	return NULL;
}

static const char *const index_outcomes[] = { "right one", "wrong one", NULL };

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
		result = process_poll(f->p, 0) ? f->p->slot->entries[0].result : NO_RESULT;
		ended(f, result == NO_RESULT);
	}
	f->entries += i;
	rewritten(&w);
	if (memcmp(canary, expected, sizeof(expected)))
		return false;
	if (result == NO_RESULT)
		return killed_with(f, EPROTO);
	return result == getpid();
}

/* Another entry, when it has its result, or again and again */
static void *publish_too(void *data)
{
	struct rewriter *w = data;
	struct crtos_slot *slot = w->f->p->slot;
	struct crtos_entry *e = &slot->entries[32];
	bool waits = draw(&w->random) >> 63;

	e->nr = SYS_getpid;
	e->op = CRTOS_OP_SYSCALL;
	store_release(&w->runs, true);
	while (!load_acquire(&w->stop)) {
		__u32 tail = load_acquire(&slot->sq_tail);

		store_release(&e->status, CRTOS_ENTRY_PENDING);
		slot->sq[tail % CRTOS_SQ_SIZE] = 32;
		store_release(&slot->sq_tail, tail + 1);
		while (waits && !load_acquire(&e->status) && !load_acquire(&w->stop))
			__builtin_ia32_pause();
	}
	return NULL;
}

static const char *const publishers_outcomes[] = { "holds", "breaks", NULL };

/* Without a lock: the ring breaks, or it does not. */
static bool two_publishers(struct fuzz *f)
{
	struct crtos_slot *slot = f->p->slot;
	struct rewriter w;
	unsigned int i;
	bool good;

	rewrite(&w, publish_too, f);
	for (i = 0; i < REWRITES; i++) {
		fill(f, 0, SYS_getpid, ARGS(0), 0);
		f->p->tail = load_acquire(&slot->sq_tail);
		publish(f, 0);
		process_ring(f->p);
		usleep(any(f, 50));
	}
	rewritten(&w);
	(void)is_ending(f);
	kill(f->p->pid, SIGKILL);
	good = WIFSIGNALED(reap(f)) && (!slot->error || slot->error == EPROTO);
	ended(f, slot->error == EPROTO);
	return good && spawn(f);
}

/* All that it can write */

static void scribble(struct fuzz *f, void *start, size_t len)
{
	unsigned int n;

	for (n = 1 + any(f, 16); n; n--)
		((volatile __u8 *)start)[any(f, len)] = any_bits(f);
}

/* Does an entry lead to what is the region's, and not of this process? */
static bool is_of_others(struct fuzz *f, __u64 entry)
{
	const struct crtos_header *header = f->peer.header;
	__u64 page = entry & PTE_ADDR;

	return page - header->region_addr < f->peer.len &&
	       page - peer_addr(&f->peer, f->p->table) >= SLOT_MEM;
}

/*
 * What an RTOS gives a process is up to the RTOS, also the slot of another one. This one
 * must not: the other one's calls would be wrong, and Linux would not have done that.
 */
static void keep_away(struct fuzz *f, const __u64 (*before)[PAGE / 8])
{
	unsigned int i, n;

	for (i = 0; i < NR_TABLES; i++) {
		for (n = 0; n < PAGE / 8; n++) {
			__u64 *entry = &f->p->table[i][n];

			/* A large page would be all of the region. */
			if (!is_of_others(f, *entry) && !(*entry & PTE_PS))
				continue;
			*entry &= ~(PTE_ADDR | PTE_PS);
			*entry |= before[i][n] & PTE_ADDR;
		}
	}
}

static void keep_root(struct fuzz *f)
{
	if (is_of_others(f, f->p->slot->map_root))
		f->p->slot->map_root = peer_addr(&f->peer, f->p->table);
}

static const char *const scribbled_outcomes[] = { "goes on", "ends", NULL };

static bool slot_scribbled(struct fuzz *f)
{
	struct crtos_slot *slot = f->p->slot;
	unsigned int i;

	for (i = 0; i < 8; i++) {
		scribble(f, slot, any(f, 2) ? 256 : sizeof(*slot));
		keep_root(f);
		scribble(f, &slot->sq_tail, 128);
		any_kind(f)->fill(f, i);
		publish(f, i);
		/* Seldom what was published as well, which ends most processes */
		if (!any(f, 4))
			scribble(f, &slot->sq_tail, 128);
		peer_post(&f->peer, f->p->index);
		usleep(any(f, 100));
	}
	ended(f, is_ending(f));
	kill(f->p->pid, SIGKILL);
	/* One of the entries may have become an EXIT. */
	return reap(f) != -1 && spawn(f);
}

static const char *const tables_outcomes[] = {
	"read", "not read", "written", "not written", NULL
};

static bool tables_scribbled(struct fuzz *f)
{
	const struct crtos_entry *e = f->p->slot->entries;
	static __u64 before[NR_TABLES][PAGE / 8];
	unsigned int i;

	for (i = 0; i < 8; i++) {
		memcpy(before, f->p->table, sizeof(before));
		scribble(f, f->p->table, NR_TABLES * PAGE);
		keep_away(f, before);
		f->p->slot->map_root ^= (1ULL << any(f, 64)) & any_bits(f);
		keep_root(f);
		memory_is_read(f, 0);
		memory_is_written(f, 1);
		/* For the next time */
		process_fill(f->p, 2, CRTOS_OP_UNMAP, 0, ARGS(WINDOW, WINDOW_LEN));
		publish(f, 0);
		publish(f, 1);
		publish(f, 2);
		process_ring(f->p);
		if (!process_poll(f->p, 0) || !process_poll(f->p, 1) || !process_poll(f->p, 2) ||
		    e[2].result || (e[1].result && (__s64)e[1].result != -EFAULT))
			return false;
		ended(f, (__s64)e[0].result == -EFAULT);
		ended(f, 2 + !!e[1].result);
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

static struct act acts[] = {
	{ "ring: more than it holds", too_many },
	{ "ring: as much as it holds", ring_full },
	{ "ring: tail goes back", tail_goes_back },
	{ "ring: index", bad_index },
	{ "ring: entry is taken", index_is_taken },
	{ "killed", kill_shadow },
	{ "fork", fork_process, .variants.names = fork_variants },
	{ "execve", exec_program, .variants.names = exec_variants },
	{ "signal", signal_delivered, .variants.names = signal_variants },
	{ "UPID: no such CPU", upid_no_cpu },
	{ "UPID: vector", upid_bad_vector },
	{ "UPID: suppressed", upid_suppressed, .variants.names = suppressed_variants },
	{ "UPID", upid_good },
	{ "doorbell for nobody", doorbell_for_nobody },
	{ "doorbell: vector", doorbell_vector },
	{ "doorbell: no such CPU", doorbell_cpu },
	{ "page table: root", bad_root, .variants.names = bad_root_variants },
	{ "page table: entry", bad_table, .variants.names = bad_table_variants },
	{ "page table: large page", large_page, .variants.names = large_page_variants },
	{ "page table: bad large page", bad_large_page, .variants.names = bad_large_variants },
	{ "page table: read-only", read_only, .variants.names = level_variants },
	{ "page: becomes writable", becomes_writable },
	{ "page: becomes read-only", becomes_read_only },
	{ "cancelled", cancel, .variants.names = cancel_variants },
	{ "entry rewritten", entry_rewritten, .outcomes.names = entry_outcomes },
	{ "index rewritten", index_rewritten, .outcomes.names = index_outcomes },
	{ "two CPUs on a ring", two_publishers, .outcomes.names = publishers_outcomes },
	{ "slot scribbled", slot_scribbled, .outcomes.names = scribbled_outcomes },
	{ "page tables scribbled", tables_scribbled, .outcomes.names = tables_outcomes },
	{ "header scribbled", header_scribbled },
};

static bool perform(struct fuzz *f, struct act *act)
{
	unsigned int i;

	f->act = act;
	for (i = 0; i < nr_of(&act->variants); i++) {
		f->variant = i;
		f->bad_requests = peer_status(&f->peer).bad_requests;
		if (!act->run(f)) {
			complain(f, act->name, &act->variants, i);
			return false;
		}
		act->variants.hits[i]++;
	}
	return true;
}

/*
 * Each act once, in any order, with batches in between: so each has its share. That is
 * less than ALL_ENTRIES / ENOUGH entries.
 */
static bool cycle(struct fuzz *f)
{
	unsigned char deck[ARRAY_SIZE(acts)];
	unsigned int i, k, last = ARRAY_SIZE(acts) - 1;

	f->random = (f->seed + f->cycle) * 0x9e3779b97f4a7c15ULL | 1;
	shuffle_turns(f);
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
		if (!perform(f, &acts[deck[i]]))
			return false;
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

/* Returns how often the least one came. */
static __u64 report(const char *name, const struct tally *tally)
{
	__u64 least = ~0ULL;
	unsigned int i;

	for (i = 0; i < nr_of(tally); i++) {
		printf("# %7llu  %s%s%s\n", (unsigned long long)tally->hits[i], name,
		       tally->names ? ": " : "", name_of(tally, i));
		if (tally->hits[i] < least)
			least = tally->hits[i];
	}
	return least;
}

static __u64 lesser(__u64 a, __u64 b)
{
	return a < b ? a : b;
}

static __u64 report_variants(void)
{
	__u64 least = ~0ULL;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		least = lesser(least, report(kinds[i].name, &kinds[i].variants));
	for (i = 0; i < ARRAY_SIZE(acts); i++)
		least = lesser(least, report(acts[i].name, &acts[i].variants));
	return least;
}

static __u64 report_outcomes(void)
{
	__u64 least = ~0ULL;
	size_t i;

	printf("# How races ended:\n");
	for (i = 0; i < ARRAY_SIZE(acts); i++)
		if (acts[i].outcomes.names)
			least = lesser(least, report(acts[i].name, &acts[i].outcomes));
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
	__u64 variants, outcomes, start = now_ms();
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
	variants = report_variants();
	outcomes = report_outcomes();
	printf("# seed %llu: %llu entries in %llu s\n", (unsigned long long)f->seed,
	       (unsigned long long)f->entries, (unsigned long long)(now_ms() - start) / 1000);
	EXPECT_LE(f->wanted * ENOUGH / ALL_ENTRIES, variants);
	if (f->wanted >= ALL_ENTRIES)
		EXPECT_LE(f->wanted * ENOUGH / FULL_ENTRIES, outcomes);
}

/* The same seed and cycle are the same decisions, whatever Linux does meanwhile. */
TEST_F_TIMEOUT(fuzz, repeats, 300)
{
	struct fuzz *f = &self->f;
	__u64 random[3];
	unsigned int i;

	f->seed = number("crtos_seed", 1);
	ASSERT_TRUE(neighbour_begin(f));
	ASSERT_TRUE(spawn(f));
	for (i = 0; i < 2 * ARRAY_SIZE(random); i++) {
		f->cycle = i % ARRAY_SIZE(random);
		ASSERT_TRUE(cycle(f));
		/* It depends on all numbers that were drawn before. */
		if (i < ARRAY_SIZE(random))
			random[i] = f->random;
		else
			EXPECT_EQ(random[f->cycle - 1], f->random);
	}
	EXPECT_NE(random[0], random[1]);
	EXPECT_TRUE(neighbour_end(f));
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

/* Not even one region, which has 4 MiB. The first starts allocate what stays. */
TEST_F_TIMEOUT(fuzz, nothing_is_lost, 300)
{
	struct peer *peer = &self->f.peer;
	long before = 0;
	unsigned int i;

	for (i = 0; i < 60; i++) {
		if (i == 20) {
			shrink_caches();
			before = free_kib();
		}
		peer_stop(peer);
		ASSERT_EQ(0, peer_start_ready(peer));
		ASSERT_NE(NULL, peer_spawn(peer));
	}
	shrink_caches();
	/* The last process may have been freed in part only. */
	EXPECT_TRUE(eventually(before - free_kib() < LOST_KIB));
	printf("# %ld KiB less are free\n", before - free_kib());
}

TEST_HARNESS_MAIN
