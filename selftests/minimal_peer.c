// SPDX-License-Identifier: GPL-2.0
/*
 * The smallest RTOS side of crtos_abi.h. This process is the RTOS, and makes two
 * calls for a process of its own, in slot 0. -v shows the bytes that change.
 */
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <linux/crtos.h>

#define REGION_LEN	(4 << 20)	/* of a loop-back partition */
#define WINDOW		0x1000000000ULL	/* where the process has its only page */
#define load(p)		__atomic_load_n(p, __ATOMIC_ACQUIRE)
#define store(p, v)	__atomic_store_n(p, v, __ATOMIC_RELEASE)
#define set(p, v)	__atomic_fetch_or(p, v, __ATOMIC_SEQ_CST)	/* old value */

static struct crtos_header *header;	/* first in the region */
static struct crtos_slot *slot;
static int crtos, rtos, verbose;

/* What is different from the last time */
static void show(const void *base, const char *what, unsigned int from, unsigned int to)
{
	static unsigned char seen[2][sizeof(*slot)];
	unsigned char *s = seen[base == slot] + from, n[8];

	for (; verbose && from < to; from += 8, s += 8) {
		memcpy(n, base + from, 8);
		if (memcmp(s, n, 8))
			printf("# %-10s %04x  %02x %02x %02x %02x %02x %02x %02x %02x\n", what,
			       from, n[0], n[1], n[2], n[3], n[4], n[5], n[6], n[7]);
		memcpy(s, n, 8);
	}
}

static void show_all(const char *step)
{
	printf("# %s\n", step);
	show(slot, "slot", 0x0, 0x88);
	show(slot, "slot", 0x1000, 0x1048);
	show(slot, "entry 0", 0x2000, 0x2040);
	show(header, "linux_upid", 0x100, 0x110);
	fflush(stdout);
}

/* The child becomes the shadow of the process. */
static void become_shadow(unsigned int partition)
{
	struct crtos_run run = { .partition = partition, .argc = 1, .fd = crtos,
				 .strings = (unsigned long)"minimal\0minimal", .strings_len = 16,
				 .window_addr = WINDOW, .window_len = 4096 };

	close(rtos);
	ioctl(crtos, CRTOS_IOC_RUN, &run);
	_exit(1);	/* It returns only if it fails. */
}

/* Start a partition, be its RTOS, and say that it is ready for the child. */
static pid_t start(void)
{
	__u32 cpu = 0;
	struct crtos_start start = { .backend = CRTOS_BACKEND_LOOPBACK,
				     .partition = CRTOS_PARTITION_ANY,
				     .nr_cpus = 1, .cpus = (unsigned long)&cpu };
	struct crtos_peer peer = {};
	pid_t pid;

	if (ioctl(crtos, CRTOS_IOC_START, &start))
		err(1, "start");
	peer.partition = start.partition;
	rtos = ioctl(crtos, CRTOS_IOC_PEER, &peer);
	if (rtos < 0)
		err(1, "peer");
	header = mmap(NULL, REGION_LEN, PROT_READ | PROT_WRITE, MAP_SHARED, rtos, 0);
	if (header == MAP_FAILED || header->magic != CRTOS_HEADER_MAGIC)
		err(1, "region");
	slot = (void *)header + header->slots_off;

	header->rtos_upid.control = CRTOS_UPID_SN;	/* no interrupts: it polls */
	header->rtos_version = CRTOS_ABI_VERSION;
	store(&header->rtos_state, CRTOS_RTOS_READY);
	pid = fork();
	if (pid < 0)
		err(1, "fork");
	if (!pid)
		become_shadow(start.partition);
	return pid;
}

/* Four tables and the page, which is returned, are the first that are free. */
static void *attach(void)
{
	__u64 addr = header->region_addr + header->free_off;
	__u64 (*page)[512] = (void *)header + header->free_off;

	while (load(&slot->linux_state) != CRTOS_SLOT_ATTACHED)
		;
	show_all("attached");
	for (int i = 0; i < 4; i++)	/* present, writable, user */
		page[i][WINDOW >> (39 - 9 * i) & 511] = (addr + 4096 * (i + 1)) | 7;
	slot->map_root = addr;
	slot->upid.control = CRTOS_UPID_SN;
	store(&slot->rtos_state, CRTOS_PROCESS_RUNNING);
	show_all("running");
	return page[4];
}

static void publish(__u8 op, __u32 nr, __u64 arg0, __u64 arg1, __u64 arg2)
{
	struct crtos_upid *upid = &header->linux_upid;
	struct crtos_entry *e = &slot->entries[0];
	__u32 tail = slot->sq_tail;
	__u64 any = 0;

	e->nr = nr;
	e->op = op;
	e->status = CRTOS_ENTRY_PENDING;
	memcpy(e->args, ((__u64[6]) { arg0, arg1, arg2 }), sizeof(e->args));
	slot->sq[tail % CRTOS_SQ_SIZE] = 0;	/* which entry */
	store(&slot->sq_tail, tail + 1);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	show_all("published");
	if (!(load(&slot->flags) & CRTOS_SLOT_NEED_WAKEUP))
		return;

	set(&upid->pir, 1ULL);			/* which slot */
	if (load(&upid->control) & (CRTOS_UPID_ON | CRTOS_UPID_SN) ||
	    set(&upid->control, CRTOS_UPID_ON) & CRTOS_UPID_ON)
		return;
	show_all("posted");
	if (write(rtos, &any, sizeof(any)) < 0)	/* An RTOS would use its APIC. */
		err(1, "doorbell");
}

static __s64 call(__u32 nr, __u64 arg0, __u64 arg1, __u64 arg2)
{
	publish(CRTOS_OP_SYSCALL, nr, arg0, arg1, arg2);
	while (load(&slot->entries[0].status) != CRTOS_ENTRY_DONE)
		;
	show_all("done");
	return slot->entries[0].result;
}

int main(int argc, char **argv)
{
	static const char text[] = "hello from the other side\n";
	__s64 written, parent;
	int status = 0;
	pid_t pid;

	verbose = argc > 1 && !strcmp(argv[1], "-v");
	crtos = open("/dev/crtos", O_RDWR);
	if (crtos < 0) {
		perror("# skipped: /dev/crtos");
		return 4;
	}
	alarm(60);
	pid = start();
	memcpy(attach(), text, sizeof(text));
	written = call(SYS_write, 1, WINDOW, sizeof(text) - 1);
	parent = call(SYS_getppid, 0, 0, 0);
	publish(CRTOS_OP_EXIT, 0, 42 << 8, 0, 0);	/* not answered */
	while (load(&slot->linux_state) != CRTOS_SLOT_GONE)
		;
	store(&slot->rtos_state, CRTOS_PROCESS_ENDED);
	show_all("ended");
	waitpid(pid, &status, 0);

	printf("# write: %lld, getppid: %lld (I am %d), exit status: %d\n", (long long)written,
	       (long long)parent, getpid(), WEXITSTATUS(status));
	return written != sizeof(text) - 1 || parent != getpid() || status != 42 << 8;
}
