// SPDX-License-Identifier: GPL-2.0-only
/*
 * A user of posted receivers that is not CRTOS. A thread on each CPU posts
 * requests, as somebody outside Linux would, and waits for each to arrive.
 * debugfs has the numbers.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/atomic.h>
#include <linux/bitfield.h>
#include <linux/bitops.h>
#include <linux/completion.h>
#include <linux/cpumask.h>
#include <linux/debugfs.h>
#include <linux/delay.h>
#include <linux/gfp.h>
#include <linux/jiffies.h>
#include <linux/module.h>
#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/rcupdate.h>
#include <linux/smp.h>
#include <linux/smpboot.h>

#include <asm/apic.h>
#include <asm/posted_receiver.h>

/* Nobody posts this one while the receiver is registered. */
#define LATE_BIT	63
#define ANSWER_TIMEOUT	(10 * HZ)
/* Costs more than the receiver may use for nothing. */
#define USELESS_US	100

static unsigned int first_cpu;
module_param_named(cpu, first_cpu, uint, 0444);
MODULE_PARM_DESC(cpu, "CPU to notify first");

static unsigned int posts = 10000;
module_param(posts, uint, 0444);
MODULE_PARM_DESC(posts, "number of requests from each CPU; may be lowered in debugfs");

struct sender {
	struct completion answered;
	unsigned int posted;
};

/* A sender's bit is the number of its CPU; later CPUs have none. */
static struct sender senders[LATE_BIT];
static DEFINE_PER_CPU(struct task_struct *, sender_task);

static atomic_t posted, answered, lost, calls, floods;
static bool useless;
static struct dentry *results;

static bool answer_requests(struct posted_receiver *receiver, u64 requests)
{
	unsigned int bit;

	atomic_inc(&calls);
	atomic_add(hweight64(requests), &answered);
	for_each_set_bit(bit, (unsigned long *)&requests, ARRAY_SIZE(senders))
		complete(&senders[bit].answered);
	if (!READ_ONCE(useless))
		return true;
	udelay(USELESS_US);
	return false;
}

static void count_flood(struct posted_receiver *receiver)
{
	atomic_inc(&floods);
}

static struct posted_receiver receiver = {
	.notify = answer_requests,
	.flood = count_flood,
};

/* An online CPU remains online while preemption is off. */
static unsigned int named_cpu(u64 control)
{
	u32 apicid = uintr_upid_apicid(control, x2apic_mode);
	unsigned int cpu;

	for_each_online_cpu(cpu)
		if (per_cpu(x86_cpu_to_apicid, cpu) == apicid)
			break;
	return cpu;
}

/* For a CPU that has gone meanwhile the core takes the requests. */
static void post(unsigned int bit)
{
	u64 control = uintr_upid_post(receiver.upid, bit);
	unsigned int cpu;

	if (!control)
		return;

	guard(preempt)();
	cpu = named_cpu(control);
	if (cpu < nr_cpu_ids)
		apic_send_IPI_cpu(cpu, FIELD_GET(UINTR_UPID_NV, control));
}

static int sender_should_run(unsigned int cpu)
{
	return cpu < ARRAY_SIZE(senders) && senders[cpu].posted < READ_ONCE(posts);
}

static void sender_run(unsigned int cpu)
{
	struct sender *sender = &senders[cpu];

	reinit_completion(&sender->answered);
	sender->posted++;
	atomic_inc(&posted);
	post(cpu);
	if (!wait_for_completion_timeout(&sender->answered, ANSWER_TIMEOUT))
		atomic_inc(&lost);
}

static struct smp_hotplug_thread sender_threads = {
	.store			= &sender_task,
	.thread_should_run	= sender_should_run,
	.thread_fn		= sender_run,
	.thread_comm		= "crtos_sender/%u",
};

static int cpu_get(void *data, u64 *value)
{
	guard(preempt)();
	*value = named_cpu(READ_ONCE(receiver.upid->control));
	return 0;
}

static int cpu_set(void *data, u64 value)
{
	return posted_receiver_move(&receiver, value);
}
DEFINE_DEBUGFS_ATTRIBUTE(cpu_fops, cpu_get, cpu_set, "%llu\n");

static void create_results(void)
{
	results = debugfs_create_dir(KBUILD_MODNAME, NULL);
	debugfs_create_u32("posts", 0644, results, &posts);
	debugfs_create_atomic_t("posted", 0444, results, &posted);
	debugfs_create_atomic_t("answered", 0444, results, &answered);
	debugfs_create_atomic_t("lost", 0444, results, &lost);
	debugfs_create_atomic_t("calls", 0444, results, &calls);
	debugfs_create_atomic_t("floods", 0444, results, &floods);
	debugfs_create_ulong("throttled", 0444, results, &receiver.throttled);
	debugfs_create_bool("useless", 0644, results, &useless);
	debugfs_create_file_unsafe("cpu", 0644, results, NULL, &cpu_fops);
}

static int __init test_receiver_init(void)
{
	unsigned int i;
	int ret;

	for (i = 0; i < ARRAY_SIZE(senders); i++)
		init_completion(&senders[i].answered);

	receiver.upid = (struct uintr_upid *)get_zeroed_page(GFP_KERNEL);
	if (!receiver.upid)
		return -ENOMEM;

	ret = posted_receiver_register(&receiver, first_cpu);
	if (ret)
		goto free;
	ret = smpboot_register_percpu_thread(&sender_threads);
	if (ret)
		goto unregister;
	create_results();
	return 0;

unregister:
	posted_receiver_unregister(&receiver);
free:
	free_page((unsigned long)receiver.upid);
	return ret;
}

/* Whoever shares the descriptor does not know, and may go on. */
static void post_late(void)
{
	int before = atomic_read(&calls);

	post(LATE_BIT);
	/* The interrupt came to a CPU with interrupts on, which then went on. */
	synchronize_rcu();
	if (atomic_read(&calls) != before || !(READ_ONCE(receiver.upid->pir) & BIT_ULL(LATE_BIT)))
		pr_err("a request was taken after unregister\n");
}

static void __exit test_receiver_exit(void)
{
	debugfs_remove(results);
	smpboot_unregister_percpu_thread(&sender_threads);
	posted_receiver_unregister(&receiver);
	post_late();
	free_page((unsigned long)receiver.upid);
}

module_init(test_receiver_init);
module_exit(test_receiver_exit);
MODULE_DESCRIPTION("Test of posted receivers");
MODULE_LICENSE("GPL");
