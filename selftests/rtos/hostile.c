// SPDX-License-Identifier: GPL-2.0
/*
 * An RTOS that breaks the rules of crtos_abi.h, in the way that the path of the
 * program names: "crtos run ./NAME".
 *
 * What Linux has to answer is checked here, and the process exits with 0. What
 * Linux has to kill a process for is waited for.
 *
 * No interrupts: it polls, and trusts nothing that Linux sends.
 */
#include "hostile/hostile.h"

#define WAIT_US		5000000

/* Made while it dies, and how long until then */
#define NR_CHILDREN	16
#define DEATH_US	100000

/**
 * struct way - a way to break the rules
 * @run: false if Linux did not behave; does not return if Linux kills
 */
struct way {
	const char *name;
	bool (*run)(struct attempt *a);
};

struct crtos_slot *slot_at(u32 index)
{
	return region_ptr(header->slots_off + (u64)index * header->slot_len);
}

void ring_linux(struct attempt *a)
{
	struct crtos_upid *upid = &header->linux_upid;
	u64 control;

	test_and_set_bit(&upid->pir, a->index);
	if ((READ_ONCE(upid->control) & CRTOS_UPID_SN) || test_and_set_bit(&upid->control, 0))
		return;
	control = READ_ONCE(upid->control);
	apic_send(control >> CRTOS_UPID_NDST_SHIFT,
		  control >> CRTOS_UPID_NV_SHIFT & 0xff);
}

/* Publish @count times what is at sq[] already. */
void publish(struct attempt *a, u32 count)
{
	a->nr += count;
	store_release(&a->slot->sq_tail, a->nr);
	/* As slot.c has it, before the doorbell. */
	mb();
	ring_linux(a);
}

void publish_index(struct attempt *a, u8 index)
{
	a->slot->sq[a->nr % CRTOS_SQ_SIZE] = index;
	publish(a, 1);
}

/* Of timer_us_to_tsc(), which reads the header */
static u64 wait_tsc;

bool in_time(u64 start)
{
	return rdtsc() - start < wait_tsc;
}

struct crtos_entry *prepare(struct attempt *a, u8 index, u8 op, u32 nr, const u64 *args)
{
	struct crtos_entry *e = &a->slot->entries[index];

	e->nr = nr;
	e->op = op;
	e->flags = 0;
	e->priority = 0;
	e->status = CRTOS_ENTRY_PENDING;
	e->result = ECANARY;
	memcpy(e->args, args, sizeof(e->args));
	return e;
}

s64 result(struct crtos_entry *e)
{
	u64 start = rdtsc();

	while (load_acquire(&e->status) != CRTOS_ENTRY_DONE && in_time(start))
		cpu_relax();
	return e->result;
}

s64 submit(struct attempt *a, struct crtos_entry *e)
{
	publish_index(a, e - a->slot->entries);
	return result(e);
}

static s64 call(struct attempt *a, u8 op, u32 nr, const u64 *args)
{
	return submit(a, prepare(a, 0, op, nr, args));
}

s64 linux_call(struct attempt *a, u32 nr, const u64 *args)
{
	return call(a, CRTOS_OP_SYSCALL, nr, args);
}

bool expect(const char *what, s64 got, s64 expected)
{
	if (got == expected)
		return true;
	printf("%s: %lld, not %lld\n", what, got, expected);
	return false;
}

bool attached(struct attempt *a)
{
	return READ_ONCE(a->slot->linux_state) == CRTOS_SLOT_ATTACHED;
}

/* Linux kills: until it does, this does not return true. */
bool killed(struct attempt *a)
{
	u64 start = rdtsc();

	while (attached(a))
		if (!in_time(start))
			return false;
	return true;
}

static bool run_bad_index(struct attempt *a)
{
	publish_index(a, CRTOS_NR_ENTRIES);
	return killed(a);
}

static bool run_last_index(struct attempt *a)
{
	publish_index(a, 255);
	return killed(a);
}

static bool run_far_tail(struct attempt *a)
{
	publish(a, CRTOS_SQ_SIZE + 1);
	return killed(a);
}

static bool run_tail_back(struct attempt *a)
{
	linux_call(a, NR_getppid, ARGS());
	publish(a, -1);
	return killed(a);
}

/* It is done twice. The RTOS asked for it. */
static bool run_twice(struct attempt *a)
{
	struct crtos_entry *e = prepare(a, 5, CRTOS_OP_SYSCALL, NR_getppid, ARGS());
	u64 start = rdtsc();

	a->slot->sq[a->nr % CRTOS_SQ_SIZE] = 5;
	a->slot->sq[(a->nr + 1) % CRTOS_SQ_SIZE] = 5;
	publish(a, 2);
	while (READ_ONCE(a->slot->sq_head) != a->nr && in_time(start))
		cpu_relax();
	return expect("sq_head", a->slot->sq_head, a->nr) && result(e) > 0;
}

/* What the ring and its entries hold when Linux has been there before */
static bool run_full(struct attempt *a)
{
	u32 i;

	for (i = 0; i < CRTOS_SQ_SIZE; i++) {
		prepare(a, 2 * i, CRTOS_OP_SYSCALL, NR_getppid, ARGS());
		a->slot->sq[i] = 2 * i;
	}
	publish(a, CRTOS_SQ_SIZE);
	for (i = 0; i < CRTOS_SQ_SIZE; i++)
		if (result(&a->slot->entries[2 * i]) <= 0)
			return false;
	return true;
}

static bool run_bad_entry(struct attempt *a)
{
	struct crtos_entry *e;
	bool ok;

	ok = expect("op 5", call(a, CRTOS_OP_RELEASED + 1, 0, ARGS()), -EINVAL);
	ok &= expect("op 255", call(a, 255, 0, ARGS()), -EINVAL);
	e = prepare(a, 0, CRTOS_OP_SYSCALL, NR_getppid, ARGS());
	e->flags = CRTOS_ENTRY_CANCEL << 1;
	ok &= expect("unknown flag", submit(a, e), -EINVAL);
	e = prepare(a, 0, CRTOS_OP_SYSCALL, NR_getppid, ARGS());
	e->priority = 100;
	ok &= expect("priority 100", submit(a, e), -EINVAL);
	return ok && linux_call(a, NR_getppid, ARGS()) > 0;
}

static bool run_bad_args(struct attempt *a)
{
	static const struct {
		u64 args[6];
		s64 result;
	} table[] = {
		{ { PAGE_VA, 0, 0 }, 0 },
		{ { PAGE_VA, 1, ~0ULL }, -EINVAL },
		{ { PAGE_VA, 1, 1 << 30 }, -EINVAL },
		{ { 0, 2, 0 }, -EFAULT },
		{ { PAGE_VA + PAGE_SIZE, 2, 0 }, -EFAULT },
		{ { 0x7fff00000000, 2, 0 }, -EFAULT },
		{ { ~0ULL, 2, 0 }, -EFAULT },
		{ { DIRECT_VA, 2, 0 }, -EFAULT },
	};
	bool ok = true;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(table); i++)
		ok &= expect("OP_ARGS", call(a, CRTOS_OP_ARGS, 0, table[i].args),
			     table[i].result);
	/* The length is cut to what there is. */
	ok &= expect("OP_ARGS, long", call(a, CRTOS_OP_ARGS, 0, ARGS(PAGE_VA, 1, 0)), 1);
	return ok;
}

static bool ranges_refused(struct attempt *a, u8 op, const u64 (*ranges)[2], u32 nr)
{
	bool ok = true;

	for (; nr; nr--, ranges++)
		ok &= expect("range", call(a, op, 0, ARGS((*ranges)[0], (*ranges)[1])), -EINVAL);
	return ok;
}

static bool run_bad_unmap(struct attempt *a)
{
	static const u64 table[][2] = {
		{ PAGE_VA, 0 }, { PAGE_VA + 1, PAGE_SIZE }, { PAGE_VA, 1 }, { 0, PAGE_SIZE },
		{ PAGE_VA, ~0xfffULL }, { ~0xfffULL, PAGE_SIZE },
		{ 0x7fff00000000, PAGE_SIZE }, { DIRECT_VA, PAGE_SIZE },
	};

	return ranges_refused(a, CRTOS_OP_UNMAP, table, ARRAY_SIZE(table)) &
	       expect("OP_UNMAP of a page",
		      call(a, CRTOS_OP_UNMAP, 0, ARGS(PAGE_VA, PAGE_SIZE)), 0);
}

static bool run_bad_released(struct attempt *a)
{
	const u64 region = header->region_addr, len = header->region_len;
	const u64 table[][2] = {
		{ region, 0 }, { region + 1, PAGE_SIZE }, { region, 1 }, { 0, PAGE_SIZE },
		{ region - PAGE_SIZE, PAGE_SIZE }, { region + len, PAGE_SIZE },
		{ region, len + PAGE_SIZE }, { region + PAGE_SIZE, len },
		{ region + PAGE_SIZE, ~0xfffULL }, { ~0xfffULL, PAGE_SIZE }, { 0, ~0xfffULL },
		{ PAGE_VA, PAGE_SIZE }, { DIRECT_VA + region, PAGE_SIZE },
	};

	return ranges_refused(a, CRTOS_OP_RELEASED, table, ARRAY_SIZE(table)) &
	       expect("OP_RELEASED of the region",
		      call(a, CRTOS_OP_RELEASED, 0, ARGS(region, len)), len);
}

/* Calls that Linux does not run for an RTOS */
static bool run_bad_nr(struct attempt *a)
{
	static const u32 table[] = {
		__NR_mmap, __NR_mprotect, __NR_munmap, __NR_brk, __NR_rt_sigreturn,
		__NR_mremap, __NR_exit, __NR_exit_group, __NR_arch_prctl, __NR_clone3,
		400, 9999, 0x40000000, 0x7fffffff, 0x80000000, 0xffffffff,
	};
	bool ok = true;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(table); i++) {
		ok &= expect("call", linux_call(a, table[i], ARGS()), -ENOSYS);
		if (!ok)
			printf("it was %u\n", table[i]);
	}
	return ok;
}

/* A write() of one byte that Linux must not find */
static bool unreadable(struct attempt *a, const char *what)
{
	/* Linux may remember what it found before. */
	call(a, CRTOS_OP_UNMAP, 0, ARGS(PAGE_VA, PAGE_SIZE));
	return expect(what, linux_call(a, __NR_write, ARGS(1, PAGE_VA, 1)), -EFAULT);
}

static bool run_bad_root(struct attempt *a)
{
	static const u64 roots[] = {
		0, 1, 0x1000, 0xfee00000, 1ULL << 51, ~0ULL, ~0xfffULL,
	};
	u64 end = header->region_addr + header->region_len;
	bool ok = true;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(roots); i++) {
		WRITE_ONCE(a->slot->map_root, roots[i]);
		ok &= unreadable(a, "map_root");
	}
	WRITE_ONCE(a->slot->map_root, end);
	ok &= unreadable(a, "map_root after the region");
	WRITE_ONCE(a->slot->map_root, end - 8);
	ok &= unreadable(a, "map_root across the end");
	return ok;
}

static bool run_bad_table(struct attempt *a)
{
	u64 *leaf = table_walk(a->root, PAGE_VA, 12, PTE_P | PTE_RW | PTE_US);
	u64 good = *leaf, root = a->root[0];
	const struct {
		const char *what;
		u64 entry;
	} table[] = {
		{ "page of Linux", 0x100000 | PTE_P | PTE_RW | PTE_US },
		{ "page 0", PTE_P | PTE_RW | PTE_US },
		{ "page above all memory", (1ULL << 51) | PTE_P | PTE_RW | PTE_US },
		{ "page before the region",
		  (header->region_addr - PAGE_SIZE) | PTE_P | PTE_RW | PTE_US },
		{ "page after the region",
		  (header->region_addr + header->region_len) | PTE_P | PTE_RW | PTE_US },
		{ "page of the kernel", good & ~PTE_US },
		{ "page that is not present", good & ~PTE_P },
	};
	bool ok = true;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(table); i++) {
		WRITE_ONCE(*leaf, table[i].entry);
		ok &= unreadable(a, table[i].what);
	}
	WRITE_ONCE(*leaf, good & ~PTE_RW);
	call(a, CRTOS_OP_UNMAP, 0, ARGS(PAGE_VA, PAGE_SIZE));
	ok &= expect("write to a read-only page",
		     call(a, CRTOS_OP_ARGS, 0, ARGS(PAGE_VA, 1, 0)), -EFAULT);

	/* Large pages are not for the top level, and must be in the region. */
	WRITE_ONCE(a->root[0], header->region_addr | PTE_P | PTE_RW | PTE_US | PTE_PS);
	ok &= unreadable(a, "large page at the top level");
	WRITE_ONCE(a->root[0], 0x100000 | PTE_P | PTE_RW | PTE_US);
	ok &= unreadable(a, "table of Linux");
	WRITE_ONCE(a->root[0], root);
	WRITE_ONCE(*leaf, good);
	return ok & expect("OP_ARGS", call(a, CRTOS_OP_ARGS, 0, ARGS(PAGE_VA, 1, 0)), 1);
}

/* A notification that would interrupt Linux, or be an exception */
static bool run_bad_upid(struct attempt *a)
{
	u64 own = apic_ndst();
	const u64 table[] = {
		(u64)VEC_DOORBELL << CRTOS_UPID_NV_SHIFT,	/* APIC id 0 is Linux's */
		0xecULL << CRTOS_UPID_NV_SHIFT,
		own << CRTOS_UPID_NDST_SHIFT | 2ULL << CRTOS_UPID_NV_SHIFT,
		own << CRTOS_UPID_NDST_SHIFT | 31ULL << CRTOS_UPID_NV_SHIFT,
		0xffffffffULL << CRTOS_UPID_NDST_SHIFT | 0x40ULL << CRTOS_UPID_NV_SHIFT,
		~(CRTOS_UPID_ON | CRTOS_UPID_SN),
		~0ULL,
	};
	struct crtos_entry *e;
	bool ok = true;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(table); i++) {
		WRITE_ONCE(a->slot->upid.control, table[i]);
		/* Not the entry of the next call: Linux looks at flags after status. */
		e = prepare(a, 1, CRTOS_OP_SYSCALL, NR_getppid, ARGS());
		e->flags = CRTOS_ENTRY_NOTIFY;
		ok &= submit(a, e) > 0;
		/* Who executes this has sent the notification. */
		ok &= linux_call(a, NR_getppid, ARGS()) > 0;
	}
	return ok;
}

void ring_at(u64 control)
{
	apic_send(control >> CRTOS_UPID_NDST_SHIFT,
		  control >> CRTOS_UPID_NV_SHIFT & 0xff);
}

/* What Linux once wrote there decides nothing in Linux. */
static bool run_bad_doorbell(struct attempt *a)
{
	struct crtos_upid *upid = &header->linux_upid;
	const u64 good = upid->control & ~(CRTOS_UPID_ON | CRTOS_UPID_SN);
	const u64 table[] = {
		0, ~0ULL, CRTOS_UPID_ON, CRTOS_UPID_SN, CRTOS_UPID_ON | CRTOS_UPID_SN,
		~(CRTOS_UPID_ON | CRTOS_UPID_SN),
		2ULL << CRTOS_UPID_NV_SHIFT,
		good | 0xff00fffcULL,
		(u64)apic_ndst() << CRTOS_UPID_NDST_SHIFT | 0xecULL << CRTOS_UPID_NV_SHIFT,
	};
	bool ok = true;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(table); i++) {
		memset(upid->reserved, i, sizeof(upid->reserved));
		WRITE_ONCE(upid->control, table[i]);
		prepare(a, 0, CRTOS_OP_SYSCALL, NR_getppid, ARGS());
		a->slot->sq[a->nr++ % CRTOS_SQ_SIZE] = 0;
		store_release(&a->slot->sq_tail, a->nr);
		WRITE_ONCE(upid->pir, ~0ULL);
		ring_at(good);
		ok &= result(&a->slot->entries[0]) > 0;
	}
	WRITE_ONCE(upid->control, good);
	return ok;
}

/* Doorbells that look as if they had rung are found by the watchdog. */
static bool run_stuck(struct attempt *a)
{
	struct crtos_upid *upid = &header->linux_upid;
	u64 start = rdtsc();
	bool ok;

	/* Linux must sleep: it would find the call by itself while it polls. */
	while (!(READ_ONCE(a->slot->flags) & CRTOS_SLOT_NEED_WAKEUP) && in_time(start))
		cpu_relax();
	start = rdtsc();
	while (rdtsc() - start < timer_us_to_tsc(10000))
		cpu_relax();
	test_and_set_bit(&upid->control, 0);
	ok = linux_call(a, NR_getppid, ARGS()) > 0;
	test_and_clear_bit(&upid->control, 0);
	return ok;
}

#define FLOOD	100000

/* For everybody, and nobody has anything: as fast as Linux wants to hear it */
static bool run_flood(struct attempt *a)
{
	struct crtos_upid *upid = &header->linux_upid;
	u32 i;

	for (i = 0; i < FLOOD; i++) {
		xchg64(&upid->pir, ~0ULL);
		if ((READ_ONCE(upid->control) & CRTOS_UPID_SN) ||
		    test_and_set_bit(&upid->control, 0))
			continue;
		ring_at(READ_ONCE(upid->control));
	}
	return linux_call(a, NR_getppid, ARGS()) > 0;
}

/* Whatever Linux wants. Without ON, Linux could not tell whose interrupt it is. */
static bool run_flood_deaf(struct attempt *a)
{
	struct crtos_upid *upid = &header->linux_upid;
	u32 i;

	for (i = 0; i < FLOOD; i++) {
		xchg64(&upid->pir, ~0ULL);
		test_and_set_bit(&upid->control, 0);
		ring_at(READ_ONCE(upid->control));
	}
	return linux_call(a, NR_getppid, ARGS()) > 0;
}

/*
 * Rings until Linux has seen it, which it does at once as long as it takes doorbells.
 * For nothing, but so seldom that nothing is suppressed. For a minute; it is to be stopped.
 */
static bool run_impatient(struct attempt *a)
{
	struct crtos_upid *upid = &header->linux_upid;
	u64 start;
	u32 ms;

	for (ms = 0; ms < 60000; ms++) {
		xchg64(&upid->pir, ~0ULL);
		test_and_set_bit(&upid->control, 0);
		while (READ_ONCE(upid->control) & CRTOS_UPID_ON)
			ring_at(READ_ONCE(upid->control));
		start = rdtsc();
		while (rdtsc() - start < timer_us_to_tsc(1000))
			cpu_relax();
	}
	return false;
}

/* Linux's fields are only read by the RTOS. Linux must not read them back. */
static bool run_scribble(struct attempt *a)
{
	struct crtos_slot *slot = a->slot;
	bool ok;

	slot->sq_head = 0x12345678;
	slot->argc = ~0;
	slot->strings_len = ~0ULL;
	slot->window_addr = 0;
	slot->window_len = ~0ULL;
	ok = expect("write to the stack of the shadow",
		    call(a, CRTOS_OP_ARGS, 0, ARGS(0x7fff00000000, 1, 0)), -EFAULT);
	ok &= expect("OP_ARGS", call(a, CRTOS_OP_ARGS, 0, ARGS(PAGE_VA, 1, 0)), 1);
	return ok && linux_call(a, NR_getppid, ARGS()) > 0;
}

static bool run_bad_version(struct attempt *a)
{
	header->rtos_version = 99;
	return true;
}

/* Linux ends all processes of an RTOS that has ended. */
static bool run_dead(struct attempt *a)
{
	store_release(&header->rtos_state, CRTOS_RTOS_DEAD);
	ring_linux(a);
	return killed(a);
}

/* Dies while Linux makes children of the process, sooner or later: these must end, too. */
static bool run_dead_parent(struct attempt *a)
{
	u64 end = rdtsc() + rdtsc() % timer_us_to_tsc(DEATH_US);
	u32 i;

	for (i = 0; i < NR_CHILDREN; i++) {
		prepare(a, i, CRTOS_OP_SYSCALL, __NR_fork, ARGS());
		a->slot->sq[(a->nr + i) % CRTOS_SQ_SIZE] = i;
	}
	publish(a, NR_CHILDREN);
	while (rdtsc() < end)
		cpu_relax();
	store_release(&header->rtos_state, CRTOS_RTOS_DEAD);
	ring_linux(a);
	cpu_halt();
}

/* It does so also if nothing is said, but later. */
static bool run_dead_quiet(struct attempt *a)
{
	store_release(&header->rtos_state, CRTOS_RTOS_DEAD);
	return killed(a);
}

/* It promises to live. Its timer is not on, so each of these is the end of it. */
static void promise_to_live(void)
{
	WRITE_ONCE(header->heartbeat, header->heartbeat + 1);
	WRITE_ONCE(header->rtos_features, header->features & (CRTOS_F_CRASH | CRTOS_F_HEARTBEAT));
}

/* As many as there can be, every other one of which does not end */
static void leave_calls(struct attempt *a)
{
	u32 i;

	for (i = 0; i < CRTOS_SQ_SIZE; i++) {
		if (i % 2)
			prepare(a, 2 * i, CRTOS_OP_SYSCALL, NR_getppid, ARGS());
		else
			prepare(a, 2 * i, CRTOS_OP_SYSCALL, __NR_poll, ARGS(0, 0, -1));
		a->slot->sq[i] = 2 * i;
	}
	publish(a, CRTOS_SQ_SIZE);
}

static bool run_loop(struct attempt *a)
{
	promise_to_live();
	leave_calls(a);
	while (READ_ONCE(header->magic))
		cpu_relax();
	return false;
}

static bool run_halt(struct attempt *a)
{
	promise_to_live();
	leave_calls(a);
	cpu_halt();
}

/* Nothing is wrong here: the CPUs of an RTOS send each other what they want. */
static bool run_kick(struct attempt *a)
{
	printf("kicking\n");
	while (READ_ONCE(header->magic))
		apic_send(cpus[1].ndst, VEC_COMPLETION);
	return true;
}

/* Says why, and ends by itself. */
static bool run_panic(struct attempt *a)
{
	panic(NULL, "as the test asked");
}

static bool run_well(struct attempt *a)
{
	return linux_call(a, NR_getppid, ARGS()) > 0;
}

/* Stays until it is killed; the slots beside it must not mind. */
static bool run_stay(struct attempt *a)
{
	prepare(a, 0, CRTOS_OP_SYSCALL, __NR_poll, ARGS(0, 0, -1));
	publish_index(a, 0);
	staying = a;
	return true;
}

/* The slot is never given back. */
static bool run_keep(struct attempt *a)
{
	return true;
}

static const struct way ways[] = {
	{ "bad-index", run_bad_index },
	{ "last-index", run_last_index },
	{ "far-tail", run_far_tail },
	{ "tail-back", run_tail_back },
	{ "twice", run_twice },
	{ "full", run_full },
	{ "bad-entry", run_bad_entry },
	{ "bad-args", run_bad_args },
	{ "bad-unmap", run_bad_unmap },
	{ "bad-released", run_bad_released },
	{ "bad-nr", run_bad_nr },
	{ "bad-root", run_bad_root },
	{ "bad-table", run_bad_table },
	{ "bad-upid", run_bad_upid },
	{ "bad-doorbell", run_bad_doorbell },
	{ "stuck", run_stuck },
	{ "flood", run_flood },
	{ "flood-deaf", run_flood_deaf },
	{ "impatient", run_impatient },
	{ "scribble", run_scribble },
	{ "bad-version", run_bad_version },
	{ "dead", run_dead },
	{ "dead-parent", run_dead_parent },
	{ "dead-quiet", run_dead_quiet },
	{ "loop", run_loop },
	{ "halt", run_halt },
	{ "kick", run_kick },
	{ "panic", run_panic },
	{ "fuzz", run_fuzz },
	{ "well", run_well },
	{ "stay", run_stay },
	{ "keep", run_keep },
};

static struct attempt attempts[CRTOS_MAX_SLOTS];
static u64 kept;
struct attempt *staying;

static const struct way *find_way(struct attempt *a)
{
	const char *name;
	u32 i;

	a->page[PAGE_SIZE - 1] = 0;
	if (call(a, CRTOS_OP_ARGS, 0, ARGS(PAGE_VA, PAGE_SIZE - 1, 0)) <= 0)
		return NULL;
	name = a->page;
	if (strlen(name) < 2)
		return NULL;
	name += 2;	/* "./" */
	for (i = 0; i < ARRAY_SIZE(ways); i++)
		if (!memcmp(ways[i].name, name, strlen(ways[i].name) + 1))
			return &ways[i];
	return NULL;
}

static void make_memory(struct attempt *a)
{
	u64 page = page_alloc();

	a->page = phys_to_virt(page);
	a->root = phys_to_virt(page_alloc());
	*table_walk(a->root, PAGE_VA, 12, PTE_P | PTE_RW | PTE_US) =
		page | PTE_P | PTE_RW | PTE_US;
}

struct attempt *adopt(u32 index)
{
	struct attempt *a = &attempts[index];

	/* Memory is made once for each slot and kept. */
	if (!a->page)
		make_memory(a);
	a->index = index;
	a->slot = slot_at(index);
	a->nr = 0;
	WRITE_ONCE(a->slot->map_root, virt_to_phys(a->root));
	store_release(&a->slot->rtos_state, CRTOS_PROCESS_RUNNING);
	return a;
}

static void attach(u32 index)
{
	struct attempt *a = adopt(index);
	const struct way *way = find_way(a);
	bool ok = way && way->run(a);

	printf("slot %u: %s: %s\n", index, way ? way->name : "no such way",
	       ok ? "ok" : "Linux did not behave");
	if (way && way->run == run_stay)
		return;
	if (way && way->run == run_keep)
		kept |= BIT(index);
	prepare(a, 1, CRTOS_OP_EXIT, 0, ARGS(ok ? 0 : 1 << 8));
	publish_index(a, 1);
}

static void slot_changed(u32 index)
{
	struct crtos_slot *slot = slot_at(index);

	switch (load_acquire(&slot->linux_state)) {
	case CRTOS_SLOT_ATTACHED:
		if (slot->rtos_state == CRTOS_PROCESS_NONE)
			attach(index);
		break;
	case CRTOS_SLOT_GONE:
		/* Once: then it is Linux's again. */
		if (staying == &attempts[index])
			staying = NULL;
		if (slot->rtos_state == CRTOS_PROCESS_RUNNING && !(kept & BIT(index)))
			store_release(&slot->rtos_state, CRTOS_PROCESS_ENDED);
		break;
	}
}

void rtos_main(void)
{
	u32 i;

	wait_tsc = timer_us_to_tsc(WAIT_US);
	/* Where Linux notifies does not matter, but must be a lent CPU. */
	WRITE_ONCE(header->rtos_upid.control,
		   (u64)VEC_DOORBELL << CRTOS_UPID_NV_SHIFT |
		   (u64)apic_ndst() << CRTOS_UPID_NDST_SHIFT);
	WRITE_ONCE(header->rtos_version, CRTOS_ABI_VERSION);
	WRITE_ONCE(header->rtos_features, header->features & CRTOS_F_CRASH);
	store_release(&header->rtos_state, CRTOS_RTOS_READY);

	for (;;) {
		for (i = 0; i < CRTOS_MAX_SLOTS; i++)
			slot_changed(i);
		cpu_relax();
	}
}
