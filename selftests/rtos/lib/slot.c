// SPDX-License-Identifier: GPL-2.0
/* The client of crtos_abi.h: doorbells, submission ring, completions. */
#include "process.h"

/* Longer than a call that Linux serves at once, shorter than going to sleep. */
#define SPIN_US		20

u32 only_vector;

static u64 spin_cycles;

struct crtos_slot *slot_ptr(u32 index)
{
	return region_ptr(header->slots_off + (u64)index * header->slot_len);
}

static u64 upid_control(const struct cpu *cpu, unsigned int vector)
{
	if (only_vector)
		vector = only_vector;
	return (u64)vector << CRTOS_UPID_NV_SHIFT | (u64)cpu->ndst << CRTOS_UPID_NDST_SHIFT;
}

/*
 * ON is cleared before the requests are read: a request that is too late for
 * that read finds ON clear and notifies again.
 */
static u64 take_requests(struct crtos_upid *upid, bool *was_on)
{
	*was_on = test_and_clear_bit(&upid->control, 0);
	return xchg64(&upid->pir, 0);
}

/* Slots with something new go to the CPUs that they belong to. */
void slot_distribute(u64 slots)
{
	u64 others = 0;

	for (; slots; slots &= slots - 1) {
		u32 index = __builtin_ctzll(slots);
		struct cpu *owner = smp_owner(index);

		test_and_set_bit(&owner->changed, index);
		if (owner == this_cpu())
			owner->need_resched = true;
		else
			others |= BIT(owner->index);
	}
	smp_kick(others);
}

static void doorbell(unsigned int vector)
{
	bool was_on;

	if (only_vector || !smp_attached())
		return;
	atomic_inc(&header->doorbells_in);
	slot_distribute(take_requests(&header->rtos_upid, &was_on));
}

/* Whether the entry is complete is for the waiting thread to see. */
static void completion(unsigned int vector)
{
	u32 index = vector - VEC_COMPLETION;
	bool was_on;

	if (only_vector || !smp_attached())
		return;
	atomic_inc(&header->doorbells_in);
	process_completion(index, take_requests(&slot_ptr(index)->upid, &was_on));
}

/*
 * Linux has one vector for everything: so look at everything that this CPU
 * takes.  What was ON is what Linux sent.
 */
void slot_interrupt(void)
{
	struct cpu *cpu = this_cpu();
	bool was_on;
	u64 slots;
	u32 i;

	if (!smp_attached())
		return;
	if (!cpu->index) {
		slots = take_requests(&header->rtos_upid, &was_on);
		if (was_on)
			atomic_inc(&header->doorbells_in);
		slot_distribute(slots);
	}
	for (i = 0; i < CRTOS_MAX_SLOTS; i++) {
		if (smp_owner(i) != cpu || !process_exists(i))
			continue;
		slots = take_requests(&slot_ptr(i)->upid, &was_on);
		if (was_on)
			atomic_inc(&header->doorbells_in);
		process_completion(i, slots);
	}
}

/* Has Linux filled in the header?  It writes magic last. */
bool header_ready(void)
{
	return load_acquire(&header->magic) == CRTOS_HEADER_MAGIC;
}

void header_check(void)
{
	if (header->version == CRTOS_ABI_VERSION)
		return;
	printf("crtos: Linux has ABI %u, this image %u\n", header->version,
	       CRTOS_ABI_VERSION);
	panic(NULL, "wrong ABI");
}

static u64 features(void)
{
	u64 ours = CRTOS_F_TIME | CRTOS_F_CRASH | CRTOS_F_HEARTBEAT;

	if (uintr_ready())
		ours |= CRTOS_F_SENDUIPI;
	return ours & header->features;
}

/* What both sides have */
bool slot_feature(u64 feature)
{
	return features() & feature;
}

void slot_init(void)
{
	unsigned int i;

	spin_cycles = timer_us_to_tsc(SPIN_US);
	trap_set_handler(VEC_DOORBELL, doorbell);
	for (i = 0; i < CRTOS_MAX_SLOTS; i++)
		trap_set_handler(VEC_COMPLETION + i, completion);
}

/* From here on Linux may attach slots. */
void slot_ready(void)
{
	only_vector = header->vector;
	WRITE_ONCE(header->rtos_upid.control, upid_control(this_cpu(), VEC_DOORBELL));
	WRITE_ONCE(header->rtos_version, CRTOS_ABI_VERSION);
	WRITE_ONCE(header->rtos_features, features());
	/* Pairs with the acquiring load of rtos_state in Linux. */
	store_release(&header->rtos_state, CRTOS_RTOS_READY);
	smp_resume();
}

/* As SENDUIPI would */
void upid_post(struct crtos_upid *upid, u32 bit)
{
	u64 control;

	test_and_set_bit(&upid->pir, bit);
	if (READ_ONCE(upid->control) & (CRTOS_UPID_ON | CRTOS_UPID_SN))
		return;
	if (test_and_set_bit(&upid->control, 0))
		return;
	/* Linux may have moved it meanwhile: to where it is when ON is set. */
	control = READ_ONCE(upid->control);
	atomic_inc(&header->doorbells_out);
	atomic_inc(&header->ipis);
	apic_send(control >> CRTOS_UPID_NDST_SHIFT,
		  control >> CRTOS_UPID_NV_SHIFT & 0xff);
}

/* Post into the UPID of Linux by SENDUIPI, if there is that. */
void slot_notify(u32 index)
{
	if (!uintr_post(index)) {
		upid_post(&header->linux_upid, index);
		return;
	}
	/* Whether it notified, only Linux can tell. */
	atomic_inc(&header->doorbells_out);
	atomic_inc(&header->senduipis);
}

static struct crtos_entry *publish(struct process *p, u8 op, u32 nr,
				   const u64 *args, u8 priority)
{
	struct crtos_slot *slot = p->slot;
	u32 index = __builtin_ctzll(p->free_entries);
	struct crtos_entry *e = &slot->entries[index];
	unsigned int i;

	if (p->uintr.shared)
		p->sq_tail = READ_ONCE(slot->sq_tail);
	p->free_entries &= ~BIT(index);
	e->nr = nr;
	e->op = op;
	e->flags = 0;
	e->priority = priority;
	e->status = CRTOS_ENTRY_PENDING;
	for (i = 0; i < ARRAY_SIZE(e->args); i++)
		e->args[i] = args[i];

	slot->sq[p->sq_tail % CRTOS_SQ_SIZE] = index;
	/* Pairs with the acquiring load of sq_tail in the shadow worker. */
	store_release(&slot->sq_tail, ++p->sq_tail);
	/*
	 * Pairs with the barrier between setting NEED_WAKEUP and the last look
	 * at sq_tail in the shadow worker: one of the two sees the other.
	 */
	mb();
	if (READ_ONCE(slot->flags) & CRTOS_SLOT_NEED_WAKEUP)
		slot_notify(p->index);
	else
		atomic_inc(&header->suppressed);
	return e;
}

struct crtos_entry *slot_publish(struct process *p, u8 op, u32 nr, const u64 *args)
{
	return publish(p, op, nr, args, 0);
}

bool entry_done(struct crtos_entry *e)
{
	/* Pairs with the release of status in Linux: result is valid. */
	return load_acquire(&e->status) != CRTOS_ENTRY_PENDING;
}

static void announce_cancels(struct process *p)
{
	store_release(&p->slot->cancels, p->slot->cancels + 1);
	/* Pairs with the barrier between cancels and the flags of entries in Linux. */
	mb();
	slot_notify(p->index);
}

/* For a signal that has a handler, or when time is over */
static void cancel_if_wanted(struct thread *t, struct crtos_entry *e)
{
	bool late = t->deadline && rdtsc() >= t->deadline;

	if (e->flags & CRTOS_ENTRY_CANCEL || (!late && !signal_wanted(t)))
		return;
	WRITE_ONCE(e->flags, CRTOS_ENTRY_NOTIFY | CRTOS_ENTRY_CANCEL);
	announce_cancels(t->process);
}

/* The process ends: what other threads wait for would keep a worker from the EXIT. */
void slot_cancel_all(struct process *p)
{
	struct thread *t;

	for (t = p->threads; t; t = t->next)
		if (t != current_thread() && !(p->free_entries & BIT(t->entry)))
			WRITE_ONCE(p->slot->entries[t->entry].flags,
				   CRTOS_ENTRY_NOTIFY | CRTOS_ENTRY_CANCEL);
	if (p->nr_threads > 1)
		announce_cancels(p);
}

/* The timer is not kept waiting for a completion. */
static void wait_done(struct thread *t, struct crtos_entry *e, bool may_cancel)
{
	u64 end = min(rdtsc() + spin_cycles, this_cpu()->timer_at);
	struct process *p = t->process;

	while (!entry_done(e)) {
		if (READ_ONCE(p->slot->linux_state) != CRTOS_SLOT_ATTACHED)
			process_end(p);
		if (rdtsc() < end) {
			cpu_relax();
			continue;
		}
		/* Linux may need room for signals to go on. */
		signal_wanted(t);
		if (may_cancel)
			cancel_if_wanted(t, e);
		WRITE_ONCE(e->flags, e->flags | CRTOS_ENTRY_NOTIFY);
		/*
		 * Pairs with the barrier between status and the load of flags
		 * in Linux: it sees NOTIFY or we see DONE.
		 */
		mb();
		if (entry_done(e))
			return;
		if (t->deadline && !(e->flags & CRTOS_ENTRY_CANCEL))
			thread_wait_until(t, t->deadline);
		else
			thread_wait(t);
	}
}

static s64 finish(struct thread *t, struct crtos_entry *e, bool may_cancel)
{
	struct process *p = t->process;

	t->entry = e - p->slot->entries;
	wait_done(t, e, may_cancel);
	p->free_entries |= BIT(t->entry);
	/* The calling thread shall end. */
	if (e->status == CRTOS_ENTRY_KILLED)
		thread_exit(t, e->result & 0x7f);
	return e->result;
}

/*
 * Has Linux do a call and returns its result.  Does not return if the process
 * is killed meanwhile.  Calls that the kernel makes are part of something that other
 * threads of the process shall not see half done.
 */
s64 slot_call(struct process *p, u8 op, u32 nr, const u64 *args)
{
	struct thread *t = current_thread(), *alone = p->alone;
	s64 result;

	p->alone = t;
	result = finish(t, publish(p, op, nr, args, 0), false);
	p->alone = alone;
	return result;
}

/* The same for a call of the thread, which a signal or its timeout may end. */
s64 slot_forward(struct process *p, u32 nr, const u64 *args)
{
	struct thread *t = current_thread();
	struct crtos_entry *e;
	s64 result;

	signal_tell_mask(p);
	t->deadline = t->timeout ? rdtsc() + t->timeout : 0;
	e = publish(p, CRTOS_OP_SYSCALL, nr, args,
		    t->call_priority ? t->call_priority : t->priority);
	result = finish(t, e, true);
	/* When time was over, the result is what there is. */
	if (e->status != CRTOS_ENTRY_DONE && (!t->deadline || rdtsc() < t->deadline))
		t->restart = e->status;
	t->deadline = 0;
	return result;
}

/* One that succeeds is never answered: the process goes on in another slot. */
s64 slot_execve(struct process *p, u32 nr, const u64 *args)
{
	struct thread *t = current_thread();
	s64 result;
	u8 status;

	t->execve = true;
	result = slot_call(p, CRTOS_OP_SYSCALL, nr, args);
	t->execve = false;
	status = p->slot->entries[t->entry].status;
	if (status != CRTOS_ENTRY_DONE)
		t->restart = status;
	return result;
}

/*
 * Before signal_head says that a signal was taken: then Linux does not begin the call.
 * The signal would be lost with the program.
 */
void slot_cancel_execve(struct process *p)
{
	struct thread *t = p->alone;
	struct crtos_entry *e;

	if (!t || !t->execve)
		return;
	e = &p->slot->entries[t->entry];
	if (e->flags & CRTOS_ENTRY_CANCEL)
		return;
	WRITE_ONCE(e->flags, CRTOS_ENTRY_NOTIFY | CRTOS_ENTRY_CANCEL);
	announce_cancels(p);
}

/* Never answered: the slot becomes GONE. */
void slot_send_exit(struct process *p, u32 status)
{
	slot_publish(p, CRTOS_OP_EXIT, 0, (const u64[6]) { status });
}

/* Take a slot that is ATTACHED, with the address space of @p (or none). */
void slot_attach(struct process *p)
{
	struct cpu *cpu = smp_owner(p->index);
	struct crtos_slot *slot = p->slot;

	p->sq_tail = 0;
	p->free_entries = ~0ULL;
	WRITE_ONCE(slot->upid.pir, 0);
	WRITE_ONCE(slot->upid.control, upid_control(cpu, VEC_COMPLETION + p->index));
	WRITE_ONCE(slot->map_root, p->mm.root ? virt_to_phys(p->mm.root) : 0);
	WRITE_ONCE(slot->cpu, cpu->index);
	WRITE_ONCE(slot->regs, image_to_phys(thread_regs(p->threads)));
	store_release(&slot->rtos_state, CRTOS_PROCESS_RUNNING);
}

/* The last thing that is written to the slot: Linux may use it again. */
void slot_release(u32 index)
{
	struct crtos_slot *slot = slot_ptr(index);

	WRITE_ONCE(slot->map_root, 0);
	WRITE_ONCE(slot->regs, 0);
	/* Pairs with the acquiring load of rtos_state in Linux. */
	store_release(&slot->rtos_state, CRTOS_PROCESS_ENDED);
}

/*
 * FREE also for a slot whose end was acknowledged: Linux may be about to use it
 * again, and a second ENDED would end the next process. Linux clears linux_state
 * before rtos_state, so they are read in the opposite order.
 */
u32 slot_state(u32 index)
{
	struct crtos_slot *slot = slot_ptr(index);

	if (load_acquire(&slot->rtos_state) == CRTOS_PROCESS_ENDED)
		return CRTOS_SLOT_FREE;
	/* Pairs with the release of linux_state: the slot is filled in. */
	return load_acquire(&slot->linux_state);
}
