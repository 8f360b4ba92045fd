// SPDX-License-Identifier: GPL-2.0
/*
 * System calls.  What concerns only the RTOS is served here, by the table at
 * the end; everything else goes to Linux as it is.
 */
#include "process.h"

#define ARCH_SET_GS	0x1001
#define ARCH_SET_FS	0x1002
#define ARCH_GET_FS	0x1003
#define ARCH_GET_GS	0x1004
/* Of the test RTOS: work with the slot from ring 3. */
#define ARCH_CRTOS_SLOT		0x43520001	/* map it: *a[1] = where */
#define ARCH_CRTOS_HANDLER	0x43520002	/* for user interrupts */
#define ARCH_CRTOS_ENTRIES	0x43520003	/* how often it left ring 3, [1]: by interrupts */
#define ARCH_CRTOS_SOFTWARE	0x43520004	/* the kernel posts without SENDUIPI */
#define ARCH_CRTOS_UITT		0x43520005	/* SENDUIPI of 1 is for the UPID at a[1] */
#define ARCH_CRTOS_POST		0x43520006	/* the same through the kernel */
#define ARCH_CRTOS_PRIORITY	0x43520007	/* what forwarded calls carry */
#define ARCH_CRTOS_TIMEOUT	0x43520008	/* cancel them after so many us, 0: never */
#define ARCH_CRTOS_VECTORS	0x43520009	/* a[1]: how often the CPU took each */
#define MAX_TIMEOUT_US		BIT(40)

#define MEMBARRIER_QUERY			0
#define MEMBARRIER_PRIVATE_EXPEDITED		8
#define MEMBARRIER_REGISTER_PRIVATE_EXPEDITED	16

static s64 get_base(struct process *p, u64 base, u64 to)
{
	return copy_to_user(&p->mm, to, &base, sizeof(base));
}

/* Below USER_LIMIT, which also keeps WRMSR from faulting */
static s64 set_base(u64 *base, u32 msr, u64 value)
{
	if (value >= USER_LIMIT)
		return -EPERM;
	*base = value;
	wrmsr(msr, value);
	return 0;
}

/* What only the test RTOS has: for its tests */
static s64 crtos_prctl(struct process *p, struct thread *t, const u64 *a)
{
	const u64 va = SLOT_VA, entries[] = { p->entries, p->interrupts };

	switch (a[0]) {
	case ARCH_CRTOS_SLOT:
		return uintr_share(p) ? copy_to_user(&p->mm, a[1], &va, sizeof(va)) : -ENODEV;
	case ARCH_CRTOS_HANDLER:
		if (!p->uintr.shared || a[1] >= USER_LIMIT)
			return -EINVAL;
		uintr_set_handler(p, a[1]);
		return 0;
	case ARCH_CRTOS_ENTRIES:
		return copy_to_user(&p->mm, a[1], entries, sizeof(entries));
	case ARCH_CRTOS_SOFTWARE:
		uintr_set_software(a[1]);
		return 0;
	case ARCH_CRTOS_UITT:
		return uintr_add(p, a[1]) ? 0 : -EFAULT;
	case ARCH_CRTOS_POST:
		return uintr_post_added(p) ? 0 : -EINVAL;
	case ARCH_CRTOS_PRIORITY:
		if (a[1] > 255)
			return -EINVAL;
		t->call_priority = a[1];
		return 0;
	case ARCH_CRTOS_TIMEOUT:
		t->timeout = timer_us_to_tsc(min(a[1], MAX_TIMEOUT_US));
		return 0;
	case ARCH_CRTOS_VECTORS:
		return copy_to_user(&p->mm, a[1], this_cpu()->vectors,
				    sizeof(this_cpu()->vectors));
	}
	return -EINVAL;
}

static s64 sys_arch_prctl(struct process *p, const u64 *a)
{
	struct thread *t = current_thread();

	switch (a[0]) {
	case ARCH_GET_FS:
		return get_base(p, t->fs_base, a[1]);
	case ARCH_GET_GS:
		return get_base(p, t->gs_base, a[1]);
	case ARCH_SET_FS:
		return set_base(&t->fs_base, MSR_FS_BASE, a[1]);
	case ARCH_SET_GS:
		return set_base(&t->gs_base, MSR_KERNEL_GS_BASE, a[1]);
	}
	return crtos_prctl(p, t, a);
}

static s64 sys_getcpu(struct process *p, const u64 *a)
{
	u32 zero = 0;
	unsigned int i;

	for (i = 0; i < 2; i++)
		if (a[i] && copy_to_user(&p->mm, a[i], &zero, sizeof(zero)))
			return -EFAULT;
	return 0;
}

static s64 sys_execve(struct process *p, const u64 *a)
{
	struct thread *t = current_thread();

	if (signal_give_back(t))
		return slot_execve(p, t->nr, a);
	t->restart = CRTOS_ENTRY_RESTART_ALWAYS;
	return -EINTR;
}

static s64 sys_exit(struct process *p, const u64 *a)
{
	thread_exit(current_thread(), (a[0] & 0xff) << 8);
}

static s64 sys_exit_group(struct process *p, const u64 *a)
{
	process_exit(p, (a[0] & 0xff) << 8);
}

/* All threads of the process are on this CPU: entering the kernel is the barrier. */
static s64 sys_membarrier(struct process *p, const u64 *a)
{
	if (a[1])
		return -EINVAL;
	switch ((u32)a[0]) {
	case MEMBARRIER_QUERY:
		return MEMBARRIER_PRIVATE_EXPEDITED | MEMBARRIER_REGISTER_PRIVATE_EXPEDITED;
	case MEMBARRIER_REGISTER_PRIVATE_EXPEDITED:
		p->expedited = true;
		return 0;
	case MEMBARRIER_PRIVATE_EXPEDITED:
		return p->expedited ? 0 : -EPERM;
	}
	return -EINVAL;
}

static s64 sys_gettid(struct process *p, const u64 *a)
{
	return current_thread()->tid;
}

static s64 sys_set_tid_address(struct process *p, const u64 *a)
{
	current_thread()->clear_tid = a[0];
	return current_thread()->tid;
}

static s64 sys_success(struct process *p, const u64 *a)
{
	return 0;
}

static s64 sys_missing(struct process *p, const u64 *a)
{
	return -ENOSYS;
}

typedef s64 (*syscall_fn)(struct process *p, const u64 *a);

static const syscall_fn local_calls[] = {
	[__NR_mmap] = sys_mmap,
	[__NR_mprotect] = sys_mprotect,
	[__NR_munmap] = sys_munmap,
	[__NR_brk] = sys_brk,
	[__NR_rt_sigaction] = sys_rt_sigaction,
	[__NR_rt_sigprocmask] = sys_rt_sigprocmask,
	[__NR_rt_sigreturn] = sys_rt_sigreturn,
	[__NR_sched_yield] = sys_sched_yield,
	[__NR_mremap] = sys_mremap,
	[__NR_msync] = sys_msync,
	[__NR_mincore] = sys_mincore,
	[__NR_madvise] = sys_madvise,
	[__NR_pause] = sys_pause,
	[__NR_nanosleep] = sys_nanosleep,
	[__NR_clone] = sys_clone,
	[__NR_fork] = sys_fork,
	[__NR_vfork] = sys_fork,
	[__NR_execve] = sys_execve,
	[__NR_exit] = sys_exit,
	[__NR_rt_sigpending] = sys_rt_sigpending,
	[__NR_rt_sigtimedwait] = sys_rt_sigtimedwait,
	[__NR_rt_sigsuspend] = sys_rt_sigsuspend,
	[__NR_sigaltstack] = sys_sigaltstack,
	[__NR_sched_setparam] = sys_sched_setparam,
	[__NR_sched_getparam] = sys_sched_getparam,
	[__NR_sched_setscheduler] = sys_sched_setscheduler,
	[__NR_sched_getscheduler] = sys_sched_getscheduler,
	[__NR_mlock] = sys_mlock,
	[__NR_munlock] = sys_mlock,
	[__NR_mlockall] = sys_mlockall,
	[__NR_munlockall] = sys_success,
	[__NR_arch_prctl] = sys_arch_prctl,
	[__NR_gettid] = sys_gettid,
	[__NR_tkill] = sys_tkill,
	[__NR_futex] = sys_futex,
	[__NR_set_tid_address] = sys_set_tid_address,
	[__NR_clock_gettime] = sys_clock_gettime,
	[__NR_clock_nanosleep] = sys_clock_nanosleep,
	[__NR_exit_group] = sys_exit_group,
	[__NR_tgkill] = sys_tgkill,
	[__NR_pselect6] = sys_masked,
	[__NR_ppoll] = sys_masked,
	[__NR_set_robust_list] = sys_set_robust_list,
	[__NR_get_robust_list] = sys_get_robust_list,
	[__NR_epoll_pwait] = sys_masked,
	[__NR_rt_tgsigqueueinfo] = sys_rt_tgsigqueueinfo,
	[__NR_getcpu] = sys_getcpu,
	[__NR_sched_setattr] = sys_sched_setattr,
	[__NR_execveat] = sys_execve,
	[__NR_membarrier] = sys_membarrier,
	[__NR_rseq] = sys_missing,
	[__NR_clone3] = sys_missing,
	[__NR_epoll_pwait2] = sys_masked,
};

/*
 * Linux does not let the stack grow here, so it gets its pages before: from
 * the stack pointer up, and where an argument points.
 */
static void touch_stack(struct process *p, u64 rsp, const u64 *args)
{
	unsigned int i;

	mm_stack_touch(&p->mm, rsp - RED_ZONE);
	for (i = 0; i < 6; i++)
		mm_stack_touch(&p->mm, args[i]);
}

/* From syscall_entry, with interrupts off */
void syscall(struct crtos_regs *r)
{
	u64 args[6] = { r->rdi, r->rsi, r->rdx, r->r10, r->r8, r->r9 };
	struct thread *t = current_thread();
	struct process *p = t->process;
	u64 nr = (u32)r->rax;

	atomic_inc(&header->kernel_entries);
	p->entries++;
	t->nr = nr;
	t->restart = 0;
	touch_stack(p, r->rsp, args);
	if (nr < ARRAY_SIZE(local_calls) && local_calls[nr])
		r->rax = local_calls[nr](p, args);
	else
		r->rax = slot_forward(p, nr, args);
	if (this_cpu()->need_resched)
		thread_preempt();
	signal_return(t, r);
}
