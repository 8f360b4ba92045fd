// SPDX-License-Identifier: GPL-2.0
/*
 * Start of a program: what execve() does for a static executable, with the file
 * read through forwarded calls, so that Linux decides about it.
 */
#include "process.h"

#define AT_FDCWD	(-100)
#define AT_EACCESS	0x200
#define X_OK		1
#define O_CLOEXEC	02000000
#define STDERR		2

#define STAT_LEN	144
#define STAT_MODE	24
#define S_IFMT		0170000
#define S_IFREG		0100000

#define ET_EXEC		2
#define ET_DYN		3
#define EM_X86_64	62
#define PT_LOAD		1
#define PT_INTERP	3
#define PF_X		1
#define PF_W		2
#define PF_R		4
#define MAX_PHDRS	64

#define STACK_SIZE	(8ULL << 20)
#define STACK_GAP	BIT(20)
#define STACK_EAGER	(256ULL << 10)
#define MAX_STRINGS	(4ULL << 20)
#define MAX_POINTERS	(2ULL << 20)	/* in bytes */
#define RANDOM_LEN	16

enum {
	AT_NULL = 0, AT_IGNORE = 1, AT_PHDR = 3, AT_PHENT = 4, AT_PHNUM = 5, AT_PAGESZ = 6,
	AT_BASE = 7, AT_FLAGS = 8, AT_ENTRY = 9, AT_UID = 11, AT_EUID = 12,
	AT_GID = 13, AT_EGID = 14, AT_HWCAP = 16, AT_CLKTCK = 17,
	AT_SECURE = 23, AT_RANDOM = 25, AT_EXECFN = 31,
	AT_SYSINFO_EHDR = 33,
};

struct elf_header {
	u8 ident[16];
	u16 type, machine;
	u32 version;
	u64 entry, phoff, shoff;
	u32 flags;
	u16 ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};

struct elf_phdr {
	u32 type, flags;
	u64 offset, vaddr, paddr, filesz, memsz, align;
};

/**
 * struct loader - a program being started
 * @strings: address of the start strings in the new stack
 * @strings_end: and of the byte after them
 * @sp: below this the stack is free
 * @scratch: a page of the stack for what Linux writes for the loader
 * @bias: what is added to the addresses in the file
 * @dynamic: it wants a loader, which would have to map files
 */
struct loader {
	struct process *p;
	u64 strings, strings_end;
	u64 sp, scratch;
	u64 fd, bias, end;
	bool dynamic;
	struct elf_header eh;
	struct elf_phdr ph[MAX_PHDRS];
};

static int make_stack(struct loader *l)
{
	struct crtos_slot *slot = l->p->slot;
	u64 pointers = ((u64)slot->argc + slot->envc + 64) * sizeof(u64);
	struct mm *mm = &l->p->mm;
	u64 top;
	int err;

	if (mm->end < mm->start + 4 * STACK_SIZE)
		return -ENOMEM;
	if (slot->strings_len > MAX_STRINGS || pointers > MAX_POINTERS)
		return -E2BIG;
	top = mm->end - STACK_GAP;
	mm->stack_start = top - STACK_SIZE;
	mm->stack_low = top;
	mm->mmap_top = mm->stack_start - STACK_GAP;
	err = mm_map(l->p, mm->stack_start, top, PROT_READ | PROT_WRITE, VMA_STACK);
	if (err)
		return err;

	mm->scratch = top - SCRATCH_LEN;
	l->strings = align_down(mm->scratch - RANDOM_LEN - slot->strings_len, 16);
	l->strings_end = l->strings + slot->strings_len;
	l->sp = l->strings;
	l->scratch = align_down(l->strings - pointers, PAGE_SIZE) - PAGE_SIZE;
	mm_make_room(l->p, (top - l->scratch + STACK_EAGER) / PAGE_SIZE + 1);
	return mm_stack_touch(mm, l->scratch - STACK_EAGER) ? 0 : -ENOMEM;
}

static int get_strings(struct loader *l)
{
	u64 done = 0, len = l->strings_end - l->strings;
	s64 n;

	while (done < len) {
		n = slot_call(l->p, CRTOS_OP_ARGS, 0, (const u64[6]) {
			      l->strings + done, len - done, done });
		if (n <= 0)
			return n ? n : -EFAULT;
		done += n;
	}
	return 0;
}

static void set_name(struct loader *l)
{
	struct process *p = l->p;
	s64 len = user_strlen(&p->mm, l->strings, l->strings_end);
	u64 start = 0;
	s64 i;
	char c;

	for (i = 0; i < len; i++)
		if (!copy_from_user(&p->mm, &c, l->strings + i, 1) && c == '/')
			start = i + 1;
	if (len > 0)
		copy_from_user(&p->mm, p->name, l->strings + start,
			       min(sizeof(p->name) - 1, len - start));
}

static int open_file(struct loader *l)
{
	struct process *p = l->p;
	u32 mode;
	s64 err;

	err = forward(p, __NR_faccessat2, AT_FDCWD, l->strings, X_OK, AT_EACCESS);
	if (err)
		return err;
	err = forward(p, __NR_openat, AT_FDCWD, l->strings, O_CLOEXEC);
	if (err < 0)
		return err;
	l->fd = err;
	err = forward(p, __NR_fstat, l->fd, l->scratch);
	if (err)
		return err;
	err = copy_from_user(&p->mm, &mode, l->scratch + STAT_MODE, sizeof(mode));
	if (err)
		return err;
	return (mode & S_IFMT) == S_IFREG ? 0 : -EACCES;
}

/* All of [offset, +len) to @addr; a file that ends before is no executable. */
static int read_file(struct loader *l, u64 addr, u64 len, u64 offset)
{
	s64 n;

	while (len) {
		n = forward(l->p, __NR_pread64, l->fd, addr, len, offset);
		if (n == -EINTR)
			continue;
		if (n <= 0)
			return n ? n : -ENOEXEC;
		addr += n;
		offset += n;
		len -= n;
	}
	return 0;
}

/* By way of the scratch page: Linux only writes where the process could. */
static int read_struct(struct loader *l, void *to, u64 len, u64 offset)
{
	return read_file(l, l->scratch, len, offset) ?:
	       copy_from_user(&l->p->mm, to, l->scratch, len);
}

static int read_headers(struct loader *l)
{
	static const u8 ident[] = { 0x7f, 'E', 'L', 'F', 2, 1, 1 };
	struct elf_header *eh = &l->eh;
	unsigned int i;
	int err;

	err = read_struct(l, eh, sizeof(*eh), 0);
	if (err)
		return err;
	if (memcmp(eh->ident, ident, sizeof(ident)) ||
	    (eh->type != ET_EXEC && eh->type != ET_DYN) ||
	    eh->machine != EM_X86_64 || eh->phentsize != sizeof(struct elf_phdr) ||
	    !eh->phnum || eh->phnum > MAX_PHDRS)
		return -ENOEXEC;
	err = read_struct(l, l->ph, eh->phnum * sizeof(struct elf_phdr), eh->phoff);
	for (i = 0; !err && i < eh->phnum; i++)
		l->dynamic |= l->ph[i].type == PT_INTERP;
	return err ?: l->dynamic ? -ENOEXEC : 0;
}

/* Position-independent programs go to the middle of the window. */
static u64 choose_bias(struct loader *l)
{
	struct mm *mm = &l->p->mm;
	u64 align = LARGE_PAGE;
	unsigned int i;

	if (l->eh.type != ET_DYN)
		return 0;
	for (i = 0; i < l->eh.phnum; i++)
		if (l->ph[i].type == PT_LOAD && l->ph[i].align <= 1 << 30)
			align = max(align, l->ph[i].align);
	return align_down(mm->start + (mm->end - mm->start) / 2, align);
}

static u32 segment_prot(const struct elf_phdr *ph)
{
	return (ph->flags & PF_R ? PROT_READ : 0) |
	       (ph->flags & PF_W ? PROT_WRITE : 0) |
	       (ph->flags & PF_X ? PROT_EXEC : 0);
}

/*
 * Whole pages, as mmap() of the file would give: a page that two segments share
 * is the later one's.  Written by Linux, so writable until it is full.
 */
static int load_segment(struct loader *l, const struct elf_phdr *ph)
{
	struct mm *mm = &l->p->mm;
	u64 skew = ph->vaddr % PAGE_SIZE, start, end;
	int err;

	if (ph->vaddr > mm->mmap_top || ph->memsz > mm->mmap_top ||
	    ph->filesz > ph->memsz || ph->offset % PAGE_SIZE != skew)
		return -ENOEXEC;
	start = ph->vaddr - skew + l->bias;
	end = align_up(ph->vaddr + ph->memsz + l->bias, PAGE_SIZE);
	if (start < mm->start || end > mm->mmap_top)
		return -ENOEXEC;
	if (start == end)
		return 0;

	err = mm_unmap(l->p, start, end) ?:
	      mm_map(l->p, start, end, PROT_READ | PROT_WRITE, 0);
	if (!err && ph->filesz)
		err = read_file(l, start, ph->filesz + skew, ph->offset - skew);
	if (!err)
		err = mm_protect(l->p, start, end, segment_prot(ph));
	l->end = max(l->end, end);
	return err;
}

static int load_segments(struct loader *l)
{
	unsigned int i;
	int err;

	l->bias = choose_bias(l);
	for (i = 0; i < l->eh.phnum; i++) {
		if (l->ph[i].type != PT_LOAD)
			continue;
		err = load_segment(l, &l->ph[i]);
		if (err)
			return err;
	}
	/* Also what keeps IRET from faulting: below the end of the low half */
	if (!l->end || !mm_in_window(&l->p->mm, l->eh.entry + l->bias, 1))
		return -ENOEXEC;
	l->p->mm.brk_start = l->end;
	l->p->mm.brk = l->end;
	return 0;
}

/* Address of the program headers in memory, or 0 */
static u64 phdr_address(struct loader *l)
{
	u64 off = l->eh.phoff;
	unsigned int i;

	for (i = 0; i < l->eh.phnum; i++) {
		struct elf_phdr *ph = &l->ph[i];

		if (ph->type == PT_LOAD && off >= ph->offset &&
		    off - ph->offset < ph->filesz)
			return off - ph->offset + ph->vaddr + l->bias;
	}
	return 0;
}

static u64 random64(void)
{
	bool ok = false;
	u64 v = 0;

	if (cpuid(1, 0).ecx & BIT(30))
		asm volatile("rdrand %0" : "=r" (v), "=@ccc" (ok));
	return ok ? v : rdtsc() * 0x9e3779b97f4a7c15ULL;
}

static int push(struct loader *l, const void *from, u64 len)
{
	int err = copy_to_user(&l->p->mm, l->sp, from, len);

	l->sp += len;
	return err;
}

/* @count pointers to the strings from *addr on, and a NULL */
static int push_pointers(struct loader *l, u64 *addr, u32 count)
{
	u64 null = 0;
	s64 len;

	for (; count; count--) {
		len = user_strlen(&l->p->mm, *addr, l->strings_end);
		if (len < 0)
			return len;
		if (push(l, addr, sizeof(*addr)))
			return -EFAULT;
		*addr += len + 1;
	}
	return push(l, &null, sizeof(null));
}

static int push_auxv(struct loader *l, u64 random)
{
	struct process *p = l->p;
	u64 vdso = vdso_address(&p->mm);
	u64 auxv[][2] = {
		{ vdso ? AT_SYSINFO_EHDR : AT_IGNORE, vdso },
		{ AT_PHDR, phdr_address(l) },
		{ AT_PHENT, sizeof(struct elf_phdr) },
		{ AT_PHNUM, l->eh.phnum },
		{ AT_PAGESZ, PAGE_SIZE },
		{ AT_BASE, 0 },
		{ AT_FLAGS, 0 },
		{ AT_ENTRY, l->eh.entry + l->bias },
		{ AT_UID, forward(p, __NR_getuid) },
		{ AT_EUID, forward(p, __NR_geteuid) },
		{ AT_GID, forward(p, __NR_getgid) },
		{ AT_EGID, forward(p, __NR_getegid) },
		{ AT_HWCAP, cpuid(1, 0).edx },
		{ AT_CLKTCK, 100 },
		{ AT_SECURE, 0 },
		{ AT_RANDOM, random },
		{ AT_EXECFN, l->strings },
		{ AT_NULL, 0 },
	};

	return push(l, auxv, sizeof(auxv));
}

/* argc, argv, envp, auxv from the new stack pointer up */
static int fill_stack(struct loader *l, u64 *rsp)
{
	u64 random[RANDOM_LEN / sizeof(u64)] = { random64(), random64() };
	u64 random_at = l->p->mm.scratch - RANDOM_LEN, argc = l->p->slot->argc, addr;
	s64 len = user_strlen(&l->p->mm, l->strings, l->strings_end);
	int err;

	if (len < 0)
		return len;
	err = copy_to_user(&l->p->mm, random_at, random, sizeof(random));
	if (err)
		return err;
	*rsp = align_down(l->strings - (argc + l->p->slot->envc + 40) * sizeof(u64), 16);
	l->sp = *rsp;
	addr = l->strings + len + 1;	/* after the path */
	return push(l, &argc, sizeof(argc)) ?:
	       push_pointers(l, &addr, argc) ?:
	       push_pointers(l, &addr, l->p->slot->envc) ?:
	       push_auxv(l, random_at);
}

static const char *error_name(int err)
{
	switch (-err) {
	case ENOENT:
		return "No such file or directory";
	case E2BIG:
		return "Argument list too long";
	case ENOEXEC:
		return "Exec format error";
	case ENOMEM:
		return "Cannot allocate memory";
	case EACCES:
		return "Permission denied";
	case ENOTDIR:
		return "Not a directory";
	case ENAMETOOLONG:
		return "File name too long";
	case ELOOP:
		return "Too many levels of symbolic links";
	}
	return NULL;
}

/* As a shell would: a line on standard error, and 126 or 127 */
static void __noreturn fail(struct loader *l, int err)
{
	char path[256] = "?", line[320];
	const char *name = l->dynamic ? "dynamically linked: this RTOS runs static programs only"
				      : error_name(err);
	struct process *p = l->p;
	s64 len = -EFAULT;

	if (l->scratch)
		len = user_strlen(&p->mm, l->strings, l->strings_end);
	if (len > 0)
		copy_from_user(&p->mm, path, l->strings,
			       min(sizeof(path) - 1, (u64)len));
	if (name)
		len = snprintf(line, sizeof(line), "crtos: %s: %s\n", path, name);
	else
		len = snprintf(line, sizeof(line), "crtos: %s: error %d\n", path, -err);
	console_write(line, len);
	if (l->scratch && !copy_to_user(&p->mm, l->scratch, line, len))
		forward(p, __NR_write, STDERR, l->scratch, len);
	process_exit(p, (err == -ENOENT ? 127 : 126) << 8);
}

/* On the kernel stack of the new process; @r becomes its registers. */
void elf_start(struct process *p, struct crtos_regs *r)
{
	struct loader l = { .p = p };
	u64 rsp = 0;
	int err;

	err = make_stack(&l) ?: get_strings(&l);
	if (err)
		fail(&l, err);
	sched_ask(p);
	set_name(&l);
	err = open_file(&l) ?: read_headers(&l) ?: load_segments(&l);
	if (err)
		fail(&l, err);
	/* So that the first file the program opens is number 3. */
	forward(p, __NR_close, l.fd);
	err = fill_stack(&l, &rsp);
	if (err)
		fail(&l, err);

	signal_start(p);
	printf("slot %u: pid %u (%s) starts\n", p->index, p->pid, p->name);
	memset(r, 0, sizeof(*r));
	r->rip = l.eh.entry + l.bias;
	r->cs = SEL_UCODE;
	r->rflags = FLAG_IF | FLAG_RESERVED;
	r->rsp = rsp;
	r->ss = SEL_UDATA;
}
