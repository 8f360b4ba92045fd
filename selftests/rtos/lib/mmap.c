// SPDX-License-Identifier: GPL-2.0
/* The calls about memory, of which Linux knows nothing. */
#include "process.h"

#define MAP_SHARED		0x01
#define MAP_PRIVATE		0x02
#define MAP_TYPE		0x0f
#define MAP_FIXED		0x10
#define MAP_ANONYMOUS		0x20
#define MAP_STACK		0x20000
#define MAP_FIXED_NOREPLACE	0x100000

#define MREMAP_MAYMOVE	1

#define MADV_DONTNEED	4
/*
 * Advice that may be ignored: NORMAL to DONTNEED, FREE, DOFORK, all about large pages
 * and dumps, KEEPONFORK to POPULATE_WRITE
 */
#define KNOWN_ADVICE	(0x1fULL | BIT(8) | BIT(11) | 0xfULL << 14 | 0x1fULL << 19)

#define MS_ASYNC	1
#define MS_INVALIDATE	2
#define MS_SYNC		4

#define MCL_CURRENT	1
#define MCL_FUTURE	2
#define MCL_ONFAULT	4

#define F_GETFL		3
#define O_ACCMODE	3
#define O_WRONLY	1

/* @len is compared before it is rounded, so that it cannot wrap. */
static bool bad_range(struct mm *mm, u64 start, u64 len)
{
	return start % PAGE_SIZE || len > mm->end ||
	       !mm_in_window(mm, start, align_up(len, PAGE_SIZE));
}

s64 sys_brk(struct process *p, const u64 *a)
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

/* What Linux says of a descriptor that cannot be mapped; @err is what reading gave. */
static s64 map_error(struct process *p, u64 fd, s64 err)
{
	s64 flags;

	if (err == -ESPIPE || err == -EISDIR)
		return -ENODEV;
	flags = forward(p, __NR_fcntl, fd, F_GETFL);
	return flags >= 0 && (flags & O_ACCMODE) == O_WRONLY ? -EACCES : err;
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

/* Of stacks of threads, most is never used. */
static u32 vma_flags(struct mm *mm, u64 flags)
{
	if ((flags & MAP_TYPE) == MAP_SHARED)
		return VMA_SHARED;
	if (!(flags & MAP_STACK))
		return 0;
	mm->stacks = true;
	return VMA_STACK;
}

s64 sys_mmap(struct process *p, const u64 *a)
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
			return map_error(p, a[4], err);
	}

	len = align_up(a[1], PAGE_SIZE);
	addr = map_address(p, a[0], len, a[3]);
	if (addr < 0)
		return addr;
	if (anonymous)
		err = mm_map(p, addr, addr + len, a[2] & 7, vma_flags(&p->mm, a[3]));
	else
		err = map_file(p, addr, addr + len, a);
	return err ?: addr;
}

s64 sys_munmap(struct process *p, const u64 *a)
{
	if (!a[1] || bad_range(&p->mm, a[0], a[1]))
		return -EINVAL;
	return mm_unmap(p, a[0], a[0] + align_up(a[1], PAGE_SIZE));
}

/* Up to the first hole */
s64 sys_mprotect(struct process *p, const u64 *a)
{
	u64 end, hole;
	s64 err = 0;

	if (a[0] % PAGE_SIZE || (a[2] & ~7ULL))
		return -EINVAL;
	if (!a[1])
		return 0;
	if (bad_range(&p->mm, a[0], a[1]))
		return -ENOMEM;
	end = a[0] + align_up(a[1], PAGE_SIZE);
	hole = mm_hole(&p->mm, a[0], end);
	if (hole > a[0])
		err = mm_protect(p, a[0], hole, a[2]);
	return err || hole == end ? err : -ENOMEM;
}

s64 sys_mremap(struct process *p, const u64 *a)
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

static s64 check_mapped(struct mm *mm, u64 start, u64 len)
{
	u64 end = start + align_up(len, PAGE_SIZE);

	if (!len)
		return 0;
	if (bad_range(mm, start, len))
		return -ENOMEM;
	return mm_hole(mm, start, end) == end ? 0 : -ENOMEM;
}

s64 sys_madvise(struct process *p, const u64 *a)
{
	if (a[2] > 63 || !(KNOWN_ADVICE & BIT(a[2])) || a[0] % PAGE_SIZE)
		return -EINVAL;
	if (a[2] == MADV_DONTNEED && !bad_range(&p->mm, a[0], a[1]))
		mm_zero(&p->mm, a[0], a[0] + align_up(a[1], PAGE_SIZE));
	return check_mapped(&p->mm, a[0], a[1]);
}

/* Nothing is ever written back. */
s64 sys_msync(struct process *p, const u64 *a)
{
	if (a[0] % PAGE_SIZE || (a[2] & ~(u64)(MS_ASYNC | MS_INVALIDATE | MS_SYNC)) ||
	    (a[2] & MS_ASYNC && a[2] & MS_SYNC))
		return -EINVAL;
	return check_mapped(&p->mm, a[0], a[1]);
}

/* What is mapped is there. */
s64 sys_mincore(struct process *p, const u64 *a)
{
	u64 va, end, hole, vec = a[2];
	const u8 yes = 1;

	if (a[0] % PAGE_SIZE)
		return -EINVAL;
	if (bad_range(&p->mm, a[0], a[1]))
		return -ENOMEM;
	end = a[0] + align_up(a[1], PAGE_SIZE);
	hole = mm_hole(&p->mm, a[0], end);
	for (va = a[0]; va < hole; va += PAGE_SIZE)
		if (copy_to_user(&p->mm, vec++, &yes, sizeof(yes)))
			return -EFAULT;
	return hole == end ? 0 : -ENOMEM;
}

/* mlock() and munlock(): memory is always there. */
s64 sys_mlock(struct process *p, const u64 *a)
{
	u64 skew = a[0] % PAGE_SIZE;

	return check_mapped(&p->mm, a[0] - skew, a[1] + skew);
}

s64 sys_mlockall(struct process *p, const u64 *a)
{
	return !(a[0] & (MCL_CURRENT | MCL_FUTURE)) ||
	       a[0] & ~(u64)(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) ? -EINVAL : 0;
}
