/* SPDX-License-Identifier: GPL-2.0 */
/* What the ways to break the rules have in common */
#ifndef HOSTILE_H
#define HOSTILE_H

#include "process.h"

/* Where the one page of a process is that Linux can reach. */
#define PAGE_VA		0x100000ULL

#define ECANARY		0xc0ffee
#define NR_getpid	39
#define NR_uname	63
#define NR_getppid	110

/**
 * struct attempt - one process
 * @page: its page, here
 * @root: its page table, here
 * @nr: entries published
 */
struct attempt {
	struct crtos_slot *slot;
	u32 index;
	char *page;
	u64 *root;
	u32 nr;
};

#define ARGS(...)	((const u64[6]) { __VA_ARGS__ })

/* A process that waits in a call, if there is one */
extern struct attempt *staying;

struct crtos_slot *slot_at(u32 index);
struct attempt *adopt(u32 index);
bool attached(struct attempt *a);
bool killed(struct attempt *a);
bool in_time(u64 start);
void ring_linux(struct attempt *a);
void ring_at(u64 control);
void publish(struct attempt *a, u32 count);
void publish_index(struct attempt *a, u8 index);
struct crtos_entry *prepare(struct attempt *a, u8 index, u8 op, u32 nr, const u64 *args);
s64 result(struct crtos_entry *e);
s64 submit(struct attempt *a, struct crtos_entry *e);
s64 linux_call(struct attempt *a, u32 nr, const u64 *args);
bool expect(const char *what, s64 got, s64 expected);

bool run_fuzz(struct attempt *a);

#endif
