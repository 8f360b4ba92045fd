/* SPDX-License-Identifier: GPL-2.0 */
/*
 * An RTOS that is a process: the other side of the loop-back backend, which does
 * all that Documentation/virt/crtos/abi.rst asks of an RTOS. Its processes run no
 * code: the test says what they call. Nothing here asserts; waits end after
 * PATIENCE_MS at the latest, with false, NULL or NO_RESULT.
 */
#ifndef PEER_H
#define PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include <linux/crtos.h>

#define PAGE		4096ULL

/* Where nothing of a test is: the heap may begin 1 GiB above the program */
#define WINDOW		0x1000000000ULL
#define WINDOW_LEN	0x1000000ULL

#define PATIENCE_MS	15000

/* Entries of page tables */
#define PTE_P		0x01ULL
#define PTE_RW		0x02ULL
#define PTE_US		0x04ULL
#define PTE_PS		0x80ULL
#define PTE_ALL		(PTE_P | PTE_RW | PTE_US)
#define PTE_ADDR	0x000ffffffffff000ULL

/*
 * Of what is free in the region each slot has an equal part: four page tables,
 * the pages that are mapped at WINDOW, and one that is not.
 */
#define NR_TABLES	4
#define NR_PAGES	7
#define MEM_LEN		(NR_PAGES * PAGE)
#define SLOT_MEM	((NR_TABLES + NR_PAGES + 1) * PAGE)

/* A call that was not completed */
#define NO_RESULT	INT64_MIN

#define load_acquire(p)		__atomic_load_n(p, __ATOMIC_ACQUIRE)
#define store_release(p, v)	__atomic_store_n(p, v, __ATOMIC_RELEASE)
#define full_barrier()		__atomic_thread_fence(__ATOMIC_SEQ_CST)

/* Does a condition hold, at the latest after PATIENCE_MS? */
#define eventually(condition) ({			\
	__u64 end_ = now_ms() + PATIENCE_MS;		\
	bool holds_;					\
							\
	while (!(holds_ = (condition)) && now_ms() < end_) \
		usleep(100);				\
	holds_;						\
})

struct peer;

/**
 * struct process - a process of the RTOS
 * @peer: the RTOS
 * @index: number of its slot
 * @slot: the slot, NULL if there is no process
 * @pid: its shadow
 * @tail: entries published
 * @done: entries whose completion was notified
 * @pipe: what process_block() reads from
 * @table: its page tables; the top one is first
 * @mem: its memory, which is at WINDOW
 * @spare: a page that is not mapped
 */
struct process {
	struct peer *peer;
	unsigned int index;
	struct crtos_slot *slot;
	pid_t pid;
	__u32 tail;
	__u64 done;
	int pipe[2];
	__u64 (*table)[PAGE / sizeof(__u64)];
	char *mem;
	char *spare;
};

/**
 * struct peer - the RTOS
 * @fd: /dev/crtos
 * @rtos: what CRTOS_IOC_PEER gave
 * @partition: number of the partition
 * @cpu: its CPU
 * @region: its memory
 * @len: length of that
 * @header: where @region starts
 * @changed: slots for which Linux rang
 * @process: by slot
 */
struct peer {
	int fd;
	int rtos;
	__u32 partition;
	__u32 cpu;
	char *region;
	size_t len;
	struct crtos_header *header;
	__u64 changed;
	struct process process[CRTOS_MAX_SLOTS];
};

/* Why tests have to be skipped, or NULL */
const char *peer_missing(void);

unsigned int first_cpu(void);
__u64 now_ms(void);

/* These return 0 or an errno. */
int peer_start(struct peer *peer);	/* takes what is in @cpu */
int peer_start_ready(struct peer *peer);
int peer_open(struct peer *peer);
int peer_slot(struct peer *peer, unsigned int slot, struct crtos_slot_stats *stats);

/* Also when less than a start was done. Reaps all children. */
void peer_stop(struct peer *peer);
void peer_close(struct peer *peer);

bool peer_running(struct peer *peer);
void peer_ready(struct peer *peer);
/* The same, and promise to call peer_beat() ten times a second. */
void peer_ready_alive(struct peer *peer);
void peer_beat(struct peer *peer);
struct crtos_status peer_status(struct peer *peer);
__u64 peer_addr(struct peer *peer, const void *p);
__u64 peer_upid_control(struct peer *peer);
void peer_send(struct peer *peer);
void peer_post(struct peer *peer, unsigned int bit);
bool peer_wait(struct peer *peer);
/* Be done with slots that were never attached: a fork that failed, for instance. */
void peer_acknowledge(struct peer *peer);

/* Arguments of CRTOS_IOC_RUN, with the start strings "peer\0peer\0A=1" */
struct crtos_run peer_run_arg(struct peer *peer, int fd);
pid_t peer_fork(struct peer *peer);
pid_t peer_fork_as(struct peer *peer, uid_t id);

/* With what CRTOS_IOC_RUN shall get, after @prepare in the child, which may be NULL */
pid_t peer_fork_run(struct peer *peer, const struct crtos_run *run,
		    bool (*prepare)(const void *data), const void *data);
struct process *peer_attach(struct peer *peer, pid_t pid);
/* The same without waiting */
struct process *peer_find(struct peer *peer, pid_t pid);
struct process *peer_spawn(struct peer *peer);
/* One that is not as peer_fork() makes it, see peer_fork_run() */
struct process *peer_spawn_with(struct peer *peer, __u32 max_workers,
				bool (*prepare)(const void *data), const void *data);

struct crtos_entry *process_fill(struct process *p, unsigned int index, __u8 op, __u32 nr,
				 const __u64 *args);
void process_publish(struct process *p, unsigned int index);
void process_ring(struct process *p);
void process_start(struct process *p, unsigned int index, __u8 op, __u32 nr,
		   const __u64 *args);
bool process_poll(struct process *p, unsigned int index);
bool process_sleep(struct process *p, unsigned int index);
__s64 process_result(struct process *p, unsigned int index);
__s64 process_do(struct process *p, __u8 op, __u32 nr, const __u64 *args);

/* Does a call that is made now come back? */
bool process_answers(struct process *p);
void process_cancel(struct process *p, unsigned int index);
/* Wait for the next signal, and take it. */
bool process_signal(struct process *p, struct crtos_signal *signal);
/* A call that forks, as entry 0. NULL if that fails */
struct process *process_fork(struct process *p, __u32 nr, const __u64 *args);
/* Entries 1 to @nr wait for one byte each, until process_unblock() writes that many. */
bool process_block(struct process *p, unsigned int nr);
bool process_unblock(struct process *p, unsigned int nr);
bool entries_pending(struct process *p, unsigned int first, unsigned int last);

bool file_has(const char *path, const char *text);
bool write_file(const char *path, const char *text);
/* In /proc/PID/status */
bool status_has(pid_t pid, const char *text);
/* How many threads of @pid is @does true for? @last, if not NULL: one of them */
unsigned int threads_that(pid_t pid, bool (*does)(pid_t pid, pid_t tid, __u32 arg), __u32 arg,
			  pid_t *last);
/* How many threads are blocked in a system call? @tid, if not NULL: one of them */
unsigned int threads_in(pid_t pid, __u32 nr, pid_t *tid);

bool process_asleep(struct process *p);
bool process_taken(struct process *p);
bool process_gone(struct process *p);
void process_ended(struct process *p);

/* The shadow is ending: acknowledge that. False: it does not end. */
bool process_over(struct process *p);

/* These return the wait status of the shadow, or -1. */
int process_exit(struct process *p, int status);
int process_finish(struct process *p);

#define ARGS(...)	((const __u64[6]) { __VA_ARGS__ })

/* A system call, in one go */
#define call(p, nr, ...) \
	process_do(p, CRTOS_OP_SYSCALL, nr, ARGS(__VA_ARGS__))

/* A system call, to be waited for with process_result() */
#define start_call(p, index, nr, ...) \
	process_start(p, index, CRTOS_OP_SYSCALL, nr, ARGS(__VA_ARGS__))

static inline __u8 status_of(struct process *p, unsigned int index)
{
	return load_acquire(&p->slot->entries[index].status);
}

/* Where the process sees what is at @offset of its memory */
static inline __u64 at(__u64 offset)
{
	return WINDOW + offset;
}

/* The same, after putting something there */
static inline __u64 put(struct process *p, __u64 offset, const void *data, size_t len)
{
	memcpy(p->mem + offset, data, len);
	return at(offset);
}

static inline __u64 put_string(struct process *p, __u64 offset, const char *string)
{
	return put(p, offset, string, strlen(string) + 1);
}

__u64 put_filter(struct process *p, __u64 offset, __u32 nr, __u32 action);

#endif
