/* SPDX-License-Identifier: GPL-2.0 */
/* Processes, their threads, slots and system calls. */
#ifndef RTOS_PROCESS_H
#define RTOS_PROCESS_H

#include "cpu.h"
#include "mm.h"

enum process_state {
	PROCESS_FREE,
	PROCESS_NEW,		/* a child that was made, for its CPU to run */
	PROCESS_LIVE,
	PROCESS_ENDED,		/* never runs again; memory kept until GONE */
};

enum thread_state {
	THREAD_FREE,
	THREAD_NEW,		/* nobody has made it ready yet */
	THREAD_READY,
	THREAD_RUNNING,
	THREAD_WAITING,		/* looks again whenever it is woken */
	THREAD_ENDED,		/* never runs again */
};

#define SIGILL		4
#define SIGTRAP		5
#define SIGBUS		7
#define SIGFPE		8
#define SIGKILL		9
#define SIGSEGV		11
#define SIGCHLD		17
#define SIGCONT		18
#define SIGSTOP		19
#define SIGTSTP		20
#define SIGTTIN		21
#define SIGTTOU		22
#define SIGURG		23
#define SIGWINCH	28
#define NR_SIGNALS	64

#define SIGBIT(sig)	BIT((sig) - 1)
#define UNBLOCKABLE	(SIGBIT(SIGKILL) | SIGBIT(SIGSTOP))

#define SIG_DFL		0
#define SIG_IGN		1

#define SA_SIGINFO	0x4
#define SA_RESTORER	0x04000000
#define SA_ONSTACK	0x08000000
#define SA_RESTART	0x10000000
#define SA_NODEFER	0x40000000
#define SA_RESETHAND	0x80000000

#define SI_USER		0
#define SI_KERNEL	0x80
#define SI_TKILL	(-6)

#define SS_ONSTACK	1
#define SS_DISABLE	2
#define SS_AUTODISARM	BIT(31)

/* As the system call passes them */
struct sigaction {
	u64 handler, flags, restorer, mask;
};

struct sigaltstack {
	u64 sp, flags, size;
};

#define USER_LIMIT	0x7ffffffff000ULL	/* without the last page */
#define RED_ZONE	128

/*
 * What there is of a siginfo_t, and its length in memory.  @tid is padding there; in
 * the queue it says which thread the signal is for, 0: any of the process.
 */
struct siginfo {
	int signo, error, code;
	u32 tid;
	union {
		struct {
			u32 pid, uid;
			u64 value;
		};
		u64 addr;
		u64 rest[4];
	};
};

#define SIGINFO_LEN	128
#define NR_PENDING	32

/**
 * struct signals - signals of a process
 * @linux_blocked: the mask that Linux was told: what all threads block
 * @queued: how many there are
 * @queue: in the order of arrival
 * @action: what Linux was told
 *
 * What is blocked stays in Linux, if it can: these are signals that were on their
 * way, or that are blocked while a handler runs which has made no call yet.
 */
struct signals {
	u64 linux_blocked;
	u32 queued;
	struct siginfo queue[NR_PENDING];
	struct sigaction action[NR_SIGNALS];
};

/**
 * struct thread_signals - what each thread has of that for itself
 * @blocked: its mask
 * @saved: the mask that comes back after a call which has changed it, or after the
 *	handler that interrupts the call
 * @restore: is there such a one?
 * @awaited: signals that end the call although they are blocked
 * @altstack: sigaltstack()
 */
struct thread_signals {
	u64 blocked, saved;
	bool restore;
	u64 awaited;
	struct sigaltstack altstack;
};

/* What clone() says about the child: its stack pointer, where its number goes, FS */
struct child_args {
	u64 flags, stack, tid, tls;
};

/**
 * struct fork - a process and its last child
 * @args: what it shall be, or is
 * @thread: that has forked
 * @child: vfork(): the process goes on without memory of its own until this one
 *	has ended or executes another program
 * @parent: who waits for this one in that way
 * @borrowed: and has lent it its memory
 */
struct fork {
	struct child_args args;
	struct thread *thread;
	struct process *child, *parent;
	bool borrowed;
};

/**
 * struct uintr_state - what a process that works with its slot itself has
 * @shared: the slot is mapped at SLOT_VA; the lower half of its entries is the
 *	process's
 * @handler: for user interrupts, 0: none
 * @pending: user interrupts that wait while the process does not run
 * @enabled: may it be interrupted?  While it does not run
 */
struct uintr_state {
	bool shared;
	u64 handler;
	u64 pending;
	bool enabled;
};

/**
 * struct process - a process; all its threads are on one CPU
 * @threads: the first one is what it began with, also when that has ended
 * @nr_threads: those that have not ended
 * @alone: no other thread runs: this one is in the middle of something with memory,
 *	the slot or another process, and waits for Linux
 * @sq_tail: entries published since the slot was attached
 * @free_entries: bit i: entry i of the slot is not in use
 * @futex_turns: how many waits there were
 * @expedited: may use membarrier() of that kind
 * @entries: how often it left ring 3
 * @interrupts: for an interrupt
 */
struct process {
	enum process_state state;
	u32 index;
	u32 pid;
	struct thread *threads, *alone;
	u32 nr_threads;
	struct mm mm;
	struct crtos_slot *slot;
	u32 sq_tail;
	u64 free_entries;
	u64 futex_turns;
	bool expedited;
	struct uintr_state uintr;
	u64 entries, interrupts;
	struct fork fork;
	struct signals sig;
	char name[32];
};

/**
 * struct thread - a thread of a process
 * @tid: the process's number, or one that Linux gives to nobody
 * @next: of the process
 * @next_ready: of those that may run on the CPU
 * @sp: kernel stack pointer while it does not run
 * @nr: its last system call
 * @entry: of the slot: the last one that it published
 * @restart: CRTOS_ENTRY_RESTART or CRTOS_ENTRY_RESTART_ALWAYS of the call, or 0
 * @forked: is a copy and has no program to start
 * @execve: is about to replace the program, if no signal comes before
 * @policy: SCHED_OTHER, SCHED_FIFO or SCHED_RR
 * @own_priority: 0 with SCHED_OTHER, or 1 to 99
 * @priority: that, or a higher one of a thread that waits for it
 * @call_priority: what its forwarded calls carry, 0: @priority
 * @timeout: how long they may take, in cycles, 0: for ever
 * @deadline: when the one under way is cancelled, 0: never
 * @wake_at: when the timer wakes it, in cycles, 0: never
 * @clear_tid: what its end clears for pthread_join(), or 0
 * @robust: set_robust_list()
 * @futex: address that it waits at, 0: nowhere, or it was woken
 * @futex_bits: which of those who wake are meant
 * @futex_turn: who began to wait first
 * @owner: has what it waits for, and inherits its priority; NULL: nobody
 */
struct thread {
	enum thread_state state;
	u32 index, tid;
	struct process *process;
	struct thread *next, *next_ready;
	u64 sp, fs_base, gs_base;
	u32 nr, entry;
	u8 restart, policy, own_priority, priority, call_priority;
	bool forked, execve;
	u64 timeout, deadline, wake_at;
	u64 clear_tid, robust;
	u64 futex, futex_turn, futex_bits;
	struct thread *owner;
	struct thread_signals sig;
	u8 fpu[1024] __aligned(64);
};

#define SCHED_OTHER	0
#define SCHED_FIFO	1
#define SCHED_RR	2
#define MAX_PRIORITY	99

/* Runs on the stack of a new process; the registers are the process's. */
typedef void (*program_fn)(struct process *p, struct crtos_regs *r);

static inline struct thread *current_thread(void)
{
	return this_cpu()->current;
}

/* process.c */
void process_init(program_fn start);
void process_main(struct process *p, struct crtos_regs *r);
void __noreturn process_schedule(void);
void process_step(void);
void process_free_all(void);
bool process_exists(u32 index);
struct process *process_at(u32 index);
void process_prepare(struct process *p, u32 index);
void process_completion(u32 index, u64 requests);
void __noreturn process_end(struct process *p);
void __noreturn process_exit(struct process *p, u32 status);

/* thread.c: the scheduler, and what it runs */
#define MAX_THREADS	24	/* of a process: below the size of the ring */

struct thread *thread_first(struct process *p);
struct thread *thread_clone(struct process *p);
struct thread *thread_find(struct process *p, u32 tid);
void thread_start(struct thread *t);
void thread_kill(struct thread *t);
void thread_free_all(struct process *p);
void __noreturn thread_exit(struct thread *t, u32 status);
void __noreturn thread_gone(struct thread *t);
void thread_yield(void);
void thread_preempt(void);
void thread_wait(struct thread *t);
void thread_wait_until(struct thread *t, u64 tsc);
void thread_wake(struct thread *t);
void thread_wake_all(struct process *p);
void thread_set_priority(struct thread *t, u8 policy, u8 priority);
void thread_inherit(struct thread *t);
u64 thread_timeouts(u64 now);
bool thread_run_next(void);
void thread_forget_all(void);
void fpu_prepare(struct thread *t);
void fpu_save(struct thread *t);
void fpu_restore(struct thread *t);
struct crtos_regs *thread_regs(struct thread *t);

/* sched.c */
void sched_ask(struct process *p);
s64 sys_sched_yield(struct process *p, const u64 *a);
s64 sys_sched_setscheduler(struct process *p, const u64 *a);
s64 sys_sched_setparam(struct process *p, const u64 *a);
s64 sys_sched_getscheduler(struct process *p, const u64 *a);
s64 sys_sched_getparam(struct process *p, const u64 *a);
s64 sys_sched_setattr(struct process *p, const u64 *a);

/* futex.c */
u32 futex_wake(struct process *p, u64 addr, u32 count, u64 bits);
void futex_thread_ends(struct thread *t);
s64 sys_futex(struct process *p, const u64 *a);
s64 sys_set_robust_list(struct process *p, const u64 *a);
s64 sys_get_robust_list(struct process *p, const u64 *a);

/* uintr.c */
#define USER_ENTRIES	0xffffffffULL

void uintr_resume(struct process *p);
void uintr_suspend(struct process *p);
bool uintr_share(struct process *p);
void uintr_unshare(struct process *p);
void uintr_set_handler(struct process *p, u64 handler);
bool uintr_add(struct process *p, u64 va);
void uintr_remove(struct process *p, u64 pa);
bool uintr_added(const struct process *p);
bool uintr_post_added(struct process *p);

/* slot.c */
extern u32 only_vector;		/* of all that Linux sends; 0: there is no such */

bool header_ready(void);
void header_check(void);
void slot_init(void);
void slot_ready(void);
void slot_interrupt(void);
void slot_notify(u32 index);
void slot_distribute(u64 slots);
struct crtos_slot *slot_ptr(u32 index);
void upid_post(struct crtos_upid *upid, u32 bit);
bool slot_feature(u64 feature);
void slot_attach(struct process *p);
void slot_release(u32 index);
u32 slot_state(u32 index);
s64 slot_call(struct process *p, u8 op, u32 nr, const u64 *args);
static inline bool slot_must_retry(s64 result)	/* of an UNMAP: there was no worker */
{
	return result == -EAGAIN || result == -ENOMEM;
}

void slot_cancel_all(struct process *p);
s64 slot_forward(struct process *p, u32 nr, const u64 *args);
s64 slot_execve(struct process *p, u32 nr, const u64 *args);
void slot_cancel_execve(struct process *p);
struct crtos_entry *slot_publish(struct process *p, u8 op, u32 nr, const u64 *args);
bool entry_done(struct crtos_entry *e);
void slot_send_exit(struct process *p, u32 status);

/* A call that no signal interrupts */
#define forward(p, nr, ...) \
	slot_call(p, CRTOS_OP_SYSCALL, nr, (const u64[6]) { __VA_ARGS__ })

/* A call of the process, which a signal may interrupt */
#define forward_user(p, nr, ...) \
	slot_forward(p, nr, (const u64[6]) { __VA_ARGS__ })

/* elf.c */
void elf_start(struct process *p, struct crtos_regs *r);

/* mmap.c */
s64 sys_mmap(struct process *p, const u64 *a);
s64 sys_mprotect(struct process *p, const u64 *a);
s64 sys_munmap(struct process *p, const u64 *a);
s64 sys_brk(struct process *p, const u64 *a);
s64 sys_mremap(struct process *p, const u64 *a);
s64 sys_msync(struct process *p, const u64 *a);
s64 sys_mincore(struct process *p, const u64 *a);
s64 sys_madvise(struct process *p, const u64 *a);
s64 sys_mlock(struct process *p, const u64 *a);
s64 sys_mlockall(struct process *p, const u64 *a);

/* vdso.c */
u64 vdso_address(const struct mm *mm);
void vdso_map(struct mm *mm);

/* time.c */
struct timespec {
	s64 sec, nsec;
};

bool time_is_local(u32 clock);
bool time_end(struct process *p, u32 clock, const struct timespec *ts, bool absolute, u64 *end);
bool time_wait(struct thread *t, u32 clock, u64 end);
s64 sys_clock_gettime(struct process *p, const u64 *a);
s64 sys_nanosleep(struct process *p, const u64 *a);
s64 sys_clock_nanosleep(struct process *p, const u64 *a);

/* signal.c */
void signal_start(struct process *p);
void signal_forget(struct thread *t);
bool signal_wanted(struct thread *t);
u64 signal_pending(struct thread *t);
bool signal_dequeue(struct thread *t, u64 set, struct siginfo *info);
bool signal_fault(struct thread *t, struct crtos_regs *r, const struct siginfo *info);
void signal_return(struct thread *t, struct crtos_regs *r);
bool signal_tell_mask(struct process *p);
bool signal_give_back(struct thread *t);
s64 sys_rt_sigaction(struct process *p, const u64 *a);
s64 sys_tkill(struct process *p, const u64 *a);
s64 sys_tgkill(struct process *p, const u64 *a);
s64 sys_rt_tgsigqueueinfo(struct process *p, const u64 *a);

/* sigmask.c */
s64 sys_rt_sigprocmask(struct process *p, const u64 *a);
s64 sys_rt_sigpending(struct process *p, const u64 *a);
s64 sys_pause(struct process *p, const u64 *a);
s64 sys_rt_sigsuspend(struct process *p, const u64 *a);
s64 sys_rt_sigtimedwait(struct process *p, const u64 *a);
s64 sys_masked(struct process *p, const u64 *a);

/* sigframe.c */
bool sigframe_push(struct thread *t, struct crtos_regs *r, const struct siginfo *info,
		   const struct sigaction *sa);
s64 sys_sigaltstack(struct process *p, const u64 *a);
s64 sys_rt_sigreturn(struct process *p, const u64 *a);

/* fork.c */
bool fork_claim(u32 index);
void fork_unclaim(u32 index);
void fork_children(struct process *p);
void fork_end(struct process *p);
void fork_unmap(struct process *p, u64 start, u64 len);
s64 sys_clone(struct process *p, const u64 *a);
s64 sys_fork(struct process *p, const u64 *a);

#define __NR_write		1
#define __NR_close		3
#define __NR_fstat		5
#define __NR_poll		7
#define __NR_mmap		9
#define __NR_mprotect		10
#define __NR_munmap		11
#define __NR_brk		12
#define __NR_rt_sigaction	13
#define __NR_rt_sigprocmask	14
#define __NR_rt_sigreturn	15
#define __NR_pread64		17
#define __NR_sched_yield	24
#define __NR_mremap		25
#define __NR_msync		26
#define __NR_mincore		27
#define __NR_madvise		28
#define __NR_pause		34
#define __NR_nanosleep		35
#define __NR_clone		56
#define __NR_fork		57
#define __NR_vfork		58
#define __NR_execve		59
#define __NR_exit		60
#define __NR_kill		62
#define __NR_fcntl		72
#define __NR_getuid		102
#define __NR_getgid		104
#define __NR_geteuid		107
#define __NR_getegid		108
#define __NR_rt_sigpending	127
#define __NR_rt_sigtimedwait	128
#define __NR_rt_sigsuspend	130
#define __NR_sigaltstack	131
#define __NR_sched_setparam	142
#define __NR_sched_getparam	143
#define __NR_sched_setscheduler	144
#define __NR_sched_getscheduler	145
#define __NR_mlock		149
#define __NR_munlock		150
#define __NR_mlockall		151
#define __NR_munlockall		152
#define __NR_arch_prctl		158
#define __NR_gettid		186
#define __NR_tkill		200
#define __NR_futex		202
#define __NR_set_tid_address	218
#define __NR_clock_gettime	228
#define __NR_clock_nanosleep	230
#define __NR_exit_group		231
#define __NR_tgkill		234
#define __NR_openat		257
#define __NR_pselect6		270
#define __NR_ppoll		271
#define __NR_set_robust_list	273
#define __NR_get_robust_list	274
#define __NR_epoll_pwait	281
#define __NR_rt_tgsigqueueinfo	297
#define __NR_getcpu		309
#define __NR_sched_setattr	314
#define __NR_execveat		322
#define __NR_membarrier		324
#define __NR_rseq		334
#define __NR_clone3		435
#define __NR_faccessat2		439
#define __NR_epoll_pwait2	441

#endif
