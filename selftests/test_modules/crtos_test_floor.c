// SPDX-License-Identifier: GPL-2.0-only
/*
 * What bench compares forwarded calls with: the least that it takes to be notified
 * and to answer, in the kernel; the system calls alone; and what systems before
 * needed of the kernel that had a process on Linux make the calls, see proxy.c.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cleanup.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/kthread.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/pid.h>
#include <linux/rcupdate.h>
#include <linux/rcuwait.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>
#include <linux/wait.h>

#include <asm/apic.h>
#include <asm/posted_receiver.h>
#include <asm/ptrace.h>
#include <asm/tsc.h>
#include <asm/unistd.h>

#include "crtos_test_floor.h"

/* Between two looks at anything else */
#define POLLS	1000

static unsigned int cpu = 1;
module_param(cpu, uint, 0444);
MODULE_PARM_DESC(cpu, "CPU of the RTOS");

static unsigned int vector = 0x31;
module_param(vector, uint, 0444);
MODULE_PARM_DESC(vector, "interrupt that the RTOS takes and does nothing for");

static unsigned long getppid_addr;
module_param_named(getppid, getppid_addr, ulong, 0444);
MODULE_PARM_DESC(getppid, "address of that system call");

static unsigned long write_addr;
module_param_named(write, write_addr, ulong, 0444);
MODULE_PARM_DESC(write, "address of that system call");

typedef long (*call_fn)(const struct pt_regs *regs);

/* Who shares: all that follows is this file's until it is closed. */
static struct file *owner;
static struct page *pages[FLOOR_PAGES];
static struct task_struct *thread;
static struct rcuwait waiter;

/* Protects what a proxy has of it. */
static DEFINE_MUTEX(proxy_lock);
static DECLARE_WAIT_QUEUE_HEAD(shared);
static struct floor_control __rcu *control;
static struct pid *proxy;

static bool floor_notify(struct posted_receiver *receiver, u64 requests)
{
	struct pid *pid = READ_ONCE(proxy);

	if (pid)
		kill_pid(pid, FLOOR_SIGNAL, 1);
	else
		rcuwait_wake_up(&waiter);
	return true;
}

static struct posted_receiver receiver = {
	.notify = floor_notify,
};

static int floor_sleeper(void *data)
{
	struct floor_control *c = data;
	u32 done = 0;

	while (!kthread_should_stop()) {
		rcuwait_wait_event(&waiter, READ_ONCE(c->request.seq) != done ||
				   kthread_should_stop(), TASK_INTERRUPTIBLE);
		done = READ_ONCE(c->request.seq);
		WRITE_ONCE(c->answer.seq, done);
	}
	return 0;
}

static bool floor_poll(struct floor_control *c, u32 done)
{
	unsigned int i;

	for (i = 0; i < POLLS; i++) {
		if (READ_ONCE(c->request.seq) != done)
			return true;
		cpu_relax();
	}
	return false;
}

static int floor_poller(void *data)
{
	struct floor_control *c = data;
	u32 done = 0;

	while (!kthread_should_stop()) {
		if (floor_poll(c, done)) {
			done = READ_ONCE(c->request.seq);
			WRITE_ONCE(c->answer.seq, done);
		}
		cond_resched();
	}
	return 0;
}

static int floor_start_thread(struct floor_control *c, u32 who)
{
	int (*fn)(void *data) = who == FLOOR_SLEEPER ? floor_sleeper : floor_poller;
	struct task_struct *task;

	if (who == FLOOR_PROXY)
		return 0;
	task = kthread_run_on_cpu(fn, c, FLOOR_CPU, "crtos_floor/%u");
	if (IS_ERR(task))
		return PTR_ERR(task);
	thread = task;
	return 0;
}

/* It must not be a long-term pin: the pages are seen as those of a file. */
static int floor_pin(unsigned long addr)
{
	int n = pin_user_pages_fast(addr, FLOOR_PAGES, FOLL_WRITE, pages);

	if (n == FLOOR_PAGES)
		return 0;
	if (n < 0)
		return n;
	unpin_user_pages(pages, n);
	return -EFAULT;
}

static int floor_start(const struct floor_share *share)
{
	struct floor_control *c;
	int ret;

	ret = floor_pin(share->addr);
	if (ret)
		return ret;
	c = page_address(pages[0]);
	receiver.upid = (struct uintr_upid *)c->upid;
	ret = posted_receiver_register(&receiver, FLOOR_CPU);
	if (ret)
		goto unpin;
	ret = floor_start_thread(c, share->who);
	if (ret)
		goto unregister;
	rcu_assign_pointer(control, c);
	wake_up_all(&shared);
	return 0;

unregister:
	posted_receiver_unregister(&receiver);
unpin:
	unpin_user_pages(pages, FLOOR_PAGES);
	return ret;
}

static void floor_disown(void)
{
	/* Pairs with cmpxchg(): the next one may write all of it. */
	smp_store_release(&owner, NULL);
}

static long floor_share(struct file *file, const struct floor_share __user *user)
{
	struct floor_share share;
	int ret;

	if (copy_from_user(&share, user, sizeof(share)))
		return -EFAULT;
	if (!PAGE_ALIGNED(share.addr) || share.who > FLOOR_POLLER)
		return -EINVAL;
	if (cmpxchg(&owner, NULL, file))
		return -EBUSY;
	ret = floor_start(&share);
	if (ret)
		floor_disown();
	return ret;
}

/* A proxy that is left has nothing mapped, and what it waits for is over. */
static void floor_leave_proxy(void)
{
	guard(mutex)(&proxy_lock);

	RCU_INIT_POINTER(control, NULL);
	unmap_mapping_range(owner->f_mapping, 0, 0, 1);
	put_pid(proxy);
	proxy = NULL;
}

static int floor_release(struct inode *inode, struct file *file)
{
	if (READ_ONCE(owner) != file)
		return 0;
	if (thread)
		kthread_stop(thread);
	thread = NULL;
	posted_receiver_unregister(&receiver);
	floor_leave_proxy();
	rcuwait_wake_up(&waiter);
	synchronize_rcu();
	unpin_user_pages_dirty_lock(pages, FLOOR_PAGES, true);
	floor_disown();
	return 0;
}

static long floor_join(bool signals)
{
	if (wait_event_interruptible(shared, rcu_access_pointer(control)))
		return -ERESTARTSYS;

	guard(mutex)(&proxy_lock);
	if (!rcu_access_pointer(control) || proxy)
		return -EBUSY;
	if (signals)
		WRITE_ONCE(proxy, get_pid(task_pid(current)));
	return 0;
}

/* Is there another request than @seen, or nobody who could make one? */
static bool floor_requested(u32 seen)
{
	struct floor_control *c;

	guard(rcu)();
	c = rcu_dereference(control);
	return !c || READ_ONCE(c->request.seq) != seen;
}

/* One at a time: see struct rcuwait. */
static long floor_wait(u32 seen)
{
	int ret = rcuwait_wait_event(&waiter, floor_requested(seen), TASK_INTERRUPTIBLE);

	if (ret)
		return ret;
	return rcu_access_pointer(control) ? 0 : -ENODEV;
}

/* First the interrupt, which is what tells the RTOS to look. */
static long floor_answer(long result)
{
	struct floor_control *c;
	int ret;

	guard(rcu)();
	c = rcu_dereference(control);
	if (!c)
		return -ENODEV;
	ret = apic_send_IPI_cpu(cpu, vector);
	if (ret)
		return ret;
	c->answer.result = result;
	/* Pairs with the acquiring load in bench. */
	smp_store_release(&c->answer.seq, READ_ONCE(c->request.seq));
	return 0;
}

static call_fn floor_find(u64 nr)
{
	if (nr == __NR_getppid)
		return (call_fn)getppid_addr;
	if (nr == __NR_write)
		return (call_fn)write_addr;
	return NULL;
}

static long floor_calls(const struct floor_calls __user *user)
{
	struct pt_regs regs = {};
	struct floor_calls calls;
	call_fn call;
	u64 start, i;
	long ret;

	if (copy_from_user(&calls, user, sizeof(calls)))
		return -EFAULT;
	call = floor_find(calls.nr);
	if (!call)
		return -EOPNOTSUPP;
	regs.di = calls.args[0];
	regs.si = calls.args[1];
	regs.dx = calls.args[2];

	for (i = 0; i < calls.rounds; i++) {
		start = get_cycles();
		ret = call(&regs);
		start = get_cycles() - start;
		if (ret < 0)
			return ret;
		if (put_user(start, (u64 __user *)u64_to_user_ptr(calls.cycles) + i))
			return -EFAULT;
		if (fatal_signal_pending(current))
			return -EINTR;
	}
	return 0;
}

static long floor_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	switch (cmd) {
	case FLOOR_SHARE:
		return floor_share(file, (void __user *)arg);
	case FLOOR_JOIN:
		return floor_join(arg);
	case FLOOR_WAIT:
		return floor_wait(arg);
	case FLOOR_ANSWER:
		return floor_answer(arg);
	case FLOOR_CALLS:
		return floor_calls((void __user *)arg);
	}
	return -ENOTTY;
}

/* Inserted with the lock held, so that nothing is left behind by its end. */
static vm_fault_t floor_fault(struct vm_fault *vmf)
{
	guard(mutex)(&proxy_lock);

	if (!rcu_access_pointer(control) || vmf->pgoff >= FLOOR_PAGES)
		return VM_FAULT_SIGBUS;
	return vmf_insert_page(vmf->vma, vmf->address, pages[vmf->pgoff]);
}

static const struct vm_operations_struct floor_vm_ops = {
	.fault = floor_fault,
};

static int floor_mmap(struct file *file, struct vm_area_struct *vma)
{
	vm_flags_set(vma, VM_MIXEDMAP | VM_DONTCOPY | VM_DONTEXPAND);
	vma->vm_ops = &floor_vm_ops;
	return 0;
}

static const struct file_operations floor_fops = {
	.owner = THIS_MODULE,
	.release = floor_release,
	.unlocked_ioctl = floor_ioctl,
	.mmap = floor_mmap,
};

static struct miscdevice floor_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = FLOOR_DEVICE,
	.fops = &floor_fops,
};
module_misc_device(floor_device);
MODULE_DESCRIPTION("What the costs of forwarded calls are compared with");
MODULE_LICENSE("GPL");
