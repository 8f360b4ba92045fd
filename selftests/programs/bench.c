// SPDX-License-Identifier: GPL-2.0
/*
 * Cycles of the time stamp counter for an operation, one after the other.
 *
 *	bench METHOD OPERATION ROUNDS LEAST MOST [FILE]
 *
 * METHOD: who makes the call, and how it is told, see the table; OPERATION: none,
 * getppid, write1 or write4k to FILE, or readblock from a FIFO, for which each
 * message says when it was written, and that is when the time starts. LEAST and MOST:
 * cycles between two of them, at random.
 *
 * Says the least, the median, the 99th percentile and how many there were, and in a
 * second line 21 quantiles.
 */
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "slot.h"
#include "../test_modules/crtos_test_floor.h"

#define MAX_ROUNDS	100000
#define WARM_UP		50
#define QUANTILES	20

struct operation {
	const char *name;
	__u64 nr;
	__u64 args[6];
	bool stamped;	/* what is read says when it was written */
};

static const struct operation operations[] = {
	{ "none" },
	{ "getppid", SYS_getppid },
	{ "write1", SYS_write, { FLOOR_FD, FLOOR_DATA, 1 } },
	{ "write4k", SYS_write, { FLOOR_FD, FLOOR_DATA, 4096 } },
	{ "readblock", SYS_read, { FLOOR_FD, FLOOR_DATA, sizeof(__u64) }, true },
	{}
};

enum ring { RING_USER, RING_KERNEL, RING_NEVER };

static struct floor_control *const control = (struct floor_control *)FLOOR_ADDR;
static __u64 cycles[WARM_UP + MAX_ROUNDS];
static enum ring ring;
static int device = -1;
static long expected;

/*
 * A call that Linux makes for this process: through the kernel of the RTOS; not
 * through it, the completion is polled for; nor that, it is a user interrupt.
 */
static long by_kernel(unsigned int index, const struct operation *op)
{
	return syscall(op->nr, op->args[0], op->args[1], op->args[2]);
}

static long by_ring3(unsigned int index, const struct operation *op)
{
	struct crtos_entry *e = slot_publish(index, op->nr, op->args, 0);

	slot_ring();
	return slot_poll(e);
}

static long by_interrupt(unsigned int index, const struct operation *op)
{
	struct crtos_entry *e = slot_publish(index, op->nr, op->args, CRTOS_ENTRY_NOTIFY);

	slot_ring();
	return slot_wait(e);
}

static void poll_word(const __u32 *word, __u32 value)
{
	unsigned long long end = __rdtsc() + SLOT_LIMIT;

	while (__atomic_load_n(word, __ATOMIC_ACQUIRE) != value) {
		if (__rdtsc() > end)
			slot_die("no answer");
		_mm_pause();
	}
}

/* A request for the module's thread or a proxy. What rings is a full barrier. */
static long by_floor(unsigned int index, const struct operation *op)
{
	__u32 seq = control->request.seq + 1;

	control->request.nr = op->nr;
	memcpy(control->request.args, op->args, sizeof(control->request.args));
	__atomic_store_n(&control->request.seq, seq, __ATOMIC_RELEASE);
	if (ring == RING_USER)
		asm volatile("senduipi %0" : : "r" (1ULL) : "memory");
	else if (ring == RING_KERNEL)
		syscall(SYS_arch_prctl, ARCH_CRTOS_POST);
	poll_word(&control->answer.seq, seq);
	return control->answer.result;
}

static void use_nothing(void)
{
}

static void use_software(void)
{
	if (syscall(SYS_arch_prctl, ARCH_CRTOS_SOFTWARE, 1))
		slot_die("this is not the test RTOS");
}

static void use_uintr(void)
{
	if (!slot_open() || syscall(SYS_arch_prctl, ARCH_CRTOS_SOFTWARE, 0))
		slot_die("this is not the test RTOS, or it has no user interrupts");
}

static void use_module(void)
{
	device = open("/dev/" FLOOR_DEVICE, O_RDWR);
	if (device < 0)
		slot_die("no " FLOOR_DEVICE);
}

static void use_floor(__u32 who, enum ring how)
{
	struct floor_share share = { .addr = FLOOR_ADDR, .who = who };

	use_module();
	ring = how;
	if (ring == RING_USER)
		use_uintr();
	if (syscall(SYS_arch_prctl, ARCH_CRTOS_UITT, FLOOR_ADDR))
		slot_die("this is not the test RTOS");
	if (ioctl(device, FLOOR_SHARE, &share))
		slot_die("the module does not share");
}

static void use_sleeper(void)
{
	use_floor(FLOOR_SLEEPER, RING_USER);
}

static void use_sleeper_software(void)
{
	use_floor(FLOOR_SLEEPER, RING_KERNEL);
}

static void use_poller(void)
{
	use_floor(FLOOR_POLLER, RING_NEVER);
}

static void wait_for_proxy(void)
{
	unsigned long long end = __rdtsc() + SLOT_LIMIT;

	while (!(expected = __atomic_load_n(&control->proxy.parent, __ATOMIC_ACQUIRE)))
		if (__rdtsc() > end)
			slot_die("no proxy");
}

static void use_proxy(void)
{
	use_floor(FLOOR_PROXY, slot_open() ? RING_USER : RING_KERNEL);
	wait_for_proxy();
}

static void use_polling_proxy(void)
{
	use_floor(FLOOR_PROXY, RING_NEVER);
	wait_for_proxy();
}

static const struct method {
	const char *name;
	void (*prepare)(void);
	long (*call)(unsigned int index, const struct operation *op);
} methods[] = {
	{ "native", use_nothing, by_kernel },
	{ "kernel", use_module },	/* the kernel of Linux, for itself */
	{ "ipi", use_software, by_kernel },
	{ "senduipi", use_uintr, by_kernel },
	{ "ring3", use_uintr, by_ring3 },
	{ "posted", use_uintr, by_interrupt },
	{ "floor-ipi", use_sleeper_software, by_floor },
	{ "floor-senduipi", use_sleeper, by_floor },
	{ "floor-polled", use_poller, by_floor },
	{ "proxy", use_proxy, by_floor },
	{ "proxy-polled", use_polling_proxy, by_floor },
	{}
};

static const struct method *find_method(const char *name)
{
	const struct method *m;

	for (m = methods; m->name; m++)
		if (!strcmp(m->name, name))
			return m;
	return NULL;
}

static const struct operation *find_operation(const char *name)
{
	const struct operation *op;

	for (op = operations; op->name; op++)
		if (!strcmp(op->name, name))
			return op;
	return NULL;
}

static void measure(const struct method *m, const struct operation *op, int rounds,
		    unsigned long long least, unsigned long long most)
{
	unsigned long long start, end;
	int i;

	for (i = 0; i < rounds; i++) {
		wait_cycles(random_between(least, most));
		start = __rdtsc();
		if (m->call((unsigned int)i % SLOT_ENTRIES, op) != expected)
			slot_die("wrong answer");
		end = __rdtsc();
		if (op->stamped)
			start = __atomic_load_n((__u64 *)FLOOR_DATA, __ATOMIC_RELAXED);
		cycles[i] = end - start;
	}
}

static void measure_kernel(const struct operation *op, int rounds)
{
	struct floor_calls calls = {
		.nr = op->nr,
		.rounds = rounds,
		.cycles = (unsigned long)cycles,
	};

	memcpy(calls.args, op->args, sizeof(calls.args));
	if (ioctl(device, FLOOR_CALLS, &calls))
		slot_die("the module does not make the calls");
}

static void open_file(const char *name)
{
	int fd = open(name, O_RDWR | O_CREAT, 0600);

	if (fd < 0 || dup2(fd, FLOOR_FD) < 0)
		slot_die(name);
}

static void map_pages(void)
{
	void *p = mmap((void *)FLOOR_ADDR, FLOOR_PAGES * 4096, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	if (p != (void *)FLOOR_ADDR)
		slot_die("no memory");
	memset(p, 0, FLOOR_PAGES * 4096);
}

static int compare(const void *a, const void *b)
{
	__u64 x = *(__u64 *)a, y = *(__u64 *)b;

	return (x > y) - (x < y);
}

static void report(__u64 *sorted, int rounds)
{
	int i;

	qsort(sorted, rounds, sizeof(*sorted), compare);
	printf("%llu %llu %llu %d\n", sorted[0], sorted[rounds / 2], sorted[rounds * 99 / 100],
	       rounds);
	for (i = 0; i <= QUANTILES; i++)
		printf("%llu%c", sorted[(long)(rounds - 1) * i / QUANTILES],
		       i < QUANTILES ? ' ' : '\n');
}

int main(int argc, char **argv)
{
	const struct method *m = argc > 5 ? find_method(argv[1]) : NULL;
	const struct operation *op = m ? find_operation(argv[2]) : NULL;
	int rounds = op ? atoi(argv[3]) : 0;

	if (rounds < 1 || rounds > MAX_ROUNDS) {
		fprintf(stderr, "usage: bench METHOD OPERATION ROUNDS LEAST MOST [FILE]\n");
		return 2;
	}
	if (argc > 6)
		open_file(argv[6]);
	map_pages();
	expected = getppid();
	m->prepare();
	if (op->nr != SYS_getppid)
		expected = op->args[2];

	if (m->call)
		measure(m, op, WARM_UP + rounds, strtoull(argv[4], NULL, 0),
			strtoull(argv[5], NULL, 0));
	else
		measure_kernel(op, WARM_UP + rounds);
	/* Before the memory goes that the module uses */
	close(device);
	report(cycles + WARM_UP, rounds);
	return 0;
}
