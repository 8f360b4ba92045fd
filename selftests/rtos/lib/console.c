// SPDX-License-Identifier: GPL-2.0
/* The log that Linux shows: a ring buffer in the region. */
#include "cpu.h"

static u32 lock;

void console_write(const char *s, size_t len)
{
	char *ring = region_ptr(header->console_off);
	u32 mask = header->console_len - 1;
	u64 head;

	spin_lock(&lock);
	head = header->console_head;
	for (; len; len--)
		ring[head++ & mask] = *s++;
	/* Pairs with the acquiring load of console_head in Linux. */
	store_release(&header->console_head, head);
	spin_unlock(&lock);
}
