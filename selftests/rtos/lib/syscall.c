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
#define MAX_TIMEOUT_US		BIT(40)

#define MAP_SHARED		0x01
#define MAP_PRIVATE		0x02
#define MAP_TYPE		0x0f
#define MAP_FIXED		0x10
#define MAP_ANONYMOUS		0x20
#define MAP_FIXED_NOREPLACE	0x100000

#define MREMAP_MAYMOVE	1
#define MADV_DONTNEED	4

#define FUTEX_WAIT		0
#define FUTEX_WAKE		1
#define FUTEX_WAIT_BITSET	9
#define FUTEX_WAKE_BITSET	10
#define FUTEX_PRIVATE		128
#define FUTEX_CLOCK_REALTIME	256
#define CLOCK_REALTIME		0
#define CLOCK_MONOTONIC		1
#define TIMER_ABSTIME		1

/* @len is compared before it is rounded, so that it cannot wrap. */
static bool bad_range(struct mm *mm, u64 start, u64 len)
{
	return start % PAGE_SIZE || len > mm->end ||
	       !mm_in_window(mm, start, align_up(len, PAGE_SIZE));
}

static s64 sys_brk(struct process *p, const u64 *a)
{
	struct mm *mm = &p->mm;
	u64 old = align_up(mm->brk, PAGE_SIZE), new = align_up(a[0], PAGE_SIZE);
	int err = 0;

	if (a[0] < mm->brk_start || a[0] > mm->mmap_top)
		return mm->brk;
	if (new > old && !mm_is_free(mm, old, new))
		return mm->brk;
	if (new > old)
		err = mm_map(p, old, new, PROT_READ | PROT_WRITE, 0);
	else if (new < old)
		err = mm_unmap(p, new, old);
	if (!err)
		mm->brk = a[0];
	return mm->brk;
}

/* Copies the file behind @fd to [start, +len), up to its end. */
static s64 read_file(struct process *p, u64 fd, u64 start, u64 len, u64 offset)
{
	u64 done = 0;
	s64 n;

	while (done < len) {
		n = forward(p, __NR_pread64, fd, start + done, len - done,
			    offset + done);
		if (n == -EINTR)
			continue;
		if (n < 0)
			return n;
		if (!n)
			break;
		done += n;
	}
	return 0;
}

/* A private mapping of a file is a copy of it. */
static s64 map_file(struct process *p, u64 start, u64 end, const u64 *a)
{
	s64 err;

	err = mm_map(p, start, end, PROT_READ | PROT_WRITE, 0);
	if (err)
		return err;
	err = read_file(p, a[4], start, end - start, a[5]);
	if (!err)
		err = mm_protect(p, start, end, a[2] & 7);
	if (err)
		mm_unmap(p, start, end);
	return err;
}

/* Where a mapping goes, or an error */
static s64 map_address(struct process *p, u64 addr, u64 len, u64 flags)
{
	struct mm *mm = &p->mm;
	bool usable = !bad_range(mm, addr, len);
	u64 gap;

	if (flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)) {
		if (addr % PAGE_SIZE)
			return -EINVAL;
		if (!usable)
			return -ENOMEM;
		if (!(flags & MAP_FIXED_NOREPLACE))
			return mm_unmap(p, addr, addr + len) ?: (s64)addr;
		return mm_is_free(mm, addr, addr + len) ? (s64)addr : -EEXIST;
	}
	if (addr && usable && mm_is_free(mm, addr, addr + len))
		return addr;
	gap = mm_find_gap(mm, len);
	return gap ? (s64)gap : -ENOMEM;
}

static s64 sys_mmap(struct process *p, const u64 *a)
{
	bool anonymous = a[3] & MAP_ANONYMOUS;
	u64 type = a[3] & MAP_TYPE, len;
	s64 addr, err;

	if (!a[1] || a[5] % PAGE_SIZE || (type != MAP_SHARED && type != MAP_PRIVATE))
		return -EINVAL;
	if (a[1] > p->mm.end)
		return -ENOMEM;
	if (!anonymous) {
		if (type == MAP_SHARED)
			return -ENODEV;
		/* Reads nothing, but says whether the file can be read there. */
		err = forward(p, __NR_pread64, a[4], 0, 0, a[5]);
		if (err < 0)
			return err == -ESPIPE ? -ENODEV : err;
	}

	len = align_up(a[1], PAGE_SIZE);
	addr = map_address(p, a[0], len, a[3]);
	if (addr < 0)
		return addr;
	if (anonymous)
		err = mm_map(p, addr, addr + len, a[2] & 7, 0);
	else
		err = map_file(p, addr, addr + len, a);
	return err ?: addr;
}

static s64 sys_munmap(struct process *p, const u64 *a)
{
	if (!a[1] || bad_range(&p->mm, a[0], a[1]))
		return -EINVAL;
	return mm_unmap(p, a[0], a[0] + align_up(a[1], PAGE_SIZE));
}

static s64 sys_mprotect(struct process *p, const u64 *a)
{
	if (a[0] % PAGE_SIZE || (a[2] & ~7ULL))
		return -EINVAL;
	if (!a[1])
		return 0;
	if (bad_range(&p->mm, a[0], a[1]))
		return -ENOMEM;
	return mm_protect(p, a[0], a[0] + align_up(a[1], PAGE_SIZE), a[2]);
}

static s64 sys_mremap(struct process *p, const u64 *a)
{
	u64 addr = a[0], old = align_up(a[1], PAGE_SIZE), new = align_up(a[2], PAGE_SIZE);
	struct mm *mm = &p->mm;
	struct vma *v;
	u64 to;
	s64 err;

	if (!a[1] || !a[2] || (a[3] & ~(u64)MREMAP_MAYMOVE) ||
	    a[2] > mm->end || bad_range(mm, addr, a[1]))
		return -EINVAL;
	v = mm_find(mm, addr);
	if (!v || v->start > addr || v->end < addr + old)
		return -EFAULT;
	if (new < old)
		return mm_unmap(p, addr + new, addr + old) ?: (s64)addr;
	if (new == old)
		return addr;

	if (mm_in_window(mm, addr, new) && mm_is_free(mm, addr + old, addr + new))
		return mm_map(p, addr + old, addr + new, v->prot, v->flags) ?: (s64)addr;
	to = a[3] & MREMAP_MAYMOVE ? mm_find_gap(mm, new) : 0;
	if (!to)
		return -ENOMEM;
	err = mm_map(p, to + old, to + new, v->prot, v->flags);
	if (!err)
		err = mm_move(p, addr, to, old);
	return err ?: (s64)to;
}

static s64 sys_madvise(struct process *p, const u64 *a)
{
	if (a[0] % PAGE_SIZE)
		return -EINVAL;
	if (bad_range(&p->mm, a[0], a[1]))
		return -ENOMEM;
	if (a[2] != MADV_DONTNEED || !a[1])
		return 0;
	return mm_zero(p, a[0], a[0] + align_up(a[1], PAGE_SIZE));
}

static s64 sys_arch_prctl(struct process *p, const u64 *a)
{
	if (a[0] == ARCH_GET_FS)
		return copy_to_user(&p->mm, a[1], &p->fs_base, sizeof(u64));
	if (a[0] == ARCH_GET_GS)
		return copy_to_user(&p->mm, a[1], &p->gs_base, sizeof(u64));
	if (a[0] == ARCH_CRTOS_ENTRIES) {
		u64 entries[] = { p->entries, p->interrupts };

		return copy_to_user(&p->mm, a[1], entries, sizeof(entries));
	}
	if (a[0] == ARCH_CRTOS_SLOT) {
		u64 va = SLOT_VA;

		return uintr_share(p) ? copy_to_user(&p->mm, a[1], &va, sizeof(va)) : -ENODEV;
	}
	if (a[0] == ARCH_CRTOS_SOFTWARE) {
		uintr_set_software(a[1]);
		return 0;
	}
	if (a[0] == ARCH_CRTOS_UITT)
		return uintr_add(p, a[1]) ? 0 : -EFAULT;
	if (a[0] == ARCH_CRTOS_POST)
		return uintr_post_added(p) ? 0 : -EINVAL;
	if (a[0] == ARCH_CRTOS_PRIORITY) {
		if (a[1] > 255)
			return -EINVAL;
		p->priority = a[1];
		return 0;
	}
	if (a[0] == ARCH_CRTOS_TIMEOUT) {
		p->timeout = timer_us_to_tsc(min(a[1], MAX_TIMEOUT_US));
		return 0;
	}
	if (a[0] == ARCH_CRTOS_HANDLER) {
		if (!p->uintr.shared || a[1] >= USER_LIMIT)
			return -EINVAL;
		uintr_set_handler(p, a[1]);
		return 0;
	}
	if (a[0] != ARCH_SET_FS && a[0] != ARCH_SET_GS)
		return -EINVAL;
	/* Also keeps WRMSR from faulting. */
	if (a[1] >= USER_LIMIT)
		return -EPERM;
	if (a[0] == ARCH_SET_FS) {
		p->fs_base = a[1];
		wrmsr(MSR_FS_BASE, a[1]);
	} else {
		p->gs_base = a[1];
		wrmsr(MSR_KERNEL_GS_BASE, a[1]);
	}
	return 0;
}

/* Nobody else could wake us: a wait ends by its time or with the process. */
static s64 futex_wait(struct process *p, const u64 *a, bool bitset)
{
	u64 clock = a[1] & FUTEX_CLOCK_REALTIME ? CLOCK_REALTIME : CLOCK_MONOTONIC;
	u32 value;
	s64 err;

	if (a[0] % 4)
		return -EINVAL;
	if (copy_from_user(&p->mm, &value, a[0], sizeof(value)))
		return -EFAULT;
	if (value != (u32)a[2])
		return -EAGAIN;
	if (a[3])
		err = forward_user(p, __NR_clock_nanosleep, clock,
				   bitset ? TIMER_ABSTIME : 0, a[3]);
	else
		err = forward_user(p, __NR_poll, 0, 0, -1);
	return err ?: -ETIMEDOUT;
}

static s64 sys_futex(struct process *p, const u64 *a)
{
	switch (a[1] & ~(u64)(FUTEX_PRIVATE | FUTEX_CLOCK_REALTIME)) {
	case FUTEX_WAIT:
		return futex_wait(p, a, false);
	case FUTEX_WAIT_BITSET:
		return futex_wait(p, a, true);
	case FUTEX_WAKE:
	case FUTEX_WAKE_BITSET:
		return 0;
	}
	return -ENOSYS;
}

static s64 sys_sched_getaffinity(struct process *p, const u64 *a)
{
	u64 mask = 1;

	if (a[1] < sizeof(mask) || a[1] % sizeof(mask))
		return -EINVAL;
	return copy_to_user(&p->mm, a[2], &mask, sizeof(mask)) ?: (s64)sizeof(mask);
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

/* No signal comes between the old program and the new one, which inherits them. */
static s64 sys_execve(struct process *p, const u64 *a)
{
	struct siginfo info;

	signal_tell_mask(p);
	while (signal_dequeue(p, p->sig.blocked, &info))
		forward(p, __NR_kill, p->pid, info.signo);
	return slot_call(p, CRTOS_OP_SYSCALL, p->nr, a);
}

static s64 sys_exit(struct process *p, const u64 *a)
{
	process_exit(p, (a[0] & 0xff) << 8);
}

static s64 sys_sched_yield(struct process *p, const u64 *a)
{
	process_yield();
	return 0;
}

static s64 sys_membarrier(struct process *p, const u64 *a)
{
	return a[0] ? -EINVAL : 0;	/* a query: no commands */
}

static s64 sys_gettid(struct process *p, const u64 *a)
{
	return p->pid;
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
	[__NR_madvise] = sys_madvise,
	[__NR_pause] = sys_pause,
	[__NR_clone] = sys_clone,
	[__NR_fork] = sys_fork,
	[__NR_vfork] = sys_fork,
	[__NR_execve] = sys_execve,
	[__NR_exit] = sys_exit,
	[__NR_kill] = sys_kill,
	[__NR_rt_sigpending] = sys_rt_sigpending,
	[__NR_rt_sigtimedwait] = sys_rt_sigtimedwait,
	[__NR_rt_sigqueueinfo] = sys_rt_sigqueueinfo,
	[__NR_rt_sigsuspend] = sys_rt_sigsuspend,
	[__NR_sigaltstack] = sys_sigaltstack,
	[__NR_mlock] = sys_success,	/* memory is always there */
	[__NR_munlock] = sys_success,
	[__NR_mlockall] = sys_success,
	[__NR_munlockall] = sys_success,
	[__NR_arch_prctl] = sys_arch_prctl,
	[__NR_gettid] = sys_gettid,
	[__NR_tkill] = sys_tkill,
	[__NR_futex] = sys_futex,
	[__NR_sched_getaffinity] = sys_sched_getaffinity,
	[__NR_set_tid_address] = sys_gettid,
	[__NR_clock_gettime] = sys_clock_gettime,
	[__NR_exit_group] = sys_exit,
	[__NR_tgkill] = sys_tgkill,
	[__NR_pselect6] = sys_masked,
	[__NR_ppoll] = sys_masked,
	[__NR_set_robust_list] = sys_success,
	[__NR_epoll_pwait] = sys_masked,
	[__NR_rt_tgsigqueueinfo] = sys_rt_tgsigqueueinfo,
	[__NR_getcpu] = sys_getcpu,
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
	struct process *p = this_cpu()->current;
	u64 nr = (u32)r->rax;

	atomic_inc(&header->kernel_entries);
	p->entries++;
	p->nr = nr;
	p->restart = 0;
	touch_stack(p, r->rsp, args);
	if (nr < ARRAY_SIZE(local_calls) && local_calls[nr])
		r->rax = local_calls[nr](p, args);
	else
		r->rax = slot_forward(p, nr, args);
	signal_return(p, r);
}
