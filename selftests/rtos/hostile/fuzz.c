// SPDX-License-Identifier: GPL-2.0
/*
 * At random: "./fuzz SEED CYCLE ENTRIES", as fuzz.sh says it. The process makes others,
 * one after the other. Each is a cycle: acts in any order, batches of entries in between,
 * and an end. For all of them it is known what Linux has to answer, or which answers are
 * right in a race, and meanwhile a process in another slot makes calls with results of
 * their own. Each decision comes from the seed and the number of the cycle. What is
 * written while Linux reads has numbers of its own: how many, depends on Linux.
 */
#include "hostile.h"

#define EBADF		9
#define EPROTO		71
#define NR_lseek	8
#define NR_access	21
#define NR_wait4	61
#define NR_getpriority	140
#define NR_memfd_create	319

#define OUT_LEN		400	/* more than uname() writes */
#define NR_OUT		8
#define STATUS		0xf00
#define AT_DIR		0xff0
#define AT_NO_FILE	0xff8
#define PTE_ALL		(PTE_P | PTE_RW | PTE_US)
#define NR_LEVELS	4
#define NR_REWRITES	8
#define NR_ACTS		13

/**
 * struct fuzz - one program
 * @a: the process that misbehaves
 * @parent: the one that was started, whose child it is
 * @beside: whose calls are checked meanwhile: another one, if there is any
 * @fd: its file
 * @calls: how many it has made
 * @ppid: pid of the parent
 * @pid: of the child
 * @window: of it, before anything was written there
 * @window_len: its length
 * @random: for decisions
 * @race_random: for CPU 0 while it races with Linux
 * @race: what is done again and again meanwhile, on each CPU; NULL: nothing
 * @target: the entry for that
 * @entries: how many were published
 * @bad: those that Linux must have counted as bad requests
 * @held: races for a ring that it survived; @broke: those that it did not
 * @decisions: what was decided in all cycles, to see that they repeat
 * @kind: of each entry of a batch
 * @deck: the acts of this cycle in their order; @next_act: which one is next
 */
static struct fuzz {
	struct attempt *a, *parent, *beside;
	u64 fd, calls;
	u32 ppid, pid;
	u64 window, window_len;
	u64 seed, cycle, random, race_random;
	void (*race)(struct fuzz *f, u64 *random);
	struct crtos_entry *target;
	u64 entries, bad, held, broke, decisions;
	u8 kind[CRTOS_NR_ENTRIES];
	u32 next_act;
	u8 deck[NR_ACTS];
} fuzz;

static u64 draw(u64 *random)
{
	*random ^= *random << 13;
	*random ^= *random >> 7;
	*random ^= *random << 17;
	return *random;
}

/* Below @n */
static u64 any(struct fuzz *f, u64 n)
{
	return (draw(&f->random) >> 16) % n;
}

/* A value with few or with many bits */
static u64 any_bits(struct fuzz *f)
{
	u64 value = draw(&f->random) >> any(f, 64);

	return any(f, 4) ? value : ~value;
}

static u64 any_outside(struct fuzz *f)
{
	const u64 edges[] = {
		f->window - 1, f->window - PAGE_SIZE, f->window + f->window_len + 1, 1, ~0ULL,
		0xffffffff81000000, 0xffff888000000000, 1ULL << 47, 1ULL << 63, DIRECT_VA,
	};
	u64 addr = any_bits(f);

	/* The end of the window is good for no bytes. */
	if (!any(f, 3) || !addr || addr - f->window <= f->window_len)
		return edges[any(f, ARRAY_SIZE(edges))];
	return addr;
}

/* A physical address that is none of the region */
static u64 any_page_elsewhere(struct fuzz *f)
{
	u64 addr = any_bits(f) & ~(PAGE_SIZE - 1);

	if (any(f, 3) && addr - header->region_addr >= header->region_len)
		return addr;
	return any(f, 2) ? header->region_addr - PAGE_SIZE :
			   header->region_addr + header->region_len;
}

/* The second CPU of the RTOS: is it there, what does it do, and how often has it? */
static bool other_cpu;
static u64 others_races;
static void (*raced)(struct fuzz *f, u64 *random);

static void race(struct fuzz *f, void (*run)(struct fuzz *f, u64 *random))
{
	store_release(&f->race, run);
	if (!load_acquire(&other_cpu))
		return;
	if (run)
		smp_kick(BIT(1));
	while (load_acquire(&raced) != run)
		cpu_relax();
}

static bool fuzz_says(struct fuzz *f, const char *what, s64 got, s64 expected)
{
	if (expect(what, got, expected))
		return true;
	printf("fuzz: seed %llu, cycle %llu\n", f->seed, f->cycle);
	return false;
}

/* Entries */

/* How an argument is chosen */
enum fuzz_arg {
	ZERO, BITS, OUTSIDE, HOLE, PAGE, OUT, DIR, NO_FILE, NO_FD, ODD, SIZE,
	UNUSED, ELSEWHERE, ONE_PAGE,
};

static u64 any_arg(struct fuzz *f, enum fuzz_arg arg, u8 i)
{
	switch (arg) {
	case BITS:
		return any_bits(f) | 1;
	case OUTSIDE:
		return any_outside(f);
	case HOLE:
		return PAGE_VA + PAGE_SIZE +
		       any(f, f->window + f->window_len - PAGE_VA - 2 * PAGE_SIZE);
	case PAGE:
		return PAGE_VA;
	case OUT:
		memset(f->a->page + i % NR_OUT * OUT_LEN, 0, OUT_LEN);
		return PAGE_VA + i % NR_OUT * OUT_LEN;
	case DIR:
		return PAGE_VA + AT_DIR;
	case NO_FILE:
		return PAGE_VA + AT_NO_FILE;
	case NO_FD:
		return 0x7fff;
	case ODD:
		return 1 + any(f, PAGE_SIZE - 1);
	case SIZE:
		return (1 + any(f, f->window_len / PAGE_SIZE / 2)) * PAGE_SIZE;
	case UNUSED:
		return header->region_addr + header->region_len -
		       PAGE_SIZE * (1 + any(f, header->region_len / PAGE_SIZE / 4));
	case ELSEWHERE:
		return any_page_elsewhere(f);
	case ONE_PAGE:
		return PAGE_SIZE;
	default:
		return 0;
	}
}

/* What stands for any of many; PPID: result that is the number of the parent */
enum { ANY_NO_CALL = 1000, PPID = 1, BAD_OP = 255, BAD_FLAGS = 255, PRIORITY = 1, BAD_PRIORITY };

#define CALL(name, nr, ...)	{ name, CRTOS_OP_SYSCALL, nr, 0, 0, __VA_ARGS__, 0 }
#define OTHER(name, op, ...)	{ name, op, NR_getppid, 0, 0, __VA_ARGS__, 0 }
#define WITH(name, flags, ...)	{ name, CRTOS_OP_SYSCALL, NR_getppid, flags, __VA_ARGS__, 0 }

static struct fuzz_kind {
	const char *name;
	u32 op, nr, flags, priority;
	enum fuzz_arg args[3];
	s64 result;
	u64 hits;
} kinds[] = {
	CALL("call", NR_getppid, { BITS, BITS }, PPID),
	CALL("call that fails", NR_lseek, { NO_FD, BITS }, -EBADF),
	CALL("call of the anchor", NR_getpriority, { ZERO }, 20),
	CALL("memory read", NR_access, { DIR }, 0),
	CALL("memory read, no such file", NR_access, { NO_FILE }, -ENOENT),
	CALL("memory written", NR_uname, { OUT }, 0),
	CALL("read outside of the window", NR_access, { OUTSIDE }, -EFAULT),
	CALL("written outside of the window", NR_uname, { OUTSIDE }, -EFAULT),
	CALL("read where nothing is mapped", NR_access, { HOLE }, -EFAULT),
	CALL("written where nothing is mapped", NR_uname, { HOLE }, -EFAULT),
	CALL("no such call", ANY_NO_CALL, { BITS, BITS, BITS }, -ENOSYS),
	OTHER("op", BAD_OP, { BITS }, -EINVAL),
	OTHER("ARGS", CRTOS_OP_ARGS, { PAGE, BITS }, 0),
	OTHER("ARGS: offset", CRTOS_OP_ARGS, { PAGE, BITS, BITS }, -EINVAL),
	OTHER("ARGS: not in the window", CRTOS_OP_ARGS, { OUTSIDE, BITS }, -EFAULT),
	OTHER("UNMAP", CRTOS_OP_UNMAP, { PAGE, SIZE }, 0),
	OTHER("UNMAP: length", CRTOS_OP_UNMAP, { PAGE, ODD }, -EINVAL),
	OTHER("UNMAP: not in the window", CRTOS_OP_UNMAP, { OUTSIDE, SIZE }, -EINVAL),
	OTHER("RELEASED", CRTOS_OP_RELEASED, { UNUSED, ONE_PAGE }, PAGE_SIZE),
	OTHER("RELEASED: length", CRTOS_OP_RELEASED, { UNUSED, ODD }, -EINVAL),
	OTHER("RELEASED: not in the region", CRTOS_OP_RELEASED, { ELSEWHERE, ONE_PAGE }, -EINVAL),
	WITH("flags", BAD_FLAGS, 0, { BITS }, -EINVAL),
	WITH("priority: too high", 0, BAD_PRIORITY, { BITS }, -EINVAL),
	WITH("priority", 0, PRIORITY, { BITS }, PPID),
	WITH("cancelled before", CRTOS_ENTRY_CANCEL, 0, { BITS }, -EINTR),
	WITH("notified", CRTOS_ENTRY_NOTIFY, 0, { BITS }, PPID),
};

static u32 any_no_call(struct fuzz *f)
{
	static const u32 nrs[] = {
		__NR_mmap, __NR_munmap, __NR_brk, __NR_rt_sigreturn, __NR_exit_group, __NR_clone3,
		__NR_arch_prctl, 512, 9999, 0x40000000, 0x7fffffff, 0x80000000, 0xffffffff,
	};

	return any(f, 2) ? nrs[any(f, ARRAY_SIZE(nrs))] : 1024 + any(f, ~0U - 1024);
}

/* Fill in an entry of a kind, and note what is right. */
static void fill(struct fuzz *f, u8 i, u32 number)
{
	const struct fuzz_kind *kind = &kinds[number];
	struct crtos_entry *e;
	u64 args[6] = { };
	u32 k;

	for (k = 0; k < ARRAY_SIZE(kind->args); k++)
		args[k] = any_arg(f, kind->args[k], i);
	e = prepare(f->a, i, kind->op, kind->nr, args);
	if (kind->op == BAD_OP)
		e->op = CRTOS_OP_RELEASED + 1 + any(f, 255 - CRTOS_OP_RELEASED);
	if (kind->nr == ANY_NO_CALL)
		e->nr = any_no_call(f);
	e->flags = kind->flags == BAD_FLAGS ? (any(f, 64) << 2 | 4) | any(f, 4) : kind->flags;
	if (kind->priority)
		e->priority = kind->priority == PRIORITY ? 1 + any(f, 99) : 100 + any(f, 156);
	f->bad += kind->op == BAD_OP || kind->flags == BAD_FLAGS || kind->priority == BAD_PRIORITY;
	test_and_clear_bit(&f->a->slot->upid.pir, i);
	f->kind[i] = number;
}

/* Linux posts it after the entry is complete. */
static bool notified(struct fuzz *f, u8 i)
{
	u64 start = rdtsc();

	while (!(READ_ONCE(f->a->slot->upid.pir) & BIT(i)))
		if (!in_time(start))
			return false;
	return true;
}

/* The status alone may be of an earlier one, or of the RTOS. */
static s64 fuzz_result(struct fuzz *f, struct crtos_entry *e)
{
	u64 start = rdtsc();

	while ((load_acquire(&e->status) == CRTOS_ENTRY_PENDING ||
		READ_ONCE(e->result) == ECANARY) && attached(f->a) && in_time(start)) {
		if (f->race)
			f->race(f, &f->race_random);
		cpu_relax();
	}
	return READ_ONCE(e->result);
}

static bool answered(struct fuzz *f, u8 i)
{
	struct crtos_entry *e = &f->a->slot->entries[i];
	struct fuzz_kind *kind = &kinds[f->kind[i]];
	u8 status = kind->result == -EINTR ? CRTOS_ENTRY_RESTART_ALWAYS : CRTOS_ENTRY_DONE;
	bool ok;

	ok = fuzz_says(f, kind->name, fuzz_result(f, e),
		       kind->result == PPID ? f->ppid : kind->result) &&
	     fuzz_says(f, kind->name, e->status, status);
	if (ok && kind->args[0] == OUT)
		ok = fuzz_says(f, "what uname() wrote",
			       memcmp(f->a->page + i % NR_OUT * OUT_LEN, "Linux", 6), 0);
	if (ok && kind->flags == CRTOS_ENTRY_NOTIFY)
		ok = fuzz_says(f, kind->name, notified(f, i), true);
	kind->hits += ok;
	return ok;
}

static void fuzz_publish(struct fuzz *f, u32 count)
{
	publish(f->a, count);
	f->entries += count;
}

static s64 fuzz_call(struct fuzz *f, u32 nr, const u64 *args)
{
	struct crtos_entry *e = prepare(f->a, any(f, 64), CRTOS_OP_SYSCALL, nr, args);

	publish_index(f->a, e - f->a->slot->entries);
	f->entries++;
	return fuzz_result(f, e);
}

static bool goes_on(struct fuzz *f)
{
	return fuzz_says(f, "getppid", fuzz_call(f, NR_getppid, ARGS()), f->ppid);
}

/* Fields of the slot that Linux does not read, or that it wrote itself */
static void scribble(struct fuzz *f, u64 *random)
{
	static const struct {
		u16 start, end;
	} parts[] = {
		{ offsetof(struct crtos_slot, pid), offsetof(struct crtos_slot, rtos_state) },
		{ offsetof(struct crtos_slot, cpu), offsetof(struct crtos_slot, map_root) },
		{ offsetof(struct crtos_slot, regs), offsetof(struct crtos_slot, upid) },
		{ offsetof(struct crtos_slot, signals), offsetof(struct crtos_slot, sq_tail) },
		{ offsetof(struct crtos_slot, reserved3), offsetof(struct crtos_slot, entries) },
	};
	u64 value = draw(random) >> 8;
	u32 i = value % ARRAY_SIZE(parts);

	value >>= 8;
	WRITE_ONCE(((u8 *)f->a->slot)[parts[i].start + value % (parts[i].end - parts[i].start)],
		   value >> 40);
}

/* Entries of any kinds at once, in any of the places */
static bool batch(struct fuzz *f)
{
	u32 i, n = 1 + any(f, CRTOS_SQ_SIZE), first = any(f, 64), step = 2 * any(f, 32) + 1;
	bool ok = true;

	WRITE_ONCE(header->heartbeat, header->heartbeat + 1);
	for (i = 0; i < n; i++) {
		u8 index = (first + i * step) % CRTOS_NR_ENTRIES;

		fill(f, index, any(f, ARRAY_SIZE(kinds)));
		f->a->slot->sq[(f->a->nr + i) % CRTOS_SQ_SIZE] = index;
	}
	race(f, any(f, 4) ? NULL : scribble);
	fuzz_publish(f, n);
	for (i = 0; i < n && ok; i++)
		ok = answered(f, (first + i * step) % CRTOS_NR_ENTRIES);
	race(f, NULL);
	return ok;
}

/* Acts: what Linux looks at besides the entries.  Afterwards all is as it was. */

static bool forget(struct fuzz *f)
{
	struct crtos_entry *e = prepare(f->a, 0, CRTOS_OP_UNMAP, 0, ARGS(PAGE_VA, PAGE_SIZE));

	f->entries++;
	publish_index(f->a, 0);
	return fuzz_says(f, "UNMAP", fuzz_result(f, e), 0);
}

#define MAY_BE_READ	1

/* With another value in a table, Linux can read and write the page like that. */
static bool table_is(struct fuzz *f, u64 *entry, u64 value, s64 read, s64 write)
{
	const u64 good = *entry;
	s64 got;
	bool ok;

	WRITE_ONCE(*entry, value);
	ok = forget(f);
	got = fuzz_call(f, NR_access, ARGS(PAGE_VA + AT_DIR));
	if (read != MAY_BE_READ || got > 0)
		ok &= fuzz_says(f, "access", got, read);
	ok &= fuzz_says(f, "uname", fuzz_call(f, NR_uname, ARGS(PAGE_VA)), write);
	WRITE_ONCE(*entry, good);
	return ok && forget(f) && fuzz_says(f, "uname", fuzz_call(f, NR_uname, ARGS(PAGE_VA)), 0);
}

static u64 *any_table(struct fuzz *f, u32 *level)
{
	*level = any(f, NR_LEVELS);
	return table_walk(f->a->root, PAGE_VA, 39 - 9 * *level, PTE_ALL);
}

static bool bad_root(struct fuzz *f)
{
	u64 *root = (u64 *)&f->a->slot->map_root;
	const u64 start = header->region_addr, bad[] = {
		0, PAGE_SIZE, start - PAGE_SIZE, start + header->region_len, ~0ULL, 0xfee00000,
		*root ^ 1ULL << (39 + any(f, 13)),
	};

	return table_is(f, root, bad[any(f, ARRAY_SIZE(bad))], -EFAULT, -EFAULT);
}

static bool bad_table(struct fuzz *f)
{
	u32 level;
	u64 *entry = any_table(f, &level);
	const u64 start = header->region_addr, end = start + header->region_len;
	const u64 bad[] = {
		0, *entry & ~PTE_P, *entry & ~PTE_US, PTE_ALL, ~0ULL, 0x100000 | PTE_ALL,
		(start - PAGE_SIZE) | PTE_ALL, end | PTE_ALL, *entry ^ 1ULL << (39 + any(f, 13)),
		level == 3 ? 0 : end | PTE_PS | PTE_ALL, level ? 0 : *entry | PTE_PS,
	};

	return table_is(f, entry, bad[any(f, ARRAY_SIZE(bad))], -EFAULT, -EFAULT);
}

static bool read_only(struct fuzz *f)
{
	u32 level;
	u64 *entry = any_table(f, &level);

	return table_is(f, entry, *entry & ~PTE_RW, 0, -EFAULT);
}

/* Anywhere in the region: Linux may read what is there, and say so. */
static bool any_page(struct fuzz *f)
{
	u32 level;
	u64 *entry = any_table(f, &level), addr = header->region_addr + any(f, header->region_len);

	return table_is(f, entry, (addr & ~PTE_RW) | PTE_P | PTE_US, MAY_BE_READ, -EFAULT);
}

static u64 own_upid(u64 ndst, u64 vector)
{
	return ndst << CRTOS_UPID_NDST_SHIFT | vector << CRTOS_UPID_NV_SHIFT;
}

static bool in_partition(u32 id)
{
	u32 i;

	for (i = 0; i < header->nr_cpus; i++)
		if (header->cpu_apicid[i] == id)
			return true;
	return false;
}

static bool notify_through(struct fuzz *f, u64 control)
{
	struct crtos_upid *upid = &f->a->slot->upid;
	struct crtos_entry *e = prepare(f->a, 9, CRTOS_OP_SYSCALL, NR_getppid, ARGS());

	e->flags = CRTOS_ENTRY_NOTIFY;
	WRITE_ONCE(upid->control, control);
	memset(upid->reserved, control >> 8, sizeof(upid->reserved));
	test_and_clear_bit(&upid->pir, 9);
	f->entries++;
	publish_index(f->a, 9);
	return fuzz_says(f, "getppid", fuzz_result(f, e), f->ppid) &&
	       fuzz_says(f, "notified", notified(f, 9), true);
}

static bool upid_no_cpu(struct fuzz *f)
{
	u64 id;

	do {
		id = any(f, 256);
	} while (in_partition(id));
	f->bad++;
	return notify_through(f, own_upid(header->x2apic ? id : id << 8, VEC_DOORBELL));
}

static bool upid_bad_vector(struct fuzz *f)
{
	f->bad++;
	return notify_through(f, own_upid(apic_ndst(), any(f, 32)));
}

static bool upid_any(struct fuzz *f)
{
	return notify_through(f, any_bits(f));
}

static bool upid_good(struct fuzz *f)
{
	return notify_through(f, own_upid(apic_ndst(), VEC_DOORBELL));
}

/* For anybody; also if one is outstanding, and rarely if Linux wants none */
static bool doorbells(struct fuzz *f)
{
	struct crtos_upid *upid = &header->linux_upid;
	u32 i;

	for (i = any(f, 4); i; i--) {
		u64 control = READ_ONCE(upid->control);

		test_and_set_bit(&upid->pir, any(f, 64));
		if (!any(f, 8) || !(control & CRTOS_UPID_SN))
			ring_at(control);
	}
	f->a->slot->cancels += any(f, 1000);
	return goes_on(f);
}

static void scribble_at(struct fuzz *f, void *start, size_t len)
{
	u32 i;

	for (i = 1 + any(f, 16); i; i--)
		WRITE_ONCE(((u8 *)start)[any(f, len)], any_bits(f));
}

/* Not the first byte, which both sides change. */
static bool doorbell_scribbled(struct fuzz *f)
{
	struct crtos_upid *upid = &header->linux_upid;
	u8 *bytes = (u8 *)&upid->control;
	const u64 good = READ_ONCE(upid->control);
	struct crtos_entry *e = prepare(f->a, 3, CRTOS_OP_SYSCALL, NR_getppid, ARGS());
	s64 got;

	scribble_at(f, bytes + 1, 7);
	scribble_at(f, upid->reserved, sizeof(upid->reserved));
	test_and_set_bit(&upid->pir, any(f, 64));
	f->a->slot->sq[f->a->nr++ % CRTOS_SQ_SIZE] = 3;
	store_release(&f->a->slot->sq_tail, f->a->nr);
	test_and_set_bit(&upid->pir, f->a->index);
	ring_at(good);
	f->entries++;
	got = fuzz_result(f, e);
	memcpy(bytes + 1, (const u8 *)&good + 1, 7);
	return fuzz_says(f, "getppid", got, f->ppid);
}

/* Not rtos_state: what that does to all processes is meant so. */
static bool header_scribbled(struct fuzz *f)
{
	const size_t first = offsetof(struct crtos_header, linux_upid);
	const size_t after = offsetof(struct crtos_header, rtos_version);
	char *bytes = (char *)header;
	static char copy[sizeof(struct crtos_header)];
	s64 got, outside;

	memcpy(copy, header, sizeof(copy));
	scribble_at(f, header, first);
	scribble_at(f, &header->rtos_upid, sizeof(header->rtos_upid));
	scribble_at(f, bytes + after, sizeof(copy) - after);
	got = fuzz_call(f, NR_getppid, ARGS());
	outside = fuzz_call(f, NR_uname, ARGS(any_outside(f)));
	memcpy(bytes, copy, first);
	memcpy(&header->rtos_upid, copy + offsetof(struct crtos_header, rtos_upid),
	       sizeof(header->rtos_upid));
	memcpy(bytes + after, copy + after, sizeof(copy) - after);
	return fuzz_says(f, "getppid", got, f->ppid) && fuzz_says(f, "uname", outside, -EFAULT);
}

/* One that waits, in any of its states */
static bool cancelled(struct fuzz *f)
{
	struct crtos_entry *e = prepare(f->a, 7, CRTOS_OP_SYSCALL, __NR_poll, ARGS(0, 0, -1));
	u64 start = rdtsc(), end = start + draw(&f->race_random) % timer_us_to_tsc(200);

	f->entries++;
	publish_index(f->a, 7);
	while (rdtsc() < end)
		cpu_relax();
	WRITE_ONCE(e->flags, CRTOS_ENTRY_CANCEL);
	store_release(&f->a->slot->cancels, f->a->slot->cancels + 1);
	mb();	/* as slot.c has it */
	ring_linux(f->a);
	return fuzz_says(f, "poll", fuzz_result(f, e), -EINTR);
}

/* Fields of an entry, from what is right to what is not */
static void rewrite_entry(struct fuzz *f, u64 *random)
{
	static const u32 nrs[] = { NR_getppid, NR_access, __NR_gettid, 0x7fffffff };
	static const u8 ops[] = { CRTOS_OP_SYSCALL, CRTOS_OP_ARGS, CRTOS_OP_UNMAP, 77 };
	static const u8 flags[] = { 0, CRTOS_ENTRY_NOTIFY, CRTOS_ENTRY_CANCEL, 0xf0 };
	static const u8 priorities[] = { 0, 50, 99, 200 };
	static const u64 args[] = { PAGE_VA + AT_DIR, PAGE_VA, 1, ~0ULL };
	struct crtos_entry *e = f->target;
	u64 value = draw(random) >> 8;

	WRITE_ONCE(e->nr, nrs[value & 3]);
	WRITE_ONCE(e->args[(value >> 2) % 6], args[value >> 8 & 3]);
	if (value >> 10 & 7)
		return;
	WRITE_ONCE(e->op, ops[value >> 13 & 3]);
	WRITE_ONCE(e->flags, flags[value >> 15 & 3]);
	WRITE_ONCE(e->priority, priorities[value >> 17 & 3]);
	WRITE_ONCE(e->status, value >> 19 & 1 ? 77 : CRTOS_ENTRY_PENDING);
	WRITE_ONCE(e->op, ops[0]);
	WRITE_ONCE(e->flags, flags[0]);
	WRITE_ONCE(e->priority, priorities[0]);
}

static bool entry_rewritten(struct fuzz *f)
{
	static const s64 results[] = { 0, -ENOSYS, -EFAULT, -EINVAL, -EINTR, -ENOENT };
	u32 i, k, first = any(f, 64);
	s64 got;

	for (i = 0; i < NR_REWRITES; i++) {
		u8 index = (first + i) % CRTOS_NR_ENTRIES;
		u64 start = rdtsc();

		f->target = prepare(f->a, index, CRTOS_OP_SYSCALL, NR_getppid,
				    ARGS(PAGE_VA + AT_DIR));
		race(f, rewrite_entry);
		publish_index(f->a, index);
		f->entries++;
		/* Its status says nothing. */
		do {
			rewrite_entry(f, &f->race_random);
			got = READ_ONCE(f->target->result);
		} while (got == ECANARY && in_time(start));
		race(f, NULL);
		for (k = 0; k < ARRAY_SIZE(results) && got != results[k]; k++)
			;
		if (k == ARRAY_SIZE(results) && !fuzz_says(f, "rewritten", got, f->ppid))
			return false;
	}
	return goes_on(f);
}

static struct fuzz_act {
	const char *name;
	bool (*run)(struct fuzz *f);
	u64 hits;
} acts[NR_ACTS] = {
	{ "page table: root", bad_root, 0 },
	{ "page table: entry", bad_table, 0 },
	{ "page table: anywhere", any_page, 0 },
	{ "page table: read-only", read_only, 0 },
	{ "UPID: no such CPU", upid_no_cpu, 0 },
	{ "UPID: vector", upid_bad_vector, 0 },
	{ "UPID: anything", upid_any, 0 },
	{ "UPID", upid_good, 0 },
	{ "doorbells", doorbells, 0 },
	{ "doorbell scribbled", doorbell_scribbled, 0 },
	{ "header scribbled", header_scribbled, 0 },
	{ "cancelled", cancelled, 0 },
	{ "entry rewritten", entry_rewritten, 0 },
};

/* Ends: they return the wait status, or -1 if Linux did not behave. */

static int broken(struct fuzz *f)
{
	f->bad++;
	return fuzz_says(f, "killed", killed(f->a), true) &&
	       fuzz_says(f, "error", f->a->slot->error, EPROTO) ? SIGKILL : -1;
}

static int end_index(struct fuzz *f)
{
	publish_index(f->a, CRTOS_NR_ENTRIES + any(f, 256 - CRTOS_NR_ENTRIES));
	return broken(f);
}

static int end_ahead(struct fuzz *f)
{
	publish(f->a, CRTOS_SQ_SIZE + 1 + any(f, 0x7fffffff));
	return broken(f);
}

static int end_back(struct fuzz *f)
{
	publish(f->a, -1 - any(f, 1000));
	return broken(f);
}

/* Until Linux has taken all that was published, or has killed it */
static void all_taken(struct fuzz *f)
{
	struct crtos_slot *slot = f->a->slot;
	u64 start = rdtsc();

	while (READ_ONCE(slot->sq_head) != READ_ONCE(slot->sq_tail) && attached(f->a) &&
	       in_time(start))
		cpu_relax();
}

static int end_taken(struct fuzz *f)
{
	prepare(f->a, 5, CRTOS_OP_SYSCALL, __NR_poll, ARGS(0, 0, -1));
	publish_index(f->a, 5);
	all_taken(f);
	publish_index(f->a, 5);
	return broken(f);
}

static int end_exit(struct fuzz *f)
{
	static const u32 statuses[] = { 0, 1 << 8, 255 << 8, SIGSEGV, SIGKILL };
	u32 status = statuses[any(f, ARRAY_SIZE(statuses))];

	prepare(f->a, 1, CRTOS_OP_EXIT, any_bits(f), ARGS(status));
	publish_index(f->a, 1);
	return status;
}

/* With some calls under way */
static int end_kill(struct fuzz *f)
{
	u32 i, n = any(f, CRTOS_SQ_SIZE);
	u64 bad = f->bad;

	for (i = 0; i < n; i++) {
		fill(f, i, any(f, ARRAY_SIZE(kinds)));
		f->a->slot->sq[(f->a->nr + i) % CRTOS_SQ_SIZE] = i;
	}
	/* Nobody knows how many of them are taken. */
	f->bad = bad;
	fuzz_publish(f, n);
	return fuzz_says(f, "kill", linux_call(f->parent, __NR_kill, ARGS(f->pid, SIGKILL)), 0) &&
	       fuzz_says(f, "killed", killed(f->a), true) &&
	       fuzz_says(f, "error", f->a->slot->error, 0) ? SIGKILL : -1;
}

/* Where two CPUs race, Linux may find the ring broken, or not. */
static int may_be_broken(struct fuzz *f)
{
	if (fuzz_call(f, NR_getppid, ARGS()) == f->ppid) {
		f->held++;
		return end_exit(f);
	}
	f->broke++;
	return broken(f);
}

/* The index that is taken next; those behind the last entry are in the next slot. */
static void rewrite_index(struct fuzz *f, u64 *random)
{
	u8 *index = &f->a->slot->sq[(f->a->nr - 1) % CRTOS_SQ_SIZE];

	WRITE_ONCE(*index, 0);
	WRITE_ONCE(*index, draw(random) % 64 ? 0 : 3 * CRTOS_NR_ENTRIES);
	WRITE_ONCE(*index, 0);
}

static void publish_too(struct fuzz *f, u64 *random)
{
	struct crtos_slot *slot = f->a->slot;
	u32 tail = load_acquire(&slot->sq_tail);

	if (tail - READ_ONCE(slot->sq_head) >= CRTOS_SQ_SIZE && draw(random) % 256)
		return;
	slot->entries[32].nr = NR_getppid;
	slot->entries[32].op = CRTOS_OP_SYSCALL;
	slot->sq[tail % CRTOS_SQ_SIZE] = 32;
	store_release(&slot->sq_tail, tail + 1);
}

static int end_race(struct fuzz *f, void (*run)(struct fuzz *f, u64 *random))
{
	struct crtos_slot *slot = f->a->slot;
	u32 i;

	prepare(f->a, 32, CRTOS_OP_SYSCALL, NR_getppid, ARGS());
	for (i = 0; i < NR_REWRITES && attached(f->a); i++) {
		u64 end = rdtsc() + draw(&f->race_random) % timer_us_to_tsc(200);

		prepare(f->a, 0, CRTOS_OP_SYSCALL, NR_getppid, ARGS());
		publish_index(f->a, 0);
		race(f, run);
		do {
			run(f, &f->race_random);
		} while (rdtsc() < end);
		race(f, NULL);
		ring_linux(f->a);
		all_taken(f);
		f->a->nr = READ_ONCE(slot->sq_tail);
	}
	f->entries += i;
	return may_be_broken(f);
}

static int end_index_rewritten(struct fuzz *f)
{
	return end_race(f, rewrite_index);
}

static int end_two_publishers(struct fuzz *f)
{
	return end_race(f, publish_too);
}

static struct fuzz_end {
	const char *name;
	int (*run)(struct fuzz *f);
	u64 hits;
} ends[] = {
	{ "ring: index", end_index, 0 },
	{ "ring: more than it holds", end_ahead, 0 },
	{ "ring: tail goes back", end_back, 0 },
	{ "ring: entry is taken", end_taken, 0 },
	{ "EXIT", end_exit, 0 },
	{ "killed", end_kill, 0 },
	{ "index rewritten", end_index_rewritten, 0 },
	{ "two CPUs on a ring", end_two_publishers, 0 },
};

/* A call in the other slot, which is under way while @run does what it does */
static bool beside(struct fuzz *f, bool (*run)(struct fuzz *f))
{
	struct crtos_entry *e = prepare(f->beside, 2, CRTOS_OP_SYSCALL, NR_lseek,
					ARGS(f->fd, ++f->calls, 0));
	bool ok;

	publish_index(f->beside, 2);
	ok = run(f);
	return fuzz_says(f, "call of the other process", result(e), f->calls) && ok;
}

static bool act(struct fuzz *f)
{
	struct fuzz_act *act = &acts[f->deck[f->next_act]];
	bool ok = act->run(f);

	act->hits += ok;
	return ok;
}

/* What its parent sees of the end */
static bool reaped(struct fuzz *f, u32 status)
{
	const u32 *got = (const u32 *)(f->parent->page + STATUS);
	s64 pid = linux_call(f->parent, NR_wait4, ARGS(f->pid, PAGE_VA + STATUS));
	u64 start = rdtsc();

	if (!fuzz_says(f, "wait4", pid, f->pid) || !fuzz_says(f, "wait status", *got, status))
		return false;
	while (load_acquire(&f->a->slot->linux_state) != CRTOS_SLOT_GONE)
		if (!in_time(start))
			return fuzz_says(f, "gone", false, true);
	store_release(&f->a->slot->rtos_state, CRTOS_PROCESS_ENDED);
	return true;
}

static bool end(struct fuzz *f)
{
	struct fuzz_end *end = &ends[f->cycle % ARRAY_SIZE(ends)];
	int status = end->run(f);
	bool ok = status >= 0 && reaped(f, status);

	f->entries++;
	end->hits += ok;
	return ok;
}

static struct attempt *find_child(struct fuzz *f)
{
	u32 i;

	for (i = 0; i < CRTOS_MAX_SLOTS; i++) {
		struct crtos_slot *slot = slot_at(i);

		if (load_acquire(&slot->linux_state) == CRTOS_SLOT_ATTACHED &&
		    slot->rtos_state == CRTOS_PROCESS_NONE && slot->pid == f->pid &&
		    slot->parent == f->parent->index)
			return adopt(i);
	}
	return NULL;
}

static bool spawn(struct fuzz *f)
{
	u64 start = rdtsc();

	f->pid = linux_call(f->parent, __NR_fork, ARGS());
	do {
		f->a = find_child(f);
	} while (!f->a && in_time(start));
	if (!f->a)
		return fuzz_says(f, "fork", (int)f->pid, 0);
	f->window = f->a->slot->window_addr;
	f->window_len = f->a->slot->window_len;
	WRITE_ONCE(f->a->slot->upid.control, own_upid(apic_ndst(), VEC_DOORBELL));
	memcpy(f->a->page + AT_DIR, "/", 2);
	memcpy(f->a->page + AT_NO_FILE, "/no", 4);
	return true;
}

static bool cycle(struct fuzz *f)
{
	u32 i, k;
	bool ok;

	f->random = ((f->seed << 32) + f->cycle + 1) * 0x9e3779b97f4a7c15ULL | 1;
	for (i = 0; i < ARRAY_SIZE(acts); i++) {
		k = any(f, i + 1);
		f->deck[i] = f->deck[k];
		f->deck[k] = i;
	}
	ok = spawn(f);
	for (f->next_act = 0; ok && f->next_act < ARRAY_SIZE(acts); f->next_act++)
		ok = (!any(f, 4) || beside(f, batch)) && beside(f, act);
	f->decisions = 31 * f->decisions + f->random;
	return ok && beside(f, end);
}

/* Behind the path and the name of the program; counts from 0. */
static u64 argument(struct attempt *a, u32 number)
{
	const char *s = a->page;
	u64 value = 0;

	for (number += 2; number; number--)
		s += strlen(s) + 1;
	for (; *s >= '0' && *s <= '9'; s++)
		value = value * 10 + *s - '0';
	return value;
}

static void report(const char *name, u64 *hits)
{
	printf("fuzz: %llu times %s\n", *hits, name);
	*hits = 0;
}

static void report_all(struct fuzz *f)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		report(kinds[i].name, &kinds[i].hits);
	for (i = 0; i < ARRAY_SIZE(acts); i++)
		report(acts[i].name, &acts[i].hits);
	for (i = 0; i < ARRAY_SIZE(ends); i++)
		report(ends[i].name, &ends[i].hits);
	printf("fuzz: races: %llu on the other CPU, %llu held, %llu broke; decisions %llx\n",
	       READ_ONCE(others_races), f->held, f->broke, f->decisions);
	others_races = 0;
	printf("fuzz: %llu entries, %llu bad requests, %llu calls beside, next cycle %llu\n",
	       f->entries, f->bad, f->calls, f->cycle);
}

static s64 call_beside(struct fuzz *f, u32 nr, const u64 *args)
{
	return submit(f->beside, prepare(f->beside, 2, CRTOS_OP_SYSCALL, nr, args));
}

bool run_fuzz(struct attempt *a)
{
	const u64 wanted = argument(a, 2);
	struct fuzz *f = &fuzz;
	bool ok = true;

	*f = (struct fuzz) {
		.parent = a,
		.beside = staying ? staying : a,
		.seed = argument(a, 0),
		.cycle = argument(a, 1),
		.race_random = rdtsc() | 1,
		.ppid = linux_call(a, NR_getpid, ARGS()),
	};
	printf("fuzz: seed %llu, from cycle %llu\n", f->seed, f->cycle);
	f->fd = call_beside(f, NR_memfd_create, ARGS(PAGE_VA));
	while (ok && f->entries < wanted) {
		ok = cycle(f);
		f->cycle += ok;
	}
	report_all(f);
	return call_beside(f, __NR_close, ARGS(f->fd)) == 0 && ok;
}

void rtos_other_cpu(void)
{
	u64 random = rdtsc() | 1;

	if (this_cpu()->index != 1)
		cpu_halt();
	store_release(&other_cpu, true);
	for (;;) {
		void (*run)(struct fuzz *f, u64 *random) = load_acquire(&fuzz.race);

		store_release(&raced, run);
		if (!run) {
			cpu_idle();	/* until it is kicked */
			continue;
		}
		run(&fuzz, &random);
		others_races++;
	}
}
