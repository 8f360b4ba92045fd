// SPDX-License-Identifier: GPL-2.0
/* See peer.h. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <linux/filter.h>
#include <linux/seccomp.h>

#include "peer.h"

/* How long to poll for a completion before sleeping */
#define SPINS	1000

const char *peer_missing(void)
{
	if (geteuid())
		return "must be run as root";
	if (access("/dev/crtos", F_OK))
		return "no CONFIG_CRTOS";
	return NULL;
}

unsigned int first_cpu(void)
{
	FILE *file = fopen("/sys/devices/system/cpu/online", "r");
	unsigned int cpu = 0;

	if (file) {
		if (fscanf(file, "%u", &cpu) != 1)
			cpu = 0;
		fclose(file);
	}
	return cpu;
}

/* Become the RTOS of a partition that is running. */
int peer_open(struct peer *peer)
{
	struct crtos_peer arg = { .partition = peer->partition };
	struct crtos_status status = peer_status(peer);
	void *region;
	int err = 0;

	peer->rtos = ioctl(peer->fd, CRTOS_IOC_PEER, &arg);
	if (peer->rtos < 0)
		return errno;
	region = mmap(NULL, status.region_len, PROT_READ | PROT_WRITE, MAP_SHARED, peer->rtos, 0);
	if (region == MAP_FAILED)
		return errno;
	peer->region = region;
	peer->len = status.region_len;
	peer->header = region;
	if (peer->header->region_len < peer->header->free_off + CRTOS_MAX_SLOTS * SLOT_MEM)
		err = EFBIG;
	return err;
}

int peer_start(struct peer *peer)
{
	struct crtos_start start = {
		.backend = CRTOS_BACKEND_LOOPBACK,
		.nr_cpus = 1,
		.cpus = (uintptr_t)&peer->cpu,
		.partition = CRTOS_PARTITION_ANY,
	};
	int err;

	*peer = (struct peer) { .cpu = peer->cpu, .rtos = -1 };
	peer->fd = open("/dev/crtos", O_RDWR | O_CLOEXEC);
	if (peer->fd < 0)
		return errno;
	if (ioctl(peer->fd, CRTOS_IOC_START, &start)) {
		err = errno;
		close(peer->fd);
		peer->fd = -1;
		return err;
	}
	peer->partition = start.partition;
	err = peer_open(peer);
	if (err)
		peer_stop(peer);
	return err;
}

int peer_start_ready(struct peer *peer)
{
	int err;

	peer->cpu = first_cpu();
	err = peer_start(peer);
	if (!err)
		peer_ready(peer);
	return err;
}

/* The RTOS is gone. A shadow that is forked has no part in it. */
void peer_close(struct peer *peer)
{
	if (peer->region)
		munmap(peer->region, peer->len);
	if (peer->rtos >= 0)
		close(peer->rtos);
	peer->region = NULL;
	peer->rtos = -1;
}

void peer_stop(struct peer *peer)
{
	struct crtos_stop stop = { .partition = peer->partition };

	if (peer->fd < 0)
		return;
	/* It may be stopped already. */
	ioctl(peer->fd, CRTOS_IOC_STOP, &stop);
	peer_close(peer);
	close(peer->fd);
	peer->fd = -1;
	while (waitpid(-1, NULL, 0) > 0)
		;
}

/* A state that there is not, if that fails */
struct crtos_status peer_status(struct peer *peer)
{
	struct crtos_status status = { .partition = peer->partition };

	if (ioctl(peer->fd, CRTOS_IOC_STATUS, &status))
		memset(&status, 0xff, sizeof(status));
	return status;
}

/* There is nothing to say about one that was stopped: its memory is gone. */
bool peer_running(struct peer *peer)
{
	return peer_status(peer).state == CRTOS_STATE_RUNNING;
}

int peer_slot(struct peer *peer, unsigned int slot, struct crtos_slot_stats *stats)
{
	*stats = (struct crtos_slot_stats) { .partition = peer->partition, .slot = slot };
	return ioctl(peer->fd, CRTOS_IOC_SLOT, stats) ? errno : 0;
}

/* What the RTOS calls a physical address */
__u64 peer_addr(struct peer *peer, const void *p)
{
	return peer->header->region_addr + ((char *)p - peer->region);
}

/* For a descriptor of the RTOS: the vector of Linux, to the CPU of the partition */
__u64 peer_upid_control(struct peer *peer)
{
	struct crtos_header *header = peer->header;
	__u64 vector = header->linux_upid.control >> CRTOS_UPID_NV_SHIFT & 0xff;
	__u64 apicid = header->cpu_apicid[0];

	if (!header->x2apic)
		apicid <<= 8;
	return vector << CRTOS_UPID_NV_SHIFT | apicid << CRTOS_UPID_NDST_SHIFT;
}

/* From here on Linux may attach slots. */
static void ready_with(struct peer *peer, __u64 features)
{
	struct crtos_header *header = peer->header;

	header->rtos_upid.control = peer_upid_control(peer);
	header->rtos_version = CRTOS_ABI_VERSION;
	header->rtos_features = header->features & features;
	store_release(&header->rtos_state, CRTOS_RTOS_READY);
}

void peer_ready(struct peer *peer)
{
	ready_with(peer, CRTOS_F_TIME | CRTOS_F_CRASH);
}

void peer_ready_alive(struct peer *peer)
{
	ready_with(peer, CRTOS_F_TIME | CRTOS_F_CRASH | CRTOS_F_HEARTBEAT);
}

void peer_beat(struct peer *peer)
{
	__atomic_fetch_add(&peer->header->heartbeat, 1, __ATOMIC_RELAXED);
}

/* The notification, which an RTOS sends through its APIC */
void peer_send(struct peer *peer)
{
	__u64 any = 1;

	peer->header->doorbells_out++;
	if (write(peer->rtos, &any, sizeof(any)) != sizeof(any))
		perror("# write to the peer descriptor");
}

void peer_post(struct peer *peer, unsigned int bit)
{
	struct crtos_upid *upid = &peer->header->linux_upid;

	__atomic_fetch_or(&upid->pir, 1ULL << bit, __ATOMIC_SEQ_CST);
	if (load_acquire(&upid->control) & (CRTOS_UPID_ON | CRTOS_UPID_SN))
		return;
	if (__atomic_fetch_or(&upid->control, CRTOS_UPID_ON, __ATOMIC_SEQ_CST) & CRTOS_UPID_ON)
		return;
	peer_send(peer);
}

/* ON is cleared before the requests are read, or one might be lost. */
static __u64 take(struct crtos_upid *upid)
{
	__atomic_fetch_and(&upid->control, ~CRTOS_UPID_ON, __ATOMIC_SEQ_CST);
	return __atomic_exchange_n(&upid->pir, 0, __ATOMIC_SEQ_CST);
}

/* Sleep until Linux notifies, and take all requests: there is one vector only. */
bool peer_wait(struct peer *peer)
{
	struct pollfd pollfd = { .fd = peer->rtos, .events = POLLIN };
	struct process *p;
	__u64 count;

	if (poll(&pollfd, 1, PATIENCE_MS) != 1 ||
	    read(peer->rtos, &count, sizeof(count)) != sizeof(count))
		return false;

	peer->header->doorbells_in += count;
	peer->changed |= take(&peer->header->rtos_upid);
	for (p = peer->process; p < peer->process + CRTOS_MAX_SLOTS; p++)
		if (p->slot)
			p->done |= take(&p->slot->upid);
	return true;
}

struct crtos_run peer_run_arg(struct peer *peer, int fd)
{
	static const char strings[] = "peer\0peer\0A=1";

	return (struct crtos_run) {
		.partition = peer->partition,
		.argc = 1,
		.envc = 1,
		.fd = fd,
		.strings = (uintptr_t)strings,
		.strings_len = sizeof(strings),
		.window_addr = WINDOW,
		.window_len = WINDOW_LEN,
	};
}

/* A child that becomes a shadow, with no descriptors but 0, 1 and 2. */
pid_t peer_fork_run(struct peer *peer, const struct crtos_run *run,
		    bool (*prepare)(const void *data), const void *data)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	/* The region is not copied. */
	dup2(peer->fd, run->fd);
	close_range(run->fd + 1, ~0U, 0);
	if (prepare && !prepare(data))
		_exit(1);
	ioctl(run->fd, CRTOS_IOC_RUN, run);
	perror("# CRTOS_IOC_RUN");
	_exit(1);
}

static bool become(const void *data)
{
	const uid_t *id = data;

	return !setgroups(0, NULL) && !setgid(*id) && !setuid(*id);
}

pid_t peer_fork_as(struct peer *peer, uid_t id)
{
	struct crtos_run run = peer_run_arg(peer, 3);

	return peer_fork_run(peer, &run, id ? become : NULL, &id);
}

pid_t peer_fork(struct peer *peer)
{
	return peer_fork_as(peer, 0);
}

static void process_map(struct process *p)
{
	unsigned int i;

	memset(p->table, 0, SLOT_MEM);
	for (i = 0; i < NR_TABLES - 1; i++)
		p->table[i][WINDOW >> (39 - 9 * i) & 511] =
			peer_addr(p->peer, p->table[i + 1]) | PTE_ALL;
	for (i = 0; i < NR_PAGES; i++)
		p->table[NR_TABLES - 1][(WINDOW / PAGE + i) & 511] =
			peer_addr(p->peer, p->mem + i * PAGE) | PTE_ALL;
}

static struct process *process_begin(struct peer *peer, unsigned int index,
				     struct crtos_slot *slot)
{
	char *mem = peer->region + peer->header->free_off + index * SLOT_MEM;
	struct process *p = &peer->process[index];

	*p = (struct process) {
		.peer = peer,
		.index = index,
		.slot = slot,
		.pid = slot->pid,
		.table = (void *)mem,
		.mem = mem + NR_TABLES * PAGE,
		.spare = mem + NR_TABLES * PAGE + MEM_LEN,
	};
	process_map(p);
	slot->upid.control = peer_upid_control(peer);
	slot->map_root = peer_addr(peer, p->table);
	store_release(&slot->rtos_state, CRTOS_PROCESS_RUNNING);
	return p;
}

static struct crtos_slot *first_slot(struct peer *peer)
{
	return (void *)(peer->region + peer->header->slots_off);
}

void peer_acknowledge(struct peer *peer)
{
	struct crtos_slot *slot;

	for (slot = first_slot(peer); slot < first_slot(peer) + CRTOS_MAX_SLOTS; slot++)
		if (load_acquire(&slot->rtos_state) == CRTOS_PROCESS_NONE &&
		    load_acquire(&slot->linux_state) == CRTOS_SLOT_GONE)
			store_release(&slot->rtos_state, CRTOS_PROCESS_ENDED);
}

struct process *peer_find(struct peer *peer, pid_t pid)
{
	struct crtos_slot *slots = first_slot(peer);
	unsigned int i;

	peer_acknowledge(peer);
	for (i = 0; i < CRTOS_MAX_SLOTS; i++)
		if (load_acquire(&slots[i].rtos_state) == CRTOS_PROCESS_NONE &&
		    load_acquire(&slots[i].linux_state) == CRTOS_SLOT_ATTACHED &&
		    (pid < 0 || (pid_t)slots[i].pid == pid))
			return process_begin(peer, i, &slots[i]);
	return NULL;
}

/* Wait until a child, or any for -1, is a shadow, and give it its process. */
struct process *peer_attach(struct peer *peer, pid_t pid)
{
	struct process *p;

	while (!(p = peer_find(peer, pid)) && peer_wait(peer))
		;
	return p;
}

struct process *peer_spawn(struct peer *peer)
{
	pid_t pid = peer_fork(peer);

	return pid < 0 ? NULL : peer_attach(peer, pid);
}

struct process *peer_spawn_with(struct peer *peer, __u32 max_workers,
				bool (*prepare)(const void *data), const void *data)
{
	struct crtos_run run = peer_run_arg(peer, 3);
	pid_t pid;

	run.max_workers = max_workers;
	pid = peer_fork_run(peer, &run, prepare, data);
	return pid < 0 ? NULL : peer_attach(peer, pid);
}

struct crtos_entry *process_fill(struct process *p, unsigned int index, __u8 op, __u32 nr,
				 const __u64 *args)
{
	struct crtos_entry *e = &p->slot->entries[index];

	e->nr = nr;
	e->op = op;
	e->flags = 0;
	e->priority = 0;
	e->status = CRTOS_ENTRY_PENDING;
	memcpy(e->args, args, sizeof(e->args));
	p->done &= ~(1ULL << index);
	return e;
}

/* Without a word to Linux */
void process_publish(struct process *p, unsigned int index)
{
	p->slot->sq[p->tail % CRTOS_SQ_SIZE] = index;
	/* Pairs with the acquiring load of sq_tail in Linux. */
	store_release(&p->slot->sq_tail, ++p->tail);
}

/* The word to Linux, if that needs it */
void process_ring(struct process *p)
{
	/* Linux sees sq_tail or we see NEED_WAKEUP. */
	full_barrier();
	if (load_acquire(&p->slot->flags) & CRTOS_SLOT_NEED_WAKEUP)
		peer_post(p->peer, p->index);
}

void process_start(struct process *p, unsigned int index, __u8 op, __u32 nr, const __u64 *args)
{
	process_fill(p, index, op, nr, args);
	process_publish(p, index);
	process_ring(p);
}

static bool entry_done(struct process *p, unsigned int index)
{
	return status_of(p, index) != CRTOS_ENTRY_PENDING;
}

static bool process_alive(struct process *p)
{
	return load_acquire(&p->slot->linux_state) == CRTOS_SLOT_ATTACHED;
}

__u64 now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000ULL + now.tv_nsec / 1000000;
}

/* Wait for the end of a call, without being notified. */
bool process_poll(struct process *p, unsigned int index)
{
	__u64 end = now_ms() + PATIENCE_MS;

	while (!entry_done(p, index)) {
		if (!process_alive(p) || now_ms() > end)
			return false;
		usleep(100);
	}
	return true;
}

/* Wait for the end of a call: sleep. */
bool process_sleep(struct process *p, unsigned int index)
{
	__atomic_fetch_or(&p->slot->entries[index].flags, CRTOS_ENTRY_NOTIFY, __ATOMIC_SEQ_CST);
	/* Linux sees NOTIFY or we see the status. */
	full_barrier();
	while (!entry_done(p, index))
		if (!process_alive(p) || !peer_wait(p->peer))
			return false;
	return true;
}

/* As an RTOS does it: poll, but not for long. */
__s64 process_result(struct process *p, unsigned int index)
{
	unsigned int i;

	for (i = 0; i < SPINS && !entry_done(p, index); i++)
		__builtin_ia32_pause();
	return process_sleep(p, index) ? (__s64)p->slot->entries[index].result : NO_RESULT;
}

__s64 process_do(struct process *p, __u8 op, __u32 nr, const __u64 *args)
{
	process_start(p, 0, op, nr, args);
	return process_result(p, 0);
}

bool process_answers(struct process *p)
{
	return call(p, SYS_getpid) == p->pid;
}

void process_cancel(struct process *p, unsigned int index)
{
	__atomic_fetch_or(&p->slot->entries[index].flags, CRTOS_ENTRY_CANCEL, __ATOMIC_SEQ_CST);
	__atomic_fetch_add(&p->slot->cancels, 1, __ATOMIC_SEQ_CST);
	peer_post(p->peer, p->index);
}

bool process_signal(struct process *p, struct crtos_signal *signal)
{
	__u32 head = p->slot->signal_head;

	if (!eventually(load_acquire(&p->slot->signal_tail) != head))
		return false;
	*signal = p->slot->signals[head % CRTOS_NR_SIGNALS];
	store_release(&p->slot->signal_head, head + 1);
	return true;
}

/* What the RTOS does before the thread that called goes on: copy the process. */
struct process *process_fork(struct process *p, __u32 nr, const __u64 *args)
{
	struct process *child;
	__s64 pid;

	peer_acknowledge(p->peer);
	pid = process_do(p, CRTOS_OP_SYSCALL, nr, args);
	child = pid > 0 ? peer_attach(p->peer, pid) : NULL;
	if (child)
		memcpy(child->mem, p->mem, MEM_LEN);
	return child;
}

bool write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool good = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		close(fd);
	return good;
}

bool file_has(const char *path, const char *text)
{
	char buf[4096];
	int fd = open(path, O_RDONLY);
	ssize_t len = read(fd, buf, sizeof(buf) - 1);

	close(fd);
	buf[len < 0 ? 0 : len] = 0;
	return strstr(buf, text);
}

bool status_has(pid_t pid, const char *text)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	return file_has(path, text);
}

unsigned int threads_that(pid_t pid, bool (*does)(pid_t pid, pid_t tid, __u32 arg), __u32 arg,
			  pid_t *last)
{
	struct dirent *entry;
	unsigned int nr_threads = 0;
	char path[32];
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	dir = opendir(path);
	while (dir && (entry = readdir(dir))) {
		pid_t tid = atoi(entry->d_name);

		if (!tid || !does(pid, tid, arg))
			continue;
		nr_threads++;
		if (last)
			*last = tid;
	}
	if (dir)
		closedir(dir);
	return nr_threads;
}

static bool thread_in(pid_t pid, pid_t tid, __u32 nr)
{
	unsigned int seen = ~0U;
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/syscall", pid, tid);
	file = fopen(path, "r");
	if (!file)
		return false;
	/* "running" if it is. */
	if (fscanf(file, "%u", &seen) != 1)
		seen = ~0U;
	fclose(file);
	return seen == nr;
}

unsigned int threads_in(pid_t pid, __u32 nr, pid_t *tid)
{
	return threads_that(pid, thread_in, nr, tid);
}

bool entries_pending(struct process *p, unsigned int first, unsigned int last)
{
	unsigned int i;

	for (i = first; i <= last; i++)
		if (status_of(p, i) != CRTOS_ENTRY_PENDING)
			return false;
	return true;
}

bool process_block(struct process *p, unsigned int nr)
{
	const __u64 offset = MEM_LEN - PAGE;
	unsigned int i;

	if (call(p, SYS_pipe2, at(offset), 0))
		return false;
	memcpy(p->pipe, p->mem + offset, sizeof(p->pipe));
	for (i = 1; i <= nr; i++) {
		start_call(p, i, SYS_read, p->pipe[0], at(offset + i), 1);
		if (!process_taken(p))
			return false;
	}
	return eventually(threads_in(p->pid, SYS_read, NULL) >= nr);
}

bool process_unblock(struct process *p, unsigned int nr)
{
	unsigned int i;

	if (!entries_pending(p, 1, nr))
		return false;
	if (call(p, SYS_write, p->pipe[1], at(0), nr) != nr)
		return false;
	for (i = 1; i <= nr; i++)
		if (process_result(p, i) != 1)
			return false;
	return true;
}

static bool wait_for(struct process *p, bool (*condition)(struct process *p))
{
	__u64 end = now_ms() + PATIENCE_MS;

	while (!condition(p)) {
		if (!process_alive(p) || now_ms() > end)
			return false;
		usleep(100);
	}
	return true;
}

static bool needs_wakeup(struct process *p)
{
	return load_acquire(&p->slot->flags) & CRTOS_SLOT_NEED_WAKEUP;
}

static bool all_taken(struct process *p)
{
	return load_acquire(&p->slot->sq_head) == p->tail;
}

/* Wait until Linux needs a doorbell. */
bool process_asleep(struct process *p)
{
	return wait_for(p, needs_wakeup);
}

/* Wait until Linux has taken all that was published. */
bool process_taken(struct process *p)
{
	return wait_for(p, all_taken);
}

/* Wait until Linux touches the memory of the process no more. */
bool process_gone(struct process *p)
{
	while (load_acquire(&p->slot->linux_state) != CRTOS_SLOT_GONE)
		if (!peer_wait(p->peer))
			return false;
	return true;
}

/* The last that is written to the slot: Linux may use it again. */
void process_ended(struct process *p)
{
	p->slot->map_root = 0;
	store_release(&p->slot->rtos_state, CRTOS_PROCESS_ENDED);
	p->slot = NULL;
}

bool process_over(struct process *p)
{
	if (!process_gone(p))
		return false;
	process_ended(p);
	return true;
}

/* And reap it. */
int process_finish(struct process *p)
{
	int status;

	if (!process_over(p))
		return -1;
	return waitpid(p->pid, &status, 0) == p->pid ? status : -1;
}

/* The process ends by itself. The entry is not answered. */
int process_exit(struct process *p, int status)
{
	process_start(p, CRTOS_NR_ENTRIES - 1, CRTOS_OP_EXIT, 0, ARGS(status));
	return process_finish(p);
}

/* A seccomp filter in memory of the process: what becomes of one call. Returns its address. */
__u64 put_filter(struct process *p, __u64 offset, __u32 nr, __u32 action)
{
	const struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, nr, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, action),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = {
		.len = sizeof(filter) / sizeof(*filter),
		.filter = (void *)put(p, offset + 64, filter, sizeof(filter)),
	};

	return put(p, offset, &program, sizeof(program));
}
