// SPDX-License-Identifier: GPL-2.0
/*
 * What a handler finds on its stack, as Linux lays it out for x86-64, and the way back
 * from there.
 */
#include "process.h"

#define MINSIGSTKSZ	2048

/* ucontext.flags */
#define UC_FP_XSTATE		1
#define UC_SIGCONTEXT_SS	2
#define UC_STRICT_RESTORE_SS	4

/* What a program may have in RFLAGS: the condition codes, TF, DF, AC */
#define USER_FLAGS	(0xcd5ULL | FLAG_TF | FLAG_AC)

/* FXSAVE, or the legacy part of XSAVE, and the header behind it */
#define FX_LEN		512
#define FX_MXCSR	24
#define FX_MXCSR_MASK	28
#define FX_SOFTWARE	464
#define XSAVE_HEADER_LEN	64
#define XSTATE_LEGACY	3
#define DEFAULT_MXCSR_MASK	0xffbf
#define FP_MAGIC1	0x46505853
#define FP_MAGIC2	0x46505845

struct sigcontext {
	u64 r8, r9, r10, r11, r12, r13, r14, r15;
	u64 rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp;
	u64 rip, rflags;
	u16 cs, gs, fs, ss;
	u64 error, trap, oldmask, cr2, fpstate, reserved[8];
};

struct ucontext {
	u64 flags, link;
	struct sigaltstack stack;
	struct sigcontext regs;
	u64 mask;
};

struct frame {
	u64 restorer;
	struct ucontext uc;
	struct siginfo info;
	u8 rest[SIGINFO_LEN - sizeof(struct siginfo)];
};

static_assert(sizeof(struct ucontext) == 304);
static_assert(sizeof(struct frame) == 440);

/* What says that there is more than FX_LEN, and FP_MAGIC2 behind all of it */
struct fpu_software {
	u32 magic1, extended_len;
	u64 features;
	u32 len, reserved[7];
};

static u32 fpu_len(void)
{
	return xfeatures ? cpuid(0xd, 0).ebx : FX_LEN;
}

static bool on_altstack(const struct sigaltstack *alt, u64 sp)
{
	return sp > alt->sp && sp - alt->sp <= alt->size;
}

/* One that is disabled has no length. */
static s64 set_altstack(struct thread *t, const struct sigaltstack *new, u64 sp)
{
	u32 flags = new->flags, mode = flags & ~SS_AUTODISARM;
	struct sigaltstack *alt = &t->sig.altstack;

	if (on_altstack(alt, sp) && !(alt->flags & SS_AUTODISARM))
		return -EPERM;
	if (mode && mode != SS_ONSTACK && mode != SS_DISABLE)
		return -EINVAL;
	if (mode != SS_DISABLE && new->size < MINSIGSTKSZ)
		return -ENOMEM;
	*alt = *new;
	alt->flags = flags;
	if (mode == SS_DISABLE)
		*alt = (struct sigaltstack) { .flags = flags };
	return 0;
}

s64 sys_sigaltstack(struct process *p, const u64 *a)
{
	struct thread *t = current_thread();
	struct sigaltstack old = t->sig.altstack, new;
	u64 sp = thread_regs(t)->rsp;
	s64 err = 0;

	old.flags &= SS_AUTODISARM;
	if (!old.size)
		old.flags |= SS_DISABLE;
	else if (!old.flags && on_altstack(&old, sp))
		old.flags |= SS_ONSTACK;
	if (a[0] && copy_from_user(&p->mm, &new, a[0], sizeof(new)))
		return -EFAULT;
	if (a[0])
		err = set_altstack(t, &new, sp);
	if (!err && a[1])
		err = copy_to_user(&p->mm, a[1], &old, sizeof(old));
	return err;
}

static bool push_fpu(struct thread *t, u64 to)
{
	struct mm *mm = &t->process->mm;
	struct fpu_software sw = {
		.magic1 = FP_MAGIC1,
		.extended_len = fpu_len() + sizeof(u32),
		.features = xfeatures,
		.len = fpu_len(),
	};
	u32 magic2 = FP_MAGIC2;

	fpu_save(t);
	if (copy_to_user(mm, to, t->fpu, sw.len))
		return false;
	return !xfeatures || (!copy_to_user(mm, to + FX_SOFTWARE, &sw, sizeof(sw)) &&
			      !copy_to_user(mm, to + sw.len, &magic2, sizeof(magic2)));
}

static void clear_fpu(struct thread *t)
{
	memset(t->fpu, 0, sizeof(t->fpu));
	fpu_prepare(t);
}

/* Is there all of the state at @from, or what FXSAVE knows only? */
static bool is_whole(struct process *p, u64 from)
{
	struct fpu_software sw;
	u32 magic2;

	return xfeatures &&
	       !copy_from_user(&p->mm, &sw, from + FX_SOFTWARE, sizeof(sw)) &&
	       sw.magic1 == FP_MAGIC1 && sw.len == fpu_len() &&
	       !copy_from_user(&p->mm, &magic2, from + sw.len, sizeof(magic2)) &&
	       magic2 == FP_MAGIC2;
}

/* The process wrote it, and reserved bits make XRSTOR fault. */
static bool pop_fpu(struct thread *t, u64 from)
{
	bool whole = from && is_whole(t->process, from);
	u64 *header = (u64 *)&t->fpu[FX_LEN];
	u32 mask;

	fpu_save(t);
	mask = *(u32 *)&t->fpu[FX_MXCSR_MASK];
	clear_fpu(t);
	if (from && copy_from_user(&t->process->mm, t->fpu, from, whole ? fpu_len() : FX_LEN))
		return false;
	*(u32 *)&t->fpu[FX_MXCSR] &= mask ? mask : DEFAULT_MXCSR_MASK;
	if (from && xfeatures) {
		header[0] = whole ? header[0] & xfeatures : XSTATE_LEGACY;
		memset(header + 1, 0, XSAVE_HEADER_LEN - sizeof(*header));
	}
	fpu_restore(t);
	return true;
}

static void save_regs(struct sigcontext *c, const struct crtos_regs *r)
{
	*c = (struct sigcontext) {
		.r8 = r->r8, .r9 = r->r9, .r10 = r->r10, .r11 = r->r11,
		.r12 = r->r12, .r13 = r->r13, .r14 = r->r14, .r15 = r->r15,
		.rdi = r->rdi, .rsi = r->rsi, .rbp = r->rbp, .rbx = r->rbx,
		.rdx = r->rdx, .rax = r->rax, .rcx = r->rcx, .rsp = r->rsp,
		.rip = r->rip, .rflags = r->rflags, .cs = r->cs, .ss = r->ss,
	};
	if (r->vector >= 32)
		return;
	c->error = r->error;
	c->trap = r->vector;
	c->cr2 = r->vector == VEC_PF ? read_cr2() : 0;
}

static void load_regs(struct crtos_regs *r, const struct sigcontext *c)
{
	*r = (struct crtos_regs) {
		.r8 = c->r8, .r9 = c->r9, .r10 = c->r10, .r11 = c->r11,
		.r12 = c->r12, .r13 = c->r13, .r14 = c->r14, .r15 = c->r15,
		.rdi = c->rdi, .rsi = c->rsi, .rbp = c->rbp, .rbx = c->rbx,
		.rdx = c->rdx, .rax = c->rax, .rcx = c->rcx, .rsp = c->rsp,
		.rip = c->rip, .cs = SEL_UCODE, .ss = SEL_UDATA,
		.rflags = (c->rflags & USER_FLAGS) | FLAG_IF | FLAG_RESERVED,
	};
}

static void save_mask(struct thread_signals *s, struct ucontext *uc)
{
	uc->mask = s->restore ? s->saved : s->blocked;
	s->restore = false;
	uc->stack = s->altstack;
	if (!s->altstack.size)
		uc->stack.flags |= SS_DISABLE;
	if (s->altstack.flags & SS_AUTODISARM)
		s->altstack = (struct sigaltstack) {};
}

/* Finds the place; false: there is none on the alternate stack. */
static bool find_place(const struct thread *t, u64 rsp, u64 flags, u64 *fpstate, u64 *frame)
{
	const struct sigaltstack *alt = &t->sig.altstack;
	bool on = on_altstack(alt, rsp) && !(alt->flags & SS_AUTODISARM);
	u64 sp = rsp - RED_ZONE;

	if (flags & SA_ONSTACK && alt->size && !on) {
		sp = alt->sp + alt->size;
		on = true;
	}
	*fpstate = align_down(sp - fpu_len() - sizeof(u32), 64);
	/* As if the restorer had called the handler */
	*frame = align_down(*fpstate - sizeof(struct frame), 16) - sizeof(u64);
	return !on || on_altstack(alt, *frame);
}

/* Makes the thread run the handler when it goes to ring 3. */
bool sigframe_push(struct thread *t, struct crtos_regs *r, const struct siginfo *info,
		   const struct sigaction *sa)
{
	struct frame f = { .restorer = sa->restorer, .info = *info };
	u64 at;

	if (!(sa->flags & SA_RESTORER) || sa->handler >= USER_LIMIT)
		return false;
	f.uc.flags = UC_SIGCONTEXT_SS | UC_STRICT_RESTORE_SS | (xfeatures ? UC_FP_XSTATE : 0);
	save_regs(&f.uc.regs, r);
	if (!find_place(t, r->rsp, sa->flags, &f.uc.regs.fpstate, &at))
		return false;
	save_mask(&t->sig, &f.uc);
	if (!push_fpu(t, f.uc.regs.fpstate) || copy_to_user(&t->process->mm, at, &f, sizeof(f)))
		return false;

	clear_fpu(t);
	fpu_restore(t);
	r->rip = sa->handler;
	r->rsp = at;
	r->rdi = info->signo;
	r->rsi = at + offsetof(struct frame, info);
	r->rdx = at + offsetof(struct frame, uc);
	r->rax = 0;
	r->rflags &= ~(FLAG_TF | FLAG_DF | FLAG_RF);
	return true;
}

/* The restorer has taken its own address from the stack.  All registers change. */
s64 sys_rt_sigreturn(struct process *p, const u64 *a)
{
	struct thread *t = current_thread();
	struct crtos_regs *r = thread_regs(t);
	struct ucontext uc;

	if (copy_from_user(&p->mm, &uc, r->rsp, sizeof(uc)) ||
	    uc.regs.rip >= USER_LIMIT || !pop_fpu(t, uc.regs.fpstate))
		process_exit(p, SIGSEGV);
	load_regs(r, &uc.regs);
	t->sig.blocked = uc.mask & ~UNBLOCKABLE;
	set_altstack(t, &uc.stack, r->rsp);
	signal_return(t, r);
	enter_user(r);
}
